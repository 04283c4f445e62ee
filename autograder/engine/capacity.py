"""What this machine, or the container that we are in, lets us use."""

import os
from pathlib import Path

import psutil

from autograder.files import MEBIBYTE
from autograder.limits import Limits

GRADER_OVERHEAD_BYTES = 1_200 * MEBIBYTE
"""What supervisor, zygote, grader and trainer take at most; measured, see ``docs/gradescope.md``."""

CGROUP_ROOT = Path("/sys/fs/cgroup")


def max_workers(limits: Limits, *, cgroup_root: Path = CGROUP_ROOT) -> int:
    """Return how many submissions can be graded at once: one to a core, as long as memory lasts."""
    free = min(psutil.virtual_memory().available, memory_limit_bytes(cgroup_root))
    return max(1, min(_cpu_limit(cgroup_root), free // (GRADER_OVERHEAD_BYTES + limits.memory_bytes)))


def memory_limit_bytes(cgroup_root: Path = CGROUP_ROOT) -> int:
    """Return the memory of the machine, or of the container if that is less."""
    found = [psutil.virtual_memory().total]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):  # of cgroup v2 and v1
        found += [int(word) for word in _read_words(cgroup_root / name) if word.isdigit()]
    return min(found)


def _cpu_limit(cgroup_root: Path) -> int:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _read_words(cgroup_root / "cpu.max") or [
        *_read_words(cgroup_root / "cpu" / "cpu.cfs_quota_us"),
        *_read_words(cgroup_root / "cpu" / "cpu.cfs_period_us"),
    ]
    if len(quota) == 2 and quota[0].isdigit():
        return max(1, min(allowed, int(quota[0]) // int(quota[1])))
    return allowed


def _read_words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
