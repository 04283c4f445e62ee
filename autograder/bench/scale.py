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

from autograder.bench import classes, remains, watch
from autograder.course import Course, load_course
from autograder.grade import run
from autograder.grade.engine import Engine, started
from autograder.grade.recipe import Recipe
from autograder.grade.results import Result
from autograder.grade.submissions import find
from autograder.recipes import recipe_of
from autograder.report import runs
from autograder.report.views import write_views

ROUNDS = 15
"""How often the machine itself is timed."""

TURNS = 4
"""In how many parts the largest class is graded; the others are graded whole before each part.

A machine is faster now and slower then, and so all sizes, by one worker and by all, see the same of it.
"""

EARLY = 100
"""After so many submissions the memory is measured for the first time."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A class that was graded by workers that stood before."""

    out: Path
    new: int
    """How many submissions the folder did not hold before."""

    spent_s: float
    """From the first of these to the last, views aside."""

    used_bytes: int
    """Supervisor, zygotes and graders afterwards, at rest."""

    own_bytes: int
    """What of that stands in no file."""


@dataclass(frozen=True, slots=True)
class Class:
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

    first: Class
    """Every known answer, which is the first that they grade."""

    classes: tuple[Class, ...]
    """What one of them and all of them grade after that, in turn."""

    graded: int
    """Submissions, from the first to the last."""

    submission_bytes: int
    """What the processes of a submission share with no other at most: the median of the first ones."""

    early_bytes: int
    """Supervisor, zygotes and graders at rest, after the first submissions."""

    late_bytes: int
    """The same after the last."""

    grown_bytes: int
    """What came to it in between, pages of files aside."""

    peak_bytes: int
    """The same with trainers and submissions that run, at most, while the first ones were graded again."""

    left: tuple[str, ...]
    """Processes, files and shared memory that were there afterwards and not before."""

    machine_times: float
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


def graded(recipe: Recipe, notebooks: Sequence[bytes], out: Path, engine: Engine) -> Graded:
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
    found, counted = find([folder], recipe.assignment), _Counted()
    begin = time.monotonic()
    held = run.grade(recipe, found, out, lambda _: nullcontext(engine), counted)
    spent_s = time.monotonic() - begin
    done = Graded(out, counted.new, spent_s, watch.lasting_bytes(), watch.own_bytes())
    del held  # not before: a run holds its results until it ends
    return done


def by_turns(
    recipe: Recipe, notebooks: Sequence[bytes], sizes: Sequence[int], work: Path, engine: Engine
) -> dict[tuple[int, int], list[Graded]]:
    """Grade classes, by one worker and by all; return the parts of each by its size and their number.

    Args:
        sizes: ascending; so many of the notebooks, from the first.
        work: folder for the runs.

    Raises:
        StaffError: this machine cannot grade.
    """
    counts = sorted({1, len(engine.workshops)})
    parts: dict[tuple[int, int], list[Graded]] = {key: [] for key in product(sizes, counts)}
    for turn, (size, at_once) in product(range(TURNS), parts):
        whole = size < sizes[-1]
        upto = size if whole else -(-size * (turn + 1) // TURNS)
        out = work / (f"{size}-{at_once}-{turn}" if whole else f"{size}-{at_once}")
        few = replace(engine, workshops=engine.workshops[:at_once])
        parts[size, at_once].append(graded(recipe, notebooks[:upto], out, few))
    return parts


class _Counted(run.Told):
    """Counts what is graded."""

    def __init__(self) -> None:
        self.new = 0

    def graded(self, _: Result) -> None:
        self.new += 1


def _cost(root: Path, name: str, sizes: Sequence[int], workers: int) -> Cost:
    course = load_course(root)
    recipe = recipe_of(course.assignment(name))
    whole = classes.whole(recipe.assignment)
    notebooks = classes.mixed(recipe.assignment, recipe.source, max((whole, *sizes)))
    with tempfile.TemporaryDirectory(prefix="bench-") as name_of_work:
        tempfile.tempdir, work = name_of_work, Path(name_of_work)  # so that nobody else's files are there
        before = remains.present(os.getpid())
        begin = time.monotonic()
        with started(recipe, workers=workers) as engine:
            ready_s = time.monotonic() - begin
            first = [graded(recipe, notebooks[:upto], work / "first", engine) for upto in (EARLY, whole)]
            with watch.submissions(engine) as seen, watch.highest(watch.used_bytes) as peak:
                watched = graded(recipe, notebooks[:EARLY], work / "watched", engine)
            later = by_turns(recipe, notebooks, sorted(sizes), work, engine)
        every = [*first, watched, *chain.from_iterable(later.values())]
        early, late = every[0], every[-1]
        return Cost(
            workers,
            ready_s,
            _class(course, recipe, workers, first),
            tuple(_class(course, recipe, at_once, parts) for (_, at_once), parts in later.items()),
            sum(one.new for one in every),
            int(statistics.median(seen.values() or (0,))),
            early.used_bytes,
            late.used_bytes,
            late.own_bytes - early.own_bytes,
            peak.size_bytes,
            remains.left_since(before, os.getpid()),
            machine_times(workers),
        )


def _class(course: Course, recipe: Recipe, workers: int, parts: Sequence[Graded]) -> Class:
    begin = time.monotonic()
    whole = runs.load(parts[-1].out, course)
    write_views(whole, recipe.source)
    views_s = time.monotonic() - begin
    per_minute = 60 * sum(one.new for one in parts) / sum(one.spent_s for one in parts)
    ungraded = sum(bool(result.ungraded) for result in whole.results)
    return Class(workers, len(whole.results), per_minute, views_s, ungraded)


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
