"""What a student hands over, checked before Keras sees it."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from .description import layers_of
from .errors import KitError
from .quiet import keras
from .tasks import check_whole_number


def check_model(model: Any) -> None:
    """Refuse anything but a built and compiled Keras model."""
    if not isinstance(model, keras.Model):
        raise KitError(
            f"A Keras model is needed here, but this is {_kind(model)}: let your "
            "function return the model itself."
        )
    if not model.built:
        raise KitError(
            "This model has no weights yet, because it does not know the shape of its "
            "input: put keras.Input(shape=...) in front of its layers."
        )
    if not model.compiled:
        raise KitError(
            "This model is not compiled: call model.compile(...) with an optimizer, a "
            "loss and metrics before your function returns it."
        )


def checked_rows(
    model: keras.Model, X: Any, y: Any, samples: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first rows of X and y as arrays that fit the model, or say what is off."""
    if samples is not None:
        check_whole_number("samples", samples, at_least=1)
    X, y = number_array(X, "X"), number_array(y, "y")
    if len(X) != len(y):
        raise KitError(
            f"X has {len(X):,} rows and y has {len(y):,} labels: each row needs one "
            "label, so cut both or neither."
        )
    check_fits(model, X)
    return _short(X[:samples]), y[:samples]


def _short(X: np.ndarray) -> np.ndarray:
    """Return ids as int32, so that equal ids of any integer type train equally."""
    fits = X.dtype.kind in "iu" and X.max(initial=0) <= np.iinfo(np.int32).max
    return X.astype(np.int32) if fits else X


def number_array(value: Any, name: str) -> np.ndarray:
    """Return a value as a non-empty array of finite numbers, or say what it is instead."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise KitError(_ragged(name)) from None
    if array.dtype == object and array.size and np.ndim(array.flat[0]) == 1:
        raise KitError(_ragged(name))
    if array.dtype.kind not in "iufb" or array.ndim == 0:
        raise KitError(f"{name} must be an array of numbers, but it is {_kind(value)}.")
    if array.size == 0:
        raise KitError(f"{name} is empty (shape {array.shape}): there are no rows.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise KitError(f"{name} holds values that are missing (NaN) or infinite.")
    return array


def check_fits(model: keras.Model, X: np.ndarray) -> None:
    """Refuse rows whose shape or word numbers the model cannot take."""
    expected = getattr(model, "input_shape", None)
    if isinstance(expected, tuple) and not _same_shape(expected, X.shape):
        raise KitError(
            f"Each row of X has shape {X.shape[1:]}, but the model takes rows of shape "
            f"{expected[1:]}: pad or cut X to what the model's Input says."
        )
    words = next(iter(layers_of(model)), None)
    if isinstance(words, keras.layers.Embedding):
        _check_word_numbers(X, words.input_dim)


def _check_word_numbers(X: np.ndarray, vocab_size: int) -> None:
    if X.dtype.kind == "f":
        raise KitError(
            f"X holds numbers of type {X.dtype}, but word numbers are whole numbers: make X an integer array."
        )
    if X.min() < 0 or X.max() >= vocab_size:
        raise KitError(
            f"X holds word numbers from {X.min():,} to {X.max():,}, but the model's "
            f"Embedding knows only 0 to {vocab_size - 1:,}."
        )


def _same_shape(expected: tuple[int | None, ...], found: tuple[int, ...]) -> bool:
    return len(expected) == len(found) and all(
        size in (None, have) for size, have in zip(expected[1:], found[1:], strict=True)
    )


def _ragged(name: str) -> str:
    return f"The rows of {name} have different lengths: pad them to one length first."


def _kind(value: Any) -> str:
    if inspect.isroutine(value):
        return "a function (was it called, with brackets?)"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} with shape {value.shape}"
    return f"a value of type {type(value).__name__}"
