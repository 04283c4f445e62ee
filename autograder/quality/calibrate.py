"""``course calibrate``: train right and wrong answers over seeds, put a threshold between them.

A lab says in ``source/<lab>/measure.py`` what to train. Each score is stored in ``var/calibration/`` as
soon as it is measured, so an interrupted run resumes where it stopped. ``calibration/<lab>.json``
changes when all thresholds are measured, and not before.
"""

import ast
import itertools
import json
import math
import multiprocessing
import os
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track

from autograder.build.compile import prepare
from autograder.course import Assignment, author_errors, load_course, run_author_file
from autograder.errors import AuthorError, StaffError, name_hint
from autograder.facts import calibration_inputs, why_uncalibrated
from autograder.files import replace_file
from autograder.notebook import CellType, Source
from autograder.quality.results_page import write_page
from autograder.quality.thresholds import (
    CONFIDENCE,
    LOOKS,
    Experiment,
    Scores,
    Threshold,
    apart_from_itself,
    are_apart,
    fit,
    measured_experiments,
    needing_more_seeds,
)

MAX_TABLE_SEEDS = 8
"""An experiment that only fills a row of the table is trained under at most the seeds 0 … 7."""

_RIGHT_COLOR, _WRONG_COLOR = "#0072B2", "#D55E00"

Training = tuple[int, Experiment]
"""A seed, and what is trained under it."""

_experiments: dict[str, Experiment] = {}
"""In a process that trains: the experiments by their keys."""


def calibrate(
    assignment: Assignment, seeds: int, console: Console, *, only: Sequence[str] = (), workers: int = 2
) -> Path:
    """Measure the thresholds of an assignment, store and document them; return the page's path.

    Args:
        assignment: has a ``measure.py``.
        seeds: trainings of each model.
        console: shows progress.
        only: the names of thresholds whose models are trained, e.g. ``lstm``; all by default.
        workers: processes that train at the same time, each in one thread.

    Raises:
        AuthorError: ``measure.py`` fails.
        StaffError: there is no ``measure.py`` or no such threshold, or thresholds are missing after
            a partial calibration; those of before are unchanged then.
    """
    experiments = load_experiments(assignment)
    names = sorted({experiment.threshold for experiment in experiments if experiment.threshold})
    for name in only:
        if name not in names:
            raise StaffError(f"no threshold {name!r} in measure.py; {name_hint(name, names)}")
    measured_on = {experiment.dataset for experiment in experiments}
    for name in assignment.grading.datasets:
        if name not in measured_on:
            console.print(f"Left out: {name}; measure.py does not find this dataset", highlight=False)
    wanted = [experiment for experiment in experiments if not only or experiment.threshold in only]
    # Inherited by the processes that train: two of one thread are faster than one of two.
    os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with ProcessPoolExecutor(
        workers,
        multiprocessing.get_context("spawn"),
        _load_into_process,
        (assignment.root, assignment.name),
    ) as pool:

        def train(trainings: Sequence[Training]) -> Iterable[float]:
            return pool.map(_train, [(seed, experiment.key) for seed, experiment in trainings])

        scores = measure(assignment, experiments, seeds, console, wanted=wanted, train=train)
    if missing := unmeasured(experiments, scores, seeds):
        raise StaffError(
            f"{assignment.name}: the thresholds stay as they are; not measured yet: {', '.join(missing)}. "
            "What was measured is kept: run the command again without --only"
        )
    _write_calibration(assignment, experiments, scores)
    return write_results(assignment, experiments, scores)


def _load_into_process(root: Path, name: str) -> None:
    for experiment in load_experiments(load_course(root).assignment(name)):
        _experiments[experiment.key] = experiment


def _train(training: tuple[int, str]) -> float:
    seed, key = training
    with author_errors("", f"measure.py: {key}, seed {seed}"):
        return _experiments[key].score(seed)


def load_experiments(assignment: Assignment) -> list[Experiment]:
    """Return the experiments that ``measure.py`` of an assignment defines.

    Raises:
        AuthorError: it fails, or does not define them.
        StaffError: there is no such file.
    """
    path, label = assignment.source / "measure.py", f"source/{assignment.name}/measure.py"
    if not path.is_file():
        raise StaffError(f"{label}: missing; nothing to calibrate")
    # The kit is imported from here, as by a notebook in that folder.
    sys.path.insert(0, str(assignment.source))
    make_experiments = run_author_file(path, label).get("experiments")
    if make_experiments is None:
        raise AuthorError(f"{label}: add a function experiments(answers, lab)")
    answers = _run_answers(prepare(assignment, uncalibrated=True).source)
    with author_errors(str(path), label):
        experiments = list(make_experiments(answers, assignment.lab))
    for experiment in experiments:
        if not isinstance(experiment, Experiment):
            raise AuthorError(
                f"{label}: experiments returned {experiment!r:.80}; return a list of Experiment"
            )
    return experiments


def _run_answers(source: Source) -> dict[str, Any]:
    """Return the functions of the solution, and what the notebook defines for them."""
    names: dict[str, Any] = {}
    solutions = {answer.cell.id: answer.solution() for answer in source.answers()}
    checks = {check.cell.id for check in source.checks()}
    # exec: this is the author's own notebook; a submission is never run here.
    for cell in source.cells:
        if cell.cell_type is not CellType.CODE or cell.id in checks:
            continue
        if cell.id in solutions:
            parts = [ast.parse(solutions[cell.id])]
        elif cell.id in ("setup", "parameters"):
            parts = [strip_expressions(cell.text)]
        else:
            parts = [ast.Module([node], []) for node in ast.parse(cell.text).body if _only_defines(node)]
        for part in parts:
            try:
                with author_errors(cell.id, source.location(cell)):
                    exec(compile(part, cell.id, "exec"), names)
            except AuthorError as error:
                # A given function may need what only the whole notebook computes, e.g. as a default.
                if cell.id in solutions or not isinstance(error.__cause__, NameError):
                    raise
    return names


def strip_expressions(code: str) -> ast.Module:
    """Return a cell without the calls that only print or draw."""
    return ast.Module([node for node in ast.parse(code).body if not isinstance(node, ast.Expr)], [])


def _only_defines(node: ast.stmt) -> bool:
    """Return True if a statement names something and computes nothing, which would take time."""
    if isinstance(node, ast.Assign):
        return not any(isinstance(part, ast.Call | ast.Name) for part in ast.walk(node.value))
    return isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)


def measure(
    assignment: Assignment,
    experiments: Sequence[Experiment],
    seeds: int,
    console: Console,
    *,
    train: Callable[[Sequence[Training]], Iterable[float]],
    wanted: Sequence[Experiment] | None = None,
) -> Scores:
    """Run experiments under the seeds 0 … ``seeds`` - 1 that are not measured yet; return all scores.

    First come right answers and rows of the table, which need a fixed number of seeds, then the
    wrong variants: after each sixth of the seeds those that are decided are left out. Scores that
    were measured with other parameters or another kit are discarded.

    Args:
        assignment: where scores are stored.
        experiments: all of the assignment.
        seeds: how many each is trained under at most.
        console: shows progress, with the time left on a terminal.
        train: yields the scores of trainings in their order.
        wanted: the experiments that are trained; all by default.
    """
    wanted = experiments if wanted is None else wanted
    scores = _stored_scores(assignment)
    fixed = [experiment for experiment in wanted if not experiment.may_stop_early]
    _train_and_store(assignment, scores, _missing(fixed, scores, seeds), train, console)
    for look in range(1, LOOKS + 1):
        undecided = needing_more_seeds(wanted, scores, seeds)
        trainings = _missing(undecided, scores, math.ceil(seeds * look / LOOKS))
        _train_and_store(assignment, scores, trainings, train, console)
    return scores


def _missing(experiments: Iterable[Experiment], scores: Scores, seeds: int) -> list[Training]:
    """Return the trainings under the seeds 0 … ``seeds`` - 1 that have no score, ordered by seed."""
    missing = []
    for seed, experiment in itertools.product(range(seeds), experiments):
        is_due = experiment.needs_every_seed or seed < MAX_TABLE_SEEDS
        if is_due and len(scores.get(experiment.key, ())) <= seed:
            missing.append((seed, experiment))
    return missing


def _train_and_store(
    assignment: Assignment,
    scores: Scores,
    trainings: Sequence[Training],
    train: Callable[[Sequence[Training]], Iterable[float]],
    console: Console,
) -> None:
    """Add the scores of trainings to ``scores``, in memory and on disk, as they come."""
    done = track(
        zip(trainings, train(trainings), strict=True),
        "Training",
        total=len(trainings),
        console=console,
        disable=not console.is_terminal,
    )
    measured_with = calibration_inputs(assignment)
    for (seed, experiment), score in done:
        scores.setdefault(experiment.key, []).append(round(score, 4))
        # After each score: a training takes seconds to minutes, and a run hours.
        text = json.dumps({"measured_with": measured_with, "scores": scores})
        replace_file(_progress_file(assignment), text.encode())
        console.print(f"seed {seed}  {score:.4f}  {experiment.key}")


def _progress_file(assignment: Assignment) -> Path:
    return assignment.root / "var" / "calibration" / f"{assignment.name}.json"


def _stored_scores(assignment: Assignment) -> Scores:
    """Return what was measured with the parameters and the kit of now, by this run or an earlier one."""
    scores: Scores = {}
    if not why_uncalibrated(assignment):
        scores = json.loads(assignment.calibration.read_bytes()).get("scores", {})
    path = _progress_file(assignment)
    if path.is_file():
        try:
            progress = json.loads(path.read_bytes())
        except ValueError:  # a damaged file costs the scores in it, which are measured again
            progress = {}
        if progress.get("measured_with") == calibration_inputs(assignment):
            for key, values in progress["scores"].items():
                scores[key] = max(values, scores.get(key, []), key=len)
    return scores


def unmeasured(experiments: Sequence[Experiment], scores: Scores, seeds: int) -> list[str]:
    """Return the thresholds that lack scores of a right answer or a wrong variant."""
    missing = {experiment.threshold for experiment in needing_more_seeds(experiments, scores, seeds)}
    for experiment in experiments:
        is_complete = experiment.may_stop_early or len(scores.get(experiment.key, ())) >= seeds
        if experiment.threshold and not is_complete:
            missing.add(experiment.threshold)
    return sorted(missing)


def write_results(assignment: Assignment, experiments: Sequence[Experiment], scores: Scores) -> Path:
    """Write ``docs/results/calibration.md`` and its figure; return the page's path."""
    thresholds = fit(experiments, scores)
    rows = []
    for experiment in experiments:
        if values := scores.get(experiment.key):
            worst, best = sorted((min(values), max(values)), reverse=experiment.lower_is_better)
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            rows.append((experiment, len(values), worst, statistics.mean(values), best, spread))
    apart = [
        (experiment, apart_from_itself(scores.get(experiment.key, ()), experiment.test_size))
        for experiment in experiments
        if experiment.released_as
    ]
    page = write_page(
        assignment,
        "calibration",
        thresholds=thresholds,
        scores=rows,
        apart=apart,
        sure=f"{CONFIDENCE:.0%}",
    )
    _draw_figure(thresholds, experiments, scores, page.with_suffix(".png"))
    return page


def _write_calibration(assignment: Assignment, experiments: Sequence[Experiment], scores: Scores) -> None:
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
        "measured_with": calibration_inputs(assignment),
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy")},
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"course calibrate {assignment.name} --seeds {max(map(len, scores.values()))}",
        "scores": dict(sorted(scores.items())),
    }
    if runs := released_runs(assignment, experiments, scores):
        body["runs"] = runs
    text = json.dumps(body, indent=1, allow_nan=False) + "\n"
    replace_file(assignment.calibration, text.encode(), public=True)


def released_runs(
    assignment: Assignment, experiments: Sequence[Experiment], scores: Scores
) -> dict[str, Any]:
    """Return what students get to compare networks with; empty if nothing is complete yet.

    For each dataset these are the scores under the seeds that every released network has, two or
    more, and which networks are apart: pairs (ahead, behind) whose means differ by more than
    ``APART_STANDARD_ERRORS`` standard errors of the difference.
    """
    datasets: dict[str, Any] = {}
    for dataset in sorted({experiment.dataset for experiment in experiments if experiment.released_as}):
        measured = {
            experiment.released_as: scores.get(experiment.key, [])
            for experiment in experiments
            if experiment.released_as and experiment.dataset == dataset
        }
        seeds = min(map(len, measured.values()))
        if seeds < 2:
            continue
        accuracies = {name: values[:seeds] for name, values in measured.items()}
        apart = [
            [ahead, behind]
            for ahead in accuracies
            for behind in accuracies
            if are_apart(accuracies[ahead], accuracies[behind])
        ]
        datasets[dataset] = {"accuracies": accuracies, "apart": apart}
    return {"settings": asdict(assignment.lab), "datasets": datasets} if datasets else {}


def _draw_figure(
    thresholds: Sequence[Threshold], experiments: Sequence[Experiment], scores: Scores, path: Path
) -> None:
    """Draw one panel for each threshold: a mark for each seed, right answers above wrong ones."""
    columns = 2
    rows = max(1, -(-len(thresholds) // columns))
    figure = Figure(figsize=(11, 2.1 * rows), layout="constrained")
    for number, threshold in enumerate(thresholds, start=1):
        panel = figure.add_subplot(rows, columns, number)
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
    # Without "Software", the file does not depend on the version of Matplotlib.
    figure.savefig(path, dpi=110, metadata={"Software": None})
