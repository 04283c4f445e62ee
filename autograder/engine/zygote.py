"""One per worker: imports everything once, then forks a process for each command.

Run as ``python -s -P -m autograder.engine.zygote`` with its control socket on descriptor 0.
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

from autograder.engine import preload
from autograder.engine.control import Frame, receive_frame, send_frame
from autograder.engine.versions import versions
from autograder.limits import Limits
from autograder.sandbox import filesystem, privileges, syscalls
from autograder.sandbox.launch import EntryPoint, Pipes, SandboxSpec, launch
from autograder.sandbox.layers import Layer

_VERSIONED_PACKAGES = ("matplotlib", "IPython")
_CONTROL_FD = 0


def main() -> None:
    """Load the plan, then fork on command until the supervisor is gone."""
    control = socket.socket(fileno=os.dup(_CONTROL_FD))
    os.dup2(os.open(os.devnull, os.O_RDONLY), _CONTROL_FD)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    syscalls.set_process_name("zygote")
    try:
        plan, _ = receive_frame(control)
        if plan["dies_with_parent"]:
            syscalls.die_with_parent(signal.SIGKILL)
        loaded = _run_and_reply(control, lambda: _load(plan))
        gc.collect()
        gc.freeze()
        while loaded:
            command, descriptors = receive_frame(control)
            _run_and_reply(control, partial(_handle_command, plan, command, descriptors))
            for descriptor in descriptors:
                os.close(descriptor)
    except (EOFError, ConnectionError):
        return


def _run_and_reply(control: socket.socket, run: Callable[[], Frame]) -> bool:
    """Send what ``run`` returns or how it failed; say whether it did not."""
    try:
        send_frame(control, run())
    except Exception:  # noqa: BLE001  whatever the kit raises is for the supervisor to tell
        send_frame(control, {"error": traceback.format_exc(limit=-3)})
        return False
    return True


def _load(config: Frame) -> Frame:
    sys.path.insert(0, config["kit"])
    import_all(config)
    if not config["cold"]:
        load_kit(config)
    compile_seccomp_filter()
    beside = {name: sys.modules[name].__version__ for name in _VERSIONED_PACKAGES if name in sys.modules}
    reason = fork_unsafe_reason() if config["fork"] else "the plan forbids it"
    return {"versions": {**versions(), **beside}, "spoilt": reason}


def import_all(config: Frame) -> None:
    """Import what every process of the plan has."""
    for name in config["imports"]:
        importlib.import_module(name)


def load_kit(config: Frame) -> None:
    """Import the kit and make the plan's calls of it."""
    if config["kit_name"]:
        importlib.import_module(config["kit_name"])
    for text in config["preloaded_calls"]:
        preload.load(text)


def compile_seccomp_filter() -> None:
    """Make the filter of system calls while libseccomp can be found."""
    try:
        privileges.seccomp_program()
    except OSError:
        return  # the first process that wants it is refused the layer, and says why


def fork_unsafe_reason() -> str:
    """Return why this process must not fork any more, or an empty text."""
    if not hasattr(os, "fork"):
        return "the platform has no fork"
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None and context.context()._context_handle is not None:
        return "the TensorFlow runtime is started"
    return extra_threads()


def extra_threads() -> str:
    """Return how many threads there are, or an empty text for one."""
    threads = Path("/proc/self/task")
    count = len(list(threads.iterdir())) if threads.is_dir() else 1
    return f"{count} threads" if count > 1 else ""


def _handle_command(config: Frame, command: Frame, descriptors: list[int]) -> Frame:
    return _start_process(config, command, Pipes(*descriptors)) if command else {}


def _start_process(config: Frame, command: Frame, pipes: Pipes) -> Frame:
    _load_entry_point(command)  # a child could not import it: the package is hidden from it
    if command["afresh"]:
        from autograder.engine import exec_fallback  # which imports this module

        return {"pid": exec_fallback.exec_process(config, command, pipes)}
    if reason := fork_unsafe_reason():
        raise RuntimeError(f"cannot fork: {reason}")
    return {"pid": launch(sandbox_spec(config, command), pipes, partial(_prepare_forked, config, command))}


def _load_entry_point(command: Frame) -> Callable[[socket.socket, Frame], None]:
    module, _, name = command["entry"].partition(":")
    role: Callable[[socket.socket, Frame], None] = getattr(importlib.import_module(module), name)
    return role


def sandbox_spec(config: Frame, command: Frame) -> SandboxSpec:
    """Return how the process of ``command`` is kept apart."""
    return SandboxSpec(
        layers=frozenset(map(Layer, command["layers"])),
        read=filesystem.readable_paths(map(Path, (config["kit"], *config["data"]))),
        hidden=tuple(map(Path, config["hidden"])),
        uid=config["uid"],
        limits=Limits(**command["limits"]),
        environment=config["environment"],
        trusted=command["trusted"],
    )


def _prepare_forked(config: Frame, command: Frame) -> EntryPoint:
    if config["cold"] and not command["bare"]:
        load_kit(config)
    return prepare_entry_point(command)


def prepare_entry_point(command: Frame) -> EntryPoint:
    """Return the role of a process that has loaded everything; random numbers begin anew."""
    role, options = _load_entry_point(command), command["options"]
    if command["trusted"]:
        syscalls.set_process_name(role.__module__.rpartition(".")[2])
    seed = options.get("seed", 0)
    random.seed(seed)
    np.random.seed(seed)
    return lambda wire: role(wire, options)


if __name__ == "__main__":
    main()
