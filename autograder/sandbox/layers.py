"""The layers of isolation, and what a submission could do without each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum


class Layer(Enum):
    """One layer; its value is the word in reports."""

    UID = "uid"
    """A user of its own: not root's, and not that of whoever grades."""

    PIDS = "pids"
    """A pid namespace: its end is the end of every process in it."""

    ROOT = "root"
    """A root folder of its own; needs PIDS for a ``/proc`` of its own."""

    NETWORK = "network"
    """Network, IPC, host-name and cgroup namespaces."""

    LANDLOCK = "landlock"
    SECCOMP = "seccomp"
    WATCHER = "watcher"
    """Resident memory of the whole tree is measured and limited."""


ALL_LAYERS = frozenset(Layer)

CONSEQUENCE_IF_MISSING = {
    Layer.UID: "submissions run as the user who grades: file modes protect nothing",
    Layer.PIDS: "processes are ended one by one, and a submission sees the pids of others",
    Layer.ROOT: "world-readable files can be read unless landlock forbids it; the disk is shared",
    Layer.NETWORK: "only seccomp and landlock keep a submission from the network",
    Layer.LANDLOCK: "files are protected by the private root and by modes alone",
    Layer.SECCOMP: "sockets outside the network namespace and hidden memory are open",
    Layer.WATCHER: "memory is limited per process, not for all of them together",
}
"""What the absence of a layer means."""

FORK_LAYERS = frozenset({Layer.PIDS, Layer.ROOT})
"""The first process of a pid namespace is not the one that makes it."""

_DEPENDENCIES = {Layer.ROOT: frozenset({Layer.PIDS})}


class LayerError(Exception):
    """The machine refuses one layer."""

    def __init__(self, layer: Layer, reason: str) -> None:
        self.layer = layer
        self.reason = reason
        super().__init__(f"{layer.value}: {reason}")


@contextmanager
def attempt(layer: Layer) -> Iterator[None]:
    """Turn what the system refuses inside into the ``LayerError`` of ``layer``."""
    try:
        yield
    except (OSError, AttributeError, ValueError) as error:
        raise LayerError(layer, f"{type(error).__name__}: {error}") from error


def drop_unsatisfied(layers: frozenset[Layer]) -> frozenset[Layer]:
    """Return ``layers`` without those that need one that is not there."""
    return frozenset(layer for layer in layers if _DEPENDENCIES.get(layer, frozenset()) <= layers)


@dataclass(frozen=True, slots=True)
class IsolationStatus:
    """What a machine gave when the whole recipe was tried."""

    layers: frozenset[Layer]
    refusals: tuple[tuple[Layer, str], ...] = ()
    """Layers that were tried and refused, with the system's reason."""

    @property
    def level(self) -> str:
        """Return ``full`` or ``reduced``."""
        return "full" if self.layers == ALL_LAYERS else "reduced"

    @property
    def present(self) -> tuple[str, ...]:
        """Return the layers that hold, in a fixed order."""
        return tuple(layer.value for layer in Layer if layer in self.layers)

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the layers that do not."""
        return tuple(layer.value for layer in Layer if layer not in self.layers)
