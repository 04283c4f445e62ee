"""A run that goes on: what is graded again and what is not, and faults in the middle of it."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from autograder.engine import journal, run
from autograder.engine.grade_submission import MAX_ATTEMPTS, submission_sha256
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result, StaffMark
from autograder.engine.run import Backend, Engine, OnResult
from autograder.engine.wire import Channel, WireClosedError, WireTimeoutError
from autograder.engine.worker import GraderError
from autograder.engine.zygote_client import Zygote, versions
from autograder.errors import StaffError
from autograder.sandbox.process import Process
from autograder.submission.discover import StudentSubmission, find_submissions
from tests.commands.test_grade_class import course, grade, submitted  # noqa: F401  fixtures
from tests.engine.test_session import ALL
from tests.support.grading import make_submission, outcomes, points, start_numpy_engine
from tests.support.sample_results import PROVENANCE, result_for


class Quick:
    """Workers that give every submission the same result at once."""

    def __init__(self, plan: GradingPlan) -> None:
        self.plan = plan
        self.graded: list[str] = []

    def grade(
        self, submissions: Sequence[StudentSubmission], on_result: OnResult, *, out: Path | None = None
    ) -> None:
        assert out is not None
        for submission in reversed(submissions):
            self.graded.append(submission.student)
            on_result(self._result(submission))

    def _result(self, one: StudentSubmission) -> Result:
        header = run.run_header(self.plan)
        assert one.data is not None
        made = replace(
            PROVENANCE,
            submission_sha256=submission_sha256("", one.data),
            source_sha256=header.source_sha256,
            kit_sha256=header.kit_sha256,
            config_sha256=header.config_sha256,
            dataset=header.dataset,
            versions=versions(),
        )
        return replace(result_for(one.student), assignment="tiny", provenance=made)


class Graded:
    """A folder of submissions and a run of it by quick workers."""

    def __init__(self, plan: GradingPlan, folder: Path) -> None:
        self.plan, self.out, self.submitted = plan, folder / "out", folder / "class"
        self.submitted.mkdir()

    def again(self, *, force: bool = False, plan: GradingPlan | None = None) -> list[str]:
        """Grade, and return who was graded."""
        quick = Quick(plan or self.plan)

        @contextmanager
        def start(_: int) -> Iterator[Backend]:
            yield quick

        actual = find_submissions([self.submitted], self.plan.assignment)
        results = run.grade(quick.plan, actual, self.out, start, run.RunListener(), force=force)
        assert [result.student for result in results] == [item.student for item in actual]
        return sorted(quick.graded)


@pytest.fixture
def graded(tiny_plan: GradingPlan, tmp_path: Path) -> Graded:
    created = Graded(tiny_plan, tmp_path)
    for name in ("ana", "ben", "cem"):
        (created.submitted / f"{name}.ipynb").write_bytes(make_submission(tiny_plan, {}, {}))
    return created


def test_only_what_changed_or_is_new_is_graded_again(graded: Graded) -> None:
    assert graded.again() == ["ana", "ben", "cem"]
    assert graded.again() == []
    (graded.submitted / "ben.ipynb").write_bytes(make_submission(graded.plan, {"q1-answer": "x = 1"}, {}))
    (graded.submitted / "dee.ipynb").write_bytes(make_submission(graded.plan, {}, {}))
    assert graded.again() == ["ben", "dee"]


def test_force_grades_all_again(graded: Graded) -> None:
    graded.again()
    assert graded.again(force=True) == ["ana", "ben", "cem"]
    assert graded.again() == []


def test_whoever_may_have_killed_the_run_is_graded_last_and_alone(
    graded: Graded, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = []

    def record(quick: Quick, submissions: Sequence[StudentSubmission], on_result: OnResult, **_: Any) -> None:
        batches.append([submission.student for submission in submissions])
        for submission in submissions:
            on_result(quick._result(submission))

    monkeypatch.setattr(Quick, "grade", record)
    with journal.Journal.open(graded.out, run.run_header(graded.plan)):
        for student in ("ana", "ben", "ana"):
            journal.write_started(graded.out, student)
    graded.again()
    assert batches == [["cem"], ["ben"], ["ana"]]
    assert graded.again() == []


def test_an_interrupted_run_has_no_suspects(graded: Graded, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(quick: Quick, *_: Any, **__: Any) -> None:
        journal.write_started(graded.out, "ana")
        raise KeyboardInterrupt

    monkeypatch.setattr(Quick, "grade", interrupted)
    with pytest.raises(KeyboardInterrupt):
        graded.again()
    with journal.Journal.open(graded.out, run.run_header(graded.plan)) as opened:
        assert opened.suspects == ()


def test_nobody_but_staff_marks_a_question(graded: Graded, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Quick._result

    def forged(quick: Quick, one: StudentSubmission) -> Result:
        return replace(honest(quick, one), staff_marks={"q1": StaffMark(5.5, "a worker that was attacked")})

    monkeypatch.setattr(Quick, "_result", forged)
    graded.again()
    assert [result.staff_marks for result in journal.read(graded.out).results] == [{}, {}, {}]


def test_a_mark_by_staff_stays_with_another_kit_unless_the_points_differ(graded: Graded) -> None:
    graded.again()
    (ana, *_), header = journal.read(graded.out).results, journal.read(graded.out).header
    with journal.Journal.open(graded.out, header) as opened:
        opened.append(replace(ana, staff_marks={"q1": StaffMark(5, "right"), "q5": StaffMark(7, "good")}))
        fewer = replace(ana, manual={"q5": 9})
        assert opened.with_staff_marks(fewer).staff_marks == {"q1": StaffMark(5, "right")}
        assert "7 points for q5" in opened.with_staff_marks(fewer).flags[-1]
    changed = replace(graded.plan, files={**graded.plan.files, "tinykit/new.py": b"x = 1\n"})
    assert graded.again(plan=changed) == ["ana", "ben", "cem"]
    again = journal.read(graded.out).results[0]
    assert set(again.staff_marks) == {"q1", "q5"} and again.flags == ana.flags


def test_another_kit_has_all_graded_again(graded: Graded) -> None:
    graded.again()
    changed = replace(graded.plan, files={**graded.plan.files, "tinykit/new.py": b"x = 1\n"})
    assert graded.again(plan=changed) == ["ana", "ben", "cem"]
    assert graded.again(plan=changed) == []


def test_another_version_of_a_library_has_all_graded_again(
    graded: Graded, monkeypatch: pytest.MonkeyPatch
) -> None:
    graded.again()
    other = {**versions(), "keras": "9.9"}
    monkeypatch.setattr(run, "versions", lambda: other)
    monkeypatch.setattr(sys.modules[__name__], "versions", lambda: other)
    assert graded.again() == ["ana", "ben", "cem"]


def test_a_file_that_vanishes_in_the_middle_costs_nobody_else(engine: Engine, tmp_path: Path) -> None:
    for name in ("ana", "ben"):
        (tmp_path / f"{name}.ipynb").write_bytes(make_submission(engine.plan, {}, {}))
    actual = find_submissions([tmp_path], engine.plan.assignment)
    (tmp_path / "ana.ipynb").unlink()
    results: dict[str, Result] = {}

    @contextmanager
    def start(_: int) -> Iterator[Backend]:
        yield engine

    for result in run.grade(engine.plan, actual, tmp_path / "out", start, run.RunListener()):
        results[result.student] = result
    assert set(outcomes(results["ana"]).values()) == {"ungraded"}
    assert "changed since it was found" in results["ana"].flags[0]
    assert points(results["ben"]) == ALL


@pytest.mark.slow
def test_a_zygote_that_ends_is_replaced_and_no_mark_changes(engine: Engine, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"s{number}.ipynb").write_bytes(make_submission(engine.plan, {}, {}))
    actual = find_submissions([tmp_path], engine.plan.assignment)
    worker, results = engine.workers[0], []

    def keep(result: Result) -> None:
        results.append(result)
        os.kill(worker.zygote.process.pid, signal.SIGKILL)

    engine.grade(actual, keep)
    assert [points(result) for result in results] == [ALL] * 4
    assert not any(result.flags for result in results)


@pytest.mark.slow
def test_a_zygote_that_never_lasts_leaves_a_submission_ungraded(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ana.ipynb").write_bytes(make_submission(engine.plan, {}, {}))
    monkeypatch.setattr(engine.workers[0], "is_alive", lambda: False)
    starts = []
    start = engine.workers[0]._start
    monkeypatch.setattr(engine.workers[0], "_start", lambda: (starts.append(1), start())[1])
    results: list[Result] = []
    engine.grade(find_submissions([tmp_path], engine.plan.assignment), results.append)
    assert set(outcomes(results[0]).values()) == {"ungraded"}
    assert re.search(rf"ended {MAX_ATTEMPTS} times", results[0].flags[0])
    assert len(starts) == MAX_ATTEMPTS


@pytest.mark.slow
@pytest.mark.parametrize("deaths", [1, 2, MAX_ATTEMPTS, MAX_ATTEMPTS + 1])
def test_a_zygote_that_ends_while_it_starts_is_started_again(
    tiny_plan: GradingPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    for name in ("ana", "ben"):
        (tmp_path / f"{name}.ipynb").write_bytes(make_submission(tiny_plan, {}, {}))
    starts, results = [], dict[str, Result]()
    with start_numpy_engine(tiny_plan) as engine:
        worker = engine.workers[0]
        start = worker._start

        def killed_at_first() -> Zygote:
            starts.append(1)
            if len(starts) <= deaths:
                raise StaffError("the zygote is gone")
            return start()

        monkeypatch.setattr(worker, "_start", killed_at_first)
        worker.zygote.kill()
        engine.grade(
            find_submissions([tmp_path], tiny_plan.assignment),
            lambda item: results.update({item.student: item}),
        )
    assert len(starts) == deaths + 1
    assert points(results["ben"]) == ALL
    if deaths < MAX_ATTEMPTS:
        assert points(results["ana"]) == ALL
    else:
        assert (results["ana"].flags, set(outcomes(results["ana"]).values())) == (
            ("the zygote is gone",),
            {"ungraded"},
        )


@pytest.mark.parametrize(
    "ended", [WireClosedError("the other end is gone"), StaffError("it ended while it started")]
)
def test_a_trainer_that_ends_once_is_replaced(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, ended: Exception
) -> None:
    worked = Mock(side_effect=[ended, {"facts": {}}])
    monkeypatch.setattr(engine.workers[0], "_train_once", worked)
    assert engine.workers[0].train({}, 60.0) == {"facts": {}}


@pytest.mark.parametrize(
    "trained",
    [WireTimeoutError("nothing for 3 s"), {"facts": {}, "key": "k", "cost_s": 3.1}],
    ids=["now", "by somebody else"],
)
def test_a_training_above_its_limit_is_refused_whoever_began_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, trained: object
) -> None:
    work = Mock(side_effect=[trained])
    monkeypatch.setattr(engine.workers[0], "_train_once", work)
    reply = engine.workers[0].train({}, 3.0)
    assert reply["refused"] == reply["broken"] == "the training takes longer than the 3 s that it is allowed"
    assert reply["cost_s"] > 3
    assert work.call_args.args[1] == 3.0
    assert "refused" in engine.workers[0].train({}, 0.5)
    assert work.call_count == 1


@pytest.mark.slow
def test_a_process_that_is_being_started_when_a_run_is_stopped_ends_too(
    tiny_plan: GradingPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start_numpy_engine(tiny_plan) as engine:
        worker = engine.workers[0]
        start = worker.zygote.start_child

        def stopped_meanwhile(*arguments: Any) -> Process:
            process = start(*arguments)
            worker.stop()
            return process

        monkeypatch.setattr(worker.zygote, "start_child", stopped_meanwhile)
        with suppress(GraderError):  # it may have been ready just before it ended
            worker.start_child()
        assert worker.submission_process
        with pytest.raises(WireClosedError):
            Channel(worker.submission_process.sock).receive(timeout_s=20)


def test_a_full_disk_stops_the_run_and_the_same_command_goes_on(graded: Graded) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    graded.out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(graded.out)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        with pytest.raises(StaffError, match="make room"):
            graded.again()
        subprocess.run(["mount", "-o", "remount,size=1m", str(graded.out)], check=True)
        left = graded.again()
        assert left
        assert graded.again() == []
    finally:
        subprocess.run(["umount", str(graded.out)], check=True)


def interrupt(running: "subprocess.Popen[str]", *, any_thread: bool) -> None:
    """Send SIGINT; the kernel may let any thread hear it."""
    threads = sorted(int(entry.name) for entry in Path(f"/proc/{running.pid}/task").iterdir())
    thread = next(item for item in threads if item != running.pid) if any_thread else running.pid
    assert ctypes.CDLL(None).tgkill(running.pid, thread, signal.SIGINT) == 0


@pytest.mark.slow
@pytest.mark.parametrize("any_thread", [False, True])
def test_who_interrupts_a_run_need_not_wait_and_loses_nothing(
    any_thread: bool,
    course: Path,  # noqa: F811
    submitted: Path,  # noqa: F811
    tiny_plan: GradingPlan,
) -> None:
    hang = {"q1-answer": "def moving_average(values, width=width):\n    while True:\n        pass\n"}
    (submitted / "zoe.ipynb").write_bytes(make_submission(tiny_plan, hang, {}))
    config = course / "course_config.py"
    text = config.read_text()
    limits = '"grading": {"limits": {"call_s": 500.0, "total_s": 2000.0}},'
    config.write_text(text.replace('"lab": {', limits + ' "lab": {', 1))
    out = course / "out"
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.support.numpy_course", "grade", str(submitted), "--out", str(out)],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout
    while not next(running.stdout).startswith("eva: "):
        pass  # those before her, and on a slow machine a line about the speed
    time.sleep(1)  # until it waits for zoe
    interrupt(running, any_thread=any_thread)
    output, errors = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "3 of 4 submissions are graded and stored; run the same command again to resume." in output
    assert "Traceback" not in errors
    (submitted / "zoe.ipynb").write_bytes(make_submission(tiny_plan, {}, {}))
    done = grade(course, submitted, "--out", out)
    assert done.returncode == 0
    assert "3 of 4 are already graded" in done.stdout
