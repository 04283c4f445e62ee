"""After the worst that a submission does, nothing of it runs and the next one is undisturbed."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.support.simulated_machines import MACHINES, SimulatedMachine, simulated_machine

pytestmark = pytest.mark.hostile

UNDISTURBED = """
import os, random, subprocess, threading
threads = [threading.Thread(target=int) for _ in range(20)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
open("file", "wb").write(bytes(4 * 2**20))
said = subprocess.run(["/bin/echo", "here"], capture_output=True, text=True).stdout
answer = [random.random(), len(bytearray(200 * 2**20)), said, os.listdir()]
"""

ATTACKS = {
    "fork bomb": "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass",
    "fork bomb that detaches": """
import os
while True:
    try:
        if os.fork() == 0:
            os.setsid()
    except OSError:
        pass
""",
    "10,000 threads": """
import threading, time
started = 0
try:
    for started in range(10_000):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
except (RuntimeError, MemoryError):
    pass
answer = started
""",
    "full scratch folder": """
answer = 0
try:
    while True:
        with open(f"part{answer}", "wb") as file:
            file.write(bytes(2**20))
        answer += 1
        if answer > 200: break
except OSError:
    pass
""",
    "all inodes": """
answer = 0
try:
    while answer < 20_000:
        open(f"empty{answer}", "w").close()
        answer += 1
except OSError:
    pass
""",
    "setsid orphan": """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import signal
        for number in range(1, 32):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True: time.sleep(1)
    os._exit(0)
answer = os.wait()[1]
""",
    "executed orphan": """
import subprocess
answer = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True).pid > 0
""",
    "orphan that holds the wire": """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(600)
os._exit(0)
""",
    "kills its init": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nanswer = 1",
    "kills everything": "import os, signal\nos.kill(-1, signal.SIGKILL)\nanswer = 1",
    "kills its group and leaves an orphan": """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    time.sleep(600)
os.kill(0, signal.SIGKILL)
""",
    "kills itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "stops itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "segfault": "import ctypes\nctypes.string_at(0)",
    "deep recursion": "def f(): return f()\nf()",
}
ENDLESS = ("fork bomb", "stops itself", "orphan that holds")


@pytest.fixture(scope="module", params=list(MACHINES))
def on(request: pytest.FixtureRequest) -> Iterator[SimulatedMachine]:
    with simulated_machine(request.param) as actual:
        yield actual


@pytest.fixture(scope="module")
def undisturbed(on: SimulatedMachine) -> object:
    return on.evaluate(UNDISTURBED)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_process_is_left_and_the_next_submission_is_undisturbed(
    on: SimulatedMachine, undisturbed: object, attack: str
) -> None:
    within_s = 1.0 if attack.startswith(ENDLESS) else 30.0
    output = on.run(ATTACKS[attack], timeout_s=within_s)
    assert output.get("error") != "StaffError", output
    assert on.leftover_pids(timeout_s=2.0) == set()
    assert on.evaluate(UNDISTURBED) == undisturbed


@pytest.mark.parametrize("attack", ["fork bomb", "setsid orphan", "10,000 threads"])
@pytest.mark.parametrize("name", MACHINES)
def test_no_process_is_left_after_the_supervisor_was_killed(name: str, attack: str) -> None:
    with simulated_machine(name) as on:
        on.run(ATTACKS[attack] + "\nimport time\ntime.sleep(600)", hold=True, timeout_s=1.0)
        assert len(on.running_pids()) > 2
        os.kill(on.process.pid, signal.SIGKILL)
        on.process.wait()
        assert on.leftover_pids(timeout_s=2.0) == set()


def test_more_memory_than_allowed_ends_the_whole_tree(on: SimulatedMachine) -> None:
    code = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        break
block = bytearray(os.urandom(1)) * (150 * 2**20)
time.sleep(600)
"""
    output = on.run(code, limits={"memory_bytes": 400 * 2**20}, timeout_s=20)
    assert (output["error"], output["kill_reason"]) == ("Closed", "memory")
    assert on.leftover_pids(timeout_s=2.0) == set()


def test_processes_that_share_their_memory_are_not_counted_twice(on: SimulatedMachine) -> None:
    code = """
import os, time
block = bytearray(os.urandom(1)) * (150 * 2**20)
for _ in range(4):
    if os.fork() == 0:
        time.sleep(600)
time.sleep(1.0)
answer = "alive"
"""
    output = on.run(code, limits={"memory_bytes": 500 * 2**20})
    assert (output["answer"], output["kill_reason"]) == ("alive", "")
    assert 150 * 2**20 < output["peak_bytes"] < 350 * 2**20


def test_shared_memory_counts_too(on: SimulatedMachine) -> None:
    code = """
import mmap, time
block = mmap.mmap(-1, 500 * 2**20)
for place in range(0, len(block), 4096):
    block[place] = 1
time.sleep(600)
"""
    assert on.run(code, limits={"memory_bytes": 300 * 2**20})["kill_reason"] == "memory"


def test_an_array_of_50_gigabytes_is_refused_at_once(on: SimulatedMachine) -> None:
    output = on.run("import numpy\nanswer = numpy.ones(50 * 2**27).sum()")
    assert output["error"] in ("MemoryError", "_ArrayMemoryError")
