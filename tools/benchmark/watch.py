"""Samples memory and journals while work goes on."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from autograder.engine.run import Engine
from autograder.sandbox.process import (
    descendants,
    process_pss_bytes,
    proportional_bytes,
    smaps_bytes,
)

MEMORY_INTERVAL_S = 1.0
"""Seconds between two samples of all memory, which take some milliseconds per process."""

SUBMISSION_INTERVAL_S = 0.02
"""Seconds between two samples of a submission's memory."""

_JOURNAL_INTERVAL_S = 0.05


def used_bytes() -> int:
    """Return the memory of this process and its descendants, each shared page counted once."""
    return process_pss_bytes(os.getpid()) + descendant_bytes()


def long_lived_bytes() -> int:
    """Return the memory of this process and its long-lived descendants, each shared page counted once.

    Trainers are excluded: one starts with the first submission that trains, early or late in a run.
    """
    return sum(map(process_pss_bytes, _long_lived_processes()))


def anonymous_bytes() -> int:
    """Return the part that no file backs: the share of a library's pages depends on other processes."""
    names = ("Pss_Anon:", "Pss_Shmem:", "SwapPss:")
    return sum(smaps_bytes(pid, *names) or 0 for pid in _long_lived_processes())


def _long_lived_processes() -> list[int]:
    return [os.getpid(), *(pid for pid in descendants(os.getpid()) if _process_name(pid) != "trainer")]


def _process_name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def descendant_bytes() -> int:
    """Return the memory of this process's descendants, each shared page counted once."""
    return proportional_bytes(os.getpid())


def _private_bytes(pid: int) -> int:
    """Return what a process and all below it share with no other process; 0 if it cannot be read."""
    names = ("Private_Clean:", "Private_Dirty:", "Private_Hugetlb:", "SwapPss:")
    return sum(smaps_bytes(other, *names) or 0 for other in (pid, *descendants(pid)))


@dataclass(slots=True)
class MaxMemory:
    """The largest memory sampled so far."""

    size_bytes: int = 0


@contextmanager
def track_max(measure: Callable[[], int]) -> Iterator[MaxMemory]:
    """Track the maximum of a measurement while the block runs."""
    seen = MaxMemory()

    def sample() -> None:
        seen.size_bytes = max(seen.size_bytes, measure())

    with _sample_repeatedly(sample, MEMORY_INTERVAL_S):
        yield seen


@contextmanager
def track_submissions(engine: Engine) -> Iterator[dict[int, int]]:
    """Track by process id the most memory that each submission shares with no others."""
    seen: dict[int, int] = {}

    def sample() -> None:
        for worker in engine.workers:
            running = worker.submission_process
            if running is not None and (size_bytes := _private_bytes(running.pid)):
                seen[running.pid] = max(seen.get(running.pid, 0), size_bytes)

    with _sample_repeatedly(sample, SUBMISSION_INTERVAL_S):
        yield seen


@dataclass(slots=True)
class ResultTimes:
    """When the results of a run arrived."""

    counts: list[tuple[float, int]] = field(default_factory=list)
    """Time and number of results, at each change."""

    def steady_state(self) -> tuple[int, float]:
        """Return the number of results after the first ones, and the seconds that they took."""
        (begin, first), (end, last) = self.counts[0], self.counts[-1]
        return last - first, end - begin


@contextmanager
def track_results(journal: Path) -> Iterator[ResultTimes]:
    """Watch a journal while the block runs: it has a line for each result, among others."""
    times, counter = ResultTimes(), _ResultCounter(journal)

    def sample() -> None:
        results = counter.count()
        if results > (times.counts[-1][1] if times.counts else 0):
            times.counts.append((time.monotonic(), results))

    with _sample_repeatedly(sample, _JOURNAL_INTERVAL_S):
        yield times


class _ResultCounter:
    """Counts the results in a growing journal and reads each byte once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = self._results = 0

    def count(self) -> int:
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._size)
                fresh = file.read()
            self._size += len(fresh)
            self._results += sum(line.startswith(b'{"student"') for line in fresh.splitlines())
        return self._results


@contextmanager
def _sample_repeatedly(sample: Callable[[], None], interval_s: float) -> Iterator[None]:
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(interval_s):
            sample()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        sample()
