"""Where nothing can be forked, each process is executed afresh: slower, and the same result."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result
from autograder.engine.run import Engine, start_engine, zygote_config
from autograder.engine.worker import VerdictCache, Worker
from autograder.engine.zygote_client import Process, Zygote, ZygoteConfig
from autograder.errors import StaffError
from autograder.limits import Limits
from autograder.sandbox.layers import Layer
from tests.engine.test_session import AVERAGE
from tests.support.grading import grade_bytes, make_submission, points
from tests.support.simulated_machines import HOSTILE_FOLDER

pytestmark = pytest.mark.hostile

ENTRY = "hostile_entry:main"
ROLES = ("child", "trusted")

A_THREAD = """
import threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
"""

DETACHING = """
import os, subprocess, time
subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    wire.sendall(b"{}\\n")
time.sleep(600)
"""


@contextmanager
def running(text: str = "", **more: Any) -> Iterator[Zygote]:
    """Start a zygote whose kit is one module of the given text; it need not want forks."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        shutil.copy(HOSTILE_FOLDER / "hostile_entry.py", folder)
        (folder / "smallkit.py").write_text(text)
        zygote = Zygote.start(
            ZygoteConfig(folder, "smallkit", **{"imports": ("numpy",), "fork": False, **more})
        )
        try:
            yield zygote
        finally:
            zygote.close()


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with running("WORDS = ['ready']") as started:
        yield started


def start(zygote: Zygote, role: str, code: str) -> Process:
    if role == "child":
        return zygote.start_child(Limits(), {"code": code}, entry=ENTRY)
    return zygote.start_trusted(ENTRY, {"code": code}, 2**31)


def answer(zygote: Zygote, role: str, code: str) -> Any:
    process = start(zygote, role, code)
    process.sock.settimeout(60)
    output = json.loads(process.sock.makefile("rb").readline())
    process.kill()
    assert "error" not in output, output["text"]
    return output["answer"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (A_THREAD, "2 threads"),
        ("import tensorflow\ntensorflow.zeros(3)", "the TensorFlow runtime is started"),
        ("import os\ndel os.fork", "the platform has no fork"),
    ],
)
def test_a_zygote_that_must_not_fork_executes_its_processes(text: str, reason: str) -> None:
    with running(text, imports=("numpy", "smallkit"), fork=True) as zygote:
        assert zygote.fork_unsafe_reason == reason
        assert zygote.isolation.level == "reduced"
        assert dict(zygote.isolation.refusals)[Layer.PIDS] == f"cannot fork: {reason}"
        assert answer(zygote, "child", "import sys\nanswer = 'smallkit' in sys.modules")


def test_no_process_forks_on_a_platform_without_fork(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\ndel os.fork")
    with running(environment={"PYTHONPATH": str(tmp_path)}, fork=True) as zygote:
        assert zygote.fork_unsafe_reason == "the platform has no fork"
        code = "import os\nanswer = hasattr(os, 'fork')"
        assert [answer(zygote, role, code) for role in ROLES] == [False] * 2


def test_a_zygote_that_can_fork_does() -> None:
    with running(fork=True) as zygote:
        assert zygote.fork_unsafe_reason == ""
        process = start(zygote, "child", "import time\ntime.sleep(600)")
        assert psutil.Process(process.pid).cmdline()[-1] == "autograder.engine.zygote"


def test_their_environment_holds_nothing_of_the_supervisors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "of the staff")
    code = "import os\nanswer = [open('/proc/self/environ').read(), sorted(os.environ)]"
    with running() as zygote:
        for role in ROLES:
            executed, names = answer(zygote, role, code)
            assert "KERAS_BACKEND=tensorflow" in executed
            assert "SECRET_TOKEN" not in executed
            assert not {"SECRET_TOKEN", "PYTEST_CURRENT_TEST", "USER", "PWD"} & set(names)


def test_every_layer_is_there_or_has_a_reason(zygote: Zygote) -> None:
    isolation = zygote.isolation
    refused = {layer for layer, _ in isolation.refusals}
    assert {Layer.PIDS, Layer.ROOT} <= refused
    assert isolation.layers | refused == frozenset(Layer)
    assert not isolation.layers & refused


def test_a_child_reads_neither_hidden_files_nor_the_package_and_has_no_network(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "solution").write_text("SECRET")
    code = f"""
import importlib, socket
from pathlib import Path
def refused(look):
    try: look()
    except (OSError, ImportError) as error: return type(error).__name__
answer = [
    refused(Path({str(tmp_path / "solution")!r}).read_text),
    refused(lambda: importlib.import_module("autograder.engine.grader")),
    refused(socket.socket),
]
"""
    with running(hidden=(tmp_path,)) as zygote:
        if not {Layer.LANDLOCK, Layer.SECCOMP} <= zygote.isolation.layers:
            pytest.skip("the kernel has no landlock or no seccomp")
        file, package, network = answer(zygote, "child", code)
    assert (file, network) == ("PermissionError", "PermissionError")
    assert package in ("ModuleNotFoundError", "PermissionError")


def test_a_trusted_process_has_no_network_where_the_machine_can(zygote: Zygote) -> None:
    if Layer.NETWORK not in zygote.isolation.layers:
        pytest.skip("the machine gives no network namespace")
    code = "import socket\nanswer = [name for _, name in socket.if_nameindex()]"
    assert answer(zygote, "trusted", code) == ["lo"]


@pytest.mark.parametrize("role", ROLES)
def test_a_killed_process_is_gone_with_all_that_it_started(zygote: Zygote, role: str) -> None:
    process = start(zygote, role, DETACHING)
    process.sock.settimeout(60)
    assert process.sock.recv(1) == b"{"
    below = psutil.Process(process.pid).children(recursive=True)
    assert len(below) >= 3
    process.kill()
    assert not process.is_alive()
    assert not any(item.is_running() for item in below)


@pytest.fixture
def spoilt_supervisor() -> Iterator[psutil.Popen]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        shutil.copy(HOSTILE_FOLDER / "hostile_entry.py", folder)
        (folder / "spoiling.py").write_text(A_THREAD)
        setup = {"uid": 0, "kit": place, "environment": {}, "hidden": [], "imports": ["numpy", "spoiling"]}
        setup["layers"] = [layer.value for layer in Layer]
        command = [sys.executable, str(HOSTILE_FOLDER / "supervisor_process.py"), json.dumps(setup)]
        with psutil.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            yield process
            process.kill()


def test_nothing_outlives_a_supervisor_that_was_killed(spoilt_supervisor: psutil.Popen) -> None:
    supervisor = spoilt_supervisor
    assert "cannot fork: 2 threads" in supervisor.stdout.readline()
    order = {"options": {"code": DETACHING}, "limits": {}, "within_s": 60, "hold": True}
    print(json.dumps(order), file=supervisor.stdin, flush=True)
    assert "error" not in json.loads(supervisor.stdout.readline())
    below = supervisor.children(recursive=True)
    assert len(below) >= 5
    supervisor.kill()
    gone, left = psutil.wait_procs(below, timeout=10)
    assert (len(gone), left) == (len(below), [])


def test_a_process_above_its_memory_is_ended(zygote: Zygote) -> None:
    code = "block = bytearray(b'x') * (400 * 2**20)\nimport time\ntime.sleep(600)"
    process = zygote.start_trusted(ENTRY, {"code": code}, 200 * 2**20)
    process.sock.settimeout(60)
    assert process.sock.recv(1) == b""
    assert process.kill_reason == "memory"
    process.kill()


def test_a_kit_that_cannot_be_loaded_where_a_submission_runs_is_told_with_the_reason() -> None:
    text = "import os\nif 'submission-' in os.environ['HOME']: raise ValueError('not in here')"
    with running(text) as zygote, pytest.raises(StaffError, match="ValueError: not in here"):
        start(zygote, "child", "answer = 1")


def test_random_numbers_begin_alike_forked_and_unforked() -> None:
    code = "import random, numpy\nanswer = [random.random(), numpy.random.random()]"
    seen = []
    for fork in (True, False):
        with running("import random\nrandom.random()", fork=fork) as zygote:
            seen += [answer(zygote, role, code) for role in ROLES]
    assert seen == [seen[0]] * 4


@pytest.fixture(scope="module")
def forked(tiny_plan: GradingPlan) -> Iterator[Engine]:
    with start_engine(tiny_plan) as running:
        yield running


@pytest.fixture(scope="module")
def unforked(tiny_plan: GradingPlan) -> Iterator[Engine]:
    plan = replace(tiny_plan, limits=Limits())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        config = replace(zygote_config(plan, Path(folder)), fork=False)
        worker = Worker(lambda: Zygote.start(config), plan, VerdictCache())
        yield Engine(plan, (worker,))
        worker.close()


def comparable(result: Result) -> Result:
    """Return a result without times, memory and the isolation that it names."""
    checks = tuple(replace(check, wall_s=0.0, peak_bytes=0) for check in result.checks)
    provenance = replace(result.provenance, isolation="", missing_layers=())
    return replace(result, checks=checks, provenance=provenance, wall_s=0.0, train_s=0.0, peak_bytes=0)


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"q1-answer": AVERAGE.replace("valid", "same")},
        {"q1-answer": "def moving_average(values, width=width):\n    x = 1\n    return values[999]"},
        {"q1-answer": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"},
    ],
    ids=["right", "wrong", "raises", "dies"],
)
def test_the_same_submission_gives_the_same_result(
    forked: Engine, unforked: Engine, answers: dict[str, str], tmp_path: Path
) -> None:
    data = make_submission(forked.plan, answers, {})
    executed = grade_bytes(unforked, data, tmp_path)
    assert executed.provenance.isolation == "reduced"
    assert comparable(executed) == comparable(grade_bytes(forked, data, tmp_path))


SCAN = """
import re
import numpy as np
KEPT = "a needle that " + str(len("is here"))

def found(shifted):
    # One more than each byte, so that looking for a text does not put it into memory.
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in maps:
            begin, end = (int(word, 16) for word in line.split()[0].split("-"))
            if line.split()[1][:2] != "rw":
                continue
            for place in range(begin, end, 2**20):
                try:
                    memory.seek(place)
                    part = memory.read(min(2**20 + 200, end - place))
                except (OSError, OverflowError):
                    continue
                if shifted in (np.frombuffer(part, np.uint8) + np.uint8(1)).tobytes():
                    return True
    return False

if found({hidden!r}):
    raise SystemExit("a hidden check is here")
if not found({kept!r}):
    raise SystemExit("the scan finds nothing at all")
"""


def shifted(text: str) -> bytes:
    return bytes(byte + 1 for byte in text.encode())


@pytest.mark.parametrize(("hides", "earned"), [(True, 8.0), (False, 0.0)])
def test_no_hidden_check_is_in_a_childs_memory(
    unforked: Engine, tmp_path: Path, hides: bool, earned: float
) -> None:
    (hidden,) = [check for check in unforked.plan.source.checks() if check.cell.id == "q1-hidden-values"]
    line = max(hidden.cell.text.splitlines(), key=len).strip()
    text = line if hides else "a needle that 7"
    scan = SCAN.format(hidden=shifted(text), kept=shifted("a needle that 7"))
    data = make_submission(unforked.plan, {"q1-answer": scan + AVERAGE}, {})
    assert points(grade_bytes(unforked, data, tmp_path))["q1"] == earned
