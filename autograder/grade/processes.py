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

from autograder.errors import StaffError
from autograder.grade.control import LOAD_S, Control
from autograder.grade.limits import MEBIBYTE, Limits
from autograder.grade.sandbox.layers import (
    ALL,
    NEEDING_A_FORK,
    Isolation,
    Layer,
    LayerError,
    consistent,
)
from autograder.grade.sandbox.process import WATCHER, Ends, Process
from autograder.grade.sandbox.users import own_uid

IMPORTS = ("numpy", "tensorflow", "keras", "matplotlib.pyplot", "IPython.core.interactiveshell")
"""What every zygote imports before the kit."""

GRADER_BYTES = 3 * 1024 * MEBIBYTE
TRAINER_BYTES = 6 * 1024 * MEBIBYTE
"""Resident memory that either may take."""

_START_S = 20.0
"""Seconds until a process must stand that finds everything loaded."""

_PROBE_S = 60.0

_ENVIRONMENT = {
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
class Plan:
    """What a zygote is made of."""

    kit: Path
    """A folder that everybody may read; goes first on ``sys.path``."""

    kit_name: str = ""
    """Imported from there; nothing when empty."""

    preload: tuple[str, ...] = ()
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

    def __init__(self, plan: Plan, slot: int, *, cold: bool, resources: contextlib.ExitStack) -> None:
        self.isolation = Isolation(frozenset())
        self._cold = cold
        self._started: weakref.WeakSet[Process] = weakref.WeakSet()
        self._resources = resources
        environment = {**_ENVIRONMENT, **plan.environment}
        self._control = Control(environment, resources)
        loaded = self._control.ask(
            {
                "kit": str(plan.kit),
                "kit_name": plan.kit_name,
                "preload": plan.preload,
                "data": [str(path) for path in plan.data],
                "hidden": [str(path) for path in plan.hidden],
                "imports": plan.imports,
                "environment": environment,
                "uid": resources.enter_context(own_uid(slot)),
                "fork": plan.fork,
                "cold": cold,
                "dies_with_parent": threading.current_thread() is threading.main_thread(),
            }
        )
        self.versions: Mapping[str, str] = loaded["versions"]
        """Of Python and the libraries, by name."""

        self.spoilt: str = loaded["spoilt"]
        """Why it does not fork and executes each process afresh, or nothing."""

    @classmethod
    def start(cls, plan: Plan, *, slot: int = 0) -> "Zygote":
        """Start one and wait until it can start processes.

        Args:
            plan: what it is made of.
            slot: the worker's number.

        Raises:
            StaffError: it cannot be started, with the reason.
        """
        zygote = cls._loaded(plan, slot, cold=False)
        if zygote.spoilt and plan.fork:
            zygote.close()
            zygote = cls._loaded(plan, slot, cold=True)
        try:
            zygote.isolation = zygote._tried(plan.layers)
        except BaseException:
            zygote.close()
            raise
        return zygote

    @classmethod
    def _loaded(cls, plan: Plan, slot: int, *, cold: bool) -> "Zygote":
        with contextlib.ExitStack() as resources:
            zygote = cls(plan, slot, cold=cold, resources=resources)
            zygote._resources = resources.pop_all()
        return zygote

    def child(
        self,
        limits: Limits,
        options: Mapping[str, Any],
        *,
        entry: str = "autograder.grade.child:main",
    ) -> Process:
        """Start the sandboxed process of one submission.

        Raises:
            StaffError: it could not be started; nothing of it is left.
        """
        try:
            return self._running(entry, options, self.isolation.layers, limits)
        except LayerError as error:
            raise StaffError(f"the sandbox of a submission could not be set up ({error})") from error

    def grader(
        self,
        options: Mapping[str, Any],
        *,
        memory_bytes: int = GRADER_BYTES,
        entry: str = "autograder.grade.grader:main",
    ) -> Process:
        """Start a process that may know hidden checks: no sandbox, but offline and as killable.

        Raises:
            StaffError: it could not be started; nothing of it is left.
        """
        return self._trusted(entry, options, memory_bytes)

    def trainer(
        self,
        options: Mapping[str, Any],
        *,
        memory_bytes: int = TRAINER_BYTES,
        entry: str = "autograder.grade.trainer:main",
    ) -> Process:
        """Start a process that trains models; like a grader otherwise."""
        return self._trusted(entry, options, memory_bytes)

    def alive(self) -> bool:
        """Say whether it still answers.

        A killed process is for a while no zombie yet and starts nothing any more: its state tells too late.
        """
        try:
            self._control.ask({})
        except StaffError:
            return False
        return True

    def kill(self) -> None:
        """End the zygote alone; any thread may."""
        self._control.process.kill()

    def close(self) -> None:
        """End the zygote and whatever was started from it."""
        try:
            for process in list(self._started):
                process.kill()
        finally:
            self._resources.close()

    def errors(self) -> str:
        """Return the end of what it and its trusted processes wrote to stderr."""
        return self._control.errors()

    def _trusted(self, entry: str, options: Mapping[str, Any], memory_bytes: int) -> Process:
        layers = self.isolation.layers & {Layer.NETWORK}
        if layers and os.geteuid() != 0:
            layers |= {Layer.UID}
        try:
            return self._running(entry, options, layers, Limits(memory_bytes=memory_bytes), trusted=True)
        except LayerError as error:
            raise StaffError(f"{entry} could not be started ({error})") from error

    def _tried(self, wanted: frozenset[Layer] | None) -> Isolation:
        """Run the whole recipe, leaving out what the machine refuses, until it stands."""
        layers = consistent(ALL if wanted is None else wanted)
        refusals: list[tuple[Layer, str]] = []
        if self.spoilt:
            refusals += [(layer, f"cannot fork: {self.spoilt}") for layer in Layer if layer in NEEDING_A_FORK]
            layers -= NEEDING_A_FORK
        while True:
            try:
                seen = self._probed(layers)
                broken = {layer: seen[layer.value] for layer in layers if seen.get(layer.value)}
            except LayerError as error:
                broken = {error.layer: error.reason}
            if broken.keys() - layers:
                raise StaffError(f"no sandbox can be set up here: {broken}")
            if not broken:
                return Isolation(layers, tuple(refusals))
            refusals += broken.items()
            layers = consistent(layers - broken.keys())

    def _probed(self, layers: frozenset[Layer]) -> dict[str, str]:
        process = self._running("autograder.grade.sandbox.probe:main", {}, layers, Limits(), bare=True)
        try:
            process.sock.settimeout(_PROBE_S)
            with process.sock.makefile("rb") as lines:
                return dict(json.loads(lines.readline()))
        except (OSError, ValueError) as error:
            raise StaffError(f"a sandbox stands but what runs in it does not ({error})") from error
        finally:
            process.kill()

    def _running(
        self,
        entry: str,
        options: Mapping[str, Any],
        layers: frozenset[Layer],
        limits: Limits,
        *,
        trusted: bool = False,
        bare: bool = False,
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
            "bare": bare,
            "afresh": bool(self.spoilt),
        }
        ends = Ends(cut, done)
        try:
            pid = self._control.ask(command, (theirs.fileno(), lifeline, finished))["pid"]
        except StaffError:
            ours.close()
            ends.cut()
            raise
        finally:
            theirs.close()
            os.close(lifeline)
            os.close(finished)
        process = Process(pid, ours, ends, limits.memory_bytes)
        try:
            ends.wait_until_it_stands(within_s=LOAD_S if self._cold or self.spoilt else _START_S)
        except (LayerError, StaffError):
            process.kill()
            raise
        WATCHER.watch(process)
        self._started.add(process)
        return process
