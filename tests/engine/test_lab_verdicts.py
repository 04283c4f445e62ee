"""Every known answer to the lab gets its verdict, from either release."""

from collections.abc import Iterator

import pytest

from autograder.checks import Outcome
from autograder.engine.results import Result
from autograder.known_answers import KnownAnswer
from tests.support.lab_grading import (
    FLAVORS,
    AnswersByQuestion,
    GradedLab,
    answer_batches,
    load_known_answers,
)

pytestmark = pytest.mark.slow

PLACES = [(str(number), entry) for number, row in enumerate(answer_batches()) for entry in row.values()]

in_both_flavors = pytest.mark.parametrize("flavor", FLAVORS)
for_each_answer = pytest.mark.parametrize(
    ("notebook", "entry"), PLACES, ids=[entry.name for _, entry in PLACES]
)


def not_passed(result: Result, question: str) -> dict[str, str]:
    """Return the checks of a question that did not pass, with what was said."""
    return {
        check.id: f"{check.outcome}: {check.message}. {check.hint}"
        for check in result.checks
        if check.question == question and check.outcome is not Outcome.PASSED
    }


def check_ids(graded_lab: GradedLab) -> list[str]:
    return [check.cell.id for check in graded_lab.plan.source.checks()]


@in_both_flavors
def test_the_solution_gets_all_points(graded_lab: GradedLab, flavor: str) -> None:
    result = graded_lab.result(flavor, "solution")
    assert [check.id for check in result.checks] == check_ids(graded_lab)
    assert {check.outcome for check in result.checks} == {Outcome.PASSED}
    assert (result.earned, result.points) == (100, 100)
    assert (result.flags, result.repairs) == ((), ())


@in_both_flavors
def test_the_blank_release_gets_none_and_each_check_says_why(graded_lab: GradedLab, flavor: str) -> None:
    result = graded_lab.result(flavor, "blank")
    assert [check.id for check in result.checks] == check_ids(graded_lab)
    assert {check.outcome for check in result.checks} == {Outcome.BLOCKED}
    assert [check.id for check in result.checks if "not answered yet" not in check.message] == []
    assert (result.earned, result.points) == (0, 100)
    assert result.flags == ()


def test_all_known_answers_are_handed_in_once() -> None:
    assert sorted(entry.name for _, entry in PLACES) == sorted(entry.name for entry in load_known_answers())


@in_both_flavors
@for_each_answer
def test_a_known_answer_fails_the_checks_that_it_must_and_no_other(
    graded_lab: GradedLab, notebook: str, entry: KnownAnswer, flavor: str
) -> None:
    result = graded_lab.result(flavor, notebook)
    failed = not_passed(result, entry.question)
    undecided = set(entry.undecided_checks)
    assert set(failed) - undecided == {*entry.failing_checks, *entry.review_checks}, failed
    reviewed = {name for name, text in failed.items() if text.startswith(Outcome.REVIEW)}
    assert reviewed == set(entry.review_checks), failed
    checks = [check for check in result.checks if check.question == entry.question]
    stored = sum(check.points for check in checks if check.id not in failed)
    assert result.questions()[entry.question] == (stored, sum(check.points for check in checks))
    assert result.ungraded_checks == ()


@for_each_answer
def test_a_known_wrong_answer_is_told_why(graded_lab: GradedLab, notebook: str, entry: KnownAnswer) -> None:
    messages = not_passed(graded_lab.result("otter", notebook), entry.question)
    assert entry.is_right or any(entry.message_part in sentence for sentence in messages.values()), messages


@in_both_flavors
@pytest.mark.parametrize(("number", "row"), list(enumerate(answer_batches())))
def test_a_question_that_is_right_keeps_its_points_whatever_the_others_do(
    graded_lab: GradedLab, number: int, row: AnswersByQuestion, flavor: str
) -> None:
    questions = graded_lab.result(flavor, str(number)).questions()
    lost = {name for name, (earned, points) in questions.items() if earned < points}
    assert lost == {name for name, entry in row.items() if not entry.is_right}


@pytest.mark.parametrize("number", range(len(answer_batches())))
def test_both_releases_lead_to_the_same_sentences(graded_lab: GradedLab, number: int) -> None:
    first, second = (list(_told(graded_lab.result(flavor, str(number)))) for flavor in FLAVORS)
    assert first == second


def _told(result: Result) -> Iterator[tuple[str, str, str, str]]:
    for check in result.checks:
        yield check.id, check.outcome.value, check.message, check.hint
