"""``make bench``: three graders on the same submissions, and the cost of classes of several sizes.

classes   the mixed class
watch     samples memory and journals while work goes on
remains   what a run leaves behind
tools     the three graders, timed as commands
scale     our cost by class size and number of workers
page      ``docs/results/benchmark.md`` and its figure
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from autograder.build.compile import prepare
from autograder.course import Assignment
from tools.benchmark import classes, page, scale, tools
from tools.benchmark.page import BenchmarkResults

MIN_LONG_CLASS = 240
"""Submissions of the long class, so that the start and end of a run are a small part of it."""


def bench(
    assignment: Assignment, console: Console, *, submissions: int, sizes: Sequence[int], workers: int
) -> Path:
    """Time all graders, print each measurement at once and write the page; return its path.

    Args:
        submissions: how many each grader gets.
        sizes: class sizes for our grader alone.
        workers: parallel submissions for each grader; our classes are graded by one worker too.

    Raises:
        StaffError: the assignment has not been built, or a grader fails; the measurements until
            then are written.
    """
    measured = BenchmarkResults()
    try:
        for row in _rows(assignment, console, submissions=submissions, sizes=sizes, workers=workers):
            measured = measured.with_row(row)
            console.print(page.format_line(row), markup=False, soft_wrap=True)
    finally:
        if measured != BenchmarkResults():
            path = page.write(assignment, measured, workers=workers)
    for sentence in page.findings(measured):
        console.print(sentence, markup=False, soft_wrap=True)
    return path


def _rows(
    assignment: Assignment, console: Console, *, submissions: int, sizes: Sequence[int], workers: int
) -> Iterator[tools.Timing | scale.Cost]:
    source = prepare(assignment).source
    both, for_otter, for_nbgrader = (
        classes.mixed_class(assignment, source, submissions, flavors)
        for flavors in (classes.FLAVORS, ("otter",), ("nbgrader",))
    )
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        work, times = Path(name), -(-MIN_LONG_CLASS // submissions)
        console.print(f"course grade: {submissions} submissions, {workers} at once ...")
        yield from tools.time_course_grade(assignment, both, work, repeats=times, workers=workers)
        yield from _costs(assignment, console, sizes, workers)
        console.print(f"otter run: {submissions} submissions, {workers} at once ...")
        yield from tools.time_otter(assignment, for_otter, work, workers=workers)
        console.print(f"nbgrader autograde: {submissions} submissions ...")
        yield tools.time_nbgrader(assignment, for_nbgrader, work)


def _costs(
    assignment: Assignment, console: Console, sizes: Sequence[int], workers: int
) -> Iterator[scale.Cost]:
    if not sizes:
        return
    console.print("training what the classes need, once ...")
    scale.cost(assignment.root, assignment.name, (), workers)
    counts = sorted({1, workers})
    for at_once in counts:
        console.print(f"course grade: every known answer, {at_once} at once ...")
        if at_once == workers:
            named = ", ".join(map(str, sizes))
            console.print(
                f"and then classes of {named}, {' and '.join(map(str, counts))} at once in turn ..."
            )
        yield scale.cost(assignment.root, assignment.name, sizes if at_once == workers else (), at_once)
