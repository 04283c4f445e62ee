"""What staff do with a class: find a person, read names, give feedback back, see what is unfinished."""

import csv
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from autograder.course import load_course
from autograder.engine import journal
from autograder.engine.results import Result
from autograder.errors import StaffError
from autograder.notebook import Source
from autograder.report import exports, load_run, pages, summary
from autograder.report.load_run import Run
from autograder.report.marks import Mark, display_names, final_marks, find_student
from autograder.report.roster import Roster, Student
from tests.support.sample_results import HEADER, result_for

COURSE = load_course(Path(__file__).parents[1] / "tiny_assignment")
TINY = COURSE.assignment("tiny")
OUT = Path("out")
CLASS = (
    Student("ada1", "20260011", "Lovelace, Ada", "Ada@example.org", canvas_id="7391011"),
    Student("ben2", "20260012", "Benjamin Ng", "ben@example.org"),
    Student("kim3", "20260013", "Kim Lee", "kim3@example.org"),
    Student("kim4", "20260014", "Kim Lee", "kim4@example.org"),
    Student("zoe5", "20260015", "Zoë Øst", "zoe@example.org"),
)
RESULTS = (
    result_for(
        "lovelaceada_7391011",
        submission="class.zip/lovelaceada_7391011_77001_lab-1.ipynb",
        name="lovelaceada",
        ids={"canvas": "7391011"},
    ),
    result_for("ben2", submission="submitted/ben2/tiny/tiny.ipynb", ids={"student": "ben2"}),
    result_for("kim3", submission="kim3.ipynb", ids={"student": "kim3"}),
    result_for("kim4", submission="kim4.ipynb", ids={"student": "kim4"}),
)


def marks_of(results: tuple[Result, ...] = RESULTS, roster: Roster = CLASS) -> tuple[Mark, ...]:
    return final_marks(results, roster, TINY)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("lovelaceada_7391011", "lovelaceada_7391011"),
        ("ada1", "lovelaceada_7391011"),
        ("20260011", "lovelaceada_7391011"),
        ("7391011", "lovelaceada_7391011"),
        ("ada@EXAMPLE.org", "lovelaceada_7391011"),
        ("Ada Lovelace", "lovelaceada_7391011"),
        ("lovelace, ada", "lovelaceada_7391011"),
        ("lovelaceada_7391011_77001_lab-1.ipynb", "lovelaceada_7391011"),
        ("lovelaceada_7391011_77001_lab-1", "lovelaceada_7391011"),
        ("Ng Benjamin", "ben2"),
        ("submitted/ben2/tiny/tiny.ipynb", "ben2"),
        ("KIM3.ipynb", "kim3"),
        ("Øst, Zoë", "zoe5"),
    ],
)
def test_a_person_is_found_by_whatever_names_exactly_one(text: str, label: str) -> None:
    assert [mark.label for mark in find_student(marks_of(), text, OUT)] == [label]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Kim Lee", "out: 'Kim Lee' matches 2 students; write one of: 'kim3' (Kim Lee), 'kim4' (Kim Lee)"),
        ("Benjamin N", "out: no student 'Benjamin N'; did you mean 'ben2' (Benjamin Ng)?"),
        ("bem2", "out: no student 'bem2'; did you mean 'ben2' (Benjamin Ng)?"),
        ("2026001", "out: no student '2026001'; did you mean "),
        ("", "out: no student ''; the run has 5 students"),
        ("qqqqqq", "out: no student 'qqqqqq'; the run has 5 students"),
    ],
)
def test_who_is_not_found_is_suggested_by_name(text: str, sentence: str) -> None:
    with pytest.raises(StaffError) as refused:
        find_student(marks_of(), text, OUT)
    assert str(refused.value).startswith(sentence)


def test_an_exact_match_precedes_one_in_another_case() -> None:
    roster = (Student("Ada", name="A B"), Student("Eva", email="ADA@x.org"), Student("eve", name="ada"))
    marks = marks_of((), roster)
    assert [mark.row.student for mark in find_student(marks, "Ada", OUT)] == ["Ada"]
    assert [mark.row.student for mark in find_student(marks, "ada", OUT)] == ["eve"]
    assert [mark.row.student for mark in find_student(marks, "ada@X.ORG", OUT)] == ["Eva"]


def test_a_group_is_named_as_a_whole_and_each_member_alone() -> None:
    roster = tuple(replace(student, group="Team 1") for student in CLASS[:2])
    marks = marks_of((result_for("Team 1_77", name="Team 1", ids={"moodle": "77"}),), roster)
    assert len(find_student(marks, "Team 1_77", OUT)) == 2
    assert [mark.row.student for mark in find_student(marks, "benjamin ng", OUT)] == ["ben2"]


def test_names_head_every_table_and_page_and_labels_stay(tmp_path: Path) -> None:
    run = Run(tmp_path, TINY, RESULTS, marks_of())
    pages.write_reports(run, Source("tiny.ipynb", (), ()))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "grades.csv").read_text(encoding="utf-8"))))
    assert [(row["student"], row["name"]) for row in rows] == [
        ("ben2", "Benjamin Ng"),
        ("kim3", "Kim Lee"),
        ("kim4", "Kim Lee"),
        ("lovelaceada_7391011", "Lovelace, Ada"),
        ("zoe5", "Zoë Øst"),
    ]
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '/feedback.html">Lovelace, Ada</a> <span class="quiet id">lovelaceada_7391011</span>' in report
    assert '/feedback.html">Kim Lee (kim3)</a>' in report
    assert report.index(">Benjamin Ng</a> <span") < report.index(">Lovelace, Ada</a> <span")
    feedback = (tmp_path / "lovelaceada_7391011" / "feedback.html").read_text(encoding="utf-8")
    assert '<h1>Feedback for Lovelace, Ada</h1>\n<p class="quiet">lovelaceada_7391011</p>' in feedback
    output = io.StringIO()
    Console(file=output, width=100).print(summary.summary_table(RESULTS, display_names(run.marks)))
    lines = output.getvalue().splitlines()
    assert any(line.split()[:3] == ["Lovelace,", "Ada", "lovelaceada…"] for line in lines)
    assert any(line.split()[:4] == ["Kim", "Lee", "(kim3)", "kim3"] for line in lines)


def test_the_platform_knows_a_name_where_no_list_does(tmp_path: Path) -> None:
    moodle = result_for("Ada Lovelace_2011", name="Ada Lovelace", ids={"moodle": "2011"})
    marks = marks_of((moodle, result_for("ben")), ())
    assert display_names(marks) == {"Ada Lovelace_2011": "Ada Lovelace"}
    header, ada, ben = summary.dump_grades(marks).decode().splitlines()
    assert header.startswith("student,name,q1,")
    assert (ada.split(",")[:2], ben.split(",")[:2]) == (["Ada Lovelace_2011", "Ada Lovelace"], ["ben", ""])


def run_folder(out: Path, results: tuple[Result, ...], students: tuple[str, ...]) -> None:
    header = replace(HEADER, assignment="tiny")
    with journal.Journal.open(out, header) as stored:
        for result in results:
            stored.append(replace(result, assignment="tiny"))
    load_run.store_account(out, load_run.Account((), (), students))


def test_a_run_says_whether_it_is_in_progress_interrupted_or_finished(tmp_path: Path) -> None:
    run_folder(tmp_path, RESULTS[:2], ("ben2", "kim3", "kim4", "lovelaceada_7391011"))
    run = load_run.load(tmp_path, COURSE)
    resumes = "the same `course grade` command resumes it."
    assert run.unfinished == f"2 of 4 submissions are graded; the run was interrupted: {resumes}"
    assert load_run.anonymize(run).unfinished == run.unfinished
    assert run.unfinished in exports.remarks(run, "csv")
    pages.write_reports(run, Source("tiny.ipynb", (), ()))
    assert run.unfinished in (tmp_path / "report.html").read_text(encoding="utf-8")
    with journal.Journal.open(tmp_path, replace(HEADER, assignment="tiny")):
        in_progress = load_run.load(tmp_path, COURSE).unfinished
    assert in_progress == "2 of 4 submissions are graded; the run is in progress."
    run_folder(tmp_path, RESULTS[2:], ("ben2", "kim3", "kim4", "lovelaceada_7391011"))
    assert load_run.load(tmp_path, COURSE).unfinished == ""


def archive_of(run: Run, name: str) -> dict[str, str]:
    for result in run.results:
        folder = run.out / journal.folder_name(result.student)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "feedback.html").write_text(f"page of {result.student}")
        (folder / "results.staff.json").write_text("only for staff")
    with zipfile.ZipFile(exports.export(run, name)) as archive:
        return {entry: archive.read(entry).decode() for entry in archive.namelist()}


def canvas_name(files: dict[str, str]) -> dict[tuple[str, ...], str]:
    """Read names as Canvas does: the first two numbers, or what follows ``anon``."""
    found = {}
    for name, page in files.items():
        parts = [part for part in name.rpartition("/")[2].split("_") if part != "LATE"]
        numbers = parts[1:3] if parts[0] == "anon" else [part for part in parts if part.isdigit()][:2]
        found[tuple(numbers)] = page
    return found


def test_canvas_gets_each_page_under_the_numbers_that_it_wrote(tmp_path: Path) -> None:
    late = "lovelaceada_LATE_7391011_77001_lab-1.ipynb"
    names = {
        "a": (f"class.zip/{late}", "7391011"),
        "b": ("12_8800_900_files/1234_7391012_77002_my_12_file.ipynb", "7391012"),
        "anon_x7Kp2": ("LATE_anon_x7Kp2_77003_lab.ipynb", ""),
        "quiz": ("lovelace_ada7391013_question_4711_77010_lab.ipynb", "7391013"),
        "other": ("submitted/other/tiny/tiny.ipynb", ""),
    }
    results = []
    for student, (path, number) in names.items():
        ids = {"canvas": number} if number else {}
        results.append(result_for(student, submission=path, ids=ids, name="=cmd()" if number else ""))
    run = Run(tmp_path, TINY, tuple(results), marks_of(tuple(results), ()))
    assert canvas_name(archive_of(run, "feedback-canvas")) == {
        ("7391011", "77001"): "page of a",
        ("7391012", "77002"): "page of b",
        ("x7Kp2", "77003"): "page of anon_x7Kp2",
    }
    said = exports.remarks(run, "feedback-canvas")
    assert said[-1] == "Omitted because their names on the platform are unknown: quiz, other."


def moodle_participant(name: str) -> tuple[str, ...]:
    """Read a name as Moodle does: five parts of a folder between underscores, and the rest."""
    folder, _, rest = name.partition("/")
    who, number, *plugin = folder.split("_", 4)
    assert plugin == ["assignsubmission", "file", ""] and rest == "feedback.html"
    return who, number


def test_moodle_gets_a_folder_for_each_participant(tmp_path: Path) -> None:
    roster = (Student("ben2", name="Ben_Big/Ng", moodle_id="2012"), Student("kim3", name="Kim Lee"))
    results = (
        result_for("Ada Lovelace_2011", name="Ada Lovelace", ids={"moodle": "2011"}),
        result_for("ben2", ids={"student": "ben2"}),
        result_for("kim3", ids={"student": "kim3"}),
    )
    run = Run(tmp_path, TINY, results, marks_of(results, roster))
    files = archive_of(run, "feedback-moodle")
    assert {moodle_participant(name): page for name, page in files.items()} == {
        ("Ada Lovelace", "2011"): "page of Ada Lovelace_2011",
        ("Ben Big Ng", "2012"): "page of ben2",
    }
    assert exports.remarks(run, "feedback-moodle")[-1].endswith("are unknown: kim3.")


def test_each_member_of_a_group_gets_the_page_or_moodle_gives_it_to_them(tmp_path: Path) -> None:
    roster = tuple(replace(CLASS[n], group="Team 1", moodle_id=f"201{n}") for n in range(2))
    own = result_for("Team 1", name="Team 1", ids={"student": "Team 1"})
    run = Run(tmp_path, TINY, (own,), marks_of((own,), roster))
    assert {moodle_participant(name)[1] for name in archive_of(run, "feedback-moodle")} == {"2010", "2011"}
    downloaded = result_for("Team 1_77", name="Team 1", ids={"moodle": "77"})
    run = Run(tmp_path, TINY, (downloaded,), marks_of((downloaded,), roster))
    assert [moodle_participant(name) for name in archive_of(run, "feedback-moodle")] == [("Team 1", "77")]


def test_a_place_that_two_submissions_claim_is_nobodys(tmp_path: Path) -> None:
    results = tuple(
        result_for(student, name="Ada Lovelace", ids={"moodle": "2011"}) for student in ("ada", "eva")
    )
    ben = result_for("ben", name="Ben Ng", ids={"moodle": "2012"})
    run = Run(tmp_path, TINY, (*results, ben), marks_of((*results, ben), ()))
    assert list(archive_of(run, "feedback-moodle").values()) == ["page of ben"]
    assert exports.remarks(run, "feedback-moodle")[-1].endswith("are unknown: ada, eva.")


def test_without_any_name_of_the_platform_there_is_no_archive(tmp_path: Path) -> None:
    run = Run(tmp_path, TINY, RESULTS[1:], marks_of(RESULTS[1:], ()))
    for name in ("feedback-canvas", "feedback-moodle"):
        with pytest.raises(StaffError, match="no student's name on the platform is known"):
            archive_of(run, name)
