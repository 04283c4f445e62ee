"""A lab about tables, written from the documentation alone: three graders give equal marks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import known_answers
from autograder.engine.run import Engine
from autograder.quality import compare
from tests.build.conftest import BuiltCourse
from tests.support.grading import grade_bytes, points, start_numpy_engine
from tests.support.labs import FLAVORS, build_lab, failing_checks, lab_plan, submission

NAME = "pandas_tables"

SUBMISSIONS = {
    "solution": ((), {"q1": 12, "q2": 8}),
    "other_style": (("q1_sorted", "q2_in_a_loop"), {"q1": 12, "q2": 8}),
    "dates_as_text": (("q1_dates_as_text",), {"q1": 1, "q2": 8}),
    "missing_values": (("q1_zero_for_missing", "q2_size_counts_all"), {"q1": 7, "q2": 5}),
    "first_row_kept": (("q1_first_row_kept", "q2_groups_as_columns"), {"q1": 6, "q2": 7}),
    "in_place": (("q1_in_place", "q2_means_only"), {"q1": 11, "q2": 0}),
    "nothing_right": (("q1_capital_letter", "q2_month_names"), {"q1": 0, "q2": 0}),
}
"""What students submit: known answers, the solution's to all other questions, and the marks."""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> BuiltCourse:
    return build_lab(NAME, tmp_path_factory.mktemp(NAME))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with start_numpy_engine(lab_plan(NAME)) as running:
        yield running


def test_each_question_has_wrong_answers_and_a_right_one_in_another_style() -> None:
    plan = lab_plan(NAME)
    answers = known_answers.load(plan.assignment)
    ids = {check.cell.id for check in plan.source.checks()}
    assert {check for answer in answers for check in answer.failing_checks} == ids
    for question in plan.source.questions:
        styles = [answer.is_right for answer in answers if answer.question == question.name]
        assert styles.count(False) >= 2
        assert styles.count(True) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("name", SUBMISSIONS)
def test_a_submission_gets_its_marks(
    course: BuiltCourse, engine: Engine, name: str, flavor: str, tmp_path: Path
) -> None:
    answers, marks = SUBMISSIONS[name]
    assert points(grade_bytes(engine, submission(course, flavor, *answers), tmp_path)) == marks


@pytest.mark.slow
def test_a_known_answer_fails_the_checks_that_it_names_and_no_others(
    course: BuiltCourse, engine: Engine, tmp_path: Path
) -> None:
    expected = {answer.name: set(answer.failing_checks) for answer in known_answers.load(course.assignment)}
    actual = {name: failing_checks(course, engine, name, tmp_path) for name in expected}
    assert actual == expected


@pytest.mark.peers
@pytest.mark.parametrize("name", SUBMISSIONS)
def test_otter_gives_the_same_marks(course: BuiltCourse, name: str, tmp_path: Path) -> None:
    answers, marks = SUBMISSIONS[name]
    notebook = submission(course, "otter", *answers)
    assert compare.otter_points(course.root, NAME, notebook, tmp_path) == marks


@pytest.mark.peers
@pytest.mark.parametrize("name", SUBMISSIONS)
def test_nbgrader_gives_the_same_marks(course: BuiltCourse, name: str) -> None:
    answers, marks = SUBMISSIONS[name]
    notebook = submission(course, "nbgrader", *answers)
    assert compare.nbgrader_points(course.root, NAME, notebook, name) == marks
