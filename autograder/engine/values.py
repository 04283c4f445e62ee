"""Values on their way from an answer to a check: plain data, models, and what is neither.

The child spells what an answer returned (``spelled``), the grader makes it again (``made``).
A spelling is a tuple of a word and its content: ``("data", 3)``, ``("list", [...])``,
``("model", description)``, ``("other", "DataFrame")``. What cannot cross arrives as an object
of a class with the same name, so that the check vocabulary says what it is.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.checks import MismatchError
from autograder.engine import wire
from autograder.text import identifier, one_line

MAX_INTEGER_DIGITS = 20_000
"""Hexadecimal digits of an integer beyond 64 bits; a count of parameters has a dozen."""

_MAX_PLACEHOLDER_SIZE = 1_000

WireValue = tuple[Any, ...]


def to_wire(value: Any, describe: Callable[[Any], WireValue]) -> WireValue:
    """Return the spelling of what an answer returned; runs beside student code.

    Args:
        describe: spells a Keras model.
    """
    if _is_tensor(value):
        value = value.numpy()
    if _is_encodable(value):
        return ("data", value)
    kind = type(value)
    if kind in (list, tuple):
        return (kind.__name__, [to_wire(item, describe) for item in value])
    if kind is dict:
        pairs = [(to_wire(key, describe), to_wire(item, describe)) for key, item in value.items()]
        return ("dict", pairs)
    if kind is int:
        return ("int", hex(value)[:MAX_INTEGER_DIGITS])
    if kind is str:
        return ("data", value[: wire.MAX_TEXT_CHARS])
    if kind is np.ndarray:
        return ("array", str(value.dtype)[:60], list(value.shape))
    if "keras" in sys.modules and isinstance(value, sys.modules["keras"].Model):
        return describe(value)
    return ("other", kind.__name__[:100])


def from_wire(wire_value: Any, build: Callable[[Any], Any]) -> Any:
    """Return the value of a spelling that came from beside student code.

    Args:
        build: makes a Keras model from its description, or raises ``Mismatch``.

    Raises:
        WireError: it is no spelling.
        Mismatch: a model that cannot be rebuilt.
    """
    if type(wire_value) is not tuple or not wire_value or type(wire_value[0]) is not str:
        raise wire.WireError("a value without its spelling")
    word, *content = wire_value
    try:
        return _DECODERS[word](build, *content)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise wire.WireError(f"the value of {one_line(word, 20)!r} is malformed") from error


def _is_encodable(value: Any) -> bool:
    try:
        wire.encode({"value": value})
    except wire.WireError:
        return False
    return True


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.startswith("tensorflow.") and hasattr(value, "numpy")


def _list_from_wire(build: Callable[[Any], Any], items: list[Any]) -> list[Any]:
    return [from_wire(item, build) for item in items]


def _dict_from_wire(build: Callable[[Any], Any], pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    return {from_wire(key, build): from_wire(item, build) for key, item in pairs}


def _placeholder_array(_build: object, _dtype: str, shape: list[int]) -> "np.ndarray[Any, Any]":
    """Return an array of objects; only its shape is true."""
    sizes = [size if type(size) is int and 0 <= size <= _MAX_PLACEHOLDER_SIZE else 0 for size in shape[:8]]
    whole = int(np.prod(sizes)) <= _MAX_PLACEHOLDER_SIZE
    return np.empty(sizes if whole else (0,), dtype=object)


def _placeholder_object(_build: object, name: str) -> Any:
    """Return an object of an empty class of that name."""
    return type(identifier(name), (), {})()


def _raise_refused(_build: object, sentence: str) -> Any:
    """Raise what the child says of a model; as a value, so that a hidden check keeps it back."""
    raise MismatchError(
        "the model has a part that cannot be graded",
        actual=one_line(sentence, 300).rstrip("."),
        hint="Build it from layers of keras.layers.",
    )


_DECODERS: dict[str, Callable[..., Any]] = {
    "data": lambda _build, value: value,
    "list": _list_from_wire,
    "tuple": lambda build, items: tuple(_list_from_wire(build, items)),
    "dict": _dict_from_wire,
    "int": lambda _build, digits: int(digits[:MAX_INTEGER_DIGITS], 16),
    "array": _placeholder_array,
    "other": _placeholder_object,
    "model": lambda build, description: build(description),
    "refused": _raise_refused,
}
