"""The order task and the series: what they hold, and what the kit refuses."""

from typing import Any

import numpy as np
import pytest
from rnnlab import make_order_task, make_series, naive_mae, split_and_standardise
from rnnlab.errors import KitError
from rnnlab.tasks import as_pair, forecast_values

COUNT, VOCAB, LENGTH = 300, 11, 7


def test_each_row_holds_both_tokens_once_and_no_padding() -> None:
    X, y = make_order_task(COUNT, seed=3, vocab=VOCAB, length=LENGTH)
    assert (X.shape, y.shape) == ((COUNT, LENGTH), (COUNT,))
    assert (X.dtype, y.dtype) == (np.int32, np.int64)
    assert ((X == 1).sum(axis=1) == 1).all()
    assert ((X == 2).sum(axis=1) == 1).all()
    assert (X.min(), X.max()) == (1, VOCAB - 1)


def test_the_label_says_whether_token_1_comes_first() -> None:
    X, y = make_order_task(COUNT, seed=3, vocab=VOCAB, length=LENGTH)
    first = [int(row.tolist().index(1) < row.tolist().index(2)) for row in X]
    assert y.tolist() == first
    assert 0.4 < y.mean() < 0.6


def test_a_seed_decides_the_rows() -> None:
    once, again, other = (make_order_task(20, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(once[0], again[0])
    assert np.array_equal(once[1], again[1])
    assert not np.array_equal(once[0], other[0])


def test_the_series_is_two_waves_and_noise() -> None:
    series, t = make_series(600, seed=4), np.arange(600)
    noise = series - np.sin(2 * np.pi * t / 25) - 0.5 * np.sin(2 * np.pi * t / 60)
    assert (series.shape, series.dtype) == ((600,), np.float64)
    assert abs(noise.mean()) < 0.02
    assert noise.std() == pytest.approx(0.1, rel=0.1)
    assert np.array_equal(series, make_series(600, seed=4))
    assert not np.array_equal(series, make_series(600, seed=5))


def test_both_parts_are_scaled_with_the_training_part() -> None:
    train, test = split_and_standardise(np.array([1.0, 3.0, 1.0, 3.0, 6.0]), train=4)
    assert train.tolist() == [-1, 1, -1, 1]
    assert test.tolist() == [4]


def test_splitting_leaves_the_series_as_it_was() -> None:
    series = make_series(50, seed=1)
    before = series.copy()
    split_and_standardise(series, train=40)
    assert np.array_equal(series, before)


def test_the_naive_error_is_measured_on_the_targets_of_windows() -> None:
    series = np.array([0.0, 10.0, 11.0, 13.0, 16.0])
    assert naive_mae(series, 1) == pytest.approx((10 + 1 + 2 + 3) / 4)
    assert naive_mae(series, 3) == pytest.approx((2 + 3) / 2)


BAD_CALLS = {
    "no rows": (lambda: make_order_task(0, seed=1), "count must be a whole number"),
    "half a row": (lambda: make_order_task(2.5, seed=1), "count must be a whole number"),
    "true": (lambda: make_order_task(True, seed=1), "count must be a whole number"),
    "no noise": (lambda: make_order_task(2, seed=1, vocab=3), "vocab"),
    "one place": (lambda: make_order_task(2, seed=1, length=1), "length"),
    "no steps": (lambda: make_series(0, seed=1), "count"),
    "ragged": (lambda: split_and_standardise([[1, 2], [3]]), "row of numbers"),
    "text": (lambda: split_and_standardise("abc"), "row of numbers"),
    "none": (lambda: split_and_standardise(None), r"shape \(\)"),
    "table": (lambda: split_and_standardise(np.ones((9, 2))), r"shape \(9, 2\)"),
    "empty": (lambda: split_and_standardise([]), r"shape \(0,\)"),
    "missing": (lambda: split_and_standardise([1, np.nan, 2]), "NaN"),
    "too short": (lambda: split_and_standardise(np.arange(9.0), train=9), "leave some steps"),
    "constant": (lambda: split_and_standardise(np.ones(9), train=5), "constant"),
    "wide window": (lambda: naive_mae(np.arange(9.0), 9), "shorter window"),
    "no window": (lambda: naive_mae(np.arange(9.0), 0), "window must be"),
    "forecasts missing": (lambda: forecast_values(np.arange(9.0), 2, np.ones(6)), "6 forecasts, but 7"),
    "forecasts nan": (lambda: forecast_values(np.arange(9.0), 2, [np.nan] * 7), "NaN"),
    "forecasts text": (lambda: forecast_values(np.arange(9.0), 2, "abc"), "Forecasts are numbers"),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_input_is_explained(name: str) -> None:
    call, message = BAD_CALLS[name]
    with pytest.raises(KitError, match=message):
        call()


@pytest.mark.parametrize("placeholder", [None, ..., (None, None)])
def test_a_pair_that_is_not_there_names_its_question(
    placeholder: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert as_pair(placeholder) == (None, None)
    assert capsys.readouterr().out == "Q9 is not answered yet\n"


@pytest.mark.parametrize("value", [np.ones((4, 2)), (1, 2, 3), "Xy", 7])
def test_anything_but_a_pair_is_explained(value: Any) -> None:
    with pytest.raises(KitError, match="Q9 should return two arrays"):
        as_pair(value)


def test_a_trend_shows_whether_the_future_was_used_for_scaling() -> None:
    train, test = split_and_standardise(np.arange(10.0), 7)
    assert train.mean() == pytest.approx(0.0)
    assert train.std() == pytest.approx(1.0)
    assert test.min() > train.max()
    assert test.mean() == pytest.approx((8.0 - 3.0) / np.arange(7.0).std())


def test_forecasts_in_a_column_are_compared_row_by_row() -> None:
    values = np.arange(5.0)
    column = forecast_values(values, 2, np.array([[2.0], [3.0], [4.0]]))
    assert column.shape == (3,)
    assert np.abs(column - values[2:]).max() == 0.0
