"""Looks at memory and at journals beside work that goes on."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from autograder.grade.engine import Engine
from autograder.grade.sandbox import tree
from autograder.grade.sandbox.remains import descendants

MEMORY_S = 1.0
"""Seconds between two looks at memory, which cost some milliseconds for each process."""

SUBMISSION_S = 0.02
"""Seconds between two looks at the memory of a submission."""

_JOURNAL_S = 0.05


def used_bytes() -> int:
    """Return the memory of this process and all below it, each shared page counted once."""
    return tree.process_bytes(os.getpid()) + below_bytes()


def lasting_bytes() -> int:
    """Return the memory of this process and those that last as long as it, each shared page counted once.

    Trainers are left out: one starts when a submission brings a network, be it the first or the last.
    """
    return sum(map(tree.process_bytes, _lasting()))


def own_bytes() -> int:
    """Return what of that stands in no file: a library's pages are divided with whoever runs besides."""
    return sum(map(tree.own_bytes, _lasting()))


def _lasting() -> list[int]:
    return [os.getpid(), *(pid for pid in descendants(os.getpid()) if _called(pid) != "trainer")]


def _called(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def below_bytes() -> int:
    """Return the memory of all processes below this one, each shared page counted once."""
    return tree.proportional_bytes(os.getpid())


@dataclass(slots=True)
class Highest:
    """The most memory that was seen so far."""

    size_bytes: int = 0


@contextmanager
def highest(measure: Callable[[], int]) -> Iterator[Highest]:
    """Keep the highest of what is measured while the block runs."""
    seen = Highest()

    def look() -> None:
        seen.size_bytes = max(seen.size_bytes, measure())

    with _repeatedly(look, MEMORY_S):
        yield seen


@contextmanager
def submissions(engine: Engine) -> Iterator[dict[int, int]]:
    """Keep what the processes of each submission share with no other, at most, while the block runs."""
    seen: dict[int, int] = {}

    def look() -> None:
        for running in (workshop.running for workshop in engine.workshops):
            if running is not None and (size_bytes := tree.private_bytes(running.pid)):
                seen[running.pid] = max(seen.get(running.pid, 0), size_bytes)

    with _repeatedly(look, SUBMISSION_S):
        yield seen


@dataclass(slots=True)
class Pace:
    """How the results of a run came in."""

    seen: list[tuple[float, int]] = field(default_factory=list)
    """When there were how many, at each change."""

    def steady(self) -> tuple[int, float]:
        """Return how many results came after the first ones, and in how many seconds."""
        (begin, first), (end, last) = self.seen[0], self.seen[-1]
        return last - first, end - begin


@contextmanager
def pace(journal: Path) -> Iterator[Pace]:
    """Watch a journal while the block runs: it has a line for the run, then one for each result."""
    found, lines = Pace(), _Lines(journal)

    def look() -> None:
        results = lines.count() - 1
        if results > (found.seen[-1][1] if found.seen else 0):
            found.seen.append((time.monotonic(), results))

    with _repeatedly(look, _JOURNAL_S):
        yield found


class _Lines:
    """Counts the lines of a file that grows; reads each byte once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = self._lines = 0

    def count(self) -> int:
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._size)
                fresh = file.read()
            self._size += len(fresh)
            self._lines += fresh.count(b"\n")
        return self._lines


@contextmanager
def _repeatedly(look: Callable[[], None], every_s: float) -> Iterator[None]:
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(every_s):
            look()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        look()
