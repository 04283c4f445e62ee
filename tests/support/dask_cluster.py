"""A scheduler and workers of Dask as processes of their own, as staff start them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from distributed import Client

ROOT = Path(__file__).parents[2]
WAIT_TIMEOUT_S = 200.0
"""What a busy machine may take for anything that a test waits for."""

NUMPY_ALONE = """
from autograder.engine import run

run.IMPORTS = ("numpy",)  # enough for the tiny assignment, and seconds less
"""


@dataclass
class DaskCluster:
    """What runs for one test or several."""

    folder: Path
    host: str = "127.0.0.1"
    command_prefix: Sequence[str] = ()
    """What the scheduler's command begins with, e.g. ``ip netns exec …``."""

    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("", 0))
            self.port = free.getsockname()[1]
        options = ("--host", self.host, "--port", str(self.port), "--no-dashboard")
        self.scheduler = self._start([*self.command_prefix, *_dask_command("scheduler"), *options])

    @property
    def address(self) -> str:
        return f"tcp://{self.host}:{self.port}"

    def start_worker(
        self, preload: str = "", command_prefix: Sequence[str] = ()
    ) -> "subprocess.Popen[bytes]":
        """Start a nanny, which starts a worker and starts it again when that is killed.

        Args:
            preload: code that runs in the worker before it has anything to do.
        """
        path = self.folder / f"preload_{len(self.processes)}.py"
        path.write_text(NUMPY_ALONE + preload)
        options = ["--nthreads", "2", "--no-dashboard", "--local-directory", str(self.folder)]
        options += ["--preload", str(path)]
        return self._start([*command_prefix, *_dask_command("worker"), self.address, *options])

    def wait_for_workers(self, count: int) -> None:
        with Client(self.address, timeout=WAIT_TIMEOUT_S, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=WAIT_TIMEOUT_S)

    def close(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                for below in (*psutil.Process(process.pid).children(recursive=True), process):
                    below.kill()
                process.wait()

    def _start(self, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        log = self.folder / f"{len(self.processes)}.log"
        with log.open("wb") as file:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            process = subprocess.Popen(
                command, stdout=file, stderr=subprocess.STDOUT, env=environment, cwd=self.folder
            )
        self.processes.append(process)
        return process


@contextmanager
def start_cluster(folder: Path, **options: object) -> Iterator[DaskCluster]:
    running = DaskCluster(folder, **options)  # type: ignore[arg-type]
    try:
        wait_for(lambda: b"Scheduler at:" in (folder / "0.log").read_bytes())
        yield running
    finally:
        running.close()


def _dask_command(subcommand: str) -> list[str]:
    return [sys.executable, "-m", "dask", subcommand]


def worker_process(nanny: "subprocess.Popen[bytes]") -> psutil.Process:
    """Return the worker that a nanny has started."""
    actual: list[psutil.Process] = []

    def there() -> bool:
        below = psutil.Process(nanny.pid).children(recursive=True)
        actual[:] = [
            item for item in below if item.is_running() and "spawn_main" in " ".join(_command_line(item))
        ]
        return bool(actual)

    wait_for(there)
    return actual[0]


def zygote_descendants(process: psutil.Process) -> list[psutil.Process]:
    """Return the zygotes of a worker."""
    below = process.children(recursive=True)
    return [item for item in below if "autograder.engine.zygote" in _command_line(item)]


def kill_and_list_descendants(process: psutil.Process) -> list[psutil.Process]:
    """Kill a process, and return what was below it."""
    below = process.children(recursive=True)
    process.send_signal(signal.SIGKILL)
    return below


def wait_for(condition: Callable[[], bool], timeout_s: float = WAIT_TIMEOUT_S) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, condition
        time.sleep(0.05)


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
