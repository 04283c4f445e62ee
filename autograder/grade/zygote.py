"""One per worker: imports everything once, then forks a process for each command.

Run as ``python -s -P -m autograder.grade.zygote`` with its control socket on descriptor 0.
The first frame is the plan, answered by what was loaded; each later one asks for a process
and brings its three descriptors, or is empty and asks for nothing but an answer. It exits when
the control socket is closed. It must keep one thread and no TensorFlow runtime, or what it forks
would hang; it looks and says so, and can then be told to have processes executed afresh.
"""

import gc
import importlib
import os
import random
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from autograder.grade import preload
from autograder.grade.control import Frame, receive_frame, send_frame
from autograder.grade.limits import Limits
from autograder.grade.sandbox import filesystem, seccomp, syscalls
from autograder.grade.sandbox.launch import Ends, Recipe, Role, launch
from autograder.grade.sandbox.layers import Layer
from autograder.grade.versions import versions

_VERSIONED = ("matplotlib", "IPython")
_CONTROL = 0


def main() -> None:
    """Load the plan, then fork on command until the supervisor is gone."""
    control = socket.socket(fileno=os.dup(_CONTROL))
    os.dup2(os.open(os.devnull, os.O_RDONLY), _CONTROL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    syscalls.be_called("zygote")
    try:
        plan, _ = receive_frame(control)
        if plan["dies_with_parent"]:
            syscalls.die_with_parent(signal.SIGKILL)
        loaded = _answered(control, lambda: _load(plan))
        gc.collect()
        gc.freeze()
        while loaded:
            command, descriptors = receive_frame(control)
            _answered(control, partial(_obeyed, plan, command, descriptors))
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
    import_all(plan)
    if not plan["cold"]:
        load_kit(plan)
    compile_filter()
    beside = {name: sys.modules[name].__version__ for name in _VERSIONED if name in sys.modules}
    reason = spoilt() if plan["fork"] else "the plan forbids it"
    return {"versions": {**versions(), **beside}, "spoilt": reason}


def import_all(plan: Frame) -> None:
    """Import what every process of the plan has."""
    for name in plan["imports"]:
        importlib.import_module(name)


def load_kit(plan: Frame) -> None:
    """Import the kit and make the plan's calls of it."""
    if plan["kit_name"]:
        importlib.import_module(plan["kit_name"])
    for text in plan["preload"]:
        preload.load(text)


def compile_filter() -> None:
    """Make the filter of system calls while libseccomp can be found."""
    try:
        seccomp.program()
    except OSError:
        return  # the first process that wants it is refused the layer, and says why


def spoilt() -> str:
    """Return why this process must not fork any more, or an empty text."""
    if not hasattr(os, "fork"):
        return "the platform has no fork"
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None and context.context()._context_handle is not None:
        return "the TensorFlow runtime is started"
    return threads_beside()


def threads_beside() -> str:
    """Return how many threads there are, or an empty text for one."""
    threads = Path("/proc/self/task")
    count = len(list(threads.iterdir())) if threads.is_dir() else 1
    return f"{count} threads" if count > 1 else ""


def _obeyed(plan: Frame, command: Frame, descriptors: list[int]) -> Frame:
    return _start(plan, command, Ends(*descriptors)) if command else {}


def _start(plan: Frame, command: Frame, ends: Ends) -> Frame:
    _role(command)  # a child could not import it: the package is hidden from it
    if command["afresh"]:
        from autograder.grade import afresh  # which imports this module

        return {"pid": afresh.start(plan, command, ends)}
    if reason := spoilt():
        raise RuntimeError(f"cannot fork: {reason}")
    return {"pid": launch(recipe(plan, command), ends, partial(_forked, plan, command))}


def _role(command: Frame) -> Callable[[socket.socket, Frame], None]:
    module, _, name = command["entry"].partition(":")
    role: Callable[[socket.socket, Frame], None] = getattr(importlib.import_module(module), name)
    return role


def recipe(plan: Frame, command: Frame) -> Recipe:
    """Return how the process of ``command`` is kept apart."""
    return Recipe(
        layers=frozenset(map(Layer, command["layers"])),
        read=filesystem.readable(map(Path, (plan["kit"], *plan["data"]))),
        hidden=tuple(map(Path, plan["hidden"])),
        uid=plan["uid"],
        limits=Limits(**command["limits"]),
        environment=plan["environment"],
        trusted=command["trusted"],
    )


def _forked(plan: Frame, command: Frame) -> Role:
    if plan["cold"] and not command["bare"]:
        load_kit(plan)
    return prepared(command)


def prepared(command: Frame) -> Role:
    """Return the role of a process that has loaded everything; random numbers begin anew."""
    role, options = _role(command), command["options"]
    if command["trusted"]:
        syscalls.be_called(role.__module__.rpartition(".")[2])
    seed = options.get("seed", 0)
    random.seed(seed)
    np.random.seed(seed)
    return lambda wire: role(wire, options)


if __name__ == "__main__":
    main()
