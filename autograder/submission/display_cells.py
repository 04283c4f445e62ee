"""Given cells that only show something are left out of grading, unless something needs them."""

from collections.abc import Collection, Sequence

from autograder.submission.placement import GradingStep
from autograder.submission.statements import parse_code, referenced_names

_DYNAMIC_LOOKUPS = frozenset({"eval", "exec", "globals", "locals", "vars", "get_ipython"})
"""With one of these a cell can look up names that do not stand in its code."""


def prune_display_cells(
    steps: Sequence[GradingStep], display_only_cells: Collection[str]
) -> tuple[GradingStep, ...]:
    """Return the steps without the demonstrations of which no other step uses a name.

    Args:
        demonstrations: ids of given cells.
    """
    waiting = [step for step in steps if step.kind == "provided" and step.cell in display_only_cells]
    used = {name for step in steps if step not in waiting for name in referenced_names(step.text)}
    if used & _DYNAMIC_LOOKUPS:
        return tuple(steps)
    while found := [step for step in waiting if parse_code(step.text).names & used]:
        waiting = [step for step in waiting if step not in found]
        used.update(name for step in found for name in referenced_names(step.text))
    return tuple(step for step in steps if step not in waiting)
