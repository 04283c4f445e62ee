"""The three processes of a submission, from the first fork until the last one is gone.

    zygote ─ fork ─▶ monitor ─ fork ─▶ init ─ fork ─▶ the submission
                     │                 │              Landlock and seccomp, then the entry point
                     │                 pid 1 of its namespace: private root, user, limits
                     waits until the lifeline closes or init ends; kills the rest; ends last

The status pipe carries one line of JSON: the sandbox is ready, or what failed. Its end of file means
that no process of the submission exists any more.
"""

import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

from autograder.limits import Limits
from autograder.sandbox import filesystem, privileges, process, syscalls
from autograder.sandbox.layers import Layer, LayerError

_NAMESPACE_FLAGS = {
    Layer.PIDS: syscalls.CLONE_NEWPID,
    Layer.ROOT: syscalls.CLONE_NEWNS,
    Layer.NETWORK: syscalls.NETWORK_NAMESPACES,
}
_POLL_MS = 20
_INTERNAL_ERROR_CODE = 70
"""EX_SOFTWARE of ``sysexits.h``."""


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """How one process tree is isolated."""

    layers: frozenset[Layer]
    read: tuple[Path, ...]
    """What it may read."""

    hidden: tuple[Path, ...]
    """What it may not read, even inside a folder of ``read``."""

    uid: int
    """Its user where the zygote is root; otherwise the tree keeps the zygote's user."""

    limits: Limits
    environment: Mapping[str, str]
    """The complete environment; ``HOME`` and ``TMPDIR`` are added."""

    trusted: bool = False
    """Enter the namespaces and be killable, but keep user, files and limits."""

    @property
    def has_dedicated_user(self) -> bool:
        """Return True if the tree runs as a user that owns nothing else."""
        return Layer.UID in self.layers and os.geteuid() == 0

    def apply(self, layer: Layer, step: Callable[[], None]) -> None:
        """Take a step of one layer, unless that layer is left out.

        Raises:
            LayerError: the system refuses it. No caller goes on then: a layer is never skipped silently.
        """
        if layer in self.layers:
            try:
                step()
            except (OSError, AttributeError, ValueError) as error:
                raise LayerError(layer, f"{type(error).__name__}: {error}") from error

    def full_environment(self, scratch: Path) -> dict[str, str]:
        """Return the environment of a submission that works in ``scratch``."""
        return {**self.environment, "HOME": str(scratch), "TMPDIR": str(scratch)}


@dataclass(frozen=True, slots=True)
class Pipes:
    """A new tree's descriptors; the supervisor holds the other ends.

    Each process closes what it must not hold: only the submission keeps ``wire``, only the monitor
    keeps ``lifeline``, and ``status`` is closed by the submission before the student's code runs, or
    that code could report a state or delay the end of file.
    """

    wire: int
    lifeline: int
    status: int


EntryPoint = Callable[[socket.socket], None]
"""What the last process runs, given its wire."""


def launch(spec: SandboxSpec, pipes: Pipes, prepare: Callable[[], EntryPoint]) -> int:
    """Fork a process tree that runs an entry point; return the monitor's pid.

    This process must have a single thread: a lock that another one holds would stay locked forever in
    the fork.

    Args:
        pipes: stay open here; the caller closes them.
        prepare: called in the last process after its sandbox is set up; loads the entry point.
    """

    def start(scratch: Path) -> int:
        _enter_namespaces(spec)
        # This process stays outside its new pid namespace; the next one that it forks is pid 1 of it.
        init = os.fork()
        if init == 0:
            _run_and_exit(pipes, lambda: _run_init(spec, pipes, prepare, scratch))
        return init

    pid = os.fork()
    if pid == 0:
        _run_and_exit(pipes, lambda: monitor(spec, pipes, start))
    return pid


def _run_and_exit(pipes: Pipes, run: Callable[[], None]) -> NoReturn:
    """Run a forked process to its end: it must never return into the code of the zygote."""
    code = _INTERNAL_ERROR_CODE
    try:
        run()
        code = 0
    except LayerError as error:
        _report_refusal(pipes, error)
    finally:
        os._exit(code)


def monitor(spec: SandboxSpec, pipes: Pipes, start: Callable[[Path], int]) -> None:
    """Start a tree, wait until the lifeline closes or the tree ends, and kill what is left of it.

    Args:
        pipes: the tree's ends; all other descriptors are closed.
        start: given the working folder, starts the tree's first process and returns its pid.
    """
    # No parent-death signal here: when the zygote dies, the supervisor's end of the lifeline tells, and
    # the tree must be killed before this process ends.
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    syscalls.set_child_subreaper()
    # What the zygote or another tree holds: an inherited end of somebody's status pipe would keep that
    # pipe open after its tree is gone.
    first_open = 3
    for descriptor in sorted((pipes.wire, pipes.lifeline, pipes.status)):
        os.closerange(first_open, descriptor)
        first_open = descriptor + 1
    os.closerange(first_open, os.sysconf("SC_OPEN_MAX"))
    scratch, is_temporary = filesystem.SCRATCH, Layer.ROOT not in spec.layers and not spec.trusted
    if is_temporary:
        scratch = Path(tempfile.mkdtemp(prefix="submission-"))
    try:
        if is_temporary and spec.has_dedicated_user:
            os.chown(scratch, spec.uid, spec.uid)
        first = start(scratch)
        os.close(pipes.wire)
        _wait_for_end(pipes.lifeline, first)
        if Layer.PIDS in spec.layers:
            # The end of a namespace's first process waits for the end of all others in it.
            with suppress(ProcessLookupError):
                os.kill(first, signal.SIGKILL)
            os.waitpid(first, 0)
        process.kill_descendants(spec.uid if spec.has_dedicated_user else None)
    finally:
        if is_temporary:
            shutil.rmtree(scratch, ignore_errors=True)


def _wait_for_end(lifeline: int, first: int) -> None:
    """Return when the lifeline is closed or the process ``first`` has ended, which is not reaped."""
    poll = select.poll()
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    timeout_ms: int | None = _POLL_MS
    if hasattr(os, "pidfd_open"):
        poll.register(os.pidfd_open(first), select.POLLIN)
        timeout_ms = None
    while not poll.poll(timeout_ms):
        if os.waitid(os.P_PID, first, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return


def _enter_namespaces(spec: SandboxSpec) -> None:
    # The user namespace comes first: it gives the capabilities that the others need.
    if os.geteuid() != 0:
        spec.apply(Layer.UID, privileges.enter_user_namespace)
    for layer, flags in _NAMESPACE_FLAGS.items():
        spec.apply(layer, partial(syscalls.unshare, flags))


def _run_init(spec: SandboxSpec, pipes: Pipes, prepare: Callable[[], EntryPoint], scratch: Path) -> None:
    syscalls.die_with_parent(signal.SIGKILL)
    os.close(pipes.lifeline)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not spec.trusted:
        _confine(spec)
        syscalls.set_dumpable(False)  # or the submission, of the same user, could rewrite this process
    student = os.fork()
    if student == 0:
        _run_and_exit(pipes, lambda: _run_entry(spec, pipes, prepare, scratch))
    os.close(pipes.wire)
    # As pid 1 it inherits the submission's orphans and reaps them too.
    while os.waitpid(-1, 0)[0] != student:
        pass


def _confine(spec: SandboxSpec) -> None:
    """Set root, user, limits and capabilities; the order matters, since each step takes rights away."""
    uid = spec.uid if spec.has_dedicated_user else os.geteuid()
    scratch_bytes = spec.limits.scratch_bytes

    def drop_privileges() -> None:
        syscalls.drop_bounding_set()
        if spec.has_dedicated_user:
            privileges.switch_user(uid)
        syscalls.die_with_parent(signal.SIGKILL)  # again: a change of the user clears it

    os.umask(0o022)
    spec.apply(Layer.ROOT, partial(filesystem.enter_root, spec.read, spec.hidden, uid, scratch_bytes))
    os.umask(0o077)
    spec.apply(Layer.UID, drop_privileges)
    privileges.set_resource_limits(spec.limits, shared_user=Layer.UID not in spec.layers)
    if sys.platform == "linux":
        syscalls.drop_capabilities()


def confine_in_place(
    spec: SandboxSpec, pipes: Pipes, prepare: Callable[[], EntryPoint], scratch: Path
) -> None:
    """Confine this process by the layers that need no fork, and run the entry point in it.

    The process must have a single thread: namespaces, users and Landlock are set per thread.
    """
    try:
        _enter_namespaces(spec)
        if not spec.trusted:
            _confine(spec)
        _run_entry(spec, pipes, prepare, scratch)
    except LayerError as error:
        _report_refusal(pipes, error)


def _run_entry(spec: SandboxSpec, pipes: Pipes, prepare: Callable[[], EntryPoint], scratch: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    syscalls.die_with_parent(signal.SIGKILL)
    try:
        if not spec.trusted:
            os.setsid()  # a signal to its own process group must not reach the monitor
            _enter_sandbox(spec, scratch)
        entry = prepare()
    except LayerError:
        raise
    except Exception as error:  # noqa: BLE001  the kit's code may raise anything
        # No student code has run yet: this is ours and the course's. stderr leads to nothing by now, so
        # that only this report can tell the supervisor the reason, which it raises as a StaffError.
        _report(pipes, {"failed": f"{type(error).__name__}: {error}"})
        return
    _report(pipes, {})
    os.close(pipes.status)
    entry(socket.socket(fileno=pipes.wire))


def _enter_sandbox(spec: SandboxSpec, scratch: Path) -> None:
    """Set what a submission sees of itself, then the two layers that hold in this process alone."""
    os.chdir(scratch)
    os.environ.clear()
    os.environ.update(spec.full_environment(scratch))
    tempfile.tempdir = None  # computed before, from the zygote's environment
    sys.stdout.flush()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    os.close(null)
    syscalls.set_dumpable(True)  # init's setting was inherited; /proc/self would belong to root
    private_root = Layer.ROOT in spec.layers
    spec.apply(
        Layer.LANDLOCK,
        lambda: filesystem.restrict_with_landlock(spec.read, spec.hidden, scratch, private_root=private_root),
    )
    # Who is the user who grades owns what it may not open, and could change its mode all the same.
    shares_user = not private_root and os.geteuid() != spec.uid
    ignored = privileges.ATTRIBUTE_SYSCALLS if shares_user else ""
    spec.apply(Layer.SECCOMP, partial(privileges.load_seccomp_filter, ignored=ignored))


def _report_refusal(pipes: Pipes, error: LayerError) -> None:
    _report(pipes, {"layer": error.layer.value, "reason": error.reason})


def _report(pipes: Pipes, state: dict[str, str]) -> None:
    os.write(pipes.status, json.dumps(state).encode() + b"\n")
