"""A network of three machines that share nothing but a bridge, and what takes as long to see."""

import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="Dask is an extra: pip install 'rnn-course[cluster]'")

from autograder.engine.journal import NAME
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result, deserialize
from tests.commands.test_grade_class import command
from tests.platforms.cluster.conftest import CLASS_ANSWERS, collect_result, find_submissions
from tests.support.dask_cluster import ROOT, start_cluster, wait_for, worker_process, zygote_descendants
from tests.support.grading import make_submission, start_numpy_engine

CLASS = 50

pytestmark = [
    pytest.mark.machines,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs ip (apt-get install iproute2)"),
]


@dataclass(frozen=True, slots=True)
class Machine:
    """A network namespace with one address at one device."""

    name: str
    address: str
    device: str

    @property
    def inside(self) -> tuple[str, ...]:
        return "ip", "netns", "exec", self.name

    def cut_the_power(self) -> None:
        """Kill whatever runs there, after its last packet."""
        _ip("-n", self.name, "link", "set", self.device, "down")
        for pid in _ip("netns", "pids", self.name).split():
            os.kill(int(pid), signal.SIGKILL)


@pytest.fixture
def machines() -> Iterator[list[Machine]]:
    """The first has the bridge, the scheduler and the client; the others have a worker each."""
    with ExitStack() as stack:
        try:
            yield [stack.enter_context(_machine(number)) for number in range(3)]
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine makes no network namespaces: {error.stderr}")


_RUN = uuid.uuid4().hex[:4]
_HUB = f"hub-{_RUN}"


@contextmanager
def _machine(number: int) -> Iterator[Machine]:
    name, device = (f"w{number}-{_RUN}", f"in{number}") if number else (_HUB, "bridge")
    machine = Machine(name, f"10.77.0.{number + 1}", device)
    _ip("netns", "add", machine.name)
    try:
        _ip("-n", machine.name, "link", "set", "lo", "up")
        if number:
            plug = f"hub{number}"
            _ip(
                "link", "add", device, "netns", machine.name, "type", "veth",
                "peer", "name", plug, "netns", _HUB,
            )  # fmt: skip
            _ip("-n", _HUB, "link", "set", plug, "master", "bridge", "up")
        else:
            _ip("-n", machine.name, "link", "add", device, "type", "bridge")
        _ip("-n", machine.name, "address", "add", f"{machine.address}/24", "dev", device)
        _ip("-n", machine.name, "link", "set", device, "up")
        yield machine
    finally:
        _ip("netns", "delete", machine.name)


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def test_a_class_of_fifty_survives_the_loss_of_a_machine(
    cluster_plan: GradingPlan, machines: list[Machine], tmp_path: Path
) -> None:
    submitted, out = tmp_path / "handed_in", tmp_path / "out"
    submitted.mkdir()
    for number in range(CLASS):
        answers = list(CLASS_ANSWERS.values())[number % len(CLASS_ANSWERS)]
        (submitted / f"student_{number:02}.ipynb").write_bytes(make_submission(cluster_plan, answers, {}))
    journal, (hub, first, second) = out / NAME, machines
    with start_cluster(tmp_path, host=hub.address, command_prefix=hub.inside) as network:
        for machine in (first, second):
            network.start_worker(command_prefix=machine.inside)
        running = subprocess.Popen(
            [
                *hub.inside,
                *command(cluster_plan.assignment.root, submitted, "--out", out, "--cluster", network.address),
            ],
            cwd=cluster_plan.assignment.root,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=sys.stderr,
        )
        wait_for(lambda: running.poll() is not None or len(_result_lines(journal)) > CLASS // 4)
        assert len(_result_lines(journal)) < CLASS
        first.cut_the_power()
        assert running.wait(timeout=200) == 0
    results: dict[str, Result] = {}
    for line in _result_lines(journal):
        collect_result(results, deserialize(json.loads(line)))
    alone: dict[str, Result] = {}
    with start_numpy_engine(cluster_plan, workers=2) as engine:
        engine.grade(find_submissions(submitted, cluster_plan), lambda item: collect_result(alone, item))
    assert results == alone
    assert len(results) == CLASS


def _result_lines(journal: Path) -> list[bytes]:
    """Return the lines of a journal that hold results; others say who was begun and how a run ended."""
    lines = journal.read_bytes().splitlines() if journal.is_file() else []
    return [line for line in lines if b'"provenance"' in line]


IMPATIENT = """
from autograder.platforms.cluster import dask_worker

dask_worker.IDLE_TIMEOUT_S, dask_worker._POLL_INTERVAL_S = 3.0, 0.2
"""


def test_a_client_that_is_killed_leaves_no_engine_behind(
    cluster_plan: GradingPlan, submission_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with start_cluster(tmp_path) as running:
        nanny = running.start_worker(IMPATIENT)
        client = subprocess.Popen(
            command(
                cluster_plan.assignment.root, submission_folder, "--out", out, "--cluster", running.address
            ),
            cwd=cluster_plan.assignment.root,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=sys.stderr,
        )
        wait_for(lambda: client.poll() is not None or _result_lines(out / NAME))
        client.kill()
        assert client.wait() == -signal.SIGKILL
        assert zygote_descendants(worker_process(nanny))
        wait_for(lambda: not zygote_descendants(worker_process(nanny)))
        wait_for(lambda: not [path for path in tmp_path.rglob("course-*") if path.is_dir()])
