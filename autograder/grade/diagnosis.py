"""What a wrong answer is probably taken to mean, judged by what the checks saw of it.

Known wrong answers leave a **trace**: which checks did not pass and what each said. A wrong
answer with the trace of known ones gets their belief named, if they have one in common. The
code of an answer is never looked at.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.checks import Outcome
from autograder.grade.results import CheckResult

_MEASURED = re.compile(r"\d+\.\d+")

Trace = Mapping[str, str]
"""What was said, by the id of each check that did not pass."""


@dataclass(frozen=True, slots=True)
class Known:
    """The trace of a known wrong answer."""

    name: str
    question: str
    belief: str
    """A sentence, e.g. ``Every network ends in a sigmoid.``"""

    trace: Trace


def trace(checks: Iterable[CheckResult], question: str) -> Trace:
    """Return the trace of one question; what a hidden check measured varies by data set and is left out."""
    return {
        check.id: f"{check.outcome}: {_MEASURED.sub('…', check.message) if check.hidden else check.message}"
        for check in checks
        if check.question == question and check.outcome is not Outcome.PASSED
    }


def diagnose(checks: Sequence[CheckResult], known: Sequence[Known]) -> dict[str, str]:
    """Return the belief behind each wrong answer that resembles known ones, by question."""
    found = {}
    for question in dict.fromkeys(check.question for check in checks):
        asked = [one for one in known if one.question == question]
        if belief := belief_behind(trace(checks, question), asked):
            found[question] = belief
    return found


def belief_behind(seen: Trace, known: Iterable[Known]) -> str:
    """Return the one belief that all answers with this trace come from; empty if there is none.

    Args:
        known: answers to the same question.
    """
    beliefs = {one.belief for one in known if seen and one.trace == seen}
    return beliefs.pop() if len(beliefs) == 1 else ""


def sentence(belief: str) -> str:
    """Return what a student reads of a belief."""
    return f"A guess at what lies behind it: “{belief}” Many think so at first; here it does not hold."
