"""A whole run by its command: what it takes, what it leaves, how it goes on after the worst."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from autograder.course import load_course
from autograder.engine.journal import SUBMISSION_NAME
from autograder.engine.plan import GradingPlan
from autograder.report import load_run
from tests.engine.test_session import AVERAGE
from tests.support.grading import is_running, make_submission
from tests.support.sample_results import without_times

TINY = Path(__file__).parents[1] / "tiny_assignment"
WRONG = {"q1-answer": AVERAGE.replace("valid", "same")}
SLOW = {"q1-answer": AVERAGE.replace("return", "import time\n    time.sleep(25)\n    return")}


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.fixture
def submitted(tiny_plan: GradingPlan, tmp_path: Path) -> Path:
    """Three students in three forms: a file, a zip, a script."""
    folder = tmp_path / "handed_in"
    folder.mkdir()
    (folder / "ana.ipynb").write_bytes(make_submission(tiny_plan, {}, {}))
    with zipfile.ZipFile(folder / "ben.zip", "w") as archive:
        archive.writestr("home/work/tiny.ipynb", make_submission(tiny_plan, WRONG, {}))
    (folder / "eva.py").write_text(AVERAGE)
    return folder


def command(course: Path, *arguments: str | Path) -> list[str]:
    assert course.is_dir()
    return [sys.executable, "-m", "tests.support.numpy_course", "grade", *map(str, arguments)]


def grade(course: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return course_command(course, "grade", *arguments)


def course_command(
    course: Path, *arguments: str | Path, module: str = "tests.support.numpy_course"
) -> "subprocess.CompletedProcess[str]":
    root = str(Path(__file__).resolve().parents[2])
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=course,
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def rows(out: Path) -> dict[str, dict[str, str]]:
    with (out / "grades.csv").open(newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_a_folder_of_files_archives_and_scripts_is_graded(course: Path, submitted: Path) -> None:
    out = course / "out"
    arguments = ("grade", submitted, "--out", out, "--workers", "2")
    done = course_command(course, *arguments, module="autograder")
    assert done.returncode == 0, done.stderr
    actual = rows(out)
    assert {name: float(row["total"]) for name, row in actual.items()} == {"ana": 14, "ben": 6, "eva": 8}
    assert (out / "report.html").is_file()
    assert (out / "run.jsonl").read_text().count('\n{"student"') == 3
    feedback = (out / "ben" / "feedback.html").read_text()
    assert "Count how often a stretch fits." in feedback
    results = json.loads((out / "ana" / "results.json").read_text())
    assert results["extra_data"]["provenance"]["isolation"] in ("full", "reduced")


@pytest.mark.slow
def test_what_was_graded_is_kept_as_it_was_handed_in(course: Path, submitted: Path) -> None:
    out = course / "out"
    assert grade(course, submitted, "--out", out).returncode == 0
    run = load_run.load(out, load_course(course))
    stored = {result.student: run.submission(result) for result in run.results}
    with zipfile.ZipFile(submitted / "ben.zip") as archive:
        assert stored["ben"] == archive.read("home/work/tiny.ipynb")
    assert stored["ana"] == (submitted / "ana.ipynb").read_bytes()
    assert stored["eva"] == AVERAGE.encode()
    (out / "ana" / SUBMISSION_NAME).write_bytes(b"{}")
    assert run.submission(run.results[0]) is None


@pytest.mark.slow
def test_the_views_of_a_run_are_made_again_from_its_folder(course: Path, submitted: Path) -> None:
    out = course / "out"
    assert grade(course, submitted, "--out", out).returncode == 0
    views = {name: (out / name).read_bytes() for name in ("grades.csv", "report.html", "ben/feedback.html")}
    for name in views:
        (out / name).unlink()
    assert course_command(course, "report", out).returncode == 0
    assert {name: (out / name).read_bytes() for name in views} == views
    done = course_command(course, "export", out, "--format", "csv", "--out", course / "table")
    assert done.returncode == 0
    assert (course / "table" / "grades.csv").read_bytes() == views["grades.csv"]
    done = course_command(course, "export", out, "--format", "exel")
    assert done.returncode == 2
    assert "'exel' is not one of 'csv'" in done.stderr


@pytest.mark.slow
def test_the_same_class_gives_the_same_files_times_aside(course: Path, submitted: Path) -> None:
    for name in ("first", "second"):
        assert grade(course, submitted, "--out", course / name).returncode == 0
    for student in ("ana", "ben", "eva"):
        runs = [course / name / student for name in ("first", "second")]
        first, second = ((run / "results.json").read_bytes() for run in runs)
        assert first == second
        item, other = (json.loads((run / "results.staff.json").read_text()) for run in runs)
        assert without_times(item) == without_times(other)


@pytest.mark.slow
def test_a_submission_is_never_changed_and_a_finished_run_is_not_repeated(
    course: Path, submitted: Path
) -> None:
    before = {path.name: path.read_bytes() for path in submitted.iterdir()}
    out = course / "out"
    assert grade(course, submitted, "--out", out).returncode == 0
    journal = (out / "run.jsonl").read_bytes()
    assert grade(course, submitted, "--out", out).returncode == 0
    assert (out / "run.jsonl").read_bytes() == journal
    assert {path.name: path.read_bytes() for path in submitted.iterdir()} == before


@pytest.mark.slow
def test_nbgraders_tree_is_graded(course: Path, tiny_plan: GradingPlan, tmp_path: Path) -> None:
    place = tmp_path / "submitted" / "kim" / "tiny"
    place.mkdir(parents=True)
    (place / "tiny.ipynb").write_bytes(make_submission(tiny_plan, {}, {}))
    assert grade(course, tmp_path / "submitted", "--out", course / "out").returncode == 0
    assert float(rows(course / "out")["kim"]["total"]) == 14


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere.ipynb", "--out", "out"), "nowhere.ipynb: does not exist"),
        (("source", "--out", "out", "--dataset", "mnist"), "no dataset 'mnist'"),
        (("source", "--out", "out", "--assignment", "tinny"), "did you mean 'tiny'"),
        (("source",), "Missing option '--out'"),
    ],
)
def test_a_wrong_argument_is_told_in_a_sentence(
    course: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = grade(course, *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_killed_run_leaves_no_process_and_goes_on_where_it_was(
    course: Path, submitted: Path, tiny_plan: GradingPlan
) -> None:
    (submitted / "zoe.ipynb").write_bytes(make_submission(tiny_plan, SLOW, {}))
    out, root = course / "out", str(Path(__file__).resolve().parents[2])
    running = subprocess.Popen(
        command(course, submitted, "--out", out),
        cwd=course,
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    journal, patience = out / "run.jsonl", time.monotonic() + 120
    while not (journal.is_file() and journal.read_bytes().count(b'\n{"student"') >= 3):
        assert running.poll() is None
        assert time.monotonic() < patience
        time.sleep(0.05)
    below = psutil.Process(running.pid).children(recursive=True)
    assert len(below) >= 4  # zygote, grader, the submission's keeper and the submission
    running.send_signal(signal.SIGKILL)
    running.wait()
    patience = time.monotonic() + 2
    while left := [process for process in below if is_running(process)]:
        assert time.monotonic() < patience, left
        time.sleep(0.05)
    stored = journal.read_bytes()
    (submitted / "zoe.ipynb").write_bytes(make_submission(tiny_plan, {}, {}))
    assert grade(course, submitted, "--out", out).returncode == 0
    assert journal.read_bytes().startswith(stored[: stored.rindex(b"\n") + 1])
    assert float(rows(out)["zoe"]["total"]) == 14
    assert float(rows(out)["ana"]["total"]) == 14
