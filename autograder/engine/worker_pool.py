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

from autograder.course import IsolationPolicy
from autograder.engine.conversation import VerdictCache
from autograder.engine.grade_submission import grade_with_retries, ungraded_result
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result
from autograder.engine.run_folder import store_submission
from autograder.engine.worker import Worker
from autograder.engine.zygote_client import IMPORTS, Zygote, ZygoteConfig
from autograder.errors import StaffError
from autograder.submission.discover import StudentSubmission

POLL_INTERVAL_S = 0.5
"""Seconds that an interrupt may wait."""

OnResult = Callable[[Result], None]


class Backend(Protocol):
    """Whatever grades: processes of this machine, or many machines."""

    def grade(
        self, submissions: Sequence[StudentSubmission], on_result: OnResult, *, out: Path | None = None
    ) -> None:
        """Grade submissions and report each as it is done.

        Args:
            on_result: called by the thread that called this.
            out: the folder of a run, if what is graded is to be kept there.

        Raises:
            StaffError: what ``on_result`` raised, or nobody is left to grade; what is not
                reported by then is not kept.
        """


StartBackend = Callable[[int], AbstractContextManager[Backend]]
"""Begins work on so many submissions."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The workers on this machine and what they share."""

    plan: GradingPlan
    workers: tuple[Worker, ...]

    def grade(
        self, submissions: Sequence[StudentSubmission], on_result: OnResult, *, out: Path | None = None
    ) -> None:
        """Grade submissions on all workers, as ``Workers`` says."""
        free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for workshop in self.workers:
            free.put(workshop)

        def serve(submission: StudentSubmission) -> Result:
            workshop = free.get()
            try:
                try:
                    data = submission.data
                except StaffError as error:
                    return ungraded_result(submission, str(error), workshop.context)
                if out is not None and data is not None:
                    store_submission(out, submission.student, data)
                return grade_with_retries(submission, data, workshop)
            finally:
                free.put(workshop)

        done: queue.SimpleQueue[Future[Result]] = queue.SimpleQueue()
        with ThreadPoolExecutor(len(self.workers)) as pool:
            try:
                for one in submissions:
                    pool.submit(serve, one).add_done_callback(done.put)
                for _ in submissions:
                    on_result(_wait_for_next(done).result())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for workshop in self.workers:
                    workshop.stop()
                raise


def _wait_for_next(finished_futures: "queue.SimpleQueue[Future[Result]]") -> Future[Result]:
    """Wait for what comes next, and look up now and then.

    A signal that another thread hears, or that comes just before the wait, does not end the wait.
    """
    while True:
        with suppress(queue.Empty):
            return finished_futures.get(timeout=POLL_INTERVAL_S)


@contextmanager
def start_engine(plan: GradingPlan, *, workers: int = 1) -> Iterator[Engine]:
    """Start workers and end them with all their processes.

    Raises:
        StaffError: a worker cannot start, or the configuration demands isolation that this
            machine does not give.
    """
    plan, dialogues = replace(plan, workers=max(workers, plan.workers)), VerdictCache()
    with tempfile.TemporaryDirectory(prefix="course-kit-") as folder, ExitStack() as stack:
        config = zygote_config(plan, Path(folder))
        worker_list = []
        for slot in range(workers):
            workshop = Worker(partial(_start_zygote, plan, config, slot), plan, dialogues)
            stack.callback(workshop.close)
            worker_list.append(workshop)
        yield Engine(plan, tuple(worker_list))


def _start_zygote(plan: GradingPlan, config: ZygoteConfig, slot: int) -> Zygote:
    zygote = Zygote.start(config, slot=slot)
    if plan.assignment.grading.isolation is IsolationPolicy.FULL and zygote.isolation.level != "full":
        zygote.close()
        missing = ", ".join(zygote.isolation.missing)
        raise StaffError(
            f"the configuration demands full isolation, and this machine lacks {missing}; "
            "run `course doctor`, or set isolation to 'any'"
        )
    return zygote


def zygote_config(plan: GradingPlan, folder: Path) -> ZygoteConfig:
    """Write the kit where children may read it, and say what a zygote is made of."""
    for name, data in plan.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    grading = plan.assignment.grading
    readable = tuple(path for value in plan.environment.values() if (path := Path(value)).is_file())
    return ZygoteConfig(
        folder,
        plan.assignment.kit,
        grading.preloaded_calls,
        dict(plan.environment),
        readable,
        hidden=(plan.assignment.root, plan.cache),
        imports=(*IMPORTS, "checks"),
    )
