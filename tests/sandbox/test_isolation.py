"""What a submission cannot reach: on machines that give everything, and on two that do not.

One test per statement. Where it does not hold at reduced isolation, the test says what does.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import autograder
from autograder.sandbox.layers import Layer
from tests.support.simulated_machines import (
    MACHINES,
    UNPRIVILEGED_LAYERS,
    SimulatedMachine,
    simulated_machine,
)

TRY = """
import errno, os, socket
def tried(run):
    try:
        return ["open", str(run())[:200]]
    except OSError as error:
        return [errno.errorcode.get(error.errno, str(error.errno)), ""]
"""


@pytest.fixture(scope="module", params=list(MACHINES))
def on(request: pytest.FixtureRequest) -> Iterator[SimulatedMachine]:
    with simulated_machine(request.param) as actual:
        yield actual


@pytest.fixture
def listeners(tmp_path: Path) -> Iterator[dict[str, object]]:
    """Servers of every kind outside: TCP, UDP, a pathname and an abstract UNIX socket."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as tcp:
        Path(folder).chmod(0o755)
        path = str(Path(folder) / "server")
        tcp.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_UNIX) as pathname, socket.socket(socket.AF_UNIX) as abstract:
            pathname.bind(path)
            Path(path).chmod(0o777)
            abstract.bind("\0rnn-course-listener")
            for server in (tcp, pathname, abstract):
                server.listen()
            yield {"port": tcp.getsockname()[1], "path": path, "name": "\0rnn-course-listener"}


NETWORK = """
def connect(family, kind, address):
    with socket.socket(family, kind) as one:
        one.settimeout(5)
        one.connect(address)
answer = {
    "tcp": tried(lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", options["port"]))),
    "metadata": tried(lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("169.254.169.254", 80))),
    "udp": tried(lambda: connect(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 53))),
    "ipv6": tried(lambda: connect(socket.AF_INET6, socket.SOCK_STREAM, ("::1", options["port"]))),
    "name": tried(lambda: socket.getaddrinfo("example.org", 80)),
    "pathname": tried(lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, options["path"])),
    "abstract": tried(lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, options["name"])),
    "vsock": tried(lambda: connect(socket.AF_VSOCK, socket.SOCK_STREAM, (2, 1))),
    "netlink": tried(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()),
    "datagram pair": tried(lambda: [end.close() for end in socket.socketpair(type=socket.SOCK_DGRAM)]),
}
"""


def test_it_has_no_network(on: SimulatedMachine, listeners: dict[str, object]) -> None:
    seen = on.evaluate(TRY + NETWORK, **listeners)
    assert seen.pop("name")[0] != "open"
    assert {state for state, _ in seen.values()} == {"EPERM"}


def test_the_network_attack_reaches_its_servers_without_a_sandbox(listeners: dict[str, object]) -> None:
    space: dict[str, object] = {"options": listeners}
    exec(TRY + NETWORK, space)
    seen = space["answer"]
    assert isinstance(seen, dict)
    assert {name: seen[name][0] for name in ("tcp", "pathname", "abstract", "datagram pair")} == {
        "tcp": "open",
        "pathname": "open",
        "abstract": "open",
        "datagram pair": "open",
    }


def test_asyncio_still_has_its_own_stream_pair(on: SimulatedMachine) -> None:
    assert on.evaluate("import asyncio\nanswer = asyncio.run(asyncio.sleep(0, 'awake'))") == "awake"


READ = """
def read(path):
    with open(path, "rb") as file:
        return file.read(100)
def walk(top):
    found = []
    for folder, folders, files in os.walk(top):
        for name in files:
            state, text = tried(lambda: read(os.path.join(folder, name)))
            if state == "open":
                found.append(os.path.join(folder, name))
    return found
answer = [path for top in options["tops"] for path in walk(top)]
"""


def test_it_cannot_read_source_cache_other_submissions_or_home(on: SimulatedMachine) -> None:
    tops = [str(on.secrets), str(on.secrets.parent / "nothing"), str(Path.home() / ".cache")]
    assert len(_files(on.secrets)) == 4
    assert on.evaluate(TRY + READ, tops=tops) == []


def test_it_cannot_read_a_file_of_the_package(on: SimulatedMachine) -> None:
    assert on.evaluate(TRY + READ, tops=[str(Path(autograder.__file__).parent)]) == []


def test_it_reads_what_it_needs(on: SimulatedMachine) -> None:
    tops = [str(Path(json.__file__).parent), str(Path(pytest.__file__).parent)]
    assert len(on.evaluate(TRY + READ, tops=tops)) > 10


def test_nothing_leads_out_of_its_root(on: SimulatedMachine) -> None:
    code = """
ways = ["../" * 20, "/proc/self/root", "/proc/1/root", "/proc/1/cwd", "/proc/self/cwd/../..", "/dev/fd"]
ways += [f"/proc/self/fd/{n}/" for n in range(20)] + [f"/proc/{n}/root" for n in range(1, 400)]
for way in ways:
    for path in options["paths"]:
        place = os.path.join(way, path.lstrip("/"))
        if tried(lambda: open(place).read())[0] == "open":
            answer = place
"""
    assert on.evaluate(TRY + code, paths=_files(on.secrets)) is None


def test_no_descriptor_but_the_wire_is_open(on: SimulatedMachine) -> None:
    code = """
answer = []
for number in range(200):
    try:
        answer.append([number, os.fstat(number).st_mode >> 12])
    except OSError:
        pass
"""
    character, sock = 0o02, 0o14
    open_ones = on.evaluate("import os\n" + code)
    assert [kind for _, kind in open_ones] == [character] * 3 + [sock]


WRITE = """
def write(path):
    with open(path, "ab") as file:
        file.write(b"x")
def states(path):
    return {
        "append": tried(lambda: write(path))[0],
        "create": tried(lambda: write(os.path.join(os.path.dirname(path), "new")))[0],
        "delete": tried(lambda: os.unlink(path))[0],
        "rename": tried(lambda: os.rename(path, path + ".old"))[0],
        "link": tried(lambda: os.symlink("/etc", os.path.join(os.path.dirname(path), "link")))[0],
        "truncate": tried(lambda: os.truncate(path, 0))[0],
        "mode": tried(lambda: os.chmod(path, 0o777))[0],
    }
answer = {path: states(path) for path in options["paths"]}
"""


def test_it_cannot_write_outside_its_scratch_folder(on: SimulatedMachine) -> None:
    with tempfile.TemporaryDirectory() as shared:
        Path(shared).chmod(0o777)
        victim = Path(shared) / "victim"
        victim.write_text("whole")
        victim.chmod(0o666)
        paths = [str(victim), *_files(on.secrets), json.__file__, os.devnull + ".x", "/etc/passwd"]
        modes = [Path(path).stat().st_mode for path in paths if Path(path).exists()]
        seen = on.evaluate(TRY + WRITE, paths=paths)
        assert [Path(path).stat().st_mode for path in paths if Path(path).exists()] == modes
        if on.layers == UNPRIVILEGED_LAYERS:  # there, changing a mode seems to succeed and does nothing
            assert {states.pop("mode") for states in seen.values()} == {"open"}
        assert [path for path, states in seen.items() if "open" in states.values()] == []
        assert [entry.name for entry in Path(shared).iterdir()] == ["victim"]
        assert victim.read_text() == "whole"
        assert victim.stat().st_mode & 0o777 == 0o666


ATTRIBUTES = """
def changed(path):
    with contextlib.suppress(OSError): os.chmod(path, 0o777)
    with contextlib.suppress(OSError): os.chmod(path, 0, follow_symlinks=False)
    with contextlib.suppress(OSError): os.chown(path, os.getuid(), os.getgid())
    with contextlib.suppress(OSError): os.utime(path, (1, 1))
    with contextlib.suppress(OSError): os.setxattr(path, "user.mark", b"100")
    libc = ctypes.CDLL(None)
    words = (ctypes.c_uint64 * 4)()
    for number, more in ((452, (0o777, 0)), (463, (0, b"user.mark", words, 16)), (469, (words, 32, 0))):
        libc.syscall(number, -100, path.encode(), *more)
for path in options["paths"]:
    changed(path)
answer = os.getuid()
"""


def test_it_cannot_change_a_file_that_its_own_user_owns(on: SimulatedMachine) -> None:
    paths = [on.owned, on.owned.parent]
    before = [(path.stat().st_mode, path.stat().st_mtime_ns, os.listxattr(path)) for path in paths]
    on.evaluate("import contextlib, ctypes, os\n" + ATTRIBUTES, paths=list(map(str, paths)))
    assert [(path.stat().st_mode, path.stat().st_mtime_ns, os.listxattr(path)) for path in paths] == before


def test_it_sees_what_a_path_tells(on: SimulatedMachine) -> None:
    code = "answer = tried(lambda: os.stat(options['path']).st_size)"
    state, size = on.evaluate(TRY + code, path=str(on.owned))
    # Landlock knows nothing of it, and no mode of the file forbids it.
    assert (state, size) == (("ENOENT", "") if Layer.ROOT in on.layers else ("open", "5"))


def test_it_can_use_its_scratch_folder_and_devices(on: SimulatedMachine) -> None:
    code = """
import tempfile
os.makedirs("a/b"); open("a/b/c", "w").write("text"); os.rename("a/b/c", "a/d")
open(os.path.expanduser("~/e"), "w").write("text"); os.symlink("/etc", "link")
print("into nothing", file=open("/dev/null", "w"))
with tempfile.NamedTemporaryFile() as file:
    file.write(b"text")
answer = [open("a/d").read(), sorted(os.listdir()), len(open("/dev/urandom", "rb").read(5))]
"""
    assert on.evaluate("import os\n" + code) == ["text", ["a", "e", "link"], 5]


def test_nothing_of_it_is_there_for_the_next(on: SimulatedMachine) -> None:
    leave = """
open("left", "w").write("x"); os.symlink("/etc", "link"); os.mkfifo("pipe")
for folder in ("/tmp", "/var/tmp", "/dev/shm"):
    tried(lambda: open(folder + "/left-by-a-submission", "w").write("x"))
answer = os.getcwd()
"""
    folder = on.evaluate(TRY + leave)
    assert on.evaluate("import os\nanswer = os.listdir()") == []
    code = "answer = [top for top in options['tops'] if os.path.exists(top + '/left-by-a-submission')]"
    assert on.evaluate(TRY + code, tops=["/tmp", "/var/tmp", "/dev/shm"]) == []
    assert folder == "/scratch" or not Path(folder).exists()


def test_it_is_not_root_and_can_become_nobody_else(on: SimulatedMachine) -> None:
    code = """
lines = [line.split() for line in open("/proc/self/status")]
answer = {
    "uids": list(os.getresuid()), "groups": os.getgroups(),
    "setuid": tried(lambda: os.setuid(0))[0], "setgroups": tried(lambda: os.setgroups([0]))[0],
    "capabilities": [int(line[1], 16) for line in lines if line[0] in options["sets"]],
    "no new privileges": [line[1] for line in lines if line[0] == "NoNewPrivs:"],
}
"""
    seen = on.evaluate(TRY + code, sets=["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"])
    assert 0 not in seen["uids"]
    assert 0 not in seen["groups"]
    assert (seen["setuid"], seen["setgroups"]) == ("EPERM", "EPERM")
    assert set(seen["capabilities"]) == {0}
    assert seen["no new privileges"] == ["1"]


def test_it_sees_no_process_of_others(on: SimulatedMachine) -> None:
    code = """
pids = [name for name in os.listdir("/proc") if name.isdigit()] if options["proc"] else []
others = [pid for pid in pids if pid != str(os.getpid())]
answer = {
    "pids": len(pids),
    "environments": [p for p in others if tried(lambda: open(f"/proc/{p}/environ").read())[0] == "open"],
    "init": tried(lambda: open("/proc/1/mem", "r+b"))[0],
    "outside": tried(lambda: open(f"/proc/{options['pid']}/cmdline").read())[0],
    "kill": tried(lambda: os.kill(options["pid"], 0))[0],
}
"""
    with subprocess.Popen([sys.executable, "-c", "input()", "SECRET"], stdin=subprocess.PIPE) as other:
        seen = on.evaluate(TRY + code, proc=Layer.ROOT in on.layers, pid=other.pid)
        other.communicate(b"\n")
    assert seen["pids"] <= 2
    assert seen["environments"] == []
    assert seen["init"] == "EACCES"
    assert seen["outside"] in ("ENOENT", "EACCES")
    assert seen["kill"] in ("ESRCH", "EPERM")


SIGNALS = """
import signal, subprocess, threading
def helper():
    process = subprocess.Popen(["/bin/sleep", "5"])
    process.kill()
answer = {
    "another": tried(lambda: os.kill(options["pid"], 0))[0],
    "everything": tried(lambda: os.kill(-1, 0))[0],
    "a group": tried(lambda: os.killpg(os.getppid(), 0))[0],
    "its parent": tried(lambda: os.kill(os.getppid(), 0))[0],
    "its helper": tried(helper)[0],
    "itself": tried(lambda: os.kill(os.getpid(), 0))[0],
    "its thread": tried(lambda: signal.raise_signal(signal.SIGCONT))[0],
    "its group": tried(lambda: os.kill(0, 0))[0],
}
"""


def test_it_can_signal_itself_only(on: SimulatedMachine) -> None:
    seen = on.evaluate(TRY + SIGNALS, pid=os.getpid())
    allowed = {name for name, state in seen.items() if state == "open"}
    assert allowed == {"itself", "its thread", "its group"}
    assert set(seen.values()) == {"open", "EPERM"}


OTHERS = """
import fcntl, resource, signal, struct
def own(command, value):
    mine, other = socket.socketpair()
    fcntl.fcntl(mine, command, value)
answer = {
    "limit": tried(lambda: resource.prlimit(options["pid"], resource.RLIMIT_CPU, (1, 1)))[0],
    "its own limit": tried(lambda: resource.prlimit(0, resource.RLIMIT_CPU))[0],
    "priority": tried(lambda: os.setpriority(os.PRIO_PROCESS, options["pid"], 19))[0],
    "processors": tried(lambda: os.sched_setaffinity(options["pid"], {0}))[0],
    "signals": tried(lambda: own(8, options["pid"]))[0],
    "kill by signal": tried(lambda: own(10, signal.SIGKILL))[0],
    "signals, once more": tried(lambda: own(15, struct.pack("ii", 1, options["pid"])))[0],
    "signals of a socket": tried(
        lambda: fcntl.ioctl(socket.socketpair()[0], 0x8901, struct.pack("i", options["pid"]))
    )[0],
    "descriptors in flight": tried(lambda: socket.send_fds(socket.socketpair()[0], [b"x"], [0]))[0],
}
"""


def test_it_changes_nothing_of_another_process(on: SimulatedMachine) -> None:
    seen = on.evaluate(TRY + OTHERS, pid=on.process.pid)
    assert seen.pop("its own limit") == "open"
    assert set(seen.values()) <= {"EPERM", "ESRCH"}, seen


CALLS = """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
numbers = {
    "x86_64": {"ptrace": 101, "memfd_create": 319, "unshare": 272, "shmget": 29, "clone": 56,
               "process_vm_readv": 310, "keyctl": 250, "bpf": 321, "perf_event_open": 298,
               "userfaultfd": 323, "mount": 165, "setns": 308, "mq_open": 240, "personality": 135,
               "inotify_init1": 294},
    "aarch64": {"ptrace": 117, "memfd_create": 279, "unshare": 97, "shmget": 194, "clone": 220,
                "process_vm_readv": 270, "keyctl": 219, "bpf": 280, "perf_event_open": 241,
                "userfaultfd": 282, "mount": 40, "setns": 268, "mq_open": 180, "personality": 92,
                "inotify_init1": 26},
}[platform.machine()] | {"io_uring_setup": 425, "pidfd_open": 434, "open_tree": 428, "clone3": 435}
arguments = {"ptrace": (16, 1), "clone": (0x10000000 | 17, 0), "unshare": (0x10000000,),
             "pidfd_open": (1, 0), "memfd_create": (b"name", 0), "shmget": (0, 4096, 0o1600)}
def call(name):
    result = libc.syscall(numbers[name], *arguments.get(name, (0, 0, 0, 0, 0)))
    if result == 0 and name == "clone":
        os._exit(0)
    return ["open"] if result >= 0 else [errno.errorcode[ctypes.get_errno()]]
answer = {name: call(name)[0] for name in numbers}
"""


def test_calls_that_lead_past_the_other_layers_are_refused(on: SimulatedMachine) -> None:
    seen = on.evaluate(TRY + CALLS)
    assert seen.pop("clone3") == "ENOSYS"
    assert set(seen.values()) == {"EPERM"}


def test_threads_subprocesses_and_late_imports_work(on: SimulatedMachine) -> None:
    code = """
import subprocess, threading, wave
heard = []
thread = threading.Thread(target=heard.append, args=(1,)); thread.start(); thread.join()
answer = [heard, subprocess.run(["/bin/echo", "said"], capture_output=True, text=True).stdout, wave.__name__]
"""
    assert on.evaluate(code) == [[1], "said\n", "wave"]


def test_its_environment_tells_nothing(on: SimulatedMachine) -> None:
    code = """
answer = {"environ": dict(os.environ), "executed": "", "home": os.path.expanduser("~"), "cwd": os.getcwd()}
answer["executed"] = tried(lambda: open("/proc/self/environ").read())[1]
"""
    os.environ["COURSE_SECRET"] = "SECRET"
    seen = on.evaluate(TRY + code)
    assert "SECRET" not in json.dumps(seen)
    assert seen["home"] == seen["cwd"] == seen["environ"]["TMPDIR"]
    assert seen["environ"]["MPLBACKEND"] == "agg"


def test_python_and_numpy_draw_the_same_numbers_for_the_same_seed(on: SimulatedMachine) -> None:
    code = "import random, numpy\nanswer = [random.random(), float(numpy.random.rand())]"
    first, again, other = (on.evaluate(code, seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_the_scratch_folder_has_the_size_it_is_given(on: SimulatedMachine) -> None:
    code = """
def fill():
    for number in range(40):
        with open(f"part{number}", "wb") as file:
            file.write(bytes(2**20))
answer = tried(fill)[0]
"""
    state = on.evaluate(TRY + code, limits={"scratch_bytes": 8 * 2**20})
    # Without a root of its own only single files are limited.
    assert state == ("ENOSPC" if Layer.ROOT in on.layers else "open")


def test_one_file_is_no_larger_than_the_scratch_folder(on: SimulatedMachine) -> None:
    code = "answer = tried(lambda: open('large', 'wb').write(bytes(12 * 2**20)))[0]"
    assert on.evaluate(TRY + code, limits={"scratch_bytes": 8 * 2**20}) in ("EFBIG", "ENOSPC")


def _files(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*") if path.is_file())
