"""Check values: numbers, texts, lists, dicts and arrays."""

from typing import Any

import numpy as np

from .answers import MismatchError


def equal(
    actual: Any, expected: Any, *, any_order: bool = False, what: str = "the result", hint: str = ""
) -> None:
    """Check that two values are equal: numbers, texts, lists, dicts or whole arrays.

    Args:
        any_order: compare two lists of texts regardless of their order.
    """
    if any_order and isinstance(actual, (list, tuple)) and all(type(item) is str for item in actual):
        actual, expected = sorted(actual), sorted(expected)
    if isinstance(expected, np.ndarray) and _array_shape(actual) != expected.shape:
        raise MismatchError(f"{what} has the wrong shape", _array_shape(actual), expected.shape, hint)
    if not _is_equal(actual, expected):
        raise MismatchError(f"{what} is wrong", actual, expected, hint)


def close(
    actual: Any, expected: Any, *, tolerance: float = 1e-6, what: str = "the result", hint: str = ""
) -> None:
    """Check that numbers agree within an absolute ``tolerance``; NaN never does."""
    expected_array = np.asarray(expected, dtype=float)
    actual_array = _to_floats(actual, what)
    if actual_array.shape != expected_array.shape:
        raise MismatchError(f"{what} has the wrong shape", actual_array.shape, expected_array.shape, hint)
    if not np.allclose(actual_array, expected_array, rtol=0.0, atol=tolerance):
        raise MismatchError(f"{what} is wrong", actual, expected, hint)


def shape(actual: Any, expected: tuple[int, ...], *, what: str = "the result", hint: str = "") -> None:
    """Check the shape of an array; a nested list is not an array."""
    if not isinstance(actual, np.ndarray):
        raise MismatchError(f"{what} is not a NumPy array", f"a {type(actual).__name__}", expected, hint)
    if actual.shape != tuple(expected):
        raise MismatchError(f"{what} has the wrong shape", actual.shape, tuple(expected), hint)


def integers(actual: Any, *, what: str = "the result", hint: str = "") -> None:
    """Check that an array holds whole numbers by its dtype."""
    if isinstance(actual, np.ndarray) and actual.dtype.kind in "iu":
        return
    dtype = getattr(actual, "dtype", type(actual).__name__)
    raise MismatchError(f"{what} does not contain integers", str(dtype), "an integer dtype", hint)


def of_type(actual: Any, expected: type, *, what: str = "the result", hint: str = "") -> None:
    """Check the type of a value; NumPy's integers count as ``int``."""
    if type(actual) is expected or (expected is int and isinstance(actual, np.integer)):
        return
    raise MismatchError(f"{what} has the wrong type", type(actual).__name__, expected.__name__, hint)


def length(actual: Any, expected: int, *, what: str = "the result", hint: str = "") -> None:
    """Check that a list, tuple or array has ``expected`` entries."""
    dimensions = _array_shape(actual)
    if isinstance(actual, (list, tuple, np.ndarray)) and dimensions[:1] == (expected,):
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
    try:
        if isinstance(actual, np.ndarray) or isinstance(expected, np.ndarray):
            return bool(np.array_equal(actual, expected))
        return bool(actual == expected)
    except (ValueError, TypeError, OverflowError):  # rows of different lengths, numbers beyond a float
        return False


def _array_shape(value: Any) -> tuple[int, ...]:
    try:
        return np.shape(value)
    except ValueError:  # rows of different lengths
        return (len(value),)


def _to_floats(value: Any, what: str) -> np.ndarray:
    try:
        if not np.iscomplexobj(value):
            return np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        pass  # texts, rows of different lengths, numbers beyond a float
    raise MismatchError(f"{what} does not contain only real numbers", value)


def _to_float(value: Any, what: str) -> float:
    array = _to_floats(value, what)
    if array.shape != ():
        raise MismatchError(f"{what} is not a single number", f"shape {array.shape}")
    return float(array)
