"""The short experiments show what the lab says that they show."""

import re
from typing import Any

import numpy as np
import pytest
from rnnlab import demos
from rnnlab.errors import KitError
from rnnlab.quiet import keras

from .conftest import Lab

WINDOW, UNITS, ROWS = 5, 3, 64

Printed = pytest.CaptureFixture[str]


def forecaster(outputs: int = 1) -> keras.Model:
    layers = [keras.Input((WINDOW, 1)), keras.layers.GRU(UNITS), keras.layers.Dense(outputs)]
    model = keras.Sequential(layers)
    model.compile("adam", "mse", metrics=["mae"])
    return model


@pytest.fixture
def windows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(ROWS, WINDOW, 1)), rng.normal(size=ROWS)


@pytest.mark.slow
def test_an_averaging_model_does_not_learn_order() -> None:
    accuracy = demos.run_averaging_order_task(seed=42)
    assert 0.44 < accuracy < 0.56
    assert demos.run_averaging_order_task(seed=42) == accuracy


def patients(lab: Lab) -> dict[str, Any]:
    """The functions that the notebook hands to the clinic, by case."""
    names: dict[str, Any] = {"keras": keras}
    for letter in "abcd":
        (cell,) = (cell for cell in lab.source.cells if cell.id == f"clinic-{letter}")
        exec(cell.text, names)
    return {letter.upper(): names[f"patient_{letter}"] for letter in "abcd"}


def numbers(case: str, lab: Lab, capfd: Printed) -> list[list[float]]:
    """The numbers of each row of a report."""
    demos.clinic_report(case, patients(lab)[case], "something is wrong")
    out, err = capfd.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines())) <= 80
    assert "Cause: " in out
    rows = out.split("\n\n")[2].splitlines()[2:]
    return [[float(n) for n in re.findall(r"\d+\.?\d*(?:e-\d+)?", re.split("  +", r)[-1])] for r in rows]


@pytest.mark.slow
def test_case_a_gives_every_sequence_the_same_output(lab: Lab, capfd: Printed) -> None:
    (accuracy,), (majority,), (spread,) = numbers("A", lab, capfd)
    assert accuracy <= majority
    assert spread < 1e-5


@pytest.mark.slow
def test_case_b_falls_in_loss_and_stays_in_accuracy(lab: Lab, capfd: Printed) -> None:
    (first_loss, last_loss), (first, last), (low, high) = numbers("B", lab, capfd)
    assert last_loss < first_loss / 2
    assert first == last
    assert low == high == 1


@pytest.mark.slow
def test_case_c_has_two_losses_for_the_same_outputs(lab: Lab, capfd: Printed) -> None:
    (reported,), (by_hand,), (perfect,) = numbers("C", lab, capfd)
    assert reported < 0.3
    assert by_hand > perfect > 0.4


@pytest.mark.slow
def test_case_d_scores_a_model_that_never_learned(lab: Lab, capfd: Printed) -> None:
    (trained,), (returned,), (majority,) = numbers("D", lab, capfd)
    assert trained > 0.95 > majority
    assert returned < trained - 0.2


@pytest.mark.parametrize("diagnosis", ["", "  ", None])
def test_without_a_diagnosis_no_cause_is_given(diagnosis: Any, lab: Lab, capsys: Printed) -> None:
    demos.clinic_report("A", patients(lab)["A"], diagnosis)
    assert capsys.readouterr().out.startswith("Case A: type your diagnosis")


@pytest.mark.parametrize("case", ["E", "a", None, 1])
def test_other_cases_are_refused(case: Any) -> None:
    with pytest.raises(KitError, match="cases A, B, C and D"):
        demos.clinic_report(case, forecaster, "wrong")


def test_a_forecaster_is_trained_on_all_windows(windows: Any) -> None:
    model = forecaster()
    history = demos.train_forecaster(model, windows, epochs=2, batch_size=16, show=False)
    assert set(history.history) == {"loss", "mae"}
    again = demos.train_forecaster(forecaster(), list(windows), epochs=2, batch_size=16, show=False)
    assert again.history == history.history


def test_forecasts_are_one_number_per_window(windows: Any) -> None:
    model = forecaster()
    by_keras = model.predict(windows[0], verbose=0)
    assert by_keras.shape == (ROWS, 1)
    for given in (windows, windows[0]):
        assert np.array_equal(demos.forecast(model, given), by_keras[:, 0])


@pytest.mark.parametrize("placeholder", [None, ...])
def test_open_questions_of_the_forecaster_are_named(placeholder: Any, windows: Any, capsys: Printed) -> None:
    train = {"epochs": 1, "batch_size": 16}
    assert demos.train_forecaster(placeholder, windows, **train) is None
    assert demos.train_forecaster(forecaster(), placeholder, **train) is None
    assert demos.forecast(placeholder, windows) is None
    assert demos.forecast(forecaster(), placeholder) is None
    expected = [f"{question} is not answered yet" for question in ("Q10", "Q9") * 2]
    assert capsys.readouterr().out.splitlines() == expected


BAD_WINDOWS = {
    "one array": (lambda _: "X", "must be an array of numbers"),
    "no feature axis": (lambda X: X[..., 0], r"shape \(5,\)"),
    "ragged": (lambda _: ([[1.0], [2.0, 3.0]], [1, 2]), "different lengths"),
    "empty": (lambda X: X[:0], "is empty"),
    "missing": (lambda X: X * np.nan, "NaN"),
    "three": (lambda X: (X, X, X), "two arrays"),
}


@pytest.mark.parametrize("name", BAD_WINDOWS)
def test_bad_windows_are_explained(name: str, windows: Any) -> None:
    change, message = BAD_WINDOWS[name]
    with pytest.raises(KitError, match=message):
        demos.forecast(forecaster(), change(windows[0]))


def test_bad_forecasters_are_explained(windows: Any) -> None:
    with pytest.raises(KitError, match="a value of type str"):
        demos.forecast("gru", windows)
    with pytest.raises(KitError, match="one number per window"):
        demos.forecast(forecaster(2), windows)
    with pytest.raises(KitError, match="two arrays, X and y"):
        demos.train_forecaster(forecaster(), windows[0], epochs=1, batch_size=16)
