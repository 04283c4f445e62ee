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
``file``       the name of the file or folder that the student submitted, where nothing else tells

Lists as Canvas, Moodle, GitHub Classroom, nbgrader and Gradescope export them are read as they are.

Tables that we write are safe to open in a spreadsheet program. It evaluates a cell as a formula if
the cell begins with ``=``, ``+``, ``-`` or ``@``, also after a separator at which it splits cells. An
apostrophe before that character turns the cell into text; if there are apostrophes already, one more
is added, so that no two texts look the same afterwards. (OWASP, "CSV Injection".)
"""

import codecs
import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, TypeAdapter, ValidationError, ValidationInfo

from autograder.errors import StaffError, name_hint
from autograder.files import replace_file
from autograder.lateness import parse_datetime
from autograder.submission.names import joined_parts, name_parts, normalized, safe_name, stem
from autograder.text import (
    DIGITS,
    FORMULA,
    LEADING_CONTROL,
    MAX_CHARS,
    NOBODY,
    PARTICIPANT,
    SEPARATOR_LINE,
    SHORTENED_NUMBER,
)

NAME = "roster.csv"
"""The run's own copy."""

_EXPORTS: tuple[Mapping[str, str], ...] = (
    {
        "student": "name",
        "id": "canvas_id",
        "sis login id": "student",
        "sis user id": "id",
        "section": "section",
    },
    {"identifier": "moodle_id", "full name": "name", "email address": "email", "id number": "id"},
    {"first name": "first", "last name": "last", "email address": "email", "id number": "id"},
    {"first name": "first", "last name": "last", "sid": "id", "email": "email", "sections": "section"},
    {"id": "student", "first_name": "first", "last_name": "last", "email": "email"},
    {"identifier": "identifier", "github_username": "student"},
)
"""Columns of other systems' lists → ours, ``first`` and ``last`` name, or GitHub's ``identifier``.

An export is known by its first three columns here (GitHub's by two); its other columns are left out.
"""

_OTHER_SPELLINGS = {"e-mail": "email", "e-mail address": "email", "login": "student", "full name": "name"}
_KEYS = ("student", "id", "email", "canvas_id", "moodle_id")
"""Columns in which a value belongs to one student only."""

_IDENTIFYING = ", ".join((*_KEYS, "name"))


def escape_formula(text: str) -> str:
    """Return text that no spreadsheet evaluates as a formula."""
    return LEADING_CONTROL.sub(r"'\1", FORMULA.sub(r"\1\2'\3", text))


def dump_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table as UTF-8 with the line ends of RFC 4180."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(rows)
    return file.getvalue().encode("utf-8", errors="replace")


def _check_cell(cell: str, info: ValidationInfo) -> str:
    """Return a cell as it is compared; raise ``ValueError`` with what is wrong with it."""
    if len(cell) > MAX_CHARS:
        raise ValueError(f"is longer than {MAX_CHARS:,} characters; shorten it")
    # Systems write an accented letter as one code point or as two: NFC makes them equal.
    cell = unicodedata.normalize("NFC", cell).strip()
    column = info.field_name
    if column == "moodle_id":
        # Moodle's worksheet spells the number as "Participant 12345".
        cell = PARTICIPANT.sub("", cell)
    if column in ("student", "id", "canvas_id", "moodle_id") and escape_formula(cell) != cell:
        raise ValueError("would be a formula in a spreadsheet; correct it")
    if column in ("student", "id", "canvas_id") and SHORTENED_NUMBER.fullmatch(cell):
        raise ValueError("was shortened by a spreadsheet; format the column as text and paste it again")
    if column in ("canvas_id", "moodle_id") and not DIGITS.fullmatch(cell):
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

    file: _Cell = ""
    """Name of the file or folder that the student submitted."""

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
        raise StaffError(f"{path}: cannot be read ({error.strerror}); give the path of a CSV file") from error


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


def finder(roster: Roster) -> Callable[[str], str]:
    """Return a function that finds whom on the list a name of a file or folder means.

    It returns a key of the student or of the group, and nothing where several have the name.
    """
    keys: list[dict[str, set[str]]] = [{}, {}, {}]
    files, logins, names = keys
    for number, row in enumerate(roster):
        key = f"student {number}"
        for value in (row.file, stem(row.file)):
            files.setdefault(normalized(value), set()).add(key)
        for value in (row.student, row.id, row.email):
            logins.setdefault(normalized(value), set()).add(key)
            logins.setdefault(normalized(safe_name(value)), set()).add(key)
        logins.setdefault(normalized(row.group), set()).add(f"group {normalized(row.group)}")
        parts = name_parts(row.name)
        for place in range(len(parts)):
            names.setdefault("".join((*parts[place:], *parts[:place])), set()).add(key)

    def find(name: str) -> str:
        plain = normalized(name.strip())
        for table, spelling in zip(keys, (plain, plain, joined_parts(name)), strict=True):
            found = table.get(spelling, set())
            if spelling and len(found) == 1:
                return next(iter(found))
        return ""

    return find


def parse(data: bytes, location: str) -> Roster:
    """Return the class that the bytes of a file list.

    Raises:
        StaffError: all wrong lines, each with its number, the value and the correction.
    """
    separator, rows = _split_cells(data, location)
    if not rows:
        raise StaffError(
            f"{location}: is empty; the first line must name the columns, e.g. student,name,email"
        )
    header = [cell.strip().lower() for cell in rows[0][1]]
    columns = _export_columns(header) or _columns(header, location)
    students: dict[int, Student] = {}
    problems = []
    row = TypeAdapter(Student)
    for number, cells in rows[1:]:
        where = f"{location}:{number}"
        if any(cells[len(columns) :]) or len(cells) < len(columns):
            counts = f"found {len(cells)} cells under {len(columns)} columns"
            problems.append(f"{where}: {counts}; quote cells that contain a {separator!r}")
            continue
        try:
            student = row.validate_python(_values(columns, cells))
        except ValidationError as error:
            for problem in error.errors():
                column, reason = problem["loc"][0], problem["ctx"]["error"]
                problems.append(f"{where}: {column} {problem['input']!r:.80} {reason}")
            continue
        if not student.label.strip():
            problems.append(f"{where}: no student identifier in this row; fill in one of {_IDENTIFYING}")
        # A row that is there twice says nothing new.
        if student not in students.values() and not NOBODY.fullmatch(student.name):
            students[number] = student
    problems += _repeated_values(students, location)
    if problems:
        raise StaffError("\n".join(problems))
    return tuple(students.values())


def _split_cells(data: bytes, location: str) -> tuple[str, list[tuple[int, list[str]]]]:
    """Return the separator, and the rows that are not blank, each with the number of its first line."""
    rows: list[tuple[int, list[str]]] = []
    try:
        # Excel's "Unicode Text" is UTF-16.
        encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        text = data.decode(encoding)
        first, _, rest = text.partition("\n")
        separator, first_line = max(",;\t", key=first.count), 1
        if named := SEPARATOR_LINE.fullmatch(first):
            separator, text, first_line = named[1], rest, 2
        # Without strict, an unclosed quote would swallow the rest of the file into one cell.
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        start = first_line
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((first_line, cells))
            first_line = reader.line_num + start  # a quoted cell may span several lines
    except UnicodeDecodeError:
        raise StaffError(f"{location}: is not UTF-8; save it as 'CSV UTF-8'") from None
    except csv.Error as error:
        raise StaffError(f"{location}: is not a CSV file ({error}); save it as CSV again") from None
    return separator, rows


def _export_columns(header: Sequence[str]) -> tuple[str, ...]:
    """Return what the columns of another system's list hold, nothing for others; empty if it is none."""
    for export in _EXPORTS:
        if set(list(export)[:3]) <= set(header):
            return tuple(export.get(name, "") for name in header)
    return ()


def _columns(header: Sequence[str], location: str) -> tuple[str, ...]:
    columns = [_OTHER_SPELLINGS.get(name, name) for name in header]
    while columns and not columns[-1]:
        columns.pop()  # Excel writes empty columns that once were used
    for name in columns:
        if name and name not in COLUMNS:
            raise StaffError(f"{location}:1: unknown column {name!r}; {name_hint(name, COLUMNS)}")
        if name and columns.count(name) > 1:
            raise StaffError(f"{location}:1: column {name!r} appears twice; delete one")
    if not {*_KEYS, "name"} & set(columns):
        raise StaffError(f"{location}:1: no column identifies the students; add one of {_IDENTIFYING}")
    return tuple(columns)


def _values(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Return the values of a row by column of ours."""
    values = dict(zip(columns, cells, strict=False))
    values.pop("", None)
    first, last = values.pop("first", ""), values.pop("last", "")
    if first or last:
        values["name"] = f"{first} {last}".strip()
    # Whoever made the classroom chose what an identifier is.
    identifier = values.pop("identifier", "")
    if identifier:
        is_name = any(char in identifier.strip() for char in " ,")
        column = "email" if "@" in identifier else "name" if is_name else "id"
        values[column] = identifier
    return values


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
                    what = f"{' or '.join(columns)} {value!r} is also in line {first_lines[value]}"
                    yield f"{location}:{number}: {what}; give each student one line"
                first_lines[value] = number
