"""What the results of a class come to: per question, per check, per belief, and as a distribution."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean

from autograder.checks import Outcome
from autograder.engine.results import CheckResult, GradingStatus, Result

BINS = 10
"""Columns of the distribution of totals, each a tenth of the points wide."""

MIN_RESULTS = 10
"""Whole results that a discrimination needs; of fewer it says nothing."""

_MAX_REASONS = 3


@dataclass(frozen=True, slots=True)
class QuestionSummary:
    """One question over all students."""

    name: str
    points: float
    manual: bool
    """Whether people mark it; then nothing else is known of it here."""

    mean: float | None
    """Points, over the students for whom all of it is graded; ``None`` if there is none."""

    full_marks_count: int
    """Students with all points of the question."""

    zero_count: int
    """Students with none of them."""

    discrimination: float | None
    """From -1 to 1, see ``discrimination``; ``None`` where it is not defined."""

    @property
    def difficulty(self) -> float | None:
        """Return the mean share of the points, from 0 (nobody has any) to 1; ``None`` if unknown.

        Source: Crocker & Algina, Introduction to Classical and Modern Test Theory (1986), ch. 14,
        where an item that everybody solves has the difficulty 1.
        """
        return self.mean / self.points if self.mean is not None and self.points else None


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
    manual = {name: total for result in results for name, total in result.manual.items()}
    checked = [_question(name, total, results) for name, total in _points(results).items()]
    marked = [QuestionSummary(name, total, True, None, 0, 0, None) for name, total in manual.items()]
    return (*checked, *marked)


def _points(results: Sequence[Result]) -> dict[str, float]:
    return {name: total for result in results for name, (_, total) in result.questions().items()}


def _question(name: str, points: float, results: Sequence[Result]) -> QuestionSummary:
    marks = [result.questions()[name][0] for result in results if _is_fully_graded(result, name)]
    full = sum(math.isclose(mark, points) for mark in marks)
    nothing = sum(mark == 0 for mark in marks)
    mean = fmean(marks) if marks else None
    return QuestionSummary(name, points, False, mean, full, nothing, discrimination(name, results))


def discrimination(question: str, results: Sequence[Result]) -> float | None:
    """Return the corrected item-total correlation: Pearson's r of a question with all the others.

    The question's own points are taken out of the total, with which they correlate by themselves.
    It is defined where at least ``FEWEST`` results are whole and neither side is the same for all.

    Source: Henrysson, Correction of item-total correlations in item analysis, Psychometrika 28
    (1963), 211-218; Nunnally & Bernstein, Psychometric Theory (1994), ch. 8.
    """
    whole = [result for result in results if result.status is GradingStatus.GRADED]
    marks = [result.questions()[question][0] for result in whole if question in result.questions()]
    if len(marks) < MIN_RESULTS or len(marks) < len(whole):
        return None
    rest = [result.earned - mark for result, mark in zip(whole, marks, strict=True)]
    try:
        return correlation(marks, rest)
    except StatisticsError:
        return None


@dataclass(frozen=True, slots=True)
class MisconceptionSummary:
    """A belief that probably lies behind wrong answers."""

    question: str
    misconception: str
    count: int
    """Students."""


def misconceptions(results: Sequence[Result]) -> tuple[MisconceptionSummary, ...]:
    """Return the beliefs by question, in the order of the source, the commonest first."""
    order = {name: place for place, name in enumerate(_points(results))}
    counts = Counter(pair for result in results for pair in result.misconceptions.items())
    found = [MisconceptionSummary(question, belief, count) for (question, belief), count in counts.items()]
    return tuple(sorted(found, key=lambda one: (order.get(one.question, -1), -one.count, one.misconception)))


def _is_fully_graded(result: Result, question: str) -> bool:
    outcomes = [check.outcome for check in result.checks if check.question == question]
    return bool(outcomes) and Outcome.UNGRADED not in outcomes


def checks(results: Sequence[Result]) -> tuple[CheckSummary, ...]:
    """Return the checks in the order of the source."""
    found: dict[str, list[CheckResult]] = {}
    for result in results:
        for check in result.checks:
            found.setdefault(check.id, []).append(check)
    return tuple(_check(alike) for alike in found.values())


def _check(check_results: Sequence[CheckResult]) -> CheckSummary:
    reasons = Counter(
        check.message for check in check_results if check.outcome is not Outcome.PASSED and check.message
    )
    outcomes = Counter(check.outcome for check in check_results)
    return CheckSummary(check_results[0], outcomes, tuple(reasons.most_common(_MAX_REASONS)))


def distribution(results: Sequence[Result]) -> tuple[int, ...]:
    """Count students by tenths of the points; the last column holds full marks too.

    Only whole results count: what is ungraded would stand too far left.
    """
    columns = [0] * BINS
    for result in results:
        if result.status is GradingStatus.GRADED and result.points:
            columns[min(int(BINS * result.earned / result.points + 1e-9), BINS - 1)] += 1
    return tuple(columns)
