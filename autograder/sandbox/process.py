"""A process tree as the supervisor sees it, and the processes below another one: memory, and killing."""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import psutil

from autograder.errors import StaffError
from autograder.sandbox import privileges
from autograder.sandbox.layers import Layer, LayerError

_POLL_INTERVAL_S = 0.002
_WATCH_INTERVAL_S = 0.1
"""Seconds between two measurements of the memory of all trees."""

_REMEASURE_STEP_BYTES = 64 * 2**20
"""The quick sum counts a shared page once for each of its users. Dividing it among them takes
milliseconds, so that is done only when the quick sum exceeds its maximum by this much, or the limit."""


class Process:
    """One process tree below its monitor.

    It belongs to the thread that started it; only ``terminate`` and ``check_memory`` may be called
    from other threads.
    """

    def __init__(self, sock: socket.socket, lifeline: int, status: int, memory_bytes: int) -> None:
        """Take over the supervisor's ends of the wire, the lifeline and the status pipe."""
        self.sock = sock
        """The supervisor's end of the wire."""

        self.pid = 0
        """The monitor's, once the zygote has forked it."""

        self.peak_bytes = 0
        """Largest resident memory of the tree that was measured so far."""

        self.kill_reason = ""
        """``memory`` if the watcher killed the tree."""

        self._lifeline = lifeline
        self._status = status
        self._lifeline_lock = threading.Lock()
        self._memory_bytes = memory_bytes
        self._max_rss_bytes = -_REMEASURE_STEP_BYTES

    def wait_ready(self, *, timeout_s: float) -> None:
        """Wait until the sandbox is set up and its entry point is loaded.

        Raises:
            LayerError: the machine refuses one layer.
            StaffError: there was no report in time, or what the process needs cannot be loaded.
        """
        line = b""
        while not line.endswith(b"\n"):
            part = os.read(self._status, 4096) if self._is_status_readable(timeout_s) else b""
            if not part:
                raise StaffError("a process ended or hung before its sandbox was ready")
            line += part
        state = json.loads(line)
        if "failed" in state:
            raise StaffError(f"a process could not load what it needs ({state['failed']})")
        if state:
            raise LayerError(Layer(state["layer"]), state["reason"])

    def is_alive(self) -> bool:
        """Return True if any process of the tree exists."""
        return not self._is_gone(timeout_s=0)

    def resident_bytes(self) -> int:
        """Return the current memory of the tree, every shared page divided by its users."""
        return proportional_bytes(self.pid)

    def terminate(self) -> None:
        """Start to end the whole tree without waiting for it; any thread may call this."""
        # The lock keeps two threads from closing the descriptor twice: its number may belong to
        # another file by then.
        with self._lifeline_lock:
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1

    def kill(self, *, timeout_s: float = 20.0) -> None:
        """End the whole tree, return when nothing of it is left, and close the wire.

        Raises:
            StaffError: the tree did not end within ``timeout_s`` seconds.
        """
        self.terminate()
        is_gone = self._is_gone(timeout_s=timeout_s)
        with _watched_lock:
            _watched.discard(self)
        self.sock.close()
        if not is_gone:
            raise StaffError(f"the processes below pid {self.pid} did not end; stop the run and check why")

    def check_memory(self) -> None:
        """Measure the tree, and end it if it exceeds its limit; only the watcher calls this."""
        # An upper bound: a shared page counts for each of its users.
        rss_bytes = sum(map(_process_rss_bytes, descendants(self.pid)))
        if rss_bytes <= self._memory_bytes and rss_bytes < self._max_rss_bytes + _REMEASURE_STEP_BYTES:
            return
        self._max_rss_bytes = max(self._max_rss_bytes, rss_bytes)
        resident_bytes = self.resident_bytes()
        self.peak_bytes = max(self.peak_bytes, resident_bytes)
        if resident_bytes > self._memory_bytes:
            self.kill_reason = "memory"
            self.terminate()

    def _is_gone(self, *, timeout_s: float) -> bool:
        """Wait for the end of file of the status pipe; return True if it came."""
        if self._status >= 0 and self._is_status_readable(timeout_s):
            os.close(self._status)
            self._status = -1
        return self._status < 0

    def _is_status_readable(self, timeout_s: float) -> bool:
        poll = select.poll()
        poll.register(self._status, select.POLLIN)
        return bool(poll.poll(timeout_s * 1000))


_watched: set[Process] = set()
_watched_lock = threading.Lock()


def watch_memory(process: Process) -> None:
    """Measure ``process`` regularly until it is killed; one thread does so for all processes."""
    with _watched_lock:
        _watched.add(process)
        _start_watcher()


@cache
def _start_watcher() -> None:
    def watch() -> None:
        while True:
            # Measured outside the lock, or a thread that kills its tree would wait for all measurements.
            with _watched_lock:
                processes = list(_watched)
            for process in processes:
                process.check_memory()
            time.sleep(_WATCH_INTERVAL_S)

    threading.Thread(target=watch, name="memory watcher", daemon=True).start()


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
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        if uid is not None and hasattr(os, "fork"):
            _kill_all_of_user(uid)
        else:
            # A fork bomb makes children faster than they can be listed, but not while it is stopped.
            stopped: set[int] = set()
            while new := set(descendants(os.getpid())) - stopped:
                _send_signal(new, signal.SIGSTOP)
                stopped |= new
            _send_signal(stopped, signal.SIGKILL)
        time.sleep(_POLL_INTERVAL_S)


def _kill_all_of_user(uid: int) -> None:
    # kill(-1) hits every process that the caller may signal. Sent by root it would end the machine,
    # so a helper becomes that user first; it dies of its own signal.
    helper = os.fork()
    if helper == 0:
        try:
            privileges.switch_user(uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(helper, 0)


def _send_signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
