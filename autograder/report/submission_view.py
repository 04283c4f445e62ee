"""A submission for those who read about it, by question: answers, and the outputs stored in the notebook.

The reader, a process with narrow limits, takes the file apart. Pictures are never decoded: their parts
are walked by the lengths that they declare, and metadata is left out. A page embeds them as ``data:``
addresses, as which they cannot run anything.
"""

import base64
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO

import msgspec

from autograder.course import Assignment
from autograder.errors import StudentError
from autograder.notebook import Source
from autograder.sandbox import reader
from autograder.submission.match import match_file, released
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
"""Bytes of all pictures of one student; in base64, a page of them stays below 1 MB.

The lab's solution stores six figures of 30 to 151 kB, 479 kB together: its page has 670 kB, less than
the notebook of 716 kB that the run keeps next to it. In 300 kB, half of the figures would be missing.
"""

MAX_IMAGES = 24
"""Pictures of one student; each costs the browser up to ``MAX_PIXELS``."""

_MAX_PARTS = 1_000
"""Parts of one picture that are walked, so that a file of tiny ones does not take long; the lab's
figures have 7 at most."""

# A PNG file is a signature and chunks: length (4 bytes), type (4), content, CRC of type and content (4).
# The first one, IHDR, declares the size. (PNG specification, third edition, section 5.)
_PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_PNG_CHUNKS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"pHYs", b"tRNS", b"gAMA", b"sRGB"})
"""The chunks that are kept: the critical ones, and those that change how a picture looks."""

# A JPEG file is a list of segments up to the first scan: marker (2 bytes), length of the rest (2). One of
# them, the frame header, declares the size: then precision (1), height (2), width (2).
_JPEG_START = b"\xff\xd8\xff"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a frame header (ITU-T T.81, table B.1)."""

_JPEG_SCAN = 0xDA
_JPEG_METADATA = frozenset({0xFE, *range(0xE1, 0xEE), 0xEF})
"""Comments, and what applications add, e.g. the place of a photo; not JFIF (E0) and Adobe's colors (EE)."""


class Figure(msgspec.Struct, frozen=True, tag=True):
    """A PNG or JPEG file as its author stored it, without metadata."""

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
        if not self.remaining_images or len(data) > self.remaining_bytes:
            return None
        figure = _read_png(data) or _read_jpeg(data)
        # A file may declare less than it holds; browsers allocate what the header declares.
        if figure is None or not 0 < figure.width * figure.height <= MAX_PIXELS:
            return None
        self.remaining_images -= 1
        self.remaining_bytes -= len(figure.data)
        return figure


def _read_png(data: bytes) -> Figure | None:
    """Return a PNG file without metadata and without what follows it; None if it does not parse."""
    if not data.startswith(_PNG_START):
        return None
    start, kept_chunks = 8, [data[:8]]
    for _ in range(_MAX_PARTS):
        end = start + 12 + int.from_bytes(data[start : start + 4])
        chunk = data[start:end]
        kind = chunk[4:8]
        if end > len(data) or int.from_bytes(chunk[-4:]) != zlib.crc32(chunk[4:-4]):
            return None
        if kind == b"IHDR" and start > 8:
            return None  # a second header could declare any size
        if kind in _PNG_CHUNKS:
            kept_chunks.append(chunk)
        if kind == b"IEND":
            width, height = struct.unpack(">II", data[16:24])
            return Figure(b"".join(kept_chunks), "image/png", width, height)
        start = end
    return None


def _read_jpeg(data: bytes) -> Figure | None:
    """Return a JPEG file without metadata in front of its first scan; None if it has not one frame."""
    if not data.startswith(_JPEG_START):
        return None
    start, parts, sizes = 2, [data[:2]], []
    for _ in range(_MAX_PARTS):
        header = data[start : start + 9]
        if len(header) < 9 or header[0] != 0xFF:
            return None
        kind, end = header[1], start + 2 + int.from_bytes(header[2:4])
        if kind in _JPEG_FRAMES:
            sizes.append(struct.unpack(">HH", header[5:9]))
        if kind == _JPEG_SCAN:
            # In the data of a scan, a byte FF is never followed by the marker of a frame.
            frames = [kind for kind in _JPEG_FRAMES if data.find(bytes((0xFF, kind)), end) >= 0]
            if len(sizes) != 1 or frames:
                return None
            height, width = sizes[0]
            return Figure(b"".join([*parts, data[start:]]), "image/jpeg", width, height)
        if kind not in _JPEG_METADATA:
            parts.append(data[start:end])
        start = end
    return None


@dataclass(frozen=True, slots=True)
class StoredOutputs:
    """The outputs that a submitted notebook had stored at one question."""

    parts: tuple[Output | Figure, ...] = ()
    omitted_texts: int = 0
    """Texts that did not fit into the page."""

    omitted_figures: int = 0
    """Pictures that did not fit, or are no intact PNG or JPEG files."""


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """What a student submitted."""

    answers: Mapping[str, str] = field(default_factory=dict)
    """The code of the answer cells by question; missing where they are unchanged from the release."""

    stored_outputs: Mapping[str, StoredOutputs] = field(default_factory=dict)
    """By question; only what the file itself stores, nothing from grading."""


def view_submission(data: bytes | None, source: Source, assignment: Assignment) -> SubmissionView:
    """Have the reader return the answers and outputs in a submission; nothing if it cannot be read.

    Args:
        data: the bytes that were graded; None if they are missing.
        source: with literals for facts, as in the release.
        assignment: the submission's assignment.
    """
    if data is None:
        return SubmissionView()
    try:
        return reader.read(
            f"{__name__}:view_file",
            data,
            SubmissionView,
            shared=released(source),
            assignment=assignment.name,
        )
    except (StudentError, reader.DefectError):
        return SubmissionView()


def view_file(file: IO[bytes], source: Source, *, assignment: str) -> SubmissionView:
    """Return the answers and outputs in a file; it runs in the reader.

    Raises:
        StudentError: it cannot be read, or nothing in it belongs to the assignment.
    """
    matched = match_file(file, source, assignment=assignment, with_outputs=True)
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
