"""Results made by hand, for what is written down about a run."""

from dataclasses import replace
from typing import Any

from autograder.checks import Outcome
from autograder.engine.journal import Header
from autograder.engine.results import CheckResult, Provenance, Result, StaffMark

HEADER = Header(
    assignment="lab", source_sha256="5" * 64, kit_sha256="6" * 64, config_sha256="7" * 64,
    dataset="embedded", isolation="full",
)  # fmt: skip
PROVENANCE = Provenance(
    submission_sha256="a1" * 32,
    source_sha256="5" * 64,
    kit_sha256="6" * 64,
    config_sha256="7" * 64,
    versions={"python": "3.11.7", "keras": "3.15.0"},
    isolation="reduced",
    missing_layers=("landlock",),
    dataset="embedded",
    seed=42,
)


def check_result(question: str, slug: str, points: float, outcome: Outcome, **overrides: Any) -> CheckResult:
    title = overrides.pop("title", f"the title of {question}-{slug}")
    return CheckResult(
        f"{question}-{slug}", question, title, overrides.pop("hidden", False), points, outcome, **overrides
    )


CHECKS = (
    check_result("q1", "shape", 2.5, Outcome.PASSED, wall_s=0.4, peak_bytes=90 * 2**20),
    check_result(
        "q1", "values", 3, Outcome.FAILED, message="the result is wrong: found 7", hint="Count again."
    ),
    check_result(
        "q2", "small", 4, Outcome.ERRORED, message="pad raised an error: ValueError", hint="Print it."
    ),
    check_result(
        "q2",
        "large",
        5,
        Outcome.FAILED,
        hidden=True,
        message="a weight array is missing.",
        hint="Think of the bias.",
    ),
    check_result("q3", "one", 6, Outcome.BLOCKED, message="not answered yet"),
    check_result("q4", "one", 7, Outcome.PASSED, hidden=True),
)
ANA = Result(
    student="ana",
    submission="ana/lab.ipynb",
    assignment="lab",
    checks=CHECKS,
    provenance=PROVENANCE,
    repairs=("The cell pad-reviews was there twice; the first one was taken.",),
    flags=("a cell ended Python",),
    manual={"q5": 8},
    wall_s=2.25,
    peak_bytes=150 * 2**20,
    train_s=11.5,
)
HOSTILE_TEXTS = (
    "<script>alert(1)</script>",
    "=cmd|'/C calc'!A0",
    "ana\u202egpj.exe",
    "nul\x00byte\x1b[31mred\r\nnew line",
    "\udcff not UTF-8",
    "\"quoted\", comma; and 'more'",
    "x" * 10_240,
    "{{ 7 * 7 }}{% raw %}",
)


def result_for(student: str, **overrides: Any) -> Result:
    """Return Ana's result in the name of another student, who handed in other bytes."""
    digest = student.encode("utf-8", "replace").hex().ljust(64, "0")[:64]
    return replace(
        ANA, student=student, provenance=replace(PROVENANCE, submission_sha256=digest), **overrides
    )


def checks_with_ungraded(*check_ids: str) -> tuple[CheckResult, ...]:
    """Return the checks, of which those with these ids are ungraded."""
    return tuple(
        replace(check, outcome=Outcome.UNGRADED, message="the trainer died")
        if check.id in check_ids
        else check
        for check in CHECKS
    )


def checks_with_review(*check_ids: str) -> tuple[CheckResult, ...]:
    """Return the checks, of which a person must decide on those with these ids."""
    return tuple(
        replace(check, outcome=Outcome.REVIEW, message="a layer is your own class", hint="")
        if check.id in check_ids
        else check
        for check in CHECKS
    )


IN_REVIEW = replace(ANA, checks=checks_with_review("q1-values", "q3-one"))
"""2.5 of 5.5 points in q1 so far, nothing in q3 yet."""

MARKED = replace(
    IN_REVIEW, staff_marks={"q1": StaffMark(4.5, "the sums are right"), "q5": StaffMark(7, "well argued")}
)
"""The same after staff marked two questions; q3 is still open."""


def without_times(staff_results: dict[str, Any]) -> dict[str, Any]:
    """Return the part of ``results.staff.json`` that is the same each time a submission is graded."""
    checks = [check | {"wall_s": 0, "peak_bytes": 0} for check in staff_results["checks"]]
    return staff_results | {"checks": checks, "wall_s": 0, "peak_bytes": 0, "train_s": 0}
