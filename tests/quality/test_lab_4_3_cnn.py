"""A second lab, written from the documentation alone: three graders agree about what students submit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import known_answers
from autograder.engine.run import Engine, start_engine
from autograder.quality import compare
from tests.build.conftest import BuiltCourse
from tests.support.grading import grade_bytes, points
from tests.support.labs import FLAVORS, build_lab, failing_checks, lab_plan, submission

NAME = "lab_4_3_cnn"

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
    return build_lab(NAME, tmp_path_factory.mktemp(NAME))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with start_engine(lab_plan(NAME), workers=1) as running:
        yield running


def test_the_known_answers_belong_to_checks_of_the_lab() -> None:
    """Nothing is graded here: a renamed check or answer is found in a second."""
    plan = lab_plan(NAME)
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
    expected = {answer.name: set(answer.failing_checks) for answer in known_answers.load(course.assignment)}
    actual = {name: failing_checks(course, engine, name, tmp_path) for name in expected}
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
