"""Resident memory of all processes below one."""

import os
from pathlib import Path

import psutil

from autograder.sandbox.kill_tree import descendants

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int) -> int:
    """Return an upper bound: pages that processes share count for each of them."""
    if not Path("/proc/self/statm").exists():
        return _resident_bytes_psutil(pid)
    return sum(map(_process_rss_bytes, descendants(pid)))


def proportional_bytes(pid: int) -> int:
    """Return the same with every shared page divided by the number of its users; slower."""
    return sum(map(process_pss_bytes, descendants(pid)))


def _process_rss_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def process_pss_bytes(pid: int) -> int:
    """Return the same of one process alone; of one that is gone, nothing."""
    found = _read_smaps_rollup(pid, "Pss:", "SwapPss:")
    return _process_rss_bytes(pid) if found is None else found


def anonymous_bytes(pid: int) -> int:
    """Return what of that stands in no file, and so is shared with no stranger; nothing if not told."""
    return _read_smaps_rollup(pid, "Pss_Anon:", "Pss_Shmem:", "SwapPss:") or 0


def private_bytes(pid: int) -> int:
    """Return what a process and all below it share with no process; nothing if not told."""
    names = ("Private_Clean:", "Private_Dirty:", "Private_Hugetlb:", "SwapPss:")
    return sum(_read_smaps_rollup(one, *names) or 0 for one in (pid, *descendants(pid)))


def _read_smaps_rollup(pid: int, *names: str) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return sum(int(line.split()[1]) for line in lines if line.startswith(names)) * 1024


def _resident_bytes_psutil(pid: int) -> int:
    try:
        below = psutil.Process(pid).children(recursive=True)
        return sum(one.memory_info().rss for one in below)
    except psutil.Error:
        return 0
