"""The layers of isolation, what a submission could do without each, and a check from inside."""

import json
import os
import socket
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import autograder
from autograder.errors import StaffError


class Layer(Enum):
    """One layer; its value is the word in reports."""

    UID = "uid"
    """A user of its own: neither root nor the user who grades."""

    PIDS = "pids"
    """A pid namespace: when its first process ends, the kernel kills all others in it."""

    ROOT = "root"
    """A private root folder; needs PIDS for a ``/proc`` that shows only the submission."""

    NETWORK = "network"
    """Network, IPC, host-name and cgroup namespaces."""

    LANDLOCK = "landlock"
    SECCOMP = "seccomp"
    WATCHER = "watcher"
    """Resident memory of the whole tree is measured and limited."""


ALL_LAYERS = frozenset(Layer)

CONSEQUENCE_IF_MISSING = {
    Layer.UID: "submissions run as the user who grades: file modes protect nothing",
    Layer.PIDS: "processes are killed one by one, and a submission sees other processes",
    Layer.ROOT: "world-readable files can be read unless Landlock forbids it; the disk is shared",
    Layer.NETWORK: "only seccomp and Landlock keep a submission off the network",
    Layer.LANDLOCK: "only the private root and file modes protect files",
    Layer.SECCOMP: "sockets outside the network namespace and uncounted memory can be used",
    Layer.WATCHER: "memory is limited per process, not for the whole process tree",
}

FORK_LAYERS = frozenset({Layer.PIDS, Layer.ROOT})
"""Layers that need a fork: the process that makes a pid namespace is not in it, its next child is."""

_FIRST_UID = 61000
_UID_COUNT = 180
"""Below 61184, where systemd's own dynamic users begin."""

_MAX_NAMESPACE_PID = 64
"""A new pid namespace counts from 1; a process tree outside of one is far beyond this."""


class LayerError(Exception):
    """The machine refuses one layer."""

    def __init__(self, layer: Layer, reason: str) -> None:
        self.layer = layer
        self.reason = reason
        super().__init__(f"{layer.value}: {reason}")


def drop_unsatisfied(layers: frozenset[Layer]) -> frozenset[Layer]:
    """Return ``layers`` without those that need a missing one."""
    return layers if Layer.PIDS in layers else layers - {Layer.ROOT}


@contextmanager
def claim_uid(slot: int) -> Iterator[int]:
    """Claim a uid that no other worker of this machine has, and that owns nothing else.

    The claim is an abstract socket: the kernel frees it even when the supervisor is killed.

    Raises:
        StaffError: all are taken.
    """
    if sys.platform != "linux":  # no abstract sockets; nor does root confine anything by a user there
        yield _FIRST_UID + slot
        return
    for attempt in range(_UID_COUNT):
        uid = _FIRST_UID + (slot + attempt) % _UID_COUNT
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                claim.bind(f"\0course-grade-uid-{uid}")
            except OSError:
                continue
            yield uid
            return
    raise StaffError(f"all {_UID_COUNT} users for submissions are taken; stop other graders on this machine")


@dataclass(frozen=True, slots=True)
class IsolationStatus:
    """Which layers a machine provided when the complete sandbox was tried."""

    layers: frozenset[Layer]
    refusals: tuple[tuple[Layer, str], ...] = ()
    """Layers that were tried and refused, with the system's reason."""

    @property
    def level(self) -> str:
        """Return ``full`` or ``reduced``."""
        return "full" if self.layers == ALL_LAYERS else "reduced"

    @property
    def holds_files_apart(self) -> bool:
        """Return True if a submission cannot read what belongs to the course or to other submissions."""
        has_dedicated_user = Layer.UID in self.layers and os.geteuid() == 0
        return has_dedicated_user or bool(self.layers & {Layer.ROOT, Layer.LANDLOCK})

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the layers that do not hold, in a fixed order."""
        return tuple(layer.value for layer in Layer if layer not in self.layers)


def probe(wire: socket.socket, _options: Mapping[str, Any]) -> None:
    """Check from inside a sandbox which layers do not hold, instead of trusting its setup.

    An entry point of ``launch``. Sends one line of JSON: what was seen, by layer that does not hold.
    The same system call tells several layers apart, so each is judged by what it alone forbids.
    """
    seen: dict[Layer, str] = {}
    python_library = Path(os.__file__)
    if os.getuid() == 0:
        seen[Layer.UID] = "the process runs as root"
    elif not os.access(python_library, os.R_OK):
        # A dedicated user that cannot enter the folder above Python could not import anything later.
        seen[Layer.UID] = f"the process cannot read Python's own {python_library.parent}"
    if os.getpid() >= _MAX_NAMESPACE_PID:
        seen[Layer.PIDS] = f"the pid is {os.getpid()}"
    if os.access(autograder.__file__, os.F_OK):
        seen[Layer.ROOT] = f"{autograder.__file__} is visible"
    try:
        socket.socket().close()
    except PermissionError:
        pass  # seccomp holds; without sockets the network's devices cannot be listed, nor used
    else:
        seen[Layer.SECCOMP] = "a socket could be opened"
        devices = [name for _, name in socket.if_nameindex()]
        if devices != ["lo"]:
            seen[Layer.NETWORK] = f"network devices {devices}"
    socket_file = Path("landlock-probe")
    try:
        os.mknod(socket_file, stat.S_IFSOCK | 0o600)
    except PermissionError:
        pass
    else:
        socket_file.unlink()
        seen[Layer.LANDLOCK] = "a socket file could be created"
    report = {layer.value: text for layer, text in seen.items()}
    wire.sendall(json.dumps(report).encode() + b"\n")
