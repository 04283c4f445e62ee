"""The calls of a question's checks and their replies as people read them, for a staff-only page."""

import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.checks import MismatchError
from autograder.engine import values
from autograder.engine.wire import WireError
from autograder.models.description import Items, KerasObject, Model, ModelRefusedError, ObjectRef, Value
from autograder.models.parse import parse
from autograder.text import one_line

Message = dict[str, Any]

MAX_CALLS = 40
"""Calls of one check that are shown."""

_MAX_TEXT_LENGTH = 600


def format_call(request: Message, reply: Message) -> tuple[str, str]:
    """Return a call that a check made, and what the answer returned.

    Args:
        request: ``call``, ``args`` and ``kwargs``, as the grader sent them.
        reply: ``raised``, or ``value`` in the wire's encoding, as the submission sent it: untrusted.
    """
    arguments = list(map(_REPR.repr, request["args"]))
    for name, value in request["kwargs"].items():
        arguments.append(f"{name}={_REPR.repr(value)}")
    # Whatever the reply claims, it is shown as text: no attribute of it is called.
    raised = reply.get("raised")
    if isinstance(raised, Mapping):
        line = raised.get("line")
        where = f" in line {line}" if type(line) is int else ""
        answer = f"raised {one_line(raised.get('name'), 60)}{where}: {one_line(raised.get('text'), 300)}"
    else:
        try:
            answer = _REPR.repr(values.from_wire(reply["value"], lambda content: parse(content["model"])))
        except ModelRefusedError as error:
            answer = f"model that cannot be graded: {error}"
        except (WireError, MismatchError) as error:
            answer = f"returned something unreadable ({error})"
    call = f"{request['call']}({', '.join(arguments)})"
    return one_line(call, _MAX_TEXT_LENGTH), one_line(answer, _MAX_TEXT_LENGTH)


class _Repr(reprlib.Repr):
    """Short texts of values: arrays with shape and type, models layer by layer."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlist = self.maxtuple = self.maxdict = 8
        self.maxstring = 200

    # reprlib dispatches to "repr_" and the class's name.

    def repr_ndarray(self, value: "np.ndarray[Any, Any]", _level: int) -> str:
        content = np.array2string(value, threshold=24, edgeitems=3, precision=6, separator=", ")
        return f"{content} (array, shape {value.shape}, {value.dtype})"

    def repr_Model(self, value: Model, _level: int) -> str:  # noqa: N802  the class's name
        indices = value.layers or tuple(call.operation for call in value.calls)
        return f"model {' → '.join(_object_text(value, value.objects[index]) for index in indices)}"


def _object_text(model: Model, described: KerasObject) -> str:
    """Return an object as Python would construct it, e.g. ``Dense(units=1, activation=sigmoid)``."""
    if described.family == "activations":
        return described.class_name
    arguments = [f"{name}={_value_text(model, value)}" for name, value in described.arguments.items()]
    return f"{described.class_name}({', '.join(arguments)})"


def _value_text(model: Model, value: Value) -> str:
    if isinstance(value, ObjectRef):
        return _object_text(model, model.objects[value.index])
    if isinstance(value, Items):
        return f"[{', '.join(_value_text(model, item) for item in value.values)}]"
    return repr(value)


_REPR = _Repr()
