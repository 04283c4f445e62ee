"""The page of the functions that checks call."""

import inspect
from collections.abc import Callable
from typing import Any

from autograder import checks
from autograder.checks import Outcome, hidden
from tools.reference_text import docstring, field_docs, markdown, table

_HEADINGS = {
    "answers": "Calling an answer",
    "value_checks": "Values",
    "table_checks": "Frames",
    "model_checks": "Models",
    "compile_checks": "Models: how they are compiled",
}
"""Heading of each module of ``autograder.checks`` that has functions of the vocabulary."""

_INTRODUCTION = """# Check vocabulary

A check in a source notebook is a function whose parameters are the answers that it needs. It calls
them with `checks.call` and passes what comes back to the functions of this page, each of which
raises an explained mismatch or returns. In a hidden check, the same functions leave values out of
their messages. [Questions and known answers](../questions.md) shows a check in its place.

- `what` names the value in the message: *the sum has the wrong value*.
- `hint` is one sentence that a student reads if this comparison fails.
- A model is looked at as plain layers and settings, however it is written: activations in every
  spelling, `RNN(cell)`, sequential or functional.

`python -m tools.reference_pages` wrote this page from `autograder/checks/`.
"""

_OUTCOMES = {
    "PASSED": "All comparisons of the check hold.",
    "FAILED": "The answer is wrong.",
    "ERRORED": "The student's code raised an error, took too long, ran out of memory, or crashed.",
    "BLOCKED": "Something that the check needs is missing, e.g. the question is not answered yet.",
    "UNGRADED": "A grader error; it never counts against the student.",
}


def functions() -> dict[str, Callable[..., Any]]:
    """Return the functions of the vocabulary by name."""
    found = {}
    for name in vars(hidden):
        function = getattr(checks.vocabulary, name)
        if name != "run" and inspect.isfunction(function):
            found[name] = function
    return found


def signature(name: str, function: Callable[..., Any]) -> str:
    """Return how a function is called, without types."""
    parameters = []
    for each in inspect.signature(function).parameters.values():
        default = each.default
        if isinstance(default, type) and default is not inspect.Parameter.empty:
            each = each.replace(default=_Name(default.__name__))
        elif isinstance(default, str):
            each = each.replace(default=_Name(f'"{default}"'))
        parameters.append(each.replace(annotation=inspect.Parameter.empty))
    return f"checks.{name}{inspect.Signature(parameters)}"


class _Name:
    """A default that is shown as it is written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def page() -> str:
    """Return the page."""
    lines = [_INTRODUCTION, "## Running a check", "", "### `run`", ""]
    lines += ["```python", signature("run", checks.run), "```", ""]
    lines += ["\n\n".join(docstring(inspect.getdoc(checks.run) or ""))]
    for module, heading in _HEADINGS.items():
        lines += ["", f"## {heading}"]
        for name, function in functions().items():
            if function.__module__.rpartition(".")[2] == module:
                lines += ["", f"### `{name}`", "", "```python", signature(name, function), "```", ""]
                lines.append("\n\n".join(docstring(inspect.getdoc(function) or "")))
    lines += ["", "## Outcomes", "", _outcome_table(), "", _OWN_CHECKS]
    return "\n".join(lines)


_OWN_CHECKS = """## A comparison of your own

`checks.MismatchError(problem, actual, expected, hint)` is what the functions above raise. Raise it
yourself where none of them fits:

```python
def check_sorted(word_lengths):
    \"\"\"Lengths ascend\"\"\"
    lengths = checks.call(word_lengths, ["a", "bcd", "ef"])
    checks.length(lengths, 3)
    if list(lengths) != sorted(lengths):
        raise checks.MismatchError("the lengths do not ascend", lengths, hint="Sort at the end.")
```

`problem` and `hint` must not contain a value of an input; `actual` and `expected` may, since hidden
checks leave them out.
"""


def _outcome_table() -> str:
    docs = {**field_docs(Outcome), **_OUTCOMES}
    rows = [(f"`{each.value}`", markdown(docs[each.name])) for each in Outcome]
    return table(("outcome", "meaning"), rows)
