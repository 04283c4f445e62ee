"""The supervisor's side of a worker's processes: a zygote, and what is forked or executed from it."""

import contextlib
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from autograder.errors import StaffError
from autograder.limits import Limits
from autograder.sandbox import reader
from autograder.sandbox.frames import Frame, receive_frame, send_frame
from autograder.sandbox.layers import (
    ALL_LAYERS,
    FORK_LAYERS,
    IsolationStatus,
    Layer,
    LayerError,
    claim_uid,
    drop_unsatisfied,
)
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

_COMPUTING_PACKAGES = ("tensorflow", "keras", "numpy")

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
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pandas imports Arrow where it is installed
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "NUMPY_MADVISE_HUGEPAGE": "0",  # or the kernel fills freed memory with huge pages again
}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that compute, without importing them."""
    found = {name: metadata.version(name) for name in _COMPUTING_PACKAGES}
    return {"python": platform.python_version(), **found}


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


class Zygote:
    """The zygote of one worker, from which all its other processes are started; see ``start``."""

    def __init__(self, environment: Mapping[str, str], imports: Sequence[str]) -> None:
        """Execute the process and begin its imports, without waiting for them."""
        self.fork_unsafe_reason = ""
        """Why it does not fork and executes each process instead, or an empty text."""

        self.versions: Mapping[str, str] = {}
        """Of Python and the libraries, by name."""

        self.isolation = IsolationStatus(frozenset())
        self._kit_preloaded = False
        self._processes: weakref.WeakSet[Process] = weakref.WeakSet()
        self._replies_due = 0
        self._sock, theirs = socket.socketpair()
        self._sock.settimeout(_LOAD_TIMEOUT_S)
        self._resources = contextlib.ExitStack()
        home = self._resources.enter_context(tempfile.TemporaryDirectory(prefix="zygote-"))
        self._resources.callback(self._sock.close)
        self._stderr_path = Path(home) / "stderr"
        with theirs, self._stderr_path.open("wb") as errors:
            # "-I" instead of "-s -P" would also ignore PYTHONHASHSEED. The environment is minimal, since
            # /proc/self/environ shows a process what it was executed with even after it cleared it.
            self.process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-m", "autograder.engine.zygote"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={**_BASE_ENVIRONMENT, **environment, "HOME": home},
                cwd="/",
                start_new_session=True,
            )
        self._resources.callback(self.process.wait)
        self._resources.callback(self.process.kill)
        self._request({"do": "import", "imports": list(imports)}, wait=False)

    @classmethod
    def start(cls, config: ZygoteConfig, *, slot: int = 0) -> "Zygote":
        """Start a zygote and wait until it can start processes.

        Args:
            config: what it is made of.
            slot: the worker's number.

        Raises:
            StaffError: it cannot be started, with the reason.
        """
        zygote = _take_process(config)
        zygote._configure(config, slot, preload_kit=True)
        if zygote.fork_unsafe_reason and config.fork:
            # The kit may be the reason: each process loads it itself then, after the fork.
            zygote.close()
            zygote = _take_process(config)
            zygote._configure(config, slot, preload_kit=False)
        return zygote

    def start_child(self, limits: Limits, options: Mapping[str, Any], *, entry: str = CHILD_ENTRY) -> Process:
        """Start the sandboxed process of one submission.

        Raises:
            StaffError: it could not be started; nothing of it is left.
        """
        return self._start(entry, options, self.isolation.layers, limits, trusted=False)

    def start_trusted(self, entry: str, options: Mapping[str, Any], memory_bytes: int) -> Process:
        """Start a process that may know hidden checks: not sandboxed, but offline and killable.

        Args:
            memory_bytes: resident memory that it may use.

        Raises:
            StaffError: it could not be started; nothing of it is left.
        """
        layers = self.isolation.layers & {Layer.NETWORK}
        if layers and os.geteuid() != 0:
            layers |= {Layer.UID}  # the user namespace that the network namespace needs
        return self._start(entry, options, layers, Limits(memory_bytes=memory_bytes), trusted=True)

    def is_alive(self) -> bool:
        """Return True if the zygote still answers.

        Its exit status would tell too late: a killed process is not a zombie at once.
        """
        try:
            self._request({})
        except StaffError:
            return False
        return True

    def kill(self) -> None:
        """Kill the zygote alone; any thread may call this."""
        self.process.kill()

    def close(self) -> None:
        """End the zygote and whatever was started from it."""
        try:
            for process in list(self._processes):
                process.kill()
        finally:
            self._resources.close()

    def stderr_tail(self) -> str:
        """Return the end of what the zygote and its trusted processes wrote; nothing once it is closed."""
        with contextlib.suppress(FileNotFoundError):
            return self._stderr_path.read_bytes()[-2000:].decode(errors="replace")
        return ""

    def _configure(self, config: ZygoteConfig, slot: int, *, preload_kit: bool) -> None:
        """Load what the zygote is made of, and find out what it can isolate; it is closed if that fails."""
        try:
            frame = {
                **msgspec.to_builtins(config, enc_hook=str),
                "do": "configure",
                "environment": {**_BASE_ENVIRONMENT, **config.environment},
                "uid": self._resources.enter_context(claim_uid(slot)),
                # The signal belongs to the thread that started the zygote; a thread of a pool ends
                # earlier than the worker.
                "dies_with_parent": threading.current_thread() is threading.main_thread(),
            }
            self._request(frame)
            self._describe()
            self._kit_preloaded = preload_kit
            self.isolation = self._probe_isolation(config.layers)
            self._describe()
        except BaseException:  # also an interrupt: the process must not outlive its start
            self.close()
            raise

    def _describe(self) -> None:
        state = self._request({"do": "describe"})
        self.fork_unsafe_reason = state["fork_unsafe_reason"]
        self.versions = {**versions(), **state["versions"]}

    def _request(self, frame: Frame, descriptors: tuple[int, ...] = (), *, wait: bool = True) -> Frame:
        """Send a frame and return the reply; without ``wait`` the next request waits for this one too.

        Raises:
            StaffError: there is no reply, or it (or an earlier one that was due) is a failure.
        """
        reply: Frame = {}
        try:
            send_frame(self._sock, frame, descriptors)
            self._replies_due += 1
            while wait and self._replies_due:
                reply, _ = receive_frame(self._sock)
                self._replies_due -= 1
                if "error" in reply:
                    found = f"correct what the last line names:\n{reply['error']}"
                    raise StaffError(f"the grader cannot load the course; {found}")
        except (OSError, EOFError) as error:
            raise StaffError(f"the zygote is gone or hangs ({error}):\n{self.stderr_tail()}") from error
        return reply

    def _probe_isolation(self, requested: frozenset[Layer] | None) -> IsolationStatus:
        """Try the complete sandbox, each time without the layers that the machine refused, until it works.

        The kit is loaded at the same time: the first probe is forked before and needs none of it.
        """
        layers = drop_unsatisfied(ALL_LAYERS if requested is None else requested)
        refusals: list[tuple[Layer, str]] = []
        reason_before = self.fork_unsafe_reason
        if reason_before:
            for layer in (Layer.PIDS, Layer.ROOT):
                refusals.append((layer, f"cannot fork: {reason_before}"))
            layers -= FORK_LAYERS
        probe = self._fork(PROBE_ENTRY, {}, layers, Limits(), probe_only=True)
        if self._kit_preloaded:
            self._request({"do": "load"}, wait=False)
        while broken := self._failed_layers(probe, layers):
            if broken.keys() - layers:
                raise StaffError(f"no sandbox can be set up here: {broken}")
            refusals += broken.items()
            layers = drop_unsatisfied(layers - broken.keys())
            self._describe()
            if self.fork_unsafe_reason != reason_before:
                return IsolationStatus(frozenset())  # because of the kit; ``start`` replaces this zygote
            probe = self._fork(PROBE_ENTRY, {}, layers, Limits(), probe_only=True)
        return IsolationStatus(layers, tuple(refusals))

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
        loads_kit = self.fork_unsafe_reason or not self._kit_preloaded
        return _LOAD_TIMEOUT_S if loads_kit else _START_TIMEOUT_S

    def _start(
        self,
        entry: str,
        options: Mapping[str, Any],
        layers: frozenset[Layer],
        limits: Limits,
        *,
        trusted: bool,
    ) -> Process:
        """Start a process and wait until its entry point is loaded."""
        process = self._fork(entry, options, layers, limits, trusted=trusted)
        try:
            process.wait_ready(timeout_s=self._start_timeout_s)
        except StaffError:
            process.kill()
            raise
        except LayerError as error:
            process.kill()
            raise StaffError(f"the sandbox of {entry} could not be set up ({error})") from error
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
            "load_kit": not self._kit_preloaded and not probe_only,
            "execute": bool(self.fork_unsafe_reason),
        }
        try:
            process.pid = self._request(command, (wire.fileno(), lifeline, status))["pid"]
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


_early_zygotes: list[Zygote] = []


@contextlib.contextmanager
def early_start(count: int = 1, config: ZygoteConfig | None = None) -> Iterator[None]:
    """Start the imports of zygotes and of the reader now, while the caller is still busy.

    The zygotes that are started inside the block take the processes over. Call it in the thread that
    starts them.

    Args:
        count: processes that wait for a zygote then, with those of a block around this one.
        config: the zygotes that will be started; None if that is not known yet.
    """
    while len(_early_zygotes) < count and (config is None or _needs_only_defaults(config)):
        _early_zygotes.append(Zygote({}, IMPORTS))
    reader.start_early()
    try:
        yield
    finally:
        while _early_zygotes:
            _early_zygotes.pop().close()


def _take_process(config: ZygoteConfig) -> Zygote:
    # What follows the defaults may be a module of the kit, which is not on the path yet.
    if config.imports[: len(IMPORTS)] != IMPORTS:
        return Zygote(config.environment, ())
    if _early_zygotes and _needs_only_defaults(config):
        return _early_zygotes.pop(0)
    return Zygote(config.environment, IMPORTS)


def _needs_only_defaults(config: ZygoteConfig) -> bool:
    # Python reads its own variables, and libraries the ones above, before the configuration arrives.
    read_at_start = [name for name in config.environment if name in _BASE_ENVIRONMENT or "PYTHON" in name]
    return config.imports[: len(IMPORTS)] == IMPORTS and not read_at_start
