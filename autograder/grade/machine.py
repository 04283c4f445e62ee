"""What this machine, or the container that we are in, lets us use."""

import os
from pathlib import Path

import psutil

from autograder.grade.limits import MEBIBYTE, Limits

OURS_BYTES = 1_200 * MEBIBYTE
"""What supervisor, zygote, grader and trainer take at most; measured, see ``docs/gradescope.md``."""

GROUPS = Path("/sys/fs/cgroup")


def most_workers(limits: Limits, *, groups: Path = GROUPS) -> int:
    """Return how many submissions can be graded at once: one to a core, as long as memory lasts."""
    free = min(psutil.virtual_memory().available, container_bytes(groups))
    return max(1, min(_cores(groups), free // (OURS_BYTES + limits.memory_bytes)))


def container_bytes(groups: Path = GROUPS) -> int:
    """Return the memory of the machine, or of the container if that is less."""
    found = [psutil.virtual_memory().total]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):  # of cgroup v2 and v1
        found += [int(word) for word in _words(groups / name) if word.isdigit()]
    return min(found)


def _cores(groups: Path) -> int:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _words(groups / "cpu.max") or [
        *_words(groups / "cpu" / "cpu.cfs_quota_us"),
        *_words(groups / "cpu" / "cpu.cfs_period_us"),
    ]
    if len(quota) == 2 and quota[0].isdigit():
        return max(1, min(allowed, int(quota[0]) // int(quota[1])))
    return allowed


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
