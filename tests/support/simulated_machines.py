"""Imitated machines: a supervisor in a process of its own, and what it gives of isolation."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.sandbox.layers import ALL_LAYERS, Layer

HOSTILE_FOLDER = Path(__file__).parent / "hostile"
NOBODY_UID = 65534
MARKER_VARIABLE = "SANDBOX_TEST"

FULL_LAYERS = ALL_LAYERS
CONTAINER_LAYERS = frozenset({Layer.UID, Layer.LANDLOCK, Layer.SECCOMP, Layer.WATCHER})
"""Root where namespaces are forbidden: Docker's default."""

UNPRIVILEGED_LAYERS = frozenset({Layer.LANDLOCK, Layer.SECCOMP, Layer.WATCHER})
"""A user where namespaces are forbidden."""

MACHINES = {
    "full, root": (0, FULL_LAYERS),
    "full, user": (NOBODY_UID, FULL_LAYERS),
    "container, root": (0, CONTAINER_LAYERS),
    "no namespaces, user": (NOBODY_UID, UNPRIVILEGED_LAYERS),
}


@dataclass(frozen=True, slots=True)
class SimulatedMachine:
    """A supervisor with one zygote; submissions are lines of code."""

    process: "subprocess.Popen[str]"
    marker: str
    layers: frozenset[Layer]
    secrets: Path
    """A world-readable folder with what no submission may read."""

    owned: Path
    """A file of the user who grades."""

    def run(self, code: str, *, timeout_s: float = 30, hold: bool = False, **options: Any) -> dict[str, Any]:
        """Run ``code`` in a submission's place; return what came of it."""
        limits = options.pop("limits", {})
        order = {"options": {"code": code, **options}, "limits": limits, "within_s": timeout_s, "hold": hold}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))

    def evaluate(self, code: str, **options: Any) -> Any:
        """Run ``code`` and return what it left in ``answer``."""
        output = self.run(code, **options)
        assert "error" not in output, output
        return output["answer"]

    def running_pids(self) -> set[int]:
        """Return all processes that were forked or executed from this machine's zygote."""
        return {pid for pid in _pids() if f"{MARKER_VARIABLE}={self.marker}".encode() in _environment(pid)}

    def leftover_pids(self, *, timeout_s: float) -> set[int]:
        """Return what is still running after ``within_s`` seconds, the zygote apart."""
        end = time.monotonic() + timeout_s
        while (left := self.running_pids() - set(_children(self.process.pid))) and time.monotonic() < end:
            time.sleep(0.02)
        return left


@contextmanager
def simulated_machine(name: str, *, imports: tuple[str, ...] = ("numpy",)) -> Iterator[SimulatedMachine]:
    """Start the supervisor of one of ``MACHINES``; skip where this machine cannot imitate it."""
    uid, layers = MACHINES[name]
    if sys.platform != "linux":
        pytest.skip("isolation is Linux's")
    if os.geteuid() != 0 and (uid == 0 or name == "container, root"):
        pytest.skip("imitating a root supervisor needs root")
    with tempfile.TemporaryDirectory(prefix="machine-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        secrets = _create_secrets(folder / "course")
        owned = folder / "owned" / "file"
        owned.parent.mkdir()
        owned.write_text("whole")
        if os.geteuid() == 0:
            for path in (owned, owned.parent):
                os.chown(path, uid, uid)
        kit = folder / "kit"
        kit.mkdir()
        shutil.copy(HOSTILE_FOLDER / "hostile_entry.py", kit)
        mark = uuid.uuid4().hex
        setup = {
            "uid": uid if os.geteuid() == 0 else 0,
            "kit": str(kit),
            "environment": {MARKER_VARIABLE: mark},
            "hidden": [str(secrets)],
            "layers": [layer.value for layer in layers],
            "imports": imports,
        }
        with _supervisor(setup) as process:
            assert process.stdout
            line = process.stdout.readline()
            assert line, "the supervisor said nothing"
            state = json.loads(line)
            if set(state["present"]) != {layer.value for layer in layers}:
                pytest.skip(f"this machine refuses {state['refusals']}")
            yield SimulatedMachine(process, mark, layers, secrets, owned)


@contextmanager
def _supervisor(setup: dict[str, Any]) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, str(HOSTILE_FOLDER / "supervisor_process.py"), json.dumps(setup)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(timeout=20)
            finally:
                process.kill()


def _create_secrets(folder: Path) -> Path:
    for name in ("source/lab.ipynb", "submissions/other.ipynb", "cache/entry", "home/.netrc"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("SECRET")
    return folder


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
