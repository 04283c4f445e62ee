"""Which students of the roster a submission is of; where two fit, nobody is taken.

In this order, and the first that says anything decides: the name of a group; numbers of the
platform and what Gradescope knows; the login; the person's name.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.grade.results import Result
from autograder.grade.submissions.find import safe_name
from autograder.report.roster import Roster, Student

_COLUMNS = {"canvas": "canvas_id", "moodle": "moodle_id", "id": "id", "email": "email"}

Found = tuple[tuple[Student, ...], str]
"""The students, several for a group, and if there are none, why."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Whose the submissions of a run are."""

    found: Mapping[str, Found]
    """By the submission's name in the run."""

    contested: Mapping[Student, str]
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
    found = {name: _uncontested(students, why, contested) for name, (students, why) in fitting.items()}
    return Matches(found, contested)


def _uncontested(students: tuple[Student, ...], why: str, contested: Mapping[Student, str]) -> Found:
    left = tuple(student for student in students if student not in contested)
    if left or not students:
        return left, why
    first = students[0]
    return (), f"fits {first.label}, as others do: {contested[first]}"


def _students(result: Result, roster: Roster, shared: Counter[tuple[str, ...]]) -> Found:
    rows = roster
    group = tuple(row for row in rows if row.group and _is_group(result, row.group))
    if group:
        people = [row for row in rows if result.name and row not in group and _same_name(result.name, row)]
        return (group, "") if not people else ((), "a group and a student bear this name")
    by_number = _fitting(rows, lambda row: _numbered(result, row))
    if len(by_number) > 1:
        return (), f"fits {_listed(by_number)} by different numbers"
    if by_number:
        known = "canvas" in result.ids or "moodle" in result.ids
        says = known and shared[_tokens(result.name)] == 1
        if says and by_number[0].name and not _akin(result.name, by_number[0].name):
            return (), f"has the number of {by_number[0].label} and another name"
        return by_number, ""
    login = result.ids.get("student", "")
    tests: Iterable[Callable[[Student], bool]] = (
        lambda row: _has_login(login, row),
        lambda row: _same_name(result.name or login, row),
    )
    for test in tests:
        rows_found = _fitting(rows, test)
        if len(rows_found) > 1:
            return (), f"fits {_listed(rows_found)}"
        if rows_found and _contradicts(result, rows_found[0]):
            return (), f"has the name of {rows_found[0].label} and another number"
        if rows_found:
            return rows_found, ""
    return (), "fits nobody"


def _fitting(rows: Sequence[Student], test: Callable[[Student], bool]) -> tuple[Student, ...]:
    return tuple(row for row in rows if test(row))


def _numbered(result: Result, row: Student) -> bool:
    pairs = ((value, getattr(row, _COLUMNS[key])) for key, value in result.ids.items() if key in _COLUMNS)
    return any(own and value.casefold() == own.casefold() for value, own in pairs)


def _contradicts(result: Result, row: Student) -> bool:
    """Return whether both know a number of the same kind, and not the same one."""
    pairs = [(value, getattr(row, _COLUMNS[key])) for key, value in result.ids.items() if key in _COLUMNS]
    return any(own and value.casefold() != own.casefold() for value, own in pairs)


def _has_login(login: str, row: Student) -> bool:
    wanted = _folded(login)
    own = [value for value in (row.student, row.id, row.email) if value]
    return bool(wanted) and any(wanted in (_folded(value), _folded(safe_name(value))) for value in own)


def _is_group(result: Result, group: str) -> bool:
    names = (result.name, result.ids.get("student", ""))
    return any(name and _squeezed(name) == _squeezed(group) for name in names)


def _same_name(name: str, row: Student) -> bool:
    """Return whether two names have the same parts in any order; Canvas writes them without blanks."""
    wanted, own = _tokens(name), _tokens(row.name)
    if not wanted or not own:
        return False
    parts = _in_order(row.name)
    joined = {"".join((*parts[place:], *parts[:place])) for place in range(len(parts))}
    behind_a_group = {_tokens(name[at.end() :]) for at in re.finditer("-", name)}
    return wanted == own or own in behind_a_group or _squeezed(name) in joined


def _akin(name: str, other: str) -> bool:
    """Return whether two names share a part."""
    squeezed = _squeezed(name)
    return any(part in squeezed for part in _tokens(other) if len(part) > 1) or not _tokens(name)


def _tokens(name: str) -> tuple[str, ...]:
    return tuple(sorted(_in_order(name)))


def _in_order(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", re.sub(r"['’.\-_]", "", _folded(name))))


def _squeezed(name: str) -> str:
    return "".join(_in_order(name))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _listed(rows: Sequence[Student]) -> str:
    return " and ".join(row.label for row in rows[:3])
