"""What a wrong answer is probably taken to mean, judged by what the checks saw of it.

Known wrong answers leave a **trace**: which checks did not pass and what each said. A wrong
answer with the trace of known ones gets their belief named, if they have one in common. The
code of an answer is never looked at.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.checks import Outcome
from autograder.engine.results import CheckResult

_DECIMAL = re.compile(r"\d+\.\d+")

Signature = Mapping[str, str]
"""What was said, by the id of each check that did not pass."""


@dataclass(frozen=True, slots=True)
class KnownSignature:
    """The trace of a known wrong answer."""

    name: str
    question: str
    misconception: str
    """A sentence, e.g. ``Every network ends in a sigmoid.``"""

    signature: Signature


def compute_signature(checks: Iterable[CheckResult], question: str) -> Signature:
    """Return the trace of one question; what a hidden check measured varies by data set and is left out."""
    return {
        check.id: f"{check.outcome}: {_DECIMAL.sub('…', check.message) if check.hidden else check.message}"
        for check in checks
        if check.question == question and check.outcome is not Outcome.PASSED
    }


def diagnose(checks: Sequence[CheckResult], known_signatures: Sequence[KnownSignature]) -> dict[str, str]:
    """Return the belief behind each wrong answer that resembles known ones, by question."""
    found = {}
    for question in dict.fromkeys(check.question for check in checks):
        asked = [one for one in known_signatures if one.question == question]
        if belief := infer_misconception(compute_signature(checks, question), asked):
            found[question] = belief
    return found


def infer_misconception(signature: Signature, known_signatures: Iterable[KnownSignature]) -> str:
    """Return the one belief that all answers with this trace come from; empty if there is none.

    Args:
        known: answers to the same question.
    """
    beliefs = {one.misconception for one in known_signatures if signature and one.signature == signature}
    return beliefs.pop() if len(beliefs) == 1 else ""


def misconception_message(misconception: str) -> str:
    """Return what a student reads of a belief."""
    return f"A guess at what lies behind it: “{misconception}” Many think so at first; here it does not hold."
