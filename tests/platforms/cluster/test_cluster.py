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

from autograder.engine import run
from autograder.engine.grade_submission import ungraded_result
from autograder.engine.journal import NAME, SUBMISSION_NAME
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result, serialize
from autograder.engine.worker import GradingContext
from autograder.engine.zygote_client import versions
from autograder.errors import StaffError
from autograder.platforms.cluster import connect, payload, scheduler
from autograder.platforms.cluster.scheduler import SubmissionQueue
from autograder.sandbox.layers import IsolationStatus
from tests.commands.test_grade_class import SLOW, command
from tests.platforms.cluster.conftest import (
    CRASHING_STUDENT,
    OLD_VERSION_PRELOAD,
    collect_result,
    find_submissions,
)
from tests.support.dask_cluster import (
    DaskCluster,
    kill_and_list_descendants,
    start_cluster,
    wait_for,
    worker_process,
    zygote_descendants,
)
from tests.support.grading import is_running, make_submission

ONLY_OURS = 731
"""A descriptor that no other process has open."""


@pytest.mark.slow
def test_a_class_gets_the_results_that_one_machine_gives_it_and_an_old_worker_is_not_used(
    cluster_plan: GradingPlan, submission_folder: Path, local_results: dict[str, Result], cluster: DaskCluster
) -> None:
    old, messages, results = cluster.start_worker(OLD_VERSION_PRELOAD), [], dict[str, Result]()
    cluster.wait_for_workers(3)
    with connect(cluster_plan, cluster.address, messages.append) as workers:
        while not any("tensorflow" in sentence for sentence in messages):
            results.clear()
            workers.grade(
                find_submissions(submission_folder, cluster_plan), lambda item: collect_result(results, item)
            )
            assert results == local_results
    assert not zygote_descendants(worker_process(old))
    old.terminate()
    refusal = next(sentence for sentence in messages if "tensorflow" in sentence)
    ours = payload.local_versions()["tensorflow"]
    assert refusal.startswith("worker tcp://127.0.0.1:")
    assert refusal.endswith(f": tensorflow 2.20.0, here {ours}; install the same version")


@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_a_deadly_submission_takes_nobody_with_it(
    cluster_plan: GradingPlan,
    submission_folder: Path,
    local_results: dict[str, Result],
    cluster: DaskCluster,
    tmp_path: Path,
) -> None:
    folder = Path(shutil.copytree(submission_folder, tmp_path / "class"))
    (folder / f"{CRASHING_STUDENT}.ipynb").write_bytes(make_submission(cluster_plan, {}, {}))
    results, below = dict[str, Result](), list[psutil.Process]()

    def kill_one(item: Result) -> None:
        collect_result(results, item)
        for nanny in cluster.processes[1:3]:
            worker = worker_process(nanny)
            if not below and len(worker.children(recursive=True)) >= 3:  # zygote, grader, a submission
                below.extend(kill_and_list_descendants(worker))

    with connect(cluster_plan, cluster.address) as workers:
        workers.grade(find_submissions(folder, cluster_plan), kill_one)
    deadly = results.pop(CRASHING_STUDENT)
    assert results == local_results
    assert len(deadly.ungraded_checks) == len(deadly.checks)
    assert deadly.checks[0].message == "the worker that graded it ended 3 times"
    assert len(below) >= 3
    wait_for(lambda: not any(is_running(item) for item in below))


@pytest.mark.slow
def test_a_scheduler_that_ends_is_told_and_the_same_command_goes_on(
    cluster_plan: GradingPlan,
    submission_folder: Path,
    local_results: dict[str, Result],
    cluster: DaskCluster,
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"

    class Killing(run.RunListener):
        def on_graded(self, result: Result) -> None:  # noqa: ARG002
            doomed.scheduler.kill()

    with start_cluster(tmp_path) as doomed:
        doomed.start_worker()
        with pytest.raises(StaffError, match=r"scheduler is gone.*finished submissions are kept"):
            run.grade(
                cluster_plan,
                find_submissions(submission_folder, cluster_plan),
                out,
                lambda _: connect(cluster_plan, doomed.address),
                Killing(),
            )
    finished = (out / NAME).read_bytes()
    assert 1 <= len(finished.splitlines()) - 1 < len(local_results)
    given = run.grade(
        cluster_plan,
        find_submissions(submission_folder, cluster_plan),
        out,
        lambda _: connect(cluster_plan, cluster.address),
        run.RunListener(),
    )
    assert (out / NAME).read_bytes().startswith(finished)
    results: dict[str, Result] = {}
    for item in given:
        collect_result(results, item)
    assert results == local_results
    assert (out / "ana" / SUBMISSION_NAME).read_bytes() == (submission_folder / "ana.ipynb").read_bytes()


@pytest.mark.slow
def test_an_interrupted_run_frees_the_workers_and_says_one_word(
    cluster_plan: GradingPlan, submission_folder: Path, cluster: DaskCluster, tmp_path: Path
) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    shutil.copy(submission_folder / "ana.ipynb", folder)
    for student in ("slow", "slower"):
        (folder / f"{student}.ipynb").write_bytes(make_submission(cluster_plan, SLOW, {}))
    out, root = tmp_path / "out", str(Path(__file__).parents[3])
    running = subprocess.Popen(
        command(cluster_plan.assignment.root, folder, "--out", out, "--cluster", cluster.address),
        cwd=cluster_plan.assignment.root,
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
    workers = [worker_process(nanny) for nanny in cluster.processes[1:3]]
    wait_for(lambda: not any(zygote_descendants(worker) for worker in workers))
    wait_for(lambda: not [path for path in cluster.folder.rglob("course-*") if path.is_dir()])


def test_an_interrupt_that_comes_with_an_answer_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted() -> None:
        client, answered = Mock(status="running"), asyncio.get_running_loop().create_future()

        async def identity(n_workers: int) -> dict[str, dict[str, object]]:
            await answered
            return {"workers": {}}

        monkeypatch.setattr(client.scheduler, "identity", identity)
        request = scheduler.ClusterRun(client, "tcp://127.0.0.1:1", Mock(), Mock(), print)
        asking = asyncio.create_task(request.list_workers())
        await asyncio.sleep(0.01)
        answered.set_result(None)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(interrupted())


@pytest.mark.slow
def test_where_all_workers_are_refused_nothing_is_graded(
    cluster_plan: GradingPlan, submission_folder: Path, cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = {**versions(), "keras": "9.0"}
    monkeypatch.setattr(payload, "versions", lambda: newer)
    messages, results = [], dict[str, Result]()
    sentence = r"no worker can be used: worker tcp://.*: keras 3\..*, here 9\.0; install the same version"
    with (
        pytest.raises(StaffError, match=sentence),
        connect(cluster_plan, cluster.address, messages.append) as workers,
    ):
        workers.grade(
            find_submissions(submission_folder, cluster_plan), lambda item: collect_result(results, item)
        )
    assert results == {}
    assert len(messages) == 2


@pytest.mark.slow
def test_a_file_that_only_the_client_has_is_named_with_the_worker(
    cluster_plan: GradingPlan, submission_folder: Path, cluster: DaskCluster
) -> None:
    data = f"/proc/self/fd/{ONLY_OURS}"
    plan = replace(cluster_plan, environment={"RNNLAB_REVIEWS": data})
    with (submission_folder / "zoe.ipynb").open("rb") as file:
        os.dup2(file.fileno(), ONLY_OURS)
    sentence = rf"worker tcp://.*: RNNLAB_REVIEWS={data}: does not exist on this worker"
    try:
        with pytest.raises(StaffError, match=sentence), connect(plan, cluster.address) as workers:
            workers.grade(find_submissions(submission_folder, cluster_plan), print)
    finally:
        os.close(ONLY_OURS)


@pytest.mark.slow
def test_nobody_who_grades_is_waited_for_and_then_told(
    cluster_plan: GradingPlan, submission_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "NO_WORKER_TIMEOUT_S", 3.0)
    messages: list[str] = []
    with start_cluster(tmp_path) as empty:
        with (
            pytest.raises(StaffError, match=r"no worker for 0.05 minutes; start some"),
            connect(cluster_plan, empty.address, messages.append) as workers,
        ):
            workers.grade(find_submissions(submission_folder, cluster_plan), print)
        assert messages == [f"waiting for workers at {empty.address}"]


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
    cluster_plan: GradingPlan,
    submission_folder: Path,
    address: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduler, "CONNECT_TIMEOUT_S", 2.0)
    with pytest.raises(StaffError, match=sentence), connect(cluster_plan, address) as workers:
        workers.grade(find_submissions(submission_folder, cluster_plan), print)


def test_without_dask_a_sentence_says_how_to_get_it(
    cluster_plan: GradingPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("autograder.platforms.cluster.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(StaffError, match=r"pip install 'rnn-course\[cluster\]'"), connect(cluster_plan, "x"):
        pass


@pytest.mark.parametrize("lie", ["another student", "another source", "more points", "a pickle"])
def test_what_a_worker_says_is_believed_only_of_what_it_was_asked(
    cluster_plan: GradingPlan, submission_folder: Path, lie: str
) -> None:
    submission = next(
        submission
        for submission in find_submissions(submission_folder, cluster_plan)
        if submission.student == "ana"
    )
    context = GradingContext(cluster_plan, versions(), IsolationStatus(frozenset()))
    true = ungraded_result(submission, "a reason of the worker's own", context, submission.data)
    doubled = tuple(replace(check, points=2 * check.points) for check in true.checks)
    lies = {
        "another student": replace(true, student="ben"),
        "another source": replace(true, provenance=replace(true.provenance, source_sha256="0" * 64)),
        "more points": replace(true, checks=doubled),
    }

    def accept(answer: bytes) -> Result:
        results: list[Result] = []
        queue = SubmissionQueue(cluster_plan, [submission], results.append, None)
        item = queue.get()
        assert item is not None
        queue.finish(*item, answer)
        assert queue.unfinished == 0
        return results[0]

    def encode(result: Result) -> bytes:
        return json.dumps(serialize(result)).encode()

    assert accept(encode(true)) == true
    wrong = accept(encode(lies[lie]) if lie in lies else pickle.dumps(true))
    assert len(wrong.ungraded_checks) == len(wrong.checks)
    assert "something other than the result of this submission" in wrong.flags[0]
