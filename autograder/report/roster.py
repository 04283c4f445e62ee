"""The class list: a CSV file with whichever of these columns the user has.

``student``    the name in submissions: login or nbgrader id
``id``         the school's number (SIS id)
``name``       ``Ada Lovelace`` or ``Lovelace, Ada``
``email``
``section``
``canvas_id``  the user's id in Canvas
``moodle_id``  the participant's number in this assignment, as in Moodle's grading worksheet
``group``      the name of a group that submits together
``due``        an individual due date, with time zone

Tables that we write are safe to open in a spreadsheet program. It evaluates a cell as a formula if
the cell begins with ``=``, ``+``, ``-`` or ``@``, also after a separator at which it splits cells. An
apostrophe before that character turns the cell into text; if there are apostrophes already, one more
is added, so that no two texts look the same afterwards. (OWASP, "CSV Injection".)
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, TypeAdapter, ValidationError, ValidationInfo

from autograder.errors import StaffError, name_hint
from autograder.files import replace_file
from autograder.lateness import parse_datetime

NAME = "roster.csv"
"""The run's own copy."""

_KEYS = ("student", "id", "email", "canvas_id", "moodle_id")
"""Columns in which a value belongs to one student only."""

_IDENTIFYING = ", ".join((*_KEYS, "name"))

# Full-width signs too: some spreadsheets normalize them before they look for a formula.
_FORMULA = re.compile(r"(^|[;,|\t\r\n])([^\S\t\r\n]*)('*[=+\-@＝＋－＠])")
_LEADING_CONTROL = re.compile(r"^('*[\t\r\n])")


def escape_formula(text: str) -> str:
    """Return text that no spreadsheet evaluates as a formula."""
    return _LEADING_CONTROL.sub(r"'\1", _FORMULA.sub(r"\1\2'\3", text))


def dump_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table as UTF-8 with the line ends of RFC 4180."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(rows)
    return file.getvalue().encode("utf-8", errors="replace")


def _check_cell(cell: str, info: ValidationInfo) -> str:
    """Return a cell as it is compared; raise ``ValueError`` with what is wrong with it."""
    # Systems write an accented letter as one code point or as two: NFC makes them equal.
    cell = unicodedata.normalize("NFC", cell).strip()
    column = info.field_name
    if column == "moodle_id":
        # Moodle's worksheet spells the number as "Participant 12345".
        cell = re.sub(r"(?i)^Participant ", "", cell)
    if column in ("student", "id", "canvas_id", "moodle_id") and escape_formula(cell) != cell:
        raise ValueError("would be a formula in a spreadsheet; correct it")
    if column in ("canvas_id", "moodle_id") and not re.fullmatch(r"[0-9]*", cell):
        raise ValueError("is not a number; copy the ID from the platform")
    if column == "due" and cell and parse_datetime(cell) is None:
        raise ValueError(
            "is not a date and time with a zone; "
            "write e.g. 2027-02-05T23:59:00+01:00 or 2027-02-05 23:59 Europe/Berlin"
        )
    return cell


_Cell = Annotated[str, AfterValidator(_check_cell)]


@dataclass(frozen=True, slots=True)
class Student:
    """One row of a roster; an unknown value is empty."""

    student: _Cell = ""
    id: _Cell = ""
    name: str = ""
    """As the list spells it: it is only shown, and matching normalizes it itself."""

    email: _Cell = ""
    section: _Cell = ""
    canvas_id: _Cell = ""
    moodle_id: _Cell = ""
    group: _Cell = ""
    due: _Cell = ""
    """Date and time with a zone, e.g. ``2027-02-05 23:59 Europe/Berlin``."""

    @property
    def label(self) -> str:
        """Return what to call a student who has no submission."""
        return self.student or self.id or self.email or self.name or self.canvas_id or self.moodle_id


COLUMNS = tuple(field.name for field in fields(Student))

Roster = tuple[Student, ...]
"""A class; empty if there is no class list."""


def read(path: Path) -> Roster:
    """Return the class that a file lists.

    Raises:
        StaffError: the file cannot be read, or one of its lines is wrong.
    """
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        raise StaffError(f"{path}: cannot be read ({error.strerror}); name a CSV file") from error


def load_or_store(out: Path, path: Path | None) -> Roster:
    """Return the class in a file after copying it into the run's folder, or else the run's own copy.

    Raises:
        StaffError: the file is not a roster, or the folder cannot be written.
    """
    stored = out / NAME
    if path is None:
        return read(stored) if stored.is_file() else ()
    roster = read(path)
    replace_file(stored, path.read_bytes())
    return roster


def dump(roster: Roster) -> bytes:
    """Return the bytes of a class list; ``parse`` restores the same roster from them."""
    return dump_csv([COLUMNS, *map(astuple, roster)])


def parse(data: bytes, location: str) -> Roster:
    """Return the class that the bytes of a file list.

    Raises:
        StaffError: all wrong lines, each with its number, the value and the correction.
    """
    separator, rows = _split_cells(data, location)
    if not rows:
        raise StaffError(f"{location}: is empty; the first line names the columns, e.g. student,name,email")
    columns = _columns(rows[0][1], location)
    students: dict[int, Student] = {}
    problems = []
    row = TypeAdapter(Student)
    for number, cells in rows[1:]:
        where = f"{location}:{number}"
        if len(cells) != len(columns):
            counts = f"found {len(cells)} cells under {len(columns)} columns"
            problems.append(f"{where}: {counts}; quote cells that contain a {separator!r}")
            continue
        try:
            students[number] = row.validate_python(dict(zip(columns, cells, strict=True)))
            if not students[number].label.strip():
                problems.append(f"{where}: no student identifier in this row; fill in one of {_IDENTIFYING}")
        except ValidationError as error:
            for problem in error.errors():
                column, reason = problem["loc"][0], problem["ctx"]["error"]
                problems.append(f"{where}: {column} {problem['input']!r} {reason}")
    problems += _repeated_values(students, location)
    if problems:
        raise StaffError("\n".join(problems))
    return tuple(students.values())


def _split_cells(data: bytes, location: str) -> tuple[str, list[tuple[int, list[str]]]]:
    """Return the separator, and the rows that are not blank, each with the number of its first line."""
    rows: list[tuple[int, list[str]]] = []
    try:
        text = data.decode("utf-8-sig")
        separator = max(",;\t", key=text.partition("\n")[0].count)
        # Without strict, an unclosed quote would swallow the rest of the file into one cell.
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        first_line = 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((first_line, cells))
            first_line = reader.line_num + 1  # a quoted cell may span several lines
    except UnicodeDecodeError:
        raise StaffError(f"{location}: is not UTF-8; save it as 'CSV UTF-8'") from None
    except csv.Error as error:
        raise StaffError(f"{location}: is not a CSV file ({error}); save it as CSV again") from None
    return separator, rows


def _columns(cells: Sequence[str], location: str) -> tuple[str, ...]:
    columns = tuple(cell.strip().lower() for cell in cells)
    for name in columns:
        if name not in COLUMNS:
            raise StaffError(f"{location}:1: unknown column {name!r}; {name_hint(name, COLUMNS)}")
        if columns.count(name) > 1:
            raise StaffError(f"{location}:1: column {name!r} appears twice; delete one")
    if not {*_KEYS, "name"} & set(columns):
        raise StaffError(f"{location}:1: no column identifies the students; add one of {_IDENTIFYING}")
    return columns


def _repeated_values(students: dict[int, Student], location: str) -> Iterator[str]:
    """Yield a sentence for each value in two rows that only one may have.

    ``student`` and ``id`` share one set, because submissions may be named by either of them: one
    student's login must not be another student's number.
    """
    for columns in (("student", "id"), ("email",), ("canvas_id",), ("moodle_id",)):
        first_lines: dict[str, int] = {}
        for number, student in students.items():
            for value in {getattr(student, column).casefold() for column in columns} - {""}:
                if value in first_lines:
                    what = f"{' or '.join(columns)} {value!r} is in line {first_lines[value]} too"
                    yield f"{location}:{number}: {what}; give each student one line"
                first_lines[value] = number
