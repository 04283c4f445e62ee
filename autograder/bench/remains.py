"""What a run leaves where it should leave nothing."""

import tempfile
import time
from pathlib import Path

from autograder.grade.sandbox.remains import descendants

PREFIXES = ("course-kit-", "zygote-", "submission-")
"""Of the folders that grading makes for a while."""

_SHARED = Path("/dev/shm")
_SEGMENTS = Path("/proc/sysvipc/shm")
_SCRATCH = Path("/tmp")
"""Where the folders of submissions are; a zygote is told of no other place."""

_PAUSE_S = 0.1


def present(pid: int) -> frozenset[str]:
    """Return what could be left: processes below one, folders of ours, shared memory of the machine."""
    processes = (f"process {below}" for below in descendants(pid))
    places = {Path(tempfile.gettempdir()), _SCRATCH}
    folders = (str(path) for place in places for path in place.iterdir() if path.name.startswith(PREFIXES))
    shared = map(str, _SHARED.iterdir()) if _SHARED.is_dir() else ()
    return frozenset((*processes, *folders, *shared, *_segments()))


def left_since(before: frozenset[str], pid: int, *, within_s: float = 5.0) -> tuple[str, ...]:
    """Return what was not there before and does not go away.

    Args:
        within_s: how long others, whose runs pass over this machine, may take to tidy up.
    """
    end = time.monotonic() + within_s
    found = present(pid) - before
    while found and time.monotonic() < end:
        time.sleep(_PAUSE_S)
        found &= present(pid)
    return tuple(sorted(found))


def _segments() -> list[str]:
    if not _SEGMENTS.exists():
        return []
    rows = _SEGMENTS.read_text().splitlines()[1:]
    return [f"shared-memory segment {row.split()[1]}" for row in rows]
