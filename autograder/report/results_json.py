"""``results.json``: one result in the schema of Gradescope.

Field names and legal values: Gradescope, "Autograder Specifications" (score, execution_time,
output, output_format, visibility, stdout_visibility, extra_data, tests; of a test: name,
score, max_score, status ``passed`` or ``failed``, output, visibility ``visible``,
``after_published``, ``after_due_date`` or ``hidden``). Equal results give equal bytes.
"""

import json
from collections.abc import Set
from typing import Any

from autograder.checks import Outcome
from autograder.engine.misconceptions import misconception_message
from autograder.engine.results import CheckResult, GradingStatus, Result, serialize
from autograder.text import one_line

NAME = "results.json"
CHECK_NOT_GRADED = "Not graded because of a fault of ours; staff will grade it again."
SOME_CHECKS_NOT_GRADED = (
    "Some checks could not be graded because of a fault of ours; staff will grade them again."
)
GRADING_STOPPED = (
    "Grading was stopped before all checks were reached: its time ran out, or it failed. "
    "Those checks have no score; staff will grade this submission again."
)
SUBMISSION_NOT_GRADED = (
    "This submission is not graded, because of a fault of ours. It has no score; staff will grade it again."
)

_PRECISION = 4
"""Decimals of points; sums of tenths are not exact."""

_MAX_LENGTH = 600
_CHECK_NOT_REACHED = "Not reached before grading was stopped; staff will grade it again."


def to_results(result: Result, unreached_ids: Set[str] = frozenset()) -> dict[str, Any]:
    """Return one result as Gradescope reads it; the score is what is earned so far.

    There is none where nothing is graded: a zero would count.

    Args:
        unreached: ids of the checks that were not reached, of a result that is not whole yet.
    """
    beliefs = _misconceptions(result)
    tests = [
        _test(check, beliefs.get(check.id, ""), reached=check.id not in unreached_ids)
        for check in result.checks
    ]
    found = {
        "score": _points(result.earned),
        "execution_time": round(result.wall_s, 3),
        **_common_fields(_output(result, stopped=bool(unreached_ids))),
        "tests": tests,
        "extra_data": _extra_data(result),
    }
    if result.status is GradingStatus.UNGRADED:
        del found["score"]
    return found


def dump(result: Result, unreached_ids: Set[str] = frozenset()) -> bytes:
    """Return the bytes of ``results.json``."""
    return _to_json(to_results(result, unreached_ids))


def dump_not_graded() -> bytes:
    """Return the bytes of ``results.json`` for a submission of which nothing is known."""
    return _to_json({**_common_fields(SUBMISSION_NOT_GRADED), "tests": []})


def _to_json(results: dict[str, Any]) -> bytes:
    return (json.dumps(results, indent=1, allow_nan=False) + "\n").encode("ascii")


def _common_fields(output: str) -> dict[str, Any]:
    return {
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "output": output,
        "output_format": "text",
    }


def without_times(results: dict[str, Any]) -> dict[str, Any]:
    """Return what must be the same however often a submission is graded."""
    extra_data = {key: value for key, value in results["extra_data"].items() if key != "timings"}
    kept = {key: value for key, value in results.items() if key != "execution_time"}
    return kept | {"extra_data": extra_data}


def _output(result: Result, *, stopped: bool) -> str:
    sentences = [f"{_points(result.earned):g} of {_points(result.points):g} points."]
    if result.status is GradingStatus.UNGRADED:
        sentences = [SUBMISSION_NOT_GRADED]
    elif result.ungraded_checks:
        sentences.append(GRADING_STOPPED if stopped else SOME_CHECKS_NOT_GRADED)
    sentences += [
        f"{one_line(question, 80)} is marked by staff ({points:g} points)."
        for question, points in result.manual.items()
    ]
    if result.repairs:
        sentences.append("Put right before grading:")
        sentences += [f"- {one_line(repair, _MAX_LENGTH)}" for repair in result.repairs]
    return "\n".join(sentences)


def _misconceptions(result: Result) -> dict[str, str]:
    """Return the beliefs by the check that shows them: a hidden one if any hidden one led there."""
    places = {}
    for question, belief in result.misconceptions.items():
        seen = [
            check
            for check in result.checks
            if check.question == question and check.outcome is not Outcome.PASSED
        ]
        places[max(seen, key=lambda check: check.hidden).id] = belief
    return places


def _test(check: CheckResult, misconception: str, *, reached: bool) -> dict[str, Any]:
    test: dict[str, Any] = {"name": one_line(f"{check.question}: {check.title}", 200)}
    if check.outcome is not Outcome.UNGRADED:  # without a score it is shown as neither passed nor failed
        test["score"] = _points(check.earned)
        test["max_score"] = _points(check.points)
        test["status"] = "passed" if check.outcome is Outcome.PASSED else "failed"
    test["output"] = _test_output(check, misconception) if reached else _CHECK_NOT_REACHED
    test["output_format"] = "text"
    test["visibility"] = "after_published" if check.hidden else "visible"
    return test


def _test_output(check: CheckResult, misconception: str) -> str:
    if check.outcome is Outcome.PASSED:
        return ""
    if check.outcome is Outcome.UNGRADED:
        return CHECK_NOT_GRADED
    texts = [
        f"{check.outcome.value}",
        check.student_message,
        check.hint,
        *([misconception_message(misconception)] if misconception else []),
    ]
    return "\n".join(one_line(text, _MAX_LENGTH) for text in texts if text)


def _extra_data(result: Result) -> dict[str, Any]:
    return {
        "assignment": result.assignment,
        "student": one_line(result.student, 200),
        "submission": one_line(result.submission, _MAX_LENGTH),
        "standing": result.status.value,
        "outcomes": {check.id: check.outcome.value for check in result.checks},
        "provenance": serialize(result)["provenance"],
        "train_s": result.train_s,
        "timings": {
            "wall_s": result.wall_s,
            "peak_bytes": result.peak_bytes,
            "checks": {
                check.id: {"wall_s": check.wall_s, "peak_bytes": check.peak_bytes} for check in result.checks
            },
        },
    }


def _points(points: float) -> float:
    return round(float(points), _PRECISION)
