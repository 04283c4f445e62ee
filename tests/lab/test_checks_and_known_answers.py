"""Each mistake is caught by the right kind of check; each right variant passes."""

import pytest

from autograder.checks import Outcome
from autograder.known_answers import KnownAnswer

from .conftest import Lab, is_training_check, load_known_answers

ENTRIES = load_known_answers()
OWN = [entry for entry in ENTRIES if not entry.seen]
"""Without the idioms, which ``make validate`` grades."""

WRONG = [entry for entry in OWN if entry.failing_checks and not entry.review_checks]
RIGHT = [entry for entry in OWN if entry.is_right]
QUESTIONS = [f"q{number}" for number in range(1, 11)]


def _quick(lab: Lab, question: str) -> list[str]:
    return [check.cell.id for check in lab.question(question).checks if not is_training_check(check)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_solution_passes_every_check(lab: Lab, question: str) -> None:
    actual = lab.findings(question, lab.solution(question), only=_quick(lab, question))
    assert {check: why.sentence for check, why in actual.items() if why} == {}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_blank_answer_is_blocked_at_every_check_and_says_so(lab: Lab, question: str) -> None:
    for why in lab.findings(question, lab.blank(question)).values():
        assert why is not None
        assert why.outcome is Outcome.BLOCKED
        assert "not answered yet" in why.sentence


@pytest.mark.slow
@pytest.mark.parametrize("entry", WRONG, ids=lambda entry: entry.name)
def test_a_mistake_fails_the_checks_that_it_must_and_no_other_and_is_told_why(
    lab: Lab, entry: KnownAnswer
) -> None:
    quick = _quick(lab, entry.question)
    actual = lab.findings(entry.question, entry.code, only=quick)
    messages = [why.sentence for why in actual.values() if why]
    assert {check for check, why in actual.items() if why} == set(entry.failing_checks) & set(quick)
    assert any(entry.message_part in message for message in messages), messages
    assert all(len(message) <= 700 and "\n" not in message for message in messages)


@pytest.mark.slow
@pytest.mark.parametrize("entry", RIGHT, ids=lambda entry: entry.name)
def test_a_right_answer_in_another_style_passes(lab: Lab, entry: KnownAnswer) -> None:
    actual = lab.findings(entry.question, entry.code, only=_quick(lab, entry.question))
    assert {check: why.sentence for check, why in actual.items() if why} == {}


TRAINED = [
    "q3_dense_on_ids",
    "q3_no_pooling",
    "q5_embedding_swapped",
    "q5_return_sequences",
    "q6_no_mask",
    "right_q5_functional",
    "right_q10_functional",
    "q10_sigmoid",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINED)
def test_checks_that_train_a_network_reach_the_verdict_too(lab: Lab, name: str) -> None:
    (entry,) = (entry for entry in ENTRIES if entry.name == name)
    actual = lab.findings(entry.question, entry.code)
    assert {check for check, why in actual.items() if why} == set(entry.failing_checks)


RAISES = "it raises whatever it is given: there is nothing to look at"
ALL_OF_IT = "it is another answer in every part that the question asks for"
MORE_THAN_HALF = {
    "q1_offset_0": "two slips: no id is special, and no rank is found",
    "q1_rank_by_list": "two slips: no id is special, and no rank is found",
    "q2_ragged_array": RAISES,
    "q2_side_called_left": RAISES,
    "q3_dense_on_ids": ALL_OF_IT,
    "q4_elementwise": RAISES,
    "q4_np_multiply": RAISES,
    "q5_no_embedding": RAISES,
    "q5_no_input": "without an input no size is known",
    "q5_no_return": "it returns nothing that could be looked at",
    "q6_stacked": RAISES,
    "q7_every_step": ALL_OF_IT,
    "q7_no_bias": ALL_OF_IT,
    "q7_times_steps": ALL_OF_IT,
    "q8_first_of_sorted": ALL_OF_IT,
    "q8_winner_takes_all": ALL_OF_IT,
    "q9_one_window_too_many": RAISES,
}
"""Answers with a misconception that may lose more than half of their question, and why."""


def test_one_slip_costs_at_most_half_of_its_question(lab: Lab) -> None:
    costly = set()
    # An idiom may deviate in several places.
    for entry in filter(lambda entry: entry.has_misconception, WRONG):
        points = {check.cell.id: check.points for check in lab.question(entry.question).checks}
        if sum(points[check] for check in entry.failing_checks) > sum(points.values()) / 2:
            costly.add(entry.name)
    assert costly == set(MORE_THAN_HALF)


@pytest.mark.parametrize("question", QUESTIONS)
def test_half_of_each_questions_points_can_be_seen(lab: Lab, question: str) -> None:
    checks = lab.question(question).checks
    assert sum(check.points for check in checks if check.hidden) == lab.question(question).points / 2
