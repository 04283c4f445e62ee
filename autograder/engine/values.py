"""Values between an answer and a check: plain data, models, and placeholders for everything else.

The submission's process encodes what an answer returned (``to_wire``), and the grader decodes it
(``from_wire``). A wire value is a tuple of a word and its content: ``("data", 3)``,
``("list", [...])``, ``("model", description)``, ``("other", "DataFrame")``. A value that cannot
cross arrives as an object of an empty class with the same name, so that a check can name its type.
``to_wire`` runs next to student code, and its output can be forged: ``from_wire`` trusts none of it.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.checks import MismatchError
from autograder.engine.wire import MAX_TEXT_CHARS, WireError, encode
from autograder.text import identifier, one_line

MAX_INTEGER_DIGITS = 20_000
"""Hexadecimal digits of an integer beyond 64 bits; a parameter count has a dozen."""

_MAX_PLACEHOLDER_SIZE = 1_000

WireValue = tuple[Any, ...]
Build = Callable[[Any], Any]


def to_wire(value: Any, describe: Callable[[Any], WireValue]) -> WireValue:
    """Return the wire value of what an answer returned.

    Args:
        describe: returns the wire value of a Keras model.
    """
    if type(value).__module__.startswith("tensorflow.") and hasattr(value, "numpy"):
        value = value.numpy()
    try:
        encode({"value": value})
    except WireError:
        return _partly(value, describe)
    return ("data", value)


def _partly(value: Any, describe: Callable[[Any], WireValue]) -> WireValue:
    """Return the wire value of something that cannot cross as it is, with as much as can."""
    kind = type(value)
    if kind in (list, tuple):
        return (kind.__name__, [to_wire(item, describe) for item in value])
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
    return ("other", kind.__name__[:100])


def from_wire(wire_value: Any, build: Build) -> Any:
    """Return the value of an untrusted wire value.

    Args:
        build: rebuilds a Keras model from its description, or raises ``MismatchError``.

    Raises:
        WireError: it is malformed.
        MismatchError: it contains a model that cannot be rebuilt.
    """
    if type(wire_value) is not tuple or not wire_value or type(wire_value[0]) is not str:
        raise WireError("a value that does not say what it is")
    word, *content = wire_value
    try:
        return _DECODERS[word](build, *content)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise WireError(f"the value of {one_line(word, 20)!r} is malformed") from error


def _list(build: Build, items: list[Any]) -> list[Any]:
    return [from_wire(item, build) for item in items]


def _dict(build: Build, pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    return {from_wire(key, build): from_wire(item, build) for key, item in pairs}


def _placeholder_array(_build: Build, _dtype: str, shape: list[int]) -> "np.ndarray[Any, Any]":
    """Return an array of objects of which only the shape is true; empty if that is too large."""
    sizes = [size if type(size) is int and 0 <= size <= _MAX_PLACEHOLDER_SIZE else 0 for size in shape[:8]]
    if int(np.prod(sizes)) > _MAX_PLACEHOLDER_SIZE:
        sizes = [0]
    return np.empty(sizes, dtype=object)


def _refused(_build: Build, sentence: str) -> Any:
    """Raise the submission's sentence about a model as a value, which a hidden check leaves out."""
    raise MismatchError(
        "the model has a part that cannot be graded",
        actual=one_line(sentence, 300).rstrip("."),
        hint="Build it from layers of keras.layers.",
    )


_DECODERS: dict[str, Callable[..., Any]] = {
    "data": lambda _build, value: value,
    "list": _list,
    "tuple": lambda build, items: tuple(_list(build, items)),
    "dict": _dict,
    "int": lambda _build, digits: int(digits[:MAX_INTEGER_DIGITS], 16),
    "array": _placeholder_array,
    "other": lambda _build, name: type(identifier(name), (), {})(),
    "model": lambda build, description: build(description),
    "refused": _refused,
}
