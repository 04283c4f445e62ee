"""The kit's own error, and the answer to a question that is still open."""

from __future__ import annotations

import textwrap
from typing import Any

from IPython import get_ipython

LINE_WIDTH = 80

_named: set[tuple[int, str]] = set()
"""Cells, by the number that their run has, and the open questions that they have named."""


class KitError(ValueError):
    """One sentence for a student: what was found and what to do.

    Notebooks show the sentence alone, without a traceback.
    """

    def _render_traceback_(self) -> list[str]:
        return textwrap.wrap(str(self), width=LINE_WIDTH, break_on_hyphens=False)


def unanswered(question: str, *values: Any) -> bool:
    """Print that a question is open, and return True, if any value is a placeholder.

    A cell of a notebook that asks several times says so once. A placeholder is ``None`` or
    ``...``; dicts, lists and tuples are looked into.

    Args:
        question: the question that makes the values, e.g. ``"Q6"``.
    """
    found = any(_has_placeholder(value) for value in values)
    if found and _is_new_in_cell(question):
        print(f"{question} is not answered yet")
    return found


def _is_new_in_cell(question: str) -> bool:
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return True  # outside a notebook there are no cells
    line = (kernel.shell.execution_count, question)
    if line in _named:
        return False
    _named.add(line)
    return True


def _has_placeholder(value: Any) -> bool:
    if value is None or value is Ellipsis:
        return True
    if isinstance(value, dict):
        return any(_has_placeholder(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_has_placeholder(item) for item in value)
    return False
