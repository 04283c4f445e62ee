"""``results.json``: one result in Gradescope's schema; ``results.staff.json``: all that is known of it.

Field names and legal values: Gradescope, "Autograder Specifications" (score, execution_time,
output, output_format, visibility, stdout_visibility, extra_data, tests; of a test: name,
score, max_score, status ``passed`` or ``failed``, output, visibility ``visible``,
``after_published``, ``after_due_date`` or ``hidden``). Equal results give equal bytes. A student
may read the first file, so it has no times: a submission could tell hidden inputs by them.
"""

import json
from collections.abc import Set
from typing import Any

from autograder.checks import Outcome
from autograder.engine.misconceptions import misconception_message
from autograder.engine.results import CheckResult, GradingStatus, Result, serialize
from autograder.report.marks import total
from autograder.text import one_line

NAME = "results.json"
STAFF_NAME = "results.staff.json"
CHECK_NOT_GRADED = "Not graded because of a grader error; staff will grade it again."
SOME_CHECKS_NOT_GRADED = (
    "Some checks could not be graded because of a grader error; staff will grade them again."
)
GRADING_STOPPED = (
    "Grading stopped before it reached all checks: it ran out of time or failed. "
    "These checks have no score; staff will grade this submission again."
)
SUBMISSION_NOT_GRADED = (
    "This submission is not graded because of a grader error. It has no score; staff will grade it again."
)
CHECK_IN_REVIEW = "The grader cannot judge this answer: staff will look at it and mark it."
REPAIRS_HEADING = "Fixed automatically before grading:"

_CHECK_NOT_REACHED = "Not reached before grading stopped; staff will grade it again."
_MAX_LENGTH = 600


def to_results(result: Result, unreached_ids: Set[str] = frozenset()) -> dict[str, Any]:
    """Return one result as Gradescope reads it; the score is the points so far.

    While a person must decide on a check, the result has no total and that check no score.
    Gradescope requires a score of every test if there is no total, so a line stands for such a check.

    Args:
        result: a result, possibly of grading that was stopped.
        unreached_ids: ids of the checks that grading did not reach.
    """
    result = result.for_student()
    lost = lost_checks(result)
    messages = {}
    for question, misconception in result.misconceptions.items():
        # A hidden check takes precedence: Gradescope withholds its output until grades are published,
        # and the misconception may have been inferred from it.
        check = max(lost[question], key=lambda check: check.hidden)
        messages[check.id] = misconception_message(misconception)
    tests = []
    for question in result.staff_marks:
        tests.append(_staff_test(result, question))
    for check in result.checks:
        ungraded_message = _CHECK_NOT_REACHED if check.id in unreached_ids else CHECK_NOT_GRADED
        if check.question not in result.staff_marks:
            tests.append(_test(check, messages.get(check.id, ""), ungraded_message))
    results = {
        "score": _round(result.earned),
        **_common_fields(_output(result, is_stopped=bool(unreached_ids))),
        "tests": tests,
        "extra_data": {
            "assignment": result.assignment,
            "student": one_line(result.student, 200),
            "submission": one_line(result.submission, _MAX_LENGTH),
            "standing": result.status.value,
            "provenance": serialize(result)["provenance"],
        },
    }
    if result.review_checks:
        results["tests"] = [test for test in tests if "score" in test]
    if result.review_checks or total(result) is None:
        del results["score"]  # a zero would count
    return results


def dump(result: Result, unreached_ids: Set[str] = frozenset()) -> bytes:
    """Return the bytes of ``results.json``."""
    return _to_json(to_results(result, unreached_ids))


def dump_for_staff(result: Result) -> bytes:
    """Return the bytes of ``results.staff.json``: outcomes, messages, seconds and memory of all checks."""
    return _to_json(serialize(result))


def dump_not_graded() -> bytes:
    """Return the bytes of ``results.json`` for a submission that has no result at all."""
    return _to_json({**_common_fields(SUBMISSION_NOT_GRADED), "tests": []})


def _to_json(results: dict[str, Any]) -> bytes:
    # Gradescope rejects a file with NaN, which is not JSON, as a whole.
    return (json.dumps(results, indent=1, allow_nan=False) + "\n").encode("ascii")


def _common_fields(output: str) -> dict[str, Any]:
    return {"visibility": "visible", "stdout_visibility": "hidden", "output": output, "output_format": "text"}


def _output(result: Result, *, is_stopped: bool) -> str:
    so_far = " so far" if result.review_checks else ""
    lines = [f"{_round(result.earned):g} of {_round(result.points):g} points{so_far}."]
    if result.status is GradingStatus.UNGRADED:
        lines = [SUBMISSION_NOT_GRADED]
    elif result.ungraded_checks:
        lines.append(GRADING_STOPPED if is_stopped else SOME_CHECKS_NOT_GRADED)
    for question in dict.fromkeys(check.question for check in result.review_checks):
        checks = [check for check in result.review_checks if check.question == question]
        points = sum(check.points for check in checks)
        message = one_line(checks[0].message, _MAX_LENGTH)
        lines.append(f"{one_line(question, 80)} ({points:g} points): {CHECK_IN_REVIEW} {message}".strip())
    for question in result.staff_marks:
        lines.append(f"{one_line(question, 80)}: {staff_sentence(result, question)}")
    for question, points in result.unmarked_questions.items():
        lines.append(f"{one_line(question, 80)} is marked by staff ({points:g} points).")
    if result.repairs:
        lines.append(REPAIRS_HEADING)
        lines += [f"- {one_line(repair, _MAX_LENGTH)}" for repair in result.repairs]
    return "\n".join(lines)


def lost_checks(result: Result) -> dict[str, list[CheckResult]]:
    """Return the checks that did not pass, by question; without the questions that lost nothing.

    The checks of a question that staff marked count if the mark is not full.
    """
    lost: dict[str, list[CheckResult]] = {}
    questions = result.questions()
    for check in result.checks:
        earned, possible = questions[check.question]
        is_settled = check.question in result.staff_marks and earned >= possible
        if check.outcome is not Outcome.PASSED and not is_settled:
            lost.setdefault(check.question, []).append(check)
    return lost


def staff_sentence(result: Result, question: str) -> str:
    """Return what a student reads about a question that staff marked."""
    mark, possible = result.staff_marks[question], result.questions()[question][1]
    sentence = f"{_round(mark.points):g} of {_round(possible):g} points, marked by staff"
    return f"{sentence}: {one_line(mark.reason, _MAX_LENGTH)}" if mark.reason else f"{sentence}."


def _staff_test(result: Result, question: str) -> dict[str, Any]:
    earned, possible = result.questions()[question]
    return {
        "name": one_line(f"{question}: marked by staff", 200),
        "score": _round(earned),
        "max_score": _round(possible),
        "output": staff_sentence(result, question),
        "output_format": "text",
        "visibility": "visible",
    }


def _test(check: CheckResult, misconception: str, ungraded_message: str) -> dict[str, Any]:
    name = one_line(f"{check.question}: {check.title}", 200)
    visibility = "after_published" if check.hidden else "visible"
    test: dict[str, Any] = {"name": name, "output": "", "output_format": "text", "visibility": visibility}
    if not check.has_score:  # it is shown as neither passed nor failed
        return test | {"output": ungraded_message}
    test |= {"score": _round(check.earned), "max_score": _round(check.points), "status": "passed"}
    if check.outcome is not Outcome.PASSED:
        texts = [check.outcome.value, check.message, check.hint, misconception]
        output = "\n".join(one_line(text, _MAX_LENGTH) for text in texts if text)
        test |= {"status": "failed", "output": output}
    return test


def _round(points: float) -> float:
    """Return points with 4 decimals; sums of tenths are not exact."""
    return round(float(points), 4)
