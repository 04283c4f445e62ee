"""A submitted file taken apart into cells, with what had to be put right.

Sizes and counts are capped before anything is parsed. Stored outputs are not looked at here:
``outputs`` reads them for their author, and nothing that is graded does.
"""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbformat.v4.convert import upgrade_cell

from autograder.errors import StudentError
from autograder.notebook import CellType, to_notebook_node
from autograder.submission import script
from autograder.text import one_line

MAX_FILE_BYTES = 200_000_000
"""Of one file; a notebook with 100 MB of outputs is still read."""

MAX_CELL_CHARS = 100_000
"""Characters; the wire carries no longer text."""

MAX_NOTEBOOK_CHARS = 400_000
"""Characters of all cells together; Python parses as many in 4 s, and the lab has 50,000."""

MAX_CELLS = 2_000
_MAX_QUOTES = 20_000_000
_MAX_CONTAINERS = 1_000_000
_MAX_VALUES = 20_000_000

SUBMIT_NOTEBOOK_HINT = "hand in the notebook itself (.ipynb)"
"""What most students with a problem must do."""

_SAVE_AGAIN_HINT = "open it in Jupyter, save it and hand it in again"
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters and those that change the direction of a text."""

_PICTURE = re.compile(r"data:[\w/+.-]{1,60};base64,[A-Za-z0-9+/=]++")
"""Pasted into prose by some editors, and large."""

_ENCODING_SIGNATURES = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
    (b"{\0", "utf-16-le", "UTF-16"),
    (b"\0{", "utf-16-be", "UTF-16"),
)
_OTHER_FILE_SIGNATURES = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "an archive or an office document"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "an archive"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"{\\rtf", "an office document"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML file"),
)


@dataclass(frozen=True, slots=True)
class SubmittedCell:
    """One cell as it was handed in; all of it is what the file claims."""

    number: int
    """Its place in the file, from 1."""

    kind: CellType
    text: str
    id: str = ""
    """Empty if the file gives none."""

    grade_id: str = ""
    """nbgrader's name of the cell."""

    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubmittedFile:
    """A file that could be read."""

    cells: tuple[SubmittedCell, ...]
    repairs: tuple[str, ...]
    assignment: str = ""
    """The assignment that the file says it belongs to; empty if it does not say."""


def read(data: bytes) -> tuple[tuple[SubmittedCell, ...], tuple[str, ...]]:
    """Return the cells of a notebook or of an exported script, and what was repaired.

    Raises:
        StudentError: it is neither; the message is one sentence for the student.
    """
    submitted = read_submission(data)
    return submitted.cells, submitted.repairs


def read_submission(data: bytes) -> SubmittedFile:
    """Return all that is read of a file; see ``read``."""
    if problem := unreadable_reason(data[:64], len(data)):
        raise StudentError(problem)
    text, repairs = decode(data)
    if text.startswith("{"):
        return _parse_notebook(parse_json(text), repairs)
    if "\0" in text or not any(char.isprintable() for char in text[:100]):
        raise StudentError(f"The file is neither a notebook nor a Python script; {SUBMIT_NOTEBOOK_HINT}.")
    repairs.append("This is a script instead of a notebook; its cells were found by their markers.")
    raw = [{"cell_type": kind, "source": part} for kind, part in script.split_cells(text)]
    return _to_submitted_file(raw, {}, repairs)


def unreadable_reason(head: bytes, size_bytes: int) -> str:
    """Return why a file cannot be a notebook, as a sentence for the student; empty if it can.

    Args:
        head: its first bytes.
    """
    if size_bytes == 0:
        return f"The file is empty (0 bytes); {SUBMIT_NOTEBOOK_HINT}."
    if size_bytes > MAX_FILE_BYTES:
        megabytes = MAX_FILE_BYTES // 1_000_000
        return f"The file is larger than {megabytes} MB; clear the outputs of the notebook and save it again."
    if not head.strip(b"\0 \t\r\n"):
        return f"The file holds nothing but blanks; {_SAVE_AGAIN_HINT}."
    start = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for mark, what in _OTHER_FILE_SIGNATURES:
        if start.startswith(mark.lower()):
            return f"The file is {what}, not a notebook; {SUBMIT_NOTEBOOK_HINT}."
    return ""


def decode(data: bytes) -> tuple[str, list[str]]:
    """Return the text of a file, without blanks around it, and what is said about that."""
    for mark, codec, name in _ENCODING_SIGNATURES:
        if data.startswith(mark):
            text = data.decode(codec, errors="replace")
            return text.strip("\0 \t\r\n\ufeff"), [f"The file was saved as {name}; it was read as that."]
    try:
        return data.decode().strip("\0 \t\r\n"), []
    except UnicodeDecodeError:
        text = data.decode("cp1252" if _is_cp1252(data) else "latin-1")
        return text.strip("\0 \t\r\n"), ["The file was not saved as UTF-8; some letters may be wrong."]


def _is_cp1252(data: bytes) -> bool:
    return not any(code in data for code in (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"))


def parse_json(text: str) -> dict[str, Any]:
    """Return the JSON of a notebook, if it is of a size that can be parsed.

    Raises:
        StudentError: it is not, or it is no JSON.
    """
    structure = "" if text.count('"') > _MAX_QUOTES else _STRING.sub("", text)
    containers = structure.count("[") + structure.count("{")
    if not structure or containers > _MAX_CONTAINERS or structure.count(",") > _MAX_VALUES:
        raise StudentError("The notebook holds too many values; clear its outputs and save it again.")
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        found = f"line {error.lineno}: {error.msg}"
        if re.search(r"^(<<<<<<<|>>>>>>>)", text, re.MULTILINE):
            found = "it holds the marks of a merge conflict"
        raise StudentError(f"The notebook is damaged ({found}); {_SAVE_AGAIN_HINT}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise StudentError(f"The notebook is damaged (it is no JSON); {_SAVE_AGAIN_HINT}.") from None
    if not isinstance(raw, dict):
        raise StudentError(f"The file is JSON but no notebook; {SUBMIT_NOTEBOOK_HINT}.")
    return raw


def _parse_notebook(raw: dict[str, Any], repairs: list[str]) -> SubmittedFile:
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    sheets = raw.get("worksheets")
    if isinstance(raw.get("cells"), list):
        cells = raw["cells"]
    elif isinstance(sheets, list):
        repairs.append("The notebook has an old format (3); it was converted.")
        cells = list(_upgrade_cells(sheets))
    else:
        raise StudentError(f"The file is JSON but no notebook; {SUBMIT_NOTEBOOK_HINT}.")
    return _to_submitted_file(cells, metadata, repairs)


def _upgrade_cells(sheets: list[Any]) -> Iterator[Any]:
    """Yield the cells of format 3 as nbformat converts them, without their outputs."""
    for sheet in sheets:
        for cell in sheet.get("cells") or () if isinstance(sheet, dict) else ():
            try:
                upgraded = upgrade_cell(to_notebook_node({**cell, "outputs": []}))
            except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
                yield None
            else:
                yield {**upgraded, "id": None}


def _to_submitted_file(raw: list[Any], metadata: dict[str, Any], repairs: list[str]) -> SubmittedFile:
    if not raw:
        raise StudentError(f"The notebook has no cells; {_SAVE_AGAIN_HINT}.")
    found = [_parse_cell(number, cell) for number, cell in enumerate(raw[:MAX_CELLS], 1)]
    lost = [number for number, cell in enumerate(found, 1) if cell is None]
    if lost:
        repairs.append(f"{_format_cell_numbers(lost)} cannot be read and was left out.")
    if len(raw) > MAX_CELLS:
        repairs.append(f"Cells after number {MAX_CELLS:,} were left out.")
    cells, cut = [], []
    for cell in filter(None, found):
        text = _clean(cell.text, cell.kind)
        if len(text) > MAX_CELL_CHARS:
            cut.append(cell.number)
            continue
        cells.append(_with_text(cell, text))
    if cut:
        repairs.append(
            f"{_format_cell_numbers(cut)} is longer than {MAX_CELL_CHARS:,} characters and was left out."
        )
    if any("\0" in cell.text for cell in filter(None, found)):
        repairs.append("Null characters were taken out of the code.")
    if sum(len(cell.text) for cell in cells) > MAX_NOTEBOOK_CHARS:
        raise StudentError(f"The notebook holds more than {MAX_NOTEBOOK_CHARS:,} characters of text.")
    course = metadata.get("course")
    claim = course.get("assignment") if isinstance(course, dict) else ""
    return SubmittedFile(tuple(cells), tuple(repairs), one_line(claim, 80))


def _parse_cell(number: int, raw: Any) -> SubmittedCell | None:
    """Return a cell of format 4, or None if it is none."""
    if not isinstance(raw, dict) or raw.get("cell_type") not in list(CellType):
        return None
    source = raw.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    grading, tags = metadata.get("nbgrader"), metadata.get("tags")
    return SubmittedCell(
        number,
        CellType(raw["cell_type"]),
        source,
        _short_text(raw.get("id")) or _short_text(metadata.get("id")),
        _short_text(grading.get("grade_id")) if isinstance(grading, dict) else "",
        tuple(map(_short_text, tags[:20])) if isinstance(tags, list) else (),
    )


def _short_text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 100 else ""


def _with_text(cell: SubmittedCell, text: str) -> SubmittedCell:
    return SubmittedCell(cell.number, cell.kind, text, cell.id, cell.grade_id, cell.tags)


def _clean(text: str, kind: CellType) -> str:
    """Return text with plain line ends, without what no encoding can hold; prose is fit to be shown."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    text = text.encode("utf-8", errors="replace").decode()
    return text if kind is CellType.CODE else _PICTURE.sub("data:", _INVISIBLE.sub("", text))


def _format_cell_numbers(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:5]))
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"Cell {shown}{more}"
