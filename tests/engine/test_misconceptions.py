"""A misconception is named where the checks saw what they saw of a known answer, and only there."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import known_answers
from autograder.checks import Outcome
from autograder.course import load_course
from autograder.engine.misconceptions import (
    KnownSignature,
    compute_signature,
    diagnose,
    evaluate_signatures,
    infer_misconception,
    load_signatures,
    misconception_message,
    write_signatures,
)
from autograder.engine.results import Misconception
from autograder.errors import AuthorError
from autograder.report import pages, results_json
from tests.engine.test_lab_verdicts import for_each_answer
from tests.support import lab_grading as lab_grading
from tests.support.lab_grading import ASSIGNMENT
from tests.support.sample_results import ANA, CHECKS

FRONT = {"q2-values": "failed: found zeros first", "q2-shape": "failed: 4 columns"}
CUT = {"q2-values": "failed: found the end"}
ZEROS_FIRST = Misconception("Zeros stand first.", "They stand at the end.")
KNOWN = (
    KnownSignature("front", "q2", ZEROS_FIRST, FRONT),
    KnownSignature("cut", "q2", Misconception("The end matters."), CUT),
    KnownSignature("other", "q3", Misconception("Zeros stand everywhere."), FRONT),
)


def test_an_equal_signature_names_the_misconception() -> None:
    assert infer_misconception(FRONT, "q2", KNOWN[:2]) == ZEROS_FIRST


def test_that_a_check_failed_names_none_unless_one_says_what_it_found() -> None:
    coarse = {"q2-rows": "failed: the padded array is wrong"}
    known = KnownSignature("coarse", "q2", ZEROS_FIRST, coarse)
    assert infer_misconception(coarse, "q2", [known]) is None


@pytest.mark.parametrize(
    "seen",
    [
        {},
        {"q2-values": "failed: something else", "q2-shape": "failed: 4 columns"},
        {"q2-values": "failed: found zeros first"},
        {**FRONT, "q2-rows": "errored: ValueError"},
    ],
    ids=["nothing failed", "a check says something else", "fewer failed", "more failed"],
)
def test_another_signature_names_none(seen: dict[str, str]) -> None:
    assert infer_misconception(seen, "q2", KNOWN[:2]) is None


def test_two_misconceptions_that_look_alike_are_both_left_out() -> None:
    twin = replace(KNOWN[0], misconception=Misconception("Padding is the same on either side."))
    assert infer_misconception(FRONT, "q2", (*KNOWN[:2], twin)) is None
    assert infer_misconception(FRONT, "q2", (*KNOWN[:2], KNOWN[0])) == ZEROS_FIRST


def test_what_a_hidden_check_says_does_not_count() -> None:
    item = replace(CHECKS[3], message="found 0.512, needed at least 0.7 in 2 runs")
    assert compute_signature([item], "q2") == {}
    shown = replace(item, hidden=False)
    assert list(compute_signature([shown], "q2").values()) == [f"{shown.outcome}: {shown.message}"]


def test_lines_and_numbers_of_layers_do_not_count() -> None:
    item = replace(CHECKS[1], hidden=False, message="ValueError: found layer 'lstm'")
    other = replace(item, message="ValueError in line 12 of the function: found layer 'lstm_7'")
    assert compute_signature([item], "q1") == compute_signature([other], "q1") != {}


def test_each_question_is_compared_with_its_own() -> None:
    checks = [
        replace(CHECKS[1], id=name, question="q2", message=output[8:]) for name, output in FRONT.items()
    ]
    assert diagnose([*checks, *CHECKS[-2:]], KNOWN) == {"q2": ZEROS_FIRST}
    assert diagnose(checks, ()) == {}


def test_a_student_reads_the_guess_below_the_question() -> None:
    misconception = Misconception("A bias is <always> there.", "A layer may go <without>.")
    page = pages.feedback(replace(ANA, misconceptions={"q2": misconception}), title="Lab").decode()
    assert "A bias is &lt;always&gt; there.” What is true instead: A layer may go &lt;without&gt;." in page
    assert page.index("A bias is") < page.index('id="question-q3"')
    assert "A possible misconception" not in pages.feedback(ANA, title="Lab").decode()


def test_a_platform_shows_the_guess_no_earlier_than_what_led_to_it() -> None:
    misconception = Misconception("A bias is always there.", "A layer may go without.")
    guessed = replace(ANA, misconceptions={"q2": misconception})
    tests = results_json.to_results(guessed)["tests"]
    (shown,) = [test for test in tests if misconception_message(misconception) in test["output"]]
    assert shown["visibility"] == "after_published" and shown["name"].startswith("q2")
    visible = replace(guessed, checks=CHECKS[:3])
    assert "A bias" in results_json.to_results(visible)["tests"][2]["output"]


@pytest.mark.slow
@for_each_answer
def test_the_misconception_behind_a_known_answer_is_named_or_none(
    graded_lab: lab_grading.GradedLab, notebook: str, entry: known_answers.KnownAnswer
) -> None:
    named = graded_lab.result("otter", notebook).misconceptions.get(entry.question)
    beliefs = entry.true_beliefs if entry.seen else (entry.misconception,)
    assert named is None or named.belief in beliefs
    assert not (entry.is_right and named)


def test_guesses_about_the_lab_are_right_or_none() -> None:
    page = (ASSIGNMENT.root / "docs" / "results" / "validation.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith("| all: ")]
    total, right, _, wrong = (int(number) for number in re.findall(r"\d+", row))
    assert right / (right + wrong) >= 0.9
    assert right + wrong >= total / 4


def test_every_misconception_has_a_truth() -> None:
    known = [answer for answer in known_answers.load(ASSIGNMENT) if answer.has_misconception]
    assert [answer.name for answer in known if not answer.truth.endswith(".")] == []
    truths = {(answer.misconception, answer.truth) for answer in known}
    assert len(truths) == len({misconception for misconception, _ in truths})


def test_a_guess_that_is_true_of_an_idiom_exists() -> None:
    answers = known_answers.load(ASSIGNMENT)
    beliefs = {answer.misconception for answer in answers if answer.has_misconception}
    assert [answer.name for answer in answers if not beliefs.issuperset(answer.true_beliefs)] == []


def test_every_known_wrong_answer_of_the_lab_has_a_signature_in_its_own_question() -> None:
    expected = load_signatures(ASSIGNMENT)
    wrong = {item.name: item for item in known_answers.load(ASSIGNMENT) if item.has_misconception}
    assert {item.name for item in expected} == set(wrong)
    for item in expected:
        answer = wrong[item.name]
        assert set(item.signature) <= {*answer.failing_checks, *answer.undecided_checks}


def test_signatures_are_kept_and_a_damaged_file_is_named(tmp_path: Path) -> None:
    elsewhere = replace(ASSIGNMENT, root=tmp_path)
    assert load_signatures(elsewhere) == ()
    (tmp_path / "source").symlink_to(load_course(lab_grading.ROOT).assignment("lab_4_4_rnn").source.parent)
    stored = load_signatures(ASSIGNMENT)
    write_signatures(elsewhere, stored)
    assert load_signatures(elsewhere) == stored
    path = tmp_path / "calibration" / "lab_4_4_rnn.signatures.json"
    path.write_text(json.dumps({"q1_offset_0": 1}))
    with pytest.raises(AuthorError, match="course validate lab_4_4_rnn"):
        load_signatures(elsewhere)


def test_a_misconception_is_right_by_another_answer_only_if_that_shares_it() -> None:
    known = [
        answer
        for answer in known_answers.load(ASSIGNMENT)
        if answer.question == "q2" and answer.has_misconception
    ]
    front, twin, alone = (replace(known[0], name=name) for name in ("front", "twin", "alone"))
    alone = replace(alone, misconception="The end matters.")
    idiom = replace(front, name="idiom", misconception="", seen="forums", true_beliefs=(front.misconception,))
    other = replace(idiom, name="other", true_beliefs=())
    answers = [front, twin, alone, idiom, other]
    signatures = {"front": FRONT, "twin": FRONT, "alone": CUT, "idiom": FRONT, "other": FRONT}
    assert list(evaluate_signatures(answers, signatures))[2:] == [
        "| others share the misconception: 2 | 2 | 0 | 0 |",
        "| alone with it: 1 | 0 | 1 | 0 |",
        "| idioms: 2 | 1 | 0 | 1 |",
        "| all: 5 | 3 | 1 | 1 |",
    ]


def test_outcomes_are_part_of_a_signature() -> None:
    assert compute_signature([replace(CHECKS[1], outcome=Outcome.ERRORED)], "q1") != compute_signature(
        [CHECKS[1]], "q1"
    )
