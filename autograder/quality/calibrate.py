"""``course calibrate``: train right and wrong answers over seeds, put a threshold between them.

A lab says in ``source/<lab>/measure.py`` what to train. Each score is stored in
``calibration/<lab>.json`` as soon as it is measured, so an interrupted run resumes where it stopped.

Scores over seeds are taken to be normal. The chance of failing a right answer is bounded by a
one-sided tolerance limit (noncentral t: Hahn and Meeker, *Statistical Intervals*, 1991, §4.6).
A training that occasionally goes wrong makes longer tails than that, so two more figures are
given: an estimate with heavy tails, and what the number of seeds alone implies.
"""

import ast
import itertools
import json
import math
import operator
import runpy
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from scipy import optimize, stats

from autograder.build.compile import prepare
from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.facts import calibration_inputs, why_uncalibrated
from autograder.files import replace_file
from autograder.quality.results_page import write_page

MAX_TABLE_SEEDS = 8
"""An experiment that only fills a row of the table is trained under at most the seeds 0 … 7."""

Scores = dict[str, list[float]]
"""By the key of the experiment, in the order of the seeds."""

_RIGHT_COLOR, _WRONG_COLOR = "#0072B2", "#D55E00"

MAX_FALSE_FAIL_RATE = 0.001
"""A threshold fails a right answer with at most this chance ..."""

CONFIDENCE = 0.95
"""... which is true of this share of all thresholds fitted in this way."""

HEAVY_TAIL_DF = 4
"""Degrees of freedom of a Student's t whose extremes are far more frequent than normal ones."""

MIN_MARGIN_STANDARD_ERRORS = 4.0
"""Distance of a threshold from the worst right score, in standard errors, at least."""

MIN_GAP_FRACTION = 1 / 3
"""Distance from the worst right score, as a share of the gap to the best wrong one, at least."""

STEP = 0.01
"""Thresholds are multiples of this."""

APART_STANDARD_ERRORS = 2.0
"""Networks whose means over the seeds differ by more are called apart."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One model and one dataset: a score for each seed."""

    model: str
    """Its name in the table, e.g. ``LSTM without a mask``."""

    dataset: str
    """E.g. ``imdb``."""

    score: Callable[[int], float]
    """Trains the model under a seed and returns its score."""

    threshold: str = ""
    """The threshold that this score decides, e.g. ``lstm``; empty for a row of the table only."""

    is_right: bool = True
    """Whether it must pass that threshold."""

    test_size: int = 0
    """Number of examples behind an accuracy; 0 for a score that is not an accuracy."""

    lower_is_better: bool = False

    every_seed: bool = False
    """Whether it is trained under every seed though it decides no threshold."""

    released_as: str = ""
    """The name under which students get its scores, e.g. ``LSTM``; empty for none."""

    @property
    def needs_every_seed(self) -> bool:
        """Return True unless a few seeds are enough for a row of the table."""
        return bool(self.threshold or self.every_seed or self.released_as)

    @property
    def key(self) -> str:
        """Return the name under which its scores are stored."""
        return f"{self.dataset}: {self.model}"


@dataclass(frozen=True, slots=True)
class WrongVariant:
    """The scores of a wrong variant, compared with a threshold."""

    model: str
    seeds: int
    passed_seeds: int
    """Number of seeds under which its score passes."""

    pass_upper_bound: float | None
    """Upper confidence limit of its chance to pass, for normal scores."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold, the scores around it, and how often it errs."""

    name: str
    dataset: str
    value: float | None
    """None if right and wrong scores are too close: better no threshold than an unfair one."""

    seeds: int
    worst_right: float | None = None
    best_wrong: float | None = None
    standard_error: float | None = None
    """Of the worst right score: of an accuracy by its formula, otherwise over the seeds."""

    false_fail_upper_bound: float | None = None
    """Upper confidence limit of the chance to fail a right answer, for normal scores."""

    false_fail_heavy_tailed: float | None = None
    """Estimate of that chance for scores with the tails of Student's t."""

    false_fail_nonparametric: float | None = None
    """Upper confidence limit without an assumption: none of so many seeds failed."""

    wrong_variants: tuple[WrongVariant, ...] = ()


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
    source = prepare(assignment, uncalibrated=True).source
    # The functions of the solution, and what the notebook defines before them.
    names: dict[str, Any] = {}
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
    scores: Scores = {}
    if not why_uncalibrated(assignment):
        scores = json.loads(assignment.calibration.read_bytes()).get("scores", {})
    remaining = []
    for seed in range(seeds):
        for experiment in experiments:
            is_measured = len(scores.get(experiment.key, ())) > seed
            if not is_measured and (experiment.needs_every_seed or seed < MAX_TABLE_SEEDS):
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
    page = write_page(
        assignment,
        "calibration",
        thresholds=thresholds,
        scores=rows,
        apart=[
            (e, apart_from_itself(scores.get(e.key, ()), e.test_size)) for e in experiments if e.released_as
        ],
        sure=f"{CONFIDENCE:.0%}",
    )
    _draw_figure(thresholds, experiments, scores, page.with_suffix(".png"))
    return page


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


def are_apart(ahead: Sequence[float], behind: Sequence[float]) -> bool:
    """Return True if the mean of ``ahead`` is clearly above that of ``behind``."""
    square = statistics.variance(ahead) / len(ahead) + statistics.variance(behind) / len(behind)
    gap = statistics.mean(ahead) - statistics.mean(behind)
    return gap > APART_STANDARD_ERRORS * math.sqrt(square)


def apart_from_itself(accuracies: Sequence[float], n: int) -> float:
    """Return the share of pairs of runs of one network that their standard errors call apart.

    Standard errors know the chance in the test set, not that in training: two accuracies on n
    examples count as apart if they differ by more than ``APART_STANDARD_ERRORS`` standard errors of
    the difference. It is 0 for fewer than two runs.
    """
    pairs = list(itertools.combinations(accuracies, 2))
    apart = 0
    for first, second in pairs:
        error = math.sqrt((first * (1 - first) + second * (1 - second)) / n)
        apart += abs(first - second) > APART_STANDARD_ERRORS * error
    return apart / max(1, len(pairs))


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


def fit(experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]]) -> list[Threshold]:
    """Put each threshold between the scores of right and wrong answers.

    It is the most lenient of three values: where a right answer fails with a chance of
    ``MAX_FALSE_FAIL_RATE``, ``MIN_MARGIN_STANDARD_ERRORS`` beyond the worst right score, or a
    third of the way to the best wrong one. It is dropped if that does not separate them.
    """
    thresholds = []
    for name, dataset in sorted({(e.threshold, e.dataset) for e in experiments if e.threshold}):
        measured = measured_experiments(experiments, scores, name, dataset)
        thresholds.append(_fit_threshold(name, dataset, measured, scores))
    return thresholds


def measured_experiments(
    experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]], name: str, dataset: str
) -> list[Experiment]:
    """Return the experiments that decide a threshold, given by name and dataset, and have scores."""
    deciding = [item for item in experiments if (item.threshold, item.dataset) == (name, dataset)]
    return [experiment for experiment in deciding if scores.get(experiment.key)]


def tail_probability_upper_bound(scores: Sequence[float], value: float) -> float:
    """Return an upper confidence limit of the chance that a score is at or below ``value``.

    It is 1 where it would be a half or more.

    Args:
        scores: two or more, taken to be independent and normal.
        value: the threshold.
    """
    mean, spread, n = statistics.mean(scores), statistics.stdev(scores), len(scores)
    if spread == 0 or value >= mean:
        return float(value >= mean)
    distance = (mean - value) / spread

    # Solve for the true distance z under which the observed one is as large as this with the
    # chance CONFIDENCE: sqrt(n) times the observed distance is noncentral t around sqrt(n) z.
    def surplus(z: float) -> float:
        return float(stats.nct.cdf(distance * math.sqrt(n), n - 1, z * math.sqrt(n))) - CONFIDENCE

    if surplus(0) <= 0:
        return 1.0
    return float(stats.norm.sf(optimize.brentq(surplus, 0, distance)))


def _fit_threshold(
    name: str, dataset: str, experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]]
) -> Threshold:
    # Scores where lower is better are negated, so that right scores are always above.
    sign = 1
    if any(experiment.lower_is_better for experiment in experiments):
        sign = -1
    right: list[float] = []
    wrong: dict[str, list[float]] = {}
    test_size = 0
    for experiment in experiments:
        test_size = max(test_size, experiment.test_size)
        signed = [sign * score for score in scores[experiment.key]]
        if experiment.is_right:
            right += signed
        else:
            wrong[experiment.model] = signed
    threshold = Threshold(name, dataset, None, len(right))
    if len(right) < 2 or not wrong:
        return threshold
    mean, spread = statistics.mean(right), statistics.stdev(right)
    worst, best = min(right), max(map(max, wrong.values()))
    error = math.sqrt(worst * (1 - worst) / test_size) if test_size else spread
    threshold = replace(threshold, worst_right=sign * worst, best_wrong=sign * best, standard_error=error)
    # Tolerance limit: how many standard deviations below the mean of n normal scores.
    root_n = math.sqrt(len(right))
    quantile = stats.norm.isf(MAX_FALSE_FAIL_RATE) * root_n
    factor = float(stats.nct.ppf(CONFIDENCE, len(right) - 1, quantile)) / root_n
    lenient = min(
        mean - factor * spread,
        worst - MIN_MARGIN_STANDARD_ERRORS * error,
        worst - MIN_GAP_FRACTION * (worst - best),
    )
    # 1e-9: a multiple of STEP must not fall to the next lower one by rounding.
    value = round(math.floor(lenient / STEP + 1e-9) * STEP, 4)
    if value <= best:
        return threshold
    heavy_tailed = float(value >= mean)
    if spread:
        scale = spread / stats.t.std(HEAVY_TAIL_DF)
        heavy_tailed = float(stats.t.cdf((value - mean) / scale, HEAVY_TAIL_DF))
    return replace(
        threshold,
        value=sign * value,
        false_fail_upper_bound=tail_probability_upper_bound(right, value),
        false_fail_heavy_tailed=heavy_tailed,
        false_fail_nonparametric=1 - (1 - CONFIDENCE) ** (1 / len(right)),
        wrong_variants=tuple(_wrong_variant(model, wrong[model], value) for model in wrong),
    )


def _wrong_variant(model: str, scores: Sequence[float], value: float) -> WrongVariant:
    passed = sum(score >= value for score in scores)
    upper_bound = None
    if len(scores) > 1:
        # The chance to be above the threshold is that of the negated scores to be below it.
        upper_bound = tail_probability_upper_bound(list(map(operator.neg, scores)), -value)
    return WrongVariant(model, len(scores), passed, upper_bound)
