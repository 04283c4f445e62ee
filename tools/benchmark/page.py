"""``docs/results/benchmark.md`` and its figure: what was measured, on which machine."""

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
    """What was measured so far, in that order."""

    timings: tuple[Timing, ...] = ()
    costs: tuple[Cost, ...] = ()

    def with_row(self, row: Timing | Cost) -> "BenchmarkResults":
        """Return the same with one more."""
        if isinstance(row, Timing):
            return replace(self, timings=(*self.timings, row))
        return replace(self, costs=(*self.costs, row))

    def per_minute(self, label: str) -> float:
        """Return submissions a minute of a grader; nothing if it was not timed."""
        return next((one.per_minute for one in self.timings if one.label == label), 0.0)


def format_line(row: Timing | Cost) -> str:
    """Return what was measured as a line to print."""
    if isinstance(row, Timing):
        return (
            f"{row.label}: {row.submissions} in {row.seconds:.1f} s, {row.per_minute:.3g} a minute, "
            f"peak memory {_mebibytes(row.peak_bytes)}, mean points {row.points:.2f}"
        )
    rates = "".join(
        f", then {one.per_minute:.1f} in a class of {one.submissions:,} ({one.workers} at once)"
        for one in row.classes
    )
    return (
        f"workers {row.workers}: start {row.ready_s:.1f} s, {row.first_class.per_minute:.1f} a minute "
        f"in the first {row.first_class.submissions:,}{rates}; memory after {EARLY_SUBMISSIONS} "
        f"{_mebibytes(row.early_bytes)}, after {row.graded_count:,} {_mebibytes(row.late_bytes)}, "
        f"peak {_mebibytes(row.peak_bytes)}, a submission's own {_mebibytes(row.submission_bytes)}; "
        f"left behind: {'; '.join(row.leftover_items) or 'nothing'}"
    )


def findings(results: BenchmarkResults) -> Iterator[str]:
    """Yield what the figures say, one sentence each."""
    for peer in (tools.OTTER, tools.NBGRADER):
        if theirs := results.per_minute(peer):
            for what in (tools.STEADY_STATE, tools.LONG_CLASS, tools.WARM, tools.COLD):
                if mine := results.per_minute(what):
                    yield f"{what}: {mine / theirs:.3g} times as fast as {peer}."
    if theirs := results.per_minute(tools.OTTER_ONE_NOTEBOOK):
        ratio = results.per_minute(tools.ONE_NOTEBOOK) / theirs
        yield f"{tools.ONE_NOTEBOOK}: {ratio:.3g} times as fast as {tools.OTTER_ONE_NOTEBOOK}."
    for cost in results.costs:
        yield from _class_findings(cost)
        yield from _memory_findings(cost)


def _class_findings(cost: Cost) -> Iterator[str]:
    for one in cost.classes:
        if one.submissions > EARLY_SUBMISSIONS and (early := cost.rate(EARLY_SUBMISSIONS, one.workers)):
            share = f"{one.per_minute / early:.1%} of the rate at {EARLY_SUBMISSIONS}"
            yield f"{one.submissions:,} submissions, workers {one.workers}: {share}."
        if one.workers > 1:
            times = one.per_minute / cost.rate(one.submissions, 1)
            yield (
                f"{one.submissions:,} submissions: {one.workers} workers are {times:.2f} times as fast as "
                f"one; {one.workers} processes of plain Python that share nothing were "
                f"{cost.machine_speedup:.2f} times as fast as one on this machine."
            )


def _memory_findings(cost: Cost) -> Iterator[str]:
    change, grown = (cost.late_bytes - cost.early_bytes) / MEBIBYTE, cost.growth_bytes / MEBIBYTE
    yield (
        f"Workers {cost.workers}: memory {change:+.0f} MiB from submission {EARLY_SUBMISSIONS} "
        f"to {cost.graded_count:,}, {grown:+.0f} MiB without pages of files; a submission's own memory is "
        f"{_mebibytes(cost.submission_bytes)} (median)."
    )


def write(assignment: Assignment, results: BenchmarkResults, *, workers: int) -> Path:
    """Write page and figure and return the page."""
    path = assignment.root / "docs" / "results" / PAGE
    path.parent.mkdir(parents=True, exist_ok=True)
    _draw(results, path.with_name(FIGURE))
    lines = _page_lines(results, workers, classes.max_distinct_notebooks(assignment))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _page_lines(results: BenchmarkResults, workers: int, distinct_notebooks: int) -> Iterator[str]:
    long = next((one.submissions for one in results.timings if one.label == tools.LONG_CLASS), 0)
    yield f"""# Benchmark

Measured by `make bench` in one run, on one machine: {_machine()}.

![Submissions per minute, by our grader and by others]({FIGURE})

## The same submissions by three graders

The class holds the solution and, in turn, known wrong answers and right answers in other styles. Each
grader is run as its users run it, with the same dataset and its own home folder; none finds earlier
trainings, except in our warm runs.

- `course grade`: one command, {workers} workers, including everybody's pages; both flavors of the
  release mixed. Cold: the training cache is empty. Warm: it is what the cold run left.
- one notebook: the solution alone; by us with an empty cache.
- long class: the same submissions, repeated, {long:,} files, so that start and end of a run are a small
  part of it. What a check asked and concluded is remembered within a run, so a repeated submission
  costs little more than its own processes; the classes below are more varied. "After worker start-up"
  is the part of this run between its first result and its last.
- `otter run`: one command per submission, {workers} at the same time; otter's flavor.
- `nbgrader autograde`: one command for all, which grades one after the other; nbgrader's flavor.

Memory is the sum over all processes of the grader, with each shared page counted once, sampled every
second. The mean of the points shows that all graders did the same work ([differences in
marks](compare.md)).
"""
    yield from _timing_rows(results)
    yield f"""
## Cost per class

Workers grade a first class, which holds every known answer, and then classes of several sizes that
repeat these answers in {distinct_notebooks} different notebooks. All trainings are remembered from an
earlier run; what checks asked and concluded is remembered within a run. So the first class shows the
cost of mostly new answers, and the later ones the cost of a submission whose answers others gave
before. The smaller classes are graded completely before each of {INTERLEAVED_PARTS} parts of the
largest, each time by one worker and then by all, so that all sizes and worker counts see the same
fluctuations of the machine.
"""
    yield from _class_rows(results.costs)
    yield f"""
Start: time until all workers are ready. A submission: peak memory that its processes share with no
other process, the median over the first {EARLY_SUBMISSIONS} notebooks, which are graded once more for
this and sampled {1 / watch.SUBMISSION_INTERVAL_S:.0f} times a second; nothing is sampled while a class
above is timed. Memory: supervisor, zygotes and graders at rest, after {EARLY_SUBMISSIONS} submissions
and after the last that these workers graded. Peak: with trainers and running submissions, while these
{EARLY_SUBMISSIONS} are graded once more. Left behind: processes, files and shared memory that did not
exist before.
"""
    yield from _cost_rows(results.costs)
    if found := list(findings(results)):
        yield "\n## In words\n"
        yield from (f"- {sentence}" for sentence in found)


def _timing_rows(results: BenchmarkResults) -> Iterator[str]:
    yield (
        "| grader | submissions | seconds | a minute | seconds each | peak memory | mean points "
        "| times otter run | times nbgrader |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for one in results.timings:
        rates = [_ratio(one.per_minute, results.per_minute(peer)) for peer in (tools.OTTER, tools.NBGRADER)]
        yield (
            f"| {one.label} | {one.submissions:,} | {one.seconds:.1f} | {one.per_minute:.3g} "
            f"| {60 / one.per_minute:.3g} | {_mebibytes(one.peak_bytes)} | {one.points:.2f} "
            f"| {rates[0]} | {rates[1]} |"
        )


def _class_rows(costs: Sequence[Cost]) -> Iterator[str]:
    yield "| class | submissions | workers | a minute | seconds each | views, s | ungraded |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    rows = [("first", cost.first_class) for cost in costs] + [
        ("later", one) for cost in costs for one in cost.classes
    ]
    for name, one in rows:
        yield (
            f"| {name} | {one.submissions:,} | {one.workers} | {one.per_minute:.1f} "
            f"| {60 / one.per_minute:.2f} | {one.views_s:.1f} | {one.ungraded} |"
        )


def _cost_rows(costs: Sequence[Cost]) -> Iterator[str]:
    yield (
        f"| workers | start, s | a submission | memory after {EARLY_SUBMISSIONS} | after the last "
        "| submissions | peak | left behind |\n|---:|---:|---:|---:|---:|---:|---:|---|"
    )
    for one in costs:
        yield (
            f"| {one.workers} | {one.ready_s:.1f} | {_mebibytes(one.submission_bytes)} "
            f"| {_mebibytes(one.early_bytes)} | {_mebibytes(one.late_bytes)} | {one.graded_count:,} "
            f"| {_mebibytes(one.peak_bytes)} | {'; '.join(one.leftover_items) or 'nothing'} |"
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
    rows = sorted(timings, key=lambda one: one.per_minute)
    theirs = {tools.OTTER, tools.OTTER_ONE_NOTEBOOK, tools.NBGRADER}
    colours = [_OTHER_COLOR if one.label in theirs else _OUR_COLOR for one in rows]
    labels = [f"{one.label}\n{one.submissions:,} submission{'s'[: one.submissions > 1]}" for one in rows]
    bars = panel.barh(labels, [one.per_minute for one in rows], color=colours)
    panel.bar_label(bars, [f"{one.per_minute:.3g}" for one in rows], padding=4)
    panel.set_xscale("log")
    panel.margins(x=0.15)
    panel.xaxis.set_major_formatter("{x:g}")
    panel.set_xlabel("submissions a minute (log scale)")
    panel.set_title("The same submissions by three graders", loc="left")


def _draw_sizes(panel: Axes, costs: Sequence[Cost]) -> None:
    later = [one for cost in costs for one in cost.classes]
    for number, cost in enumerate(costs):
        drawn = [one for one in later if one.workers == cost.workers]
        colour, mark = _LINE_COLORS[number % len(_LINE_COLORS)], _MARKERS[number % len(_MARKERS)]
        label = f"workers: {cost.workers}"
        panel.plot(*_coordinates(drawn), marker=mark, color=colour, label=label)
        panel.plot(
            *_coordinates([cost.first_class]), marker=mark, color=colour, fillstyle="none", linestyle="none"
        )
        for place in zip(*_coordinates([cost.first_class, *drawn]), strict=True):
            panel.annotate(f"{place[1]:.0f}", place, (0, 6), textcoords="offset points", ha="center")
    panel.plot([], [], marker="o", color="grey", fillstyle="none", linestyle="none", label="first class")
    sizes = sorted({one.submissions for one in (*later, *(cost.first_class for cost in costs))})
    panel.set_xscale("log")
    panel.margins(x=0.12)
    panel.set_ylim(0, 1.25 * max((one.per_minute for one in later), default=1.0))
    panel.set_xticks(sizes, [f"{size:,}" for size in sizes])
    panel.minorticks_off()
    panel.set_xlabel("submissions in the class (log scale)")
    panel.set_ylabel("submissions a minute")
    panel.set_title("Our rate by class size", loc="left")
    if costs:
        panel.legend(frameon=False, loc="lower right")


def _coordinates(measurements: Sequence[ClassCost]) -> tuple[list[int], list[float]]:
    return [one.submissions for one in measurements], [one.per_minute for one in measurements]
