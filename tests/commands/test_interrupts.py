"""Ctrl-C and a closed pipe, in real processes: quiet, with the exit code that a shell expects."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from autograder.engine.plan import GradingPlan
from tests.commands.test_grade_class import SLOW, TINY
from tests.support.grading import is_running, make_submission

ROOT = str(Path(__file__).resolve().parents[2])
COMMAND = [sys.executable, "-m", "tests.support.numpy_course"]


@pytest.fixture
def course(tiny_plan: GradingPlan, tmp_path: Path) -> Path:
    """A course with a class of two, of whom the second takes long."""
    root = Path(shutil.copytree(TINY, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__")))
    (root / "in").mkdir()
    (root / "in" / "ana.ipynb").write_bytes(make_submission(tiny_plan, {}, {}))
    (root / "in" / "zoe.ipynb").write_bytes(make_submission(tiny_plan, SLOW, {}))
    return root


def start(course: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start a command in a process group of its own, as a shell does."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=course,
        env={**os.environ, "PYTHONPATH": ROOT},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def children(running: "subprocess.Popen[str]") -> list[psutil.Process]:
    """Return all processes below a command."""
    return psutil.Process(running.pid).children(recursive=True)


def interrupt(running: "subprocess.Popen[str]", number: signal.Signals = signal.SIGINT) -> str:
    """Send Ctrl-C, check that the command ends quietly and whole, and return what it printed."""
    below = children(running)
    os.killpg(running.pid, number)
    printed, complaints = running.communicate(timeout=120)
    assert (running.returncode, complaints.strip()) == (130, "interrupted")
    patience = time.monotonic() + 10
    while left := [process for process in below if is_running(process)]:
        assert time.monotonic() < patience, left
        time.sleep(0.05)
    return printed


def test_ctrl_c_while_grading_keeps_what_is_finished_with_its_pages(course: Path) -> None:
    running = start(course, "grade", "in", "--out", "out", "--workers", "1")
    out = course / "out"
    while not (out / "ana" / "feedback.html").is_file():
        assert running.poll() is None, running.communicate()
        time.sleep(0.05)
    assert (out / "ana" / "results.json").is_file()
    assert not (out / "report.html").exists() and not (out / "zoe" / "feedback.html").exists()
    printed = interrupt(running)
    assert "1 of 2 submissions are graded and stored; run the same command again to resume." in printed
    report = start(course, "report", "out")
    printed, _ = report.communicate(timeout=120)
    sentence = "1 of 2 submissions are graded; the run was interrupted"
    assert report.returncode == 0 and sentence in printed
    assert sentence in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [("grade", "in", "--out", "out"), ("report", "out")])
def test_ctrl_c_before_anything_is_done_is_quiet(course: Path, arguments: tuple[str, ...]) -> None:
    (course / "out").mkdir()
    header = '{"format":5,"assignment":"tiny","source_sha256":"","kit_sha256":"","config_sha256":"",'
    (course / "out" / "run.jsonl").write_text(f'{header}"dataset":"","isolation":"any"}}\n')
    os.mkfifo(course / "class.csv")
    running = start(course, *arguments, "--roster", "class.csv")
    with (course / "class.csv").open("wb"):  # returns when the command waits for the list
        assert interrupt(running) == ""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_while_a_build_runs_the_solution_is_quiet_and_changes_nothing(
    course: Path, number: signal.Signals
) -> None:
    path = course / "source" / "tiny" / "tiny.ipynb"
    path.write_text(path.read_text().replace("import checks", "import checks, time\\ntime.sleep(600)", 1))
    running = start(course, "build", "tiny", "--no-proof")
    patience = time.monotonic() + 120
    while not any("ipykernel" in " ".join(child.cmdline()) for child in children(running)):
        assert running.poll() is None and time.monotonic() < patience
        time.sleep(0.2)
    time.sleep(2)
    interrupt(running, number)
    assert not (course / "release").exists()


def test_ctrl_c_while_the_command_is_imported_is_quiet(course: Path) -> None:
    # A module that waits, in front of the package's own imports.
    (course / "click.py").write_text("import time\nopen('importing', 'w').close()\ntime.sleep(60)\n")
    running = start(course, "report", "out")
    while not (course / "importing").exists():
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    interrupt(running)


@pytest.mark.parametrize("arguments", [("grade", "in", "--out", "out"), ("--help",), ("report", "--help")])
def test_a_closed_pipe_ends_a_command_as_sigpipe_would(course: Path, arguments: tuple[str, ...]) -> None:
    (course / "in" / "zoe.ipynb").unlink()
    command = shlex.join([*COMMAND, *arguments])
    # The reader is gone before the command starts to write.
    done = subprocess.run(
        ["bash", "-c", f"{command} | true; exit ${{PIPESTATUS[0]}}"],
        cwd=course,
        env={**os.environ, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (141, "", "")
