"""The account of a class: one label for each file, one row for each person."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from autograder.commands.grade_class import dry_run
from autograder.course import Assignment, load_course
from autograder.engine.zygote_client import Zygote
from autograder.errors import StaffError
from autograder.report import load_run, pages
from autograder.report.load_run import Account
from autograder.report.roster import Student, finder
from autograder.submission.arrivals import Label
from autograder.submission.discover import LabeledFile, take_in
from tests.submission.conftest import LAB, ROOT, answered
from tests.submission.test_find import packed, written
from tests.support.sample_results import result_for

FILES = (
    LabeledFile("ada.ipynb", Label.GRADED, "", "ada"),
    *[LabeledFile(f"ada/rnnlab/{number}.py", Label.RELEASE, "", "ada") for number in range(36)],
    LabeledFile("ben.zip", Label.CONTAINER),
    LabeledFile("<b>x", Label.UNREADABLE, "The file is a PDF.", "<i>eve"),
)


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return load_course(ROOT).assignment(LAB)


def test_files_with_equal_labels_are_one_sentence() -> None:
    assert list(Account(FILES, ("eve: look here.",)).sentences()) == [
        "39 files: 1 graded, 36 part of a release, 1 container, 1 unreadable.",
        "36 part of a release.",
        "1 unreadable (The file is a PDF): <b>x.",
        "eve: look here.",
    ]


def test_a_run_keeps_it_and_the_report_shows_it_escaped(tmp_path: Path) -> None:
    kept = Account(FILES, ("ada: <script>",))
    load_run.store_account(tmp_path, kept)
    assert load_run.load_account(tmp_path) == kept
    page = pages.report([result_for("ada")], title="Lab", account=kept).decode()
    assert "36 part of a release" in page
    assert "&lt;b&gt;x" in page
    assert "<i>eve" not in page
    assert "ada: <script>" not in page


def test_a_damaged_one_is_a_sentence_and_a_missing_one_nothing(tmp_path: Path) -> None:
    assert load_run.load_account(tmp_path) is None
    (tmp_path / load_run.ACCOUNT_NAME).write_bytes(b"{")
    with pytest.raises(StaffError, match=r"files.json: is damaged .*; delete it"):
        load_run.load_account(tmp_path)


def test_a_deleted_student_is_in_no_account() -> None:
    arrived = Account(FILES, ("ada: other file", "adam: it stays"), ("ada", "eve"))
    kept = load_run.without_people(arrived, {"ada"}, re.compile(r"\bada\b"))
    assert [file.path for file in kept.files] == ["ben.zip", "<b>x"]
    assert (kept.remarks, kept.students) == (("adam: it stays",), ("eve",))


def test_a_dry_run_names_everybody_and_every_file_and_starts_nothing(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Zygote, "start", None)
    files = {
        f"ada/{LAB}.ipynb": answered(1),
        f"ada/{LAB}-Copy1.ipynb": answered(2),
        "ben.zip": packed({f"{LAB}.ipynb": b""}),
        "stranger.ipynb": answered(3),
        "marks.csv": b"1",
    }
    roster = written(tmp_path, {"class.csv": b"student,name\nada,Ada Lovelace\nben,Ben Ng\ncyd,Cy Dee\n"})
    console = Console(file=io.StringIO(), width=300)
    dry_run(assignment, [written(tmp_path / "class", files)], console, roster=roster / "class.csv")
    output = console.file.getvalue()  # type: ignore[attr-defined]
    for text in (
        "Ada Lovelace",
        "Ben Ng",
        "Cy Dee",
        f"ada/{LAB}-Copy1.ipynb",
        "The file is empty",
        "no submission",
    ):
        assert text in output
    assert "6 files: 2 graded, 1 earlier attempt, 1 container, 1 ignored, 1 unreadable." in output
    assert "1 submission without a student: stranger (roster: matches no student)." in output
    assert "1 student without a submission: cyd." in output
    assert "other files have different answers" in output


def test_what_cannot_be_told_apart_is_a_remark(tmp_path: Path, assignment: Assignment) -> None:
    files = {"Ada.ipynb": answered(1), "ada.py": b"def rnn_step(a, b):\n    return 2\n"}
    intake = take_in([written(tmp_path, files)], assignment)
    assert len({submission.student for submission in intake.submissions}) == 2
    assert intake.remarks[0].startswith("Equal names were made unique: ")


def test_whoever_is_on_no_list_has_a_row_too(assignment: Assignment, tmp_path: Path) -> None:
    intake = take_in([written(tmp_path, {"ada.ipynb": answered(1), "ben.ipynb": b""})], assignment)
    marks = load_run.expected_marks(intake.submissions, (), replace(assignment))
    assert [mark.label for mark in marks] == ["ada", "ben"]


def test_the_list_knows_files_by_name_also_with_marks_of_copies(
    assignment: Assignment, tmp_path: Path
) -> None:
    files = {"ada (1).ipynb": answered(1), f"{LAB} x7.ipynb": answered(2), "team/mine.ipynb": answered(3)}
    roster = (Student("ada"), Student("ben", file=f"{LAB} x7.ipynb"), Student("cyd", file="team"))
    intake = take_in([written(tmp_path, files)], assignment, whose=finder(roster))
    marks = load_run.expected_marks(intake.submissions, roster, assignment)
    assert {mark.row.student: mark.result.submission for mark in marks if mark.result} == {
        "ada": "ada (1).ipynb",
        "ben": f"{LAB} x7.ipynb",
        "cyd": "team/mine.ipynb",
    }
