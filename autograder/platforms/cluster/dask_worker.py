"""Runs inside a Dask worker: the engine of a run, and the task that grades one submission with it.

The engine's processes are children of the Dask worker, and its zygote exits when the worker ends,
however it ends. Its folder is deleted with the plugin; after a killed worker it stays in Dask's
scratch space, which the machine's next worker clears.
"""

import asyncio
import json
import os
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from autograder.engine.grade_submission import grade_with_retries
from autograder.engine.results import serialize
from autograder.engine.run import Engine, start_engine
from autograder.errors import CourseError
from autograder.platforms.cluster.payload import Payload, difference, local_versions, unpack
from autograder.submission.archives import FileEntry
from autograder.submission.discover import StudentSubmission
from autograder.submission.platform_names import Submitter

IDLE_TIMEOUT_S = 900.0
"""Seconds after which an unused engine ends: its client was killed."""

_POLL_INTERVAL_S = 30.0


class EngineEndedError(Exception):
    """The run's engine is not, or no longer, in this worker."""


class GradingPlugin(WorkerPlugin):
    """The engine of one run in one Dask worker.

    Once the engine is ready, the worker offers one unit of a Dask resource named after the run.
    A task asks for that unit, so a worker grades one submission at a time, however many threads
    it has, and a worker that was restarted gets none before it has an engine again.
    """

    def __init__(self, run: str, payload: Payload) -> None:
        self._run = run
        self._payload = payload
        self._resources = ExitStack()
        self._engine: Engine | None = None
        self._lock = threading.Lock()
        """Held while the engine starts or grades; taken before it is closed."""

        self._last_used_s = time.monotonic()
        self._is_stopped = False

    def setup(self, worker: Worker) -> None:
        """Begin to start the engine: that takes up to minutes, and Dask's event loop must not wait."""
        self._task = asyncio.ensure_future(self._serve(worker))

    async def teardown(self, worker: Worker) -> None:  # noqa: ARG002  Dask's signature
        """End the engine with all its processes, even in the middle of a submission."""
        self._is_stopped = True
        if self._task is not asyncio.current_task():
            self._task.cancel()
        await asyncio.to_thread(self._stop)

    def grade(self, submission: StudentSubmission, data: bytes | None) -> dict[str, Any]:
        """Grade a submission and return the result as plain data.

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
            return serialize(result)

    async def _serve(self, worker: Worker) -> None:
        """Start the engine, offer it, and end it when nobody has used it for long."""
        try:
            await asyncio.to_thread(self._start, worker)
        except Exception as error:  # noqa: BLE001  unreported, the client would wait for this worker
            kind = "" if isinstance(error, CourseError | OSError) else f"{type(error).__name__}: "
            worker.log_event(self._run, {"problem": kind + str(error).strip().rpartition("\n")[-1]})
        else:
            await worker.set_resources(**{self._run: 1})
            while self._lock.locked() or time.monotonic() - self._last_used_s < IDLE_TIMEOUT_S:
                await asyncio.sleep(_POLL_INTERVAL_S)
            await worker.set_resources(**{self._run: 0})  # first, so that no further task comes
        await worker.plugin_remove(self._run)

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

    def _stop(self) -> None:
        # Processes first: the thread that grades holds the lock until they end.
        if self._engine is not None:
            for worker in self._engine.workers:
                worker.stop()
        with self._lock:
            self._engine = None
            self._resources.close()


async def set_up_worker(
    run: str, payload: Payload, client_versions: Mapping[str, str], dask_worker: Worker
) -> str:
    """Give a worker the run's plugin, or return why it cannot have one; Dask passes the worker.

    Versions are compared before anything else happens: under another version of this package the
    payload, which Dask has unpickled, may hold anything.
    """
    if differences := difference(local_versions(), client_versions):
        return f"{differences}; install the same version"
    await dask_worker.plugin_add(GradingPlugin(run, payload), name=run)
    return ""


async def stop_engine(run: str, dask_worker: Worker) -> None:
    """Remove the run's plugin from a worker, with all its processes."""
    if run in dask_worker.plugins:
        await dask_worker.plugin_remove(run)


def grade(run: str, submission: StudentSubmission, data: bytes | None) -> bytes:
    """Grade a submission (a Dask task) and return the result as JSON.

    Args:
        run: name of the run's plugin.
        submission: from ``without_submitter``.
        data: the content of the submitted file; None if it cannot be read.

    Raises:
        EngineEndedError: this worker was restarted since, or its engine was idle for long.
    """
    plugin = get_worker().plugins.get(run)
    if not isinstance(plugin, GradingPlugin):
        raise EngineEndedError
    return json.dumps(plugin.grade(submission, data)).encode("ascii")


def without_submitter(submission: StudentSubmission) -> StudentSubmission:
    """Return what a worker may know of a submission: not the submitter, the time or our folders."""
    entry = FileEntry((submission.path,), Path(submission.path))
    return replace(submission, entry=entry, submitter=Submitter(submission.student))
