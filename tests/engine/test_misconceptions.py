"""A misconception is named where the checks saw what they saw of a known answer, and only there."""

import json
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
from autograder.errors import AuthorError
from autograder.report import pages, results_json
from tests.engine.test_lab_verdicts import for_each_answer
from tests.support import lab_grading as lab_grading
from tests.support.lab_grading import ASSIGNMENT
from tests.support.sample_results import ANA, CHECKS

FRONT = {"q2-values": "failed: zeros stand first", "q2-shape": "failed: 4 columns"}
KNOWN = (
    KnownSignature("front", "q2", "Zeros stand first.", FRONT),
    KnownSignature("cut", "q2", "The end matters.", {"q2-values": "failed: the end is kept"}),
    KnownSignature("other", "q3", "Zeros stand everywhere.", FRONT),
)


def test_an_equal_signature_names_the_misconception() -> None:
    assert infer_misconception(FRONT, "q2", KNOWN[:2]) == "Zeros stand first."


@pytest.mark.parametrize(
    "seen",
    [
        {},
        {"q2-values": "failed: something else", "q2-shape": "failed: 4 columns"},
        {"q2-values": "failed: zeros stand first"},
        {**FRONT, "q2-rows": "errored: ValueError"},
    ],
    ids=["nothing failed", "a check says something else", "fewer failed", "more failed"],
)
def test_another_signature_names_none(seen: dict[str, str]) -> None:
    assert infer_misconception(seen, "q2", KNOWN[:2]) == ""


def test_two_misconceptions_that_look_alike_are_both_left_out() -> None:
    twin = replace(KNOWN[0], misconception="Padding is the same on either side.")
    assert infer_misconception(FRONT, "q2", (*KNOWN[:2], twin)) == ""
    assert (
        infer_misconception(FRONT, "q2", (*KNOWN[:2], replace(twin, misconception=KNOWN[0].misconception)))
        == KNOWN[0].misconception
    )


def test_what_a_hidden_check_measured_does_not_count() -> None:
    item = replace(CHECKS[3], message="found 0.512, needed at least 0.7 in 2 runs")
    other = replace(item, message="found 0.498, needed at least 0.65 in 2 runs")
    assert (
        compute_signature([item], "q2")
        == compute_signature([other], "q2")
        != compute_signature([replace(item, message="3 runs")], "q2")
    )
    shown = [replace(check, hidden=False) for check in (item, other)]
    assert compute_signature(shown[:1], "q2") != compute_signature(shown[1:], "q2")


def test_each_question_is_compared_with_its_own() -> None:
    checks = [
        replace(CHECKS[1], id=name, question="q2", message=output[8:]) for name, output in FRONT.items()
    ]
    assert diagnose([*checks, *CHECKS[-2:]], KNOWN) == {"q2": "Zeros stand first."}
    assert diagnose(checks, ()) == {}


def test_a_student_reads_the_guess_below_the_question() -> None:
    guessed = replace(ANA, student_misconceptions={"q2": "A bias is <always> there."})
    page = pages.feedback(guessed, title="Lab").decode()
    assert "A bias is &lt;always&gt; there." in page
    assert page.index("A bias is") < page.index('id="question-q3"')
    assert "A possible misconception" not in pages.feedback(ANA, title="Lab").decode()


def test_a_platform_shows_the_guess_no_earlier_than_what_led_to_it() -> None:
    guessed = replace(ANA, student_misconceptions={"q2": "A bias is always there."})
    tests = results_json.to_results(guessed)["tests"]
    (shown,) = [test for test in tests if misconception_message("A bias is always there.") in test["output"]]
    assert shown["visibility"] == "after_published" and shown["name"].startswith("q2")
    visible = replace(ANA, checks=CHECKS[:3], student_misconceptions={"q2": "A bias is always there."})
    assert "A bias" in results_json.to_results(visible)["tests"][2]["output"]


def test_what_a_hidden_check_found_decides_nothing_that_a_student_reads() -> None:
    visible = replace(CHECKS[1], id="q2-values", question="q2", message="zeros stand first")
    signature = {"q2-values": FRONT["q2-values"], "q2-large": "failed: 4 columns"}
    known = KnownSignature("front", "q2", "Zeros stand first.", signature)
    found = {Outcome.FAILED: "4 columns", Outcome.ERRORED: "KeyError", Outcome.BLOCKED: ""}
    for outcome, message in found.items():
        checks = (visible, replace(CHECKS[3], outcome=outcome, message=message))
        assert diagnose(checks, [known], for_student=True) == {"q2": "Zeros stand first."}
        assert bool(diagnose(checks, [known])) == (message == "4 columns")
        assert diagnose(checks[1:], [replace(known, signature={"q2-large": "x"})], for_student=True) == {}
    passed = (visible, replace(CHECKS[3], outcome=Outcome.PASSED))
    assert diagnose(passed, [known], for_student=True) == {}


@pytest.mark.slow
@for_each_answer
def test_the_misconception_behind_a_known_answer_is_named_or_none(
    graded_lab: lab_grading.GradedLab, notebook: str, entry: known_answers.KnownAnswer
) -> None:
    named = graded_lab.result("otter", notebook).misconceptions.get(entry.question, "")
    assert entry.seen or named in ("", entry.misconception)
    assert not (entry.is_right and named)


@pytest.mark.slow
def test_most_known_wrong_answers_have_their_misconception_named(graded_lab: lab_grading.GradedLab) -> None:
    wrong = [
        (number, entry)
        for number, row in enumerate(lab_grading.answer_batches())
        for entry in row.values()
        if entry.has_misconception
    ]
    named = [
        entry
        for number, entry in wrong
        if entry.question in graded_lab.result("nbgrader", str(number)).misconceptions
    ]
    assert len(named) >= 0.8 * len(wrong)


def test_every_known_wrong_answer_of_the_lab_has_a_signature_in_its_own_question() -> None:
    expected = load_signatures(ASSIGNMENT)
    wrong = {item.name: item for item in known_answers.load(ASSIGNMENT) if item.has_misconception}
    assert {item.name for item in expected} == set(wrong)
    for item in expected:
        answer = wrong[item.name]
        assert set(item.signature) - set(answer.undecided_checks) == set(answer.failing_checks)


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
    twin = replace(KNOWN[0], name="front2")
    rows = list(evaluate_signatures((*KNOWN[:2], twin)))
    assert rows[2:] == [
        "| all, compared with all signatures: 3 | 3 | 0 | 0 |",
        "| another answer shares the misconception, compared with all other signatures: 2 | 2 | 0 | 0 |",
        "| the only one with its misconception, compared with all other signatures: 1 | 0 | 1 | 0 |",
    ]


def test_outcomes_are_part_of_a_signature() -> None:
    assert compute_signature([replace(CHECKS[1], outcome=Outcome.ERRORED)], "q1") != compute_signature(
        [CHECKS[1]], "q1"
    )
