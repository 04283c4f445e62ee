"""A class of twenty: our points beside those of the real otter and nbgrader."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.engine.plan import GradingPlan
from autograder.engine.run import start_engine
from autograder.errors import StaffError
from autograder.quality import compare
from autograder.quality.sample import read_release, solution_answers
from tests.build.conftest import BuiltCourse, build_course
from tests.build.test_other_graders import LAB, ROOT, lab_copy
from tests.support.class_of_twenty import Submission, load
from tests.support.grading import grade_bytes, points
from tests.support.plans import compile_plan

CLASS = load()
TOOLS = ("otter", "nbgrader")
Points = Mapping[str, float]
Ours = Callable[[Submission, str], Points]


@dataclass(frozen=True, slots=True)
class Difference:
    """A question for which we give other points than both peers do."""

    submission: str
    question: str
    theirs: float
    ours: float
    reason: str
    """An anchor in ``docs/differences.md``."""


DIFFERENCES = (
    Difference("wrong_custom", "q3", 11, 5, "own-layers"),
    Difference("wrong_custom", "q5", 10, 4, "own-layers"),
    Difference("wrong_stateful", "q10", 1, 6, "same-arguments"),
)

NO_RESULT = {"wrong_exit": "kernel-ends"}
"""Submissions for which both peers stop with an error and give no points, with the reason."""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> GradingPlan:
    """The lab of this repository, with nothing trained yet."""
    full = compile_plan(load_course(ROOT).assignment(LAB))
    return replace(full, cache=tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, recipe: GradingPlan) -> Iterator[BuiltCourse]:
    """The lab, built in a folder of its own where the peers may write."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in recipe.environment.items():
            patch.setenv(name, value)
        yield build_course(lab_copy(tmp_path_factory.mktemp("class") / "course"), LAB)


@pytest.fixture(scope="module")
def ours(recipe: GradingPlan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    """Our points per question, of one worker that grades the whole class."""
    folder = tmp_path_factory.mktemp("ours")
    with start_engine(recipe) as engine:

        @cache
        def graded(name: str, flavor: str) -> Points:
            item = next(item for item in CLASS if item.name == name)
            return points(grade_bytes(engine, submitted(recipe, item, flavor), folder))

        yield lambda item, flavor: graded(item.name, flavor)


def submitted(recipe: GradingPlan, one: Submission, flavor: str) -> bytes:
    return one.notebook(read_release(recipe.assignment, flavor), solution_answers(recipe.source))


def deserved(recipe: GradingPlan, one: Submission) -> dict[str, float]:
    """Return what a plain kernel gives, by question."""
    questions = recipe.source.questions
    return {question.name: question.points - one.lost_points.get(question.name, 0) for question in questions}


def listed(one: Submission) -> dict[str, float]:
    """Return what we give otherwise, by question."""
    return {row.question: row.ours for row in DIFFERENCES if row.submission == one.name}


def test_the_class_has_ten_right_submissions_with_answers_of_their_own_and_ten_wrong_ones() -> None:
    right = [item for item in CLASS if item.name.startswith("right_")]
    wrong = [item for item in CLASS if item.name.startswith("wrong_")]
    assert (len(right), len(wrong)) == (10, 10)
    assert all(
        set(item.answers) == {f"q{n}" for n in range(1, 11)} and not item.lost_points for item in right
    )
    assert all(item.lost_points for item in wrong)


def test_no_two_submissions_of_the_class_answer_a_question_alike() -> None:
    written = [
        (question, text) for item in CLASS for question, text in item.answers.items() if "def " in text
    ]
    assert len(set(written)) == len(written)


def test_every_difference_is_explained_to_instructors() -> None:
    page = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    reasons = {row.reason for row in DIFFERENCES} | set(NO_RESULT.values())
    assert reasons == set(re.findall(r'<a id="([\w-]+)">', page))
    assert {row.submission for row in DIFFERENCES} | set(NO_RESULT) <= {item.name for item in CLASS}


@pytest.mark.slow
@pytest.mark.parametrize("one", CLASS, ids=lambda item: item.name)
def test_we_give_what_a_submission_deserves_but_for_the_listed_differences(
    recipe: GradingPlan, ours: Ours, one: Submission
) -> None:
    assert ours(one, "otter") == {**deserved(recipe, one), **listed(one)}


@pytest.mark.peers
@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("one", CLASS, ids=lambda item: item.name)
def test_our_points_are_those_of_the_peer_but_for_the_listed_differences(
    recipe: GradingPlan, course: BuiltCourse, ours: Ours, one: Submission, tool: str, tmp_path: Path
) -> None:
    notebook = submitted(recipe, one, tool)
    if one.name in NO_RESULT:
        with pytest.raises(StaffError, match="Kernel died"):
            peer_points(course, tool, notebook, one.name, tmp_path)
        return
    theirs, mine = peer_points(course, tool, notebook, one.name, tmp_path), ours(one, tool)
    assert theirs == deserved(recipe, one)
    differing = {name: (theirs[name], mine[name]) for name in theirs if theirs[name] != mine[name]}
    rows = [row for row in DIFFERENCES if row.submission == one.name]
    assert differing == {row.question: (row.theirs, row.ours) for row in rows}


def peer_points(course: BuiltCourse, tool: str, notebook: bytes, student: str, folder: Path) -> Points:
    if tool == "otter":
        return compare.otter_points(course.root, LAB, notebook, folder)
    return compare.nbgrader_points(course.root, LAB, notebook, student)
