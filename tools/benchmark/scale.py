"""Measures our cost for classes of several sizes, with one worker and with several."""

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import chain, product
from multiprocessing import get_context
from pathlib import Path

from autograder.build.compile import prepare
from autograder.course import Course, load_course
from autograder.engine import run
from autograder.engine.plan import GradingPlan, grading_plan
from autograder.engine.results import Result
from autograder.engine.run import Engine, start_engine
from autograder.report import load_run
from autograder.report.pages import write_reports
from autograder.sandbox import reader
from autograder.submission.discover import find_submissions
from tools.benchmark import classes, remains, watch

ROUNDS = 15
"""How often the machine's own speed is timed."""

INTERLEAVED_PARTS = 4
"""Parts in which the largest class is graded; the others are graded completely before each part.

All sizes and worker counts thereby see the same fluctuations of the machine.
"""

EARLY_SUBMISSIONS = 100
"""Number of submissions after which memory is measured for the first time."""


@dataclass(frozen=True, slots=True)
class ClassRun:
    """A class graded by workers that were ready before."""

    out: Path
    new_count: int
    """Submissions that the folder did not hold before."""

    elapsed_s: float
    """From the first of these to the last, without writing reports."""

    used_bytes: int
    """Memory of supervisor, zygotes and graders afterwards, at rest."""

    anonymous_bytes: int
    """The part of it that is not backed by files."""


@dataclass(frozen=True, slots=True)
class ClassCost:
    """Cost of a class for workers that were ready."""

    workers: int
    """Number of workers that graded it."""

    submissions: int
    per_minute: float
    views_s: float
    """Seconds for the pages and tables of the whole class."""

    ungraded: int


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of the same workers, from start to end."""

    workers: int
    ready_s: float
    """Seconds until all were ready."""

    first_class: ClassCost
    """The first class that they grade: every known answer."""

    classes: tuple[ClassCost, ...]
    """The classes after that, graded in turn by one worker and by all."""

    graded_count: int
    """Submissions graded in all."""

    submission_bytes: int
    """The most that a submission's processes share with no others: median of the first submissions."""

    early_bytes: int
    """Memory of supervisor, zygotes and graders at rest, after the first submissions."""

    late_bytes: int
    """The same after the last."""

    growth_bytes: int
    """Growth in between, without file-backed pages."""

    peak_bytes: int
    """Peak including trainers and running submissions, while the first ones were graded again."""

    leftover_items: tuple[str, ...]
    """Processes, files and shared memory that existed afterwards and not before."""

    machine_speedup: float
    """Speed of as many independent processes as workers, relative to one, on this machine."""

    def rate(self, submissions: int, workers: int) -> float:
        """Return submissions a minute in a class of this size; 0 if there was none."""
        for row in self.classes:
            if (row.submissions, row.workers) == (submissions, workers):
                return row.per_minute
        return 0.0


def cost(root: Path, name: str, sizes: Sequence[int], workers: int) -> Cost:
    """Grade mixed classes with the same workers, supervised by a fresh process.

    Raises:
        StaffError: the assignment has not been built, or this machine cannot grade.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_cost, root, name, sizes, workers).result()


def grade_notebooks(plan: GradingPlan, notebooks: Sequence[bytes], out: Path, engine: Engine) -> ClassRun:
    """Grade a class as ``course grade`` does, without writing reports.

    Args:
        out: folder of the run, which resumes if it exists; the notebooks are written next to it.

    Raises:
        StaffError: this machine cannot grade.
    """
    folder = out.with_name(f"{out.name}-submitted")
    folder.mkdir(exist_ok=True)
    for number, data in enumerate(notebooks):
        (folder / f"student{number:05}.ipynb").write_bytes(data)
    submissions, counter = find_submissions([folder], plan.assignment), _GradedCounter()
    begin = time.monotonic()
    results = run.grade(plan, submissions, out, lambda _: nullcontext(engine), counter)
    spent_s = time.monotonic() - begin
    done = ClassRun(out, counter.count, spent_s, watch.long_lived_bytes(), watch.anonymous_bytes())
    del results  # only now: a run holds its results until it ends, so they belong to its memory
    return done


def grade_interleaved(
    plan: GradingPlan, notebooks: Sequence[bytes], sizes: Sequence[int], work_dir: Path, engine: Engine
) -> dict[tuple[int, int], list[ClassRun]]:
    """Grade classes by one worker and by all; return each class's parts by size and worker count.

    Args:
        sizes: ascending; a class is the first so many notebooks.
        work_dir: folder for the runs.

    Raises:
        StaffError: this machine cannot grade.
    """
    counts = sorted({1, len(engine.workers)})
    parts: dict[tuple[int, int], list[ClassRun]] = {key: [] for key in product(sizes, counts)}
    for turn, (size, at_once) in product(range(INTERLEAVED_PARTS), parts):
        full = size < sizes[-1]
        upto = size if full else -(-size * (turn + 1) // INTERLEAVED_PARTS)
        out = work_dir / (f"{size}-{at_once}-{turn}" if full else f"{size}-{at_once}")
        few = replace(engine, workers=engine.workers[:at_once])
        parts[size, at_once].append(grade_notebooks(plan, notebooks[:upto], out, few))
    return parts


class _GradedCounter(run.RunListener):
    """Counts the submissions graded."""

    def __init__(self) -> None:
        self.count = 0

    def on_graded(self, _: Result) -> None:
        self.count += 1


def _cost(root: Path, name: str, sizes: Sequence[int], workers: int) -> Cost:
    course = load_course(root)
    assignment = course.assignment(name)
    prepared = prepare(assignment)
    plan = grading_plan(assignment, prepared.source, prepared.files)
    full = classes.round_size(plan.assignment)
    notebooks = classes.mixed_class(plan.assignment, plan.source, max((full, *sizes)))
    with tempfile.TemporaryDirectory(prefix="bench-") as name_of_work:
        tempfile.tempdir, work = (
            name_of_work,
            Path(name_of_work),
        )  # so that no other program's files are in it
        reader.start_early()  # it stays until this process ends
        before = remains.snapshot(os.getpid())
        begin = time.monotonic()
        with start_engine(plan, workers=workers) as engine:
            ready_s = time.monotonic() - begin
            first = [
                grade_notebooks(plan, notebooks[:upto], work / "first", engine)
                for upto in (EARLY_SUBMISSIONS, full)
            ]
            with watch.track_submissions(engine) as seen, watch.track_max(watch.used_bytes) as peak:
                watched = grade_notebooks(plan, notebooks[:EARLY_SUBMISSIONS], work / "watched", engine)
            later = grade_interleaved(plan, notebooks, sorted(sizes), work, engine)
        every = [*first, watched, *chain.from_iterable(later.values())]
        early, late = every[0], every[-1]
        return Cost(
            workers,
            ready_s,
            _class_cost(course, plan, workers, first),
            tuple(_class_cost(course, plan, at_once, parts) for (_, at_once), parts in later.items()),
            sum(part.new_count for part in every),
            int(statistics.median(seen.values() or (0,))),
            early.used_bytes,
            late.used_bytes,
            late.anonymous_bytes - early.anonymous_bytes,
            peak.size_bytes,
            remains.new_since(before, os.getpid()),
            machine_speedup(workers),
        )


def _class_cost(course: Course, plan: GradingPlan, workers: int, parts: Sequence[ClassRun]) -> ClassCost:
    begin = time.monotonic()
    full = load_run.load(parts[-1].out, course)
    write_reports(full, plan.source)
    views_s = time.monotonic() - begin
    per_minute = 60 * sum(part.new_count for part in parts) / sum(part.elapsed_s for part in parts)
    ungraded = sum(bool(result.ungraded_checks) for result in full.results)
    return ClassCost(workers, len(full.results), per_minute, views_s, ungraded)


def machine_speedup(workers: int) -> float:
    """Return the speed of independent processes relative to one, by medians."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        list(pool.map(_time_loop, range(workers)))
        alone, together = [], []
        for _ in range(ROUNDS):
            alone.append(pool.submit(_time_loop).result())
            together.append(max(pool.map(_time_loop, range(workers))))
    return workers * statistics.median(alone) / statistics.median(together)


def _time_loop(_: int = 0) -> float:
    """Return the seconds that a loop of plain Python takes."""
    begin, total = time.perf_counter(), 0
    for number in range(5_000_000):
        total += number * number
    return time.perf_counter() - begin
