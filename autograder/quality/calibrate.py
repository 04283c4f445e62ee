"""``course calibrate``: train right and wrong answers over seeds, put a threshold between them.

A lab says in ``source/<lab>/measure.py`` what to train. Each score is stored in
``calibration/<lab>.json`` as soon as it is measured, so an interrupted run resumes where it stopped.
"""

import ast
import json
import runpy
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track

from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.facts import calibration_inputs, compute_facts
from autograder.files import replace_file
from autograder.notebook import parse_cells, parse_questions
from autograder.quality.fit_thresholds import CONFIDENCE, Experiment, Threshold, fit, measured_experiments
from autograder.quality.results_page import write_page

MAX_TABLE_SEEDS = 8
"""An experiment that decides no threshold is trained under at most the seeds 0 … 7."""

Scores = dict[str, list[float]]
"""By the key of the experiment, in the order of the seeds."""

_RIGHT_COLOR, _WRONG_COLOR = "#0072B2", "#D55E00"


def calibrate(assignment: Assignment, seeds: int, console: Console) -> Path:
    """Measure the thresholds of an assignment, store and document them; return the page's path.

    Raises:
        StaffError: it has no ``measure.py``.
    """
    experiments = load_experiments(assignment)
    return write_results(assignment, experiments, measure(assignment, experiments, seeds, console))


def load_experiments(assignment: Assignment) -> list[Experiment]:
    """Return the experiments that ``measure.py`` of an assignment defines.

    Raises:
        StaffError: there is no such file.
    """
    path = assignment.source / "measure.py"
    if not path.is_file():
        raise StaffError(f"source/{assignment.name}/measure.py: missing; nothing to calibrate")
    # The kit is imported from here, as by a notebook in that folder.
    sys.path.insert(0, str(assignment.source))
    make_experiments = runpy.run_path(str(path))["experiments"]
    label = f"source/{assignment.name}/{assignment.notebook.name}"
    cells, _ = parse_cells(assignment.notebook.read_bytes(), label)
    source, _ = parse_questions(cells, label)
    facts = compute_facts(assignment)
    # The functions of the solution, and what the notebook defines before them.
    names: dict[str, Any] = {"LAB": facts.lab, "EXPECTED": facts.expected, "THRESHOLDS": facts.thresholds}
    solutions = {answer.cell.id: answer.solution() for answer in source.answers()}
    # exec: this is the author's own notebook; a submission is never run here.
    for cell in source.cells:
        if cell.id in ("setup", "parameters"):
            exec(compile(strip_expressions(cell.text), cell.id, "exec"), names)
        elif cell.id in solutions:
            exec(compile(solutions[cell.id], cell.id, "exec"), names)
    experiments: list[Experiment] = make_experiments(names, assignment.lab)
    return experiments


def strip_expressions(code: str) -> ast.Module:
    """Return a cell without the calls that only print or draw."""
    return ast.Module([node for node in ast.parse(code).body if not isinstance(node, ast.Expr)], [])


def measure(
    assignment: Assignment, experiments: Sequence[Experiment], seeds: int, console: Console
) -> Scores:
    """Run every experiment under the seeds 0 … ``seeds`` - 1 that are not measured yet.

    Scores that were measured with other parameters or another kit are discarded.
    """
    scores = _load_scores(assignment)
    remaining = []
    for seed in range(seeds):
        for experiment in experiments:
            is_measured = len(scores.get(experiment.key, ())) > seed
            if not is_measured and (experiment.threshold or seed < MAX_TABLE_SEEDS):
                remaining.append((seed, experiment))
    hide = not console.is_terminal
    for seed, experiment in track(remaining, "Training", console=console, disable=hide):
        score = round(experiment.score(seed), 4)
        scores.setdefault(experiment.key, []).append(score)
        # After each score: a training takes seconds to minutes, and a run hours.
        _write_scores(assignment, experiments, scores)
        console.print(f"seed {seed}  {score:.4f}  {experiment.key}")
    # Also when nothing was left to measure: the rules in ``fit`` may have changed.
    _write_scores(assignment, experiments, scores)
    return scores


def write_results(assignment: Assignment, experiments: Sequence[Experiment], scores: Scores) -> Path:
    """Write ``docs/results/calibration.md`` and its figure; return the page's path."""
    thresholds = fit(experiments, scores)
    rows = []
    for experiment in experiments:
        if values := scores.get(experiment.key):
            worst, best = sorted((min(values), max(values)), reverse=experiment.lower_is_better)
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            rows.append((experiment, len(values), worst, statistics.mean(values), best, spread))
    page = write_page(assignment, "calibration", thresholds=thresholds, scores=rows, sure=f"{CONFIDENCE:.0%}")
    _draw_figure(thresholds, experiments, scores, page.with_suffix(".png"))
    return page


def _load_scores(assignment: Assignment) -> Scores:
    if not assignment.calibration.is_file():
        return {}
    try:
        stored = json.loads(assignment.calibration.read_bytes())
        # Through JSON, because that turns tuples into lists.
        current = json.loads(json.dumps(calibration_inputs(assignment, assignment.calibration_inputs)))
        if stored["measured_with"] != current:
            # Scores of other parameters must not be mixed with new ones.
            return {}
        scores: Scores = stored["scores"]
        return scores
    except (ValueError, KeyError):
        return {}


def _write_scores(assignment: Assignment, experiments: Sequence[Experiment], scores: Scores) -> None:
    """Write scores, thresholds and their provenance."""
    values: dict[str, dict[str, float]] = {}
    errors = []
    for threshold in fit(experiments, scores):
        fields = asdict(threshold)
        value = fields.pop("value")
        errors.append(fields)
        if value is not None:
            values.setdefault(threshold.name, {})[threshold.dataset] = value
    body = {
        "thresholds": values,
        "errors": errors,
        "measured_with": calibration_inputs(assignment, assignment.calibration_inputs),
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy")},
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"course calibrate {assignment.name} --seeds {max(map(len, scores.values()))}",
        "scores": dict(sorted(scores.items())),
    }
    text = json.dumps(body, indent=1, allow_nan=False) + "\n"
    replace_file(assignment.calibration, text.encode(), public=True)


def _draw_figure(
    thresholds: Sequence[Threshold], experiments: Sequence[Experiment], scores: Scores, path: Path
) -> None:
    """Draw one panel for each threshold: a mark for each seed, right answers above wrong ones."""
    columns = 2
    rows = max(1, -(-len(thresholds) // columns))
    figure = Figure(figsize=(11, 2.1 * rows), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for threshold, panel in zip(thresholds, panels, strict=False):
        shown = measured_experiments(experiments, scores, threshold.name, threshold.dataset)
        shown.sort(key=lambda experiment: experiment.is_right)
        for place, experiment in enumerate(shown):
            values = scores[experiment.key]
            # Spread vertically, so that equal scores do not hide each other.
            heights = place + np.linspace(-0.25, 0.25, len(values))
            color, mark = (_RIGHT_COLOR, "o") if experiment.is_right else (_WRONG_COLOR, "x")
            panel.plot(values, heights, mark, color=color, markersize=4)
        panel.set_yticks(range(len(shown)), [experiment.model for experiment in shown])
        panel.set_ylim(-0.6, len(shown) - 0.4)
        title = f"{threshold.name}, {threshold.dataset}: no threshold"
        if threshold.value is not None:
            panel.axvline(threshold.value, color="black", linewidth=1.5)
            title = f"{threshold.name}, {threshold.dataset}: threshold {threshold.value:.2f}"
        panel.set_title(title, fontsize=10, loc="left")
        is_accuracy = any(experiment.test_size for experiment in shown)
        panel.set_xlabel("accuracy" if is_accuracy else "score", fontsize=8)
        panel.tick_params(labelsize=8)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in panels[len(thresholds) :]:
        panel.set_visible(False)
    # Without "Software", the file does not depend on the version of Matplotlib.
    figure.savefig(path, dpi=110, metadata={"Software": None})
