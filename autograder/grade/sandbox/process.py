"""One process tree as the supervisor holds it: its wire, its lifeline, its end, its memory."""

import json
import os
import select
import socket
import threading
import time

from autograder.errors import StaffError
from autograder.grade.sandbox import tree
from autograder.grade.sandbox.layers import Layer, LayerError

_WATCH_S = 0.1
"""Seconds between two looks at the memory of all trees."""

_STEP = 64 * 2**20
"""The quick sum counts a shared page once for each of its users. Dividing it among them takes
milliseconds, so that is done when the quick sum is higher than ever by so much, or too high."""


class Ends:
    """The supervisor's ends of one tree's lifeline and ``done`` pipe."""

    def __init__(self, lifeline: int, done: int) -> None:
        self._lifeline = lifeline
        self._done = done
        self._lock = threading.Lock()

    def wait_until_it_stands(self, *, within_s: float) -> None:
        """Return when the sandbox stands and its role is loaded.

        Raises:
            LayerError: the machine refuses one layer.
            StaffError: nothing was heard of it in time, or it cannot load what it needs.
        """
        text = b""
        while not text.endswith(b"\n"):
            part = os.read(self._done, 4096) if _readable(self._done, within_s) else b""
            if not part:
                raise StaffError("a process ended, or said nothing, before its sandbox stood")
            text += part
        state = json.loads(text)
        if "failed" in state:
            raise StaffError(f"a process could not load what it needs ({state['failed']})")
        if state:
            raise LayerError(Layer(state["layer"]), state["reason"])

    def cut(self) -> None:
        """Let go of the lifeline; the keeper then ends the tree."""
        with self._lock:
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1

    def gone(self, *, within_s: float) -> bool:
        """Say whether no process of the tree is left; then close what is open."""
        if self._done >= 0 and _readable(self._done, within_s):
            os.close(self._done)
            self._done = -1
        return self._done < 0


def _readable(descriptor: int, within_s: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(within_s * 1000))


class Process:
    """One process tree below a keeper; belongs to the thread that started it."""

    def __init__(self, pid: int, sock: socket.socket, ends: Ends, memory_bytes: int) -> None:
        self.pid = pid
        """The keeper's."""

        self.sock = sock
        """The supervisor's end of the wire."""

        self.peak_bytes = 0
        """Resident memory of the whole tree, the most that was seen so far."""

        self.killed_for = ""
        """``memory`` when the watcher killed it."""

        self._ends = ends
        self._memory_bytes = memory_bytes
        self._highest = -_STEP

    def alive(self) -> bool:
        """Say whether anything of the tree exists."""
        return not self._ends.gone(within_s=0)

    def resident_bytes(self) -> int:
        """Return the memory of the tree now, every shared page divided by its users."""
        return tree.proportional_bytes(self.pid)

    def cut(self) -> None:
        """Have the whole tree end, and do not wait for it; any thread may."""
        self._ends.cut()

    def kill(self, *, within_s: float = 20.0) -> None:
        """End the whole tree, return when nothing of it is left, and close the wire.

        Raises:
            StaffError: the end was not seen within ``within_s`` seconds.
        """
        self._ends.cut()
        gone = self._ends.gone(within_s=within_s)
        WATCHER.forget(self)
        self.sock.close()
        if not gone:
            raise StaffError(f"the processes below pid {self.pid} did not end; stop the run and see why")

    def look(self) -> None:
        """Measure the tree, and end it if it takes more than it may."""
        most = tree.resident_bytes(self.pid)
        if most <= self._memory_bytes and most < self._highest + _STEP:
            return
        self._highest = max(self._highest, most)
        resident = self.resident_bytes()
        self.peak_bytes = max(self.peak_bytes, resident)
        if resident > self._memory_bytes:
            self.killed_for = "memory"
            self._ends.cut()


class Watcher:
    """Looks at the memory of every living tree, in a thread of its own."""

    def __init__(self) -> None:
        self._watched: set[Process] = set()
        self._lock = threading.Lock()
        self._running = False

    def watch(self, process: Process) -> None:
        """Look at ``process`` until it is forgotten."""
        with self._lock:
            self._watched.add(process)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="memory watcher", daemon=True).start()

    def forget(self, process: Process) -> None:
        """Look at ``process`` no more."""
        with self._lock:
            self._watched.discard(process)

    def _run(self) -> None:
        while True:
            with self._lock:
                watched = list(self._watched)
            for process in watched:
                process.look()
            time.sleep(_WATCH_S)


WATCHER = Watcher()
"""One for the whole supervisor."""
