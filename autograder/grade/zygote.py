"""One per worker: imports everything once, then forks a process for each command.

Run as ``python -s -P -m autograder.grade.zygote`` with its control socket on descriptor 0.
The first frame is the plan, answered by what was loaded; each later one asks for a process
and brings its three descriptors. It exits when the control socket is closed. It must keep one
thread and no TensorFlow runtime, or what it forks would hang; it looks and says so.
"""

import gc
import importlib
import json
import os
import platform
import random
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from autograder.grade import preload
from autograder.grade.limits import Limits
from autograder.grade.sandbox import filesystem, seccomp, syscalls
from autograder.grade.sandbox.launch import Ends, Recipe, launch
from autograder.grade.sandbox.layers import Layer

_LENGTH = struct.Struct("!I")
_VERSIONED = ("tensorflow", "keras", "numpy", "matplotlib", "IPython")
_CONTROL = 0

Frame = dict[str, Any]
Role = Callable[[socket.socket, Frame], None]


def send_frame(control: socket.socket, frame: Frame, descriptors: tuple[int, ...] = ()) -> None:
    """Send a frame of plain JSON, with descriptors."""
    payload = json.dumps(frame).encode()
    socket.send_fds(control, [_LENGTH.pack(len(payload))], descriptors)
    control.sendall(payload)


def receive_frame(control: socket.socket) -> tuple[Frame, list[int]]:
    """Return the next frame and the descriptors that came with it.

    Raises:
        EOFError: the other end is closed.
    """
    head, descriptors, _, _ = socket.recv_fds(control, _LENGTH.size, 3)
    head += _exactly(control, _LENGTH.size - len(head))
    return json.loads(_exactly(control, _LENGTH.unpack(head)[0])), list(descriptors)


def _exactly(control: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = control.recv(length - len(data))
        if not part:
            raise EOFError("the control socket is closed")
        data += part
    return data


def main() -> None:
    """Load the plan, then fork on command until the supervisor is gone."""
    control = socket.socket(fileno=os.dup(_CONTROL))
    os.dup2(os.open(os.devnull, os.O_RDONLY), _CONTROL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        plan, _ = receive_frame(control)
        if plan["dies_with_parent"]:
            syscalls.die_with_parent(signal.SIGKILL)
        loaded = _answered(control, lambda: _load(plan))
        gc.collect()
        gc.freeze()
        while loaded:
            command, descriptors = receive_frame(control)
            ends = Ends(*descriptors)
            _answered(control, partial(_start, plan, command, ends))
            for descriptor in descriptors:
                os.close(descriptor)
    except (EOFError, ConnectionError):
        return


def _answered(control: socket.socket, run: Callable[[], Frame]) -> bool:
    """Send what ``run`` returns or how it failed; say whether it did not."""
    try:
        send_frame(control, run())
    except Exception:  # noqa: BLE001  whatever the kit raises is for the supervisor to tell
        send_frame(control, {"error": traceback.format_exc(limit=-3)})
        return False
    return True


def _load(plan: Frame) -> Frame:
    sys.path.insert(0, plan["kit"])
    for name in plan["imports"]:
        importlib.import_module(name)
    if not plan["cold"]:
        _load_kit(plan)
    _compile_filter()
    versions = {name: sys.modules[name].__version__ for name in _VERSIONED if name in sys.modules}
    return {"versions": {"python": platform.python_version(), **versions}, "spoilt": spoilt()}


def _load_kit(plan: Frame) -> None:
    if plan["kit_name"]:
        importlib.import_module(plan["kit_name"])
    for text in plan["preload"]:
        preload.load(text)


def _compile_filter() -> None:
    try:
        seccomp.program()
    except OSError:
        return  # the first process that wants it is refused the layer, and says why


def spoilt() -> str:
    """Return why this process must not fork any more, or an empty text."""
    threads = Path("/proc/self/task")
    if threads.is_dir() and (count := len(list(threads.iterdir()))) > 1:
        return f"{count} threads"
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None and context.context()._context_handle is not None:
        return "the TensorFlow runtime is started"
    return ""


def _start(plan: Frame, command: Frame, ends: Ends) -> Frame:
    module, _, name = command["entry"].partition(":")
    role: Role = getattr(importlib.import_module(module), name)
    if reason := spoilt():
        raise RuntimeError(f"cannot fork: {reason}")
    return {"pid": launch(_recipe(plan, command), ends, partial(_play, role, plan, command))}


def _recipe(plan: Frame, command: Frame) -> Recipe:
    return Recipe(
        layers=frozenset(map(Layer, command["layers"])),
        read=filesystem.readable(map(Path, (plan["kit"], *plan["data"]))),
        hidden=tuple(map(Path, plan["hidden"])),
        uid=plan["uid"],
        limits=Limits(**command["limits"]),
        environment=plan["environment"],
        trusted=command["trusted"],
    )


def _play(role: Role, plan: Frame, command: Frame, wire: socket.socket) -> None:
    seed = command["options"].get("seed", 0)
    random.seed(seed)
    np.random.seed(seed)
    if plan["cold"] and not command["bare"]:
        _load_kit(plan)
    role(wire, command["options"])


if __name__ == "__main__":
    main()
