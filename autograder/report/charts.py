"""The charts of the class's report: pictures without a word that runs, in light and in dark."""

import base64
import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.engine.results import Result
from autograder.files import MEBIBYTE
from autograder.report import summary
from autograder.report.gradebook import format_points
from autograder.report.summary import QuestionSummary

Draw = Callable[[Any], None]
"""Draws on a row of axes."""

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff", "ink": "#1b1f24", "line": "#d9dee4", "bar": "#0b5fa5", "dot": "#b84a00",
}  # fmt: skip
DARK: Mapping[str, str] = {  # takes the place of each light colour in the finished drawing
    "paper": "#14171b", "ink": "#e7eaee", "line": "#343b44", "bar": "#6db6f5", "dot": "#ff9a4d",
}  # fmt: skip

LOW_DISCRIMINATION = 0.2
"""Discrimination below which a question is worth a look.

Source: Ebel & Frisbie, Essentials of Educational Measurement (1991), ch. 13.
"""

_PIXELS_PER_INCH = 96
"""Of an inch in CSS."""

_MAX_LABEL_LENGTH = 34


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart in two colour schemes."""

    light: str
    """As the source of an ``img``."""

    dark: str
    width: int
    height: int
    alt_text: str
    """What stands for it where it cannot be seen."""


def draw_charts(
    results: Sequence[Result],
    summaries: Sequence[QuestionSummary],
    points: float,
    titles: Mapping[str, str],
) -> dict[str, Chart]:
    """Return all charts of a class by name; none of an empty one."""
    if not results or not points:
        return {}
    return {
        "totals": totals(results, points),
        "questions": questions([question for question in summaries if not question.manual], titles),
        "costs": costs(results),
    }


def totals(results: Sequence[Result], points: float) -> Chart:
    """Return the distribution of totals."""
    counts = summary.distribution(results)
    edges = [points * place / summary.BINS for place in range(summary.BINS + 1)]

    def draw(axes: Any) -> None:
        bars = axes[0].bar(
            edges[:-1], counts, width=points / summary.BINS * 0.92, align="edge", color=LIGHT["bar"]
        )
        axes[0].bar_label(bars, [str(count) if count else "" for count in counts], color=LIGHT["ink"])
        axes[0].set(xlabel="points", ylabel="students", xticks=edges, xlim=(0, points))
        axes[0].set_xticklabels([format_points(edge) for edge in edges])
        axes[0].yaxis.get_major_locator().set_params(integer=True)

    parts = ", ".join(
        f"{count} from {format_points(edges[place])} to {format_points(edges[place + 1])}"
        for place, count in enumerate(counts)
        if count
    )
    return _chart(draw, f"Students by total points: {parts or 'nobody'}.", columns=1, height=2.9)


def questions(summaries: Sequence[QuestionSummary], titles: Mapping[str, str]) -> Chart:
    """Return difficulty and discrimination of each question, side by side."""
    names = [_label(f"{one.name} {titles.get(one.name, '')}".strip()) for one in summaries]
    places = range(len(summaries))

    def draw(axes: Any) -> None:
        shares = [100 * (one.difficulty or 0) for one in summaries]
        bars = axes[0].barh(places, shares, color=LIGHT["bar"], height=0.65)
        texts = [f" {share:.0f}" for share in shares]
        axes[0].bar_label(bars, texts, color=LIGHT["ink"])
        axes[0].set(xlim=(0, 112), xticks=range(0, 101, 25), xlabel="mean share of the points, %")
        axes[0].set_yticks(places, names)
        axes[0].tick_params(axis="y", length=0)
        axes[0].invert_yaxis()
        known = [
            (one.discrimination, at) for at, one in enumerate(summaries) if one.discrimination is not None
        ]
        axes[1].scatter([r for r, _ in known], [at for _, at in known], color=LIGHT["dot"], zorder=3)
        axes[1].axvline(LOW_DISCRIMINATION, color=LIGHT["ink"], linestyle="--", linewidth=1)
        low = min([0.0, *(r for r, _ in known)])
        axes[1].set(xlim=(low - 0.05, 1.05), xlabel="discrimination; dashed: 0.2")
        axes[1].set_ylim(axes[0].get_ylim())
        axes[1].set_yticks([])
        axes[1].hlines(places, low, 1, color=LIGHT["line"], linewidth=0.8, zorder=1)
        if not known:
            axes[1].text(0.5, 0.5, "too few results", transform=axes[1].transAxes, ha="center")

    words = (
        "For each question, the mean share of the points and the discrimination; the table below says both."
    )
    return _chart(draw, words, columns=2, height=max(2.4, 0.36 * len(summaries) + 0.9), ratios=(3, 2))


def costs(results: Sequence[Result]) -> Chart:
    """Return the distributions of time and of memory."""
    seconds = [result.wall_s for result in results]
    memory = [result.peak_bytes / MEBIBYTE for result in results]

    def draw(axes: Any) -> None:
        for place, values, label in ((0, seconds, "seconds"), (1, memory, "MiB at most")):
            axes[place].hist(values, bins=12, color=LIGHT["bar"], edgecolor=LIGHT["paper"])
            axes[place].set(xlabel=label, ylabel="students" if place == 0 else "")
            axes[place].set_xlim(left=0)
            axes[place].yaxis.get_major_locator().set_params(integer=True)

    words = (
        f"Students by grading time, {min(seconds):.1f} to {max(seconds):.1f} seconds, and by memory, "
        f"{min(memory):.0f} to {max(memory):.0f} MiB."
    )
    return _chart(draw, words, columns=2, height=2.5)


def _chart(
    draw: Draw,
    alt_text: str,
    *,
    columns: int,
    height: float,
    ratios: Sequence[float] | None = None,
) -> Chart:
    width = 8.6
    light = dark = _svg(draw, (width, height), columns, ratios)
    for name, colour in LIGHT.items():
        dark = dark.replace(colour, DARK[name])
    return Chart(
        _uri(light), _uri(dark), round(width * _PIXELS_PER_INCH), round(height * _PIXELS_PER_INCH), alt_text
    )


def _uri(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _svg(draw: Draw, size: tuple[float, float], columns: int, ratios: Sequence[float] | None) -> str:
    """Return a drawing in light colours; equal results give equal text."""
    import matplotlib as mpl  # half a second, and only a report needs it
    from matplotlib.figure import Figure

    ink, line, paper = LIGHT["ink"], LIGHT["line"], LIGHT["paper"]
    settings: dict[Any, Any] = {
        "svg.hashsalt": "report", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 9,
        "figure.facecolor": paper, "axes.facecolor": paper,
        "axes.edgecolor": line, "axes.labelcolor": ink, "text.color": ink, "xtick.color": ink,
        "ytick.color": ink, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": False,
    }  # fmt: skip
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a title that the font cannot write
        figure = Figure(figsize=size, layout="constrained")
        kinds = {"width_ratios": ratios} if ratios else None
        draw(figure.subplots(1, columns, squeeze=False, gridspec_kw=kinds)[0])
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue().decode()


def _label(text: str) -> str:
    """Return a text of a label; a dollar sign would begin a formula."""
    text = text.replace("$", "")
    return text if len(text) <= _MAX_LABEL_LENGTH else f"{text[: _MAX_LABEL_LENGTH - 1]}…"
