"""Writes ``docs/results/benchmark.md`` and its figure."""

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import psutil
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from autograder.course import Assignment
from autograder.files import MEBIBYTE
from tools.benchmark import classes, tools, watch
from tools.benchmark.scale import EARLY_SUBMISSIONS, INTERLEAVED_PARTS, ClassCost, Cost
from tools.benchmark.tools import Timing

PAGE, FIGURE = "benchmark.md", "benchmark.png"

_OUR_COLOR, _OTHER_COLOR = "#0072B2", "#D55E00"
_LINE_COLORS = ("#56B4E9", "#0072B2", "#009E73")
_MARKERS = "os^"


@dataclass(frozen=True, slots=True)
class BenchmarkResults:
    """The measurements so far, in the order in which they were made."""

    timings: tuple[Timing, ...] = ()
    costs: tuple[Cost, ...] = ()

    def with_row(self, row: Timing | Cost) -> "BenchmarkResults":
        """Return the results with one more row."""
        if isinstance(row, Timing):
            return replace(self, timings=(*self.timings, row))
        return replace(self, costs=(*self.costs, row))

    def per_minute(self, label: str) -> float:
        """Return a grader's submissions a minute; 0 if it was not timed."""
        return next((timing.per_minute for timing in self.timings if timing.label == label), 0.0)


def format_line(row: Timing | Cost) -> str:
    """Return a measurement as one line for the terminal."""
    if isinstance(row, Timing):
        return (
            f"{row.label}: {row.submissions} in {row.seconds:.1f} s, {row.per_minute:.3g} a minute, "
            f"peak memory {_mebibytes(row.peak_bytes)}, mean points {row.points:.2f}"
        )
    parts = [
        f"workers {row.workers}: start-up {row.ready_s:.1f} s",
        f"{row.first_class.per_minute:.1f} a minute in the first {row.first_class.submissions:,}",
    ]
    for later in row.classes:
        parts.append(
            f"then {later.per_minute:.1f} in a class of {later.submissions:,} ({later.workers} at once)"
        )
    memory = [
        f"memory after {EARLY_SUBMISSIONS} submissions {_mebibytes(row.early_bytes)}",
        f"after {row.graded_count:,} {_mebibytes(row.late_bytes)}",
        f"peak {_mebibytes(row.peak_bytes)}",
        f"a submission's own {_mebibytes(row.submission_bytes)}",
    ]
    leftovers = "; ".join(row.leftover_items) or "nothing"
    return f"{', '.join(parts)}; {', '.join(memory)}; left behind: {leftovers}"


def findings(results: BenchmarkResults) -> Iterator[str]:
    """Yield the conclusions, one sentence each."""
    for peer in (tools.OTTER, tools.NBGRADER):
        if theirs := results.per_minute(peer):
            for label in (tools.STEADY_STATE, tools.LONG_CLASS, tools.WARM, tools.COLD):
                if mine := results.per_minute(label):
                    yield f"{label}: {mine / theirs:.3g} times as fast as {peer}."
    if theirs := results.per_minute(tools.OTTER_ONE_NOTEBOOK):
        ratio = results.per_minute(tools.ONE_NOTEBOOK) / theirs
        yield f"{tools.ONE_NOTEBOOK}: {ratio:.3g} times as fast as {tools.OTTER_ONE_NOTEBOOK}."
    for cost in results.costs:
        yield from _class_findings(cost)
        yield from _memory_findings(cost)


def _class_findings(cost: Cost) -> Iterator[str]:
    for row in cost.classes:
        if row.submissions > EARLY_SUBMISSIONS and (early := cost.rate(EARLY_SUBMISSIONS, row.workers)):
            share = f"{row.per_minute / early:.1%} of the rate at {EARLY_SUBMISSIONS}"
            yield f"{row.submissions:,} submissions, workers {row.workers}: {share}."
        if row.workers > 1:
            times = row.per_minute / cost.rate(row.submissions, 1)
            yield (
                f"{row.submissions:,} submissions: {row.workers} workers are {times:.2f} times as fast as "
                f"one; {row.workers} processes of plain Python that share nothing were "
                f"{cost.machine_speedup:.2f} times as fast as one on this machine."
            )


def _memory_findings(cost: Cost) -> Iterator[str]:
    change, grown = (cost.late_bytes - cost.early_bytes) / MEBIBYTE, cost.growth_bytes / MEBIBYTE
    yield (
        f"Workers {cost.workers}: memory {change:+.0f} MiB from submission {EARLY_SUBMISSIONS} "
        f"to {cost.graded_count:,}, {grown:+.0f} MiB without file-backed pages; a submission's own memory is "
        f"{_mebibytes(cost.submission_bytes)} (median)."
    )


def write(assignment: Assignment, results: BenchmarkResults, *, workers: int) -> Path:
    """Write page and figure; return the page's path."""
    path = assignment.root / "docs" / "results" / PAGE
    path.parent.mkdir(parents=True, exist_ok=True)
    _draw(results, path.with_name(FIGURE))
    lines = _page_lines(results, workers, classes.max_distinct_notebooks(assignment))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _page_lines(results: BenchmarkResults, workers: int, distinct_notebooks: int) -> Iterator[str]:
    long = next((timing.submissions for timing in results.timings if timing.label == tools.LONG_CLASS), 0)
    yield f"""# Benchmark

Measured by `make bench` in one run, on one machine: {_machine()}.

![Submissions per minute, by our grader and by others]({FIGURE})

## The same submissions by three graders

The class holds the solution and, in turn, known wrong answers and right answers in other styles.
Each grader runs as its users run it, with the same dataset and a home directory of its own; none
finds earlier trainings, except our warm runs.

- `course grade`: one command, {workers} workers, including everybody's pages; submissions of both
  flavors mixed. Cold: the training cache is empty. Warm: it is what the cold run left.
- one notebook: the solution alone; for our grader with an empty cache.
- long class: the same submissions repeated, {long:,} files, so that the start and end of a run
  are a small part of it. Verdicts are cached within a run, so a repeated submission costs little
  more than its own processes; the classes below are more varied.
  "After worker start-up" is the part of this run between its first result and its last.
- `otter run`: one command per submission, {workers} at once; otter's flavor.
- `nbgrader autograde`: one command for all, which grades one after the other; nbgrader's flavor.

Memory is the sum over all processes of the grader, each shared page counted once, sampled every
second. The mean points show that all graders did the same work (where they differ and why:
[compare.md](compare.md)).
"""
    yield from _timing_rows(results)
    yield f"""
## Cost per class

Workers grade a first class, which holds every known answer, and then classes of several sizes that
repeat these answers in {distinct_notebooks} different notebooks. All trainings are cached from an
earlier run; verdicts are cached within a run. So the first class shows the cost of mostly new
answers, and the later ones the cost of a submission whose answers have been seen before. The
smaller classes are graded completely before each of {INTERLEAVED_PARTS} parts of the largest, each
time by one worker and then by all, so that all sizes and worker counts see the same fluctuations of
the machine.
"""
    yield from _class_rows(results.costs)
    yield f"""
Start: time until all workers are ready. A submission: the most memory that its processes share with
no others, the median over the first {EARLY_SUBMISSIONS} notebooks, which are graded once more for
this and sampled {1 / watch.SUBMISSION_INTERVAL_S:.0f} times a second; nothing is sampled while a
class above is timed. Memory: supervisor, zygotes and graders at rest, after {EARLY_SUBMISSIONS}
submissions and after the last that these workers graded. Peak: including trainers and running
submissions, while these {EARLY_SUBMISSIONS} are graded once more. Left behind: processes, files and
shared memory that did not exist before.
"""
    yield from _cost_rows(results.costs)
    if actual := list(findings(results)):
        yield "\n## Summary\n"
        yield from (f"- {sentence}" for sentence in actual)


def _timing_rows(results: BenchmarkResults) -> Iterator[str]:
    yield (
        "| grader | submissions | seconds | a minute | seconds each | peak memory | mean points "
        "| times otter run | times nbgrader |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for timing in results.timings:
        rates = [
            _ratio(timing.per_minute, results.per_minute(peer)) for peer in (tools.OTTER, tools.NBGRADER)
        ]
        yield (
            f"| {timing.label} | {timing.submissions:,} | {timing.seconds:.1f} | {timing.per_minute:.3g} "
            f"| {60 / timing.per_minute:.3g} | {_mebibytes(timing.peak_bytes)} | {timing.points:.2f} "
            f"| {rates[0]} | {rates[1]} |"
        )


def _class_rows(costs: Sequence[Cost]) -> Iterator[str]:
    yield "| class | submissions | workers | a minute | seconds each | views, s | ungraded |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    rows = [("first", cost.first_class) for cost in costs] + [
        ("later", row) for cost in costs for row in cost.classes
    ]
    for name, row in rows:
        yield (
            f"| {name} | {row.submissions:,} | {row.workers} | {row.per_minute:.1f} "
            f"| {60 / row.per_minute:.2f} | {row.views_s:.1f} | {row.ungraded} |"
        )


def _cost_rows(costs: Sequence[Cost]) -> Iterator[str]:
    yield (
        f"| workers | start, s | a submission | memory after {EARLY_SUBMISSIONS} | after the last "
        "| submissions | peak | left behind |"
    )
    yield "|---:|---:|---:|---:|---:|---:|---:|---|"
    for cost in costs:
        yield (
            f"| {cost.workers} | {cost.ready_s:.1f} | {_mebibytes(cost.submission_bytes)} "
            f"| {_mebibytes(cost.early_bytes)} | {_mebibytes(cost.late_bytes)} | {cost.graded_count:,} "
            f"| {_mebibytes(cost.peak_bytes)} | {'; '.join(cost.leftover_items) or 'nothing'} |"
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


def _draw(results: BenchmarkResults, path: Path) -> None:
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    graders, sizes = figure.subplots(1, 2, width_ratios=(3, 2))
    _draw_graders(graders, results.timings)
    _draw_sizes(sizes, results.costs)
    for panel in (graders, sizes):
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _draw_graders(panel: Axes, timings: Sequence[Timing]) -> None:
    rows = sorted(timings, key=lambda timing: timing.per_minute)
    theirs = {tools.OTTER, tools.OTTER_ONE_NOTEBOOK, tools.NBGRADER}
    colors = [_OTHER_COLOR if timing.label in theirs else _OUR_COLOR for timing in rows]
    labels = [
        f"{timing.label}\n{timing.submissions:,} submission{'s'[: timing.submissions > 1]}" for timing in rows
    ]
    bars = panel.barh(labels, [timing.per_minute for timing in rows], color=colors)
    panel.bar_label(bars, [f"{timing.per_minute:.3g}" for timing in rows], padding=4)
    panel.set_xscale("log")
    panel.margins(x=0.15)
    panel.xaxis.set_major_formatter("{x:g}")
    panel.set_xlabel("submissions a minute (log scale)")
    panel.set_title("The same submissions by three graders", loc="left")


def _draw_sizes(panel: Axes, costs: Sequence[Cost]) -> None:
    later = [row for cost in costs for row in cost.classes]
    for number, cost in enumerate(costs):
        drawn = [row for row in later if row.workers == cost.workers]
        color, mark = _LINE_COLORS[number % len(_LINE_COLORS)], _MARKERS[number % len(_MARKERS)]
        label = f"workers: {cost.workers}"
        panel.plot(*_coordinates(drawn), marker=mark, color=color, label=label)
        panel.plot(
            *_coordinates([cost.first_class]), marker=mark, color=color, fillstyle="none", linestyle="none"
        )
        for place in zip(*_coordinates([cost.first_class, *drawn]), strict=True):
            panel.annotate(f"{place[1]:.0f}", place, (0, 6), textcoords="offset points", ha="center")
    panel.plot([], [], marker="o", color="gray", fillstyle="none", linestyle="none", label="first class")
    sizes = sorted({row.submissions for row in (*later, *(cost.first_class for cost in costs))})
    panel.set_xscale("log")
    panel.margins(x=0.12)
    panel.set_ylim(0, 1.25 * max((row.per_minute for row in later), default=1.0))
    panel.set_xticks(sizes, [f"{size:,}" for size in sizes])
    panel.minorticks_off()
    panel.set_xlabel("submissions in the class (log scale)")
    panel.set_ylabel("submissions a minute")
    panel.set_title("Our rate by class size", loc="left")
    if costs:
        panel.legend(frameon=False, loc="lower right")


def _coordinates(measurements: Sequence[ClassCost]) -> tuple[list[int], list[float]]:
    return [row.submissions for row in measurements], [row.per_minute for row in measurements]
