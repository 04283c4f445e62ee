"""What the checks of one question saw: for staff who answer an appeal, never for students."""

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from autograder.checks import MismatchError
from autograder.engine import values
from autograder.engine.results import CheckResult, Result
from autograder.engine.wire import WireError
from autograder.models.description import KerasObject, Model, ModelRefusedError
from autograder.models.parse import parse
from autograder.models.shapes import count_parameters
from autograder.notebook import Check
from autograder.report.pages import render
from autograder.text import multi_line, one_line

Message = dict[str, Any]

_MAX_CALLS = 40
"""Calls of one check that are shown."""

_MAX_TEXT_LENGTH = 600
_MAX_CODE_LENGTH = 20_000
_MAX_CODE_LINES = 300


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a check made, and what the answer gave back."""

    request: str
    reply: str


@dataclass(frozen=True, slots=True)
class CheckRerun:
    """One check: what it is, what is recorded of it, and what came of it now."""

    check: Check
    recorded_result: CheckResult
    new_result: CheckResult
    calls: tuple[Call, ...]

    @property
    def code(self) -> Markup:
        """Return what the check executes."""
        return _code(self.check.code)


def page(
    result: Result, question: str, answers: Sequence[str], reruns: Sequence[CheckRerun], *, title: str
) -> bytes:
    """Return the page about one question of one student.

    Args:
        answers: the code of the student's cells, as it was run.
    """
    return render(
        "explain.html.j2",
        title=title,
        result=result,
        question=question,
        most_calls=_MAX_CALLS,
        answers=[_code(text) for text in answers],
        seen=reruns,
    )


def format_call(request: Message, reply: Message) -> Call:
    """Return a call as people read it.

    Args:
        asked: ``call``, ``args`` and ``kwargs``, as the grader sent them.
        reply: ``raised``, or ``value`` in its spelling, as the submission sent it.
    """
    args = [_repr(value) for value in request["args"]]
    args += [f"{name}={_repr(value)}" for name, value in request["kwargs"].items()]
    return Call(
        one_line(f"{request['call']}({', '.join(args)})", _MAX_TEXT_LENGTH),
        one_line(_format_reply(reply), _MAX_TEXT_LENGTH),
    )


def _format_reply(reply: Message) -> str:
    raised = reply.get("raised")
    if isinstance(raised, Mapping):
        line = raised.get("line")
        where = f" in line {line}" if type(line) is int else ""
        return f"raised {one_line(raised.get('name'), 60)}{where}: {one_line(raised.get('text'), 300)}"
    try:
        return _repr(values.from_wire(reply["value"], _parse_model))
    except (WireError, MismatchError) as error:
        return f"something that cannot be read ({error})"


def _parse_model(description: Any) -> Any:
    try:
        return parse(description)
    except ModelRefusedError as error:
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
        layers = " → ".join(map(_format_object, value.layers))
        return f"network {layers}; {count_parameters(value):,} parameters"

    def repr_ModelRefusedError(self, value: ModelRefusedError, _level: int) -> str:  # noqa: N802
        return f"network that cannot be graded: {value}"


_REPR = _Repr()


def _repr(value: Any) -> str:
    return _REPR.repr(value)


def _format_object(keras_object: KerasObject) -> str:
    settings = ", ".join(
        f"{name}={setting.class_name if isinstance(setting, KerasObject) else setting!r}"
        for name, setting in keras_object.arguments.items()
        if setting is not None
    )
    return f"{keras_object.class_name}({settings})"


def _code(text: str) -> Markup:
    return Markup(escape(multi_line(text, _MAX_CODE_LENGTH, _MAX_CODE_LINES)))
