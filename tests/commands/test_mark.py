"""A person's mark for a question: settled, overridden, kept, undone, refused."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from autograder.checks import Outcome
from autograder.commands import students
from autograder.commands.grade_class import grade_class
from autograder.course import Course
from autograder.engine import journal, run
from autograder.engine.plan import GradingPlan
from autograder.engine.results import GradingStatus, Result, StaffMark
from autograder.errors import StaffError
from autograder.report.load_run import KEY
from tests.commands.test_regrade import course, graded_class, record, recorded  # noqa: F401  fixtures
from tests.commands.test_student_data import command
from tests.support.grading import make_submission
from tests.support.plans import compile_plan

WHY = "the window is right, only its edge is not"


def in_review(result: Result) -> Result:
    """Return the result as if nothing of q1 could be judged."""
    checks = tuple(
        replace(check, outcome=Outcome.REVIEW, message="a layer is your own class")
        if check.question == "q1"
        else check
        for check in result.checks
    )
    return replace(result, checks=checks)


def grade_again(course: Course, **options: bool) -> str:  # noqa: F811
    output = io.StringIO()
    out, submitted = course.root / "out", course.root / "in"
    assert grade_class(course.assignment("tiny"), [submitted], out, Console(file=output), **options) == 0
    return " ".join(output.getvalue().split())


@pytest.fixture
def out(course: Course) -> Path:  # noqa: F811
    """A run in which a person must look at q1 of ben, worth 8 of his 14 points."""
    record(course, "ben", in_review)
    return course.root / "out"


def test_a_run_with_something_to_look_at_is_done_and_says_so(course: Course, out: Path) -> None:  # noqa: F811
    printed = grade_again(course)
    assert "8 points of 1 student need a person (ben): see the top of the class report." in printed
    assert recorded(course, "ben").status is GradingStatus.REVIEW


def test_a_mark_settles_a_question_and_everybody_reads_why(course: Course, out: Path) -> None:  # noqa: F811
    done = command(course.root, "mark", "out", "ben", "q1", "5.5", "--why", WHY)
    assert (done.returncode, done.stdout) == (0, "ben: 11.5 of 14 points, graded\n"), done.stderr
    assert recorded(course, "ben").marks() == {"q1": 5.5, "q2": 6}
    results = json.loads((out / "ben" / "results.json").read_text())
    assert results["score"] == 11.5 and f"marked by staff: {WHY}" in results["output"]
    for name in ("ben/feedback.html", "report.html", "grades.csv"):
        assert WHY in (out / name).read_text(encoding="utf-8"), name
    for name in ("junit", "markdown", "annotations"):
        assert command(course.root, "export", "out", "--format", name).returncode == 0
    for name in ("junit.xml", "summary.md", "annotations.txt"):
        assert WHY in (out / name).read_text(encoding="utf-8"), name
    assert WHY in students.explain(course, out, "ben", "q1").read_text(encoding="utf-8")


def test_a_mark_overrides_what_the_checks_decided_until_it_is_undone(course: Course) -> None:  # noqa: F811
    out = course.root / "out"
    before = recorded(course, "ana")
    students.mark(course, out, "ana", "q2", points=0, why="copied")
    students.mark(course, out, "ana", "q3", points=2, why="half of it is said")
    assert recorded(course, "ana").marks() == {"q1": 8, "q2": 0, "q3": 2}
    for question in ("q2", "q3"):
        assert command(course.root, "mark", "out", "ANA.ipynb", question, "--undo").returncode == 0
    assert recorded(course, "ana") == before
    assert "copied" not in (out / "ana" / "feedback.html").read_text()


def test_a_mark_stays_when_the_same_bytes_are_graded_again(course: Course, out: Path) -> None:  # noqa: F811
    students.mark(course, out, "ben", "q1", points=5.5, why=WHY)
    students.regrade(course, out, ["ben"], Console(file=io.StringIO()))
    grade_again(course)
    grade_again(course, force=True)
    after = recorded(course, "ben")
    assert after.staff_marks == {"q1": StaffMark(5.5, WHY)}
    assert {check.outcome for check in after.checks if check.question == "q1"} != {Outcome.REVIEW}
    assert after.earned == 11.5 and not any(WHY in flag for flag in after.flags)


def test_a_mark_is_dropped_with_a_sentence_when_other_bytes_are_submitted(
    course: Course,  # noqa: F811
    out: Path,
    tiny_plan: GradingPlan,
) -> None:
    students.mark(course, out, "ben", "q1", points=5.5, why=WHY)
    path = course.root / "in" / "ben.ipynb"
    first = path.read_bytes()
    path.write_bytes(make_submission(tiny_plan, {}, {}))
    grade_again(course)
    after = recorded(course, "ben")
    assert (after.earned, after.staff_marks) == (14, {})
    sentence = "Staff gave 5.5 points for q1 of another submission or version; this mark no longer counts"
    assert any(flag.startswith(sentence) for flag in after.flags)
    assert sentence in (out / "report.html").read_text()
    assert sentence not in (out / "ben" / "feedback.html").read_text()
    path.write_bytes(first)
    grade_again(course, force=True)
    assert recorded(course, "ben").staff_marks == {"q1": StaffMark(5.5, WHY)}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("bem", "q1", "3", "--why", WHY), "no student 'bem'; did you mean 'ben'?"),
        (("ben", "q11", "3", "--why", WHY), "no question 'q11'; did you mean 'q1'?"),
        (("ben", "essay", "3", "--why", WHY), "no question 'essay'; use one of: q1, q2, q3"),
        (("ben", "q1", "8.01", "--why", WHY), "q1 can get 0 to 8 points, not 8.01"),
        (("ben", "q1", "nan", "--why", WHY), "q1 can get 0 to 8 points, not nan"),
        (("ben", "q1", "inf", "--why", WHY), "q1 can get 0 to 8 points, not inf"),
        (("ben", "q1", "--why", WHY, "--", "-1"), "q1 can get 0 to 8 points, not -1"),
        (("ben", "q1", "3"), "a mark needs a reason"),
        (("ben", "q1", "3", "--why", " \n"), "a mark needs a reason"),
        (("ben", "q1", "--why", WHY), "give the points of the question or --undo"),
        (("ben", "q1", "3", "--undo"), "give the points of the question or --undo"),
        (("ben", "q1", "--undo"), "ben has no mark by staff for q1"),
    ],
)
def test_what_is_no_mark_is_refused_in_a_sentence(
    course: Course,  # noqa: F811
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    path = course.root / "out" / journal.NAME
    before = path.read_bytes()
    done = command(course.root, "mark", "out", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr and len(done.stderr.splitlines()) == 1
    assert path.read_bytes() == before


def test_nobody_marks_while_a_run_is_in_progress(course: Course) -> None:  # noqa: F811
    out = course.root / "out"
    header = run.run_header(compile_plan(course.assignment("tiny")))
    with (
        journal.Journal.open(out, header),
        pytest.raises(StaffError, match="another run is writing here"),
    ):
        students.mark(course, out, "ben", "q1", points=3, why=WHY)
    assert recorded(course, "ben").staff_marks == {}


def test_a_mark_and_its_reason_go_with_the_student(course: Course) -> None:  # noqa: F811
    out = course.root / "out"
    students.mark(course, out, "ben", "q1", points=3, why=WHY)
    students.mark(course, out, "ana", "q1", points=4, why="another reason")
    assert WHY in everything(out)
    students.delete_student(course, out, "ben")
    assert WHY not in everything(out) and "another reason" in everything(out)


def test_a_reason_is_not_in_the_views_without_names(course: Course) -> None:  # noqa: F811
    students.mark(course, course.root / "out", "ben", "q1", points=3, why=WHY)
    assert command(course.root, "report", "out", "--anonymous", "--out", "public").returncode == 0
    shown = everything(course.root / "public")
    assert "3 of 8 points, marked by staff." in shown and WHY not in shown


def everything(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != KEY]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)
