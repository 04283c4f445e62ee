"""A submitted file as cells, and what had to be repaired to read it.

The file may be anything: sizes and counts are limited before anything is parsed, and what is returned
is plain text and numbers. Ids, tags and stored outputs are claims of the file; nothing is graded by them.
"""

import binascii
import codecs
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from autograder.errors import StudentError
from autograder.files import to_notebook_node
from autograder.notebook import CellType
from autograder.text import multi_line, one_line

MAX_FILE_BYTES = 200_000_000
"""Size of one file; a notebook with 100 MB of outputs is still read."""

MAX_CELL_CHARS = 100_000
"""Characters of one cell; the wire carries no longer text."""

MAX_NOTEBOOK_CHARS = 400_000
"""Characters of all cells together; Python parses as many in 4 s, and the lab has 50,000."""

MAX_CELLS = 2_000
MAX_OUTPUTS = 20
"""Stored outputs of one cell."""

MAX_OUTPUT_CHARS = 4_000
"""Characters of one stored text."""

MAX_OUTPUT_LINES = 60
MAX_IMAGE_BYTES = 3_000_000
"""Size of one stored image."""

_MAX_NAMES = 6
"""Names in one sentence."""

_MAX_QUOTES = 20_000_000
_MAX_CONTAINERS = 1_000_000
_MAX_VALUES = 20_000_000
_MAX_FRAGMENTS = 5_000
"""Strings in which a notebook stores one text or image."""

SUBMIT_NOTEBOOK_HINT = "submit the notebook file (.ipynb)"
"""What most students with a problem must do."""

_SAVE_AGAIN_HINT = "open it in Jupyter, save it and submit it again"

_LFS_POINTER = "version https://git-lfs.github.com/spec/"
_LINK_HOSTS = ("colab.research.google.com", "colab.google", "drive.google.com")
_MAX_LINK_CHARS = 2_000
"""Characters of a file that is only a link; browsers and Google Drive add a few lines."""

_CONFLICT_HINT = "keep one version of each part, delete the lines with <<<<<<<, ======= and >>>>>>>"

# These patterns run on files of 200 MB that somebody may have made to slow them down. Quantifiers are
# possessive (``++``) or bounded, so that a match that almost succeeds is not tried again.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and characters that change the direction of a text."""

_EMBEDDED_IMAGE = re.compile(r"data:[\w/+.-]{1,60};base64,[A-Za-z0-9+/=]++")
"""Pasted into prose by some editors, and large."""

_CELL_MARKER = re.compile(r"# In\[[\d ]*+\]:[ \t]*+|#[ \t]*+%%++(?:[ \t]++(?P<title>.*))?")
"""nbconvert's ``# In[3]:`` and the ``# %%`` of jupytext, VS Code and Spyder."""

_SCRIPT_HEADER = re.compile(r"\A(?:#!.*\n)?(?:# -\*-.*\n|# coding:.*\n)?\s*+(?:# ---\n(?:#.*\n)*?# ---\n)?")

_ENCODING_SIGNATURES = (
    ((codecs.BOM_UTF8,), "utf-8-sig", "UTF-8 with a byte order mark"),
    ((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE), "utf-32", "UTF-32"),
    ((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "utf-16", "UTF-16"),
    ((b"{\0",), "utf-16-le", "UTF-16"),
    ((b"\0{",), "utf-16-be", "UTF-16"),
)
_OTHER_FILE_SIGNATURES = {
    "a PDF": (b"%pdf",),
    "an archive or an office document": (b"pk\x03\x04",),
    "an office document": (b"\xd0\xcf\x11\xe0", b"{\\rtf"),
    "a picture": (b"\x89png", b"\xff\xd8\xff", b"gif8"),
    "an archive": (b"\x1f\x8b", b"rar!", b"7z\xbc\xaf"),
    "a web page": (b"<!doctype", b"<html"),
    "an XML file": (b"<?xml",),
}
"""How other files start, in lower case."""


class Output(msgspec.Struct, frozen=True, tag=True):
    """One stored output of a cell, which its author may have written by hand."""

    text: str = ""
    """Printable, on several lines; empty for an image."""

    image: bytes = b""
    """What claims to be a PNG or JPEG file and was not looked into; empty for a text."""

    is_error: bool = False


@dataclass(frozen=True, slots=True)
class SubmittedCell:
    """One cell as it was submitted; all of it is what the file claims."""

    number: int
    """Its place in the file, from 1."""

    kind: CellType
    text: str
    id: str = ""
    """Empty if the file gives none."""

    grade_id: str = ""
    """nbgrader's name of the cell."""

    tags: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    """What the file stores below it; empty unless asked for."""


@dataclass(frozen=True, slots=True)
class SubmittedFile:
    """A file that could be read."""

    cells: tuple[SubmittedCell, ...]
    repairs: tuple[str, ...]
    """What was repaired, one sentence each."""

    assignment: str = ""
    """The assignment that the file says it belongs to; empty if it does not say."""


def read(data: bytes, *, with_outputs: bool = False) -> SubmittedFile:
    """Return the cells of a notebook or of an exported script.

    Args:
        data: the file, of any content.
        with_outputs: whether to decode stored outputs too, which takes time and memory that the
            submitter chooses; grading does without.

    Raises:
        StudentError: it is neither; the message is one sentence for the student.
    """
    if reason := unreadable_reason(data):
        raise StudentError(reason)
    text, repairs = _decode(data)
    raw: dict[str, Any] = {}
    if text.startswith(_LFS_POINTER):
        advice = "run 'git lfs pull' in your repository and submit the notebook (.ipynb) that it fetches"
        raise StudentError(f"The file is a Git LFS pointer, not the notebook itself; {advice}.")
    if _is_link(text):
        advice = "in Colab choose File, Download, Download .ipynb, and submit that file"
        raise StudentError(f"The file is a link to a notebook, not the notebook itself; {advice}.")
    if text.startswith(("{", "<<<<<<< ")):
        raw, end = _parse_json(text)
        if text[end:].strip():
            repairs.append("The file continues after the end of the notebook; the rest was left out.")
        raw_cells = raw.get("cells")
        if not isinstance(raw_cells, list):
            raw_cells = _upgrade_cells(raw.get("worksheets"))
            repairs.append("The notebook has an old format (3); it was converted.")
    elif "\0" in text or not any(char.isprintable() for char in text[:100]):
        raise StudentError(f"The file is neither a notebook nor a Python script; {SUBMIT_NOTEBOOK_HINT}.")
    else:
        repairs.append("This is a script instead of a notebook; its cells were found by their markers.")
        raw_cells = [{"cell_type": kind, "source": source} for kind, source in _split_script(text)]
    if not raw_cells:
        raise StudentError(f"The notebook has no cells; {_SAVE_AGAIN_HINT}.")
    cells = _parse_cells(raw_cells, repairs, with_outputs=with_outputs)
    if conflicts := [cell.number for cell in cells if _has_conflict(cell.text)]:
        repairs.append(f"Cells with an unresolved git conflict: {join_names(conflicts)}; {_CONFLICT_HINT}.")
    # Only for a flag: which assignment is graded, the instructor says.
    claim = get_value(get_value(raw.get("metadata"), "course"), "assignment")
    return SubmittedFile(tuple(cells), tuple(repairs), one_line(claim, 80))


def unreadable_reason(data: bytes) -> str:
    """Return why a file cannot be a notebook, as a sentence for the student; empty if it can."""
    if not data:
        return f"The file is empty (0 bytes); {SUBMIT_NOTEBOOK_HINT}."
    if len(data) > MAX_FILE_BYTES:
        megabytes = MAX_FILE_BYTES // 1_000_000
        return f"The file is larger than {megabytes} MB; clear the outputs of the notebook and save it again."
    start = data[:64]
    if not start.strip(b"\0 \t\r\n"):
        return f"The file contains nothing but whitespace; {_SAVE_AGAIN_HINT}."
    start = start.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for kind, signatures in _OTHER_FILE_SIGNATURES.items():
        if start.startswith(signatures):
            return f"The file is {kind}, not a notebook; {SUBMIT_NOTEBOOK_HINT}."
    return ""


def _decode(data: bytes) -> tuple[str, list[str]]:
    """Return the text of a file without blanks around it, and what is said about its encoding."""
    for signatures, codec, name in _ENCODING_SIGNATURES:
        if data.startswith(signatures):
            text = data.decode(codec, errors="replace")
            return text.strip("\0 \t\r\n\ufeff"), [f"The file was saved as {name}; it was read as that."]
    try:
        return data.decode("utf-8").strip("\0 \t\r\n"), []
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        return text.strip("\0 \t\r\n"), ["The file was not saved as UTF-8; some letters may be wrong."]


def _is_link(text: str) -> bool:
    """Return True for a short text that only says where a notebook is, also one that a browser saved."""
    if len(text) > _MAX_LINK_CHARS or not any(host in text for host in _LINK_HOSTS):
        return False
    if text.startswith("{"):
        return '"cells"' not in text
    # In a script, a link stands in a comment or in quotes; Colab's own exports begin with one.
    words = [word for word in text.split() if not any(host in word for host in _LINK_HOSTS)]
    return text.startswith("[InternetShortcut]") or not set('#"(=') & set("".join(words))


def _has_conflict(text: str) -> bool:
    return "\n<<<<<<< " in f"\n{text}" and "\n>>>>>>> " in text


def _parse_json(text: str) -> tuple[dict[str, Any], int]:
    """Return the JSON of a notebook, if it is of a size that can be parsed, and where it ends.

    Raises:
        StudentError: it is too large, or is not the JSON of a notebook.
    """
    # A list of 20 million empty strings is 60 MB of JSON and gigabytes of objects. So brackets and commas
    # are counted first, outside of strings; and quotes before that, for each string costs the pattern time.
    structure = "" if text.count('"') > _MAX_QUOTES else _STRING.sub("", text)
    containers = structure.count("[") + structure.count("{")
    if not structure or containers > _MAX_CONTAINERS or structure.count(",") > _MAX_VALUES:
        raise StudentError("The notebook contains too many values; clear its outputs and save it again.")
    try:
        raw, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError, MemoryError) as error:
        # ValueError is also a number of more digits than Python converts, RecursionError 100,000 brackets.
        reason = "it is not JSON"
        if _has_conflict(text):
            problem = "The notebook contains an unresolved git conflict"
            raise StudentError(f"{problem}; {_CONFLICT_HINT}, and submit it again.") from None
        if isinstance(error, json.JSONDecodeError):
            reason = f"line {error.lineno}: {error.msg}"
        raise StudentError(f"The notebook is damaged ({reason}); {_SAVE_AGAIN_HINT}.") from None
    if not isinstance(raw, dict) or list not in (type(raw.get("cells")), type(raw.get("worksheets"))):
        raise StudentError(f"The file is JSON but not a notebook; {SUBMIT_NOTEBOOK_HINT}.")
    return raw, end


def _upgrade_cells(sheets: Any) -> list[Any]:
    """Return the cells of format 3 as nbformat converts them, without their outputs."""
    from nbformat.v4.convert import upgrade_cell

    upgraded: list[Any] = []
    for sheet in sheets:
        for cell in get_list(sheet, "cells")[: MAX_CELLS + 1]:
            # nbformat trusts what it converts; whatever it raises on a forged cell, that cell is unreadable.
            try:
                node = upgrade_cell(to_notebook_node({**cell, "outputs": []}))
                upgraded.append({**node, "id": None})
            except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
                upgraded.append(None)
    return upgraded


def _parse_cells(raw_cells: list[Any], repairs: list[str], *, with_outputs: bool) -> list[SubmittedCell]:
    """Return the cells that can be read, and add to the repairs what was left out."""
    cells: list[SubmittedCell] = []
    notes: dict[str, list[int]] = defaultdict(list)
    for number, raw in enumerate(raw_cells[:MAX_CELLS], 1):
        kind = get_value(raw, "cell_type")
        source = raw.get("source", "") if isinstance(raw, dict) else None
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if kind not in list(CellType) or not isinstance(source, str):
            notes["Cells that cannot be read were left out: {}."].append(number)
            continue
        # An encoding cannot hold half a surrogate pair, a file cannot hold a null character in code, and
        # prose is shown to people. Code keeps its invisible characters, for they may be in a string.
        if "\0" in source:
            notes["Null characters were removed from the code of cells: {}."].append(number)
        text = source.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        text = text.encode("utf-8", errors="replace").decode()
        if kind != CellType.CODE:
            text = _EMBEDDED_IMAGE.sub("data:", _INVISIBLE.sub("", text))
        if len(text) > MAX_CELL_CHARS:
            notes[f"Cells longer than {MAX_CELL_CHARS:,} characters were left out: {{}}."].append(number)
            continue
        # Metadata of another form than the tools write is ignored, not an error: editors keep foreign keys.
        # Points, locks and solution flags are not even read: they would be the submitter's own.
        metadata = raw.get("metadata")
        cell_id = _short_text(raw.get("id")) or _short_text(get_value(metadata, "id"))  # Colab moves it there
        grade_id = _short_text(get_value(get_value(metadata, "nbgrader"), "grade_id"))
        tags = tuple(map(_short_text, get_list(metadata, "tags")[:20]))
        outputs = tuple(_read_outputs(raw)) if with_outputs else ()
        cells.append(SubmittedCell(number, CellType(kind), text, cell_id, grade_id, tags, outputs))
    if len(raw_cells) > MAX_CELLS:
        notes[f"Cells after number {MAX_CELLS:,} were left out."] = []
    repairs += fill_in(notes)
    if sum(len(cell.text) for cell in cells) > MAX_NOTEBOOK_CHARS:
        raise StudentError(f"The notebook contains more than {MAX_NOTEBOOK_CHARS:,} characters of text.")
    return cells


def get_value(raw: Any, key: str) -> Any:
    """Return a value of what should be a dict; None if it is not one, or has no such key."""
    return raw.get(key) if isinstance(raw, dict) else None


def get_list(raw: Any, key: str) -> list[Any]:
    """Return a list in what should be a dict; empty if either is something else."""
    value = get_value(raw, key)
    return value if isinstance(value, list) else []


def _short_text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 100 else ""


def join_names(names: Iterable[object]) -> str:
    """Return names or numbers for a sentence: printable, each once, and not too many."""
    shown = [one_line(str(name), 60) for name in dict.fromkeys(names)]
    more = f" and {len(shown) - _MAX_NAMES} more" if len(shown) > _MAX_NAMES else ""
    return ", ".join(shown[:_MAX_NAMES]) + more


def fill_in(notes: Mapping[str, Iterable[object]]) -> Iterator[str]:
    """Yield sentences, each with its names or numbers in place of ``{}``."""
    # Sentences are ours and names are the submitter's: as arguments, braces in them have no effect.
    for sentence, names in notes.items():
        yield sentence.format(join_names(names))


def _read_outputs(raw_cell: Any) -> Iterator[Output]:
    """Yield a cell's outputs: texts, errors and images; HTML, SVG and JavaScript are left out."""
    for raw in get_list(raw_cell, "outputs")[:MAX_OUTPUTS]:
        kind, bundle = get_value(raw, "output_type"), get_value(raw, "data")
        text, image = "", b""
        if kind == "error":
            names = (one_line(raw.get("ename"), 300), one_line(raw.get("evalue"), 300))
            text = ": ".join(filter(None, names))
        elif kind == "stream":
            text = _output_text(raw.get("text"))
        elif kind in ("display_data", "execute_result"):
            # Whoever shows the image decodes it under limits of its own: a header may claim any size.
            image = _decode_image(get_value(bundle, "image/png")) or _decode_image(
                get_value(bundle, "image/jpeg")
            )
            if not image:
                text = _output_text(get_value(bundle, "text/plain"))
        if text or image:
            yield Output(text, image, is_error=kind == "error")


def _output_text(raw: Any) -> str:
    return multi_line(_join_fragments(raw, 4 * MAX_OUTPUT_CHARS), MAX_OUTPUT_CHARS, MAX_OUTPUT_LINES)


def _decode_image(raw: Any) -> bytes:
    """Return the bytes of an image; none if it is too large or is not Base64."""
    max_chars = MAX_IMAGE_BYTES * 4 // 3 + 4
    text = "".join(_join_fragments(raw, max_chars + 1).split())
    if len(text) > max_chars:
        return b""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return b""


def _join_fragments(raw: Any, max_chars: int) -> str:
    """Return a text that may be stored in fragments, without what is not one."""
    fragments = raw[:_MAX_FRAGMENTS] if isinstance(raw, list) else [raw]
    return "".join(text for text in fragments if isinstance(text, str))[:max_chars]


def _split_script(text: str) -> Iterator[tuple[CellType, str]]:
    """Yield the type and the text of each cell; a script without markers is one cell."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    cells: list[tuple[str, list[str]]] = [("", [])]
    for line in _SCRIPT_HEADER.sub("", text, count=1).split("\n"):
        if match := _CELL_MARKER.fullmatch(line):
            cells.append(((match["title"] or "").lower(), []))
        else:
            cells[-1][1].append(line)
    if len(cells) == 1:
        yield CellType.CODE, "\n".join(cells[0][1]).strip("\n")
        return
    for title, lines in cells:
        if "[markdown]" in title or "[md]" in title:
            yield CellType.MARKDOWN, _uncomment(lines)
        elif "[raw]" not in title:
            yield from _code_and_comments(lines)


def _code_and_comments(lines: list[str]) -> Iterator[tuple[CellType, str]]:
    """Yield code, then the blocks of comments below it: nbconvert's way to write Markdown cells."""
    code_end, is_code = 0, False
    for number, line in enumerate(lines, 1):
        if not line.strip(" \t"):
            is_code = False
        elif not line.startswith("#"):
            is_code = True
        if is_code:
            code_end = number
    code = "\n".join(lines[:code_end]).strip("\n")
    if code.strip():
        yield CellType.CODE, code
    comments = "\n".join(lines[code_end:]).strip("\n")
    for block in re.split(r"\n(?:[ \t]*+\n)++", comments):
        if block.strip():
            yield CellType.MARKDOWN, _uncomment(block.split("\n"))


def _uncomment(lines: list[str]) -> str:
    text = "\n".join(lines).strip()
    for quotes in ('"""', "'''"):
        if len(text) >= 6 and text.startswith(quotes) and text.endswith(quotes):
            return text[3:-3].strip()
    return "\n".join(re.sub(r"^# ?", "", line) for line in lines).strip()
