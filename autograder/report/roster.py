"""Who is in the class: a CSV file with the columns that the user has.

``student``    how submissions name them: login, nbgrader id
``id``         the school's number (SIS id)
``name``       ``Ada Lovelace`` or ``Lovelace, Ada``
``email``
``section``
``canvas_id``  Canvas' number of the user
``moodle_id``  the participant's number in this assignment, as in Moodle's grading worksheet
``group``      the name of a group that hands in together
``due``        an own due date, with its time zone
"""

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from autograder.errors import StaffError
from autograder.files import replace_file
from autograder.lateness import parse_datetime
from autograder.report.spreadsheet import dump_csv as table
from autograder.report.spreadsheet import escape_formula

NAME = "roster.csv"
"""Where a run keeps it."""

_SEPARATORS = ",;\t"
_KEYS = ("student", "id", "email", "canvas_id", "moodle_id")
"""Columns of which each value belongs to one student."""


@dataclass(frozen=True, slots=True)
class Student:
    """One row of a roster; what the user does not have is empty."""

    student: str = ""
    id: str = ""
    name: str = ""
    email: str = ""
    section: str = ""
    canvas_id: str = ""
    moodle_id: str = ""
    group: str = ""
    due: str = ""
    """Date and time with a zone, e.g. ``2027-02-05 23:59 Europe/Berlin``."""

    @property
    def label(self) -> str:
        """Return what to call the student where there is no submission."""
        return self.student or self.id or self.email or self.name or self.canvas_id or self.moodle_id

    def due_or(self, default: datetime) -> datetime:
        """Return the own due date, or the usual one."""
        return parse_datetime(self.due) or default


COLUMNS = tuple(field.name for field in fields(Student))


Roster = tuple[Student, ...]
"""A class; empty if nobody gave one."""


def read(path: Path) -> Roster:
    """Return the class that a file lists.

    Raises:
        StaffError: it cannot be read, or a line of it is wrong.
    """
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        raise StaffError(f"{path}: cannot be read ({error.strerror}); name a CSV file") from error


def load_or_store(out: Path, path: Path | None) -> Roster:
    """Return the class of a run: that of the file, which the run then keeps, or the one that it has.

    Raises:
        StaffError: the file is no roster, or the folder cannot be written.
    """
    kept = out / NAME
    if path is None:
        return read(kept) if kept.is_file() else ()
    roster = read(path)
    if not (kept.is_file() and path.samefile(kept)):
        replace_file(kept, path.read_bytes())
    return roster


def dump(roster: Roster) -> bytes:
    """Return the bytes of a file that lists a class; ``parse`` reads the same from them."""
    used = [name for name in COLUMNS if any(getattr(student, name) for student in roster)] or ["student"]
    return table([used, *([getattr(student, name) for name in used] for student in roster)])


def parse(data: bytes, location: str) -> Roster:
    """Return the class that the bytes of a file list.

    Raises:
        StaffError: names the line that is wrong and what to do.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StaffError(f"{location}: is not UTF-8; save it as 'CSV UTF-8'") from None
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    try:
        lines = list(_rows(text, separator))
    except csv.Error as error:
        raise StaffError(f"{location}: is no CSV file ({error}); save it as CSV again") from None
    if not lines:
        raise StaffError(f"{location}: is empty; the first line names the columns, e.g. student,name,email")
    columns = _columns(lines[0][1], location)
    students = []
    for number, cells in lines[1:]:
        if len(cells) != len(columns):
            found = f"found {len(cells)} cells under {len(columns)} columns"
            raise StaffError(f"{location}:{number}: {found}; quote cells that hold a {separator!r}")
        students.append((number, _student(dict(zip(columns, cells, strict=True)), f"{location}:{number}")))
    _check_unique(students, location)
    return tuple(student for _, student in students)


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold something, each with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1


def _columns(cells: Sequence[str], location: str) -> tuple[str, ...]:
    columns = tuple(cell.strip().lower() for cell in cells)
    for name in columns:
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(COLUMNS)}"
            raise StaffError(f"{location}:1: unknown column {name!r}; {hint}")
        if columns.count(name) > 1:
            raise StaffError(f"{location}:1: column {name!r} stands there twice; delete one")
    if not {*_KEYS, "name"} & set(columns):
        raise StaffError(f"{location}:1: no column says who it is; add one of {', '.join((*_KEYS, 'name'))}")
    return columns


def _student(cells: dict[str, str], location: str) -> Student:
    plain = {key: value if key == "name" else _normalize(value) for key, value in cells.items()}
    plain["moodle_id"] = re.sub(r"^Participant ", "", plain.get("moodle_id", ""), flags=re.IGNORECASE)
    student = Student(**plain)
    if not student.label.strip():
        raise StaffError(
            f"{location}: says of nobody who it is; fill in one of {', '.join((*_KEYS, 'name'))}"
        )
    for key in _KEYS:
        if key != "email" and escape_formula(value := getattr(student, key)) != value:
            raise StaffError(f"{location}: {key} {value!r} would be a formula in a spreadsheet; correct it")
    for key in ("canvas_id", "moodle_id"):
        if not re.fullmatch(r"[0-9]*", value := getattr(student, key)):
            raise StaffError(f"{location}: {key} {value!r} is no number; copy the platform's own number")
    if student.due and parse_datetime(student.due) is None:
        wanted = "write date, time and zone, e.g. 2027-02-05T23:59:00+01:00 or 2027-02-05 23:59 Europe/Berlin"
        raise StaffError(f"{location}: due {student.due!r}: {wanted}")
    return student


def _normalize(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _check_unique(students: Sequence[tuple[int, Student]], location: str) -> None:
    """Refuse what two rows share and only one may have; a login of one may be no number of another."""
    for keys in (("student", "id"), ("email",), ("canvas_id",), ("moodle_id",)):
        seen: dict[str, int] = {}
        for number, student in students:
            for value in {getattr(student, key).casefold() for key in keys} - {""}:
                if value in seen:
                    what = f"{' or '.join(keys)} {value!r} stands in line {seen[value]} too"
                    raise StaffError(f"{location}:{number}: {what}; a student has one line")
                seen[value] = number
