"""Hands a run's submissions to the workers of a Dask scheduler and accepts their answers.

Dask moves the work, watches the workers and restarts them. Two things it does not do for us. It
gives up each task that was assigned to several workers which died, whether or not that task
killed them; and it stacks tasks on a worker ahead of time. Together that lets one submission that
kills its workers take innocent ones with it (20 of 40 when it was tried). So a worker has at most
one task in flight, pinned to it, and this module counts attempts: a death costs the one submission
that was being graded there, and that one is tried again elsewhere. (Dask's ``retries=`` counts
exceptions only, not dead workers.)
"""

import asyncio
import contextlib
import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from distributed import Client, Future, KilledWorker, as_completed

from autograder.engine.grade_submission import ungraded_result, with_submitter
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result, deserialize
from autograder.engine.run import OnResult, run_header
from autograder.engine.run_folder import store_submission
from autograder.engine.worker import GradingContext
from autograder.engine.zygote import versions
from autograder.errors import StaffError
from autograder.platforms.cluster import dask_worker
from autograder.platforms.cluster.payload import Payload, local_versions
from autograder.sandbox.layers import IsolationStatus
from autograder.submission.discover import StudentSubmission

MAX_ATTEMPTS = 3
"""How often a submission is sent to a worker that ends while grading it."""

POLL_INTERVAL_S = 1.0
"""Seconds between two requests for the list of workers."""

START_TIMEOUT_S = 600.0
"""Seconds after which a worker whose engine has not started is set up again; a cold start takes 300."""

NO_WORKER_TIMEOUT_S = 600.0
"""Seconds that a run waits while no worker is ready."""

SCHEDULER_TIMEOUT_S = 60.0
"""Seconds within which the scheduler must list its workers."""

SETUP_TIMEOUT_S = 60.0
"""Seconds within which new workers must take the course; one that just lost its network does not."""

SHUTDOWN_TIMEOUT_S = 15.0
"""Seconds that workers get to end their engines after a run."""


@dataclass(frozen=True, slots=True)
class QueuedSubmission:
    """A submission that waits or is being graded."""

    submission: StudentSubmission
    data: bytes | None = None
    """The content of its file, once it has been read."""

    lost_workers: int = 0
    """How many workers have ended while they graded it."""


class SubmissionQueue:
    """The submissions without a result; each leaves with exactly one."""

    def __init__(
        self,
        plan: GradingPlan,
        submissions: Sequence[StudentSubmission],
        on_result: OnResult,
        out: Path | None,
    ) -> None:
        self._header = run_header(plan)
        self._context = GradingContext(plan, versions(), IsolationStatus(frozenset()))
        """For the result of a submission that no worker graded."""

        self._on_result = on_result
        self._out = out
        self.waiting = deque(QueuedSubmission(submission) for submission in submissions)
        self.unfinished = len(submissions)

    def get(self) -> QueuedSubmission | None:
        """Return the next submission with its data, which is stored; None if none is waiting.

        Raises:
            StaffError: the data cannot be stored.
        """
        while self.waiting:
            item = self.waiting.popleft()
            submission = item.submission
            try:
                data = submission.data
            except StaffError as error:
                self._report(ungraded_result(submission, str(error), self._context))
                continue
            if self._out is not None and data is not None:
                store_submission(self._out, submission.student, data)
            return replace(item, data=data)
        return None

    def finish(self, item: QueuedSubmission, answer: object) -> None:
        """Report a worker's answer, or no result if the answer is not one to this submission.

        A submission can attack the worker that grades it, so the answer is checked against what
        was asked: who, which bytes, which source, which checks for how many points.

        Raises:
            StaffError: from ``on_result``.
        """
        reason = "its worker returned something that is not its result"
        expected = ungraded_result(item.submission, reason, self._context, item.data)
        try:
            if not isinstance(answer, bytes):
                raise TypeError
            result = with_submitter(deserialize(json.loads(answer)), item.submission)
            is_valid = self._header.matches(result) and _identity(result) == _identity(expected)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            is_valid = False
        self._report(result if is_valid else expected)

    def requeue(self, item: QueuedSubmission) -> None:
        """Put a submission whose worker ended behind all others, or give it up after some attempts."""
        lost_workers = item.lost_workers + 1
        if lost_workers < MAX_ATTEMPTS:
            self.waiting.append(QueuedSubmission(item.submission, lost_workers=lost_workers))
            return
        reason = f"its worker ended {lost_workers} times while it was graded"
        self._report(ungraded_result(item.submission, reason, self._context))

    def _report(self, result: Result) -> None:
        self._on_result(result)
        self.unfinished -= 1


def _identity(result: Result) -> object:
    """Return what a result must share with the request for it."""
    checks = [(check.id, check.question, check.points, check.hidden) for check in result.checks]
    return result.student, result.submission, result.provenance.submission_sha256, result.manual, checks


@dataclass(slots=True)
class DaskScheduler:
    """Grades a queue on all workers of a scheduler; they may join and leave at any time."""

    client: Client
    address: str
    payload: Payload
    queue: SubmissionQueue
    log: Callable[[str], None]

    run: str = field(default_factory=lambda: f"course-grade-{uuid.uuid4().hex}")
    """Names this run's plugin and resource in the workers, and its topic of events."""

    _in_flight: dict[Future[bytes], tuple[str, QueuedSubmission]] = field(default_factory=dict)
    """Worker and submission by future; at most one for each worker."""

    _set_up_s: dict[str, float] = field(default_factory=dict)
    """When each worker whose engine is starting was sent the course, by its address."""

    _refusals: dict[str, str] = field(default_factory=dict)
    """Why a worker is not used, by its address."""

    _last_ready_s: float = field(default_factory=time.monotonic)
    _had_worker: bool = False
    _is_wait_logged: bool = False

    async def grade(self) -> None:
        """Grade the whole queue.

        Raises:
            StaffError: the scheduler is gone, all workers are refused, or none was ready for long.
        """
        completed = as_completed(loop=self.client.loop, with_results=True, raise_errors=False)
        self.client.subscribe_topic(
            self.run, lambda event: self._refuse(event[1]["worker"], event[1]["problem"])
        )
        try:
            while self.queue.unfinished:
                for address in await self._free_workers():
                    if item := self.queue.get():
                        future = self.client.submit(
                            dask_worker.grade,
                            self.run,
                            dask_worker.without_submitter(item.submission),
                            item.data,
                            workers=[address],
                            resources={self.run: 1},
                            pure=False,  # two submissions with the same bytes are two tasks
                        )
                        self._in_flight[future] = address, item
                        completed.add(future)
                if not self._in_flight:
                    await asyncio.sleep(POLL_INTERVAL_S)
                    continue
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_INTERVAL_S):
                        future, answer = await anext(completed)
                    self._on_completed(future, answer)
        finally:
            for future in self._in_flight:
                future.release()
            # A worker that this does not reach ends its engine when nobody has used it for long.
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(SHUTDOWN_TIMEOUT_S):
                    await self.client.run(dask_worker.stop_engine, self.run, on_error="ignore")

    async def _free_workers(self) -> list[str]:
        """Look at all workers and return those that can take a submission now.

        A submission whose worker is lost goes back to the queue; a new worker is set up.
        """
        workers = await self.list_workers()
        usable = workers.keys() - self._refusals.keys()
        ready = {address for address in usable if workers[address]["resources"].get(self.run)}
        for future, (address, _) in list(self._in_flight.items()):
            if address not in ready:
                self._give_up(future)
        if workers and not usable and not self._had_worker:
            raise StaffError(f"{self.address}: no worker can be used: {self._refusals[min(workers)]}")
        self._check_timeout(is_ready=bool(ready), has_usable=bool(usable))
        # A worker that restarts keeps its address if its port is fixed, so a ready one is forgotten
        # here: if it is not ready any more, it is set up again.
        now = time.monotonic()
        for address in self._set_up_s.keys() - (usable - ready):
            del self._set_up_s[address]
        new = [
            address
            for address in usable - ready
            if now - self._set_up_s.get(address, -START_TIMEOUT_S) >= START_TIMEOUT_S
        ]
        if new and self.queue.waiting:
            self._set_up_s.update(dict.fromkeys(new, now))
            await self._set_up(new)
        return sorted(ready - {address for address, _ in self._in_flight.values()})

    async def list_workers(self) -> dict[str, Any]:
        """Return the scheduler's description of each worker, by address.

        Raises:
            StaffError: the scheduler does not answer.
        """
        with contextlib.suppress(OSError, TimeoutError):
            scheduler: Any = self.client.scheduler
            if self.client.status == "running":
                # not wait_for: it swallows an interrupt that arrives together with the answer
                async with asyncio.timeout(SCHEDULER_TIMEOUT_S):
                    return dict((await scheduler.identity(n_workers=-1))["workers"])
        raise StaffError(
            f"{self.address}: the scheduler is gone; start it and run the same command again: "
            "finished submissions are kept"
        )

    def _check_timeout(self, *, is_ready: bool, has_usable: bool) -> None:
        now = time.monotonic()
        if is_ready:
            self._had_worker = True
            self._last_ready_s, self._is_wait_logged = now, False
        elif not has_usable and not self._is_wait_logged:
            self.log(f"waiting for workers at {self.address}")
            self._is_wait_logged = True
        if now - self._last_ready_s > NO_WORKER_TIMEOUT_S:
            raise StaffError(
                f"{self.address}: no worker for {NO_WORKER_TIMEOUT_S / 60:g} minutes; start some "
                "(dask worker) and run the same command again: finished submissions are kept"
            )

    async def _set_up(self, addresses: list[str]) -> None:
        """Send workers the course; each then starts its engine and offers this run's resource."""
        arguments = (self.run, self.payload, local_versions())
        answers: dict[str, Any] = {}
        # A worker that has just lost its network does not answer: the others start all the same,
        # and it is asked again when it should have been ready.
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(SETUP_TIMEOUT_S):
                answers = await self.client.run(
                    dask_worker.set_up_worker, *arguments, workers=addresses, on_error="return"
                )
        for address, answer in answers.items():
            if isinstance(answer, OSError):
                self._set_up_s.pop(address)  # the connection broke; asked again if it is still there
            elif isinstance(answer, Exception):
                self._refuse(address, f"cannot start ({answer}); install the same version as here")
            elif answer:
                self._refuse(address, answer)

    def _refuse(self, address: str, problem: str) -> None:
        self._refusals[address] = f"worker {address}: {problem}"
        self.log(self._refusals[address])

    def _on_completed(self, future: Future[bytes], answer: Any) -> None:
        if future not in self._in_flight:
            return  # given up when its worker was lost; Dask reports it as canceled
        address, item = self._in_flight[future]
        if future.status == "finished":
            del self._in_flight[future]
            self.queue.finish(item, answer)
            return
        self._give_up(future)
        error = answer[1] if future.status == "error" else None
        if error is not None and not isinstance(error, KilledWorker | dask_worker.EngineEndedError):
            # A worker that fails at once would otherwise use up every submission's attempts.
            self._refuse(address, f"cannot grade ({type(error).__name__}: {error})")

    def _give_up(self, future: Future[bytes]) -> None:
        _, item = self._in_flight.pop(future)
        future.release()
        self.queue.requeue(item)
