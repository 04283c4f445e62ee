"""What the results of a class come to: per question, per check, and as a distribution."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from autograder.checks import Outcome
from autograder.grade.results import CheckResult, Result, Standing

BINS = 10
"""Columns of the distribution of totals, each a tenth of the points wide."""

_REASONS = 3


@dataclass(frozen=True, slots=True)
class QuestionSummary:
    """One question over all students."""

    name: str
    points: float
    manual: bool
    """Whether people mark it; then nothing else is known of it here."""

    mean: float | None
    """Points, over the students for whom all of it is graded; ``None`` if there is none."""

    full: int
    """Students with all points of the question."""

    nothing: int
    """Students with none of them."""


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """One check over all students."""

    check: CheckResult
    """As one student has it; id, title and points are the same for all."""

    outcomes: Mapping[Outcome, int]
    reasons: tuple[tuple[str, int], ...]
    """The commonest sentences of those who did not pass, and how many have each."""


def questions(results: Sequence[Result]) -> tuple[QuestionSummary, ...]:
    """Return the questions in the order of the source, those that people mark last."""
    points = {name: total for result in results for name, (_, total) in result.questions().items()}
    manual = {name: total for result in results for name, total in result.manual.items()}
    checked = [_question(name, total, results) for name, total in points.items()]
    marked = [QuestionSummary(name, total, True, None, 0, 0) for name, total in manual.items()]
    return (*checked, *marked)


def _question(name: str, points: float, results: Sequence[Result]) -> QuestionSummary:
    marks = [result.questions()[name][0] for result in results if _wholly_graded(result, name)]
    full = sum(math.isclose(mark, points) for mark in marks)
    nothing = sum(mark == 0 for mark in marks)
    return QuestionSummary(name, points, False, fmean(marks) if marks else None, full, nothing)


def _wholly_graded(result: Result, question: str) -> bool:
    outcomes = [check.outcome for check in result.checks if check.question == question]
    return bool(outcomes) and Outcome.UNGRADED not in outcomes


def checks(results: Sequence[Result]) -> tuple[CheckSummary, ...]:
    """Return the checks in the order of the source."""
    found: dict[str, list[CheckResult]] = {}
    for result in results:
        for check in result.checks:
            found.setdefault(check.id, []).append(check)
    return tuple(_check(alike) for alike in found.values())


def _check(alike: Sequence[CheckResult]) -> CheckSummary:
    reasons = Counter(
        check.message for check in alike if check.outcome is not Outcome.PASSED and check.message
    )
    outcomes = Counter(check.outcome for check in alike)
    return CheckSummary(alike[0], outcomes, tuple(reasons.most_common(_REASONS)))


def distribution(results: Sequence[Result]) -> tuple[int, ...]:
    """Count students by tenths of the points; the last column holds full marks too.

    Only whole results count: what is ungraded would stand too far left.
    """
    columns = [0] * BINS
    for result in results:
        if result.standing is Standing.GRADED and result.points:
            columns[min(int(BINS * result.earned / result.points + 1e-9), BINS - 1)] += 1
    return tuple(columns)
