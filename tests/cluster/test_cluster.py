"""Many machines: the same results as on one, whoever ends meanwhile; what cannot be is told."""

import asyncio
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import psutil
import pytest

pytest.importorskip("distributed", reason="Dask is an extra: pip install 'rnn-course[cluster]'")

from autograder.cluster import client as cluster_client
from autograder.cluster import connected, crew, versions
from autograder.cluster.line import Line
from autograder.errors import StaffError
from autograder.grade import run
from autograder.grade.folders import SUBMISSION
from autograder.grade.journal import NAME
from autograder.grade.recipe import Recipe
from autograder.grade.record import to_plain
from autograder.grade.results import Result
from tests.cluster.conftest import KILLER, OLD, found_in, keep
from tests.cluster.dask_site import Site, kill_with_all_below, site, wait_for, worker_of, zygotes_below
from tests.grade.conftest import still_runs, submission
from tests.grade.test_run import SLOW, command

ONLY_OURS = 731
"""A descriptor that no other process has open."""


def test_a_class_gets_the_results_that_one_machine_gives_it_and_an_old_worker_is_not_used(
    tiny: Recipe, handed_in: Path, local: dict[str, Result], cluster: Site
) -> None:
    old, told, results = cluster.worker(OLD), [], dict[str, Result]()
    cluster.wait_for_workers(3)
    with connected(tiny, cluster.address, told.append) as workers:
        while not any("tensorflow" in sentence for sentence in told):
            results.clear()
            workers.grade(found_in(handed_in, tiny), lambda one: keep(results, one))
            assert results == local
    assert not zygotes_below(worker_of(old))
    old.terminate()
    refusal = next(sentence for sentence in told if "tensorflow" in sentence)
    ours = versions.here()["tensorflow"]
    assert refusal.startswith("worker tcp://127.0.0.1:")
    assert refusal.endswith(f": tensorflow 2.20.0, here {ours}; install the same")


def test_a_killed_worker_loses_nothing_and_a_deadly_submission_takes_nobody_with_it(
    tiny: Recipe, handed_in: Path, local: dict[str, Result], cluster: Site, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(handed_in, tmp_path / "class"))
    (folder / f"{KILLER}.ipynb").write_bytes(submission(tiny, {}, {}))
    results, below = dict[str, Result](), list[psutil.Process]()

    def kill_one(one: Result) -> None:
        keep(results, one)
        if len(results) == 1:
            busy = [worker for nanny in cluster.started[1:3] if zygotes_below(worker := worker_of(nanny))]
            below.extend(kill_with_all_below(busy[0]))

    with connected(tiny, cluster.address) as workers:
        workers.grade(found_in(folder, tiny), kill_one)
    deadly = results.pop(KILLER)
    assert results == local
    assert len(deadly.ungraded) == len(deadly.checks)
    assert deadly.checks[0].message == "its worker ended 3 times while it was graded"
    assert len(below) >= 3  # zygote, grader, the keeper of a submission
    wait_for(lambda: not any(still_runs(one) for one in below))


def test_a_scheduler_that_ends_is_told_and_the_same_command_goes_on(
    tiny: Recipe, handed_in: Path, local: dict[str, Result], cluster: Site, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    class Killing(run.Told):
        def graded(self, result: Result) -> None:  # noqa: ARG002
            doomed.scheduler.kill()

    with site(tmp_path) as doomed:
        doomed.worker()
        with pytest.raises(StaffError, match=r"scheduler is gone.*what is finished is kept"):
            run.grade(
                tiny, found_in(handed_in, tiny), out, lambda _: connected(tiny, doomed.address), Killing()
            )
    finished = (out / NAME).read_bytes()
    assert 1 <= len(finished.splitlines()) - 1 < len(local)
    given = run.grade(
        tiny, found_in(handed_in, tiny), out, lambda _: connected(tiny, cluster.address), run.Told()
    )
    assert (out / NAME).read_bytes().startswith(finished)
    results: dict[str, Result] = {}
    for one in given:
        keep(results, one)
    assert results == local
    assert (out / "ana" / SUBMISSION).read_bytes() == (handed_in / "ana.ipynb").read_bytes()


def test_an_interrupted_run_frees_the_workers_and_says_one_word(
    tiny: Recipe, handed_in: Path, cluster: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    shutil.copy(handed_in / "ana.ipynb", folder)
    for student in ("slow", "slower"):
        (folder / f"{student}.ipynb").write_bytes(submission(tiny, SLOW, {}))
    out, root = tmp_path / "out", str(Path(__file__).parents[2])
    running = subprocess.Popen(
        command(tiny.assignment.root, folder, "--out", out, "--cluster", cluster.address),
        cwd=tiny.assignment.root,
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: (out / NAME).is_file() and (out / NAME).read_bytes().count(b"\n") >= 2)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert errors.strip() == "interrupted"
    workers = [worker_of(nanny) for nanny in cluster.started[1:3]]
    wait_for(lambda: not any(zygotes_below(worker) for worker in workers))
    wait_for(lambda: not [path for path in cluster.folder.rglob("course-*") if path.is_dir()])


def test_an_interrupt_that_comes_with_an_answer_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted() -> None:
        client, answered = Mock(status="running"), asyncio.get_running_loop().create_future()

        async def nthreads() -> dict[str, int]:
            await answered
            return {}

        monkeypatch.setattr(client, "nthreads", nthreads)
        asked = crew.Crew(client, "tcp://127.0.0.1:1", Mock(), Mock(), print)
        asking = asyncio.create_task(asked._there())
        await asyncio.sleep(0.01)
        answered.set_result(None)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(interrupted())


def test_where_all_workers_are_refused_nothing_is_graded(
    tiny: Recipe, handed_in: Path, cluster: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def newer_here(there: dict[str, str], ours: dict[str, str], compared=versions.difference) -> str:
        return compared(there, {name: "9.0" if name == "keras" else ours[name] for name in ours})

    monkeypatch.setattr(versions, "difference", newer_here)
    told, results = [], dict[str, Result]()
    sentence = r"no worker can be used: worker tcp://.*: keras 3\..*, here 9\.0; install the same"
    with pytest.raises(StaffError, match=sentence), connected(tiny, cluster.address, told.append) as workers:
        workers.grade(found_in(handed_in, tiny), lambda one: keep(results, one))
    assert results == {}
    assert len(told) == 2


def test_a_file_that_only_the_client_has_is_named_with_the_worker(
    tiny: Recipe, handed_in: Path, cluster: Site
) -> None:
    data = f"/proc/self/fd/{ONLY_OURS}"
    recipe = replace(tiny, environment={"RNNLAB_REVIEWS": data})
    with (handed_in / "zoe.ipynb").open("rb") as file:
        os.dup2(file.fileno(), ONLY_OURS)
    sentence = rf"worker tcp://.*: RNNLAB_REVIEWS={data}: does not exist there"
    try:
        with pytest.raises(StaffError, match=sentence), connected(recipe, cluster.address) as workers:
            workers.grade(found_in(handed_in, tiny), print)
    finally:
        os.close(ONLY_OURS)


def test_nobody_who_grades_is_waited_for_and_then_told(
    tiny: Recipe, handed_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "PATIENCE_S", 3.0)
    told: list[str] = []
    with site(tmp_path) as empty:
        with (
            pytest.raises(StaffError, match=r"no worker for 0.05 minutes; start some"),
            connected(tiny, empty.address, told.append) as workers,
        ):
            workers.grade(found_in(handed_in, tiny), print)
        assert told == [f"waiting for workers at {empty.address}"]


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("tcp://127.0.0.1:1", "no scheduler answers"),
        ("nowhere.invalid:8786", "no scheduler answers"),
        ("10.0.0.1", "missing port number"),
        ("ftp://10.0.0.1:8786", "unknown address scheme"),
        ("tls://127.0.0.1:8786", "no certificates are configured"),
    ],
)
def test_an_address_at_which_nobody_answers_is_told_in_a_sentence(
    tiny: Recipe, handed_in: Path, address: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_client, "CONNECT_S", 2.0)
    with pytest.raises(StaffError, match=sentence), connected(tiny, address) as workers:
        workers.grade(found_in(handed_in, tiny), print)


def test_without_dask_a_sentence_says_how_to_get_it(tiny: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("autograder.cluster.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(StaffError, match=r"pip install 'rnn-course\[cluster\]'"), connected(tiny, "x"):
        pass


@pytest.mark.parametrize("lie", ["another student", "another source", "more points", "a pickle"])
def test_what_a_worker_says_is_believed_only_of_what_it_was_asked(
    tiny: Recipe, handed_in: Path, local: dict[str, Result], lie: str
) -> None:
    one = next(one for one in found_in(handed_in, tiny) if one.student == "ana")
    true = local["ana"]
    doubled = tuple(replace(check, points=2 * check.points) for check in true.checks)
    said = {
        "another student": replace(true, student="ben"),
        "another source": replace(true, provenance=replace(true.provenance, source_sha256="0" * 64)),
        "more points": replace(true, checks=doubled),
    }

    async def told(answer: bytes) -> Result:
        results: list[Result] = []
        line = Line(tiny, [one], results.append, None)
        turn, data = await line.next()
        line.finish(turn, data, answer)
        assert line.finished.is_set()
        return results[0]

    def answer(result: Result) -> bytes:
        return json.dumps({"result": to_plain(result)}).encode()

    believed = asyncio.run(told(answer(true)))
    assert believed == true
    wrong = asyncio.run(told(answer(said[lie]) if lie in said else pickle.dumps(true)))
    assert len(wrong.ungraded) == len(wrong.checks)
    assert "something else than its result" in wrong.flags[0]
