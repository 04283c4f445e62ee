"""Final marks: submissions matched to the roster, with the due date and the late penalty.

A submission is matched by the first of these rules that finds anyone: the name of a group; ids
from the platform; the login; the person's name. Where a rule finds several, nobody is matched: a
mark at the wrong student is worse than one that staff must assign.
"""

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder.course import Assignment
from autograder.engine.results import Result
from autograder.errors import StaffError
from autograder.lateness import Lateness, lateness, parse_datetime
from autograder.report.roster import Roster, Student
from autograder.submission.names import joined_parts, name_parts, normalized, safe_name, stem

_MAX_LISTED = 5
_REMARKS = (
    ("submission", "without a student"),
    ("student", "without a mark"),
    ("student", "without a submission"),
    ("submission", "late by an unknown time, so no penalty is applied"),
)
_COLUMNS = {"canvas": "canvas_id", "moodle": "moodle_id", "id": "id", "email": "email"}
"""Columns of the roster by the keys of ``Result.ids``."""

StudentsOrReason = tuple[tuple[Student, ...], str]
"""The matched students, several for a group; or none, and why."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One student's mark; the result, the student or both are known."""

    result: Result | None
    student: Student | None = None
    lateness: Lateness = field(default_factory=Lateness)
    unmatched_reason: str = ""
    """Why the result has no student on the roster, or the student none of several results."""

    @property
    def row(self) -> Student:
        """Return the student's row of the roster; an empty one if there is none."""
        return self.student or Student()

    @property
    def label(self) -> str:
        """Return what the student is called in tables."""
        return self.result.student if self.result else self.row.label

    @property
    def name(self) -> str:
        """Return the person's name by the roster, or else by the platform; empty if neither knows it."""
        if self.row.name or self.result is None:
            return self.row.name
        return self.result.name

    @property
    def total(self) -> float | None:
        """Return the points so far, before any penalty; None if no check has a score."""
        return total(self.result) if self.result else None

    @property
    def final_points(self) -> float | None:
        """Return the points after the penalty, rounded to hundredths."""
        return None if self.total is None else round(self.total * (1 - self.lateness.penalty), 2)

    @property
    def penalty(self) -> float | None:
        """Return the points that lateness costs; None if the lateness is unknown."""
        if self.total is None or self.final_points is None or self.lateness.days is None:
            return None
        return self.total - self.final_points if self.lateness.penalty else 0.0

    @property
    def complete_total(self) -> float | None:
        """Return the final points if no check is open, for systems that have no flags."""
        if self.result is None or self.result.open_checks:
            return None
        return self.final_points

    @property
    def flags(self) -> tuple[str, ...]:
        """Return what staff should look at, one sentence each."""
        flags: list[str] = []
        if self.result:
            flags += self.result.flags
            for check in self.result.review_checks:
                flags.append(f"{check.id} needs a person: {check.message or check.title}")
            for question, mark in self.result.staff_marks.items():
                reason = f": {mark.reason}" if mark.reason else ""
                flags.append(f"{question} was given {mark.points:g} points by staff{reason}")
        if self.lateness.is_flagged_late:
            flags.append("late by an unknown time")
        if self.unmatched_reason:
            flags.append(self.unmatched_reason)
        return tuple(flags)


def total(result: Result) -> float | None:
    """Return all points so far; None if no check has a score, which is not the same as zero."""
    marks = result.marks().values()
    return result.earned if not marks or any(mark is not None for mark in marks) else None


def final_marks(results: Sequence[Result], roster: Roster, assignment: Assignment) -> tuple[Mark, ...]:
    """Return all marks, sorted by name.

    With a roster these are all of its students, with or without a submission, and the submissions
    that match none of them. Each member of a group gets the group's result.
    """
    matches, conflicts = match(results, roster)
    marks: list[Mark] = []
    for result in results:
        students, reason = matches[result.student]
        reason = f"roster: {reason}" if roster and not students else ""
        for student in students or (None,):
            due = (student and parse_datetime(student.due)) or assignment.due
            late = lateness(result.submitted_at, due, assignment.late, flagged_late=result.late_mark)
            marks.append(Mark(result, student, late, reason))
    seen = {mark.student for mark in marks}
    for student in roster:
        if student not in seen:
            reason = f"several submissions match: {conflicts[student]}" if student in conflicts else ""
            marks.append(Mark(None, student, unmatched_reason=reason))
    return tuple(sorted(marks, key=lambda mark: (mark.label, mark.row.label)))


def mark_remarks(marks: Sequence[Mark]) -> Iterator[str]:
    """Yield what the user of a command should know about the marks, one sentence each."""
    labels: dict[tuple[str, str], list[str]] = {remark: [] for remark in _REMARKS}
    unmatched, conflicting, absent, late = labels.values()
    for mark in marks:
        if mark.unmatched_reason:
            names = unmatched if mark.result else conflicting
            names.append(f"{mark.label} ({mark.unmatched_reason})")
        elif mark.result is None:
            absent.append(mark.label)
        if mark.lateness.is_flagged_late:
            late.append(mark.label)
    for (noun, rest), names in labels.items():
        if names:
            plural = "s" if len(names) > 1 else ""
            yield f"{len(names)} {noun}{plural} {rest}: {join_names(names)}."


def join_names(names: Sequence[str]) -> str:
    """Return the first names and how many more there are."""
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + more


def match(
    results: Sequence[Result], roster: Roster
) -> tuple[dict[str, StudentsOrReason], dict[Student, str]]:
    """Return the students of each submission.

    Returns:
        The students by the submission's name in the run; and those who match several submissions
        and so get none, with the names of these.
    """
    name_counts = Counter(_sorted_parts(result.name) for result in results if result.name)
    candidates: dict[str, StudentsOrReason] = {}
    submissions: dict[Student, list[str]] = defaultdict(list)
    for result in results:
        candidates[result.student] = _find_students(result, roster, name_counts)
        for student in candidates[result.student][0]:
            submissions[student].append(result.student)
    conflicts = {student: ", ".join(names) for student, names in submissions.items() if len(names) > 1}
    matches: dict[str, StudentsOrReason] = {}
    for name, (students, reason) in candidates.items():
        # A group keeps the members who submitted nothing else.
        unique = tuple(student for student in students if student not in conflicts)
        if students and not unique:
            reason = f"matches {students[0].label}, as do others: {conflicts[students[0]]}"
        matches[name] = unique, reason
    return matches, conflicts


def _find_students(result: Result, roster: Roster, name_counts: Counter[tuple[str, ...]]) -> StudentsOrReason:
    login = result.ids.get("student", "")
    names = {joined_parts(result.name), joined_parts(login)} - {""}
    group = tuple(row for row in roster if joined_parts(row.group) in names)
    if group:
        for row in roster:
            if result.name and row not in group and _is_same_name(result.name, row):
                return (), "a group and a student have this name"
        return group, ""
    rows = tuple(row for row in roster if any(_compare_ids(result, row)))
    if len(rows) > 1:
        return (), f"matches {_join_labels(rows)} by different ids"
    if rows:
        # Canvas and Moodle send the name with the id: a name that shares no part with the
        # roster's hints at a wrong id. In blind marking all submissions have one name; it says nothing.
        is_named = rows[0].name and not {"canvas", "moodle"}.isdisjoint(result.ids)
        is_unique = name_counts[_sorted_parts(result.name)] == 1
        joined = joined_parts(result.name)
        shares_part = any(part in joined for part in name_parts(rows[0].name) if len(part) > 1)
        if is_named and is_unique and joined and not shares_part:
            return (), f"has the id of {rows[0].label} but another name"
        return rows, ""
    rows = tuple(row for row in roster if _has_login(login, row))
    rows = rows or tuple(row for row in roster if _is_same_name(result.name or login, row))
    if len(rows) > 1:
        return (), f"matches {_join_labels(rows)}"
    if not rows:
        return (), "matches no student"
    if not all(_compare_ids(result, rows[0])):
        return (), f"has the name of {rows[0].label} but another id"
    return rows, ""


def _compare_ids(result: Result, row: Student) -> Iterator[bool]:
    """Yield for each kind of id that both have whether it is the same."""
    for key, column in _COLUMNS.items():
        own_id = getattr(row, column)
        if own_id and key in result.ids:
            yield result.ids[key].casefold() == own_id.casefold()


def _has_login(login: str, row: Student) -> bool:
    wanted = normalized(login)
    for value in (row.student, row.id, row.email, row.file, row.file and stem(row.file)):
        if value and wanted and wanted in (normalized(value), normalized(safe_name(value))):
            return True
    return False


def _is_same_name(name: str, row: Student) -> bool:
    """Return True if two names have the same parts in any order; Canvas writes them without blanks."""
    parts = name_parts(row.name)
    if not parts:
        return False
    for place in range(len(parts)):
        if joined_parts(name) == "".join((*parts[place:], *parts[:place])):
            return True
    # Moodle puts the name of a group in front: "Group 7-Ada Lovelace".
    while name:
        if _sorted_parts(name) == tuple(sorted(parts)):
            return True
        name = name.partition("-")[2]
    return False


def display_names(marks: Sequence[Mark]) -> dict[str, str]:
    """Return the names of people by the labels of their submissions, where names are known.

    A group has the names of all members. Of equal names, each is followed by its label.
    """
    names: dict[str, list[str]] = defaultdict(list)
    for mark in marks:
        if mark.result and mark.name not in ("", mark.label):
            names[mark.label].append(mark.name)
    joined = {label: " and ".join(people) for label, people in names.items()}
    counts = Counter(joined.values())
    for label, name in joined.items():
        if counts[name] > 1:
            joined[label] = f"{name} ({label})"
    return joined


def find_student(marks: Sequence[Mark], text: str, where: Path) -> tuple[Mark, ...]:
    """Return the mark of the one person whom a text names, or the marks of one group.

    It may be the label, login, an id, the e-mail address, the name, or the file or folder that was
    submitted. An exact match precedes one that ignores case and the order of a name's parts.

    Args:
        marks: of the whole run.
        text: what a person wrote.
        where: the run's folder, for messages.

    Raises:
        StaffError: it names nobody, or several people, who are named.
    """
    wanted, parts = normalized(text.strip()), _sorted_parts(text)
    tiers: list[list[Mark]] = [[], [], [], []]
    known: dict[str, Mark] = {}
    for mark in marks:
        identifiers = set(_identifiers(mark))
        known |= dict.fromkeys(map(normalized, identifiers), mark)
        matches = (
            text == mark.label,
            text in identifiers,
            wanted in map(normalized, identifiers),
            bool(parts) and parts in (_sorted_parts(mark.row.name), _sorted_parts(mark.name)),
        )
        for tier, is_match in zip(tiers, matches, strict=True):
            if is_match:
                tier.append(mark)
    found = next(filter(None, tiers), [])
    if len({mark.label if mark.result else mark.row for mark in found}) == 1:
        return tuple(found)
    if found:
        people = ", ".join(map(_describe, found[:_MAX_LISTED]))
        raise StaffError(f"{where}: {text!r} matches {len(found)} students; write one of: {people}")
    close = difflib.get_close_matches(wanted, known, n=_MAX_LISTED)
    people = " or ".join(dict.fromkeys(_describe(known[value]) for value in close))
    hint = f"did you mean {people}?" if people else f"the run has {len(marks)} students"
    raise StaffError(f"{where}: no student {text!r}; {hint}")


def _identifiers(mark: Mark) -> Iterator[str]:
    """Yield everything that may name a person."""
    row, values = mark.row, [mark.label]
    values += [row.student, row.id, row.email, row.canvas_id, row.moodle_id, row.name, row.file]
    if mark.result:
        path = PurePosixPath(mark.result.submission)
        values += [mark.result.name, *mark.result.ids.values(), str(path), *path.parts, stem(path.name)]
    yield from filter(None, values)


def _describe(mark: Mark) -> str:
    name = f" ({mark.name})" if mark.name not in ("", mark.label) else ""
    return f"{mark.label!r}{name}"


def _sorted_parts(name: str) -> tuple[str, ...]:
    return tuple(sorted(name_parts(name)))


def _join_labels(rows: Sequence[Student]) -> str:
    return " and ".join(row.label for row in rows[:3])
