"""What a forecast is measured against: a weighted sum of the same values, and the noise itself."""

from __future__ import annotations

import math

import numpy as np

from .tasks import check_window, series_values

NOISE = 0.1
"""Standard deviation of the noise that ``make_series`` adds."""


def linear_forecast(train: np.ndarray, test: np.ndarray, window: int) -> np.ndarray:
    """Return the forecasts of a weighted sum of the last ``window`` values, fitted to ``train``.

    The weights are those of least squares, so nothing is trained.

    Returns:
        One forecast for each value of ``test`` that has ``window`` values before it.
    """
    train, test = series_values(train), series_values(test)
    for part in (train, test):
        check_window(part, window)
    weights, *_ = np.linalg.lstsq(_with_one(train, window), train[window:], rcond=None)
    return _with_one(test, window) @ weights


def noise_floor(series: np.ndarray, train: int) -> float:
    """Return the mean absolute error of a forecast that knows all but the noise.

    Args:
        series: before it was standardized.
        train: number of values whose standard deviation is the unit.
    """
    # The mean of |N(0, 1)| is sqrt(2 / pi).
    return NOISE * math.sqrt(2 / math.pi) / float(series_values(series)[:train].std())


def _with_one(values: np.ndarray, window: int) -> np.ndarray:
    """Return the windows that have a value after them, and a column of ones."""
    windows = np.lib.stride_tricks.sliding_window_view(values, window)[:-1]
    return np.column_stack([windows, np.ones(len(windows))])
