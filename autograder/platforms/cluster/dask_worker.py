"""Runs inside a Dask worker: the engine of a run, and the task that grades one submission with it.

The engine's processes are children of the Dask worker, and its zygote exits when the worker ends,
however it ends. Its folder is deleted with the plugin; after a killed worker it stays in Dask's
scratch space, which the machine's next worker clears.

The plugin is not registered with the scheduler: it would outlive a client that was killed, and a
worker of another version could not even join, since it fails to unpickle the plugin.
"""

import asyncio
import json
import os
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from distributed import Worker, WorkerPlugin, get_worker

from autograder.engine.grade_submission import grade_with_retries
from autograder.engine.results import serialize
from autograder.engine.run import Engine, start_engine
from autograder.errors import CourseError
from autograder.platforms.cluster.payload import Payload, unpack
from autograder.submission.discover import StudentSubmission

IDLE_TIMEOUT_S = 900.0
"""Seconds after which an unused engine ends: its client was killed."""

_POLL_INTERVAL_S = 30.0


class EngineEndedError(Exception):
    """The run's engine is not, or no longer, in this worker."""


class GradingPlugin(WorkerPlugin):
    """The engine of one run in one Dask worker; it grades one submission at a time."""

    def __init__(self, run: str, payload: Payload) -> None:
        self._run = run
        self._payload = payload
        self._resources = ExitStack()
        self._engine: Engine | None = None
        self._lock = threading.Lock()
        """Held while the engine starts or grades; taken before it is closed."""

        self._last_used_s = time.monotonic()
        self._is_stopped = False

    async def setup(self, worker: Worker) -> None:
        """Start the engine: that takes up to minutes, and Dask's event loop must not wait."""
        await asyncio.to_thread(self._start, worker)
        self._idle_task = asyncio.create_task(self._end_when_idle(worker))

    async def teardown(self, worker: Worker) -> None:  # noqa: ARG002  Dask's signature
        """End the engine with all its processes, even in the middle of a submission."""
        self._is_stopped = True
        await asyncio.to_thread(self._stop)

    def grade(self, submission: StudentSubmission, data: bytes | None) -> bytes:
        """Grade a submission and return the result as JSON.

        Raises:
            EngineEndedError: the engine ended before or meanwhile, so there is no valid result.
        """
        with self._lock:
            if self._engine is None:
                raise EngineEndedError
            try:
                result = grade_with_retries(submission, data, self._engine.workers[0])
            finally:
                self._last_used_s = time.monotonic()
            if self._is_stopped:
                raise EngineEndedError
            return json.dumps(serialize(result)).encode("ascii")

    def _start(self, worker: Worker) -> None:
        with self._lock:
            if self._is_stopped:
                return
            folder = tempfile.TemporaryDirectory(prefix="course-", dir=worker.local_directory)
            plan = unpack(self._payload, Path(self._resources.enter_context(folder)))
            # As many workers as fill the machine share its cores: one worker's trainings get the rest.
            workers = max(1, (os.cpu_count() or 1) // worker.state.nthreads)
            self._engine = self._resources.enter_context(start_engine(replace(plan, workers=workers)))
            self._last_used_s = time.monotonic()

    async def _end_when_idle(self, worker: Worker) -> None:
        while not self._is_stopped:
            await asyncio.sleep(_POLL_INTERVAL_S)
            is_idle = time.monotonic() - self._last_used_s > IDLE_TIMEOUT_S
            if is_idle and not self._lock.locked() and not self._is_stopped:
                await worker.plugin_remove(self._run)

    def _stop(self) -> None:
        # Processes first: the thread that grades holds the lock until they end.
        if self._engine is not None:
            for worker in self._engine.workers:
                worker.stop()
        with self._lock:
            self._engine = None
            self._resources.close()


async def set_up(run: str, payload: Payload, dask_worker: Worker) -> str:
    """Start the run's engine in a worker, which Dask passes, or return why it cannot start."""
    if run in dask_worker.plugins:
        return ""
    try:
        await dask_worker.plugin_add(GradingPlugin(run, payload), name=run, catch_errors=False)
    except Exception as error:  # noqa: BLE001  the client refuses the worker, whatever it is
        await dask_worker.plugin_remove(run)
        kind = "" if isinstance(error, CourseError | OSError) else f"{type(error).__name__}: "
        return kind + str(error).strip().rpartition("\n")[-1]
    return ""


async def stop_engine(run: str, dask_worker: Worker) -> None:
    """End the run's engine in a worker, with all its processes."""
    if run in dask_worker.plugins:
        await dask_worker.plugin_remove(run)


def grade(run: str, submission: StudentSubmission, data: bytes | None) -> bytes:
    """Grade a submission (a Dask task) and return the result as JSON.

    Args:
        run: name of the run's plugin.
        submission: without the submitter's data.
        data: the content of the submitted file; None if it cannot be read.

    Raises:
        EngineEndedError: this worker was restarted since, or its engine was idle for long.
    """
    plugin = get_worker().plugins.get(run)
    if not isinstance(plugin, GradingPlugin):
        raise EngineEndedError
    return plugin.grade(submission, data)
