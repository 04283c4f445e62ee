"""A second lab, written from the documentation alone: three graders agree about what students submit."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from autograder import known_answers
from autograder.course import load_course
from autograder.engine.run import Engine, start_engine
from autograder.quality import compare
from autograder.quality.sample import answers_with, fill_answers, read_release
from tests.build.conftest import BuiltCourse, build_course
from tests.support.grading import grade_bytes, outcomes, points
from tests.support.plans import compile_plan

NAME = "lab_4_3_cnn"
COURSE = Path(__file__).parents[1] / "labs" / NAME
FLAVORS = ("otter", "nbgrader")

MARKS = {
    "solution": {"q1": 8, "q2": 14, "q3": 8},
    "q1_brightest_is_white": {"q1": 5, "q2": 14, "q3": 8},
    "q1_no_channel_axis": {"q1": 6, "q2": 14, "q3": 8},
    "q2_no_padding": {"q1": 8, "q2": 8, "q3": 8},
    "q2_one_hot_loss": {"q1": 8, "q2": 11, "q3": 8},
    "q3_no_bias": {"q1": 8, "q2": 14, "q3": 0},
}
"""What the solution, and the solution with one of the lab's known wrong answers, must get."""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> BuiltCourse:
    ignored = shutil.ignore_patterns("__pycache__")
    root = tmp_path_factory.mktemp("cnn") / "course"
    return build_course(Path(shutil.copytree(COURSE, root, ignore=ignored)), NAME)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with start_engine(compile_plan(load_course(COURSE).assignment(NAME)), workers=1) as running:
        yield running


def submission(course: BuiltCourse, flavor: str, name: str) -> bytes:
    """Fill the release with the solution's answers and the known answer of that name."""
    code: Mapping[str, str] = {
        answer.question: answer.code
        for answer in known_answers.load(course.assignment)
        if answer.name == name
    }
    assert bool(code) == (name != "solution")
    return fill_answers(read_release(course.assignment, flavor), answers_with(course.prepared.source, code))


def test_the_known_answers_belong_to_checks_of_the_lab() -> None:
    """Nothing is graded here: a renamed check or answer is found in a second."""
    plan = compile_plan(load_course(COURSE).assignment(NAME))
    ids = {check.cell.id for check in plan.source.checks()}
    answers = {answer.name: answer for answer in known_answers.load(plan.assignment)}
    assert set(MARKS) - {"solution"} <= set(answers)
    assert {name for answer in answers.values() for name in answer.failing_checks} <= ids
    for question in plan.source.questions:
        known = [answer for answer in answers.values() if answer.question == question.name]
        assert sum(not answer.is_right for answer in known) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("name", MARKS)
def test_a_submission_gets_its_marks(
    course: BuiltCourse, engine: Engine, name: str, flavor: str, tmp_path: Path
) -> None:
    assert points(grade_bytes(engine, submission(course, flavor, name), tmp_path)) == MARKS[name]


@pytest.mark.slow
def test_a_known_answer_fails_the_checks_that_it_names_and_no_others(
    course: BuiltCourse, engine: Engine, tmp_path: Path
) -> None:
    actual, expected = {}, {}
    for answer in known_answers.load(course.assignment):
        result = grade_bytes(engine, submission(course, "otter", answer.name), tmp_path)
        actual[answer.name] = {check for check, outcome in outcomes(result).items() if outcome != "passed"}
        expected[answer.name] = set(answer.failing_checks)
    assert actual == expected


@pytest.mark.peers
@pytest.mark.parametrize("name", MARKS)
def test_otter_gives_the_same_marks(course: BuiltCourse, name: str, tmp_path: Path) -> None:
    notebook = submission(course, "otter", name)
    assert compare.otter_points(course.root, NAME, notebook, tmp_path) == MARKS[name]


@pytest.mark.peers
@pytest.mark.parametrize("name", MARKS)
def test_nbgrader_gives_the_same_marks(course: BuiltCourse, name: str) -> None:
    notebook = submission(course, "nbgrader", name)
    assert compare.nbgrader_points(course.root, NAME, notebook, name) == MARKS[name]
