"""Which students of the roster a submission is of; where two fit, nobody is taken.

In this order, and the first that says anything decides: the name of a group; numbers of the
platform and what Gradescope knows; the login; the person's name.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.engine.results import Result
from autograder.report.roster import Roster, Student
from autograder.submission.discover import safe_name

_COLUMNS = {"canvas": "canvas_id", "moodle": "moodle_id", "id": "id", "email": "email"}

StudentsOrReason = tuple[tuple[Student, ...], str]
"""The students, several for a group, and if there are none, why."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Whose the submissions of a run are."""

    by_submission: Mapping[str, StudentsOrReason]
    """By the submission's name in the run."""

    conflicts: Mapping[Student, str]
    """Students whom several submissions fit, and so none: which."""


def match(results: Sequence[Result], roster: Roster) -> Matches:
    """Return the students of each submission."""
    shared = Counter(_tokens(result.name) for result in results if result.name)
    fitting = {result.student: _students(result, roster, shared) for result in results}
    fits: dict[Student, list[str]] = {}
    for name, (students, _) in fitting.items():
        for student in students:
            fits.setdefault(student, []).append(name)
    contested = {student: ", ".join(names) for student, names in fits.items() if len(names) > 1}
    found = {name: _without_conflicts(students, why, contested) for name, (students, why) in fitting.items()}
    return Matches(found, contested)


def _without_conflicts(
    students: tuple[Student, ...], reason: str, conflicts: Mapping[Student, str]
) -> StudentsOrReason:
    left = tuple(student for student in students if student not in conflicts)
    if left or not students:
        return left, reason
    first = students[0]
    return (), f"fits {first.label}, as others do: {conflicts[first]}"


def _students(result: Result, roster: Roster, name_counts: Counter[tuple[str, ...]]) -> StudentsOrReason:
    rows = roster
    group = tuple(row for row in rows if row.group and _is_group(result, row.group))
    if group:
        people = [row for row in rows if result.name and row not in group and _is_same_name(result.name, row)]
        return (group, "") if not people else ((), "a group and a student bear this name")
    by_number = _matching_rows(rows, lambda row: _has_same_id(result, row))
    if len(by_number) > 1:
        return (), f"fits {_join_labels(by_number)} by different numbers"
    if by_number:
        known = "canvas" in result.ids or "moodle" in result.ids
        says = known and name_counts[_tokens(result.name)] == 1
        if says and by_number[0].name and not _shares_name_part(result.name, by_number[0].name):
            return (), f"has the number of {by_number[0].label} and another name"
        return by_number, ""
    login = result.ids.get("student", "")
    tests: Iterable[Callable[[Student], bool]] = (
        lambda row: _has_login(login, row),
        lambda row: _is_same_name(result.name or login, row),
    )
    for test in tests:
        rows_found = _matching_rows(rows, test)
        if len(rows_found) > 1:
            return (), f"fits {_join_labels(rows_found)}"
        if rows_found and _has_conflicting_id(result, rows_found[0]):
            return (), f"has the name of {rows_found[0].label} and another number"
        if rows_found:
            return rows_found, ""
    return (), "fits nobody"


def _matching_rows(rows: Sequence[Student], test: Callable[[Student], bool]) -> tuple[Student, ...]:
    return tuple(row for row in rows if test(row))


def _has_same_id(result: Result, row: Student) -> bool:
    pairs = ((value, getattr(row, _COLUMNS[key])) for key, value in result.ids.items() if key in _COLUMNS)
    return any(own and value.casefold() == own.casefold() for value, own in pairs)


def _has_conflicting_id(result: Result, row: Student) -> bool:
    """Return whether both know a number of the same kind, and not the same one."""
    pairs = [(value, getattr(row, _COLUMNS[key])) for key, value in result.ids.items() if key in _COLUMNS]
    return any(own and value.casefold() != own.casefold() for value, own in pairs)


def _has_login(login: str, row: Student) -> bool:
    wanted = _normalize(login)
    own = [value for value in (row.student, row.id, row.email) if value]
    return bool(wanted) and any(wanted in (_normalize(value), _normalize(safe_name(value))) for value in own)


def _is_group(result: Result, group: str) -> bool:
    names = (result.name, result.ids.get("student", ""))
    return any(name and _joined_parts(name) == _joined_parts(group) for name in names)


def _is_same_name(name: str, row: Student) -> bool:
    """Return whether two names have the same parts in any order; Canvas writes them without blanks."""
    wanted, own = _tokens(name), _tokens(row.name)
    if not wanted or not own:
        return False
    parts = _name_parts(row.name)
    joined = {"".join((*parts[place:], *parts[:place])) for place in range(len(parts))}
    behind_a_group = {_tokens(name[at.end() :]) for at in re.finditer("-", name)}
    return wanted == own or own in behind_a_group or _joined_parts(name) in joined


def _shares_name_part(name: str, other: str) -> bool:
    """Return whether two names share a part."""
    squeezed = _joined_parts(name)
    return any(part in squeezed for part in _tokens(other) if len(part) > 1) or not _tokens(name)


def _tokens(name: str) -> tuple[str, ...]:
    return tuple(sorted(_name_parts(name)))


def _name_parts(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", re.sub(r"['’.\-_]", "", _normalize(name))))


def _joined_parts(name: str) -> str:
    return "".join(_name_parts(name))


def _normalize(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _join_labels(rows: Sequence[Student]) -> str:
    return " and ".join(row.label for row in rows[:3])
