"""What the page of the benchmark says follows from what was measured."""

from dataclasses import replace
from pathlib import Path

from autograder.bench import page, tools
from autograder.bench.page import Measured
from autograder.bench.scale import EARLY, Class, Cost
from autograder.bench.tools import Timing
from autograder.grade.limits import MEBIBYTE
from tests.grade.known_answers import ASSIGNMENT


def graded(submissions: int, seconds: float, used: int) -> Class:
    return Class(submissions, seconds, 1.0, used * MEBIBYTE, 0)


ONE = Cost(
    workers=1,
    ready_s=4.0,
    first=graded(190, 114.0, 1_010),
    classes=(graded(EARLY, 50.0, 1_012), graded(1_000, 520.0, 1_030)),
    submission_bytes=90 * MEBIBYTE,
    early_bytes=1_000 * MEBIBYTE,
    grown_bytes=25 * MEBIBYTE,
    peak_bytes=1_100 * MEBIBYTE,
    left=(),
    machine_times=1.9,
)
TWO = replace(ONE, workers=2, classes=(graded(EARLY, 30.0, 1_700), graded(1_000, 260.0, 1_750)))
TIMINGS = tuple(
    Timing(what, submissions, 60.0, MEBIBYTE, 98.0)
    for what, submissions in (
        (tools.ALONE, 2),
        (tools.LONG, 120),
        (tools.OTTER_ALONE, 1),
        (tools.OTTER, 2),
        (tools.NBGRADER, 1),
    )
)


def test_what_was_found_is_worked_out_from_the_measurements() -> None:
    assert list(page.findings(Measured(TIMINGS, (ONE, TWO)))) == [
        "course grade, warm, long class: 60 times as fast as otter run.",
        "course grade, warm, long class: 120 times as fast as nbgrader autograde.",
        "course grade, cold, one notebook: 2 times as fast as otter run, one notebook.",
        "1,000 submissions, workers 1: 96.2% of the rate at 100.",
        "Workers 1: memory +30 MiB from submission 100 to the end, +25 MiB without pages of files; a "
        "submission's own memory is 90 MiB (median).",
        "100 submissions: 2 workers are 1.67 times as fast as one; 2 processes of plain Python that share "
        "nothing were 1.90 times as fast as one on this machine.",
        "1,000 submissions: 2 workers are 2.00 times as fast as one; 2 processes of plain Python that share "
        "nothing were 1.90 times as fast as one on this machine.",
        "1,000 submissions, workers 2: 115.4% of the rate at 100.",
        "Workers 2: memory +750 MiB from submission 100 to the end, +25 MiB without pages of files; a "
        "submission's own memory is 90 MiB (median).",
    ]


def test_page_and_figure_hold_every_row_and_a_run_cut_short_has_a_page_too(tmp_path: Path) -> None:
    course = replace(ASSIGNMENT, root=tmp_path)
    for measured in (Measured(TIMINGS, (ONE, TWO)), Measured(TIMINGS[:1])):
        written = page.write(course, measured, workers=2).read_text(encoding="utf-8")
        assert all(f"| {one.what} | {one.submissions} |" in written for one in measured.timings)
        rows = [f"| {one.submissions:,} | {cost.workers} |" for cost in measured.costs for one in cost.every]
        assert [row for row in rows if row not in written] == []
        assert (tmp_path / "docs" / page.FIGURE).stat().st_size > 10_000
