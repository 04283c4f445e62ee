"""A role that looks from inside whether each layer holds, instead of believing it."""

import json
import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import autograder
from autograder.grade.sandbox.layers import Layer

_FIRST_PIDS = 64


def main(wire: socket.socket, _options: Mapping[str, Any]) -> None:
    """Send one line of JSON: what does not hold, by layer, with what was seen."""
    looks = {
        Layer.UID: _user,
        Layer.PIDS: _pids,
        Layer.ROOT: _root,
        Layer.NETWORK: _network,
        Layer.LANDLOCK: _landlock,
        Layer.SECCOMP: _seccomp,
    }
    seen = {layer.value: look() for layer, look in looks.items()}
    wire.sendall(json.dumps(seen).encode() + b"\n")


def _user() -> str:
    if os.getuid() == 0:
        return "it is root's"
    library = Path(os.__file__)
    return "" if os.access(library, os.R_OK) else f"it cannot read Python's own {library.parent}"


def _pids() -> str:
    return "" if os.getpid() < _FIRST_PIDS else f"the pid is {os.getpid()}"


def _root() -> str:
    own = Path(autograder.__file__)
    return f"{own} is there" if os.access(own, os.F_OK) else ""


def _network() -> str:
    devices = [name for _, name in socket.if_nameindex()] if _has_sockets() else ["lo"]
    return "" if devices == ["lo"] else f"network devices {devices}"


def _has_sockets() -> bool:
    try:
        socket.socket().close()
    except PermissionError:
        return False
    return True


def _landlock() -> str:
    place = Path("landlock-probe")
    try:
        os.mknod(place, stat.S_IFSOCK | 0o600)
    except PermissionError:
        return ""
    place.unlink()
    return "a socket file could be made"


def _seccomp() -> str:
    return "a socket could be opened" if _has_sockets() else ""
