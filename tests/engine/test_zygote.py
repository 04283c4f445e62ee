"""What a zygote is made of, what it forks, and how either fails."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from autograder.engine import zygote_client
from autograder.engine.zygote_client import IMPORTS, Process, Zygote, ZygoteConfig, early_start
from autograder.errors import StaffError
from autograder.limits import Limits
from autograder.sandbox.layers import Layer
from tests.support.simulated_machines import HOSTILE_FOLDER

ENTRY = "hostile_entry:main"
KIT = """
LOADED = []
def load(count, *, quiet):
    LOADED.append((count, quiet))
"""

A_THREAD = """
import threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
"""

MakePlan = Callable[..., ZygoteConfig]


@pytest.fixture
def plan() -> Iterator[MakePlan]:
    """Make a plan whose kit is one module of the given text."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        shutil.copy(HOSTILE_FOLDER / "hostile_entry.py", folder)

        def make(text: str = KIT, **more: Any) -> ZygoteConfig:
            (folder / "smallkit.py").write_text(text)
            return ZygoteConfig(folder, "smallkit", **{"imports": ("numpy",), **more})

        yield make


@pytest.fixture
def started(plan: MakePlan) -> Iterator[Callable[..., Zygote]]:
    """Start zygotes that end with the test."""
    zygotes: list[Zygote] = []

    def start(*arguments: Any, slot: int = 0, **more: Any) -> Zygote:
        zygotes.append(Zygote.start(plan(*arguments, **more), slot=slot))
        return zygotes[-1]

    yield start
    for zygote in zygotes:
        zygote.close()


Start = Callable[..., Zygote]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    """One zygote for all tests that leave it as it was."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        shutil.copy(HOSTILE_FOLDER / "hostile_entry.py", folder)
        (folder / "smallkit.py").write_text(KIT)
        preloaded = ("smallkit.load(10_000, quiet=True)",)
        config = ZygoteConfig(folder, "smallkit", preloaded, imports=("numpy",))
        with contextlib.closing(Zygote.start(config)) as shared:
            yield shared


def answer(process: Process) -> Any:
    process.sock.settimeout(30)
    output = json.loads(process.sock.makefile("rb").readline())
    process.kill()
    assert "error" not in output, output["text"]
    return output["answer"]


def child(zygote: Zygote, code: str) -> Any:
    return answer(zygote.start_child(Limits(), {"code": code}, entry=ENTRY))


def test_what_was_preloaded_is_there_in_every_child(zygote: Zygote) -> None:
    code = "import sys\nanswer = sys.modules['smallkit'].LOADED"
    assert [child(zygote, code) for _ in range(2)] == [[[10_000, True]]] * 2


def test_a_child_changes_nothing_for_the_next(zygote: Zygote) -> None:
    code = "import sys\nkit = sys.modules['smallkit']\nkit.load(7, quiet=False)\nanswer = kit.LOADED"
    assert child(zygote, code) == child(zygote, code) == [[10_000, True], [7, False]]


@pytest.mark.parametrize(
    ("text", "preload", "reason"),
    [
        ("import nowhere", (), "No module named 'nowhere'"),
        (KIT, ("smallkit.load(open('x'))",), "malformed node"),
        (KIT, ("smallkit.LOADED",), "is not a call"),
        (KIT, ("smallkit.load(3)",), "missing 1 required keyword-only argument: 'quiet'"),
    ],
)
def test_a_plan_that_cannot_be_loaded_is_refused_with_the_reason(
    plan: MakePlan, text: str, preload: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(StaffError, match=reason.replace("(", r"\(")):
        Zygote.start(plan(text, preloaded_calls=preload))


@pytest.mark.parametrize(
    "spoiling",
    [
        pytest.param(A_THREAD, id="a thread"),
        pytest.param(
            "import tensorflow\ntensorflow.zeros(3)", id="the TensorFlow runtime", marks=pytest.mark.slow
        ),
    ],
)
def test_a_kit_after_which_nothing_can_be_forked_is_loaded_in_each_child(
    started: Start, spoiling: str
) -> None:
    zygote = started(KIT + spoiling, preloaded_calls=("smallkit.load(5, quiet=True)",))
    assert not zygote.fork_unsafe_reason
    assert child(zygote, "import sys\nanswer = sys.modules['smallkit'].LOADED") == [[5, True]]


def test_an_entry_that_does_not_exist_leaves_the_zygote_at_work(zygote: Zygote) -> None:
    with pytest.raises(StaffError, match="no_such_role"):
        zygote.start_child(Limits(), {}, entry="hostile_entry:no_such_role")
    assert child(zygote, "answer = 1") == 1


def test_a_zygote_that_died_is_named_as_such(started: Start) -> None:
    zygote = started()
    os.kill(zygote.process.pid, signal.SIGKILL)
    with pytest.raises(StaffError, match="the zygote is gone"):
        zygote.start_child(Limits(), {"code": ""}, entry=ENTRY)


def test_two_workers_of_one_slot_never_share_a_user(started: Start) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has users to give away")
    code = "import os\nanswer = os.getuid()"
    uids = [child(zygote, code) for zygote in (started(), started())]
    assert len({*uids, 0}) == 3


def test_zygotes_outlive_the_thread_that_started_them(started: Start) -> None:
    with ThreadPoolExecutor(3) as pool:
        zygotes = list(pool.map(lambda slot: started(slot=slot), range(3)))
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda item: child(item, "answer = 1"), zygotes)) == [1, 1, 1]


def test_a_killed_process_is_gone_when_kill_returns(zygote: Zygote) -> None:
    process = zygote.start_child(Limits(), {"code": "import time\ntime.sleep(600)"}, entry=ENTRY)
    assert process.is_alive()
    process.kill()
    assert not process.is_alive()
    process.kill()
    assert not Path(f"/proc/{process.pid}/root").exists()


def test_a_process_that_ends_by_itself_is_seen_to_be_gone(zygote: Zygote) -> None:
    process = zygote.start_child(Limits(), {"code": "answer = 1"}, entry=ENTRY)
    assert process.sock.makefile("rb").read() == b'{"answer": 1}\n'
    process.kill()
    assert not process.is_alive()


def test_a_killed_zygote_is_known_to_be_gone_at_once(started: Start) -> None:
    for _ in range(5):
        zygote = started()
        assert zygote.is_alive()
        zygote.kill()
        assert not zygote.is_alive()


def test_closing_a_zygote_ends_what_it_started(started: Start) -> None:
    zygote = started()
    process = zygote.start_child(Limits(), {"code": "import time\ntime.sleep(600)"}, entry=ENTRY)
    zygote.close()
    assert not process.is_alive()


def test_a_trusted_process_keeps_files_but_has_no_network(zygote: Zygote, tmp_path: Path) -> None:
    code = f"""
import os, pathlib, socket, autograder
pathlib.Path({str(tmp_path / "entry")!r}).write_text("kept")
answer = [os.getuid(), os.path.exists(autograder.__file__), [name for _, name in socket.if_nameindex()]]
"""
    seen = answer(zygote.start_trusted(ENTRY, {"code": code}, 2**31))
    networks = ["lo"] if Layer.NETWORK in zygote.isolation.layers else seen[2]
    assert seen == [os.getuid(), True, networks]
    assert (tmp_path / "entry").read_text() == "kept"


def test_a_trusted_process_ends_with_its_memory_limit(zygote: Zygote) -> None:
    code = "block = bytearray(b'x') * (400 * 2**20)\nimport time\ntime.sleep(600)"
    process = zygote.start_trusted(ENTRY, {"code": code}, 200 * 2**20)
    process.sock.settimeout(30)
    assert process.sock.recv(1) == b""
    assert process.kill_reason == "memory"
    process.kill()


def test_a_trusted_process_that_hangs_can_be_killed(zygote: Zygote) -> None:
    code = "import os, time\nif os.fork() == 0: os.setsid()\ntime.sleep(600)"
    process = zygote.start_trusted(ENTRY, {"code": code}, 2**31)
    process.kill()
    assert not process.is_alive()


def test_memory_is_measured_while_a_process_runs(zygote: Zygote) -> None:
    code = "block = bytearray(b'x') * (100 * 2**20)\nwire.sendall(b'.')\nwire.recv(1)\nanswer = len(block)"
    process = zygote.start_child(Limits(), {"code": code}, entry=ENTRY)
    process.sock.settimeout(30)
    assert process.sock.recv(1) == b"."
    assert 100 * 2**20 < process.resident_bytes() < 200 * 2**20
    process.sock.sendall(b".")
    assert answer(process) == 100 * 2**20


def pipes_and_sockets() -> list[str]:
    """Name those that this process has open; the memory watcher's short looks into /proc are none."""
    names = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            names.append(str(descriptor.readlink()))
    return sorted(name for name in names if name.startswith(("pipe:", "socket:")))


def test_many_forks_leave_no_descriptor_and_no_thread_behind(zygote: Zygote) -> None:
    child(zygote, "answer = 1")
    before = pipes_and_sockets(), threading.active_count()
    for _ in range(10):
        assert child(zygote, "answer = 1") == 1
    assert (pipes_and_sockets(), threading.active_count()) == before


def test_what_every_zygote_imports_does_not_read_notebooks() -> None:
    code = f"import sys, {', '.join(IMPORTS)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # nbformat brings jsonschema, whose checkers of formats compile a grammar: 0.8 s in every worker
    assert {"nbformat", "jsonschema", "rfc3987_syntax"} & set(done.stdout.split()) == set()


def test_a_process_that_was_started_early_is_used_once_and_ends_with_its_block(
    numpy_alone: None, plan: MakePlan
) -> None:
    with early_start():
        (early,) = zygote_client._early_zygotes
        config = plan(imports=("numpy", "wave"), environment={"SIZE": "7"})
        with contextlib.closing(Zygote.start(config)) as zygote:
            assert zygote is early
            loaded = "[name in sys.modules for name in ('numpy', 'wave', 'keras')]"
            code = f"import os, sys\nanswer = [os.environ['SIZE'], {loaded}]"
            assert child(zygote, code) == ["7", [True, True, False]]
    assert early.process.poll() is not None
    with early_start():
        (unused,) = zygote_client._early_zygotes
    assert unused.process.poll() is not None
