"""The processes below another one: which they are, their memory, and how to kill them all."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

_POLL_INTERVAL_S = 0.002


def descendants(pid: int) -> list[int]:
    """Return the pids of all processes below ``pid``."""
    if sys.platform != "linux":
        try:
            return [child.pid for child in psutil.Process(pid).children(recursive=True)]
        except psutil.Error:
            return []
    # The kernel's own lists of children: psutil reads every process of the machine instead, which
    # is too slow for the memory watcher.
    pids: list[int] = []
    unvisited = [pid]
    while unvisited:
        parent = unvisited.pop()
        with contextlib.suppress(OSError):  # the process or one of its threads has ended
            for thread in Path(f"/proc/{parent}/task").iterdir():
                children = [int(word) for word in (thread / "children").read_text().split()]
                pids += children
                unvisited += children
    return pids


def resident_bytes(pid: int) -> int:
    """Return an upper bound of the memory below ``pid``: a shared page counts for each of its users."""
    return sum(map(_process_rss_bytes, descendants(pid)))


def proportional_bytes(pid: int) -> int:
    """Return the memory below ``pid``, every shared page divided by the number of its users; slower."""
    return sum(map(process_pss_bytes, descendants(pid)))


def process_pss_bytes(pid: int) -> int:
    """Return the proportional memory of one process; 0 if it is gone."""
    size_bytes = smaps_bytes(pid, "Pss:", "SwapPss:")
    return _process_rss_bytes(pid) if size_bytes is None else size_bytes


def smaps_bytes(pid: int, *names: str) -> int | None:
    """Return the sum of some lines of ``/proc/PID/smaps_rollup``; None if they cannot be read."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return sum(int(line.split()[1]) for line in lines if line.startswith(names)) * 1024


def _process_rss_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def kill_descendants(uid: int | None) -> None:
    """Kill every descendant of this process and return when none is left.

    The caller is the child subreaper (``syscalls.set_child_subreaper``): orphans become its own
    children, so having no child means that nothing is left.

    Args:
        uid: a user that owns nothing but the descendants; one kill then reaches all of them at
            once. Without it they are stopped first, so that none can fork meanwhile.
    """
    while not _reap_all():
        if uid is None or not hasattr(os, "fork"):
            _stop_and_kill()
        else:
            _kill_all_of_user(uid)
        time.sleep(_POLL_INTERVAL_S)


def _reap_all() -> bool:
    """Collect the children that have ended; return True if there is none left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return False


def _kill_all_of_user(uid: int) -> None:
    # kill(-1) hits every process that the caller may signal. Sent by root it would end the machine,
    # so a helper becomes that user first; it dies of its own signal.
    helper = os.fork()
    if helper == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(helper, 0)


def _stop_and_kill() -> None:
    # A fork bomb makes children faster than they can be listed, but not while it is stopped.
    stopped: set[int] = set()
    while new := set(descendants(os.getpid())) - stopped:
        _send_signal(new, signal.SIGSTOP)
        stopped |= new
    _send_signal(stopped, signal.SIGKILL)


def _send_signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
