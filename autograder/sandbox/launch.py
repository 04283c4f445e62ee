"""The three processes of a submission, from the fork to the last one gone.

    zygote ─ fork ─▶ keeper ─ fork ─▶ init ─ fork ─▶ the submission
                     │                │               landlock, system calls filtered; the role
                     │                pid 1 of its namespace; root, user, limits
                     waits for the lifeline to close or for init's end; kills; goes last

``done`` carries one line of JSON when the sandbox stands or cannot, and its end of file means
that no process of the submission exists any more.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from autograder.sandbox import filesystem, kill_tree, landlock, privileges, seccomp, syscalls
from autograder.sandbox.layers import Layer, LayerError, attempt
from autograder.sandbox.limits import Limits

_NAMESPACE_FLAGS = {
    Layer.PIDS: syscalls.CLONE_NEWPID,
    Layer.ROOT: syscalls.CLONE_NEWNS,
    Layer.NETWORK: syscalls.CLONE_NEWNET
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUTS
    | syscalls.CLONE_NEWCGROUP,
}
_POLL_MS = 20


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """How one process tree is kept apart."""

    layers: frozenset[Layer]
    read: tuple[Path, ...]
    """What it may read."""

    hidden: tuple[Path, ...]
    """What it may not, even inside a folder of ``read``."""

    uid: int
    """Its own user where the zygote is root; otherwise the zygote's."""

    limits: Limits
    environment: Mapping[str, str]
    """The whole environment; ``HOME`` and ``TMPDIR`` are added."""

    trusted: bool = False
    """Enter the namespaces and be killable, but keep user, files and limits."""

    @property
    def has_dedicated_user(self) -> bool:
        """Say whether the process gets a user to whom nothing else belongs."""
        return Layer.UID in self.layers and os.geteuid() == 0

    def full_environment(self, scratch: Path) -> dict[str, str]:
        """Return the environment of a submission that works in ``scratch``."""
        return {**self.environment, "HOME": str(scratch), "TMPDIR": str(scratch)}


@dataclass(frozen=True, slots=True)
class Pipes:
    """Descriptors of a new process; the supervisor holds the other ends."""

    wire: int
    lifeline: int
    status: int


EntryPoint = Callable[[socket.socket], None]
"""What the last process does, given its wire."""


def launch(spec: SandboxSpec, pipes: Pipes, prepare: Callable[[], EntryPoint]) -> int:
    """Fork a tree that plays a role; return the keeper's pid.

    Args:
        recipe: how the tree is kept apart.
        ends: stay open here; the caller closes them.
        prepare: called in the last process, and its role when that stands.

    The process must have a single thread.
    """
    pid = os.fork()
    if pid == 0:
        _run_and_exit(
            lambda: supervise(spec, pipes, lambda scratch: _fork_init(spec, scratch, pipes, prepare))
        )
    return pid


def _run_and_exit(run: Callable[[], None]) -> NoReturn:
    """Never return into the code of the zygote, whatever happens."""
    code = 70
    try:
        run()
        code = 0
    finally:
        os._exit(code)


def supervise(spec: SandboxSpec, pipes: Pipes, start: Callable[[Path], int]) -> None:
    """Begin a tree, wait for the lifeline or its own end, and see that nothing of it is left.

    Args:
        recipe: how the tree is kept apart.
        ends: of the tree; all other descriptors are closed.
        begin: given the working folder, starts the tree's first process and returns its pid.
    """
    # No parent-death signal: the lifeline says when to end, and the rest must be ended first.
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    syscalls.set_child_subreaper()
    _close_other_descriptors(pipes)
    plain = Layer.ROOT not in spec.layers and not spec.trusted
    scratch = _make_temporary_scratch(spec) if plain else filesystem.SCRATCH
    try:
        first = start(scratch)
        os.close(pipes.wire)
        _wait_for_end(pipes.lifeline, first)
        if Layer.PIDS in spec.layers:
            _kill_init(first)
        kill_tree.kill_descendants(spec.uid if spec.has_dedicated_user else None)
    except LayerError as error:
        _report_refusal(pipes.status, error)
    finally:
        if plain:
            shutil.rmtree(scratch, ignore_errors=True)


def _fork_init(spec: SandboxSpec, scratch: Path, pipes: Pipes, prepare: Callable[[], EntryPoint]) -> int:
    _enter_namespaces(spec)
    init = os.fork()
    if init == 0:
        _run_and_exit(lambda: _run_init(spec, scratch, pipes, prepare))
    return init


def _close_other_descriptors(pipes: Pipes) -> None:
    kept = sorted({0, 1, 2, pipes.wire, pipes.lifeline, pipes.status})
    for low, high in zip(kept, [*kept[1:], os.sysconf("SC_OPEN_MAX")], strict=True):
        os.closerange(low + 1, high)


def _enter_namespaces(spec: SandboxSpec) -> None:
    wanted = [layer for layer in _NAMESPACE_FLAGS if layer in spec.layers]
    if os.geteuid() != 0 and Layer.UID in spec.layers:
        with attempt(Layer.UID):
            privileges.enter_user_namespace()
    for layer in wanted:
        with attempt(layer):
            syscalls.unshare(_NAMESPACE_FLAGS[layer])


def _make_temporary_scratch(spec: SandboxSpec) -> Path:
    scratch = Path(tempfile.mkdtemp(prefix="submission-"))
    if spec.has_dedicated_user:
        os.chown(scratch, spec.uid, spec.uid)
    return scratch


def _wait_for_end(lifeline: int, init: int) -> None:
    """Return when the lifeline is closed or ``init`` has ended."""
    poll = select.poll()
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    ended = os.pidfd_open(init) if hasattr(os, "pidfd_open") else None
    if ended is not None:
        poll.register(ended, select.POLLIN)
    while not poll.poll(None if ended is not None else _POLL_MS):
        if os.waitid(os.P_PID, init, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return


def _kill_init(init: int) -> None:
    """Kill the first process of a pid namespace; its end waits for that of all others."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(init, signal.SIGKILL)
    os.waitpid(init, 0)


def confine_in_place(
    spec: SandboxSpec, scratch: Path, pipes: Pipes, prepare: Callable[[], EntryPoint]
) -> None:
    """Confine this process by the layers that need no fork, and play the role in it.

    The process must have a single thread.
    """
    try:
        _enter_namespaces(spec)
        if not spec.trusted:
            _confine(spec)
    except LayerError as error:
        return _report_refusal(pipes.status, error)
    return _run_entry(spec, scratch, pipes, prepare)


def _run_init(spec: SandboxSpec, scratch: Path, pipes: Pipes, prepare: Callable[[], EntryPoint]) -> None:
    syscalls.die_with_parent(signal.SIGKILL)
    os.close(pipes.lifeline)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if not spec.trusted:
            _confine(spec)
            syscalls.set_dumpable(False)  # or the submission could rewrite this process
    except LayerError as error:
        return _report_refusal(pipes.status, error)
    student = os.fork()
    if student == 0:
        _run_and_exit(lambda: _run_entry(spec, scratch, pipes, prepare))
    os.close(pipes.wire)
    while os.waitpid(-1, 0)[0] != student:
        pass
    return None


def _confine(spec: SandboxSpec) -> None:
    uid = spec.uid if spec.has_dedicated_user else os.geteuid()
    os.umask(0o022)
    if Layer.ROOT in spec.layers:
        with attempt(Layer.ROOT):
            limits = spec.limits
            filesystem.enter_root(spec.read, spec.hidden, uid=uid, scratch_bytes=limits.scratch_bytes)
    os.umask(0o077)
    if Layer.UID in spec.layers:
        with attempt(Layer.UID):
            privileges.drop_bounding_set()
            if spec.has_dedicated_user:
                privileges.switch_user(uid)
            syscalls.die_with_parent(signal.SIGKILL)
    privileges.set_resource_limits(spec.limits, shared_user=Layer.UID not in spec.layers)
    privileges.drop_privileges()


def _landlock_paths(spec: SandboxSpec, scratch: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """Return what Landlock lets a submission read, what inside it not, and what it may change."""
    if Layer.ROOT in spec.layers:
        return [Path("/")], [], [scratch, Path("/dev/shm"), *filesystem.device_paths()]
    # TensorFlow aborts without /proc/self/cmdline.
    machine = [Path("/proc") / name for name in ("self", "cpuinfo", "meminfo", "stat")]
    read = [*spec.read, *machine]
    return read, filesystem.hidden_paths(spec.hidden), [scratch, *filesystem.device_paths()]


def _run_entry(spec: SandboxSpec, scratch: Path, pipes: Pipes, prepare: Callable[[], EntryPoint]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    syscalls.die_with_parent(signal.SIGKILL)
    try:
        if not spec.trusted:
            _setup_environment(spec, scratch)
        role = prepare()
    except LayerError as error:
        return _report_refusal(pipes.status, error)
    except Exception as error:  # noqa: BLE001  whatever the kit raises is for the supervisor to tell
        return _report(pipes.status, {"failed": f"{type(error).__name__}: {error}"})
    _report(pipes.status, {})
    os.close(pipes.status)
    role(socket.socket(fileno=pipes.wire))
    return None


def _setup_environment(spec: SandboxSpec, scratch: Path) -> None:
    """Set up what a submission sees of itself."""
    os.chdir(scratch)
    os.environ.clear()
    os.environ.update(spec.full_environment(scratch))
    tempfile.tempdir = None
    sys.stdout.flush()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    syscalls.set_dumpable(True)
    if Layer.LANDLOCK in spec.layers:
        with attempt(Layer.LANDLOCK):
            landlock.restrict(*_landlock_paths(spec, scratch))
    if Layer.SECCOMP in spec.layers:
        with attempt(Layer.SECCOMP):
            syscalls.load_seccomp_filter(seccomp.filter_program())


def _report_refusal(status: int, error: LayerError) -> None:
    _report(status, {"layer": error.layer.value, "reason": error.reason})


def _report(status: int, state: dict[str, Any]) -> None:
    os.write(status, json.dumps(state).encode() + b"\n")
