"""Drawings of what happens inside: a network unrolled in time, the cells of LSTM and GRU."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch

from .canvas import BLACK, GRAY, GREEN, ORANGE, RED, SKY, letters_for, show_figure

Point = tuple[float, float]

GATE, CONTENT, STATE = ORANGE, SKY, GREEN
"""What decides, what is written, what is carried on."""

UNROLLED_SIZE, CELLS_SIZE = (12, 3.6), (13, 5.2)
SHOWN_WORDS = ("the", "movie", "was", "great")
BUS = 0.55
"""Height of the line that takes input and old state to the boxes of a cell."""

BOXES = 2.0
"""Height of these boxes."""


def draw_unrolled(words: Sequence[str] = SHOWN_WORDS) -> None:
    """Draw a recurrent layer that reads some words: the same weights at each step."""
    with letters_for(UNROLLED_SIZE):
        figure, axes = plt.subplots(figsize=UNROLLED_SIZE)
        _blank_page(axes, len(words) * 2.4 + 3.3, 4.1)
        _text(axes, (0.5, 2.2), "$h_0$ = 0")
        for step, word in enumerate(words, start=1):
            x = 2.4 * step
            _box(axes, (x, 2.2), "same\nweights", SKY, width=1.2, height=1.1)
            _arrow(axes, (x - 1.35 if step > 1 else 1.05, 2.2), (x - 0.65, 2.2), STATE)
            _arrow(axes, (x, 1.05), (x, 1.6), BLACK)
            _text(axes, (x, 0.75), f"$x_{step}$")
            _text(axes, (x, 0.25), f"“{word}”")
            if step < len(words):
                _arrow(axes, (x + 0.65, 2.2), (x + 1.05, 2.2), STATE, head=False)
                _text(axes, (x + 1.2, 2.55), f"$h_{step}$")
        last = 2.4 * len(words)
        _arrow(axes, (last + 0.65, 2.2), (last + 1.55, 2.2), STATE)
        _text(axes, (last + 1.05, 2.55), f"$h_{len(words)}$")
        _box(axes, (last + 2.25, 2.2), "Dense", GRAY, width=1.3, height=1.1)
        _arrow(axes, (last + 2.25, 2.8), (last + 2.25, 3.4), BLACK)
        _text(axes, (last + 2.25, 3.7), "probability")
        axes.annotate(
            "",
            (2.0, 3.35),
            (last + 1.1, 3.35),
            arrowprops={"arrowstyle": "-|>", "color": RED, "linestyle": "--", "linewidth": 1.8},
        )
        _text(axes, ((last + 3.1) / 2, 3.75), "in training, the error travels back through every step", RED)
        show_figure(
            figure,
            f"A recurrent layer unrolled in time. It reads the words {', '.join(words)} one after "
            f"the other. At each step the same weights turn the word and the state before it into "
            f"the next state, from h0, which is zero, to h{len(words)}. The last state goes into a "
            "Dense layer, which gives a probability. A dashed arrow leads back through all steps: "
            "the error of training.",
        )


def draw_cells() -> None:
    """Draw one step of an LSTM and one step of a GRU."""
    with letters_for(CELLS_SIZE):
        figure, (left, right) = plt.subplots(1, 2, figsize=CELLS_SIZE)
        _draw_lstm(left)
        _draw_gru(right)
        show_figure(
            figure,
            "Two drawings. LSTM: the cell c runs along the top. The forget gate f multiplies it, "
            "then the new content, multiplied by the input gate i, is added. The new cell goes "
            "through tanh and is multiplied by the output gate o; that is the new state h. "
            "GRU: the state h runs along the top. The update gate z multiplies it, and the new "
            "content, multiplied by 1 minus z, is added. The reset gate r multiplies what the old "
            "state contributes to the new content. All gates read the input x and the old state.",
        )


def _draw_lstm(axes: Axes) -> None:
    _blank_page(axes, 10, 5.6)
    axes.set_title("LSTM: a cell c and a state h")
    _arrow(axes, (0.6, 4.6), (9.4, 4.6), STATE)
    _text(axes, (0.1, 4.6), "$c_{t-1}$")
    _text(axes, (9.75, 4.6), "$c_t$")
    _bus(axes, "$h_{t-1}$, $x_t$", 6.9)
    for x, label, color in (
        (1.9, "forget\n$f$", GATE),
        (3.5, "input\n$i$", GATE),
        (5.1, "new\n$\\tilde{c}$", CONTENT),
        (6.9, "output\n$o$", GATE),
    ):
        _arrow(axes, (x, BUS), (x, BOXES - 0.5), BLACK)
        _box(axes, (x, BOXES), label, color, width=1.25, height=0.95)
    _arrow(axes, (1.9, 2.5), (1.9, 4.33), GATE)
    _dot(axes, (1.9, 4.6), "×")
    _line(axes, [(3.5, 2.5), (3.5, 3.4)], GATE)
    _arrow(axes, (3.5, 3.4), (4.82, 3.4), GATE)
    _arrow(axes, (5.1, 2.5), (5.1, 3.13), CONTENT)
    _dot(axes, (5.1, 3.4), "×")
    _arrow(axes, (5.1, 3.68), (5.1, 4.33), CONTENT)
    _dot(axes, (5.1, 4.6), "+")
    _line(axes, [(8.4, 4.6), (8.4, 3.95)], STATE)
    _box(axes, (8.4, 3.7), "tanh", "white", width=0.95, height=0.5)
    _arrow(axes, (8.4, 3.45), (8.4, 2.28), STATE)
    _arrow(axes, (7.53, BOXES), (8.12, BOXES), GATE)
    _dot(axes, (8.4, BOXES), "×")
    _line(axes, [(8.4, 1.72), (8.4, BUS)], STATE)
    _arrow(axes, (8.4, BUS), (9.4, BUS), STATE)
    _text(axes, (9.75, BUS), "$h_t$")


def _draw_gru(axes: Axes) -> None:
    _blank_page(axes, 10, 5.6)
    axes.set_title("GRU: a state h alone")
    _arrow(axes, (0.6, 4.6), (9.4, 4.6), STATE)
    _text(axes, (0.1, 4.6), "$h_{t-1}$")
    _text(axes, (9.75, 4.6), "$h_t$")
    _bus(axes, "$h_{t-1}$, $x_t$", 4.4)
    _text(axes, (7.2, 0.1), "$x_t$")
    _arrow(axes, (7.2, 0.4), (7.2, BOXES - 0.5), BLACK)
    for x, label, color in (
        (2.2, "reset\n$r$", GATE),
        (4.4, "update\n$z$", GATE),
        (7.2, "new\n$\\tilde{h}$", CONTENT),
    ):
        if x < 7:
            _arrow(axes, (x, BUS), (x, BOXES - 0.5), BLACK)
        _box(axes, (x, BOXES), label, color, width=1.5, height=0.95)
    _arrow(axes, (2.2, 4.6), (2.2, 3.43), STATE)
    _arrow(axes, (2.2, 2.5), (2.2, 2.87), GATE)
    _dot(axes, (2.2, 3.15), "×")
    _line(axes, [(2.48, 3.15), (4.25, 3.15)], STATE)
    _line(axes, [(4.55, 3.15), (5.8, 3.15), (5.8, BOXES)], STATE)
    _arrow(axes, (5.8, BOXES), (6.43, BOXES), STATE)
    _arrow(axes, (4.4, 2.5), (4.4, 4.33), GATE)
    _dot(axes, (4.4, 4.6), "×")
    _line(axes, [(4.4, 3.75), (5.35, 3.75)], GATE)
    _box(axes, (5.8, 3.75), "1 − $z$", "white", width=0.9, height=0.5)
    _arrow(axes, (6.26, 3.75), (6.92, 3.75), GATE)
    _arrow(axes, (7.2, 2.5), (7.2, 3.48), CONTENT)
    _dot(axes, (7.2, 3.75), "×")
    _arrow(axes, (7.2, 4.03), (7.2, 4.33), CONTENT)
    _dot(axes, (7.2, 4.6), "+")


def _bus(axes: Axes, label: str, end: float) -> None:
    _text(axes, (0.55, BUS), label)
    _line(axes, [(1.35, BUS), (end, BUS)], BLACK)


def _blank_page(axes: Axes, width: float, height: float) -> None:
    axes.set_xlim(-0.3, width + 0.3)
    axes.set_ylim(-0.2, height)
    axes.set_axis_off()


def _box(axes: Axes, at: Point, label: str, color: str, *, width: float, height: float) -> None:
    corner = (at[0] - width / 2, at[1] - height / 2)
    shape = FancyBboxPatch(
        corner, width, height, boxstyle="round,pad=0,rounding_size=0.12", facecolor=color, edgecolor=BLACK
    )
    axes.add_patch(shape)
    axes.text(*at, label, ha="center", va="center", color=BLACK)


def _dot(axes: Axes, at: Point, sign: str) -> None:
    axes.add_patch(Circle(at, 0.27, facecolor="white", edgecolor=BLACK, zorder=3))
    axes.text(*at, sign, ha="center", va="center", zorder=4)


def _arrow(axes: Axes, start: Point, end: Point, color: str, *, head: bool = True) -> None:
    style = {
        "arrowstyle": "-|>" if head else "-",
        "color": color,
        "linewidth": 1.8,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axes.annotate("", end, start, arrowprops=style)


def _line(axes: Axes, points: Sequence[Point], color: str) -> None:
    axes.plot(*zip(*points, strict=True), color=color, linewidth=1.8, solid_joinstyle="round")


def _text(axes: Axes, at: Point, text: str, color: str = BLACK) -> None:
    axes.text(*at, text, ha="center", va="center", color=color)
