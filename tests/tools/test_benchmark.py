"""What the page of the benchmark says follows from what was measured."""

from dataclasses import replace
from pathlib import Path

from autograder.files import MEBIBYTE
from tests.support.lab_grading import ASSIGNMENT
from tools.benchmark import page, tools
from tools.benchmark.page import BenchmarkResults
from tools.benchmark.scale import EARLY_SUBMISSIONS, ClassCost, Cost
from tools.benchmark.tools import Timing


def graded(workers: int, submissions: int, per_minute: float) -> ClassCost:
    return ClassCost(workers, submissions, per_minute, 1.0, 0)


ONE = Cost(
    workers=1,
    ready_s=4.0,
    first_class=graded(1, 190, 70.0),
    classes=(),
    graded_count=290,
    submission_bytes=90 * MEBIBYTE,
    early_bytes=1_000 * MEBIBYTE,
    late_bytes=1_010 * MEBIBYTE,
    growth_bytes=5 * MEBIBYTE,
    peak_bytes=1_100 * MEBIBYTE,
    leftover_items=(),
    machine_speedup=1.0,
)
TWO = replace(
    ONE,
    workers=2,
    first_class=graded(2, 190, 130.0),
    classes=(
        graded(1, EARLY_SUBMISSIONS, 100.0),
        graded(2, EARLY_SUBMISSIONS, 170.0),
        graded(1, 1_000, 95.0),
        graded(2, 1_000, 190.0),
    ),
    graded_count=3_090,
    late_bytes=1_030 * MEBIBYTE,
    growth_bytes=25 * MEBIBYTE,
    machine_speedup=1.9,
)
TIMINGS = tuple(
    Timing(what, submissions, 60.0, MEBIBYTE, 98.0)
    for what, submissions in (
        (tools.ONE_NOTEBOOK, 2),
        (tools.LONG_CLASS, 120),
        (tools.OTTER_ONE_NOTEBOOK, 1),
        (tools.OTTER, 2),
        (tools.NBGRADER, 1),
    )
)


def test_what_was_found_is_worked_out_from_the_measurements() -> None:
    assert list(page.findings(BenchmarkResults(TIMINGS, (ONE, TWO)))) == [
        "course grade, warm, long class: 60 times as fast as otter run.",
        "course grade, warm, long class: 120 times as fast as nbgrader autograde.",
        "course grade, cold, one notebook: 2 times as fast as otter run, one notebook.",
        "Workers 1: memory +10 MiB from submission 100 to 290, +5 MiB without file-backed pages; a "
        "submission's own memory is 90 MiB (median).",
        "100 submissions: 2 workers are 1.70 times as fast as one; 2 processes of plain Python that share "
        "nothing were 1.90 times as fast as one on this machine.",
        "1,000 submissions, workers 1: 95.0% of the rate at 100.",
        "1,000 submissions, workers 2: 111.8% of the rate at 100.",
        "1,000 submissions: 2 workers are 2.00 times as fast as one; 2 processes of plain Python that share "
        "nothing were 1.90 times as fast as one on this machine.",
        "Workers 2: memory +30 MiB from submission 100 to 3,090, +25 MiB without file-backed pages; a "
        "submission's own memory is 90 MiB (median).",
    ]


def test_page_and_figure_hold_every_row_and_a_run_cut_short_has_a_page_too(tmp_path: Path) -> None:
    course = replace(ASSIGNMENT, root=tmp_path)
    for measured in (BenchmarkResults(TIMINGS, (ONE, TWO)), BenchmarkResults(TIMINGS[:1])):
        written = page.write(course, measured, workers=2).read_text(encoding="utf-8")
        assert all(f"| {timing.label} | {timing.submissions} |" in written for timing in measured.timings)
        every = [item for cost in measured.costs for item in (cost.first_class, *cost.classes)]
        rows = [f"| {item.submissions:,} | {item.workers} | {item.per_minute:.1f} |" for item in every]
        assert [row for row in rows if row not in written] == []
        assert (tmp_path / "docs" / "results" / page.FIGURE).stat().st_size > 10_000
