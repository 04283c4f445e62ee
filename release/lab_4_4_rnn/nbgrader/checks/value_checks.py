"""Check values: numbers, texts, lists, dicts and arrays."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .mismatch import MismatchError
from .table_view import is_same, is_table


def equal(
    actual: Any,
    expected: Any,
    *,
    any_order: bool = False,
    any_spacing: bool = False,
    what: str = "the result",
    hint: str = "",
) -> None:
    """Check that two values are equal: numbers, texts, dates, lists, dicts or whole arrays.

    Axes of length 1 do not count: ``shape`` looks at them. Frames of pandas are equal only with the same
    order and index: ``frame`` compares them as a reader does.

    Args:
        any_order: compare a list or a set of texts regardless of the order.
        any_spacing: compare texts word by word; a list of words passes for a text.
    """
    if any_order and isinstance(actual, (list, tuple, set)) and all(type(item) is str for item in actual):
        actual, expected = sorted(actual), sorted(expected)
    if any_spacing:
        actual, expected = _single_spaces(actual), _single_spaces(expected)
    if isinstance(expected, np.ndarray):
        actual = _fit(actual, expected.shape)
        if _array_shape(actual) != expected.shape:
            raise MismatchError(f"{what} has the wrong shape", _array_shape(actual), expected.shape)
    if not _is_equal(actual, expected):
        found, wanted = type(actual), type(expected)
        if {found, wanted} == {list, tuple} and _is_equal(list(actual), list(expected)):
            what = f"{what} is a {found.__name__}, not a {wanted.__name__}"
        else:
            what = f"{what} is wrong"
        raise MismatchError(what, actual, expected, hint)


def close(
    actual: Any, expected: Any, *, tolerance: float = 1e-6, what: str = "the result", hint: str = ""
) -> None:
    """Check that numbers agree within an absolute ``tolerance``; NaN never does.

    Axes of length 1 do not count: ``shape`` looks at them.
    """
    expected_array = np.asarray(expected, dtype=float)
    actual_array = _fit(_to_floats(actual, what), expected_array.shape)
    if actual_array.shape != expected_array.shape:
        raise MismatchError(f"{what} has the wrong shape", actual_array.shape, expected_array.shape)
    if not np.allclose(actual_array, expected_array, rtol=0.0, atol=tolerance):
        raise MismatchError(f"{what} is wrong", actual, expected, hint)


def as_array(
    actual: Any, expected: tuple[int | None, ...], *, what: str = "the result", hint: str = ""
) -> np.ndarray:
    """Return numbers as an array of some shape, in which ``None`` is any length.

    Axes of length 1 may be missing or too many: ``shape`` looks at them.

    Raises:
        MismatchError: they are not numbers, or they do not fit into the shape.
    """
    array = _to_floats(actual, what)
    if _has_shape(array.shape, expected):
        return array
    lengths = [length for length in array.shape if length != 1]
    wanted = [length for length in expected if length != 1]
    if not _has_shape(tuple(lengths), wanted):
        raise MismatchError(f"{what} has the wrong shape", array.shape, _shape_text(expected), hint)
    return array.reshape([1 if length == 1 else lengths.pop(0) for length in expected])


def shape(actual: Any, expected: tuple[int | None, ...], *, what: str = "the result", hint: str = "") -> None:
    """Check the shape of an array, in which ``None`` is any length; a nested list is not an array."""
    if not isinstance(actual, np.ndarray):
        raise MismatchError(f"{what} is not a NumPy array", f"a {type(actual).__name__}")
    if not _has_shape(actual.shape, expected):
        raise MismatchError(f"{what} has the wrong shape", actual.shape, _shape_text(expected), hint)


def single_spaced(actual: Any, *, what: str = "the result") -> None:
    """Check that a value is a text with single spaces between its words and none around them."""
    of_type(actual, str, what=what)
    if actual != _single_spaces(actual):
        hint = "Single spaces between the words, none before or after them."
        raise MismatchError(f"{what} has a space too many", repr(actual), hint=hint)


def integers(actual: Any, *, what: str = "the result", hint: str = "") -> None:
    """Check that an array, or a Series, holds whole numbers by its dtype."""
    dtype = type(actual).__name__
    if isinstance(actual, (np.ndarray, np.generic)) or (is_table(actual) and actual.ndim == 1):
        dtype = str(actual.dtype)
        if actual.dtype.kind in ("i", "u") and not isinstance(actual, np.generic):
            return
    raise MismatchError(f"{what} does not contain integers", dtype, "an integer dtype", hint)


def of_type(actual: Any, *expected: type, what: str = "the result", hint: str = "") -> None:
    """Check that a value has one of some types; NumPy's integers count as ``int``."""
    if type(actual) in expected or (int in expected and isinstance(actual, np.integer)):
        return
    names = " or ".join(kind.__name__ for kind in expected)
    raise MismatchError(f"{what} has the wrong type", type(actual).__name__, names, hint)


def length(actual: Any, expected: int, *, what: str = "the result", hint: str = "") -> None:
    """Check that a list, tuple or array has ``expected`` entries, or a frame as many rows."""
    dimensions = _array_shape(actual)
    has_length = isinstance(actual, (list, tuple, np.ndarray)) or is_table(actual)
    if has_length and dimensions[:1] == (expected,):
        return
    count: object = f"one {type(actual).__name__}"
    if dimensions:
        count = dimensions[0]
    raise MismatchError(f"{what} has the wrong number of entries", count, expected, hint)


def at_least(actual: Any, threshold: float, *, what: str, hint: str = "") -> None:
    """Check that a number reaches a threshold; NaN does not."""
    number = _to_float(actual, what)
    if not number >= threshold:
        raise MismatchError(f"{what} is too low ({number:.3f})", None, f"at least {threshold:g}", hint)


def at_most(actual: Any, threshold: float, *, what: str, hint: str = "") -> None:
    """Check that a number does not exceed a threshold; NaN does not pass."""
    number = _to_float(actual, what)
    if not number <= threshold:
        raise MismatchError(f"{what} is too high ({number:.3f})", None, f"at most {threshold:g}", hint)


def _is_equal(actual: Any, expected: Any) -> bool:
    if isinstance(actual, (list, tuple)) and type(actual) is type(expected):
        return len(actual) == len(expected) and all(map(_is_equal, actual, expected))
    if isinstance(actual, dict) and isinstance(expected, dict):
        same_keys = actual.keys() == expected.keys()
        return same_keys and all(_is_equal(actual[key], expected[key]) for key in expected)
    if is_table(actual) or is_table(expected):
        return is_same(actual, expected)
    try:
        if isinstance(actual, np.ndarray) or isinstance(expected, np.ndarray):
            return bool(np.array_equal(actual, expected))
        return bool(actual == expected)
    except (ValueError, TypeError, OverflowError):  # rows of different lengths, numbers beyond a float
        return False


def _single_spaces(value: Any) -> Any:
    """Return a text, or a list of its words, with single spaces; any other value as it is."""
    if isinstance(value, (list, tuple)) and all(type(item) is str for item in value):
        value = " ".join(value)
    return " ".join(value.split()) if isinstance(value, str) else value


def _has_shape(actual: tuple[int, ...], expected: Sequence[int | None]) -> bool:
    if len(actual) != len(expected):
        return False
    pairs = zip(actual, expected, strict=True)
    return all(wanted in (None, length) for length, wanted in pairs)


def _shape_text(expected: tuple[int | None, ...]) -> str:
    return str(expected).replace("None", "any")


def _fit(value: Any, expected: tuple[int, ...]) -> Any:
    """Return an array in a shape if only axes of length 1 tell them apart; else the value as it is."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return value
    lengths = [length for length in array.shape if length != 1]
    if lengths == [length for length in expected if length != 1]:
        return array.reshape(expected)
    return value


def _array_shape(value: Any) -> tuple[int, ...]:
    try:
        return np.shape(value)
    except ValueError:  # rows of different lengths
        return (len(value),)


def _to_floats(value: Any, what: str) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # NumPy only warns of a complex number
            return np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError, Warning):
        pass  # texts, rows of different lengths, numbers beyond a float
    raise MismatchError(f"{what} does not contain only real numbers", value)


def _to_float(value: Any, what: str) -> float:
    array = _to_floats(value, what)
    if array.shape != ():
        raise MismatchError(f"{what} is not a single number", f"shape {array.shape}")
    return float(array)
