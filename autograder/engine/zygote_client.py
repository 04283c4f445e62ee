"""The processes of one worker: a zygote, and what is forked from it or executed afresh."""

import contextlib
import json
import os
import socket
import threading
import weakref
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autograder.engine.control import LOAD_TIMEOUT_S, ZygoteClient
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

IMPORTS = ("numpy", "tensorflow", "keras", "matplotlib.pyplot", "IPython.core.interactiveshell")
"""What every zygote imports before the kit."""

MAX_GRADER_BYTES = 3 * 1024 * MEBIBYTE
MAX_TRAINER_BYTES = 6 * 1024 * MEBIBYTE
"""Resident memory that either may take."""

_START_TIMEOUT_S = 20.0
"""Seconds until a process must stand that finds everything loaded."""

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
    """What a submission may read besides the system, the interpreter and the kit."""

    hidden: tuple[Path, ...] = ()
    """What it may not, even where one of those contains it, e.g. the course's folder."""

    layers: frozenset[Layer] | None = None
    """Isolation to ask for; None asks for everything that the machine gives."""

    imports: tuple[str, ...] = IMPORTS

    fork: bool = True
    """Fork where that is safe; otherwise everything is loaded afresh in each process."""


class Zygote:
    """The exec'd process of one worker, from which all its other processes are started."""

    def __init__(
        self, config: ZygoteConfig, slot: int, *, kit_not_preloaded: bool, resources: contextlib.ExitStack
    ) -> None:
        self.isolation = IsolationStatus(frozenset())
        self._kit_not_preloaded = kit_not_preloaded
        self._processes: weakref.WeakSet[Process] = weakref.WeakSet()
        self._resources = resources
        environment = {**_BASE_ENVIRONMENT, **config.environment}
        self._control = ZygoteClient(environment, resources)
        loaded = self._control.request(
            {
                "kit": str(config.kit),
                "kit_name": config.kit_name,
                "preloaded_calls": config.preloaded_calls,
                "data": [str(path) for path in config.data],
                "hidden": [str(path) for path in config.hidden],
                "imports": config.imports,
                "environment": environment,
                "uid": resources.enter_context(claim_uid(slot)),
                "fork": config.fork,
                "cold": kit_not_preloaded,
                "dies_with_parent": threading.current_thread() is threading.main_thread(),
            }
        )
        self.versions: Mapping[str, str] = loaded["versions"]
        """Of Python and the libraries, by name."""

        self.fork_unsafe_reason: str = loaded["spoilt"]
        """Why it does not fork and executes each process afresh, or nothing."""

    @classmethod
    def start(cls, config: ZygoteConfig, *, slot: int = 0) -> "Zygote":
        """Start one and wait until it can start processes.

        Args:
            plan: what it is made of.
            slot: the worker's number.

        Raises:
            StaffError: it cannot be started, with the reason.
        """
        zygote = cls._create(config, slot, kit_not_preloaded=False)
        if zygote.fork_unsafe_reason and config.fork:
            zygote.close()
            zygote = cls._create(config, slot, kit_not_preloaded=True)
        try:
            zygote.isolation = zygote._probe_isolation(config.layers)
        except BaseException:
            zygote.close()
            raise
        return zygote

    @classmethod
    def _create(cls, config: ZygoteConfig, slot: int, *, kit_not_preloaded: bool) -> "Zygote":
        with contextlib.ExitStack() as resources:
            zygote = cls(config, slot, kit_not_preloaded=kit_not_preloaded, resources=resources)
            zygote._resources = resources.pop_all()
        return zygote

    def start_child(
        self,
        limits: Limits,
        options: Mapping[str, Any],
        *,
        entry: str = "autograder.engine.child:main",
    ) -> Process:
        """Start the sandboxed process of one submission.

        Raises:
            StaffError: it could not be started; nothing of it is left.
        """
        try:
            return self._start_process(entry, options, self.isolation.layers, limits)
        except LayerError as error:
            raise StaffError(f"the sandbox of a submission could not be set up ({error})") from error

    def start_grader(
        self,
        options: Mapping[str, Any],
        *,
        memory_bytes: int = MAX_GRADER_BYTES,
        entry: str = "autograder.engine.grader:main",
    ) -> Process:
        """Start a process that may know hidden checks: no sandbox, but offline and as killable.

        Raises:
            StaffError: it could not be started; nothing of it is left.
        """
        return self._start_trusted(entry, options, memory_bytes)

    def start_trainer(
        self,
        options: Mapping[str, Any],
        *,
        memory_bytes: int = MAX_TRAINER_BYTES,
        entry: str = "autograder.engine.trainer:main",
    ) -> Process:
        """Start a process that trains models; like a grader otherwise."""
        return self._start_trusted(entry, options, memory_bytes)

    def is_alive(self) -> bool:
        """Say whether it still answers.

        A killed process is for a while no zombie yet and starts nothing any more: its state tells too late.
        """
        try:
            self._control.request({})
        except StaffError:
            return False
        return True

    def kill(self) -> None:
        """End the zygote alone; any thread may."""
        self._control.process.kill()

    def close(self) -> None:
        """End the zygote and whatever was started from it."""
        try:
            for process in list(self._processes):
                process.kill()
        finally:
            self._resources.close()

    def stderr_tail(self) -> str:
        """Return the end of what it and its trusted processes wrote to stderr."""
        return self._control.stderr_tail()

    def _start_trusted(self, entry: str, options: Mapping[str, Any], memory_bytes: int) -> Process:
        layers = self.isolation.layers & {Layer.NETWORK}
        if layers and os.geteuid() != 0:
            layers |= {Layer.UID}
        try:
            return self._start_process(
                entry, options, layers, Limits(memory_bytes=memory_bytes), trusted=True
            )
        except LayerError as error:
            raise StaffError(f"{entry} could not be started ({error})") from error

    def _probe_isolation(self, requested: frozenset[Layer] | None) -> IsolationStatus:
        """Run the whole recipe, leaving out what the machine refuses, until it stands."""
        layers = drop_unsatisfied(ALL_LAYERS if requested is None else requested)
        refusals: list[tuple[Layer, str]] = []
        if self.fork_unsafe_reason:
            refusals += [
                (layer, f"cannot fork: {self.fork_unsafe_reason}") for layer in Layer if layer in FORK_LAYERS
            ]
            layers -= FORK_LAYERS
        while True:
            try:
                seen = self._run_probe(layers)
                broken = {layer: seen[layer.value] for layer in layers if seen.get(layer.value)}
            except LayerError as error:
                broken = {error.layer: error.reason}
            if broken.keys() - layers:
                raise StaffError(f"no sandbox can be set up here: {broken}")
            if not broken:
                return IsolationStatus(layers, tuple(refusals))
            refusals += broken.items()
            layers = drop_unsatisfied(layers - broken.keys())

    def _run_probe(self, layers: frozenset[Layer]) -> dict[str, str]:
        process = self._start_process(
            "autograder.sandbox.layers:probe", {}, layers, Limits(), probe_only=True
        )
        try:
            process.sock.settimeout(_PROBE_TIMEOUT_S)
            with process.sock.makefile("rb") as lines:
                return dict(json.loads(lines.readline()))
        except (OSError, ValueError) as error:
            raise StaffError(f"a sandbox stands but what runs in it does not ({error})") from error
        finally:
            process.kill()

    def _start_process(
        self,
        entry: str,
        options: Mapping[str, Any],
        layers: frozenset[Layer],
        limits: Limits,
        *,
        trusted: bool = False,
        probe_only: bool = False,
    ) -> Process:
        ours, theirs = socket.socketpair()
        lifeline, cut = os.pipe()
        done, finished = os.pipe()
        command = {
            "entry": entry,
            "options": dict(options),
            "layers": [layer.value for layer in layers],
            "limits": asdict(limits),
            "trusted": trusted,
            "bare": probe_only,
            "afresh": bool(self.fork_unsafe_reason),
        }
        process = Process(ours, cut, done, limits.memory_bytes)
        try:
            process.pid = self._control.request(command, (theirs.fileno(), lifeline, finished))["pid"]
        except StaffError:
            ours.close()
            process.terminate()
            raise
        finally:
            theirs.close()
            os.close(lifeline)
            os.close(finished)
        try:
            process.wait_ready(
                timeout_s=LOAD_TIMEOUT_S
                if self._kit_not_preloaded or self.fork_unsafe_reason
                else _START_TIMEOUT_S
            )
        except (LayerError, StaffError):
            process.kill()
            raise
        watch_memory(process)
        self._processes.add(process)
        return process
