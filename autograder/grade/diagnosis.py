"""What a wrong answer is probably taken to mean, judged by what the checks saw of it.

Known wrong answers leave a **trace**: which checks did not pass and what each said. A wrong
answer whose trace is close to those of one belief, and to no other's, gets that belief named.
The code of an answer is never looked at.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.checks import Outcome
from autograder.grade.results import CheckResult

CLOSE = 0.75
"""Least likeness of two traces that lets one explain the other."""

AHEAD = 0.2
"""How much less alike the traces of all other beliefs must be."""

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
    """Return the trace of one question; measured numbers, which vary by data set, are left out."""
    return {
        check.id: _MEASURED.sub("…", f"{check.outcome}: {check.message}")
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
    """Return the belief whose traces are like this one and ahead of all others; empty if none is.

    Args:
        known: answers to the same question.
    """
    best: dict[str, float] = {}
    for one in known:
        best[one.belief] = max(best.get(one.belief, 0.0), _likeness(seen, one.trace))
    ranked = sorted(best, key=lambda belief: -best[belief])
    if not ranked or best[ranked[0]] < CLOSE:
        return ""
    second = best[ranked[1]] if len(ranked) > 1 else 0.0
    return ranked[0] if best[ranked[0]] - second >= AHEAD else ""


def sentence(belief: str) -> str:
    """Return what a student reads of a belief."""
    return f"A guess at what lies behind it: “{belief}” Many think so at first; here it does not hold."


def _likeness(one: Trace, other: Trace) -> float:
    """Return 1 for equal traces, 0 for disjoint ones; a check that says something else counts half."""
    either = one.keys() | other.keys()
    both = one.keys() & other.keys()
    same = sum(1.0 if one[name] == other[name] else 0.5 for name in both)
    return same / len(either) if either else 0.0
