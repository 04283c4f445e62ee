import json
from dataclasses import replace

import pytest

from autograder.checks import Outcome
from autograder.engine.results import (
    HIDDEN_HINT,
    HIDDEN_NOT_PASSED,
    GradingStatus,
    Misconception,
    StaffMark,
)
from autograder.report import results_json
from tests.support.gradescope_container import UNSCORED_SCHEMA, validate_results
from tests.support.sample_results import (
    ANA,
    CHECKS,
    HOSTILE_TEXTS,
    IN_REVIEW,
    MARKED,
    check_result,
    checks_with_review,
    checks_with_ungraded,
    result_for,
)


def test_points_and_outcomes_stand_where_gradescope_reads_them() -> None:
    results = results_json.to_results(ANA)
    assert results["score"] == 9.5
    assert [(test["score"], test["max_score"], test["status"]) for test in results["tests"]] == [
        (2.5, 2.5, "passed"),
        (0, 3, "failed"),
        (0, 4, "failed"),
        (0, 5, "failed"),
        (0, 6, "failed"),
        (7, 7, "passed"),
    ]
    assert results["output"].startswith("9.5 of 27.5 points.\nq5 is marked by staff (8 points).")
    assert "The cell pad-reviews was there twice" in results["output"]


def test_only_legal_fields_and_values_are_written() -> None:
    results = results_json.to_results(ANA)
    assert set(results) == {
        "score", "visibility", "stdout_visibility", "output", "output_format", "tests",
        "extra_data",
    }  # fmt: skip
    legal = {"score", "max_score", "status", "name", "output", "output_format", "visibility"}
    for test in results["tests"]:
        assert set(test) <= legal
        assert (test["output_format"], test["visibility"] in ("visible", "after_published")) == ("text", True)


def test_a_hidden_check_is_shown_after_grades_are_published() -> None:
    test = results_json.to_results(ANA)["tests"][3]
    assert (test["name"], test["visibility"]) == ("q2: the title of q2-large", "after_published")
    assert test["output"] == f"failed\n{HIDDEN_NOT_PASSED}\n{HIDDEN_HINT}"


def test_why_a_check_could_not_run_is_for_staff() -> None:
    check = replace(ANA.checks[3], outcome=Outcome.UNGRADED, message="IndexError: 8809")
    assert b"8809" not in results_json.dump(replace(ANA, checks=(*ANA.checks[:3], check)))


def test_flags_are_for_staff() -> None:
    assert b"ended Python" not in results_json.dump(ANA)


def test_what_is_ungraded_has_no_score_and_says_whose_fault_it_is() -> None:
    results = results_json.to_results(replace(ANA, checks=checks_with_ungraded("q1-shape")))
    assert results["score"] == 7
    assert results_json.SOME_CHECKS_NOT_GRADED in results["output"]
    assert "score" not in results["tests"][0] and "status" not in results["tests"][0]
    assert "grader error" in results["tests"][0]["output"]
    assert results_json.SOME_CHECKS_NOT_GRADED not in results_json.to_results(ANA)["output"]


def test_sums_of_tenths_are_written_as_people_write_them() -> None:
    checks = tuple(check_result("q1", str(number), 0.1, Outcome.PASSED) for number in range(3))
    assert results_json.to_results(replace(ANA, checks=checks))["score"] == 0.3


def test_grading_twice_gives_the_same_file_and_staff_have_the_times() -> None:
    again = tuple(replace(check, wall_s=check.wall_s + 1, peak_bytes=7) for check in CHECKS)
    slower = replace(ANA, checks=again, wall_s=99.0, peak_bytes=8, train_s=7)
    assert results_json.dump(ANA) == results_json.dump(slower)
    assert results_json.dump(ANA) != results_json.dump(replace(ANA, checks=CHECKS[1:]))
    staff = json.loads(results_json.dump_for_staff(slower))
    assert (staff["wall_s"], staff["train_s"], staff["checks"][0]["wall_s"]) == (99, 7, 1.4)
    assert staff["checks"][3]["message"] == "a weight array is missing."


def test_the_order_in_which_versions_were_found_does_not_show() -> None:
    turned = dict(reversed(ANA.provenance.versions.items()))
    other = replace(ANA, provenance=replace(ANA.provenance, versions=turned))
    assert results_json.dump(ANA) == results_json.dump(other)


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_texts_are_short_and_printable(text: str) -> None:
    checks = (replace(CHECKS[1], message=text, hint=text, title=text),)
    result = result_for(text, submission=text, checks=checks, repairs=(text,))
    results = json.loads(results_json.dump(result))
    output = results["output"] + results["tests"][0]["output"] + results["tests"][0]["name"]
    assert all(char.isprintable() for char in output.replace("\n", ""))
    assert len(output) < 2_500
    assert results["extra_data"]["student"].isprintable()


def test_marks_and_standing_tell_what_is_not_graded() -> None:
    assert (ANA.status, ANA.marks()) == (GradingStatus.GRADED, {"q1": 2.5, "q2": 0.0, "q3": 0.0, "q4": 7})
    partly = replace(ANA, checks=checks_with_ungraded("q1-shape", "q3-one"))
    assert (partly.status, partly.marks()) == (GradingStatus.PARTIAL, {"q1": 0, "q2": 0, "q3": None, "q4": 7})
    nothing = replace(ANA, checks=checks_with_ungraded(*(check.id for check in CHECKS)))
    assert (nothing.status, set(nothing.marks().values())) == (GradingStatus.UNGRADED, {None})


def test_while_a_person_must_decide_there_is_no_total_and_no_score_of_that_check() -> None:
    results = validate_results(results_json.dump(IN_REVIEW))
    assert "score" not in results
    assert [test["name"].split(":")[0] for test in results["tests"]] == ["q1", "q2", "q2", "q4"]
    assert all("score" in test for test in results["tests"])
    lines = results["output"].splitlines()
    assert lines[0] == "9.5 of 27.5 points so far."
    assert f"q1 (3 points): {results_json.CHECK_IN_REVIEW} a layer is your own class" in lines
    assert f"q3 (6 points): {results_json.CHECK_IN_REVIEW} a layer is your own class" in lines
    nothing = replace(ANA, checks=checks_with_review(*(check.id for check in CHECKS)))
    assert "score" not in validate_results(results_json.dump(nothing), UNSCORED_SCHEMA)


def test_a_mark_by_staff_overrides_the_checks_of_its_question_and_has_its_reason() -> None:
    assert MARKED.marks() == {"q1": 4.5, "q2": 0, "q3": None, "q4": 7, "q5": 7}
    assert MARKED.questions()["q5"] == (7, 8)
    assert (MARKED.earned, MARKED.points, MARKED.status) == (18.5, 35.5, GradingStatus.REVIEW)
    settled = replace(MARKED, staff_marks={**MARKED.staff_marks, "q3": StaffMark(0, "it guesses")})
    assert (settled.status, settled.open_checks) == (GradingStatus.GRADED, ())
    results = validate_results(results_json.dump(settled))
    assert results["score"] == 18.5 == sum(test["score"] for test in results["tests"])
    assert results["tests"][0] == {
        "name": "q1: marked by staff",
        "score": 4.5,
        "max_score": 5.5,
        "output": "4.5 of 5.5 points, marked by staff: the sums are right",
        "output_format": "text",
        "visibility": "visible",
    }
    assert "q3: 0 of 6 points, marked by staff: it guesses" in results["output"].splitlines()
    assert "q5 is marked by staff" not in results["output"]


def test_a_mark_by_staff_settles_what_was_not_graded() -> None:
    ungraded = replace(ANA, checks=checks_with_ungraded("q3-one"))
    assert ungraded.status is GradingStatus.PARTIAL
    settled = replace(ungraded, staff_marks={"q3": StaffMark(6, "right")})
    assert (settled.status, settled.ungraded_checks) == (GradingStatus.GRADED, ())


def test_nobody_reads_a_guess_about_a_question_that_staff_marked() -> None:
    guessing = replace(
        MARKED,
        misconceptions={"q1": Misconception("sums are means"), "q2": Misconception("there is no bias")},
    )
    text = results_json.dump(guessing).decode()
    assert "sums are means" not in text and "there is no bias" in text
