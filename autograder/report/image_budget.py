"""Pictures that students hand in, made again pixel by pixel before anybody's browser sees them."""

import base64
import io
import struct
import zlib
from dataclasses import dataclass

MAX_PIXELS = 16_000_000
"""Of a picture that is opened at all; a figure of 20 by 12 inches at 200 dpi has 9.6 million."""

MAX_SIDE_PIXELS = 1_000
"""Pixels of a picture in a page."""

MAX_IMAGE_BYTES = 200_000
"""Of one picture in a page."""

MAX_TOTAL_BYTES = 550_000
"""Bytes of all pictures of one student; a page stays below 1 MB."""

MAX_IMAGES = 24
"""Of one student, opened at all; a small file can hold many that are slow to open."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLORS = 256


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture that is fit for a page."""

    png: bytes
    width: int
    height: int

    @property
    def uri(self) -> str:
        """Return it as the source of an ``img``."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(slots=True)
class ImageBudget:
    """What is left for the pictures of one student."""

    remaining_bytes: int = MAX_TOTAL_BYTES
    remaining_images: int = MAX_IMAGES

    def reencode(self, png: bytes) -> Figure | None:
        """Return a picture drawn again; None if it is none or does not fit any more."""
        if not png or not self.remaining_images:
            return None
        self.remaining_images -= 1
        figure = reencode_png(png)
        if figure is None or len(figure.png) > self.remaining_bytes:
            return None
        self.remaining_bytes -= len(figure.png)
        return figure


def reencode_png(png: bytes) -> Figure | None:
    """Return a picture drawn again on white, or None if it is no PNG, or too large to be opened.

    Only pixels are taken over: no metadata, no second frame, nothing behind the picture's end.
    """
    from PIL import Image  # slow to import, and most runs hold no picture

    if not 0 < _pixel_count(png) <= MAX_PIXELS:
        return None
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
            picture = opened.convert("RGBA")
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error):
        return None
    ground = Image.new("RGBA", picture.size, "white")
    flat = Image.alpha_composite(ground, picture).convert("RGB")
    flat.thumbnail((MAX_SIDE_PIXELS, MAX_SIDE_PIXELS))
    file = io.BytesIO()
    flat.quantize(_COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(file, "PNG")
    data = file.getvalue()
    return Figure(data, *flat.size) if len(data) <= MAX_IMAGE_BYTES else None


def _pixel_count(png: bytes) -> int:
    """Return how many pixels a file says that it has; 0 if it is no PNG."""
    if not png.startswith(_SIGNATURE) or png[12:16] != b"IHDR" or len(png) < 24:
        return 0
    width, height = struct.unpack(">II", png[16:24])
    return int(width) * int(height)
