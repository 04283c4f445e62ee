"""The supervisor's side of a worker's processes: a zygote, and what is forked or executed from it."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autograder.engine.zygote import Frame, receive_frame, send_frame
from autograder.errors import StaffError
from autograder.files import MEBIBYTE
from autograder.limits import Limits
from autograder.sandbox.layers import (
    ALL_LAYERS,
    FORK_LAYERS,
    IsolationStatus,
    Layer,
    LayerError,
    drop_unsatisfied,
)
from autograder.sandbox.privileges import claim_uid
from autograder.sandbox.process import Process, watch_memory

CHILD_ENTRY = "autograder.engine.child:main"
GRADER_ENTRY = "autograder.engine.grader:main"
TRAINER_ENTRY = "autograder.engine.trainer:main"
PROBE_ENTRY = "autograder.sandbox.layers:probe"

IMPORTS = (
    "numpy",
    "tensorflow",
    "keras",
    "matplotlib.pyplot",
    "IPython.core.interactiveshell",
    *(entry.partition(":")[0] for entry in (CHILD_ENTRY, GRADER_ENTRY, TRAINER_ENTRY)),
    # A submission's process imports these when it has Keras; by then it cannot read this package.
    "autograder.engine.lazy_variables",
    "autograder.engine.offload",
)
"""What every zygote imports before the kit."""

MAX_GRADER_BYTES = 3 * 1024 * MEBIBYTE
MAX_TRAINER_BYTES = 6 * 1024 * MEBIBYTE
"""Resident memory that either may use."""

_LOAD_TIMEOUT_S = 300.0
"""Seconds until everything must be imported; on a cold disk TensorFlow alone takes a minute."""

_START_TIMEOUT_S = 20.0
"""Seconds until a process must be ready that finds everything loaded."""

_PROBE_TIMEOUT_S = 60.0

_BASE_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MPLBACKEND": "agg",
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
}


@dataclass(frozen=True, slots=True)
class ZygoteConfig:
    """What a zygote is made of."""

    kit: Path
    """A folder that everybody may read; goes first on ``sys.path``."""

    kit_name: str = ""
    """Imported from there; nothing when empty."""

    preloaded_calls: tuple[str, ...] = ()
    """Calls of kit functions with literal arguments, ``"rnnlab.load_reviews(10_000)"``."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the minimal environment."""

    data: tuple[Path, ...] = ()
    """What a submission may read in addition to the system, the interpreter and the kit."""

    hidden: tuple[Path, ...] = ()
    """What it may not read, even where one of those contains it, e.g. the course's folder."""

    layers: frozenset[Layer] | None = None
    """Isolation to ask for; None asks for everything that the machine provides."""

    imports: tuple[str, ...] = IMPORTS

    fork: bool = True
    """Fork where that is safe; otherwise each process is executed and loads everything itself."""


class ZygoteProcess:
    """An exec'd zygote and the control socket to it."""

    def __init__(self, environment: Mapping[str, str], imports: Sequence[str]) -> None:
        """Start the process and its imports, and return without waiting for them."""
        self._home = tempfile.TemporaryDirectory(prefix="zygote-")
        self._stderr_path = Path(self._home.name) / "stderr"
        self._lock = threading.Lock()
        self._replies_due = 0
        self._sock, theirs = socket.socketpair()
        self._sock.settimeout(_LOAD_TIMEOUT_S)
        with theirs, self._stderr_path.open("wb") as errors:
            # "-I" instead of "-s -P" would also ignore PYTHONHASHSEED. The environment is minimal, since
            # /proc/self/environ shows a process what it was executed with even after it cleared it.
            self.process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-m", "autograder.engine.zygote"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={**_BASE_ENVIRONMENT, **environment, "HOME": self._home.name},
                cwd="/",
                start_new_session=True,
            )
        self.post({"do": "import", "modules": list(imports)})

    def post(self, frame: Frame, descriptors: tuple[int, ...] = ()) -> None:
        """Send a frame; a later ``request`` waits for its reply, too.

        Raises:
            StaffError: the zygote is gone.
        """
        with self._lock, self._failures_named():
            send_frame(self._sock, frame, descriptors)
            self._replies_due += 1

    def request(self, frame: Frame, descriptors: tuple[int, ...] = ()) -> Frame:
        """Send a frame and return the reply.

        Raises:
            StaffError: there is no reply, or it (or that to a posted frame) is a failure.
        """
        self.post(frame, descriptors)
        return self.last_reply()

    def last_reply(self) -> Frame:
        """Return the reply to the last frame that was sent; raises as ``request`` does."""
        reply: Frame = {}
        with self._lock, self._failures_named():
            while self._replies_due:
                reply, _ = receive_frame(self._sock)
                self._replies_due -= 1
                if "error" in reply:
                    raise StaffError(f"the zygote failed:\n{reply['error']}")
        return reply

    @contextlib.contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except (OSError, EOFError) as error:
            raise StaffError(f"the zygote is gone or hangs ({error}):\n{self.stderr_tail()}") from error

    def stderr_tail(self) -> str:
        """Return the end of what the zygote and its trusted processes wrote; nothing once it is closed."""
        with contextlib.suppress(FileNotFoundError):
            return self._stderr_path.read_bytes()[-2000:].decode(errors="replace")
        return ""

    def close(self) -> None:
        """Kill the process and remove its home folder."""
        self.process.kill()
        self.process.wait()
        self._sock.close()
        self._home.cleanup()


_early_processes: list[ZygoteProcess] = []


@contextlib.contextmanager
def early_start() -> Iterator[None]:
    """Start a zygote's imports now, while the caller is still busy with its own.

    The first ``Zygote`` that is started inside the block takes the process over. Call it in the thread
    that starts that zygote.
    """
    _early_processes.append(ZygoteProcess({}, IMPORTS))
    try:
        yield
    finally:
        while _early_processes:
            _early_processes.pop().close()


def _take_process(config: ZygoteConfig) -> ZygoteProcess:
    # What follows the defaults may be a module of the kit, which is not on the path yet.
    if config.imports[: len(IMPORTS)] != IMPORTS:
        return ZygoteProcess(config.environment, ())
    # Python reads its own variables, and libraries the ones above, before the configuration arrives.
    read_at_start = [name for name in config.environment if name in _BASE_ENVIRONMENT or "PYTHON" in name]
    if _early_processes and not read_at_start:
        return _early_processes.pop()
    return ZygoteProcess(config.environment, IMPORTS)


class Zygote:
    """The zygote of one worker, from which all its other processes are started."""

    def __init__(self, config: ZygoteConfig, slot: int, *, preload_kit: bool) -> None:
        """Start the process and load what it is made of; see ``start``."""
        self.isolation = IsolationStatus(frozenset())
        self._preload_kit = preload_kit
        self._processes: weakref.WeakSet[Process] = weakref.WeakSet()
        with contextlib.ExitStack() as resources:
            self._control = _take_process(config)
            resources.callback(self._control.close)
            frame = {
                "do": "configure",
                "kit": str(config.kit),
                "kit_name": config.kit_name,
                "preloaded_calls": config.preloaded_calls,
                "data": [str(path) for path in config.data],
                "hidden": [str(path) for path in config.hidden],
                "imports": config.imports,
                "environment": {**_BASE_ENVIRONMENT, **config.environment},
                "uid": resources.enter_context(claim_uid(slot)),
                "fork": config.fork,
                # The signal belongs to the thread that started the zygote; a thread of a pool ends
                # earlier than the worker.
                "dies_with_parent": threading.current_thread() is threading.main_thread(),
            }
            self._control.request(frame)
            self._describe()
            self.isolation = self._probe_isolation(config.layers)
            self._describe()
            self._resources = resources.pop_all()

    def _describe(self) -> None:
        state = self._control.request({"do": "describe"})
        self.fork_unsafe_reason: str = state["fork_unsafe_reason"]
        """Why it does not fork and executes each process instead, or an empty text."""

        self.versions: Mapping[str, str] = state["versions"]
        """Of Python and the libraries, by name."""

    @classmethod
    def start(cls, config: ZygoteConfig, *, slot: int = 0) -> "Zygote":
        """Start a zygote and wait until it can start processes.

        Args:
            config: what it is made of.
            slot: the worker's number.

        Raises:
            StaffError: it cannot be started, with the reason.
        """
        zygote = cls(config, slot, preload_kit=True)
        if zygote.fork_unsafe_reason and config.fork:
            # The kit may be the reason: each process loads it itself then, after the fork.
            zygote.close()
            zygote = cls(config, slot, preload_kit=False)
        return zygote

    def start_child(self, limits: Limits, options: Mapping[str, Any], *, entry: str = CHILD_ENTRY) -> Process:
        """Start the sandboxed process of one submission.

        Raises:
            StaffError: it could not be started; nothing of it is left.
        """
        try:
            return self._start(entry, options, self.isolation.layers, limits)
        except LayerError as error:
            raise StaffError(f"the sandbox of a submission could not be set up ({error})") from error

    def start_grader(
        self,
        options: Mapping[str, Any],
        *,
        memory_bytes: int = MAX_GRADER_BYTES,
        entry: str = GRADER_ENTRY,
    ) -> Process:
        """Start a process that may know hidden checks: not sandboxed, but offline and killable.

        Raises:
            StaffError: it could not be started; nothing of it is left.
        """
        layers = self.isolation.layers & {Layer.NETWORK}
        if layers and os.geteuid() != 0:
            layers |= {Layer.UID}  # the user namespace that the network namespace needs
        try:
            return self._start(entry, options, layers, Limits(memory_bytes=memory_bytes), trusted=True)
        except LayerError as error:
            raise StaffError(f"{entry} could not be started ({error})") from error

    def start_trainer(
        self,
        options: Mapping[str, Any],
        *,
        memory_bytes: int = MAX_TRAINER_BYTES,
        entry: str = TRAINER_ENTRY,
    ) -> Process:
        """Start a process that trains models; otherwise like a grader."""
        return self.start_grader(options, memory_bytes=memory_bytes, entry=entry)

    def is_alive(self) -> bool:
        """Return True if the zygote still answers.

        Its exit status would tell too late: a killed process is not a zombie at once.
        """
        try:
            self._control.request({})
        except StaffError:
            return False
        return True

    def kill(self) -> None:
        """Kill the zygote alone; any thread may call this."""
        self._control.process.kill()

    def close(self) -> None:
        """End the zygote and whatever was started from it."""
        try:
            for process in list(self._processes):
                process.kill()
        finally:
            self._resources.close()

    def stderr_tail(self) -> str:
        """Return the end of what the zygote and its trusted processes wrote to stderr."""
        return self._control.stderr_tail()

    def _probe_isolation(self, requested: frozenset[Layer] | None) -> IsolationStatus:
        """Try the complete sandbox, each time without the layers that the machine refused, until it works.

        The kit is loaded at the same time: the first probe is forked before and needs none of it.
        """
        layers = drop_unsatisfied(ALL_LAYERS if requested is None else requested)
        refusals: list[tuple[Layer, str]] = []
        if self.fork_unsafe_reason:
            for layer in (Layer.PIDS, Layer.ROOT):
                refusals.append((layer, f"cannot fork: {self.fork_unsafe_reason}"))
            layers -= FORK_LAYERS
        reason_before, is_first = self.fork_unsafe_reason, True
        while True:
            process = self._fork(PROBE_ENTRY, {}, layers, Limits(), probe_only=True)
            if is_first and self._preload_kit:
                self._control.post({"do": "load"})
            is_first = False
            broken = self._failed_layers(process, layers)
            if broken.keys() - layers:
                raise StaffError(f"no sandbox can be set up here: {broken}")
            if not broken:
                return IsolationStatus(layers, tuple(refusals))
            refusals += broken.items()
            layers = drop_unsatisfied(layers - broken.keys())
            self._describe()
            if self.fork_unsafe_reason != reason_before:
                return IsolationStatus(frozenset())  # because of the kit; ``start`` replaces this zygote

    def _failed_layers(self, process: Process, layers: frozenset[Layer]) -> dict[Layer, str]:
        """Return the layers that a probe could not set up or does not see, with the reasons."""
        try:
            process.wait_ready(timeout_s=self._start_timeout_s)
            process.sock.settimeout(_PROBE_TIMEOUT_S)
            with process.sock.makefile("rb") as lines:
                seen = dict(json.loads(lines.readline()))
        except LayerError as error:
            return {error.layer: error.reason}
        except (OSError, ValueError) as error:
            raise StaffError(f"the sandbox is set up but its process failed ({error})") from error
        finally:
            process.kill()
        return {layer: seen[layer.value] for layer in layers if layer.value in seen}

    @property
    def _start_timeout_s(self) -> float:
        loads_kit = self.fork_unsafe_reason or not self._preload_kit
        return _LOAD_TIMEOUT_S if loads_kit else _START_TIMEOUT_S

    def _start(
        self,
        entry: str,
        options: Mapping[str, Any],
        layers: frozenset[Layer],
        limits: Limits,
        *,
        trusted: bool = False,
    ) -> Process:
        """Start a process and wait until its entry point is loaded.

        Raises:
            LayerError: the machine refuses one layer; nothing of the process is left.
            StaffError: it cannot be started otherwise.
        """
        process = self._fork(entry, options, layers, limits, trusted=trusted)
        try:
            process.wait_ready(timeout_s=self._start_timeout_s)
        except (LayerError, StaffError):
            process.kill()
            raise
        return process

    def _fork(
        self,
        entry: str,
        options: Mapping[str, Any],
        layers: frozenset[Layer],
        limits: Limits,
        *,
        trusted: bool = False,
        probe_only: bool = False,
    ) -> Process:
        """Have the zygote fork (or execute) a process, which is not ready yet."""
        our_wire, wire = socket.socketpair()
        lifeline, our_lifeline = os.pipe()
        our_status, status = os.pipe()
        process = Process(our_wire, our_lifeline, our_status, limits.memory_bytes)
        command = {
            "do": "start",
            "entry": entry,
            "options": dict(options),
            "layers": [layer.value for layer in layers],
            "limits": asdict(limits),
            "trusted": trusted,
            "probe_only": probe_only,
            "load_kit": not self._preload_kit and not probe_only,
            "execute": bool(self.fork_unsafe_reason),
        }
        try:
            process.pid = self._control.request(command, (wire.fileno(), lifeline, status))["pid"]
        finally:
            # These ends belong to the tree alone: while a copy is open here, the status pipe never ends.
            wire.close()
            os.close(lifeline)
            os.close(status)
            if not process.pid:
                process.kill()
        watch_memory(process)
        self._processes.add(process)
        return process
