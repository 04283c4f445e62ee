"""Whom staff should look at, and why; only what results say."""

from collections.abc import Iterator, Sequence

from autograder.checks import Outcome
from autograder.engine.results import Result

MIN_ERROR_SHARE = 0.5
"""Share of the questions in which code stopped with an error, from which on one cause is likely."""

UNGRADED = "Not wholly graded, by a fault of ours; run the same course grade again."
ERRORS = "The code stopped with an error in half of the questions or more; often that has one cause."


def group_by_flag(results: Sequence[Result]) -> tuple[tuple[str, tuple[Result, ...]], ...]:
    """Return the reasons to look at somebody, one sentence each, and whom; the commonest last."""
    found: dict[str, list[Result]] = {}
    for result in results:
        for reason in dict.fromkeys(_reasons(result)):
            found.setdefault(reason, []).append(result)
    first = (UNGRADED, ERRORS)
    ordered = sorted(found, key=lambda reason: (reason not in first, len(found[reason])))
    return tuple((reason, tuple(found[reason])) for reason in ordered)


def _reasons(result: Result) -> Iterator[str]:
    if result.ungraded_checks:
        yield UNGRADED
    errored = {check.question for check in result.checks if check.outcome is Outcome.ERRORED}
    if len(errored) >= max(2, MIN_ERROR_SHARE * len(result.questions())):
        yield ERRORS
    yield from result.flags
