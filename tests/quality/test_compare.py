"""Our marks beside those of the real otter and nbgrader; `course compare` does it for all answers."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from autograder import known_answers
from autograder.course import load_course
from autograder.known_answers import KnownAnswer
from autograder.quality import compare
from autograder.quality.compare import TOOLS, PointsComparison
from autograder.quality.sample import BLANK, SOLUTION
from tests.build.conftest import BuiltCourse, build_course, copy_course
from tests.build.test_other_graders import LAB, ROOT, lab_copy
from tests.support.plans import compile_plan

QUIET = Console(quiet=True)
KNOWN = known_answers.load(load_course(ROOT).assignment(LAB))
SAMPLE = (
    "q1_offset_2",
    "q2_pads_in_front",
    "q3_no_mask",
    "q4_no_tanh",
    "q5_one_unit",
    "q6_no_metrics",
    "q7_one_bias_for_gru",
    "q8_one_standard_error",
    "q9_target_is_last_input",
    "q10_one_forecast_per_step",
)
"""One answer to each question; every other one meets the peers in `make compare`."""


WRONG = KnownAnswer(
    "wrong",
    "def moving_average(values, width=width):\n    return np.zeros(3)",
    "q1",
    failing_checks=("q1-values",),
    misconception="A moving average is zero.",
)


def mark(ours: float, theirs: float, differs: str = "", review: float = 0) -> PointsComparison:
    expected = replace(KNOWN[0], name="q1_offset_0", known_difference=differs)
    return PointsComparison("otter", "row01", "q1", ours, theirs, expected, review)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> BuiltCourse:
    return build_course(lab_copy(tmp_path_factory.mktemp("compare") / "course"), LAB)


@pytest.fixture(scope="module")
def tiny_marks(tmp_path_factory: pytest.TempPathFactory) -> list[PointsComparison]:
    course = build_course(copy_course(tmp_path_factory.mktemp("compare") / "course"))
    rows = {BLANK: {}, SOLUTION: {}, "row01": {"q1": WRONG}}
    return compare.compare_points(compile_plan(course.assignment), rows, QUIET, workers=1)


@pytest.mark.slow
def test_solution_blank_and_a_wrong_answer_get_equal_points_by_all_three(
    tiny_marks: list[PointsComparison],
) -> None:
    assert all(mark.is_explained for mark in tiny_marks)
    assert {(mark.tool, mark.notebook) for mark in tiny_marks} == {
        (tool, name) for tool in TOOLS for name in (BLANK, SOLUTION, "row01")
    }
    for name, total in ((BLANK, 0), (SOLUTION, 14)):
        for tool in TOOLS:
            assert (
                sum(
                    tiny_mark.our_points
                    for tiny_mark in tiny_marks
                    if (tiny_mark.tool, tiny_mark.notebook) == (tool, name)
                )
                == total
            )
    assert [mark.answer for mark in tiny_marks if mark.notebook == "row01"] == [WRONG, None] * 2


@pytest.mark.peers
def test_ten_wrong_answers_to_the_lab_get_equal_points_by_all_three(lab: BuiltCourse) -> None:
    row = {item.question: item for item in KNOWN if item.name in SAMPLE}
    assert set(row) == {f"q{number}" for number in range(1, 11)}
    actual = compare.compare_points(compile_plan(lab.assignment), {"row01": row}, QUIET, workers=1)
    assert len(actual) == 2 * len(row)
    assert [mark for mark in actual if not mark.is_explained] == []
    points = {question.name: question.points for question in lab.prepared.source.questions}
    assert all(mark.our_points < points[mark.question] for mark in actual)


@pytest.mark.parametrize(
    ("one", "explained"),
    [
        (mark(4, 4), True),
        (mark(0, 4), False),
        (mark(0, 4, "own-layers"), True),
        (mark(4, 4, "own-layers"), False),
        (mark(0, 4, review=4), True),
        (mark(0, 5, review=4), False),
        (mark(2, 1, review=4), False),
    ],
)
def test_marks_are_equal_or_explained(one: PointsComparison, explained: bool) -> None:
    assert one.is_explained is explained


def test_what_differs_is_explained_to_instructors() -> None:
    page = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    assert [
        item.name for item in KNOWN if item.known_difference and f'id="{item.known_difference}"' not in page
    ] == []


def test_each_known_answer_is_dealt_once_and_one_to_a_question() -> None:
    rows = known_answers.batched(KNOWN)
    assert sorted(value.name for row in rows for value in row.values()) == [item.name for item in KNOWN]
    assert all(item.question == question for row in rows for question, item in row.items())


def test_the_page_shows_each_difference(tmp_path: Path) -> None:
    shutil.copy(ROOT / "course_config.py", tmp_path)
    assignment = replace(load_course(ROOT).assignment(LAB), root=tmp_path)
    by_chance = replace(mark(2, 4), undecided_points=2.0)
    actual = [mark(4, 4), mark(0, 4, "own-layers"), mark(1, 4, review=3), by_chance]
    text = compare.write_results(assignment, [*actual, replace(actual[0], tool="nbgrader")]).read_text()
    assert "1 of 4 question totals in 1 notebooks are equal (25.00%)" in text
    assert "left to a person: 1, due to chance: 1, different: 1" in text
    assert "| otter | q1_offset_0 | q1 | 4 | 0 | 0 | [own-layers](../differences.md#own-layers) |" in text
    assert "| otter | q1_offset_0 | q1 | 4 | 1 | 3 | a person decides |" in text
    assert "| q1 | 4 | 2 | 0 | [an unstable training](../differences.md#known" in text
    assert text.count("| otter | q1_offset_0") == 3


def test_chance_explains_no_more_than_the_points_of_its_checks() -> None:
    assert replace(mark(2, 4), undecided_points=2.0).is_explained
    assert not replace(mark(1, 4), undecided_points=2.0).is_explained
    assert not mark(2, 4).is_explained
