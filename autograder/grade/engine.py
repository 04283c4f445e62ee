"""The workers of a run: submissions go in, each comes out as a result, whatever happens to it."""

import queue
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from autograder.course import Isolation
from autograder.errors import StaffError
from autograder.grade.dialogues import Dialogues
from autograder.grade.folders import keep_submission
from autograder.grade.marking import graded, ungraded
from autograder.grade.processes import IMPORTS, Plan, Zygote
from autograder.grade.recipe import Recipe
from autograder.grade.results import Result
from autograder.grade.submissions import Found
from autograder.grade.workshop import Workshop

LOOK_UP_S = 0.5
"""Seconds that an interrupt may wait."""

OnResult = Callable[[Result], None]


class Workers(Protocol):
    """Whatever grades: processes of this machine, or many machines."""

    def grade(self, found: Sequence[Found], on_result: OnResult, *, out: Path | None = None) -> None:
        """Grade submissions and report each as it is done.

        Args:
            on_result: called by the thread that called this.
            out: the folder of a run, if what is graded is to be kept there.

        Raises:
            StaffError: what ``on_result`` raised, or nobody is left to grade; what is not
                reported by then is not kept.
        """


Start = Callable[[int], AbstractContextManager[Workers]]
"""Begins work on so many submissions."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The workers on this machine and what they share."""

    recipe: Recipe
    workshops: tuple[Workshop, ...]

    def grade(self, found: Sequence[Found], on_result: OnResult, *, out: Path | None = None) -> None:
        """Grade submissions on all workers, as ``Workers`` says."""
        free: queue.SimpleQueue[Workshop] = queue.SimpleQueue()
        for workshop in self.workshops:
            free.put(workshop)

        def serve(one: Found) -> Result:
            workshop = free.get()
            try:
                try:
                    data = one.data
                except StaffError as error:
                    return ungraded(one, str(error), workshop.place)
                if out is not None and data is not None:
                    keep_submission(out, one.student, data)
                return graded(one, data, workshop)
            finally:
                free.put(workshop)

        done: queue.SimpleQueue[Future[Result]] = queue.SimpleQueue()
        with ThreadPoolExecutor(len(self.workshops)) as pool:
            try:
                for one in found:
                    pool.submit(serve, one).add_done_callback(done.put)
                for _ in found:
                    on_result(_next(done).result())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for workshop in self.workshops:
                    workshop.stop()
                raise


def _next(done: "queue.SimpleQueue[Future[Result]]") -> Future[Result]:
    """Wait for what comes next, and look up now and then.

    A signal that another thread hears, or that comes just before the wait, does not end the wait.
    """
    while True:
        with suppress(queue.Empty):
            return done.get(timeout=LOOK_UP_S)


@contextmanager
def started(recipe: Recipe, *, workers: int = 1) -> Iterator[Engine]:
    """Start workers and end them with all their processes.

    Raises:
        StaffError: a worker cannot start, or the configuration demands isolation that this
            machine does not give.
    """
    recipe, dialogues = replace(recipe, workers=max(workers, recipe.workers)), Dialogues()
    with tempfile.TemporaryDirectory(prefix="course-kit-") as folder, ExitStack() as stack:
        plan = plan_of(recipe, Path(folder))
        workshops = []
        for slot in range(workers):
            workshop = Workshop(partial(_zygote, recipe, plan, slot), recipe, dialogues)
            stack.callback(workshop.close)
            workshops.append(workshop)
        yield Engine(recipe, tuple(workshops))


def _zygote(recipe: Recipe, plan: Plan, slot: int) -> Zygote:
    zygote = Zygote.start(plan, slot=slot)
    if recipe.assignment.grading.isolation is Isolation.FULL and zygote.isolation.level != "full":
        zygote.close()
        missing = ", ".join(zygote.isolation.missing)
        raise StaffError(
            f"the configuration demands full isolation, and this machine lacks {missing}; "
            "run `course doctor`, or set isolation to 'any'"
        )
    return zygote


def plan_of(recipe: Recipe, folder: Path) -> Plan:
    """Write the kit where children may read it, and say what a zygote is made of."""
    for name, data in recipe.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    grading = recipe.assignment.grading
    readable = tuple(path for value in recipe.environment.values() if (path := Path(value)).is_file())
    return Plan(
        folder,
        recipe.assignment.kit,
        grading.preload,
        dict(recipe.environment),
        readable,
        hidden=(recipe.assignment.root, recipe.cache),
        imports=(*IMPORTS, "checks"),
    )
