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
import logging
import time
import uuid
import warnings
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from distributed import CancelledError, Client, KilledWorker

from autograder.engine.grade_submission import ungraded_result, with_submitter
from autograder.engine.journal import store_submission
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result, deserialize
from autograder.engine.run import OnResult, run_header
from autograder.engine.worker import GradingContext
from autograder.engine.zygote_client import versions
from autograder.errors import StaffError, StudentError
from autograder.platforms.cluster import dask_worker
from autograder.platforms.cluster.payload import DASK_PACKAGES, Payload, difference, local_versions, pack
from autograder.sandbox.layers import IsolationStatus
from autograder.submission.archives import FileEntry
from autograder.submission.discover import StudentSubmission
from autograder.submission.names import Submitter

MAX_ATTEMPTS = 3
"""How often a submission is sent to a worker that ends while grading it."""

CONNECT_TIMEOUT_S = 30.0
"""Seconds within which a scheduler must answer."""

POLL_INTERVAL_S = 1.0
"""Seconds between two requests for the list of workers."""

START_TIMEOUT_S = 600.0
"""Seconds after which a worker whose engine has not started is set up again; a cold start takes 300."""

NO_WORKER_TIMEOUT_S = 600.0
"""Seconds that a run waits while no worker is ready."""

SCHEDULER_TIMEOUT_S = 60.0
"""Seconds within which the scheduler must list its workers."""

SHUTDOWN_TIMEOUT_S = 15.0
"""Seconds that workers get to end their engines after a run, and the scheduler to say goodbye."""


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
        self._lost_workers = Counter[str]()
        """How many workers have ended while they graded a student's submission."""

        self.waiting = deque(submissions)
        self.unfinished = len(submissions)

    def get(self) -> tuple[StudentSubmission, bytes | None] | None:
        """Return the next submission and its data, which is stored; None if none is waiting.

        Raises:
            StaffError: the data cannot be stored.
        """
        while self.waiting:
            submission = self.waiting.popleft()
            try:
                data = submission.data
            except StudentError as error:
                submission, data = replace(submission, problem=str(error)), None
            except StaffError as error:
                self._report(ungraded_result(submission, str(error), self._context))
                continue
            if self._out is not None and data is not None:
                store_submission(self._out, submission.student, data)
            return submission, data
        return None

    def finish(self, submission: StudentSubmission, data: bytes | None, answer: object) -> None:
        """Report a worker's answer, or no result if the answer is not one to this submission.

        A submission can attack the worker that grades it, so the answer is checked against what
        was asked: who, which bytes, which source, which checks for how many points.

        Raises:
            StaffError: from ``on_result``.
        """
        reason = "the worker returned something other than the result of this submission"
        expected = ungraded_result(submission, reason, self._context, data)
        try:
            if not isinstance(answer, bytes):
                raise TypeError
            result = with_submitter(deserialize(json.loads(answer)), submission)
            is_valid = self._header.matches(result) and _identity(result) == _identity(expected)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            is_valid = False
        self._report(result if is_valid else expected)

    def requeue(self, submission: StudentSubmission) -> None:
        """Put a submission whose worker ended behind all others, or give it up after some attempts."""
        self._lost_workers[submission.student] += 1
        if self._lost_workers[submission.student] < MAX_ATTEMPTS:
            self.waiting.append(submission)
            return
        reason = f"the worker that graded it ended {MAX_ATTEMPTS} times"
        self._report(ungraded_result(submission, reason, self._context))

    def _report(self, result: Result) -> None:
        self._on_result(result)
        self.unfinished -= 1


def _identity(result: Result) -> object:
    """Return what a result must share with the request for it."""
    checks = [(check.id, check.question, check.points, check.hidden) for check in result.checks]
    return result.student, result.submission, result.provenance.submission_sha256, result.manual, checks


@dataclass(frozen=True, slots=True)
class Cluster:
    """The workers of one scheduler."""

    plan: GradingPlan
    address: str
    log: Callable[[str], None]

    def grade(
        self, submissions: Sequence[StudentSubmission], on_result: OnResult, *, out: Path | None = None
    ) -> None:
        """Grade submissions on all workers that join; see ``Backend``."""
        asyncio.run(self._grade(SubmissionQueue(self.plan, submissions, on_result, out)))

    async def _grade(self, queue: SubmissionQueue) -> None:
        packed = pack(self.plan)
        async with _connect(self.address, packed.versions) as client:
            if packed.is_cache_omitted:
                self.log(f"{self.plan.cache}: too large to send; choose a shared folder with --cache")
            await ClusterRun(client, self.address, packed, queue, self.log).grade()


@contextmanager
def silence_dask() -> Iterator[None]:
    """Keep Dask's log lines and warnings off the terminal: whatever matters is said in one sentence."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="(distributed|dask|tornado)")
            yield
    finally:
        logging.disable(before)


@asynccontextmanager
async def _connect(address: str, versions_here: Mapping[str, str]) -> AsyncIterator[Client]:
    """Connect to a scheduler with the same version of Dask, and close the connection at the end.

    Raises:
        StaffError: the address is malformed or needs certificates that are not configured, nothing
            answers at it, or the versions differ.
    """
    # Not the default client: student bytes must never meet another user's in this process.
    client = Client(address, asynchronous=True, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
    try:
        try:
            await client
            scheduler: Any = client.scheduler
            remote = (await scheduler.versions(packages=()))["packages"]
        except (OSError, TimeoutError, ImportError) as error:
            raise StaffError(
                f"{address}: no scheduler answers ({error}); "
                "start one with `dask scheduler`, or correct --cluster"
            ) from error
        except ValueError as error:
            raise StaffError(f"--cluster {address}: {error}; write e.g. tcp://10.0.0.1:8786") from error
        except TypeError as error:  # from Dask's TLS, which has no class of its own for this
            raise StaffError(
                f"--cluster {address}: no certificates are configured for Dask; see docs/cluster.md, TLS"
            ) from error
        if differences := difference(remote, {name: versions_here[name] for name in DASK_PACKAGES}):
            raise StaffError(f"scheduler {address}: {differences}; install the same version")
        yield client
    finally:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(SHUTDOWN_TIMEOUT_S):
                await client.close()


@dataclass(slots=True)
class ClusterRun:
    """Grades a queue on all workers of a scheduler; they may join and leave at any time."""

    client: Client
    address: str
    payload: Payload
    queue: SubmissionQueue
    log: Callable[[str], None]

    run: str = field(default_factory=lambda: f"course-grade-{uuid.uuid4().hex}")
    """Names this run's plugin in the workers."""

    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    """What sets up a worker and grades on it, by the worker's address."""

    _ready: set[str] = field(default_factory=set)
    """Addresses of the workers whose engine has started."""

    _in_flight: dict[str, StudentSubmission] = field(default_factory=dict)
    """What each worker grades, by its address."""

    _refusals: dict[str, str] = field(default_factory=dict)
    """Why a worker is not used, by its address."""

    async def grade(self) -> None:
        """Grade the whole queue.

        Raises:
            StaffError: the scheduler is gone, all workers are refused, or none was ready for long.
        """
        last_ready_s, had_worker, is_wait_logged = time.monotonic(), False, False
        try:
            while self.queue.unfinished:
                workers = await self.list_workers()
                self._drop_ended(workers)
                usable = workers - self._refusals.keys()
                if workers and not usable and not had_worker:
                    raise StaffError(f"{self.address}: no worker can be used: {self._refusals[min(workers)]}")
                if self._ready:
                    last_ready_s, had_worker, is_wait_logged = time.monotonic(), True, False
                elif not usable and not is_wait_logged:
                    self.log(f"waiting for workers at {self.address}")
                    is_wait_logged = True
                if time.monotonic() - last_ready_s > NO_WORKER_TIMEOUT_S:
                    raise StaffError(
                        f"{self.address}: no worker for {NO_WORKER_TIMEOUT_S / 60:g} minutes; start some "
                        "(dask worker) and run the same command again: finished submissions are kept"
                    )
                free = sorted(usable - self._tasks.keys())
                for address in free[: len(self.queue.waiting)]:
                    self._tasks[address] = asyncio.create_task(self._use(address))
                if self._tasks:
                    tasks = self._tasks.values()
                    await asyncio.wait(tasks, timeout=POLL_INTERVAL_S, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(POLL_INTERVAL_S)
        finally:
            for task in self._tasks.values():
                task.cancel()
            # A worker that this does not reach ends its engine when nobody has used it for long.
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(SHUTDOWN_TIMEOUT_S):
                    await self.client.run(dask_worker.stop_engine, self.run, on_error="ignore")

    async def list_workers(self) -> set[str]:
        """Return the addresses of the scheduler's workers.

        Raises:
            StaffError: the scheduler does not answer.
        """
        with contextlib.suppress(OSError, TimeoutError):
            scheduler: Any = self.client.scheduler
            if self.client.status == "running":
                # not wait_for: it swallows an interrupt that arrives together with the answer
                async with asyncio.timeout(SCHEDULER_TIMEOUT_S):
                    return set((await scheduler.identity(n_workers=-1))["workers"])
        raise StaffError(
            f"{self.address}: the scheduler is gone; start it and run the same command again: "
            "finished submissions are kept"
        )

    def _drop_ended(self, workers: set[str]) -> None:
        """Forget tasks that are done, or whose worker is gone: what that was grading is put back."""
        for address, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[address]
                task.result()  # raises what on_result raised
            elif address not in workers:
                del self._tasks[address]
                task.cancel()
                self._requeue(address)

    async def _use(self, address: str) -> None:
        """Start the engine in a worker, and grade there as long as submissions wait."""
        if not await self._set_up(address):
            return
        self._ready.add(address)
        try:
            while item := self.queue.get():
                submission, data = item
                self._in_flight[address] = submission
                # A worker may not know the submitter, the time or our folders.
                entry = FileEntry((submission.path,), Path(submission.path))
                sent = replace(submission, entry=entry, submitter=Submitter(submission.student))
                # Not pure: two submissions with the same bytes are two tasks.
                future = self.client.submit(
                    dask_worker.grade, self.run, sent, data, workers=[address], pure=False
                )
                try:
                    answer = await future
                except (KilledWorker, CancelledError, dask_worker.EngineEndedError):
                    self._requeue(address)
                    return
                except Exception as error:  # noqa: BLE001  whatever a broken worker raises
                    # A worker that fails at once would otherwise use up every submission's attempts.
                    self._refuse(address, f"cannot grade ({type(error).__name__}: {error})")
                    self._requeue(address)
                    return
                finally:
                    future.release()
                del self._in_flight[address]
                self.queue.finish(submission, data, answer)
        finally:
            self._ready.discard(address)

    async def _set_up(self, address: str) -> bool:
        """Start the engine in a worker; return False if it cannot be used, for now or for ever.

        Nothing is sent to a worker of another version: what it would make of it might be anything.
        """
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                answers = await self.client.run(local_versions, workers=[address])
                if differences := difference(answers[address], self.payload.versions):
                    self._refuse(address, f"{differences}; install the same version")
                    return False
                arguments = (self.run, self.payload)
                answers = await self.client.run(dask_worker.set_up, *arguments, workers=[address])
        except (OSError, TimeoutError):
            # It may just have lost its network: it is asked again if it is still there.
            await asyncio.sleep(POLL_INTERVAL_S)
            return False
        except Exception as error:  # noqa: BLE001  whatever another version raises
            self._refuse(address, f"cannot start ({error}); install the same version as here")
            return False
        if answers[address]:
            self._refuse(address, answers[address])
        return not answers[address]

    def _refuse(self, address: str, problem: str) -> None:
        self._refusals[address] = f"worker {address}: {problem}"
        self.log(self._refusals[address])

    def _requeue(self, address: str) -> None:
        """Put back what a worker was grading, if anything."""
        if submission := self._in_flight.pop(address, None):
            self.queue.requeue(submission)
