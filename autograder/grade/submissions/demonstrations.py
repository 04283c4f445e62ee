"""Given cells that only show something are left out of grading, unless something needs them."""

from collections.abc import Collection, Sequence

from autograder.grade.submissions.order import Step
from autograder.grade.submissions.statements import code, uses

_ANY_NAME = frozenset({"eval", "exec", "globals", "locals", "vars", "get_ipython"})
"""With one of these a cell can look up names that do not stand in its code."""


def needed(steps: Sequence[Step], demonstrations: Collection[str]) -> tuple[Step, ...]:
    """Return the steps without the demonstrations of which no other step uses a name.

    Args:
        demonstrations: ids of given cells.
    """
    waiting = [step for step in steps if step.kind == "provided" and step.cell in demonstrations]
    used = {name for step in steps if step not in waiting for name in uses(step.text)}
    if used & _ANY_NAME:
        return tuple(steps)
    while found := [step for step in waiting if code(step.text).names & used]:
        waiting = [step for step in waiting if step not in found]
        used.update(name for step in found for name in uses(step.text))
    return tuple(step for step in steps if step not in waiting)
