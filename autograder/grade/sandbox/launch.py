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

from autograder.grade.limits import Limits
from autograder.grade.sandbox import confine, filesystem, landlock, remains, seccomp, syscalls
from autograder.grade.sandbox.layers import Layer, LayerError, attempt

_NAMESPACES = {
    Layer.PIDS: syscalls.CLONE_NEWPID,
    Layer.ROOT: syscalls.CLONE_NEWNS,
    Layer.NETWORK: syscalls.CLONE_NEWNET
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUTS
    | syscalls.CLONE_NEWCGROUP,
}
_POLL_MS = 20


@dataclass(frozen=True, slots=True)
class Recipe:
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
    def own_user(self) -> bool:
        """Say whether the process gets a user to whom nothing else belongs."""
        return Layer.UID in self.layers and os.geteuid() == 0

    def surroundings(self, scratch: Path) -> dict[str, str]:
        """Return the environment of a submission that works in ``scratch``."""
        return {**self.environment, "HOME": str(scratch), "TMPDIR": str(scratch)}


@dataclass(frozen=True, slots=True)
class Ends:
    """Descriptors of a new process; the supervisor holds the other ends."""

    wire: int
    lifeline: int
    done: int


Role = Callable[[socket.socket], None]
"""What the last process does, given its wire."""


def launch(recipe: Recipe, ends: Ends, prepare: Callable[[], Role]) -> int:
    """Fork a tree that plays a role; return the keeper's pid.

    Args:
        recipe: how the tree is kept apart.
        ends: stay open here; the caller closes them.
        prepare: called in the last process, and its role when that stands.

    The process must have a single thread.
    """
    pid = os.fork()
    if pid == 0:
        _run_and_exit(lambda: keep(recipe, ends, lambda scratch: _forked(recipe, scratch, ends, prepare)))
    return pid


def _run_and_exit(run: Callable[[], None]) -> NoReturn:
    """Never return into the code of the zygote, whatever happens."""
    code = 70
    try:
        run()
        code = 0
    finally:
        os._exit(code)


def keep(recipe: Recipe, ends: Ends, begin: Callable[[Path], int]) -> None:
    """Begin a tree, wait for the lifeline or its own end, and see that nothing of it is left.

    Args:
        recipe: how the tree is kept apart.
        ends: of the tree; all other descriptors are closed.
        begin: given the working folder, starts the tree's first process and returns its pid.
    """
    # No parent-death signal: the lifeline says when to end, and the rest must be ended first.
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    syscalls.adopt_orphans()
    _close_others(ends)
    plain = Layer.ROOT not in recipe.layers and not recipe.trusted
    scratch = _plain_scratch(recipe) if plain else filesystem.SCRATCH
    try:
        first = begin(scratch)
        os.close(ends.wire)
        _wait(ends.lifeline, first)
        if Layer.PIDS in recipe.layers:
            _kill(first)
        remains.end_all(recipe.uid if recipe.own_user else None)
    except LayerError as error:
        _report_refusal(ends.done, error)
    finally:
        if plain:
            shutil.rmtree(scratch, ignore_errors=True)


def _forked(recipe: Recipe, scratch: Path, ends: Ends, prepare: Callable[[], Role]) -> int:
    _enter_namespaces(recipe)
    init = os.fork()
    if init == 0:
        _run_and_exit(lambda: _init(recipe, scratch, ends, prepare))
    return init


def _close_others(ends: Ends) -> None:
    kept = sorted({0, 1, 2, ends.wire, ends.lifeline, ends.done})
    for low, high in zip(kept, [*kept[1:], os.sysconf("SC_OPEN_MAX")], strict=True):
        os.closerange(low + 1, high)


def _enter_namespaces(recipe: Recipe) -> None:
    wanted = [layer for layer in _NAMESPACES if layer in recipe.layers]
    if os.geteuid() != 0 and Layer.UID in recipe.layers:
        with attempt(Layer.UID):
            confine.own_user_namespace()
    for layer in wanted:
        with attempt(layer):
            syscalls.unshare(_NAMESPACES[layer])


def _plain_scratch(recipe: Recipe) -> Path:
    scratch = Path(tempfile.mkdtemp(prefix="submission-"))
    if recipe.own_user:
        os.chown(scratch, recipe.uid, recipe.uid)
    return scratch


def _wait(lifeline: int, init: int) -> None:
    """Return when the lifeline is closed or ``init`` has ended."""
    poll = select.poll()
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    ended = os.pidfd_open(init) if hasattr(os, "pidfd_open") else None
    if ended is not None:
        poll.register(ended, select.POLLIN)
    while not poll.poll(None if ended is not None else _POLL_MS):
        if os.waitid(os.P_PID, init, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return


def _kill(init: int) -> None:
    """Kill the first process of a pid namespace; its end waits for that of all others."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(init, signal.SIGKILL)
    os.waitpid(init, 0)


def enter(recipe: Recipe, scratch: Path, ends: Ends, prepare: Callable[[], Role]) -> None:
    """Confine this process by the layers that need no fork, and play the role in it.

    The process must have a single thread.
    """
    try:
        _enter_namespaces(recipe)
        if not recipe.trusted:
            _confine(recipe)
    except LayerError as error:
        return _report_refusal(ends.done, error)
    return _work(recipe, scratch, ends, prepare)


def _init(recipe: Recipe, scratch: Path, ends: Ends, prepare: Callable[[], Role]) -> None:
    syscalls.die_with_parent(signal.SIGKILL)
    os.close(ends.lifeline)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if not recipe.trusted:
            _confine(recipe)
            syscalls.be_dumpable(False)  # or the submission could rewrite this process
    except LayerError as error:
        return _report_refusal(ends.done, error)
    student = os.fork()
    if student == 0:
        _run_and_exit(lambda: _work(recipe, scratch, ends, prepare))
    os.close(ends.wire)
    while os.waitpid(-1, 0)[0] != student:
        pass
    return None


def _confine(recipe: Recipe) -> None:
    uid = recipe.uid if recipe.own_user else os.geteuid()
    os.umask(0o022)
    if Layer.ROOT in recipe.layers:
        with attempt(Layer.ROOT):
            limits = recipe.limits
            filesystem.enter(recipe.read, recipe.hidden, uid=uid, scratch_bytes=limits.scratch_bytes)
    os.umask(0o077)
    if Layer.UID in recipe.layers:
        with attempt(Layer.UID):
            confine.forget_capabilities()
            if recipe.own_user:
                confine.become(uid)
            syscalls.die_with_parent(signal.SIGKILL)
    confine.limit(recipe.limits, shared_user=Layer.UID not in recipe.layers)
    confine.give_up_privileges()


def _paths(recipe: Recipe, scratch: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """Return what Landlock lets a submission read, what inside it not, and what it may change."""
    if Layer.ROOT in recipe.layers:
        return [Path("/")], [], [scratch, Path("/dev/shm"), *filesystem.devices()]
    # TensorFlow aborts without /proc/self/cmdline.
    machine = [Path("/proc") / name for name in ("self", "cpuinfo", "meminfo", "stat")]
    read = [*recipe.read, *machine]
    return read, filesystem.all_hidden(recipe.hidden), [scratch, *filesystem.devices()]


def _work(recipe: Recipe, scratch: Path, ends: Ends, prepare: Callable[[], Role]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    syscalls.die_with_parent(signal.SIGKILL)
    try:
        if not recipe.trusted:
            _settle(recipe, scratch)
        role = prepare()
    except LayerError as error:
        return _report_refusal(ends.done, error)
    except Exception as error:  # noqa: BLE001  whatever the kit raises is for the supervisor to tell
        return _report(ends.done, {"failed": f"{type(error).__name__}: {error}"})
    _report(ends.done, {})
    os.close(ends.done)
    role(socket.socket(fileno=ends.wire))
    return None


def _settle(recipe: Recipe, scratch: Path) -> None:
    """Set up what a submission sees of itself."""
    os.chdir(scratch)
    os.environ.clear()
    os.environ.update(recipe.surroundings(scratch))
    tempfile.tempdir = None
    sys.stdout.flush()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    syscalls.be_dumpable(True)
    if Layer.LANDLOCK in recipe.layers:
        with attempt(Layer.LANDLOCK):
            landlock.restrict(*_paths(recipe, scratch))
    if Layer.SECCOMP in recipe.layers:
        with attempt(Layer.SECCOMP):
            syscalls.load_filter(seccomp.program())


def _report_refusal(done: int, error: LayerError) -> None:
    _report(done, {"layer": error.layer.value, "reason": error.reason})


def _report(done: int, state: dict[str, Any]) -> None:
    os.write(done, json.dumps(state).encode() + b"\n")
