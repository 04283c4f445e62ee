"""A process tree as the supervisor sees it: its wire, its lifeline, its end, its memory."""

import json
import os
import select
import socket
import threading
import time
from functools import cache

from autograder.errors import StaffError
from autograder.sandbox import process_tree
from autograder.sandbox.layers import Layer, LayerError

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
        return process_tree.proportional_bytes(self.pid)

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
        rss_bytes = process_tree.resident_bytes(self.pid)
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
    threading.Thread(target=_watch, name="memory watcher", daemon=True).start()


def _watch() -> None:
    while True:
        # Measured outside the lock, or a thread that kills its tree would wait for all measurements.
        with _watched_lock:
            processes = list(_watched)
        for process in processes:
            process.check_memory()
        time.sleep(_WATCH_INTERVAL_S)
