"""What classes of several sizes cost us, with one worker and with more, in a process of its own each."""

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from autograder.bench import classes, remains, watch
from autograder.course import load_course
from autograder.grade import run
from autograder.grade.engine import Engine, started
from autograder.grade.recipe import Recipe
from autograder.grade.results import Result
from autograder.grade.submissions import find
from autograder.recipes import recipe_of
from autograder.report import marks
from autograder.report.runs import Run
from autograder.report.views import write_views

ROUNDS = 15
"""How often the machine itself is timed."""

TURNS = 4
"""In how many parts the largest class is graded; the others are graded whole before each part.

A machine is faster now and slower then, and so all sizes see the same of it.
"""

EARLY = 100
"""After so many submissions the memory is measured for the first time."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A class that was graded by workers that stood before."""

    results: tuple[Result, ...]
    spent_s: float
    """From the first submission to the last that was not graded before, views aside."""

    used_bytes: int
    """Supervisor, zygotes and graders afterwards, at rest."""

    own_bytes: int
    """What of that stands in no file."""


@dataclass(frozen=True, slots=True)
class Class:
    """What one class cost workers that stood."""

    submissions: int
    spent_s: float
    views_s: float
    """The pages and tables of the whole class."""

    used_bytes: int
    ungraded: int

    @property
    def per_minute(self) -> float:
        """Return submissions a minute."""
        return 60 * self.submissions / self.spent_s


@dataclass(frozen=True, slots=True)
class Cost:
    """What the same workers cost, from their start to their end."""

    workers: int
    ready_s: float
    """From nothing until all stood."""

    first: Class
    """Every known answer, which is the first that they grade."""

    classes: tuple[Class, ...]
    """What they grade after that, in that order."""

    submission_bytes: int
    """What the processes of a submission share with no other at most: the median of the first ones."""

    early_bytes: int
    """As ``Class.used_bytes``, after the first submissions."""

    grown_bytes: int
    """What came to it until the last, pages of files aside."""

    peak_bytes: int
    """The same with trainers and submissions that run, at most."""

    left: tuple[str, ...]
    """Processes, files and shared memory that were there afterwards and not before."""

    machine_times: float
    """How many times as fast as one process so many that share nothing compute on this machine."""

    @property
    def every(self) -> tuple[Class, ...]:
        """Return all classes in the order in which they were graded."""
        return (self.first, *self.classes)

    def rate(self, submissions: int) -> float:
        """Return submissions a minute in a class of this size; nothing if there was none."""
        return next((one.per_minute for one in self.classes if one.submissions == submissions), 0.0)


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
    found = find([folder], recipe.assignment)
    begin = time.monotonic()
    results = run.grade(recipe, found, out, lambda _: nullcontext(engine), run.Told())
    spent_s = time.monotonic() - begin
    return Graded(results, spent_s, watch.lasting_bytes(), watch.own_bytes())


def _cost(root: Path, name: str, sizes: Sequence[int], workers: int) -> Cost:
    recipe = recipe_of(load_course(root).assignment(name))
    whole = classes.whole(recipe.assignment)
    notebooks = classes.mixed(recipe.assignment, recipe.source, max((whole, *sizes)))
    with tempfile.TemporaryDirectory(prefix="bench-") as name_of_work:
        tempfile.tempdir, work = name_of_work, Path(name_of_work)  # so that nobody else's files are there
        before = remains.present(os.getpid())
        begin = time.monotonic()
        with started(recipe, workers=workers) as engine, watch.highest(watch.used_bytes) as peak:
            ready_s = time.monotonic() - begin
            early = graded(recipe, notebooks[:EARLY], work / "first", engine)
            rest = graded(recipe, notebooks[:whole], work / "first", engine)
            with watch.submissions(engine) as seen:
                graded(recipe, notebooks[:EARLY], work / "watched", engine)
            first = replace(rest, spent_s=early.spent_s + rest.spent_s)
            later = _by_turns(recipe, notebooks, sorted(sizes), work, engine) if sizes else {}
        done = [_class(recipe, one, out) for out, one in {work / "first": first, **later}.items()]
        return Cost(
            workers,
            ready_s,
            done[0],
            tuple(done[1:]),
            int(statistics.median(seen.values() or (0,))),
            early.used_bytes,
            [first, *later.values()][-1].own_bytes - early.own_bytes,
            max(peak.size_bytes, early.used_bytes, *(one.used_bytes for one in done)),
            remains.left_since(before, os.getpid()),
            machine_times(workers),
        )


def _by_turns(
    recipe: Recipe, notebooks: Sequence[bytes], sizes: Sequence[int], work: Path, engine: Engine
) -> dict[Path, Graded]:
    """Return each class by the folder of its last run; a smaller one took the mean over all turns."""
    *smaller, largest = sizes
    spent_s: dict[int, list[float]] = {size: [] for size in sizes}
    last: dict[int, tuple[Path, Graded]] = {}
    for turn in range(TURNS):
        wholes = [(size, size, work / f"{size}-{turn}") for size in smaller]
        for size, upto, out in (*wholes, (largest, largest * (turn + 1) // TURNS, work / f"{largest}")):
            found = graded(recipe, notebooks[:upto], out, engine)
            spent_s[size].append(found.spent_s)
            last[size] = out, found
    took_s = {size: statistics.mean(spent_s[size]) for size in smaller} | {largest: sum(spent_s[largest])}
    return {out: replace(found, spent_s=took_s[size]) for size, (out, found) in last.items()}


def _class(recipe: Recipe, found: Graded, out: Path) -> Class:
    begin = time.monotonic()
    everybody = marks.of(found.results, (), recipe.assignment)
    write_views(Run(out, recipe.assignment, found.results, everybody), recipe.source)
    ungraded = sum(bool(result.ungraded) for result in found.results)
    return Class(len(found.results), found.spent_s, time.monotonic() - begin, found.used_bytes, ungraded)


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
