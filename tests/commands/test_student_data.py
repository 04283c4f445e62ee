"""A class of a platform, by the commands: graded, matched with its list, anonymous, forgotten."""

import contextlib
import csv
import io
import json
import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from autograder.commands.cli import main
from autograder.engine.plan import GradingPlan
from autograder.report import exports
from tests.commands.test_grade_class import TINY, WRONG, course_command, rows
from tests.support.grading import make_submission


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def command(folder: Path, *arguments: str | Path) -> Done:
    """Run a command that starts no worker in this process."""
    output, wrong = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        redirect_stdout(output),
        redirect_stderr(wrong),
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(SystemExit) as ended,
    ):
        patch.setattr(sys, "argv", ["course", *map(str, arguments)])
        main()
    assert isinstance(ended.value.code, int)
    return Done(ended.value.code, output.getvalue(), wrong.getvalue())


LATE = '"due": "2027-02-12T23:59:00+00:00",'
ROSTER = """student,id,name,email,canvas_id,section
ada1,20260011,"Lovelace, Ada",ada@example.org,7391011,A
ben2,20260012,Benjamin Ng,ben@example.org,7391012,B
chl3,20260013,Chloé Øst,chloe@example.org,7391013,B
"""
PERSONAL = (
    "ada1", "20260011", "Lovelace", "lovelace", "ada@example.org", "7391011",
    "ben2", "20260012", "Benjamin", "ngbenjamin", "ben@example.org", "7391012",
    "Chloé", "chloe@example.org", "7391013", "strangerzoe", "7399999", "7700177001", "my_file", "wendy",
)  # fmt: skip


@pytest.fixture(scope="module")
def graded(numpy_alone: None, tiny_plan: GradingPlan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a course in which a Canvas download was graded into ``out``."""
    root = tmp_path_factory.mktemp("platform")
    course = root / "course"
    shutil.copytree(TINY, course, ignore=shutil.ignore_patterns("__pycache__"))
    config = course / "course_config.py"
    config.write_text(config.read_text().replace(LATE, f'{LATE} "late": {{"per_day": 0.1}}, "canvas_id": 9,'))
    right, wrong = make_submission(tiny_plan, {}, {}), make_submission(tiny_plan, WRONG, {})
    raises = {"q1-answer": "def moving_average(values, width):\n    raise ValueError('wendy was here')"}
    with zipfile.ZipFile(course / "submissions.zip", "w") as archive:
        archive.writestr("lovelaceada_7391011_7700177001_tiny.ipynb", wrong)
        archive.writestr("lovelaceada_7391011_7700177009_tiny-1.ipynb", right)
        archive.writestr("ngbenjamin_LATE_7391012_7700177002_my_file.ipynb", wrong)
        archive.writestr("strangerzoe_7399999_7700177003_tiny.ipynb", make_submission(tiny_plan, raises, {}))
    (course / "class.csv").write_text(ROSTER, encoding="utf-8")
    done = course_command(course, "grade", "submissions.zip", "--out", "out", "--roster", "class.csv")
    assert done.returncode == 0, done.stderr
    (course / "said.txt").write_text(done.stdout, encoding="utf-8")
    return course


def test_the_last_attempt_is_graded_and_everybody_found(graded: Path) -> None:
    actual = {row["name"] or row["student"]: row for row in rows(graded / "out").values()}
    assert {name: (row["total"], row["final"], row["late"]) for name, row in actual.items()} == {
        "Lovelace, Ada": ("14", "14", ""),
        "Benjamin Ng": ("6", "6", "unknown"),
        "Chloé Øst": ("", "", ""),
        "strangerzoe": ("6", "6", ""),
    }
    output = " ".join((graded / "said.txt").read_text(encoding="utf-8").split())
    assert "1 submission without a student: strangerzoe_7399999 (roster: matches no student)." in output
    assert "1 student without a submission: chl3." in output
    assert "1 submission late by an unknown time" in output
    assert (graded / "out" / "roster.csv").stat().st_mode & 0o777 == 0o600


def test_canvas_gets_its_file(graded: Path) -> None:
    done = command(graded, "export", "out", "--format", "canvas", "--out", graded / "canvas")
    assert done.returncode == 0, done.stderr
    with (graded / "canvas" / "canvas.csv").open(newline="", encoding="utf-8") as file:
        header, points, *lines = csv.reader(file, strict=True)
    assert (header[5], points[5]) == ("Smoothing with NumPy (9)", "17")
    assert sorted(line[1:4] + line[5:] for line in lines) == [
        ["7391011", "20260011", "ada1", "14"],
        ["7391012", "20260012", "ben2", "6"],
        ["7391013", "20260013", "chl3", ""],
    ]
    assert "Omitted because Canvas could not identify them: strangerzoe_7399999." in done.stdout


def anonymous_bytes(folder: Path) -> Mapping[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}


def test_what_is_written_anonymously_names_nobody_in_any_byte(graded: Path) -> None:
    for place in ("anonymous", "again"):
        done = command(graded, "report", "out", "--anonymous", "--out", place)
        assert done.returncode == 0, done.stderr
        assert not [text for text in PERSONAL if text in done.stdout]
        assert "1 submission late by an unknown time, so no penalty is applied: student-" in done.stdout
    files = anonymous_bytes(graded / "anonymous")
    assert files == anonymous_bytes(graded / "again")
    assert {"grades.csv", "report.html"} <= files.keys()
    assert len(files) == 2 + 3 * 3
    for name, data in files.items():
        shown = f"{name}\n{data.decode()}"
        assert not [text for text in PERSONAL if text in shown], name
    actual = rows(graded / "anonymous")
    assert sorted(row["final"] for row in actual.values()) == ["14", "6", "6"]
    everything = b"".join(path.read_bytes() for path in (graded / "out").rglob("*.*")).decode(
        "utf-8", "replace"
    )
    assert not [text for text in PERSONAL if text not in everything and text != "7700177001"]


def test_a_table_without_names_goes_to_another_folder(graded: Path) -> None:
    before = (graded / "out" / "grades.csv").read_bytes()
    for options in ((), ("--out", "out")):
        done = command(graded, "export", "out", "--format", "csv", "--anonymous", *options)
        assert done.returncode == 2
        assert "choose another one with --out" in done.stderr
    done = command(graded, "export", "out", "--format", "csv", "--anonymous", "--out", "table")
    assert done.returncode == 0
    assert not [text for text in PERSONAL if text in (graded / "table" / "grades.csv").read_text()]
    assert (graded / "out" / "grades.csv").read_bytes() == before


def test_a_student_is_forgotten_everywhere_and_the_others_are_kept(graded: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(graded / "out", tmp_path / "out"))
    for name in exports.FORMATS:
        if "moodle" not in name:
            assert command(graded, "export", out, "--format", name).returncode == 0
    stored = {name: row for name, row in rows(out).items() if name != "lovelaceada_7391011"}
    done = command(graded, "delete-student", out, "ada lovelace")
    assert (done.returncode, done.stdout) == (0, "Deleted: ada lovelace\n"), done.stderr
    assert rows(out) == stored
    everything = b"".join(path.read_bytes() for path in out.rglob("*.*")).decode("utf-8", "replace")
    assert not [
        text for text in ("ovelace", "ada1", "20260011", "ada@example.org", "7391011") if text in everything
    ]
    assert not (out / "lovelaceada_7391011").exists()
    assert command(graded, "delete-student", out, "chl3").returncode == 0
    assert "Chloé" not in (out / "roster.csv").read_text(encoding="utf-8")
    done = command(graded, "delete-student", out, "nobody")
    assert done.returncode == 2
    assert "no student 'nobody'" in done.stderr


def test_what_else_mentions_a_deleted_student_is_named_as_a_word_and_the_journal_never(
    graded: Path, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(graded / "out", tmp_path / "out"))
    (out / "notes.txt").write_text("called Chloé &Oslash;st, see the table")
    (out / "list.json").write_text('{"mail": "ada@example.org", "name": "Chlo\\u00e9 \\u00d8st"}')
    (out / "numbers.txt").write_text("920260011, 202600110, x7391011x, adal1, LovelaceAdaline")
    explained = out / "strangerzoe_7399999" / "explain-q1.html"
    explained.write_text("with Lovelace, ADA")
    with contextlib.closing(sqlite3.connect(out / "gradebook.db")) as database, database:
        database.execute("CREATE TABLE student (id TEXT)")
        database.execute("INSERT INTO student VALUES ('lovelaceada_7391011')")
    done = command(graded, "delete-student", out, "20260013")
    assert f"{out / 'notes.txt'} still mentions the student: delete it by hand." in done.stdout
    assert f"{out / 'list.json'} still mentions the student: delete it by hand." in done.stdout
    done = command(graded, "delete-student", out, "Ada@Example.org")
    assert done.returncode == 0, done.stderr
    assert f"{explained.parent}: another student's submission mentions this student" in done.stdout
    assert "run.jsonl" not in done.stdout and "numbers.txt" not in done.stdout
    assert f"{out / 'list.json'} still mentions the student: delete it by hand." in done.stdout
    assert (
        f"{out / 'gradebook.db'} still mentions the student: run `nbgrader db student remove`" in done.stdout
    )


def test_feedback_goes_back_to_canvas_without_anything_of_staff(graded: Path, tmp_path: Path) -> None:
    done = command(graded, "export", "out", "--format", "feedback-canvas", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "feedback-canvas.zip") as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert sorted(files) == [
        "lovelaceada_7391011_7700177009_feedback.html",
        "ngbenjamin_7391012_7700177002_feedback.html",
        "strangerzoe_7399999_7700177003_feedback.html",
    ]
    for name, page in files.items():
        folder = graded / "out" / "_".join(name.split("_")[:2])
        assert page == (folder / "feedback.html").read_text(encoding="utf-8")
    assert "<h1>Feedback for Lovelace, Ada</h1>" in files["lovelaceada_7391011_7700177009_feedback.html"]
    done = command(graded, "export", "out", "--format", "feedback-canvas", "--anonymous", "--out", tmp_path)
    assert (done.returncode, "returns each page to its student by name" in done.stderr) == (2, True)
    done = command(graded, "export", "out", "--format", "feedback-moodle", "--out", tmp_path)
    assert (done.returncode, "no student's name on the platform is known" in done.stderr) == (2, True)


def test_a_later_list_changes_who_is_who_without_grading_again(graded: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(graded / "out", tmp_path / "out"))
    journal = (out / "run.jsonl").read_bytes()
    (tmp_path / "later.csv").write_text(f"{ROSTER}zoe4,20260014,Zoe Stranger,,,C\n", encoding="utf-8")
    done = command(graded, "report", out, "--roster", tmp_path / "later.csv")
    assert done.returncode == 0, done.stderr
    assert rows(out)["strangerzoe_7399999"]["id"] == "20260014"
    assert (out / "run.jsonl").read_bytes() == journal
    (tmp_path / "wrong.csv").write_text("studnet\nx\n")
    done = command(graded, "report", out, "--roster", tmp_path / "wrong.csv")
    assert (done.returncode, "did you mean 'student'?" in done.stderr) == (2, True)


METADATA = """submission_456:
  :submitters:
  - {":name": Ada Lovelace, ":sid": '20260011', ":email": ada@example.org}
  - {":name": Ben Ng, ":sid": '20260012', ":email": ben@example.org}
  :created_at: 2027-02-13 00:00:30.000000000 Z
"""


@pytest.mark.slow
def test_a_group_is_graded_once_and_each_member_has_a_result(
    graded: Path, tiny_plan: GradingPlan, tmp_path: Path
) -> None:
    export, out = tmp_path / "assignment_1_export", tmp_path / "out"
    (export / "submission_456").mkdir(parents=True)
    (export / "submission_456" / "tiny.ipynb").write_bytes(make_submission(tiny_plan, {}, {}))
    (export / "submission_metadata.yml").write_text(METADATA)
    done = course_command(graded, "grade", export, "--out", out)
    assert done.returncode == 0, done.stderr
    actual = rows(out)
    wanted = ("14", "1", "1.4", "12.6", "2027-02-13T00:00:30+00:00")
    for name in ("Ada Lovelace_20260011", "Ben Ng_20260012"):
        columns = ("total", "late", "penalty", "final", "handed_in")
        assert tuple(actual[name][column] for column in columns) == wanted
        assert (out / name / "feedback.html").is_file()
        assert (out / name / "submission.ipynb").is_file()
    header, started, ada, ben, stopped = ((out / "run.jsonl").read_text()).splitlines()
    assert json.loads(ada)["wall_s"] == json.loads(ben)["wall_s"]  # one grading, two results

    later = METADATA.replace("2027-02-13", "2027-02-14")
    (export / "submission_metadata.yml").write_text(later)
    assert command(graded, "grade", export, "--out", out).returncode == 0  # nothing is graded again
    assert {row["late"] for row in rows(out).values()} == {"2"}
    assert (out / "run.jsonl").read_text().startswith("\n".join((header, started, ada, ben, stopped)))
    done = command(graded, "delete-student", out, "Ben Ng_20260012")
    assert done.returncode == 0
    assert "Ben Ng" not in (out / "run.jsonl").read_text()
    assert list(rows(out)) == ["Ada Lovelace_20260011"]
