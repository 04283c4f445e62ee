"""The committed accuracy bars separate right from wrong by what was measured."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from autograder.calibrate import MARGIN, Experiment, fit
from autograder.compile.bars import provenance
from autograder.course import load_course

from .conftest import ROOT

ASSIGNMENT = load_course(ROOT).assignment("lab_4_4_rnn")
SEEDS = 8
HELD_OUT = 2_000


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ASSIGNMENT.calibration.read_bytes())
    return found


def test_the_bars_were_measured_with_this_kit_and_these_parameters(measured: dict[str, Any]) -> None:
    current = json.loads(json.dumps(provenance(ASSIGNMENT, ASSIGNMENT.bars_depend_on)))
    assert measured["measured_with"] == current


def test_every_figure_rests_on_eight_seeds(measured: dict[str, Any]) -> None:
    assert {key for key, values in measured["scores"].items() if len(values) < SEEDS} == set()


@pytest.mark.parametrize("data", ["embedded", "imdb"])
@pytest.mark.parametrize(
    ("bar", "right", "wrong"),
    [
        ("dense", "Dense", ["Dense on the ids", "Dense, labels shuffled"]),
        ("lstm", "LSTM", ["LSTM without a mask", "LSTM, untrained", "LSTM, labels shuffled"]),
        ("gru", "GRU", ["GRU without a mask", "GRU, untrained", "GRU, labels shuffled"]),
    ],
)
def test_a_bar_is_four_standard_errors_below_right_and_above_wrong(
    measured: dict[str, Any], data: str, bar: str, right: str, wrong: list[str]
) -> None:
    scores, value = measured["scores"], measured["bars"][bar][data]
    if (bar, data) == ("lstm", "imdb"):
        wrong = [name for name in wrong if "mask" not in name]  # see docs/calibration.md
    worst = min(scores[f"{data}: {right}"])
    assert value <= worst - MARGIN * math.sqrt(worst * (1 - worst) / HELD_OUT)
    assert value > max(score for name in wrong for score in scores[f"{data}: {name}"])


def test_the_order_task_tells_reading_in_order_from_averaging(measured: dict[str, Any]) -> None:
    scores, value = measured["scores"], measured["bars"]["order"]["order task"]
    assert min(scores["order task: SimpleRNN"]) > value > max(scores["order task: averaging"])


def test_the_forecaster_beats_the_naive_forecast_by_a_margin(measured: dict[str, Any]) -> None:
    scores, value = measured["scores"], measured["bars"]["forecast"]["series"]
    assert max(scores["series: GRU"]) < value < min(scores["series: GRU, sigmoid output"])
    assert value < 1


def test_the_embedded_corpus_tells_the_story_of_the_lab(measured: dict[str, Any]) -> None:
    scores = measured["scores"]
    for kind in ("LSTM", "GRU"):
        masked, unmasked = scores[f"embedded: {kind}"], scores[f"embedded: {kind} without a mask"]
        assert min(masked) >= 0.78
        assert max(unmasked) <= min(masked) - 0.10
    assert all(0.70 <= score <= 0.85 for score in scores["embedded: Dense"])


def _experiment(model: str, *, right: bool, tested_on: int = 0) -> Experiment:
    return Experiment(model, "made up", float, "bar", right, tested_on)


def test_a_bar_lies_a_third_of_the_way_to_the_best_wrong_score_where_that_is_more_lenient() -> None:
    pair = [_experiment("a", right=True, tested_on=400), _experiment("b", right=False, tested_on=400)]
    (bar,) = fit(pair, {"made up: a": [0.90, 0.94], "made up: b": [0.48, 0.52]})
    assert bar.value == pytest.approx(0.77)


def test_a_bar_that_cannot_separate_is_dropped() -> None:
    pair = [_experiment("a", right=True, tested_on=400), _experiment("b", right=False, tested_on=400)]
    (bar,) = fit(pair, {"made up: a": [0.80, 0.84], "made up: b": [0.77, 0.78]})
    assert bar.value is None


def test_where_less_is_better_a_bar_lies_above_the_worst_right_score() -> None:
    pair = [replace(_experiment(name, right=name == "a"), lower_is_better=True) for name in "ab"]
    (bar,) = fit(pair, {"made up: a": [0.60, 0.64], "made up: b": [1.0, 1.0]})
    assert bar.value == pytest.approx(0.76)
