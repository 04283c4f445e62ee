"""What runs in a Dask worker: an engine of its own, and the tasks that use it.

The engine's processes are children of the Dask worker, and its zygote exits when that ends,
however it ends. Folders go with the plugin; what a killed worker leaves behind lies in Dask's
own scratch space, which the next worker of the machine clears.
"""

import asyncio
import json
import os
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from autograder.engine.grade_submission import grade_with_retries
from autograder.engine.results import serialize
from autograder.engine.run import Engine, start_engine
from autograder.errors import CourseError
from autograder.platforms.cluster.payload import Payload, unpack
from autograder.submission.archives import FileEntry
from autograder.submission.discover import StudentSubmission
from autograder.submission.platform_names import Submitter

IDLE_TIMEOUT_S = 900.0
"""Seconds after which an engine that nobody uses ends: its client was killed."""

_POLL_INTERVAL_S = 30.0


class GradingPlugin(WorkerPlugin):
    """The engine of one run in one Dask worker."""

    def __init__(self, name: str, payload: Payload) -> None:
        self.name = name
        self._payload = payload
        self._resources = ExitStack()
        self._lock = threading.Lock()
        """Held while a submission is graded: one at a time, whatever threads the worker has."""

        self._last_used_s = time.monotonic()
        self._is_stopped = False

    def setup(self, worker: Worker) -> None:
        """Begin to start the engine, which takes longer than Dask's own loop may wait."""
        starter = ThreadPoolExecutor(1)
        self._engine: Future[Engine] = starter.submit(self._start, worker)
        starter.shutdown(wait=False)
        self._idle_task = asyncio.ensure_future(self._stop_when_idle(worker))

    async def teardown(self, worker: Worker) -> None:  # noqa: ARG002  Dask's signature
        """End the engine with all its processes, also in the middle of a submission."""
        if self._idle_task is not asyncio.current_task():
            self._idle_task.cancel()
        await asyncio.to_thread(self._stop)

    def problem(self) -> str:
        """Wait for the engine; return why there is none, as one sentence, or nothing."""
        try:
            self._engine.result()
        except (CourseError, OSError) as error:
            return str(error).strip().splitlines()[-1]
        return ""

    def grade(self, submission: StudentSubmission, data: bytes | None) -> dict[str, Any] | None:
        """Grade a submission; return the result as plain values, or None if the engine ended meanwhile."""
        with self._lock:
            try:
                result = grade_with_retries(submission, data, self._engine.result().workers[0])
            finally:
                self._last_used_s = time.monotonic()
            return None if self._is_stopped else serialize(result)

    def _start(self, worker: Worker) -> Engine:
        place = tempfile.TemporaryDirectory(prefix="course-", dir=worker.local_directory)
        recipe = unpack(self._payload, Path(self._resources.enter_context(place)))
        share = max(1, (os.cpu_count() or 1) // worker.state.nthreads)
        engine = self._resources.enter_context(start_engine(replace(recipe, workers=share)))
        self._last_used_s = time.monotonic()
        return engine

    def _stop(self) -> None:
        self._is_stopped = True
        if self._engine.exception() is None:
            for workshop in self._engine.result().workers:
                workshop.stop()
        with self._lock:
            self._resources.close()

    async def _stop_when_idle(self, worker: Worker) -> None:
        while (
            not self._engine.done()
            or self._lock.locked()
            or time.monotonic() - self._last_used_s < IDLE_TIMEOUT_S
        ):
            await asyncio.sleep(_POLL_INTERVAL_S)
        await worker.plugin_remove(self.name)


async def set_up_worker(name: str, payload: Payload, dask_worker: Worker) -> None:
    """Give a worker its engine; Dask names the worker."""
    await dask_worker.plugin_add(GradingPlugin(name, payload), name=name)


async def stop_engine(name: str, dask_worker: Worker) -> None:
    """Take a worker's engine away."""
    if name in dask_worker.plugins:
        await dask_worker.plugin_remove(name)


def wait_ready(name: str) -> bytes:
    """Wait until the engine stands; a task. The answer is JSON: ``problem``, or ``gone``."""
    grading = _find_plugin(name)
    return _to_json({"problem": grading.problem()} if grading else {"gone": True})


def grade(name: str, request: bytes, data: bytes | None) -> bytes:
    """Grade a submission; a task. The answer is JSON: ``result``, or ``gone``.

    Args:
        order: what ``ordered`` made of the submission.
        data: what its file holds; None if it cannot be read.
    """
    grading = _find_plugin(name)
    result = grading.grade(_decode_request(request), data) if grading else None
    return _to_json({"gone": True} if result is None else {"result": result})


def encode_request(submission: StudentSubmission) -> bytes:
    """Return what a worker is told of a submission: not who handed it in, nor when."""
    return _to_json({name: getattr(submission, name) for name in ("student", "path", "problem", "repairs")})


def _decode_request(request: bytes) -> StudentSubmission:
    told = json.loads(request)
    entry = FileEntry((told["path"],), Path(told["path"]))
    sender = Submitter(told["student"])
    return StudentSubmission(
        told["student"], told["path"], entry, sender, told["problem"], tuple(told["repairs"])
    )


def _find_plugin(name: str) -> GradingPlugin | None:
    """Return the run's engine; none if the worker was started anew since, or it sat idle."""
    found = get_worker().plugins.get(name)
    return found if isinstance(found, GradingPlugin) else None


def _to_json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode("ascii")
