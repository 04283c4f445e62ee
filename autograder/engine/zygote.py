"""The zygote, one per worker: it imports everything once, then forks a process for each command.

Run as ``python -s -P -m autograder.engine.zygote`` with the control socket on descriptor 0. Both ends
of that socket are in this package and trusted; nothing that a submission says travels on it.

    supervisor                                    zygote
    {"do": "import", "imports": […]}        ─▶    imports; sent at once, while the supervisor starts up
    {"do": "configure", …}                  ─▶    sets environment and path, makes the seccomp filter
    {"do": "start", …} + three descriptors  ─▶    starts a process (``sandbox.launch``): {"pid": …}
    {"do": "load"}                          ─▶    imports the kit and makes the preloaded calls
    {"do": "describe"}                      ─▶    {"fork_unsafe_reason": …, "versions": …}

Each frame gets one reply, in order; ``{"error": …}`` holds a traceback. The zygote exits when the control
socket closes. It must keep a single thread and no TensorFlow runtime, or what it forks would deadlock. It
checks and reports that; then its processes are executed instead (section "exec fallback").
"""

import ast
import contextlib
import functools
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import json
import os
import random
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import autograder
from autograder.limits import Limits
from autograder.sandbox import filesystem, launch, privileges, syscalls
from autograder.sandbox.frames import Frame, receive_frame, send_frame
from autograder.sandbox.launch import EntryPoint, Pipes, SandboxSpec
from autograder.sandbox.layers import Layer

_INPUT_FD = 0
"""The control socket of a zygote; the job file of an executed process."""

_VERSIONED_PACKAGES = ("matplotlib", "IPython", "pandas")
"""Packages of which the version is reported if they are loaded."""


# The process itself.


def main() -> None:
    """Serve commands until the supervisor is gone."""
    control = socket.socket(fileno=os.dup(_INPUT_FD))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, _INPUT_FD)
    os.close(null)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the monitors
    syscalls.set_process_name("zygote")
    config: Frame = {}
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            command, descriptors = receive_frame(control)
            try:
                reply = _handle(config, command, descriptors)
            except Exception:  # noqa: BLE001  the kit may raise anything; the supervisor reports it
                reply = {"error": traceback.format_exc(limit=-3)}
            send_frame(control, reply)
            for descriptor in descriptors:
                os.close(descriptor)


def _handle(config: Frame, command: Frame, descriptors: list[int]) -> Frame:
    match command.get("do"):
        case "import":
            _import_all(command["imports"])
        case "configure":
            config.update(command)
            if config["dies_with_parent"]:
                syscalls.die_with_parent(signal.SIGKILL)
            os.environ.update(config["environment"])
            sys.path.insert(0, config["kit"])
            _import_all(config["imports"])
            _compile_seccomp_filter()
        case "load":
            _load_kit(config)
            # What exists now is never collected, so that the collector of a child does not write into
            # pages that it shares with the zygote.
            gc.collect()
            gc.freeze()
        case "start":
            return {"pid": _start_process(config, command, Pipes(*descriptors))}
        case "describe":
            loaded = {}
            for name in _VERSIONED_PACKAGES:
                if name in sys.modules:
                    loaded[name] = sys.modules[name].__version__
            return {"fork_unsafe_reason": _fork_unsafe_reason(config), "versions": loaded}
    return {}


def _import_all(names: Iterable[str]) -> None:
    for name in names:
        importlib.import_module(name)


def _compile_seccomp_filter() -> None:
    """Make the filter while libseccomp can be found; every process inherits it."""
    # Where it fails, the first process that needs it is refused the layer, with the reason.
    with contextlib.suppress(OSError):
        for ignored in ("", privileges.ATTRIBUTE_SYSCALLS):
            privileges.seccomp_program("", ignored)


def _load_kit(config: Frame) -> None:
    """Import the kit and make the calls that the configuration wants preloaded."""
    if config["kit_name"]:
        importlib.import_module(config["kit_name"])
    # Dotted calls with literal arguments, e.g. ``kit.load(10_000, quiet=True)``.
    for text in config["preloaded_calls"]:
        tree = ast.parse(text, mode="eval").body
        if not isinstance(tree, ast.Call):
            raise ValueError(f"{text!r} is not a call")
        module, _, name = ast.unparse(tree.func).rpartition(".")
        args = [ast.literal_eval(node) for node in tree.args]
        kwargs = {str(node.arg): ast.literal_eval(node.value) for node in tree.keywords}
        function = getattr(importlib.import_module(module), name)
        bound = _bind_arguments(function, args, kwargs)
        _preloaded.append((module, name, bound, function(*args, **kwargs)))


def _fork_unsafe_reason(config: Frame) -> str:
    """Return why this process must not fork (any more), or an empty text."""
    if not config["fork"]:
        return "the configuration forbids it"
    if not hasattr(os, "fork"):
        return "the platform has no fork"
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None and context.context()._context_handle is not None:
        return "the TensorFlow runtime is started"
    return _extra_threads()


def _extra_threads() -> str:
    """Return how many threads there are, or an empty text for one."""
    threads = Path("/proc/self/task")  # also threads that Python does not know
    count = len(list(threads.iterdir())) if threads.is_dir() else 1
    return f"{count} threads" if count > 1 else ""


def _start_process(config: Frame, command: Frame, pipes: Pipes) -> int:
    resolve_name(command["entry"])  # imported here: this package is hidden from a sandboxed process
    if command["execute"]:
        job = {"config": config, "command": command, "pipes": astuple(pipes)}
        with tempfile.TemporaryFile() as file:
            file.write(json.dumps(job).encode())
            file.flush()
            return _spawn(["monitor"], os.environ, file.fileno(), astuple(pipes))
    if reason := _fork_unsafe_reason(config):
        raise RuntimeError(f"cannot fork: {reason}")

    def prepare() -> EntryPoint:
        if command["load_kit"]:
            _load_kit(config)
        return _prepare_entry_point(command)

    return launch.launch(_sandbox_spec(config, command), pipes, prepare)


def _sandbox_spec(config: Frame, command: Frame) -> SandboxSpec:
    return SandboxSpec(
        layers=frozenset(map(Layer, command["layers"])),
        read=filesystem.readable_paths(map(Path, (config["kit"], *config["data"]))),
        hidden=tuple(map(Path, config["hidden"])),
        uid=config["uid"],
        limits=Limits(**command["limits"]),
        environment=config["environment"],
        trusted=command["trusted"],
    )


def _prepare_entry_point(command: Frame) -> EntryPoint:
    """Return the entry point of a process that has imported everything."""
    import numpy  # here, since the supervisor imports this module too, before it has the time

    entry, options = resolve_name(command["entry"]), command["options"]
    if command["trusted"]:
        syscalls.set_process_name(entry.__module__.rpartition(".")[2])
    else:
        for module_name, name, arguments, value in _preloaded:
            module = importlib.import_module(module_name)
            setattr(module, name, _return_once(getattr(module, name), arguments, value))
    # Python seeds ``random`` again in each forked process.
    seed = options.get("seed", 0)
    random.seed(seed)
    numpy.random.seed(seed)
    return lambda wire: entry(wire, options)


# Preloaded calls: made once, and their values are ready for every submission. A value is returned once
# in each process, to the first call with the same arguments: a submission that changes it changes only
# its own copy, as if the function had just made it.

_preloaded: list[tuple[str, str, dict[str, Any] | None, Any]] = []
"""Module, function, arguments by name, value."""


def _return_once(
    function: Callable[..., Any], arguments: dict[str, Any] | None, value: Any
) -> Callable[..., Any]:
    unused = [value]

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if unused and _bind_arguments(function, args, kwargs) == arguments:
            return unused.pop()
        return function(*args, **kwargs)

    return wrapper


def _bind_arguments(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """Return arguments by name with defaults; None if they do not fit, which equals no preloaded call."""
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        return None
    bound.apply_defaults()
    return bound.arguments


# Exec fallback: a process tree where nothing can be forked. Seconds slower than a fork, and without what
# needs one: a pid namespace and a private root.
#
#     zygote ─ exec ─▶ monitor ─ exec ─▶ the submission, a grader or a trainer
#                      │                 confines itself, then imports everything; the entry point
#                      waits until the lifeline closes or that process ends; kills the rest; ends last
#
# Both are this module, run with an argument: ``… zygote monitor`` and ``… zygote entry SCRATCH``. The job
# file on descriptor 0 holds the configuration, the command and the numbers of the pipes' descriptors, which
# stay the same over an exec.


def _spawn(
    arguments: Sequence[str], environment: Mapping[str, str], job_fd: int, inherited: Sequence[int]
) -> int:
    for descriptor in (job_fd, *inherited):
        os.set_inheritable(descriptor, True)
    command = [sys.executable, "-s", "-P", "-m", "autograder.engine.zygote", *arguments]
    actions = [(os.POSIX_SPAWN_DUP2, job_fd, _INPUT_FD)]
    return os.posix_spawn(sys.executable, command, environment, file_actions=actions)


def exec_main(stage: str, *scratch: str) -> None:
    """Run one stage of the job on descriptor 0."""
    os.lseek(_INPUT_FD, 0, os.SEEK_SET)  # both stages share one file position
    with open(_INPUT_FD, "rb", closefd=False) as file:
        job = json.load(file)
    config, command, pipes = job["config"], job["command"], Pipes(*job["pipes"])
    spec = _sandbox_spec(config, command)

    def start(scratch: Path) -> int:
        os.set_inheritable(pipes.lifeline, False)  # only the monitor holds it
        environment = os.environ if spec.trusted else spec.full_environment(scratch)
        return _spawn(["entry", str(scratch)], environment, _INPUT_FD, (pipes.wire, pipes.status))

    if stage == "monitor":
        launch.monitor(spec, pipes, start)
    else:
        _run_in_place(config, command, spec, Path(*scratch), pipes)


def _run_in_place(config: Frame, command: Frame, spec: SandboxSpec, scratch: Path, pipes: Pipes) -> None:
    os.close(_INPUT_FD)
    os.open(os.devnull, os.O_RDONLY)  # takes the free descriptor 0
    _compile_seccomp_filter()
    sys.path.insert(0, config["kit"])
    package = _PackageImporter()
    sys.meta_path.insert(0, package)
    if command["probe_only"]:
        # Imported before the process is confined: the probe checks whether anything can be imported after.
        _prepare_entry_point(command)

    def prepare() -> EntryPoint:
        if not command["probe_only"]:
            _import_all(config["imports"])
            _load_kit(config)
        entry = _prepare_entry_point(command)
        # A submission must find no source of this package, and no importer that has it.
        sys.meta_path.remove(package)
        package.sources.clear()
        return entry

    if threads := _extra_threads():
        raise RuntimeError(f"cannot be confined: {threads}")
    launch.confine_in_place(spec, pipes, prepare, scratch)


class _PackageImporter(importlib.abc.InspectLoader, importlib.abc.MetaPathFinder):
    """This package's own modules, read before the process is confined and may not read their files."""

    def __init__(self) -> None:
        folder = Path(autograder.__file__).parent
        self.sources: dict[str, str] = {}
        for path in folder.rglob("*.py"):
            module = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
            self.sources[module] = path.read_text()

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if self.is_package(fullname) or fullname in self.sources:
            return importlib.util.spec_from_loader(fullname, self)
        return None

    def is_package(self, fullname: str) -> bool:
        return f"{fullname}.__init__" in self.sources

    def get_source(self, fullname: str) -> str:
        return self.sources[f"{fullname}.__init__" if self.is_package(fullname) else fullname]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        exec_main(*sys.argv[1:])
    else:
        main()
