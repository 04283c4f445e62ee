"""What is left of the outputs that a submission stores: plain text and pictures of bounded size.

They are whatever their author made them; HTML and JavaScript in them would run in the browser of
whoever marks the submission.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.grade.submissions.read import raw_cells

LONGEST_TEXT = 10_000
"""Characters of one output."""

MOST_OUTPUTS = 20
"""Of one cell."""

LARGEST_PICTURE_BYTES = 2**20
PICTURES_BYTES = 8 * 2**20
"""All pictures of a submission together."""

_WIDEST = 4_000
"""Pixels; a picture of a few bytes can claim to be as large as no browser can hold."""

_PNG = b"\x89PNG\r\n\x1a\n"
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """The outputs that one submitted cell stores."""

    number: int
    """The cell's place in the file, from 1."""

    id: str
    """What the file calls it; empty if it does not say."""

    outputs: tuple[NotebookNode, ...]


def stored(data: bytes) -> tuple[Stored, ...]:
    """Return the outputs of a submission, made harmless; there are none in a script.

    Raises:
        StudentError: it cannot be read.
    """
    found, room = [], PICTURES_BYTES
    for number, raw in enumerate(raw_cells(data), 1):
        if not isinstance(raw, Mapping):
            continue
        outputs = []
        for output in _listed(raw.get("outputs"))[:MOST_OUTPUTS]:
            kept, size_bytes = _harmless(output, room)
            room -= size_bytes
            outputs += kept
        name = raw.get("id")
        found.append(Stored(number, name if isinstance(name, str) else "", tuple(outputs)))
    return tuple(found)


def stream(text: str, *, error: bool = False) -> NotebookNode:
    """Return text as an output."""
    made: NotebookNode = new_output("stream", name="stderr" if error else "stdout", text=text)
    return made


def _harmless(output: object, room: int) -> tuple[list[NotebookNode], int]:
    """Return what is kept of an output, and the bytes of its picture."""
    if not isinstance(output, Mapping):
        return [], 0
    kind = output.get("output_type")
    if kind in ("stream", "error"):
        lines = output.get("text") if kind == "stream" else _lines(output.get("traceback"))
        text = _text(lines)
        return [stream(text, error=kind == "error" or output.get("name") == "stderr")] if text else [], 0
    data = output.get("data")
    data = data if isinstance(data, Mapping) else {}
    if picture := _picture(data.get("image/png"), room):
        encoded = base64.b64encode(picture).decode("ascii")
        return [new_output("display_data", {"image/png": encoded})], len(picture)
    text = _text(data.get("text/plain"))
    return [new_output("display_data", {"text/plain": text})] if text else [], 0


def _text(value: object) -> str:
    """Return text without colours and characters that are not seen, cut to a length."""
    raw = "".join(_texts([value] if isinstance(value, str) else value))
    text = _CONTROL.sub("", strip_ansi(raw[: 4 * LONGEST_TEXT]).replace("\r\n", "\n"))
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…\n"


def _lines(value: object) -> list[str]:
    return [f"{line}\n" for line in _texts(value)]


def _texts(value: object) -> Iterator[str]:
    return (text for text in _listed(value) if isinstance(text, str))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _picture(value: object, room: int) -> bytes:
    """Return the bytes of a PNG of a size that can be shown; empty if it is none."""
    text = "".join(_texts([value] if isinstance(value, str) else value))
    if not text or len(text) > 2 * LARGEST_PICTURE_BYTES:
        return b""
    try:
        picture = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
    sides = [int.from_bytes(picture[start : start + 4], "big") for start in (16, 20)]
    fits = len(picture) <= min(LARGEST_PICTURE_BYTES, room) and all(0 < side <= _WIDEST for side in sides)
    return picture if picture.startswith(_PNG) and fits else b""
