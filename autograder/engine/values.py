"""Values between an answer and a check: plain data, models, and placeholders for everything else.

The submission's process encodes what an answer returned (``to_wire``), and the grader decodes it
(``from_wire``). A wire value is a tuple of a word and its content: ``("data", 3)``,
``("list", [...])``, ``("model", content)``, ``("other", "Figure")``. A value that cannot
cross arrives as an object of an empty class with the same name, so that a check can name its type.
Frames of pandas are data: they cross as ``table_values`` packs them.
``to_wire`` runs next to student code, and its output can be forged: ``from_wire`` trusts none of it.
"""

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.checks import MismatchError, Outcome
from autograder.checks.table_view import is_table, plain
from autograder.engine.table_values import unpack
from autograder.engine.wire import MAX_FRAME_BYTES, MAX_TEXT_CHARS, WireError, encode
from autograder.text import one_line

MAX_INTEGER_DIGITS = 20_000
"""Hexadecimal digits of an integer beyond 64 bits; a parameter count has a dozen."""

_MAX_PLACEHOLDER_SIZE = 1_000
_MAX_NAME_CHARS = 100

WireValue = tuple[Any, ...]


def to_wire(value: Any, describe: Callable[[Any], WireValue]) -> WireValue:
    """Return the wire value of what an answer returned.

    Args:
        describe: returns the wire value of a Keras model.
    """
    if type(value).__module__.startswith("tensorflow.") and hasattr(value, "numpy"):
        value = value.numpy()  # runs student code if the class is forged; so does everything here
    try:
        if len(encode({"value": value})) > MAX_FRAME_BYTES // 2:  # beside it, the arguments return
            raise WireError("too much data to send")
        return ("data", value)
    except WireError as error:
        reason = str(error)
    # It cannot cross as it is: as much of it as can.
    value = plain(value)
    kind = type(value)
    if kind in (list, tuple, set):
        items = sorted(value, key=repr) if kind is set else value
        return (kind.__name__, [to_wire(item, describe) for item in items])
    if kind is dict:
        return ("dict", [(to_wire(key, describe), to_wire(item, describe)) for key, item in value.items()])
    if kind is int:
        return ("int", hex(value)[:MAX_INTEGER_DIGITS])
    if kind is str:
        return ("data", value[:MAX_TEXT_CHARS])
    if kind is np.ndarray:
        return ("array", str(value.dtype)[:60], list(value.shape))
    if "keras" in sys.modules and isinstance(value, sys.modules["keras"].Model):
        return describe(value)
    name = f"{kind.__name__} with {reason}" if is_table(value) else kind.__name__
    return ("other", name[:_MAX_NAME_CHARS])


def from_wire(wire_value: Any, build: Callable[[Any], Any]) -> Any:
    """Return the value of an untrusted wire value.

    Args:
        build: rebuilds a Keras model from what ``describe`` returned, or raises ``MismatchError``.

    Raises:
        WireError: it is malformed.
        MismatchError: it contains a model that cannot be rebuilt.
    """
    if type(wire_value) is not tuple or not wire_value or type(wire_value[0]) is not str:
        raise WireError("a value that does not say what it is")
    # A forged value may have the wrong number of parts or parts of any type, and be nested as deep
    # as a frame allows. Not each of them is checked here: a wrong one raises one of these errors.
    try:
        return _decode(wire_value, build)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise WireError(f"the value of {one_line(wire_value[0], 20)!r} is malformed") from error


def holds_model(wire_value: Any) -> bool:
    """Return True if an untrusted wire value is or contains a model."""
    match wire_value:
        case ("model", _):
            return True
        case ("list" | "tuple", [*items]):
            return any(map(holds_model, items))
        case ("dict", [*pairs]):
            return any(
                holds_model(part) for pair in pairs if isinstance(pair, (list, tuple)) for part in pair
            )
    return False


def _decode(wire_value: WireValue, build: Callable[[Any], Any]) -> Any:
    match wire_value:
        case ("data", value):
            return unpack(value)
        case ("list" | "tuple" | "set" as kind, items):
            collection: type = {"list": list, "tuple": tuple, "set": set}[kind]
            return collection([from_wire(item, build) for item in items])
        case ("dict", pairs):
            return {from_wire(key, build): from_wire(value, build) for key, value in pairs}
        case ("int", str(digits)):
            return int(digits[:MAX_INTEGER_DIGITS], 16)
        case ("array", _, [*shape]):
            # Objects of which only the shape is true; empty if that is too large.
            limit = _MAX_PLACEHOLDER_SIZE
            sizes = [size if type(size) is int and 0 <= size <= limit else 0 for size in shape[:8]]
            return np.empty(sizes if math.prod(sizes) <= limit else [0], dtype=object)
        case ("other", name):
            return type(one_line(name, _MAX_NAME_CHARS) or "object", (), {})()
        case ("model", dict(content)):
            return build(content)
        case ("refused", sentence):
            # Raised as a value that was found: a hidden check leaves those out of its message.
            seen = one_line(sentence, 300).rstrip(".")
            problem = "the grader cannot read the model, so a person will look at it"
            raise MismatchError(problem, seen, outcome=Outcome.REVIEW)
    raise ValueError("an unknown word or the wrong number of parts")
