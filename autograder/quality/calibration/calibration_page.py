"""The measured part of ``docs/calibration.md``, and its figure."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.quality.calibration.experiments import Experiment
from autograder.quality.calibration.fit import CONFIDENCE, Threshold, fit

FIGURE_NAME = "calibration.png"

_MARKER = "<!-- measured -->"
_RIGHT_COLOR, _WRONG_COLOR = "#0072B2", "#D55E00"
_MIN_CHANCE = 1e-6

Scores = Mapping[str, Sequence[float]]


def write_page(assignment: Assignment, experiments: Sequence[Experiment], scores: Scores) -> Path:
    """Draw the figure, replace the measured part of ``docs/calibration.md`` and return its path.

    Raises:
        StaffError: the page has no place for it.
    """
    path = assignment.root / "docs" / "calibration.md"
    if not path.is_file() or _MARKER not in path.read_text(encoding="utf-8"):
        raise StaffError(f"docs/calibration.md: found no line {_MARKER}; add it where the tables go")
    found = fit(experiments, scores)
    _draw_figure(found, experiments, scores, path.with_name(FIGURE_NAME))
    head = path.read_text(encoding="utf-8").split(_MARKER)[0]
    parts = [_threshold_rows(found), _wrong_variant_rows(found), _score_rows(experiments, scores)]
    tables = "\n\n".join("\n".join(rows) for rows in parts)
    path.write_text(f"{head}{_MARKER}\n\n{tables}\n", encoding="utf-8")
    return path


def _threshold_rows(thresholds: Sequence[Threshold]) -> Iterator[str]:
    sure = f"{CONFIDENCE:.0%} sure"
    chances = f"fails right, {sure} | heavy tails | nothing assumed"
    yield f"| bar | data | value | seeds | worst right | best wrong | {chances} |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for bar in thresholds:
        ends = f"{bar.seeds} | {_format_number(bar.worst_right)} | {_format_number(bar.best_wrong)}"
        value = "dropped" if bar.value is None else f"{bar.value:.2f}"
        estimated = "" if bar.false_fail_heavy_tailed is None else f"{bar.false_fail_heavy_tailed:.1g}"
        nonparametric = _format_chance(bar.false_fail_nonparametric)
        chances = f"{_format_chance(bar.false_fail_upper_bound)} | {estimated} | {nonparametric}"
        yield f"| {bar.name} | {bar.dataset} | {value} | {ends} | {chances} |"


def _wrong_variant_rows(thresholds: Sequence[Threshold]) -> Iterator[str]:
    yield f"| bar | data | wrong variant | seeds that pass | passes, {CONFIDENCE:.0%} sure |"
    yield "|---|---|---|---|---|"
    for bar in thresholds:
        for one in bar.wrong_variants:
            counts = f"{one.passed_seeds} of {one.seeds} | {_format_chance(one.pass_upper_bound)}"
            yield f"| {bar.name} | {bar.dataset} | {one.model} | {counts} |"


def _score_rows(experiments: Sequence[Experiment], scores: Scores) -> Iterator[str]:
    yield "| data | model | seeds | worst | mean | best | sd |"
    yield "|---|---|---|---|---|---|---|"
    for one in experiments:
        values = scores.get(one.key, ())
        if values:
            low, high = sorted((min(values), max(values)), reverse=one.lower_is_better)
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            figures = f"{low:.3f} | {statistics.mean(values):.3f} | {high:.3f} | {spread:.3f}"
            yield f"| {one.dataset} | {one.model} | {len(values)} | {figures} |"


def _format_number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _format_chance(value: float | None) -> str:
    if value is None:
        return ""
    return f"≤ {value:.2g}" if value >= _MIN_CHANCE else f"< {_MIN_CHANCE:g}"


def _draw_figure(
    thresholds: Sequence[Threshold], experiments: Sequence[Experiment], scores: Scores, path: Path
) -> None:
    """Draw one panel for each bar: a dot for each seed, right answers above wrong ones."""
    columns = 2
    rows = max(1, -(-len(thresholds) // columns))
    figure = Figure(figsize=(11, 2.1 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for panel, bar in zip(panels, thresholds, strict=False):
        _draw_panel(panel, bar, experiments, scores)
    for panel in panels:
        panel.set_visible(False)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _draw_panel(panel: Axes, threshold: Threshold, experiments: Sequence[Experiment], scores: Scores) -> None:
    mine = [
        one
        for one in experiments
        if (one.threshold, one.dataset) == (threshold.name, threshold.dataset) and scores.get(one.key)
    ]
    mine.sort(key=lambda one: one.is_right)
    for place, one in enumerate(mine):
        values = scores[one.key]
        heights = place + np.linspace(-0.25, 0.25, len(values))
        colour, mark = (_RIGHT_COLOR, "o") if one.is_right else (_WRONG_COLOR, "x")
        panel.plot(values, heights, mark, color=colour, markersize=4)
    panel.set_yticks(range(len(mine)), [one.model for one in mine])
    panel.set_ylim(-0.6, len(mine) - 0.4)
    title = f"{threshold.name}, {threshold.dataset}: no bar"
    if threshold.value is not None:
        panel.axvline(threshold.value, color="black", linewidth=1.5)
        title = f"{threshold.name}, {threshold.dataset}: bar {threshold.value:.2f}"
    panel.set_title(title, fontsize=10, loc="left")
    panel.set_xlabel("accuracy" if any(one.test_size for one in mine) else "score", fontsize=8)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
