"""A role that looks from inside whether each layer holds, instead of believing it."""

import json
import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import autograder
from autograder.sandbox.layers import Layer

_MAX_NAMESPACE_PID = 64


def main(wire: socket.socket, _options: Mapping[str, Any]) -> None:
    """Send one line of JSON: what does not hold, by layer, with what was seen."""
    looks = {
        Layer.UID: _check_user,
        Layer.PIDS: _check_pids,
        Layer.ROOT: _check_root,
        Layer.NETWORK: _check_network,
        Layer.LANDLOCK: _check_landlock,
        Layer.SECCOMP: _check_seccomp,
    }
    seen = {layer.value: look() for layer, look in looks.items()}
    wire.sendall(json.dumps(seen).encode() + b"\n")


def _check_user() -> str:
    if os.getuid() == 0:
        return "it is root's"
    library = Path(os.__file__)
    return "" if os.access(library, os.R_OK) else f"it cannot read Python's own {library.parent}"


def _check_pids() -> str:
    return "" if os.getpid() < _MAX_NAMESPACE_PID else f"the pid is {os.getpid()}"


def _check_root() -> str:
    own = Path(autograder.__file__)
    return f"{own} is there" if os.access(own, os.F_OK) else ""


def _check_network() -> str:
    devices = [name for _, name in socket.if_nameindex()] if _can_open_sockets() else ["lo"]
    return "" if devices == ["lo"] else f"network devices {devices}"


def _can_open_sockets() -> bool:
    try:
        socket.socket().close()
    except PermissionError:
        return False
    return True


def _check_landlock() -> str:
    place = Path("landlock-probe")
    try:
        os.mknod(place, stat.S_IFSOCK | 0o600)
    except PermissionError:
        return ""
    place.unlink()
    return "a socket file could be made"


def _check_seccomp() -> str:
    return "a socket could be opened" if _can_open_sockets() else ""
