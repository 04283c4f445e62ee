"""Who grades: workers come, are looked at before they get anything, and go when they like."""

import asyncio
import concurrent.futures
import contextlib
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from distributed import Client, KilledWorker

from autograder.errors import StaffError
from autograder.platforms.cluster import dask_worker, version_check
from autograder.platforms.cluster.payload import Payload
from autograder.platforms.cluster.submission_queue import QueuedSubmission, SubmissionQueue

POLL_INTERVAL_S = 1.0
"""Seconds between two looks at who is there."""

NO_WORKER_TIMEOUT_S = 600.0
"""Seconds without any worker that can grade; a cold one takes up to 300 to start."""

SCHEDULER_TIMEOUT_S = 60.0
"""Seconds within which the scheduler says who is there."""

SHUTDOWN_TIMEOUT_S = 15.0
"""Seconds that workers may take to end what they do for us."""

_MAX_CONCURRENT_SENDS = 4
"""Workers that are sent the course at the same time."""


class _WorkerLostError(Exception):
    """A worker is gone, or is not the one any more that it was."""


class DaskScheduler:
    """The workers of one scheduler as far as they grade for us: one submission each at a time."""

    def __init__(
        self,
        client: Client,
        address: str,
        payload: Payload,
        queue: SubmissionQueue,
        log: Callable[[str], None],
    ) -> None:
        self._client = client
        self._address = address
        self._payload = payload
        self._queue = queue
        self._log = log
        self._local_versions = version_check.local_versions()
        self._name = f"course-grade-{uuid.uuid4().hex}"
        self._send_slots = asyncio.Semaphore(_MAX_CONCURRENT_SENDS)
        self._worker_tasks: dict[str, asyncio.Task[None]] = {}
        """By the worker's address."""

        self._in_progress: dict[str, QueuedSubmission] = {}
        self._engines_started: set[str] = set()
        """Who was given an engine."""

        self._ready_workers: set[str] = set()
        self._refusals: dict[str, str] = {}
        self._no_worker_since_s = time.monotonic()
        """Since when there is no worker that can grade."""

        self._waiting_logged = self._had_worker = False

    async def grade(self) -> None:
        """Have the whole line graded.

        Raises:
            StaffError: the scheduler is gone, every worker is refused, or there is none for long.
        """
        finished = asyncio.ensure_future(self._queue.finished.wait())
        try:
            while not self._queue.finished.is_set():
                self._collect_finished()
                await self._poll()
                waited = {finished, *self._worker_tasks.values()}
                await asyncio.wait(waited, timeout=POLL_INTERVAL_S, return_when=asyncio.FIRST_COMPLETED)
            self._collect_finished()
        finally:
            finished.cancel()
            await self._release()

    def _collect_finished(self) -> None:
        """Forget workers that serve no more.

        Raises:
            StaffError: what one of them met with, e.g. a full disk.
        """
        for address, serving in list(self._worker_tasks.items()):
            if serving.done():
                del self._worker_tasks[address]
                self._ready_workers.discard(address)
                serving.result()

    async def _poll(self) -> None:
        there = await self._worker_addresses()
        for address in self._worker_tasks.keys() - there:
            self._worker_tasks.pop(address).cancel()
            self._ready_workers.discard(address)
            self._engines_started.discard(address)
            if turn := self._in_progress.pop(address, None):
                self._queue.requeue(turn)
        for address in there - self._worker_tasks.keys() - self._refusals.keys():
            self._worker_tasks[address] = asyncio.ensure_future(self._serve(address))
        if there and there <= self._refusals.keys() and not self._had_worker:
            raise StaffError(f"{self._address}: no worker can be used: {self._refusals[min(there)]}")
        self._check_timeout()

    async def _worker_addresses(self) -> set[str]:
        """Return the addresses of all workers.

        Raises:
            StaffError: the scheduler does not say.
        """
        try:
            if self._client.status == "running":
                async with asyncio.timeout(SCHEDULER_TIMEOUT_S):  # wait_for may swallow an interrupt
                    return set(await self._client.nthreads())
        except (OSError, TimeoutError):
            pass  # told below, like a connection that is known to be lost
        raise StaffError(
            f"{self._address}: the scheduler is gone; start it and run the same command again: "
            "what is finished is kept"
        )

    def _check_timeout(self) -> None:
        now = time.monotonic()
        if self._ready_workers:
            self._no_worker_since_s, self._waiting_logged = now, False
        elif not self._worker_tasks and not self._waiting_logged:
            self._log(f"waiting for workers at {self._address}")
            self._waiting_logged = True
        if now - self._no_worker_since_s > NO_WORKER_TIMEOUT_S:
            raise StaffError(
                f"{self._address}: no worker for {NO_WORKER_TIMEOUT_S / 60:g} minutes; start some "
                "(dask worker) and run the same command again: what is finished is kept"
            )

    async def _serve(self, address: str) -> None:
        """Give a worker one submission after the other until it or the run ends."""
        try:
            if problem := await self._setup_worker(address):
                self._refusals[address] = f"worker {address}: {problem}"
                self._log(self._refusals[address])
                return
            self._ready_workers.add(address)
            self._had_worker = True
            while True:
                turn, data = await self._queue.get()
                self._in_progress[address] = turn
                order = dask_worker.encode_request(turn.submission)
                answer = await self._run_task(address, dask_worker.grade, order, data)
                del self._in_progress[address]
                self._queue.finish(turn, data, answer)
        except _WorkerLostError:
            if turn_lost := self._in_progress.pop(address, None):
                self._queue.requeue(turn_lost)
            self._ready_workers.discard(address)
            await asyncio.sleep(POLL_INTERVAL_S)

    async def _setup_worker(self, address: str) -> str:
        """Give a worker its engine; return why it cannot have one, or nothing."""
        there = await self._run(address, version_check.local_versions)
        if isinstance(there, Exception):
            return f"cannot say what it has ({there}); install the same as here"
        if unlike := version_check.difference(there, self._local_versions):
            return f"{unlike}; install the same"
        self._engines_started.add(address)
        async with self._send_slots:
            failed = await self._run(address, dask_worker.set_up_worker, self._name, self._payload)
        if isinstance(failed, Exception):
            return f"cannot begin ({failed})"
        return str(json.loads(await self._run_task(address, dask_worker.wait_ready))["problem"])

    async def _run(self, address: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a function returns that runs in a worker's own loop, or what it raises."""
        try:
            answers = await self._client.run(function, *arguments, workers=[address], on_error="return")
        except OSError as error:
            raise _WorkerLostError from error
        if address not in answers or isinstance(answers[address], OSError):
            raise _WorkerLostError
        return answers[address]

    async def _run_task(self, address: str, task: Callable[..., bytes], *arguments: Any) -> bytes:
        """Return what a task answers that only this worker may do."""
        future = self._client.submit(
            task,
            self._name,
            *arguments,
            key=f"{self._name}-{uuid.uuid4().hex}",
            workers=[address],
            allow_other_workers=False,
            pure=False,
        )
        try:
            answer: bytes = await future
        except (KilledWorker, concurrent.futures.CancelledError, StaffError) as error:
            raise _WorkerLostError from error
        finally:
            future.release()
        if "gone" in json.loads(answer):
            raise _WorkerLostError
        return answer

    async def _release(self) -> None:
        """Free the workers: what is in flight is given up, their engines end."""
        serving = list(self._worker_tasks.values())
        for one in serving:
            one.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        with contextlib.suppress(StaffError, OSError, TimeoutError):  # then they end when nobody uses them
            if begun := self._engines_started & await self._worker_addresses():
                ending = self._client.run(
                    dask_worker.stop_engine, self._name, workers=list(begun), on_error="ignore"
                )
                async with asyncio.timeout(SHUTDOWN_TIMEOUT_S):
                    await ending
