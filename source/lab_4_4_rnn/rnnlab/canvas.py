"""Colors, sizes and the one way in which the lab's figures reach the page.

A figure is shown as a picture with a text for those who cannot see it, on white paper
whatever the page behind it looks like.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from IPython import get_ipython
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

# The palette of Okabe and Ito, https://jfly.uni-koeln.de/color/
BLACK, GRAY = "#000000", "#999999"
ORANGE, SKY, GREEN = "#E69F00", "#56B4E9", "#009E73"
BLUE, RED, PURPLE = "#0072B2", "#D55E00", "#CC79A7"

MODEL_STYLES = {
    "dense": {"color": GRAY, "marker": "D", "hatch": ""},
    "averag": {"color": GRAY, "marker": "D", "hatch": ""},
    "simple": {"color": SKY, "marker": "o", "hatch": "//"},
    "lstm": {"color": ORANGE, "marker": "s", "hatch": ".."},
    "gru": {"color": GREEN, "marker": "^", "hatch": "xx"},
}
OTHER_STYLE = {"color": PURPLE, "marker": "v", "hatch": "--"}

ONE_PANEL, TWO_PANELS, THREE_PANELS = (7, 4), (12, 4), (15, 5)
"""Width and height in inches."""

POINTS_PER_INCH_OF_WIDTH = 1.0
"""Letters grow with the width, because a wide figure is shrunk to the width of the page."""

SMALLEST_POINTS = 10.0
DOTS_PER_INCH = 100
COLORS = 64


def model_style(name: str) -> dict[str, str]:
    """Return color, marker and hatch of a model, found by a word in its name."""
    for word, style in MODEL_STYLES.items():
        if word in name.lower():
            return style
    return OTHER_STYLE


@contextmanager
def letters_for(size: tuple[float, float]) -> Iterator[None]:
    """Draw with letters that can be read when a figure of this size fills the page."""
    points = max(SMALLEST_POINTS, POINTS_PER_INCH_OF_WIDTH * size[0])
    with mpl.rc_context({"font.size": points, "hatch.linewidth": 0.6}):
        yield


def label_axes(axes: Axes, title: str, x: str, y: str) -> None:
    """Set title and axis labels."""
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def show_figure(figure: Figure, alt: str) -> None:
    """Show a figure; in a notebook as an image with ``alt`` as its text, then close it."""
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    if getattr(get_ipython(), "kernel", None) is not None:
        display(_bundle(figure, alt), raw=True, metadata={"image/png": {"alt": alt}})
    else:
        plt.show()
    plt.close(figure)


def _bundle(figure: Figure, alt: str) -> dict[str, Any]:
    """Return the figure for programs that show HTML, and for those that show pictures only."""
    drawn, file = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH, facecolor="white")
    # A few colors are enough for a drawing and make the file three times smaller.
    picture_file = Image.open(drawn).convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    picture_file.save(file, "png", optimize=True)
    picture = base64.b64encode(file.getvalue()).decode()
    tag = f'<img style="max-width: 100%" alt="{html.escape(alt)}" src="data:image/png;base64,{picture}">'
    return {"image/png": picture, "text/html": tag, "text/plain": alt}
