"""One student again, one question again, and what the checks saw."""

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from autograder.checks import Outcome
from autograder.commands import students
from autograder.commands.grade_class import grade_class
from autograder.course import Course, load_course
from autograder.engine import journal, run
from autograder.engine.journal import SUBMISSION_NAME
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result
from autograder.engine.worker import Worker
from autograder.errors import StaffError
from autograder.report import load_run
from tests.engine.test_session import AVERAGE
from tests.support.grading import TINY_COURSE, make_submission
from tests.support.plans import compile_plan

WRONG = {"q1-answer": AVERAGE.replace("valid", "same")}


@pytest.fixture(scope="module")
def graded_class(numpy_alone: None, tiny_plan: GradingPlan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course beside whose configuration a run of two students lies."""
    root = tmp_path_factory.mktemp("regrade") / "course"
    shutil.copytree(TINY_COURSE, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "in").mkdir()
    (root / "in" / "ana.ipynb").write_bytes(make_submission(tiny_plan, {}, {}))
    (root / "in" / "ben.ipynb").write_bytes(make_submission(tiny_plan, WRONG, {}))
    course = load_course(root)
    quiet = Console(file=io.StringIO())
    assert grade_class(course.assignment("tiny"), [root / "in"], root / "out", quiet) == 0
    return root


@pytest.fixture
def course(graded_class: Path, tmp_path: Path) -> Course:
    return load_course(Path(shutil.copytree(graded_class, tmp_path / "course")))


def recorded(course: Course, student: str) -> Result:
    past = load_run.load(course.root / "out", course)
    return next(result for result in past.results if result.student == student)


def record(course: Course, student: str, change: Callable[[Result], Result]) -> None:
    out, plan = course.root / "out", compile_plan(course.assignment("tiny"))
    with journal.Journal.open(out, run.run_header(plan)) as stored:
        stored.append(change(recorded(course, student)))


def ungraded(result: Result) -> Result:
    return replace(result, checks=tuple(replace(check, outcome=Outcome.UNGRADED) for check in result.checks))


def marks(course: Course, student: str) -> dict[str, float | None]:
    return recorded(course, student).marks()


def test_only_the_checks_of_the_question_that_is_named_run_again(course: Course) -> None:
    record(course, "ben", ungraded)
    output = io.StringIO()
    code = students.regrade(
        course, course.root / "out", ["ben"], Console(file=output, width=100), question="q2"
    )
    assert marks(course, "ben") == {"q1": None, "q2": 6.0}
    assert code == 2, "q1 is still ungraded"
    assert "ben: 0 → 6 of 14" in output.getvalue()
    assert "ungraded → passed" in output.getvalue()
    assert '"score": 6' in (course.root / "out" / "ben" / "results.json").read_text()


@pytest.mark.slow
def test_all_questions_of_a_student_run_again_and_nobody_elses(course: Course) -> None:
    before = recorded(course, "ana")
    record(course, "ben", ungraded)
    assert students.regrade(course, course.root / "out", ["ben"], Console(file=io.StringIO())) == 0
    assert marks(course, "ben") == {"q1": 0.0, "q2": 6.0}
    assert recorded(course, "ana") == before


@pytest.mark.slow
def test_a_second_grading_gives_what_the_first_gave(course: Course) -> None:
    first = recorded(course, "ben")
    students.regrade(course, course.root / "out", ["ben"], Console(file=io.StringIO()))
    again = recorded(course, "ben")
    assert [(c.id, c.outcome, c.message, c.hint) for c in again.checks] == [
        (c.id, c.outcome, c.message, c.hint) for c in first.checks
    ]
    assert (again.repairs, again.flags, again.misconceptions) == (
        first.repairs,
        first.flags,
        first.misconceptions,
    )


def test_an_appeal_shows_what_each_check_asked_and_got_and_changes_no_mark(course: Course) -> None:
    out = course.root / "out"
    before = (out / "run.jsonl").read_bytes()
    page = students.explain(course, out, "ben", "q1").read_text(encoding="utf-8")
    assert (out / "run.jsonl").read_bytes() == before
    hidden = [check for check in recorded(course, "ben").checks if check.hidden and check.question == "q1"]
    assert hidden
    assert all(check.id in page for check in hidden)
    assert "moving_average(" in page
    assert "np.convolve" in page, "the answer"
    assert "array, shape (" in page, "what came back"
    assert "For staff only" in page
    feedback = (out / "ben" / "feedback.html").read_text(encoding="utf-8")
    assert "array, shape (" not in feedback
    assert not any(check.id in feedback for check in hidden)


@pytest.mark.slow
def test_an_appeal_shows_what_an_answer_raised_and_escapes_it(course: Course, tiny_plan: GradingPlan) -> None:
    raising = {"q1-answer": "def moving_average(values, width=width):\n    raise ValueError('<b>no</b>')\n"}
    out, data = course.root / "out", make_submission(tiny_plan, raising, {})
    (course.root / "in" / "ben.ipynb").write_bytes(data)
    quiet = Console(file=io.StringIO())
    grade_class(course.assignment("tiny"), [course.root / "in"], out, quiet)
    page = students.explain(course, out, "ben", "q1").read_text(encoding="utf-8")
    assert "raised ValueError in line 2: &lt;b&gt;no&lt;/b&gt;" in page
    assert "<b>no" not in page


@pytest.mark.parametrize(
    ("student", "question", "sentence"),
    [
        ("bem", "q1", "no student 'bem'; did you mean 'ben'?"),
        ("ben", "q7", "no question 'q7' that is graded by checks; use one of: q1, q2"),
        ("ben", "q3", "no question 'q3' that is graded by checks"),
    ],
)
def test_what_is_not_there_is_told(course: Course, student: str, question: str, sentence: str) -> None:
    with pytest.raises(StaffError, match=sentence.replace("?", r"\?")):
        students.explain(course, course.root / "out", student, question)
    with pytest.raises(StaffError, match=sentence.replace("?", r"\?")):
        students.regrade(
            course, course.root / "out", [student], Console(file=io.StringIO()), question=question
        )


@pytest.mark.slow
def test_no_mark_changes_when_our_own_processes_end_meanwhile(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = recorded(course, "ben")
    monkeypatch.setattr(Worker, "is_alive", lambda _: False)
    with pytest.raises(StaffError, match="run the same command again"):
        students.regrade(course, course.root / "out", ["ben"], Console(file=io.StringIO()))
    assert recorded(course, "ben") == before


def test_other_bytes_than_those_that_were_graded_are_not_graded_again(course: Course) -> None:
    (course.root / "out" / "ben" / SUBMISSION_NAME).write_bytes(json.dumps({"cells": []}).encode())
    with pytest.raises(StaffError, match="the graded submission is missing"):
        students.regrade(course, course.root / "out", ["ben"], Console(file=io.StringIO()))


def test_a_run_against_another_source_is_not_mixed(course: Course) -> None:
    notebook = course.assignment("tiny").notebook
    notebook.write_bytes(notebook.read_bytes() + b"\n")
    with pytest.raises(
        StaffError, match="was graded before a change of source notebook; grade the class again"
    ):
        students.explain(course, course.root / "out", "ben", "q1")
