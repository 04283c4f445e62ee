"""Each attack of a submission gets the mark that it must, reaches nothing, leaves nothing, harms nobody."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import autograder
from autograder.engine.plan import GradingPlan
from autograder.sandbox.layers import Layer
from tests.support.grading import TINY_COURSE, make_submission
from tests.support.hostile.attacks import ATTACKS, PLACES, Attack, cells_of
from tests.support.simulated_machines import HOSTILE_FOLDER, MACHINES, MARKER_VARIABLE, NOBODY_UID

pytestmark = pytest.mark.hostile

NOTHING = "nothing, user"
LEVELS = {**MACHINES, NOTHING: (NOBODY_UID, frozenset({Layer.SECCOMP, Layer.WATCHER}))}
REDUCED = {"container, root": "container", "no namespaces, user": "unprivileged", NOTHING: "nothing"}
"""The names of reduced levels in ``attacks.toml`` and in ``docs/isolation.md``."""

HIDDEN_VALUES = ("7331", "57.5", "51.0", "61.0", "40_44", "74.0")
"""What only hidden checks ask or expect."""

SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/")


@dataclass(frozen=True, slots=True)
class Grader:
    """A grader of a machine that is imitated, with a course, a run and a home that are not to be touched."""

    process: "subprocess.Popen[str]"
    folder: Path
    targets: Mapping[str, object]
    alone: list[Any]
    """The honest result, by worker."""

    def grade(self, plan: GradingPlan, attack: Attack) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        data = make_submission(plan, *cells_of(attack, self.targets))
        self.process.stdin.write(data.decode() + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the grader is gone"
        return dict(json.loads(line))

    def files(self) -> dict[str, tuple[object, ...]]:
        """Return everything about the files that must not change."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            status = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            marks = os.listxattr(path) if hasattr(os, "listxattr") else []
            found[str(path)] = (status.st_mode, status.st_uid, status.st_mtime_ns, content, *marks)
        return found


@pytest.fixture(scope="module", params=list(LEVELS))
def on(request: pytest.FixtureRequest) -> Iterator[tuple[str, Grader]]:
    uid, layers = LEVELS[request.param]
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("imitating machines needs root of Linux")
    with tempfile.TemporaryDirectory(prefix="machine-") as place, socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        folder = Path(place) / "kept"
        Path(place).chmod(0o755)
        targets = {**_prepare(folder), "port": server.getsockname()[1]}
        _give(folder, uid)
        setup = {
            "uid": uid,
            "layers": [layer.value for layer in layers],
            "course": str(folder / "course"),
            "cache": str(folder / "cache"),
            "honest": str(folder / "honest.ipynb"),
            "environment": {MARKER_VARIABLE: uuid.uuid4().hex},
        }
        command = [sys.executable, str(HOSTILE_FOLDER / "grading_process.py"), json.dumps(setup)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin
            assert process.stdout
            state = json.loads(process.stdout.readline() or "{}")
            try:
                if set(state.get("present", ())) != {layer.value for layer in layers}:
                    pytest.skip(f"this machine gives {state}")
                targets["supervisor"] = process.pid
                yield request.param, Grader(process, folder, targets, state["alone"])
            finally:
                process.stdin.close()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=30)
                process.kill()


def _prepare(folder: Path) -> dict[str, object]:
    """Make a course, a run with a gradebook, a cache and a home; return the paths that attacks aim at."""
    shutil.copytree(TINY_COURSE, folder / "course", ignore=shutil.ignore_patterns("__pycache__"))
    paths = {
        "source": folder / "course/source/tiny/tiny.ipynb",
        "journal": folder / "out/run.jsonl",
        "gradebook": folder / "course/gradebook.db",
        "other": folder / "out/neighbor/submission.ipynb",
        "entry": folder / "cache/entry",
        "secret": folder / "home/.netrc",
    }
    for path in list(paths.values())[1:]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("SECRET\n" * 200)
    package = Path(autograder.__file__).parent / "engine/grader.py"
    places = {name: folder / name for name in ("course", "out", "home")}
    return {name: str(path) for name, path in {**paths, **places, "package": package}.items()}


def _give(folder: Path, uid: int) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.chown(path, uid, uid)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gains_nothing_and_leaves_nothing(
    on: tuple[str, Grader], tiny_plan: GradingPlan, name: str
) -> None:
    level, grader = on
    if level == NOTHING and name.startswith("changes"):
        pytest.skip("nothing holds files apart there: the course itself would be gone")
    attack, before = ATTACKS[name], grader.files()
    seen = grader.grade(tiny_plan, attack)
    told = re.search(r"reached: ([^']+)'", seen["messages"]["q1-shape"])
    reached = attack["reached"].get(REDUCED.get(level), [])
    assert reached in ("any", told[1].split(", ") if told else [])
    for question, points in zip(("q1", "q2"), attack["points"], strict=True):
        assert points == "any" or seen["points"][question] == points, seen
    assert "ungraded" not in seen["outcomes"].values()
    assert not [value for value in HIDDEN_VALUES if value in " ".join(seen["messages"].values())]
    assert [json.dumps(result) for result in seen["neighbors"]] == [
        json.dumps(result) for result in reversed(grader.alone)
    ]
    assert seen["strays"] == []
    assert grader.files() == before
    left = [path for folder in SHARED_FOLDERS for path in Path(folder).glob("left-*")]
    for path in left:
        path.unlink()
    assert level == NOTHING or not left


def test_there_are_eighty_attacks_and_no_two_are_the_same() -> None:
    assert len({(attack["code"], attack["place"]) for attack in ATTACKS.values()}) == len(ATTACKS) >= 80
    for attack in ATTACKS.values():
        assert attack["place"] in PLACES
        assert attack["reached"].keys() <= set(REDUCED.values())
