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

from autograder.checks import Mismatch
from autograder.grade import wire
from autograder.grade.text import identifier, one_line

LONGEST_INTEGER = 20_000
"""Hexadecimal digits of an integer beyond 64 bits; a count of parameters has a dozen."""

_LARGEST_STAND_IN = 1_000

Spelling = tuple[Any, ...]


def spelled(value: Any, describe: Callable[[Any], Spelling]) -> Spelling:
    """Return the spelling of what an answer returned; runs beside student code.

    Args:
        describe: spells a Keras model.
    """
    if _is_tensor(value):
        value = value.numpy()
    if _crosses(value):
        return ("data", value)
    kind = type(value)
    if kind in (list, tuple):
        return (kind.__name__, [spelled(item, describe) for item in value])
    if kind is dict:
        pairs = [(spelled(key, describe), spelled(item, describe)) for key, item in value.items()]
        return ("dict", pairs)
    if kind is int:
        return ("int", hex(value)[:LONGEST_INTEGER])
    if kind is str:
        return ("data", value[: wire.LONGEST_TEXT])
    if kind is np.ndarray:
        return ("array", str(value.dtype)[:60], list(value.shape))
    if "keras" in sys.modules and isinstance(value, sys.modules["keras"].Model):
        return describe(value)
    return ("other", kind.__name__[:100])


def made(spelling: Any, build: Callable[[Any], Any]) -> Any:
    """Return the value of a spelling that came from beside student code.

    Args:
        build: makes a Keras model from its description, or raises ``Mismatch``.

    Raises:
        WireError: it is no spelling.
        Mismatch: a model that cannot be rebuilt.
    """
    if type(spelling) is not tuple or not spelling or type(spelling[0]) is not str:
        raise wire.WireError("a value without its spelling")
    word, *content = spelling
    try:
        return _MAKERS[word](build, *content)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise wire.WireError(f"the value of {one_line(word, 20)!r} is malformed") from error


def _crosses(value: Any) -> bool:
    try:
        wire.encode({"value": value})
    except wire.WireError:
        return False
    return True


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.startswith("tensorflow.") and hasattr(value, "numpy")


def _made_list(build: Callable[[Any], Any], items: list[Any]) -> list[Any]:
    return [made(item, build) for item in items]


def _made_dict(build: Callable[[Any], Any], pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    return {made(key, build): made(item, build) for key, item in pairs}


def _stand_in_array(_build: object, _dtype: str, shape: list[int]) -> "np.ndarray[Any, Any]":
    """Return an array of objects; only its shape is true."""
    sizes = [size if type(size) is int and 0 <= size <= _LARGEST_STAND_IN else 0 for size in shape[:8]]
    whole = int(np.prod(sizes)) <= _LARGEST_STAND_IN
    return np.empty(sizes if whole else (0,), dtype=object)


def _stand_in(_build: object, name: str) -> Any:
    """Return an object of an empty class of that name."""
    return type(identifier(name), (), {})()


def _refused(_build: object, sentence: str) -> Any:
    """Raise what the child says of a model; as a value, so that a hidden check keeps it back."""
    raise Mismatch(
        "the model has a part that cannot be graded",
        seen=one_line(sentence, 300).rstrip("."),
        hint="Build it from layers of keras.layers.",
    )


_MAKERS: dict[str, Callable[..., Any]] = {
    "data": lambda _build, value: value,
    "list": _made_list,
    "tuple": lambda build, items: tuple(_made_list(build, items)),
    "dict": _made_dict,
    "int": lambda _build, digits: int(digits[:LONGEST_INTEGER], 16),
    "array": _stand_in_array,
    "other": _stand_in,
    "model": lambda build, description: build(description),
    "refused": _refused,
}
