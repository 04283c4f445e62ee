"""One process tree as the supervisor holds it: its wire, its lifeline, its end, its memory."""

import json
import os
import select
import socket
import threading
import time

from autograder.errors import StaffError
from autograder.sandbox import memory
from autograder.sandbox.layers import Layer, LayerError

_WATCH_INTERVAL_S = 0.1
"""Seconds between two looks at the memory of all trees."""

_REMEASURE_STEP_BYTES = 64 * 2**20
"""The quick sum counts a shared page once for each of its users. Dividing it among them takes
milliseconds, so that is done when the quick sum is higher than ever by so much, or too high."""


class SupervisorPipes:
    """The supervisor's ends of one tree's lifeline and ``done`` pipe."""

    def __init__(self, lifeline: int, status: int) -> None:
        self._lifeline = lifeline
        self._status = status
        self._lock = threading.Lock()

    def wait_ready(self, *, timeout_s: float) -> None:
        """Return when the sandbox stands and its role is loaded.

        Raises:
            LayerError: the machine refuses one layer.
            StaffError: nothing was heard of it in time, or it cannot load what it needs.
        """
        text = b""
        while not text.endswith(b"\n"):
            part = os.read(self._status, 4096) if _is_readable(self._status, timeout_s) else b""
            if not part:
                raise StaffError("a process ended, or said nothing, before its sandbox stood")
            text += part
        state = json.loads(text)
        if "failed" in state:
            raise StaffError(f"a process could not load what it needs ({state['failed']})")
        if state:
            raise LayerError(Layer(state["layer"]), state["reason"])

    def terminate(self) -> None:
        """Let go of the lifeline; the keeper then ends the tree."""
        with self._lock:
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1

    def wait_gone(self, *, timeout_s: float) -> bool:
        """Say whether no process of the tree is left; then close what is open."""
        if self._status >= 0 and _is_readable(self._status, timeout_s):
            os.close(self._status)
            self._status = -1
        return self._status < 0


def _is_readable(descriptor: int, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))


class Process:
    """One process tree below a keeper; belongs to the thread that started it."""

    def __init__(self, pid: int, sock: socket.socket, pipes: SupervisorPipes, memory_bytes: int) -> None:
        self.pid = pid
        """The keeper's."""

        self.sock = sock
        """The supervisor's end of the wire."""

        self.peak_bytes = 0
        """Resident memory of the whole tree, the most that was seen so far."""

        self.kill_reason = ""
        """``memory`` when the watcher killed it."""

        self._pipes = pipes
        self._memory_bytes = memory_bytes
        self._max_rss_bytes = -_REMEASURE_STEP_BYTES

    def is_alive(self) -> bool:
        """Say whether anything of the tree exists."""
        return not self._pipes.wait_gone(timeout_s=0)

    def resident_bytes(self) -> int:
        """Return the memory of the tree now, every shared page divided by its users."""
        return memory.proportional_bytes(self.pid)

    def terminate(self) -> None:
        """Have the whole tree end, and do not wait for it; any thread may."""
        self._pipes.terminate()

    def kill(self, *, timeout_s: float = 20.0) -> None:
        """End the whole tree, return when nothing of it is left, and close the wire.

        Raises:
            StaffError: the end was not seen within ``within_s`` seconds.
        """
        self._pipes.terminate()
        gone = self._pipes.wait_gone(timeout_s=timeout_s)
        MEMORY_WATCHER.unwatch(self)
        self.sock.close()
        if not gone:
            raise StaffError(f"the processes below pid {self.pid} did not end; stop the run and see why")

    def check_memory(self) -> None:
        """Measure the tree, and end it if it takes more than it may."""
        most = memory.resident_bytes(self.pid)
        if most <= self._memory_bytes and most < self._max_rss_bytes + _REMEASURE_STEP_BYTES:
            return
        self._max_rss_bytes = max(self._max_rss_bytes, most)
        resident = self.resident_bytes()
        self.peak_bytes = max(self.peak_bytes, resident)
        if resident > self._memory_bytes:
            self.kill_reason = "memory"
            self._pipes.terminate()


class MemoryWatcher:
    """Looks at the memory of every living tree, in a thread of its own."""

    def __init__(self) -> None:
        self._processes: set[Process] = set()
        self._lock = threading.Lock()
        self._is_running = False

    def watch(self, process: Process) -> None:
        """Look at ``process`` until it is forgotten."""
        with self._lock:
            self._processes.add(process)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="memory watcher", daemon=True).start()

    def unwatch(self, process: Process) -> None:
        """Look at ``process`` no more."""
        with self._lock:
            self._processes.discard(process)

    def _run(self) -> None:
        while True:
            with self._lock:
                watched = list(self._processes)
            for process in watched:
                process.check_memory()
            time.sleep(_WATCH_INTERVAL_S)


MEMORY_WATCHER = MemoryWatcher()
"""One for the whole supervisor."""
