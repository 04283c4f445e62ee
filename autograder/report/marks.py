"""Who gets which mark: results beside the roster, the due date and what being late costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from autograder.course import Assignment
from autograder.engine.results import GradingStatus, Result
from autograder.lateness import Lateness, lateness
from autograder.report.matching import Matches, match
from autograder.report.roster import Roster, Student

_MAX_LISTED = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """One student's mark; either the result or the student is known, mostly both."""

    result: Result | None
    student: Student | None = None
    lateness: Lateness = field(default_factory=Lateness)
    unmatched_reason: str = ""
    """Why the result has no student on the roster, or the student no result though something came."""

    @property
    def label(self) -> str:
        """Return what the student is called in tables."""
        if self.result is None:
            return self.student.label if self.student else ""
        return self.result.student

    @property
    def total(self) -> float | None:
        """Return the points so far, whenever it was handed in; None if nothing is graded."""
        if self.result is None or self.result.status is GradingStatus.UNGRADED:
            return None
        return self.result.earned

    @property
    def final_points(self) -> float | None:
        """Return the points after the penalty, to the hundredth."""
        return None if self.total is None else round(self.total * (1 - self.lateness.penalty), 2)

    @property
    def penalty(self) -> float | None:
        """Return the points that being late costs; None if nobody knows how late it is."""
        if self.total is None or self.final_points is None or self.lateness.days is None:
            return None
        return self.total - self.final_points if self.lateness.penalty else 0.0

    @property
    def complete_total(self) -> float | None:
        """Return the final points if all checks are graded, for systems that know no flags."""
        whole = self.result is not None and self.result.status is GradingStatus.GRADED
        return self.final_points if whole else None

    @property
    def flags(self) -> tuple[str, ...]:
        """Return what staff should look at, one sentence each."""
        flags = self.result.flags if self.result else ()
        late = ("late by an unknown time",) if self.lateness.is_flagged_late else ()
        return (*flags, *late, *((self.unmatched_reason,) if self.unmatched_reason else ()))


def marks_without_roster(results: Sequence[Result]) -> tuple[Mark, ...]:
    """Return the results as marks, without a roster and a due date."""
    return tuple(Mark(result) for result in sorted(results, key=lambda result: result.student))


def final_marks(results: Sequence[Result], roster: Roster, assignment: Assignment) -> tuple[Mark, ...]:
    """Return everybody's mark in the order of their names.

    With a roster these are its students, with or without a submission, and the submissions that fit
    none of them; a group's result stands at each of its members.
    """
    matches = match(results, roster)
    marks = [mark for result in results for mark in _marks(result, matches, assignment, bool(roster))]
    seen = {mark.student for mark in marks}
    for student in roster:
        if student not in seen:
            several = matches.conflicts.get(student, "")
            marks.append(
                Mark(None, student, unmatched_reason=f"several submissions fit: {several}" if several else "")
            )
    return tuple(sorted(marks, key=lambda mark: (mark.label, mark.student.label if mark.student else "")))


def _marks(result: Result, matches: Matches, assignment: Assignment, has_roster: bool) -> Iterator[Mark]:
    students, why = matches.by_submission[result.student]
    for student in students or (None,):
        due = student.due_or(assignment.due) if student else assignment.due
        late = lateness(result.submitted_at, due, assignment.late, flagged_late=result.late_mark)
        yield Mark(result, student, late, f"on the roster: {why}" if has_roster and not student else "")


def mark_remarks(marks: Sequence[Mark]) -> Iterator[str]:
    """Yield what whoever runs a command should know of the marks, one sentence each."""
    strangers = [
        f"{mark.label} ({mark.unmatched_reason})" for mark in marks if mark.unmatched_reason and mark.result
    ]
    if strangers:
        yield f"{pluralize(strangers, 'submission')} not clearly of a student: {join_names(strangers)}."
    contested = [
        f"{mark.label} ({mark.unmatched_reason})"
        for mark in marks
        if mark.unmatched_reason and not mark.result
    ]
    if contested:
        yield f"{pluralize(contested, 'student')} without a mark: {join_names(contested)}."
    absent = [mark.label for mark in marks if mark.result is None and not mark.unmatched_reason]
    if absent:
        yield f"{pluralize(absent, 'student')} without a submission: {join_names(absent)}."
    unknown = [mark.label for mark in marks if mark.lateness.is_flagged_late]
    if unknown:
        late = f"{pluralize(unknown, 'submission')} late by an unknown time"
        yield f"{late}, so nothing is taken for it: {join_names(unknown)}."


def pluralize(names: Sequence[str], noun: str) -> str:
    """Return how many there are, e.g. ``3 students``."""
    return f"{len(names)} {noun}{'s' if len(names) != 1 else ''}"


def join_names(names: Sequence[str]) -> str:
    """Return the first names and how many more there are."""
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + more
