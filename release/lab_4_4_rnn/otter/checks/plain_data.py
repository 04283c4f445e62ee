"""What an answer may return: plain data, or a model of Keras' own classes."""

import functools
import sys
from typing import Any

import numpy as np

from .mismatch import MismatchError, Outcome, UnreadableValueError, read_table
from .table_view import PLAIN_TYPES, is_table, plain

_NOT_DATA = ("function", "builtin_function_or_method", "method", "type", "module")
"""Types of what was forgotten to be called; nobody has to look at it."""


def to_plain_data(value: Any, name: str) -> Any:
    """Return a value as plain data or a Keras model.

    Types are compared by identity: a subclass of ``str`` or ``ndarray`` could define an
    ``__eq__`` that is always true.
    """
    value_type = type(value)
    if value_type.__module__.startswith("tensorflow.") and hasattr(value, "numpy"):
        value = value.numpy()
    value = plain(value)
    value_type = type(value)
    if value_type is np.ndarray and value.dtype.kind not in "biufUmM":
        raise MismatchError(
            f"{name} returns an array that does not contain plain numbers",
            f"dtype {value.dtype}",
            hint="All its rows must have the same length.",
        )
    is_numpy = isinstance(value, np.generic) and value_type.__module__ == "numpy"
    if is_numpy or value_type in (*PLAIN_TYPES, np.ndarray):
        return value
    if is_table(value):
        read_table(value, f"{name} returns")
        return value
    if value_type in (list, tuple, set):
        return value_type(to_plain_data(item, name) for item in value)
    if value_type is dict:
        return {to_plain_data(key, name): to_plain_data(item, name) for key, item in value.items()}
    if _is_keras_model(value, name):
        return value
    if value is None or value is Ellipsis:
        raise MismatchError(f"{name} returns a value with a missing part", repr(value))
    if value_type.__name__ in _NOT_DATA:
        raise MismatchError(f"{name} returns a {value_type.__name__}", hint="Return its value instead.")
    raise UnreadableValueError(f"{name} returns", f"an object of type {value_type.__name__}")


def _is_keras_model(value: Any, name: str) -> bool:
    keras: Any = sys.modules.get("keras")  # a course without Keras never imports it
    if keras is None or not isinstance(value, keras.Model):
        return False
    if type(value) in (keras.Sequential, _functional_class()):
        return True
    raise MismatchError(
        f"{name} returns a model of a class of your own, so a person will look at it",
        type(value).__name__,
        hint="Or build it with keras.Sequential([…]) or keras.Model(inputs, outputs).",
        outcome=Outcome.REVIEW,
    )


@functools.cache
def _functional_class() -> type:
    """Return the class of ``keras.Model(inputs, outputs)``, which Keras does not export."""
    keras: Any = sys.modules["keras"]
    inputs = keras.Input((1,))
    return type(keras.Model(inputs, keras.layers.Identity()(inputs)))
