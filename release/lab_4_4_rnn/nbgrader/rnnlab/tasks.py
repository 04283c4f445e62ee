"""The lab's two made-up tasks: which token came first, and a noisy wave to forecast.

``make_order_task(2, seed=0)`` gives two rows such as ``[7 9 1 4 .. 2 5 ..]``, label 1,
because token 1 stands before token 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import KitError, unanswered

TOKEN_A, TOKEN_B = 1, 2
FIRST_NOISE_TOKEN = 3


def make_order_task(
    count: int, *, seed: int, vocab: int = 20, length: int = 20
) -> tuple[np.ndarray, np.ndarray]:
    """Make rows in which token 1 and token 2 stand once each, and say which is first.

    All other places hold tokens 3 … ``vocab - 1``; there is no padding.

    Args:
        count: number of rows.
        seed: rows of one seed are always the same.

    Returns:
        X int32 (count, length); y int64 (count,), 1 where token 1 comes first.
    """
    check_whole_number("count", count, at_least=1)
    check_whole_number("vocab", vocab, at_least=FIRST_NOISE_TOKEN + 1)
    check_whole_number("length", length, at_least=2)
    rng = np.random.default_rng(seed)
    X = rng.integers(FIRST_NOISE_TOKEN, vocab, size=(count, length), dtype=np.int32)
    places = np.argsort(rng.random((count, length)), axis=1)[:, :2]
    rows = np.arange(count)
    X[rows, places[:, 0]] = TOKEN_A
    X[rows, places[:, 1]] = TOKEN_B
    return X, (places[:, 0] < places[:, 1]).astype(np.int64)


def make_series(count: int = 1_000, *, seed: int) -> np.ndarray:
    """Make a wave of two periods (25 and 60 steps) with noise, float64 (count,).

    The formula is sin(2πt/25) + 0.5·sin(2πt/60) + 0.1·N(0, 1).
    """
    check_whole_number("count", count, at_least=1)
    t = np.arange(count)
    noise = np.random.default_rng(seed).normal(size=count)
    return np.sin(2 * np.pi * t / 25) + 0.5 * np.sin(2 * np.pi * t / 60) + 0.1 * noise


def split_and_standardise(series: np.ndarray, train: int = 800) -> tuple[np.ndarray, np.ndarray]:
    """Cut a series in time and scale both parts with the mean and sd of the first.

    Args:
        series: numbers in order of time.
        train: how many of them form the training part; the rest is the test part.
    """
    values = series_values(series)
    check_whole_number("train", train, at_least=2)
    if train >= len(values):
        raise KitError(
            f"The training part has {train} steps and the series only {len(values)}: "
            "leave some steps for the test part."
        )
    centre, spread = values[:train].mean(), values[:train].std()
    if spread == 0:
        raise KitError("The training part is constant, so it cannot be standardised.")
    scaled = (values - centre) / spread
    return scaled[:train], scaled[train:]


def naive_mae(series: np.ndarray, window: int) -> float:
    """Return the mean absolute error of the forecast "the next value is the last one".

    It is measured on exactly the values that have ``window`` values before them.
    """
    values = series_values(series)
    check_window(values, window)
    return float(np.abs(values[window:] - values[window - 1 : -1]).mean())


def as_pair(value: Any, *, question: str = "Q9") -> tuple[Any, Any]:
    """Return ``(X, y)`` as they are, or ``(None, None)`` while the question is open."""
    if unanswered(question, value):
        return None, None
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise KitError(
            f"{question} should return two arrays, X and y, but returned "
            f"{_described(value)}: end the function with 'return X, y'."
        )
    return value[0], value[1]


def series_values(series: Any) -> np.ndarray:
    """Return a series as float64 (count,), or say what is wrong with it."""
    try:
        values = np.asarray(series, dtype=np.float64)
    except (TypeError, ValueError):
        raise KitError(f"A series is a row of numbers, but found {_described(series)}.") from None
    if values.ndim != 1 or values.size == 0:
        raise KitError(
            f"A series has one number per time step, shape (steps,), but this one has shape {values.shape}."
        )
    if not np.isfinite(values).all():
        raise KitError("The series holds values that are missing (NaN) or infinite.")
    return values


def forecast_values(values: np.ndarray, window: int, predictions: Any) -> np.ndarray:
    """Return forecasts as float64 (n,), one for each value after the first window."""
    check_window(values, window)
    try:
        forecast = np.asarray(predictions, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        raise KitError(f"Forecasts are numbers, but found {_described(predictions)}.") from None
    if len(forecast) != len(values) - window:
        raise KitError(
            f"There are {len(forecast)} forecasts, but {len(values) - window} values of "
            f"this series have {window} values before them: one forecast each."
        )
    if not np.isfinite(forecast).all():
        raise KitError("Some forecasts are missing (NaN) or infinite.")
    return forecast


def check_window(values: np.ndarray, window: int) -> None:
    """Refuse a window that leaves nothing to forecast."""
    check_whole_number("window", window, at_least=1)
    if window >= len(values):
        raise KitError(
            f"A window of {window} steps leaves nothing to forecast in a series of "
            f"{len(values)} steps: take a shorter window."
        )


def check_whole_number(name: str, value: Any, *, at_least: int) -> None:
    """Refuse anything but a whole number that is large enough."""
    is_integer = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_integer or value < at_least:
        raise KitError(f"{name} must be a whole number of at least {at_least}, not {value!r}.")


def _described(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"one array of shape {tuple(shape)}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)} values"
    return f"a value of type {type(value).__name__}"
