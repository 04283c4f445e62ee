"""What a notebook stored below its cells: texts, errors and pictures, for its author to see again.

Everything is a claim of the file. Sizes and counts are capped before anything is decoded; HTML,
SVG and JavaScript are left where they are.
"""

import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.submission.read import MAX_CELLS, decode, parse_json, unreadable_reason
from autograder.text import multi_line, one_line

MAX_OUTPUTS = 20
"""Of one cell."""

MAX_TEXT_CHARS = 4_000
"""Characters of one output."""

MAX_LINES = 60
MAX_PICTURE_BYTES = 3_000_000
"""Bytes of one picture."""

_MAX_PARTS = 5_000
"""Strings that one text or picture is stored in."""


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a cell."""

    text: str = ""
    """On several lines, fit to be shown; empty for a picture."""

    png: bytes = b""
    """What claims to be a PNG file; empty for a text."""

    is_error: bool = False


def read_outputs(data: bytes) -> Mapping[int, tuple[Output, ...]]:
    """Return what stands below the code cells of a notebook, by their place in the file, from 1.

    A file that cannot be read, a script and a notebook of format 3 have none.

    Raises:
        StudentError: the JSON cannot be read; ``read`` says the same of it.
    """
    if unreadable_reason(data[:64], len(data)):
        return {}
    text, _ = decode(data)
    cells = parse_json(text).get("cells") if text.startswith("{") else None
    numbered = enumerate(cells[:MAX_CELLS], 1) if isinstance(cells, list) else ()
    found = {number: tuple(_cell_outputs(cell)) for number, cell in numbered}
    return {number: below for number, below in found.items() if below}


def _cell_outputs(cell: Any) -> Iterator[Output]:
    stored = cell.get("outputs") if isinstance(cell, dict) else None
    for raw in stored[:MAX_OUTPUTS] if isinstance(stored, list) else ():
        output = _parse_output(raw) if isinstance(raw, dict) else None
        if output and (output.text or output.png):
            yield output


def _parse_output(raw: dict[str, Any]) -> Output | None:
    kind, bundle = raw.get("output_type"), raw.get("data")
    if kind == "error":
        said = (one_line(raw.get(name), 300) for name in ("ename", "evalue"))
        return Output(": ".join(part for part in said if part), is_error=True)
    if kind == "stream":
        return Output(_text(raw.get("text")))
    if kind in ("display_data", "execute_result") and isinstance(bundle, dict):
        png = _picture(bundle.get("image/png"))
        return Output(png=png) if png else Output(_text(bundle.get("text/plain")))
    return None


def _text(raw: Any) -> str:
    return multi_line(_join_parts(raw, 4 * MAX_TEXT_CHARS), MAX_TEXT_CHARS, MAX_LINES)


def _picture(raw: Any) -> bytes:
    """Return the bytes of a picture; none if it is too large or not what it says."""
    longest = MAX_PICTURE_BYTES * 4 // 3 + 4
    text = "".join(_join_parts(raw, longest + 1).split())
    if not text or len(text) > longest:
        return b""
    try:
        return binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError:
        return b""


def _join_parts(raw: Any, max_chars: int) -> str:
    """Return a text that may be stored in parts, cut to a length."""
    parts = raw[:_MAX_PARTS] if isinstance(raw, list) else [raw]
    kept: list[str] = []
    room = max_chars
    for part in parts:
        if not isinstance(part, str) or room <= 0:
            break
        kept.append(part[:room])
        room -= len(kept[-1])
    return "".join(kept)
