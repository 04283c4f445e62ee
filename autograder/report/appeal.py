"""What the checks of one question saw: for staff who answer an appeal, never for students."""

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from autograder.checks import Mismatch
from autograder.grade import values
from autograder.grade.models.description import Model, Part, Refused
from autograder.grade.models.parse import parse
from autograder.grade.results import CheckResult, Result
from autograder.grade.text import lines, one_line
from autograder.grade.wire import WireError
from autograder.report.pages import render
from autograder.source import Check

Message = dict[str, Any]

_MOST_CALLS = 40
"""Calls of one check that are shown."""

_LONGEST = 600
_LONGEST_CODE = 20_000
_MOST_LINES = 300


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a check made, and what the answer gave back."""

    asked: str
    got: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One check: what it is, what is recorded of it, and what came of it now."""

    check: Check
    recorded: CheckResult
    now: CheckResult
    calls: tuple[Call, ...]

    @property
    def code(self) -> Markup:
        """Return what the check executes."""
        return _code(self.check.code)


def page(result: Result, question: str, answers: Sequence[str], seen: Sequence[Seen], *, title: str) -> bytes:
    """Return the page about one question of one student.

    Args:
        answers: the code of the student's cells, as it was run.
    """
    return render(
        "appeal.html.j2",
        title=title,
        result=result,
        question=question,
        most_calls=_MOST_CALLS,
        answers=[_code(text) for text in answers],
        seen=seen,
    )


def call(asked: Message, reply: Message) -> Call:
    """Return a call as people read it.

    Args:
        asked: ``call``, ``args`` and ``kwargs``, as the grader sent them.
        reply: ``raised``, or ``value`` in its spelling, as the submission sent it.
    """
    args = [_shown(value) for value in asked["args"]]
    args += [f"{name}={_shown(value)}" for name, value in asked["kwargs"].items()]
    return Call(one_line(f"{asked['call']}({', '.join(args)})", _LONGEST), one_line(_got(reply), _LONGEST))


def _got(reply: Message) -> str:
    raised = reply.get("raised")
    if isinstance(raised, Mapping):
        line = raised.get("line")
        where = f" in line {line}" if type(line) is int else ""
        return f"raised {one_line(raised.get('name'), 60)}{where}: {one_line(raised.get('text'), 300)}"
    try:
        return _shown(values.made(reply["value"], _described))
    except (WireError, Mismatch) as error:
        return f"something that cannot be read ({error})"


def _described(description: Any) -> Any:
    try:
        return parse(description)
    except Refused as error:
        return error


class _Repr(reprlib.Repr):
    """Short texts of values; arrays with shape and type, networks layer by layer."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlist = self.maxtuple = self.maxdict = 8
        self.maxstring = 200

    def repr_ndarray(self, value: "np.ndarray[Any, Any]", _level: int) -> str:
        content = np.array2string(value, threshold=24, edgeitems=3, precision=6, separator=", ")
        return f"{content} (array, shape {value.shape}, {value.dtype})"

    def repr_Model(self, value: Model, _level: int) -> str:  # noqa: N802  reprlib asks for the class's name
        layers = " → ".join(map(_part, value.layers))
        return f"network {layers}; {value.parameters:,} parameters"

    def repr_Refused(self, value: Refused, _level: int) -> str:  # noqa: N802
        return f"network that cannot be graded: {value}"


_REPR = _Repr()


def _shown(value: Any) -> str:
    return _REPR.repr(value)


def _part(part: Part) -> str:
    settings = ", ".join(
        f"{name}={setting.kind if isinstance(setting, Part) else setting!r}"
        for name, setting in part.settings
        if setting is not None
    )
    return f"{part.kind}({settings})"


def _code(text: str) -> Markup:
    return Markup(escape(lines(text, _LONGEST_CODE, _MOST_LINES)))
