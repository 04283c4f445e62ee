"""Sentences made from numbers, read for every kind of outcome."""

import json
from pathlib import Path
from typing import Any

import pytest
from rnnlab import insights, runs
from rnnlab.errors import KitError
from rnnlab.quiet import keras

from autograder.course import load_course
from autograder.quality.thresholds import are_apart

from .conftest import ROOT

N_TEST = 1_000
NAMES = ("Dense", "SimpleRNN", "LSTM", "GRU")

Printed = pytest.CaptureFixture[str]
Scores = dict[str, dict[str, float]]


def scores(*accuracies: float) -> Scores:
    return {name: {"loss": 0.5, "accuracy": value} for name, value in zip(NAMES, accuracies, strict=False)}


def history(trained: float, kept_aside: float) -> keras.callbacks.History:
    created = keras.callbacks.History()
    created.history = {"accuracy": [0.5, trained], "val_accuracy": [0.5, kept_aside], "loss": [0.7, 0.1]}
    return created


def printed(capsys: Printed) -> str:
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines()), default=0) <= 80
    return " ".join(out.split())


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write runs as a build does; give back the function that writes them."""
    monkeypatch.setattr(runs, "FILE", tmp_path / "runs.json")
    monkeypatch.setattr(runs, "dataset_name", lambda: "embedded")
    runs._measurements.cache_clear()
    yield lambda content: runs.FILE.write_text(json.dumps(content))
    runs._measurements.cache_clear()


CONTENT = {
    "settings": {"units": 32, "epochs": 3},
    "datasets": {
        "embedded": {
            "accuracies": {
                "Dense": [0.82, 0.83],
                "SimpleRNN": [0.55, 0.65],
                "LSTM": [0.88, 0.90],
                "GRU": [0.86, 0.90],
            },
            "apart": [["LSTM", "Dense"], ["GRU", "Dense"], ["Dense", "SimpleRNN"]],
        }
    },
}


@pytest.mark.parametrize(
    ("trained", "kept_aside", "accuracy", "words"),
    [
        (0.93, 0.73, 0.728, ["93% of the training", "73%", "overfitting", "behind the one that cannot"]),
        (0.77, 0.50, 0.500, ["overfitting", "behind the one that cannot"]),
        (0.51, 0.50, 0.500, ["learned next to nothing"]),
        (0.84, 0.80, 0.810, ["The two are close", "cannot tell the two apart"]),
        (0.93, 0.88, 0.880, ["The two are close", "the SimpleRNN is ahead in this run"]),
    ],
)
def test_the_simple_rnn_is_explained_by_its_numbers(
    trained: float, kept_aside: float, accuracy: float, words: list[str], capsys: Printed
) -> None:
    insights.explain_simple_rnn(
        history(trained, kept_aside),
        {"loss": 1.0, "accuracy": accuracy},
        {"loss": 0.4, "accuracy": 0.815},
        n_test=N_TEST,
    )
    out = printed(capsys)
    assert [part for part in words if part not in out] == []
    assert "overfitting" in words or "overfitting" not in out
    assert "Another seed may do better or worse" in out


@pytest.mark.parametrize(
    ("accuracies", "said", "unsaid"),
    [
        (
            (0.815, 0.531, 0.896, 0.869),
            ["LSTM (+0.081) and GRU (+0.054) are above it", "SimpleRNN (-0.284) is below it"],
            ["cannot tell"],
        ),
        ((0.802, 0.728, 0.792, 0.807), ["cannot tell LSTM (-0.010) and GRU (+0.005) from Dense"], ["above"]),
        ((0.900, 0.531, 0.800, 0.700), ["LSTM (-0.100) and GRU (-0.200) are below it"], ["above it"]),
        ((0.500, 0.500, 0.500, 0.500), ["SimpleRNN (+0.000), LSTM (+0.000) and GRU (+0.000)"], ["above"]),
    ],
)
def test_one_run_is_compared_with_the_number_to_beat_and_ranks_nothing(
    accuracies: tuple[float, ...], said: list[str], unsaid: list[str], capsys: Printed
) -> None:
    insights.show_insights(scores(*accuracies), n_test=N_TEST, runs={"coin": [0.5, 0.5]})
    out = printed(capsys)
    assert [part for part in said if part not in out] == []
    assert not any(part in out for part in unsaid)
    assert "One run cannot rank networks" in out
    if "by more than two standard errors" in out:
        assert "and another seed may turn the order around" in out


def test_with_runs_the_verdicts_are_those_of_the_measurement(measured: Any, capsys: Printed) -> None:
    measured(CONTENT)
    found = runs.load_runs(units=32, epochs=3)
    assert capsys.readouterr().out == "2 runs of each network, on the test reviews of this notebook.\n"
    # The student's own run is the other way round.
    insights.show_insights(scores(0.90, 0.95, 0.60, 0.70), n_test=N_TEST, runs=found)
    out = printed(capsys)
    assert "Means over 2 seeds: LSTM 0.890, GRU 0.880, Dense 0.825, SimpleRNN 0.600" in out
    assert "GRU is clearly ahead of Dense and Dense is clearly ahead of SimpleRNN" in out
    assert "even 2 seeds cannot tell LSTM from GRU" in out


@pytest.mark.parametrize("data", ["embedded", "imdb"])
def test_no_insight_contradicts_the_seeds_of_the_calibration(
    data: str, measured: Any, capsys: Printed
) -> None:
    scored = json.loads(load_course(ROOT).assignment("lab_4_4_rnn").calibration.read_bytes())["scores"]
    values = {name: scored[f"{data}: {name}"] for name in NAMES}
    apart = [[a, b] for a in NAMES for b in NAMES if are_apart(values[a], values[b])]
    measured({"settings": {}, "datasets": {"embedded": {"accuracies": values, "apart": apart}}})
    for seed in range(8):
        own = scores(*(values[name][seed] for name in NAMES))
        insights.show_insights(own, n_test=N_TEST, runs=runs.load_runs())
        out = printed(capsys)
        for ahead in NAMES:
            for behind in NAMES:
                if f"{ahead} is clearly ahead of {behind}" in out:
                    assert are_apart(values[ahead], values[behind])


def test_runs_of_other_settings_are_not_compared(measured: Any, capsys: Printed) -> None:
    measured(CONTENT)
    assert runs.load_runs(units=64) == runs.STAND_IN
    assert "made with units = 32, and here it is 64" in capsys.readouterr().out
    with pytest.raises(KitError, match="no setting called width"):
        runs.load_runs(width=3)


@pytest.mark.parametrize("content", [None, "{", '"text"', "[1]", "{}"])
def test_without_measurements_a_coin_stands_in(content: str | None, measured: Any, capsys: Printed) -> None:
    if content is not None:
        runs.FILE.write_text(content)
    assert runs.load_runs(units=32) == runs.STAND_IN
    assert "No runs to compare with" in capsys.readouterr().out
    assert runs.comparable(runs.STAND_IN) == {}
    assert runs.networks_apart() == set()


@pytest.mark.parametrize(
    ("tied", "words"),
    [
        (["LSTM", "GRU"], "these runs cannot tell GRU from LSTM"),
        (["LSTM"], "LSTM is ahead of all others"),
        (["Dense", "GRU", "LSTM"], "cannot tell Dense and GRU from LSTM"),
    ],
)
def test_the_answer_to_q8_is_put_into_words(tied: list[str], words: str, capsys: Printed) -> None:
    insights.show_tied(CONTENT["datasets"]["embedded"]["accuracies"], tied)  # type: ignore[index]
    out = printed(capsys)
    assert "The best mean is that of LSTM." in out
    assert words in out


@pytest.mark.parametrize("tied", ["LSTM", ["CNN"], [["LSTM"]], 3])
def test_an_answer_to_q8_that_names_no_networks_is_explained(tied: Any) -> None:
    with pytest.raises(KitError, match="Q8 should return a list"):
        insights.show_tied(CONTENT["datasets"]["embedded"]["accuracies"], tied)  # type: ignore[index]


def test_without_runs_the_answer_to_q8_is_not_judged(capsys: Printed) -> None:
    insights.show_tied(runs.STAND_IN, ["coin"])
    assert capsys.readouterr().out == "There are no runs here to try your rule on.\n"


@pytest.mark.parametrize("gap", [None, ...])
def test_an_open_question_is_all_that_is_printed(gap: Any, capsys: Printed) -> None:
    full = scores(0.8, 0.5, 0.8, 0.8)
    insights.explain_simple_rnn(history(0.9, 0.7), full["SimpleRNN"], gap, n_test=N_TEST)
    insights.explain_simple_rnn(gap, gap, full["Dense"], n_test=N_TEST)
    insights.show_insights({**full, "GRU": gap}, n_test=N_TEST)
    insights.show_tied(runs.STAND_IN, gap)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{name} is not answered yet" for name in ("Q3", "Q5", "Q6", "Q8")]
