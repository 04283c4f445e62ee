"""Measure accuracy bars: train right and wrong answers over seeds, put a bar between them.

A lab says in ``source/<lab>/measure.py`` what to run; this module runs it, keeps every
score in ``calibration/<lab>.json`` as it comes (a stopped run goes on where it was), fits
the bars and writes the table of the documentation.
"""

import ast
import json
import math
import runpy
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autograder.compile import bars
from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.facts import facts_of
from autograder.source import Source, parse, read

MARGIN = 4.0
"""How many standard errors a bar lies away from the worst right score, at least."""

LEAN = 1 / 3
"""How far a bar lies from the worst right towards the best wrong score, at least."""

STEP = 0.01
"""Bars are whole multiples of this."""

Measure = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Experiment:
    """One model, one data set: a score for each seed."""

    model: str
    """What the table calls it, e.g. ``LSTM without a mask``."""

    data: str
    """The data set, e.g. ``imdb``."""

    score: Measure
    bar: str = ""
    """The bar that this score decides, e.g. ``lstm``; empty for a figure of the table only."""

    right: bool = True
    """Whether it must pass that bar."""

    tested_on: int = 0
    """Number of examples behind an accuracy; 0 for a score that is no accuracy."""

    lower_is_better: bool = False

    @property
    def key(self) -> str:
        """Return the name under which scores are kept."""
        return f"{self.data}: {self.model}"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar and what it was put between."""

    name: str
    data: str
    value: float | None
    """``None`` where right and wrong scores lie too close: no bar is better than a fudged one."""

    worst_right: float
    best_wrong: float
    standard_error: float


def experiments_of(assignment: Assignment) -> list[Experiment]:
    """Return what ``measure.py`` of an assignment wants to be run."""
    path = assignment.source / "measure.py"
    if not path.is_file():
        raise StaffError(f"source/{assignment.name}/measure.py: missing; nothing to calibrate")
    sys.path.insert(0, str(assignment.source))  # the kit, as a notebook in that folder finds it
    found: list[Experiment] = runpy.run_path(str(path))["experiments"](answers(assignment), assignment.lab)
    return found


def answers(assignment: Assignment) -> dict[str, Any]:
    """Return the functions of the solution, and what the notebook defines before them."""
    source = _source(assignment)
    facts = facts_of(assignment)
    names: dict[str, Any] = {"LAB": facts.lab, "EXPECTED": facts.expected, "BARS": facts.bars}
    solved = {answer.cell.id: answer.solved() for answer in source.answers()}
    for cell in source.cells:
        if cell.id in ("setup", "parameters"):
            exec(compile(definitions(cell.text), cell.id, "exec"), names)
        elif cell.id in solved:
            exec(compile(solved[cell.id], cell.id, "exec"), names)
    return names


def measure(
    assignment: Assignment,
    experiments: Sequence[Experiment],
    seeds: int,
    *,
    on_score: Callable[[Experiment, int, float], None],
) -> dict[str, list[float]]:
    """Run every experiment under the seeds 0 … ``seeds`` − 1 that are not measured yet.

    Scores that were measured with other parameters or another kit are thrown away.
    """
    scores = _kept(assignment)
    for seed in range(seeds):
        for experiment in experiments:
            done = scores.setdefault(experiment.key, [])
            if len(done) > seed:
                continue
            done.append(round(experiment.score(seed), 4))
            on_score(experiment, seed, done[-1])
            write(assignment, experiments, scores)
    return scores


def fit(experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]]) -> list[Bar]:
    """Put each bar between the scores of right and of wrong answers.

    It lies ``MARGIN`` standard errors beyond the worst right score or a third of the way to
    the best wrong one, whichever is more lenient, and is dropped where that does not
    separate them.
    """
    pairs = sorted({(one.bar, one.data) for one in experiments if one.bar})
    measured = [one for one in experiments if scores.get(one.key)]
    return [_bar(name, data, measured, scores) for name, data in pairs]


def write(
    assignment: Assignment,
    experiments: Sequence[Experiment],
    scores: Mapping[str, Sequence[float]],
) -> None:
    """Write scores, bars and their provenance, beside and then in place."""
    found = fit(experiments, scores)
    body = {
        "bars": _nested(found),
        "measured_with": bars.provenance(assignment, assignment.bars_depend_on),
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy")},
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"course calibrate {assignment.name}",
        "scores": dict(sorted(scores.items())),
    }
    path = assignment.calibration
    path.parent.mkdir(exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


def table(experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]]) -> str:
    """Return the scores and the bars as Markdown."""
    return "\n".join([*_score_rows(experiments, scores), "", *_bar_rows(fit(experiments, scores))])


def definitions(code: str) -> ast.Module:
    """Return a cell without the calls that only print or draw."""
    return ast.Module([node for node in ast.parse(code).body if not isinstance(node, ast.Expr)], [])


def _source(assignment: Assignment) -> Source:
    label = f"source/{assignment.name}/{assignment.notebook.name}"
    cells, _ = read(assignment.notebook.read_bytes(), label)
    return parse(cells, label)[0]


def _kept(assignment: Assignment) -> dict[str, list[float]]:
    if not assignment.calibration.is_file():
        return {}
    try:
        found = json.loads(assignment.calibration.read_bytes())
        current = json.loads(json.dumps(bars.provenance(assignment, assignment.bars_depend_on)))
        if found["measured_with"] != current:
            return {}
        return {key: list(values) for key, values in found["scores"].items()}
    except (ValueError, KeyError):
        return {}


def _bar(name: str, data: str, measured: Sequence[Experiment], scores: Mapping[str, Sequence[float]]) -> Bar:
    mine = [one for one in measured if (one.bar, one.data) == (name, data)]
    right = [score for one in mine if one.right for score in scores[one.key]]
    wrong = [score for one in mine if not one.right for score in scores[one.key]]
    tested_on = max((one.tested_on for one in mine), default=0)
    if not right or not wrong:
        return Bar(name, data, None, math.nan, math.nan, math.nan)
    if not mine[0].lower_is_better:
        worst, best = min(right), max(wrong)
        error = _standard_error(worst, right, tested_on)
        value = math.floor(min(worst - MARGIN * error, worst - LEAN * (worst - best)) / STEP) * STEP
        separates = value > best
    else:
        worst, best = max(right), min(wrong)
        error = _standard_error(worst, right, tested_on)
        value = math.ceil(max(worst + MARGIN * error, worst + LEAN * (best - worst)) / STEP) * STEP
        separates = value < best
    return Bar(name, data, round(value, 4) if separates else None, worst, best, error)


def _standard_error(worst: float, right: Sequence[float], tested_on: int) -> float:
    """Return that of an accuracy by its formula, else the standard deviation over the seeds."""
    if tested_on:
        return math.sqrt(worst * (1 - worst) / tested_on)
    return statistics.stdev(right) if len(right) > 1 else 0.0


def _nested(found: Sequence[Bar]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for bar in found:
        if bar.value is not None:
            nested.setdefault(bar.name, {})[bar.data] = bar.value
    return nested


def _score_rows(experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]]) -> Iterator[str]:
    yield "| data | model | seeds | worst | mean | best | sd |"
    yield "|---|---|---|---|---|---|---|"
    for one in experiments:
        values = scores.get(one.key, ())
        if values:
            low, high = sorted((min(values), max(values)), reverse=one.lower_is_better)
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            mean = statistics.mean(values)
            figures = f"{low:.3f} | {mean:.3f} | {high:.3f} | {spread:.3f}"
            yield f"| {one.data} | {one.model} | {len(values)} | {figures} |"


def _bar_rows(found: Sequence[Bar]) -> Iterator[str]:
    yield "| bar | data | value | worst right | best wrong | standard error |"
    yield "|---|---|---|---|---|---|"
    for bar in found:
        value = "dropped" if bar.value is None else f"{bar.value:.2f}"
        figures = f"{bar.worst_right:.3f} | {bar.best_wrong:.3f} | {bar.standard_error:.4f}"
        yield f"| {bar.name} | {bar.data} | {value} | {figures} |"


def document(assignment: Assignment, text: str) -> Path:
    """Replace the measured part of ``docs/calibration.md`` and return its path."""
    path = assignment.root / "docs" / "calibration.md"
    mark = "<!-- measured -->"
    if not path.is_file() or mark not in path.read_text(encoding="utf-8"):
        raise StaffError(f"docs/calibration.md: found no line {mark}; add it where the tables go")
    head = path.read_text(encoding="utf-8").split(mark)[0]
    path.write_text(f"{head}{mark}\n\n{text}\n", encoding="utf-8")
    return path
