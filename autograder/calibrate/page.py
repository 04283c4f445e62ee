"""The measured part of ``docs/calibration.md``, and its figure."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from autograder.calibrate.experiments import Experiment
from autograder.calibrate.fit import CONFIDENCE, Bar, fit
from autograder.course import Assignment
from autograder.errors import StaffError

FIGURE = "calibration.png"

_MARK = "<!-- measured -->"
_RIGHT, _WRONG = "#0072B2", "#D55E00"
_SMALLEST = 1e-6

Scores = Mapping[str, Sequence[float]]


def document(assignment: Assignment, experiments: Sequence[Experiment], scores: Scores) -> Path:
    """Draw the figure, replace the measured part of ``docs/calibration.md`` and return its path.

    Raises:
        StaffError: the page has no place for it.
    """
    path = assignment.root / "docs" / "calibration.md"
    if not path.is_file() or _MARK not in path.read_text(encoding="utf-8"):
        raise StaffError(f"docs/calibration.md: found no line {_MARK}; add it where the tables go")
    found = fit(experiments, scores)
    _draw(found, experiments, scores, path.with_name(FIGURE))
    head = path.read_text(encoding="utf-8").split(_MARK)[0]
    parts = [_bar_rows(found), _wrong_rows(found), _score_rows(experiments, scores)]
    tables = "\n\n".join("\n".join(rows) for rows in parts)
    path.write_text(f"{head}{_MARK}\n\n{tables}\n", encoding="utf-8")
    return path


def _bar_rows(found: Sequence[Bar]) -> Iterator[str]:
    sure = f"{CONFIDENCE:.0%} sure"
    chances = f"fails right, {sure} | heavy tails | nothing assumed"
    yield f"| bar | data | value | seeds | worst right | best wrong | {chances} |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for bar in found:
        ends = f"{bar.seeds} | {_figure(bar.worst_right)} | {_figure(bar.best_wrong)}"
        value = "dropped" if bar.value is None else f"{bar.value:.2f}"
        estimated = "" if bar.fails_if_heavy_tailed is None else f"{bar.fails_if_heavy_tailed:.1g}"
        chances = f"{_chance(bar.fails_at_most)} | {estimated} | {_chance(bar.fails_at_most_anyhow)}"
        yield f"| {bar.name} | {bar.data} | {value} | {ends} | {chances} |"


def _wrong_rows(found: Sequence[Bar]) -> Iterator[str]:
    yield f"| bar | data | wrong variant | seeds that pass | passes, {CONFIDENCE:.0%} sure |"
    yield "|---|---|---|---|---|"
    for bar in found:
        for one in bar.wrong:
            counts = f"{one.passed} of {one.seeds} | {_chance(one.passes_at_most)}"
            yield f"| {bar.name} | {bar.data} | {one.model} | {counts} |"


def _score_rows(experiments: Sequence[Experiment], scores: Scores) -> Iterator[str]:
    yield "| data | model | seeds | worst | mean | best | sd |"
    yield "|---|---|---|---|---|---|---|"
    for one in experiments:
        values = scores.get(one.key, ())
        if values:
            low, high = sorted((min(values), max(values)), reverse=one.lower_is_better)
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            figures = f"{low:.3f} | {statistics.mean(values):.3f} | {high:.3f} | {spread:.3f}"
            yield f"| {one.data} | {one.model} | {len(values)} | {figures} |"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _chance(value: float | None) -> str:
    if value is None:
        return ""
    return f"≤ {value:.2g}" if value >= _SMALLEST else f"< {_SMALLEST:g}"


def _draw(found: Sequence[Bar], experiments: Sequence[Experiment], scores: Scores, path: Path) -> None:
    """Draw one panel for each bar: a dot for each seed, right answers above wrong ones."""
    columns = 2
    rows = max(1, -(-len(found) // columns))
    figure = Figure(figsize=(11, 2.1 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for panel, bar in zip(panels, found, strict=False):
        _panel(panel, bar, experiments, scores)
    for panel in panels:
        panel.set_visible(False)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _panel(panel: Axes, bar: Bar, experiments: Sequence[Experiment], scores: Scores) -> None:
    mine = [one for one in experiments if (one.bar, one.data) == (bar.name, bar.data) and scores.get(one.key)]
    mine.sort(key=lambda one: one.right)
    for place, one in enumerate(mine):
        values = scores[one.key]
        heights = place + np.linspace(-0.25, 0.25, len(values))
        colour, mark = (_RIGHT, "o") if one.right else (_WRONG, "x")
        panel.plot(values, heights, mark, color=colour, markersize=4)
    panel.set_yticks(range(len(mine)), [one.model for one in mine])
    panel.set_ylim(-0.6, len(mine) - 0.4)
    title = f"{bar.name}, {bar.data}: no bar"
    if bar.value is not None:
        panel.axvline(bar.value, color="black", linewidth=1.5)
        title = f"{bar.name}, {bar.data}: bar {bar.value:.2f}"
    panel.set_title(title, fontsize=10, loc="left")
    panel.set_xlabel("accuracy" if any(one.tested_on for one in mine) else "score", fontsize=8)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
