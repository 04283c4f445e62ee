"""Who gets which mark: results beside the roster, the due date and what being late costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from autograder.course import Assignment
from autograder.grade.results import Result, Standing
from autograder.lateness import Lateness, lateness
from autograder.report.matching import Matches, match
from autograder.report.roster import Roster, Student

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """One student's mark; either the result or the student is known, mostly both."""

    result: Result | None
    student: Student | None = None
    lateness: Lateness = field(default_factory=Lateness)
    why: str = ""
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
        if self.result is None or self.result.standing is Standing.UNGRADED:
            return None
        return self.result.earned

    @property
    def final(self) -> float | None:
        """Return the points after the penalty, to the hundredth."""
        return None if self.total is None else round(self.total * (1 - self.lateness.share), 2)

    @property
    def penalty(self) -> float | None:
        """Return the points that being late costs; None if nobody knows how late it is."""
        if self.total is None or self.final is None or self.lateness.days is None:
            return None
        return self.total - self.final if self.lateness.share else 0.0

    @property
    def settled(self) -> float | None:
        """Return the final points if all checks are graded, for systems that know no flags."""
        whole = self.result is not None and self.result.standing is Standing.GRADED
        return self.final if whole else None

    @property
    def flags(self) -> tuple[str, ...]:
        """Return what staff should look at, one sentence each."""
        flags = self.result.flags if self.result else ()
        late = ("late by an unknown time",) if self.lateness.marked else ()
        return (*flags, *late, *((self.why,) if self.why else ()))


def alone(results: Sequence[Result]) -> tuple[Mark, ...]:
    """Return the results as marks, without a roster and a due date."""
    return tuple(Mark(result) for result in sorted(results, key=lambda result: result.student))


def of(results: Sequence[Result], roster: Roster, assignment: Assignment) -> tuple[Mark, ...]:
    """Return everybody's mark in the order of their names.

    With a roster these are its students, with or without a submission, and the submissions that fit
    none of them; a group's result stands at each of its members.
    """
    matches = match(results, roster)
    marks = [mark for result in results for mark in _marks(result, matches, assignment, bool(roster))]
    seen = {mark.student for mark in marks}
    for student in roster:
        if student not in seen:
            several = matches.contested.get(student, "")
            marks.append(Mark(None, student, why=f"several submissions fit: {several}" if several else ""))
    return tuple(sorted(marks, key=lambda mark: (mark.label, mark.student.label if mark.student else "")))


def _marks(result: Result, matches: Matches, assignment: Assignment, known: bool) -> Iterator[Mark]:
    students, why = matches.found[result.student]
    for student in students or (None,):
        due = student.due_or(assignment.due) if student else assignment.due
        late = lateness(result.handed_in, due, assignment.late, late_mark=result.late_mark)
        yield Mark(result, student, late, f"on the roster: {why}" if known and not student else "")


def remarks(marks: Sequence[Mark]) -> Iterator[str]:
    """Yield what whoever runs a command should know of the marks, one sentence each."""
    strangers = [f"{mark.label} ({mark.why})" for mark in marks if mark.why and mark.result]
    if strangers:
        yield f"{counted(strangers, 'submission')} not clearly of a student: {listed(strangers)}."
    contested = [f"{mark.label} ({mark.why})" for mark in marks if mark.why and not mark.result]
    if contested:
        yield f"{counted(contested, 'student')} without a mark: {listed(contested)}."
    absent = [mark.label for mark in marks if mark.result is None and not mark.why]
    if absent:
        yield f"{counted(absent, 'student')} without a submission: {listed(absent)}."
    unknown = [mark.label for mark in marks if mark.lateness.marked]
    if unknown:
        late = f"{counted(unknown, 'submission')} late by an unknown time"
        yield f"{late}, so nothing is taken for it: {listed(unknown)}."


def counted(names: Sequence[str], what: str) -> str:
    """Return how many there are, e.g. ``3 students``."""
    return f"{len(names)} {what}{'s' if len(names) != 1 else ''}"


def listed(names: Sequence[str]) -> str:
    """Return the first names and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
