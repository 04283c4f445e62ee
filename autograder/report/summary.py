"""The class in numbers: questions, checks, misconceptions, distributions, and flagged students."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean

from autograder.checks import Outcome
from autograder.engine.results import CheckResult, GradingStatus, Result

BINS = 10
"""Bars of a distribution."""

MIN_RESULTS = 10
"""Fully graded results that a discrimination needs; from fewer it is noise."""

LOW_DISCRIMINATION = 0.2
"""Discrimination below which a question is worth a look.

Source: Ebel & Frisbie, Essentials of Educational Measurement (1991), ch. 13.
"""

MIN_ERROR_SHARE = 0.5
"""Share of the questions stopped by an error from which on one common cause is likely."""

UNGRADED = "Not fully graded because of a grader error; run the same course grade again."
ERRORS = "The code stopped with an error in half of the questions or more, often from one cause."

_MAX_REASONS = 3


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a distribution."""

    start: float
    end: float
    count: int


@dataclass(frozen=True, slots=True)
class QuestionSummary:
    """One question over all students."""

    name: str
    points: float
    manual: bool
    """True if staff mark it; nothing else is known then."""

    mean: float | None
    """Mean points of the students with the question fully graded; None if there are none."""

    full_marks_count: int
    """Students with all points of the question."""

    zero_count: int
    """Students with no points of it."""

    discrimination: float | None
    """From -1 to 1, see ``discrimination``; None where it is not defined."""

    @property
    def difficulty(self) -> float | None:
        """Return the mean share of the points, from 0 (nobody has any) to 1; None if unknown.

        Source: Crocker & Algina, Introduction to Classical and Modern Test Theory (1986), ch. 14,
        where an item that everybody solves has the difficulty 1.
        """
        return self.mean / self.points if self.mean is not None and self.points else None


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """One check over all students."""

    check: CheckResult
    """One student's; id, title and points are the same for all."""

    outcomes: Mapping[Outcome, int]
    reasons: tuple[tuple[str, int], ...]
    """The most frequent messages of failed checks with their counts."""


@dataclass(frozen=True, slots=True)
class MisconceptionSummary:
    """A misconception that probably caused wrong answers."""

    question: str
    misconception: str
    count: int
    """Students."""


def questions(results: Sequence[Result]) -> tuple[QuestionSummary, ...]:
    """Return the questions in the order of the source, manually marked ones last."""
    manual: dict[str, float] = {}
    for result in results:
        manual |= result.manual
    summaries = []
    for name, points in _points(results).items():
        marks = []
        for result in results:
            outcomes = {check.outcome for check in result.checks if check.question == name}
            if outcomes and Outcome.UNGRADED not in outcomes:
                marks.append(result.questions()[name][0])
        mean = fmean(marks) if marks else None
        full_marks_count = sum(math.isclose(mark, points) for mark in marks)
        relation = discrimination(name, results)
        summaries.append(
            QuestionSummary(name, points, False, mean, full_marks_count, marks.count(0), relation)
        )
    for name, points in manual.items():
        summaries.append(QuestionSummary(name, points, True, None, 0, 0, None))
    return tuple(summaries)


def _points(results: Sequence[Result]) -> dict[str, float]:
    points: dict[str, float] = {}
    for result in results:
        for name, (_, possible) in result.questions().items():
            points[name] = possible
    return points


def discrimination(question: str, results: Sequence[Result]) -> float | None:
    """Return the corrected item-total correlation: Pearson's r of one question with all others.

    The question's own points are subtracted from the total, because they correlate with
    themselves. It is defined for at least ``MIN_RESULTS`` fully graded results if neither the
    question's points nor the rest are constant.

    Source: Henrysson, Correction of item-total correlations in item analysis, Psychometrika 28
    (1963), 211-218; Nunnally & Bernstein, Psychometric Theory (1994), ch. 8.
    """
    # Over fully graded results only: an ungraded check would lower both sides at once.
    marks, rest = [], []
    for result in results:
        if result.status is GradingStatus.GRADED:
            if question not in result.questions():
                return None
            marks.append(result.questions()[question][0])
            rest.append(result.earned - marks[-1])
    if len(marks) < MIN_RESULTS:
        return None
    try:
        return correlation(marks, rest)
    except StatisticsError:  # one side is constant
        return None


def misconceptions(results: Sequence[Result]) -> tuple[MisconceptionSummary, ...]:
    """Return the misconceptions by question, in the order of the source, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for result in results:
        counts.update(result.misconceptions.items())
    order = {name: place for place, name in enumerate(_points(results))}
    summaries = [MisconceptionSummary(*key, count) for key, count in counts.items()]
    summaries.sort(key=lambda row: (order.get(row.question, -1), -row.count, row.misconception))
    return tuple(summaries)


def checks(results: Sequence[Result]) -> tuple[CheckSummary, ...]:
    """Return the checks in the order of the source."""
    by_id: dict[str, list[CheckResult]] = {}
    for result in results:
        for check in result.checks:
            by_id.setdefault(check.id, []).append(check)
    summaries = []
    for same_check in by_id.values():
        outcomes: Counter[Outcome] = Counter()
        reasons: Counter[str] = Counter()
        for check in same_check:
            outcomes[check.outcome] += 1
            if check.outcome is not Outcome.PASSED and check.message:
                reasons[check.message] += 1
        summaries.append(CheckSummary(same_check[0], outcomes, tuple(reasons.most_common(_MAX_REASONS))))
    return tuple(summaries)


def distribution(results: Sequence[Result], points: float) -> tuple[Bin, ...]:
    """Count students by tenths of the points; the last bar includes full marks.

    Only fully graded results count: partly graded ones would appear too far to the left.
    """
    shares = []
    for result in results:
        if result.status is GradingStatus.GRADED and result.points:
            shares.append(result.earned / result.points)
    return _histogram(shares, 1.0, points)


def spread(values: Sequence[float]) -> tuple[Bin, ...]:
    """Count values, all ≥ 0, in bars of equal width from 0 to the largest."""
    largest = max(values, default=0.0)
    return _histogram(values, largest, largest)


def _histogram(values: Sequence[float], largest: float, end: float) -> tuple[Bin, ...]:
    counts = [0] * BINS
    for value in values:
        # Sums of tenths are not exact: the small addend keeps 0.3 out of the bar below.
        place = int(BINS * value / largest + 1e-9) if largest else 0
        counts[min(place, BINS - 1)] += 1
    width = end / BINS
    return tuple(Bin(place * width, (place + 1) * width, count) for place, count in enumerate(counts))


def group_by_flag(results: Sequence[Result]) -> tuple[tuple[str, tuple[Result, ...]], ...]:
    """Return the reasons to look at students, one sentence each, and their results.

    Grader errors and errors everywhere come first, then the rarest flags.
    """
    by_reason: dict[str, list[Result]] = {}
    for result in results:
        reasons = list(result.flags)
        if result.ungraded_checks:
            reasons.append(UNGRADED)
        errored = {check.question for check in result.checks if check.outcome is Outcome.ERRORED}
        if len(errored) >= max(2, MIN_ERROR_SHARE * len(result.questions())):
            reasons.append(ERRORS)
        for reason in dict.fromkeys(reasons):  # a flag may occur twice
            by_reason.setdefault(reason, []).append(result)
    order = sorted(by_reason, key=lambda reason: (reason not in (UNGRADED, ERRORS), len(by_reason[reason])))
    return tuple((reason, tuple(by_reason[reason])) for reason in order)
