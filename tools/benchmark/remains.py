"""What a run leaves where it should leave nothing."""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.sandbox.process_tree import descendants

PREFIXES = ("course-kit-", "zygote-", "submission-")
"""Of the folders that grading makes for a while."""

_SHARED_MEMORY = Path("/dev/shm")
_SEMAPHORES = "sem.mp-"
"""Of Python's multiprocessing, which grading does not use; those of others come and go."""

_SEGMENTS = Path("/proc/sysvipc/shm")
_SCRATCH = Path("/tmp")
"""Where the folders of submissions are; a zygote is told of no other place."""

_POLL_INTERVAL_S = 0.1


def snapshot(pid: int) -> frozenset[str]:
    """Return what could be left: processes below one, folders of ours, shared memory of the machine."""
    processes = (f"process {below}" for below in descendants(pid))
    places = {Path(tempfile.gettempdir()), _SCRATCH}
    folders = (str(path) for place in places for path in place.iterdir() if path.name.startswith(PREFIXES))
    return frozenset((*processes, *folders, *_shared_memory_files(), *_unused_segments()))


def new_since(before: frozenset[str], pid: int, *, timeout_s: float = 5.0) -> tuple[str, ...]:
    """Return what was not there before and does not go away.

    Args:
        within_s: how long others, whose runs pass over this machine, may take to tidy up.
    """
    end = time.monotonic() + timeout_s
    found = snapshot(pid) - before
    while found and time.monotonic() < end:
        time.sleep(_POLL_INTERVAL_S)
        found &= snapshot(pid)
    return tuple(sorted(one for one in found if not _is_mapped(one)))


def _shared_memory_files() -> Iterator[str]:
    for path in _SHARED_MEMORY.iterdir() if _SHARED_MEMORY.is_dir() else ():
        if not path.name.startswith(_SEMAPHORES):
            yield str(path)


def _unused_segments() -> Iterator[str]:
    """Yield the segments that nobody is attached to."""
    rows = _SEGMENTS.read_text().splitlines()[1:] if _SEGMENTS.exists() else ()
    for identity, users in ((row.split()[1], row.split()[6]) for row in rows):
        if users == "0":
            yield f"shared-memory segment {identity}"


def _is_mapped(path: str) -> bool:
    """Say whether a running process uses shared memory; then it is somebody else's."""
    if not path.startswith(f"{_SHARED_MEMORY}/"):
        return False
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):
            if path in maps.read_text():
                return True
    return False
