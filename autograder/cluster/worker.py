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

from autograder.cluster.parcel import Parcel, unpacked
from autograder.errors import CourseError
from autograder.grade.engine import Engine, started
from autograder.grade.marking import graded
from autograder.grade.record import to_plain
from autograder.grade.submissions import Found
from autograder.grade.submissions.listing import Entry
from autograder.grade.submissions.naming import Sender

IDLE_S = 900.0
"""Seconds after which an engine that nobody uses ends: its client was killed."""

_LOOK_S = 30.0


class Grading(WorkerPlugin):
    """The engine of one run in one Dask worker."""

    def __init__(self, name: str, parcel: Parcel) -> None:
        self.name = name
        self._parcel = parcel
        self._resources = ExitStack()
        self._lock = threading.Lock()
        """Held while a submission is graded: one at a time, whatever threads the worker has."""

        self._used_s = time.monotonic()
        self._ended = False

    def setup(self, worker: Worker) -> None:
        """Begin to start the engine, which takes longer than Dask's own loop may wait."""
        starter = ThreadPoolExecutor(1)
        self._engine: Future[Engine] = starter.submit(self._started, worker)
        starter.shutdown(wait=False)
        self._watch = asyncio.ensure_future(self._end_when_idle(worker))

    async def teardown(self, worker: Worker) -> None:  # noqa: ARG002  Dask's signature
        """End the engine with all its processes, also in the middle of a submission."""
        if self._watch is not asyncio.current_task():
            self._watch.cancel()
        await asyncio.to_thread(self._end)

    def problem(self) -> str:
        """Wait for the engine; return why there is none, as one sentence, or nothing."""
        try:
            self._engine.result()
        except (CourseError, OSError) as error:
            return str(error).strip().splitlines()[-1]
        return ""

    def grade(self, one: Found, data: bytes | None) -> dict[str, Any] | None:
        """Grade a submission; return the result as plain values, or None if the engine ended meanwhile."""
        with self._lock:
            try:
                result = graded(one, data, self._engine.result().workshops[0])
            finally:
                self._used_s = time.monotonic()
            return None if self._ended else to_plain(result)

    def _started(self, worker: Worker) -> Engine:
        place = tempfile.TemporaryDirectory(prefix="course-", dir=worker.local_directory)
        recipe = unpacked(self._parcel, Path(self._resources.enter_context(place)))
        share = max(1, (os.cpu_count() or 1) // worker.state.nthreads)
        engine = self._resources.enter_context(started(replace(recipe, workers=share)))
        self._used_s = time.monotonic()
        return engine

    def _end(self) -> None:
        self._ended = True
        if self._engine.exception() is None:
            for workshop in self._engine.result().workshops:
                workshop.stop()
        with self._lock:
            self._resources.close()

    async def _end_when_idle(self, worker: Worker) -> None:
        while not self._engine.done() or self._lock.locked() or time.monotonic() - self._used_s < IDLE_S:
            await asyncio.sleep(_LOOK_S)
        await worker.plugin_remove(self.name)


async def begin(name: str, parcel: Parcel, dask_worker: Worker) -> None:
    """Give a worker its engine; Dask names the worker."""
    await dask_worker.plugin_add(Grading(name, parcel), name=name)


async def end(name: str, dask_worker: Worker) -> None:
    """Take a worker's engine away."""
    if name in dask_worker.plugins:
        await dask_worker.plugin_remove(name)


def ready(name: str) -> bytes:
    """Wait until the engine stands; a task. The answer is JSON: ``problem``, or ``gone``."""
    grading = _grading(name)
    return _dumped({"problem": grading.problem()} if grading else {"gone": True})


def grade(name: str, order: bytes, data: bytes | None) -> bytes:
    """Grade a submission; a task. The answer is JSON: ``result``, or ``gone``.

    Args:
        order: what ``ordered`` made of the submission.
        data: what its file holds; None if it cannot be read.
    """
    grading = _grading(name)
    result = grading.grade(_read(order), data) if grading else None
    return _dumped({"gone": True} if result is None else {"result": result})


def ordered(one: Found) -> bytes:
    """Return what a worker is told of a submission: not who handed it in, nor when."""
    return _dumped({name: getattr(one, name) for name in ("student", "path", "problem", "repairs")})


def _read(order: bytes) -> Found:
    told = json.loads(order)
    entry = Entry((told["path"],), Path(told["path"]))
    sender = Sender(told["student"])
    return Found(told["student"], told["path"], entry, sender, told["problem"], tuple(told["repairs"]))


def _grading(name: str) -> Grading | None:
    """Return the run's engine; none if the worker was started anew since, or it sat idle."""
    found = get_worker().plugins.get(name)
    return found if isinstance(found, Grading) else None


def _dumped(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode("ascii")
