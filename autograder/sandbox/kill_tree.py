"""Ending a tree of processes where no pid namespace ends it at once.

The caller has adopted all orphans (``syscalls.adopt_orphans``), so that having no child means
that nothing is left.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import psutil

_POLL_INTERVAL_S = 0.002


def kill_descendants(uid: int | None) -> None:
    """Kill every descendant of this process and return when none is left.

    Args:
        uid: a user to whom nothing but the descendants belongs; one kill then reaches all of
            them at once. Without it they are stopped first, so that none can fork meanwhile.
    """
    while not _reap_all():
        if uid is None or not hasattr(os, "fork"):
            _stop_and_kill()
        else:
            _kill_all_of_user(uid)
        time.sleep(_POLL_INTERVAL_S)


def _reap_all() -> bool:
    """Collect what has ended; say whether that was all."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return False


def _kill_all_of_user(uid: int) -> None:
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
    stopped: set[int] = set()
    while new := set(descendants(os.getpid())) - stopped:
        for pid in new:
            _send_signal(pid, signal.SIGSTOP)
        stopped |= new
    for pid in stopped:
        _send_signal(pid, signal.SIGKILL)


def _send_signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def descendants(pid: int) -> list[int]:
    """Return all processes below ``pid``, by what ``/proc`` says now."""
    if sys.platform != "linux":
        return _descendants_psutil(pid)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children(waiting.pop())
        found += below
        waiting += below
    return found


def _descendants_psutil(pid: int) -> list[int]:
    try:
        return [process.pid for process in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def children(pid: int) -> list[int]:
    """Return the direct children of ``pid``; none when it is gone."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(word) for thread in threads for word in (thread / "children").read_text().split()]
    except OSError:
        return []
