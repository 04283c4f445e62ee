"""How much of this machine, or of the container around this process, may be used."""

import os
from pathlib import Path

import psutil

from autograder.files import MEBIBYTE
from autograder.limits import Limits

GRADER_OVERHEAD_BYTES = 1_200 * MEBIBYTE
"""Most that supervisor, zygote, grader and trainer use; measured, see ``docs/gradescope.md``."""

CGROUP_ROOT = Path("/sys/fs/cgroup")


def max_workers(limits: Limits, *, cgroup_root: Path = CGROUP_ROOT) -> int:
    """Return how many submissions can be graded at once: one per core, as far as memory allows."""
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    # CPU time per period, in microseconds; "max" or -1 stands for no limit.
    quota = _read_words(cgroup_root / "cpu.max")
    if not quota:
        quota = _read_words(cgroup_root / "cpu/cpu.cfs_quota_us")
        quota += _read_words(cgroup_root / "cpu/cpu.cfs_period_us")
    if len(quota) == 2 and quota[0].isdigit():
        cores = min(cores, int(quota[0]) // int(quota[1]))
    free_bytes = min(psutil.virtual_memory().available, memory_limit_bytes(cgroup_root))
    return max(1, min(cores, free_bytes // (GRADER_OVERHEAD_BYTES + limits.memory_bytes)))


def memory_limit_bytes(cgroup_root: Path = CGROUP_ROOT) -> int:
    """Return the memory of the machine, or of the container if that is less."""
    limit_bytes = int(psutil.virtual_memory().total)
    for name in ("memory.max", "memory/memory.limit_in_bytes"):  # of cgroup v2 and v1
        for word in _read_words(cgroup_root / name):
            if word.isdigit():
                limit_bytes = min(limit_bytes, int(word))
    return limit_bytes


def _read_words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
