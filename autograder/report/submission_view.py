"""A submission for those who read about it, by question: answers, and the outputs stored in the notebook.

Pictures are never decoded here. Their bytes are untrusted: signature and declared size are all
that is read of them, and a page embeds them as ``data:`` addresses, as which they cannot run anything.
"""

import base64
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from autograder.course import Assignment
from autograder.errors import StudentError
from autograder.notebook import Source
from autograder.submission.match import match_submission
from autograder.submission.read import Output

MAX_TEXTS = 12
"""Texts of one question."""

MAX_TEXT_LENGTH = 12_000
"""Characters of all texts of one question."""

MAX_PIXELS = 16_000_000
"""Declared pixels of one picture; a figure of 20 × 12 inches at 200 dpi has 9.6 million.

A small file can declare a picture that takes gigabytes once a browser decodes it.
"""

MAX_TOTAL_BYTES = 550_000
"""Bytes of all pictures of one student; in base64, a page of them stays below 1 MB."""

MAX_IMAGES = 24
"""Pictures of one student; each costs the browser up to ``MAX_PIXELS``."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_SIGNATURE = b"\xff\xd8\xff"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a frame header, which declares the size (ITU-T T.81, table B.1)."""

_MAX_JPEG_SEGMENTS = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """A PNG or JPEG file, as its author stored it."""

    data: bytes
    media_type: str
    """``image/png`` or ``image/jpeg``."""

    width: int
    height: int

    @property
    def base64(self) -> str:
        """Return the file in base64."""
        return base64.b64encode(self.data).decode("ascii")


@dataclass(slots=True)
class ImageBudget:
    """Tracks how much room the pictures of one student have left."""

    remaining_bytes: int = MAX_TOTAL_BYTES
    remaining_images: int = MAX_IMAGES

    def admit(self, data: bytes) -> Figure | None:
        """Return a picture to embed, and charge it; None if it is not one or does not fit."""
        # A file may declare less than it holds; browsers allocate what the header declares.
        media_type, width, height = _declared(data)
        if not 0 < width * height <= MAX_PIXELS:
            return None
        if not self.remaining_images or len(data) > self.remaining_bytes:
            return None
        self.remaining_images -= 1
        self.remaining_bytes -= len(data)
        return Figure(data, media_type, width, height)


def _declared(data: bytes) -> tuple[str, int, int]:
    """Return media type, width and height in pixels, as the first header declares; 0 × 0 if none does."""
    if data.startswith(_PNG_SIGNATURE) and data[12:16] == b"IHDR" and len(data) >= 24:
        return "image/png", *struct.unpack(">II", data[16:24])
    if not data.startswith(_JPEG_SIGNATURE):
        return "", 0, 0
    # JPEG is a list of segments, each with its length, up to the frame header. The bound keeps a
    # file of tiny segments from taking long; real ones have fewer than 20.
    start = 2
    for _ in range(_MAX_JPEG_SEGMENTS):
        # Marker (2 bytes), length (2), precision (1), height (2), width (2).
        header = data[start : start + 9]
        if len(header) < 9 or header[0] != 0xFF:
            break
        if header[1] in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", header[5:9])
            return "image/jpeg", width, height
        start += 2 + int.from_bytes(header[2:4])
    return "", 0, 0


@dataclass(frozen=True, slots=True)
class StoredOutputs:
    """The outputs that a submitted notebook had stored at one question."""

    parts: tuple[Output | Figure, ...] = ()
    omitted_texts: int = 0
    """Texts that did not fit into the page."""

    omitted_figures: int = 0
    """Pictures that did not fit, or were neither PNG nor JPEG."""

    @property
    def figure_count(self) -> int:
        """Return the number of pictures that are shown."""
        return sum(isinstance(part, Figure) for part in self.parts)


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """What a student submitted."""

    answers: Mapping[str, str] = field(default_factory=dict)
    """The code of the answer cells by question; missing where they are unchanged from the release."""

    stored_outputs: Mapping[str, StoredOutputs] = field(default_factory=dict)
    """By question; only what the file itself stores, nothing from grading."""


def view_submission(data: bytes | None, source: Source, assignment: Assignment) -> SubmissionView:
    """Return the answers and outputs in a submission; nothing if it cannot be read.

    Args:
        data: the bytes that were graded; None if they are missing.
        source: with literals for facts, as in the release.
        assignment: the submission's assignment.
    """
    if data is None:
        return SubmissionView()
    try:
        matched = match_submission(data, source, assignment, with_outputs=True)
    except StudentError:
        return SubmissionView()
    answers: dict[str, str] = {}
    for step in matched.steps:
        if step.kind == "answer":
            answers[step.question] = f"{answers.get(step.question, '')}{step.text}\n"
    image_budget = ImageBudget()
    outputs: dict[str, StoredOutputs] = {}
    for question, cells in matched.cells.items():
        below: list[Output] = []
        for number in cells:
            below += matched.outputs.get(number, ())
        outputs[question] = _fit_into_page(below, image_budget)
    return SubmissionView(answers, outputs)


def _fit_into_page(outputs: Iterable[Output], image_budget: ImageBudget) -> StoredOutputs:
    parts: list[Output | Figure] = []
    texts = characters = omitted_texts = omitted_figures = 0
    for output in outputs:
        if output.image:
            figure = image_budget.admit(output.image)
            if figure:
                parts.append(figure)
            else:
                omitted_figures += 1
        elif texts < MAX_TEXTS and characters + len(output.text) <= MAX_TEXT_LENGTH:
            parts.append(output)
            texts += 1
            characters += len(output.text)
        else:
            omitted_texts += 1
    return StoredOutputs(tuple(parts), omitted_texts, omitted_figures)
