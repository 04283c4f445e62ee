"""What classes of several sizes cost us, with one worker and with more; a fresh process supervises."""

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
from autograder.report.write import write_reports
from autograder.submission.discover import find_submissions
from tools.benchmark import classes, remains, watch

ROUNDS = 15
"""How often the machine itself is timed."""

INTERLEAVED_PARTS = 4
"""In how many parts the largest class is graded; the others are graded whole before each part.

A machine is faster now and slower then, and so all sizes, by one worker and by all, see the same of it.
"""

EARLY_SUBMISSIONS = 100
"""After so many submissions the memory is measured for the first time."""


@dataclass(frozen=True, slots=True)
class ClassRun:
    """A class that was graded by workers that stood before."""

    out: Path
    new_count: int
    """How many submissions the folder did not hold before."""

    elapsed_s: float
    """From the first of these to the last, views aside."""

    used_bytes: int
    """Supervisor, zygotes and graders afterwards, at rest."""

    anonymous_bytes: int
    """What of that stands in no file."""


@dataclass(frozen=True, slots=True)
class ClassCost:
    """What a class cost workers that stood."""

    workers: int
    """How many of them graded it."""

    submissions: int
    per_minute: float
    views_s: float
    """The pages and tables of the whole class."""

    ungraded: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What the same workers cost, from their start to their end."""

    workers: int
    ready_s: float
    """From nothing until all stood."""

    first_class: ClassCost
    """Every known answer, which is the first that they grade."""

    classes: tuple[ClassCost, ...]
    """What one of them and all of them grade after that, in turn."""

    graded_count: int
    """Submissions, from the first to the last."""

    submission_bytes: int
    """What the processes of a submission share with no other at most: the median of the first ones."""

    early_bytes: int
    """Supervisor, zygotes and graders at rest, after the first submissions."""

    late_bytes: int
    """The same after the last."""

    growth_bytes: int
    """What came to it in between, pages of files aside."""

    peak_bytes: int
    """The same with trainers and submissions that run, at most, while the first ones were graded again."""

    leftover_items: tuple[str, ...]
    """Processes, files and shared memory that were there afterwards and not before."""

    machine_speedup: float
    """How many times as fast as one process so many that share nothing compute on this machine."""

    def rate(self, submissions: int, workers: int) -> float:
        """Return submissions a minute in a class of this size; nothing if there was none."""
        found = (one for one in self.classes if (one.submissions, one.workers) == (submissions, workers))
        return next((one.per_minute for one in found), 0.0)


def cost(root: Path, name: str, sizes: Sequence[int], workers: int) -> Cost:
    """Grade mixed classes with the same workers; a fresh process is the supervisor.

    Raises:
        StaffError: the assignment has not been built, or this machine cannot grade.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_cost, root, name, sizes, workers).result()


def grade_notebooks(plan: GradingPlan, notebooks: Sequence[bytes], out: Path, engine: Engine) -> ClassRun:
    """Grade a class as ``course grade`` does, the views aside.

    Args:
        out: folder of the run, which goes on if it is there; the notebooks are handed in beside it.

    Raises:
        StaffError: this machine cannot grade.
    """
    folder = out.with_name(f"{out.name}-submitted")
    folder.mkdir(exist_ok=True)
    for number, data in enumerate(notebooks):
        (folder / f"student{number:05}.ipynb").write_bytes(data)
    found, counted = find_submissions([folder], plan.assignment), _GradedCounter()
    begin = time.monotonic()
    held = run.grade(plan, found, out, lambda _: nullcontext(engine), counted)
    spent_s = time.monotonic() - begin
    done = ClassRun(out, counted.count, spent_s, watch.long_lived_bytes(), watch.anonymous_bytes())
    del held  # not before: a run holds its results until it ends
    return done


def grade_interleaved(
    plan: GradingPlan, notebooks: Sequence[bytes], sizes: Sequence[int], work_dir: Path, engine: Engine
) -> dict[tuple[int, int], list[ClassRun]]:
    """Grade classes, by one worker and by all; return the parts of each by its size and their number.

    Args:
        sizes: ascending; so many of the notebooks, from the first.
        work: folder for the runs.

    Raises:
        StaffError: this machine cannot grade.
    """
    counts = sorted({1, len(engine.workers)})
    parts: dict[tuple[int, int], list[ClassRun]] = {key: [] for key in product(sizes, counts)}
    for turn, (size, at_once) in product(range(INTERLEAVED_PARTS), parts):
        whole = size < sizes[-1]
        upto = size if whole else -(-size * (turn + 1) // INTERLEAVED_PARTS)
        out = work_dir / (f"{size}-{at_once}-{turn}" if whole else f"{size}-{at_once}")
        few = replace(engine, workers=engine.workers[:at_once])
        parts[size, at_once].append(grade_notebooks(plan, notebooks[:upto], out, few))
    return parts


class _GradedCounter(run.RunListener):
    """Counts what is graded."""

    def __init__(self) -> None:
        self.count = 0

    def on_graded(self, _: Result) -> None:
        self.count += 1


def _cost(root: Path, name: str, sizes: Sequence[int], workers: int) -> Cost:
    course = load_course(root)
    assignment = course.assignment(name)
    prepared = prepare(assignment)
    recipe = grading_plan(assignment, prepared.source, prepared.files)
    whole = classes.round_size(recipe.assignment)
    notebooks = classes.mixed_class(recipe.assignment, recipe.source, max((whole, *sizes)))
    with tempfile.TemporaryDirectory(prefix="bench-") as name_of_work:
        tempfile.tempdir, work = name_of_work, Path(name_of_work)  # so that nobody else's files are there
        before = remains.snapshot(os.getpid())
        begin = time.monotonic()
        with start_engine(recipe, workers=workers) as engine:
            ready_s = time.monotonic() - begin
            first = [
                grade_notebooks(recipe, notebooks[:upto], work / "first", engine)
                for upto in (EARLY_SUBMISSIONS, whole)
            ]
            with watch.track_submissions(engine) as seen, watch.track_max(watch.used_bytes) as peak:
                watched = grade_notebooks(recipe, notebooks[:EARLY_SUBMISSIONS], work / "watched", engine)
            later = grade_interleaved(recipe, notebooks, sorted(sizes), work, engine)
        every = [*first, watched, *chain.from_iterable(later.values())]
        early, late = every[0], every[-1]
        return Cost(
            workers,
            ready_s,
            _class_cost(course, recipe, workers, first),
            tuple(_class_cost(course, recipe, at_once, parts) for (_, at_once), parts in later.items()),
            sum(one.new_count for one in every),
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
    whole = load_run.load(parts[-1].out, course)
    write_reports(whole, plan.source)
    views_s = time.monotonic() - begin
    per_minute = 60 * sum(one.new_count for one in parts) / sum(one.elapsed_s for one in parts)
    ungraded = sum(bool(result.ungraded_checks) for result in whole.results)
    return ClassCost(workers, len(whole.results), per_minute, views_s, ungraded)


def machine_speedup(workers: int) -> float:
    """Return how many times as fast as one process so many that share nothing compute here, by medians."""
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
