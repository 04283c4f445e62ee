"""What classes of several sizes cost us, with one worker and with more, in a process of its own each."""

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from autograder.bench import classes, remains, watch
from autograder.course import load_course
from autograder.grade import run
from autograder.grade.engine import started
from autograder.grade.recipe import Recipe
from autograder.grade.results import Result
from autograder.grade.submissions import find
from autograder.recipes import recipe_of
from autograder.report import marks
from autograder.report.runs import Run
from autograder.report.views import write_views

ROUNDS = 15
"""How often the machine itself is timed."""

EARLY = 100
"""After so many submissions the memory is measured for the first time."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A class that was graded by workers that stood before."""

    results: tuple[Result, ...]
    ready_s: float
    """From nothing until all workers stood."""

    spent_s: float
    """From the first submission to the last, views aside."""

    early_bytes: int
    """Supervisor, zygotes and graders, after the first submissions, at rest."""

    end_bytes: int
    """The same after the last."""

    grown_bytes: int
    """What came to it between the two, pages of files aside."""

    peak_bytes: int
    """The same with trainers and submissions that run, at most."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a class of one size cost."""

    submissions: int
    workers: int
    ready_s: float
    spent_s: float
    views_s: float
    """The pages and tables of the whole class."""

    ungraded: int
    early_bytes: int
    end_bytes: int
    grown_bytes: int
    peak_bytes: int
    left: tuple[str, ...]
    """Processes, files and shared memory that were there afterwards and not before."""

    machine_times: float
    """How many times as fast as one process so many that share nothing compute on this machine."""

    @property
    def per_minute(self) -> float:
        """Return submissions a minute, by workers that stand."""
        return 60 * self.submissions / self.spent_s


def cost(root: Path, name: str, submissions: int, workers: int) -> Cost:
    """Grade a mixed class in a fresh process, which is the supervisor, and return what it cost.

    Raises:
        StaffError: the assignment has not been built, or this machine cannot grade.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_cost, root, name, submissions, workers).result()


def graded(
    recipe: Recipe, notebooks: Sequence[bytes], out: Path, *, workers: int, early: int = EARLY
) -> Graded:
    """Grade a class as ``course grade`` does, the views aside.

    Args:
        out: a new folder for the run; the notebooks are handed in beside it.
        early: submissions before the first measurement.

    Raises:
        StaffError: this machine cannot grade.
    """
    folder = out.with_name(f"{out.name}-submitted")
    folder.mkdir()
    for number, data in enumerate(notebooks):
        (folder / f"student{number:05}.ipynb").write_bytes(data)
    found = find([folder], recipe.assignment)
    begin = time.monotonic()
    with started(recipe, workers=workers) as engine, watch.highest(watch.used_bytes) as peak:
        ready_s, spent_s = time.monotonic() - begin, 0.0
        used, own = [], []
        for part in (found[:early], found):
            begin = time.monotonic()
            results = run.grade(recipe, part, out, lambda _: nullcontext(engine), run.Told())
            spent_s += time.monotonic() - begin
            used.append(watch.lasting_bytes())
            own.append(watch.own_bytes())
    return Graded(results, ready_s, spent_s, used[0], used[1], own[1] - own[0], max(*used, peak.size_bytes))


def _cost(root: Path, name: str, submissions: int, workers: int) -> Cost:
    recipe = recipe_of(load_course(root).assignment(name))
    notebooks = classes.mixed(recipe.assignment, recipe.source, submissions)
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        tempfile.tempdir = work  # so that nobody else's files are there
        before, out = remains.present(os.getpid()), Path(work) / "graded"
        found = graded(recipe, notebooks, out, workers=workers)
        begin = time.monotonic()
        everybody = marks.of(found.results, (), recipe.assignment)
        write_views(Run(out, recipe.assignment, found.results, everybody), recipe.source)
        views_s = time.monotonic() - begin
        left = remains.left_since(before, os.getpid())
        return Cost(
            submissions,
            workers,
            found.ready_s,
            found.spent_s,
            views_s,
            sum(bool(result.ungraded) for result in found.results),
            found.early_bytes,
            found.end_bytes,
            found.grown_bytes,
            found.peak_bytes,
            left,
            machine_times(workers),
        )


def machine_times(workers: int) -> float:
    """Return how many times as fast as one process so many that share nothing compute here, by medians."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        list(pool.map(_counted, range(workers)))
        alone, together = [], []
        for _ in range(ROUNDS):
            alone.append(pool.submit(_counted).result())
            together.append(max(pool.map(_counted, range(workers))))
    return workers * statistics.median(alone) / statistics.median(together)


def _counted(_: int = 0) -> float:
    """Return the seconds that a loop of plain Python takes."""
    begin, total = time.perf_counter(), 0
    for number in range(5_000_000):
        total += number * number
    return time.perf_counter() - begin
