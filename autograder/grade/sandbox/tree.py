"""Resident memory of all processes below one."""

import os
from pathlib import Path

import psutil

from autograder.grade.sandbox.remains import descendants

_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int) -> int:
    """Return an upper bound: pages that processes share count for each of them."""
    if not Path("/proc/self/statm").exists():
        return _portable(pid)
    return sum(map(_resident, descendants(pid)))


def proportional_bytes(pid: int) -> int:
    """Return the same with every shared page divided by the number of its users; slower."""
    return sum(map(process_bytes, descendants(pid)))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def process_bytes(pid: int) -> int:
    """Return the same of one process alone; of one that is gone, nothing."""
    found = _rollup(pid, "Pss:", "SwapPss:")
    return _resident(pid) if found is None else found


def own_bytes(pid: int) -> int:
    """Return what of that stands in no file, and so is shared with no stranger; nothing if not told."""
    return _rollup(pid, "Pss_Anon:", "Pss_Shmem:", "SwapPss:") or 0


def private_bytes(pid: int) -> int:
    """Return what a process and all below it share with no process; nothing if not told."""
    names = ("Private_Clean:", "Private_Dirty:", "Private_Hugetlb:", "SwapPss:")
    return sum(_rollup(one, *names) or 0 for one in (pid, *descendants(pid)))


def _rollup(pid: int, *names: str) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return sum(int(line.split()[1]) for line in lines if line.startswith(names)) * 1024


def _portable(pid: int) -> int:
    try:
        below = psutil.Process(pid).children(recursive=True)
        return sum(one.memory_info().rss for one in below)
    except psutil.Error:
        return 0
