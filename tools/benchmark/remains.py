"""Finds what a run leaves behind although it should leave nothing."""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.sandbox.process import descendants

PREFIXES = ("course-kit-", "zygote-", "submission-")
"""Names of the temporary folders that grading makes start with one of these."""

_SHARED_MEMORY = Path("/dev/shm")
_SEMAPHORES = "sem.mp-"
"""From Python's multiprocessing, which grading does not use; other programs' come and go."""

_SEGMENTS = Path("/proc/sysvipc/shm")
_SCRATCH = Path("/tmp")
"""Where zygotes put the folders of submissions, whatever the environment says."""

_POLL_INTERVAL_S = 0.1


def snapshot(pid: int) -> frozenset[str]:
    """Return what a run could leave: descendants of a process, our folders, the machine's shared memory."""
    processes = (f"process {below}" for below in descendants(pid))
    places = {Path(tempfile.gettempdir()), _SCRATCH}
    folders = (str(path) for place in places for path in place.iterdir() if path.name.startswith(PREFIXES))
    return frozenset((*processes, *folders, *_shared_memory_files(), *_unused_segments()))


def new_since(before: frozenset[str], pid: int, *, timeout_s: float = 5.0) -> tuple[str, ...]:
    """Return what did not exist before and does not go away.

    Args:
        before: from ``snapshot``.
        pid: the process whose descendants count.
        timeout_s: how long other runs on this machine may take to clean up.
    """
    end = time.monotonic() + timeout_s
    leftovers = snapshot(pid) - before
    while leftovers and time.monotonic() < end:
        time.sleep(_POLL_INTERVAL_S)
        leftovers &= snapshot(pid)
    return tuple(sorted(item for item in leftovers if not _is_mapped(item)))


def _shared_memory_files() -> Iterator[str]:
    for path in _SHARED_MEMORY.iterdir() if _SHARED_MEMORY.is_dir() else ():
        if not path.name.startswith(_SEMAPHORES):
            yield str(path)


def _unused_segments() -> Iterator[str]:
    """Yield the shared-memory segments that no process is attached to."""
    rows = _SEGMENTS.read_text().splitlines()[1:] if _SEGMENTS.exists() else ()
    for identity, users in ((row.split()[1], row.split()[6]) for row in rows):
        if users == "0":
            yield f"shared-memory segment {identity}"


def _is_mapped(path: str) -> bool:
    """Return True if a running process uses this shared memory: then it is another program's."""
    if not path.startswith(f"{_SHARED_MEMORY}/"):
        return False
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):
            if path in maps.read_text():
                return True
    return False
