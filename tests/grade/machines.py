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

from autograder.grade.sandbox.layers import ALL, Layer

HOSTILE = Path(__file__).parent / "hostile"
NOBODY = 65534
MARK = "SANDBOX_TEST"

FULL = ALL
CONTAINER = frozenset({Layer.UID, Layer.LANDLOCK, Layer.SECCOMP, Layer.WATCHER})
"""Root where namespaces are forbidden: Docker's default."""

PLAIN_USER = frozenset({Layer.LANDLOCK, Layer.SECCOMP, Layer.WATCHER})
"""A user where namespaces are forbidden."""

MACHINES = {
    "full, root": (0, FULL),
    "full, user": (NOBODY, FULL),
    "container, root": (0, CONTAINER),
    "no namespaces, user": (NOBODY, PLAIN_USER),
}


@dataclass(frozen=True, slots=True)
class Machine:
    """A supervisor with one zygote; submissions are lines of code."""

    process: "subprocess.Popen[str]"
    mark: str
    layers: frozenset[Layer]
    secrets: Path
    """A world-readable folder with what no submission may read."""

    def run(self, code: str, *, within_s: float = 30, hold: bool = False, **more: Any) -> dict[str, Any]:
        """Run ``code`` in a submission's place; return what came of it."""
        limits = more.pop("limits", {})
        order = {"options": {"code": code, **more}, "limits": limits, "within_s": within_s, "hold": hold}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))

    def answer(self, code: str, **more: Any) -> Any:
        """Run ``code`` and return what it left in ``answer``."""
        said = self.run(code, **more)
        assert "error" not in said, said
        return said["answer"]

    def running(self) -> set[int]:
        """Return all processes that were forked or executed from this machine's zygote."""
        return {pid for pid in _pids() if f"{MARK}={self.mark}".encode() in _environment(pid)}

    def left_over(self, *, within_s: float) -> set[int]:
        """Return what is still running after ``within_s`` seconds, the zygote apart."""
        end = time.monotonic() + within_s
        while (left := self.running() - set(_children(self.process.pid))) and time.monotonic() < end:
            time.sleep(0.02)
        return left


@contextmanager
def machine(name: str, *, imports: tuple[str, ...] = ("numpy",)) -> Iterator[Machine]:
    """Start the supervisor of one of ``MACHINES``; skip where this machine cannot imitate it."""
    uid, layers = MACHINES[name]
    if sys.platform != "linux":
        pytest.skip("isolation is Linux's")
    if os.geteuid() != 0 and (uid == 0 or name == "container, root"):
        pytest.skip("imitating a root supervisor needs root")
    with tempfile.TemporaryDirectory(prefix="machine-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        secrets = _secrets(folder / "course")
        kit = folder / "kit"
        kit.mkdir()
        shutil.copy(HOSTILE / "hostile_role.py", kit)
        mark = uuid.uuid4().hex
        setup = {
            "uid": uid if os.geteuid() == 0 else 0,
            "kit": str(kit),
            "environment": {MARK: mark},
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
            yield Machine(process, mark, layers, secrets)


@contextmanager
def _supervisor(setup: dict[str, Any]) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, str(HOSTILE / "outpost.py"), json.dumps(setup)]
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


def _secrets(folder: Path) -> Path:
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
