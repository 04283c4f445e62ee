"""Difficulty, discrimination, beliefs and whom to look at, on classes small enough to count by hand."""

import math
from dataclasses import replace

from autograder.checks import Outcome
from autograder.engine.results import Misconception, Result
from autograder.report import summary
from tests.support.sample_results import check_result, checks_with_ungraded, result_for


def marked(name: str, first: bool, second: bool, third: bool) -> Result:
    """Return a result of three questions, worth 2, 3 and 5 points."""
    points = {"q1": (2, first), "q2": (3, second), "q3": (5, third)}
    checks = tuple(
        check_result(question, "one", worth, Outcome.PASSED if right else Outcome.FAILED)
        for question, (worth, right) in points.items()
    )
    return result_for(name, checks=checks, flags=(), manual={})


def a_class() -> list[Result]:
    """Return ten students: who has q2 has q3, and q1 says the opposite."""
    return [marked(f"s{place}", place >= 6, place < 5, place < 6) for place in range(10)]


def test_discrimination_is_the_correlation_with_the_points_of_all_other_questions() -> None:
    actual = {question.name: question.discrimination for question in summary.questions(a_class())}
    q3 = [5 * (place < 6) for place in range(10)]
    rest = [2 * (place >= 6) + 3 * (place < 5) for place in range(10)]
    mean_q3, mean_rest = sum(q3) / 10, sum(rest) / 10
    above = sum((a - mean_q3) * (b - mean_rest) for a, b in zip(q3, rest, strict=True))
    below = math.sqrt(sum((a - mean_q3) ** 2 for a in q3) * sum((b - mean_rest) ** 2 for b in rest))
    assert math.isclose(actual["q3"] or 0, above / below)
    assert (actual["q2"] or 0) > 0 > (actual["q1"] or 0)


def test_discrimination_is_not_defined_for_few_results_or_where_all_have_the_same() -> None:
    assert {question.discrimination for question in summary.questions(a_class()[:9])} == {None}
    same = [marked(f"s{place}", True, place < 5, place < 6) for place in range(10)]
    assert summary.discrimination("q1", same) is None
    assert summary.discrimination("q2", same) is not None
    partly = result_for("zoe", checks=checks_with_ungraded("q1-shape"))
    assert summary.discrimination("q2", [*same[:9], partly]) is None


def test_the_mean_share_of_the_points_of_each_question() -> None:
    assert [question.mean_share for question in summary.questions(a_class())] == [0.4, 0.5, 0.6]
    assert summary.questions([result_for("ben")])[-1].mean_share is None


def test_beliefs_are_counted_by_question_the_commonest_first() -> None:
    held = [{"q2": "b"}, {"q2": "a", "q1": "z"}, {"q2": "a"}]
    class_of = []
    for item, beliefs in zip(a_class(), held, strict=False):
        guesses = {question: Misconception(belief) for question, belief in beliefs.items()}
        class_of.append(replace(item, misconceptions=guesses))
    assert summary.misconceptions(class_of) == [("q1", "z", 1), ("q2", "a", 2), ("q2", "b", 1)]


def test_people_look_at_what_is_ungraded_stopped_everywhere_or_flagged() -> None:
    errors = tuple(replace(check, outcome=Outcome.ERRORED) for check in marked("x", True, True, True).checks)
    students = [
        marked("fine", True, False, True),
        replace(marked("errors", True, True, True), checks=(*errors[:2], *a_class()[0].checks[2:])),
        replace(marked("once", True, True, True), checks=(errors[0], *a_class()[0].checks[1:])),
        result_for("flagged", flags=("odd", "odd")),
        result_for("lost", checks=checks_with_ungraded("q1-shape"), flags=("odd",)),
    ]
    flagged = summary.group_by_flag(students)
    actual = {reason: [item.student for item in present] for reason, present in flagged.items()}
    assert actual == {
        summary.UNGRADED: ["lost"],
        summary.ERRORS: ["errors"],
        "odd": ["flagged", "lost"],
    }
