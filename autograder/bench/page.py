"""``docs/benchmark.md`` and its figure: what was measured, on which machine."""

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import psutil
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from autograder.bench import classes, tools
from autograder.bench.scale import EARLY, Cost
from autograder.bench.tools import Timing
from autograder.course import Assignment
from autograder.grade.limits import MEBIBYTE

PAGE, FIGURE = "benchmark.md", "benchmark.png"

_OURS, _OTHERS = "#0072B2", "#D55E00"
_LINES = ("#56B4E9", "#0072B2", "#009E73")
_MARKS = "os^"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured so far, in that order."""

    timings: tuple[Timing, ...] = ()
    costs: tuple[Cost, ...] = ()

    def with_row(self, row: Timing | Cost) -> "Measured":
        """Return the same with one more."""
        if isinstance(row, Timing):
            return replace(self, timings=(*self.timings, row))
        return replace(self, costs=(*self.costs, row))

    def per_minute(self, what: str) -> float:
        """Return submissions a minute of a grader; nothing if it was not timed."""
        return next((one.per_minute for one in self.timings if one.what == what), 0.0)


def line(row: Timing | Cost) -> str:
    """Return what was measured as a line to print."""
    if isinstance(row, Timing):
        return (
            f"{row.what}: {row.submissions} in {row.seconds:.1f} s, {row.per_minute:.3g} a minute, "
            f"peak memory {_mebibytes(row.peak_bytes)}, mean points {row.points:.2f}"
        )
    left = "; ".join(row.left) or "nothing"
    return (
        f"{row.submissions} submissions, workers {row.workers}: {row.per_minute:.1f} a minute, "
        f"start {row.ready_s:.1f} s, views {row.views_s:.1f} s; memory at {min(EARLY, row.submissions)} "
        f"{_mebibytes(row.early_bytes)}, at the end {_mebibytes(row.end_bytes)}, "
        f"peak {_mebibytes(row.peak_bytes)}; ungraded {row.ungraded}; left behind: {left}"
    )


def findings(measured: Measured) -> Iterator[str]:
    """Yield what the figures say, one sentence each."""
    for peer in (tools.OTTER, tools.NBGRADER):
        if theirs := measured.per_minute(peer):
            for what in (tools.STEADY, tools.LONG, tools.WARM, tools.COLD):
                if mine := measured.per_minute(what):
                    yield f"{what}: {mine / theirs:.3g} times as fast as {peer}."
    by_place = {(one.submissions, one.workers): one for one in measured.costs}
    for (size, workers), one in by_place.items():
        if workers > 1 and (alone := by_place.get((size, 1))):
            times = one.per_minute / alone.per_minute
            yield (
                f"{size:,} submissions: {workers} workers are {times:.2f} times as fast as one; "
                f"{workers} processes of plain Python that share nothing were {one.machine_times:.2f} times "
                "as fast as one on this machine."
            )
        if size > EARLY:
            change, grown = (one.end_bytes - one.early_bytes) / MEBIBYTE, one.grown_bytes / MEBIBYTE
            sentence = (
                f"{size:,} submissions, workers {workers}: memory {change:+.0f} MiB from {EARLY} to the end, "
                f"{grown:+.0f} MiB without pages of files"
            )
            early = by_place.get((EARLY, workers))
            pace = f"; {one.per_minute / early.per_minute:.1%} of the rate at {EARLY}" if early else ""
            yield f"{sentence}{pace}."


def write(assignment: Assignment, measured: Measured, *, workers: int) -> Path:
    """Write page and figure and return the page."""
    path = assignment.root / "docs" / PAGE
    path.parent.mkdir(exist_ok=True)
    _draw(measured, path.with_name(FIGURE))
    path.write_text("\n".join(_lines(measured, workers, classes.varied(assignment))) + "\n", encoding="utf-8")
    return path


def _lines(measured: Measured, workers: int, varied: int) -> Iterator[str]:
    long = next((one.submissions for one in measured.timings if one.what == tools.LONG), 0)
    yield f"""# Benchmark

Measured by `course bench` in one run, on one machine: {_machine()}.

![Submissions a minute, ours and others']({FIGURE})

## The same submissions by three graders

The class holds the solution and, in turn, known wrong answers and right answers in other styles.
Each grader is run as its users run it, with the same data set and a home of its own; none finds
trainings that were done before, except our warm runs.

- `course grade`: one command, {workers} workers, everybody's pages included; both flavours of the
  release mixed. Cold: the cache of trainings is empty. Warm: it is what the cold run left.
- long class: the same submissions again and again, {long:,} files, so that start and end of a run
  are a small part of it. What a check asked and concluded is remembered within a run, so a
  repeated submission costs its own processes and little else; the classes below are more varied.
  "Once workers stand" is the part of this run between its first result and its last.
- `otter run`: one command for each submission, {workers} at once; otter's flavour.
- `nbgrader autograde`: one command for all, which grades one after the other; nbgrader's flavour.

Memory is the sum over all processes of the grader, each shared page counted once, looked at every
second. The mean of the points shows that all did the same work (where they differ and why:
[agreement.md](agreement.md)).
"""
    yield from _timing_rows(measured)
    yield f"""
## What a class costs us

The same mixture, with {varied} different notebooks, and with all trainings remembered. Start: until
all workers stand. Memory: supervisor, zygotes and graders at rest, after {EARLY} submissions and
at the end; peak: with trainers and submissions that run. Left behind: processes, files and shared
memory that were not there before.
"""
    yield from _cost_rows(measured.costs)
    if found := list(findings(measured)):
        yield "\n## In words\n"
        yield from (f"- {sentence}" for sentence in found)


def _timing_rows(measured: Measured) -> Iterator[str]:
    yield (
        "| grader | submissions | seconds | a minute | seconds each | peak memory | mean points "
        "| times otter run | times nbgrader |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for one in measured.timings:
        rates = [_ratio(one.per_minute, measured.per_minute(peer)) for peer in (tools.OTTER, tools.NBGRADER)]
        yield (
            f"| {one.what} | {one.submissions:,} | {one.seconds:.1f} | {one.per_minute:.3g} "
            f"| {60 / one.per_minute:.3g} | {_mebibytes(one.peak_bytes)} | {one.points:.2f} "
            f"| {rates[0]} | {rates[1]} |"
        )


def _cost_rows(costs: Sequence[Cost]) -> Iterator[str]:
    yield (
        "| submissions | workers | start, s | a minute | seconds each | views, s "
        f"| memory at {EARLY} | at the end | peak | ungraded | left behind |"
    )
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|"
    for one in costs:
        early = _mebibytes(one.early_bytes) if one.submissions >= EARLY else ""
        yield (
            f"| {one.submissions:,} | {one.workers} | {one.ready_s:.1f} | {one.per_minute:.1f} "
            f"| {60 / one.per_minute:.2f} | {one.views_s:.1f} | {early} | {_mebibytes(one.end_bytes)} "
            f"| {_mebibytes(one.peak_bytes)} | {one.ungraded} | {'; '.join(one.left) or 'nothing'} |"
        )


def _ratio(rate: float, other: float) -> str:
    return f"{rate / other:.3g}" if other else ""


def _mebibytes(size_bytes: int) -> str:
    return f"{size_bytes / MEBIBYTE:,.0f} MiB"


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in ("otter-grader", "nbgrader", "tensorflow"))
    parts = f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB"
    return f"{parts}, {platform.system()}, Python {platform.python_version()}, {versions}"


def _draw(measured: Measured, path: Path) -> None:
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    graders, sizes = figure.subplots(1, 2, width_ratios=(3, 2))
    _draw_graders(graders, measured.timings)
    _draw_sizes(sizes, measured.costs)
    for panel in (graders, sizes):
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _draw_graders(panel: Axes, timings: Sequence[Timing]) -> None:
    rows = sorted(timings, key=lambda one: one.per_minute)
    theirs = {tools.OTTER, tools.NBGRADER}
    colours = [_OTHERS if one.what in theirs else _OURS for one in rows]
    labels = [f"{one.what}\n{one.submissions:,} submissions" for one in rows]
    bars = panel.barh(labels, [one.per_minute for one in rows], color=colours)
    panel.bar_label(bars, [f"{one.per_minute:.3g}" for one in rows], padding=4)
    panel.set_xscale("log")
    panel.margins(x=0.15)
    panel.xaxis.set_major_formatter("{x:g}")
    panel.set_xlabel("submissions a minute (log scale)")
    panel.set_title("The same submissions by three graders", loc="left")


def _draw_sizes(panel: Axes, costs: Sequence[Cost]) -> None:
    for number, workers in enumerate(sorted({one.workers for one in costs})):
        mine = [one for one in costs if one.workers == workers]
        rates = [one.per_minute for one in mine]
        colour, mark = _LINES[number % len(_LINES)], _MARKS[number % len(_MARKS)]
        panel.plot(
            [one.submissions for one in mine], rates, marker=mark, color=colour, label=f"workers: {workers}"
        )
        for one in mine:
            place = (one.submissions, one.per_minute)
            panel.annotate(f"{one.per_minute:.0f}", place, (0, 6), textcoords="offset points", ha="center")
    panel.set_xscale("log")
    panel.margins(x=0.12)
    panel.set_ylim(0, 1.2 * max((one.per_minute for one in costs), default=1.0))
    sizes = sorted({one.submissions for one in costs})
    panel.set_xticks(sizes, [f"{size:,}" for size in sizes])
    panel.minorticks_off()
    panel.set_xlabel("submissions in the class (log scale)")
    panel.set_ylabel("submissions a minute")
    panel.set_title("Our rate by class size", loc="left")
    if costs:
        panel.legend(frameon=False, loc="lower right")
