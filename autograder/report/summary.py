"""The class in numbers: questions, checks, misconceptions, distributions, and flagged students.

Also ``grades.csv`` and the terminal's table: one row for each student.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean
from types import MappingProxyType

from rich import box
from rich.table import Table
from rich.text import Text

from autograder.checks import Outcome
from autograder.engine.results import CheckResult, GradingStatus, Result
from autograder.report.marks import Mark, total
from autograder.report.roster import dump_csv, escape_formula
from autograder.sandbox.layers import CONSEQUENCE_IF_MISSING
from autograder.text import one_line

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

UNGRADED = "Not fully graded because of a grader error; run the same `course grade` command again."
ERRORS = "The code stopped with an error in at least half of the questions, often for a single reason."

MAX_REASONS = 3
"""Messages of one check that a report shows, the most frequent ones."""

GRADES_NAME = "grades.csv"
MAX_ROWS = 30
"""Rows of the terminal's table."""

NO_SUBMISSION = "no submission"
_ROSTER_COLUMNS = ("id", "email", "section", "group")
_MAX_NAME_LENGTH = 255
_MAX_FLAG_LENGTH = 300


@dataclass(frozen=True, slots=True)
class QuestionSummary:
    """One question over all students."""

    name: str
    points: float
    manual: bool
    """True if staff mark it; nothing else is known then."""

    mean: float | None
    """Mean points of the students with no open check of the question; None if there are none."""

    full_marks_count: int
    """Students with all points of the question."""

    zero_count: int
    """Students with no points of it."""

    discrimination: float | None
    """From -1 to 1, see ``discrimination``; None where it is not defined."""

    @property
    def mean_share(self) -> float | None:
        """Return the mean share of the points, from 0 (nobody has any) to 1; None if unknown."""
        return self.mean / self.points if self.mean is not None and self.points else None


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """One check over all students."""

    check: CheckResult
    """One student's; id, title and points are the same for all."""

    outcomes: Counter[Outcome]
    reasons: Counter[str]
    """The messages of those who did not pass it."""


def question_points(results: Sequence[Result]) -> dict[str, float]:
    """Return the points of each question in the order of the source, manually marked ones last."""
    points: dict[str, float] = {}
    for result in results:
        for name, (_, possible) in result.questions().items():
            points[name] = possible
    for result in results:
        points |= result.manual
    return points


def questions(results: Sequence[Result]) -> tuple[QuestionSummary, ...]:
    """Return the questions in the order of the source, manually marked ones last."""
    marks: dict[str, list[float]] = {}
    for result in results:
        incomplete = {check.question for check in result.open_checks}
        for name, (earned, _) in result.questions().items():
            graded = marks.setdefault(name, [])
            if name not in incomplete:
                graded.append(earned)
    summaries = []
    for name, points in question_points(results).items():
        graded = marks.get(name, [])
        summaries.append(
            QuestionSummary(
                name,
                points,
                manual=name not in marks,
                mean=fmean(graded) if graded else None,
                full_marks_count=sum(math.isclose(mark, points) for mark in graded),
                zero_count=graded.count(0),
                discrimination=discrimination(name, results),
            )
        )
    return tuple(summaries)


def discrimination(question: str, results: Sequence[Result]) -> float | None:
    """Return the corrected item-total correlation: Pearson's r of one question with all others.

    The question's own points are subtracted from the total, because they correlate with
    themselves. It is defined for at least ``MIN_RESULTS`` fully graded results if neither the
    question's points nor the rest are constant.

    Source: Henrysson, Correction of item-total correlations in item analysis, Psychometrika 28
    (1963), 211-218; Nunnally & Bernstein, Psychometric Theory (1994), ch. 8.
    """
    # Over fully graded results only: an open check would lower both sides at once.
    marks, rest = [], []
    for result in results:
        if result.status is GradingStatus.GRADED and question in result.questions():
            marks.append(result.questions()[question][0])
            rest.append(result.earned - marks[-1])
    if len(marks) < MIN_RESULTS:
        return None
    try:
        return correlation(marks, rest)
    except StatisticsError:  # one side is constant
        return None


def misconceptions(results: Sequence[Result]) -> list[tuple[str, str, int]]:
    """Return question, belief and number of students, by question, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for result in results:
        counts.update((question, guess.belief) for question, guess in result.misconceptions.items())
    order = list(question_points(results))
    rows = [(question, belief, count) for (question, belief), count in counts.items()]
    return sorted(rows, key=lambda row: (order.index(row[0]), -row[2], row[1]))


def checks(results: Sequence[Result]) -> tuple[CheckSummary, ...]:
    """Return the checks in the order of the source."""
    summaries: dict[str, CheckSummary] = {}
    for result in results:
        for check in result.checks:
            summary = summaries.setdefault(check.id, CheckSummary(check, Counter(), Counter()))
            summary.outcomes[check.outcome] += 1
            if check.outcome is not Outcome.PASSED and check.message:
                summary.reasons[check.message] += 1
    return tuple(summaries.values())


def review_sentence(results: Sequence[Result]) -> str:
    """Return how many points of how many students need a person; nothing if there are none."""
    points, students = 0.0, 0
    for result in results:
        points += sum(check.points for check in result.review_checks)
        students += bool(result.review_checks)
    plural = "s" if students > 1 else ""
    return f"{points:g} points of {students} student{plural} need a person" if students else ""


def conditions(results: Sequence[Result]) -> Counter[str]:
    """Count the results of each combination of isolation, data and versions, one sentence each."""
    counts: Counter[str] = Counter()
    for result in results:
        provenance = result.provenance
        missing = ""
        if provenance.missing_layers:
            missing = f" (without {', '.join(provenance.missing_layers)})"
        versions = ", ".join(f"{name} {version}" for name, version in sorted(provenance.versions.items()))
        counts[
            f"Isolation {provenance.isolation}{missing}; dataset {provenance.dataset}; seed "
            f"{provenance.seed}; source notebook {provenance.source_sha256[:12]}; {versions}"
        ] += 1
    return counts


def isolation_sentence(results: Sequence[Result]) -> str:
    """Return what did not hold while the results came about; nothing if isolation was full."""
    missing = {name for result in results for name in result.provenance.missing_layers}
    consequences = [text for layer, text in CONSEQUENCE_IF_MISSING.items() if layer.value in missing]
    if not consequences:
        return ""
    return f"Isolation was reduced: {'; '.join(consequences)}. `course doctor` tells why."


def histogram(values: Sequence[float], end: float) -> list[int]:
    """Count values from 0 to ``end`` in ``BINS`` bars of equal width; the last one includes ``end``."""
    counts = [0] * BINS
    for value in values:
        # Sums of tenths are not exact: the small addend keeps 0.3 out of the bar below.
        place = int(BINS * value / end + 1e-9) if end else 0
        counts[min(place, BINS - 1)] += 1
    return counts


def group_by_flag(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Return the results of the students to look at by the reason, a sentence.

    Grader errors and errors everywhere come first, then the rarest flags.
    """
    by_reason: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        reasons = list(result.flags)
        if result.ungraded_checks:
            reasons.append(UNGRADED)
        errored = {check.question for check in result.checks if check.outcome is Outcome.ERRORED}
        if len(errored) >= max(2, MIN_ERROR_SHARE * len(result.questions())):
            reasons.append(ERRORS)
        for reason in dict.fromkeys(reasons):  # a flag may occur twice
            by_reason[reason].append(result)
    order = sorted(by_reason, key=lambda reason: (reason not in (UNGRADED, ERRORS), len(by_reason[reason])))
    return {reason: by_reason[reason] for reason in order}


def dump_grades(marks: Sequence[Mark]) -> bytes:
    """Return the bytes of ``grades.csv``; a cell is empty where nothing is graded or known.

    ``total`` counts the points so far (``outcome`` says whether these are all); ``final`` is the
    total after the late penalty.
    """
    possible = question_points([mark.result for mark in marks if mark.result])
    is_named = any(mark.name for mark in marks)
    personal = [name for name in _ROSTER_COLUMNS if any(getattr(mark.row, name) for mark in marks)]
    header = ["student", *(["name"] if is_named else []), *personal]
    header += [_escape(question, _MAX_NAME_LENGTH) for question in possible]
    # Users' own scripts read these columns: their names are an interface.
    header += ["total", "handed_in", "late", "penalty", "final", "outcome", "flags"]
    rows = [header]
    for mark in marks:
        points: Mapping[str, float | None] = {}
        submitted_at, outcome, late = "", NO_SUBMISSION, ""
        if mark.result:
            points, submitted_at = mark.result.marks(), mark.result.submitted_at
            outcome = mark.result.status.value
        elif mark.unmatched_reason:
            outcome = ""
        if mark.lateness.is_flagged_late:
            late = "unknown"
        elif mark.lateness.days is not None:
            late = str(mark.lateness.days)
        flags = "; ".join(one_line(flag, _MAX_FLAG_LENGTH) for flag in mark.flags)
        # Whatever a student, a platform or the roster wrote is escaped; the grader wrote the rest.
        row = [_escape(mark.label, _MAX_NAME_LENGTH)]
        if is_named:
            row.append(escape_formula(mark.name))
        row += [escape_formula(getattr(mark.row, column)) for column in personal]
        row += [format_points(points.get(question)) for question in possible]
        row += [format_points(mark.total), submitted_at, late, format_points(mark.penalty)]
        row += [format_points(mark.final_points), outcome, _escape(flags, 10 * _MAX_FLAG_LENGTH)]
        rows.append(row)
    return dump_csv(rows)


def summary_table(results: Sequence[Result], names: Mapping[str, str] = MappingProxyType({})) -> Table:
    """Return the first rows for the terminal and how many more there are.

    Args:
        results: one of each student.
        names: people's names by student, where they are known.
    """
    graded = [question for question in questions(results) if not question.manual]
    table = Table(caption_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    if len(results) > MAX_ROWS:
        table.caption = f"… and {len(results) - MAX_ROWS} more"
    if names:
        table.add_column("name", no_wrap=True, min_width=8, max_width=20)
    table.add_column("student", no_wrap=True, min_width=8, max_width=12)
    for question in graded:
        heading = f"{one_line(question.name, 12)}\n/{format_points(question.points)}"
        table.add_column(heading, justify="right", no_wrap=True, min_width=3)
    points = sum(question.points for question in graded)
    table.add_column(f"sum\n/{format_points(points)}", justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True, min_width=8)
    for result in sorted(results, key=lambda result: result.student)[:MAX_ROWS]:
        marks = result.marks()
        cells = [format_points(marks.get(question.name)) for question in graded]
        # In a plain str, rich would read [red] as markup.
        who = [Text(one_line(result.student, 60))]
        if names:
            who.insert(0, Text(one_line(names.get(result.student, ""), 60)))
        table.add_row(*who, *cells, format_points(total(result)), result.status.value)
    return table


def format_points(points: float | None) -> str:
    """Return points with at most two decimals, or nothing for ``None``."""
    return "" if points is None else f"{round(points, 2):g}"


def _escape(text: str, max_length: int) -> str:
    return escape_formula(one_line(text, max_length))
