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

from autograder.cluster import versions, worker
from autograder.cluster.line import Line, Turn
from autograder.cluster.parcel import Parcel
from autograder.errors import StaffError

LOOK_S = 1.0
"""Seconds between two looks at who is there."""

PATIENCE_S = 600.0
"""Seconds without any worker that can grade; a cold one takes up to 300 to start."""

ANSWER_S = 60.0
"""Seconds within which the scheduler says who is there."""

END_S = 15.0
"""Seconds that workers may take to end what they do for us."""

_SENT_AT_ONCE = 4
"""Workers that are sent the course at the same time."""


class _EndedError(Exception):
    """A worker is gone, or is not the one any more that it was."""


class Crew:
    """The workers of one scheduler as far as they grade for us: one submission each at a time."""

    def __init__(
        self, client: Client, address: str, parcel: Parcel, line: Line, tell: Callable[[str], None]
    ) -> None:
        self._client = client
        self._address = address
        self._parcel = parcel
        self._line = line
        self._tell = tell
        self._ours = versions.here()
        self._name = f"course-grade-{uuid.uuid4().hex}"
        self._sending = asyncio.Semaphore(_SENT_AT_ONCE)
        self._serving: dict[str, asyncio.Task[None]] = {}
        """By the worker's address."""

        self._holding: dict[str, Turn] = {}
        self._begun: set[str] = set()
        """Who was given an engine."""

        self._ready: set[str] = set()
        self._refused: dict[str, str] = {}
        self._alone_s = time.monotonic()
        """Since when there is no worker that can grade."""

        self._told_waiting = self._had_one = False

    async def grade(self) -> None:
        """Have the whole line graded.

        Raises:
            StaffError: the scheduler is gone, every worker is refused, or there is none for long.
        """
        finished = asyncio.ensure_future(self._line.finished.wait())
        try:
            while not self._line.finished.is_set():
                self._see_who_is_done()
                await self._look()
                waited = {finished, *self._serving.values()}
                await asyncio.wait(waited, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            self._see_who_is_done()
        finally:
            finished.cancel()
            await self._let_go()

    def _see_who_is_done(self) -> None:
        """Forget workers that serve no more.

        Raises:
            StaffError: what one of them met with, e.g. a full disk.
        """
        for address, serving in list(self._serving.items()):
            if serving.done():
                del self._serving[address]
                self._ready.discard(address)
                serving.result()

    async def _look(self) -> None:
        there = await self._there()
        for address in self._serving.keys() - there:
            self._serving.pop(address).cancel()
            self._ready.discard(address)
            self._begun.discard(address)
            if turn := self._holding.pop(address, None):
                self._line.put_back(turn)
        for address in there - self._serving.keys() - self._refused.keys():
            self._serving[address] = asyncio.ensure_future(self._serve(address))
        if there and there <= self._refused.keys() and not self._had_one:
            raise StaffError(f"{self._address}: no worker can be used: {self._refused[min(there)]}")
        self._be_patient()

    async def _there(self) -> set[str]:
        """Return the addresses of all workers.

        Raises:
            StaffError: the scheduler does not say.
        """
        try:
            if self._client.status == "running":
                async with asyncio.timeout(ANSWER_S):  # wait_for may swallow an interrupt
                    return set(await self._client.nthreads())
        except (OSError, TimeoutError):
            pass  # told below, like a connection that is known to be lost
        raise StaffError(
            f"{self._address}: the scheduler is gone; start it and run the same command again: "
            "what is finished is kept"
        )

    def _be_patient(self) -> None:
        now = time.monotonic()
        if self._ready:
            self._alone_s, self._told_waiting = now, False
        elif not self._serving and not self._told_waiting:
            self._tell(f"waiting for workers at {self._address}")
            self._told_waiting = True
        if now - self._alone_s > PATIENCE_S:
            raise StaffError(
                f"{self._address}: no worker for {PATIENCE_S / 60:g} minutes; start some "
                "(dask worker) and run the same command again: what is finished is kept"
            )

    async def _serve(self, address: str) -> None:
        """Give a worker one submission after the other until it or the run ends."""
        try:
            if problem := await self._problem(address):
                self._refused[address] = f"worker {address}: {problem}"
                self._tell(self._refused[address])
                return
            self._ready.add(address)
            self._had_one = True
            while True:
                turn, data = await self._line.next()
                self._holding[address] = turn
                order = worker.ordered(turn.one)
                answer = await self._done(address, worker.grade, order, data)
                del self._holding[address]
                self._line.finish(turn, data, answer)
        except _EndedError:
            if turn_lost := self._holding.pop(address, None):
                self._line.put_back(turn_lost)
            self._ready.discard(address)
            await asyncio.sleep(LOOK_S)

    async def _problem(self, address: str) -> str:
        """Give a worker its engine; return why it cannot have one, or nothing."""
        there = await self._run(address, versions.here)
        if isinstance(there, Exception):
            return f"cannot say what it has ({there}); install the same as here"
        if unlike := versions.difference(there, self._ours):
            return f"{unlike}; install the same"
        self._begun.add(address)
        async with self._sending:
            failed = await self._run(address, worker.begin, self._name, self._parcel)
        if isinstance(failed, Exception):
            return f"cannot begin ({failed})"
        return str(json.loads(await self._done(address, worker.ready))["problem"])

    async def _run(self, address: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a function returns that runs in a worker's own loop, or what it raises."""
        try:
            answers = await self._client.run(function, *arguments, workers=[address], on_error="return")
        except OSError as error:
            raise _EndedError from error
        if address not in answers or isinstance(answers[address], OSError):
            raise _EndedError
        return answers[address]

    async def _done(self, address: str, task: Callable[..., bytes], *arguments: Any) -> bytes:
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
            raise _EndedError from error
        finally:
            future.release()
        if "gone" in json.loads(answer):
            raise _EndedError
        return answer

    async def _let_go(self) -> None:
        """Free the workers: what is in flight is given up, their engines end."""
        serving = list(self._serving.values())
        for one in serving:
            one.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        with contextlib.suppress(StaffError, OSError, TimeoutError):  # then they end when nobody uses them
            if begun := self._begun & await self._there():
                ending = self._client.run(worker.end, self._name, workers=list(begun), on_error="ignore")
                async with asyncio.timeout(END_S):
                    await ending
