"""Tables and figures: true numbers, open questions by name, bad values in a sentence."""

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from rnnlab import plots, tables
from rnnlab.baselines import linear_forecast, noise_floor
from rnnlab.errors import KitError
from rnnlab.quiet import keras
from rnnlab.tasks import make_series, split_and_standardise

mpl.use("agg")

L = keras.layers
N_TEST = 1_000
LENGTHS = (3, 9, 5, 2)
WIDTH = 5


@pytest.fixture
def reviews() -> np.ndarray:
    """Four reviews of the lengths above, words numbered from 4."""
    X = np.empty(len(LENGTHS), dtype=object)
    X[:] = [list(range(4, 4 + length)) for length in LENGTHS]
    return X


@pytest.fixture
def padded(reviews: np.ndarray) -> np.ndarray:
    rows = np.zeros((len(reviews), WIDTH), dtype=np.int32)
    for row, review in zip(rows, reviews, strict=True):
        row[: len(review)] = review[:WIDTH]
    return rows


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[mpl.figure.Figure]]:
    """Figures that were shown."""
    figures: list[mpl.figure.Figure] = []
    monkeypatch.setattr(plots.plt, "show", lambda: figures.append(plots.plt.gcf()))
    yield figures
    assert plots.plt.get_fignums() == []


def recurrent(layer: keras.layers.Layer) -> keras.Model:
    model = keras.Sequential([keras.Input((WIDTH,)), L.Embedding(20, 3), layer, L.Dense(1)])
    model.compile("adam", "mse")
    return model


@pytest.fixture(scope="module")
def models() -> dict[str, keras.Model]:
    return {
        "SimpleRNN": recurrent(L.SimpleRNN(4)),
        "LSTM": recurrent(L.LSTM(4)),
        "GRU": recurrent(L.GRU(4)),
    }


@pytest.fixture
def scores() -> dict[str, dict[str, float]]:
    return {
        "Dense": {"loss": 0.44, "accuracy": 0.815},
        "SimpleRNN": {"loss": 0.69, "accuracy": 0.531},
        "LSTM": {"loss": 0.45, "acc": 0.809},
        "GRU": {"loss": 0.46, "binary_accuracy": 0.79},
    }


def history(**numbers: list[float]) -> keras.callbacks.History:
    created = keras.callbacks.History()
    created.history = numbers
    return created


@pytest.fixture
def histories() -> dict[str, keras.callbacks.History]:
    return {
        "SimpleRNN": history(loss=[0.7, 0.6], val_accuracy=[0.5, 0.52]),
        "LSTM": history(loss=[0.7, 0.6], val_acc=[0.7, 0.8]),
        "GRU": history(loss=[0.7, 0.6], val_binary_accuracy=[0.6, 0.7]),
    }


def texts(figure: mpl.figure.Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(mpl.text.Text))


Printed = pytest.CaptureFixture[str]


def test_sentences_are_shown_with_their_words_sorted(capsys: Printed) -> None:
    tables.show_sentences([("The movie was bad", "-"), ("Was the movie bad", "+")])
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split("  ")[-1] for line in lines] == ["bad movie the was"] * 2


def test_lengths_are_those_of_the_reviews(reviews: np.ndarray, capsys: Printed) -> None:
    tables.show_length_statistics(reviews)
    expected = f"shortest 2, longest 9, mean {np.mean(LENGTHS):.1f}, sd {np.std(LENGTHS):.1f}\n"
    assert capsys.readouterr().out.endswith(expected)


def test_padding_statistics_count_reviews_places_and_ids(
    reviews: np.ndarray, padded: np.ndarray, capsys: Printed
) -> None:
    tables.show_padding_statistics(reviews, padded)
    out = capsys.readouterr().out
    assert "Of all 4 reviews, 1 (25.0%) are truncated to 5 ids" in out
    assert f"{4 / 19:.1%} of all ids" in out
    assert f"{5 / 20:.3f}. Efficiency: {15 / 20:.1%}." in out


def test_the_padding_example_is_shorter_than_the_width(
    reviews: np.ndarray, padded: np.ndarray, capsys: Printed
) -> None:
    tables.show_padding_example(reviews[1:], padded[1:])
    out = capsys.readouterr().out
    assert out.startswith("Review 2 has 2 ids before padding and 5 after it.")
    assert "first:         4 5 0 0 0\nlast, before:  4 5\n" in out
    assert "last, after:   4 5 0 0 0\n" in out
    assert "3 of 5 places" in out


def test_without_a_short_review_there_is_no_padding_example(capsys: Printed) -> None:
    tables.show_padding_example([[4, 5, 6]], np.array([[4, 5]]))
    assert "none had to be padded" in capsys.readouterr().out


def test_data_set_and_shapes_are_counted(reviews: np.ndarray, padded: np.ndarray, capsys: Printed) -> None:
    tables.show_dataset(reviews, [1, 0, 1, 1], reviews[:2], [0, 0])
    tables.show_shapes(padded, padded[:2])
    tables.show_versions()
    out = capsys.readouterr().out
    assert "Training: 4 reviews, 1 negative (0) and 3 positive (1)\n" in out
    assert "Test: 2 reviews, 2 negative (0) and 0 positive (1)\n" in out
    assert "training (4, 5), test (2, 5); type int32\n" in out
    assert f"Keras {keras.__version__}" in out


def test_reviews_are_cut_after_twelve_words(capsys: Printed) -> None:
    tables.show_reviews(["word " * 90, "short"], [[4] * 91, [4]], [1, 0])
    out = capsys.readouterr().out
    assert "Review 1 (positive, 91 ids): word" in out
    assert "Review 2 (negative, 1 ids): short" in out
    assert len(re.findall(r"\bword\b", out)) == 12
    assert max(map(len, out.splitlines())) <= 80


def test_models_are_counted_from_their_weights(models: Any, capsys: Printed) -> None:
    tables.show_models(models)
    out = capsys.readouterr().out
    for name, model in models.items():
        own_part = model.layers[1].count_params()
        assert re.search(rf"{name} +{model.count_params()} +{name} +4 +{own_part}\n", out)


def test_scores_are_shown_with_two_standard_errors(scores: Any, capsys: Printed) -> None:
    tables.show_scores(scores, n_test=N_TEST)
    out = capsys.readouterr().out
    assert re.search(r"Dense +0\.815 +\+/- 0\.025 +0\.440\n", out)
    assert out.endswith("Highest test accuracy: Dense, 0.815\n")


def test_equal_scores_are_all_called_the_highest(capsys: Printed) -> None:
    tables.show_scores({name: {"loss": 1, "accuracy": 0.5} for name in ("LSTM", "GRU", "Dense")})
    assert "LSTM, GRU and Dense, 0.500" in capsys.readouterr().out


def test_one_score_is_shown_in_a_line(scores: Any, capsys: Printed) -> None:
    tables.show_scores({"Dense": scores["Dense"]}, n_test=N_TEST)
    assert capsys.readouterr().out == (
        "Dense: test accuracy 0.815 +/- 0.025 (2 standard errors), test loss 0.440\n"
    )


def test_the_scoreboard_sets_a_memory_against_none(scores: Any, capsys: Printed) -> None:
    order = {"averaging": 0.504, "SimpleRNN": {"loss": 0.1, "accuracy": 0.97}}
    tables.show_scoreboard(scores, order, {"linear_mae": 0.112, "mae": 0.142})
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [re.split("  +", line)[1:] for line in lines] == [
        ["averaging 0.504", "SimpleRNN 0.970"],
        ["Dense 0.815", "LSTM 0.809"],
        ["linear 0.112", "GRU 0.142"],
    ]


def test_a_guess_is_shown_beside_the_outcome(capsys: Printed) -> None:
    tables.show_guess(None, 0.5041, what="accuracy")
    tables.show_guess(0.7, {"loss": 1.0, "accuracy": 0.52}, what="accuracy")
    tables.show_guess(0.7, None, what="accuracy")
    blocks = capsys.readouterr().out.splitlines()
    assert "type a number" in blocks[0]
    assert blocks[1] == "The outcome: 0.504"
    assert blocks[2:4] == ["Your guess (accuracy): 0.700", "The outcome: 0.520"]
    assert blocks[5] == "The outcome: not measured yet"


SERIES = np.tile([0.0, 4.0], 5)
PARTS = (SERIES[:6], SERIES[6:])


def test_skill_is_the_share_of_the_naive_error_that_is_saved(capsys: Printed) -> None:
    actual = tables.show_forecast(SERIES, PARTS, 1, np.array([3.0, 1.0, 3.0]))
    assert actual == {"mae": 1.0, "naive_mae": 4.0, "linear_mae": pytest.approx(0, abs=1e-9), "skill": 0.75}
    out = capsys.readouterr().out
    assert re.search(r"your GRU +1\.000 +0\.75\n", out)
    assert re.search(r"floor: only the noise is left +0\.040 +0\.99\n", out)


@pytest.mark.parametrize(
    ("mae", "linear", "words"),
    [
        (0.24, 0.11, "does not beat the naive forecast"),
        (0.14, 0.11, "the simpler forecast is the better one"),
        (0.10, 0.11, "more than the weighted sum"),
        (0.11, 0.11, "the simpler forecast is the better one"),
    ],
)
def test_the_forecast_is_judged_by_its_numbers(mae: float, linear: float, words: str) -> None:
    assert words in tables.forecast_sentence(mae, 0.23, linear)


def test_a_weighted_sum_continues_waves_down_to_the_noise() -> None:
    series = make_series(1_000, seed=3)
    train, test = split_and_standardise(series, 800)
    errors = np.abs(test[30:] - linear_forecast(train, test, 30))
    floor = noise_floor(series, 800)
    assert floor < errors.mean() < 1.4 * floor


def test_the_noise_floor_is_the_error_of_the_true_waves() -> None:
    series = make_series(20_000, seed=3)
    t = np.arange(len(series))
    waves = np.sin(2 * np.pi * t / 25) + 0.5 * np.sin(2 * np.pi * t / 60)
    actual = np.abs(series - waves).mean() / series.std()
    assert noise_floor(series, len(series)) == pytest.approx(actual, rel=0.02)


def test_steps_are_compared_with_keras(capsys: Printed) -> None:
    last = np.array([[0.25, -0.5]])
    tables.show_steps([last * 3, last * 2, last], last)
    out = capsys.readouterr().out
    assert "Largest difference after step 3: 0.0e+00" in out
    assert re.search(r"your h1 +0\.75000 +-1\.50000\n", out)


def test_windows_are_shown_by_shape(capsys: Printed) -> None:
    pairs = [(np.ones((n, 3, 1)), np.ones(n)) for n in (7, 2)]
    tables.show_windows(*pairs)
    assert "(7, 3, 1)" in capsys.readouterr().out


def test_figures_have_titles_and_labelled_axes(
    reviews: np.ndarray, padded: np.ndarray, drawn: Any, models: Any, scores: Any, histories: Any
) -> None:
    plots.plot_review_lengths(reviews)
    plots.plot_padding(reviews, padded)
    plots.plot_comparison(histories, scores, models, n_test=N_TEST, to_beat=scores["Dense"])
    plots.plot_order_task(0.504, scores["LSTM"], n_test=N_TEST)
    plots.plot_series(np.arange(8.0), np.arange(4.0))
    plots.plot_forecast(SERIES, PARTS, 1, np.arange(3.0))
    assert [len(figure.axes) for figure in drawn] == [2, 2, 3, 1, 1, 2]
    assert [tuple(figure.get_size_inches()) for figure in drawn[:3]] == [(12, 4), (12, 4), (15, 5)]
    for figure in drawn:
        for axes in figure.axes:
            assert axes.get_title()
            assert axes.get_ylabel()
        assert figure.axes[-1].get_xlabel()


def test_the_figure_of_lengths_says_the_mean(reviews: np.ndarray, drawn: Any) -> None:
    plots.plot_review_lengths(reviews)
    assert f"mean: {np.mean(LENGTHS):.0f} ids" in texts(drawn[0])


def test_the_comparison_shows_values_of_every_model(
    drawn: Any, models: Any, scores: Any, histories: Any
) -> None:
    recurrent_scores = {name: scores[name] for name in models}
    runs = {"LSTM": [0.7, 0.72, 0.74, 0.8], "GRU": [0.71, 0.73, 0.75, 0.8], "SimpleRNN": [0.5, 0.6, 0.7, 0.8]}
    plots.plot_comparison(
        histories, recurrent_scores, models, n_test=N_TEST, to_beat=scores["Dense"], runs=runs
    )
    shown = texts(drawn[0])
    dots = [line for line in drawn[0].axes[1].lines if len(line.get_ydata()) == 4]
    assert [list(line.get_ydata()) for line in dots] == [runs["SimpleRNN"], runs["LSTM"], runs["GRU"]]
    assert "Dense: 0.815" in shown
    for value in ("0.531", "0.809", "0.790"):
        assert value in shown
    for model in models.values():
        assert str(model.layers[1].count_params()) in shown
    markers = [line.get_marker() for line in drawn[0].axes[0].lines[:3]]
    assert len(set(markers)) == len(markers)


def test_without_runs_there_are_no_dots(drawn: Any, models: Any, scores: Any, histories: Any) -> None:
    for runs in (None, {}, {"coin": [0.5, 0.5]}):
        plots.plot_comparison(histories, scores, models, n_test=N_TEST, to_beat=scores["Dense"], runs=runs)
    assert all("another seed" not in texts(figure) for figure in drawn)


def test_the_forecast_figure_shows_all_errors(drawn: Any) -> None:
    plots.plot_forecast(SERIES, PARTS, 1, np.array([3.0, 1.0, 3.0]))
    shown = texts(drawn[0])
    for label in ("naive: 4.000", "linear: 0.000", "GRU: 1.000", "noise floor: 0.040"):
        assert label in shown


OPEN: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "Q1": lambda gap, _: tables.show_reviews([gap, "a"], [[4], [5]], [0, 1]),
    "Q2 shapes": lambda gap, k: tables.show_shapes(k["padded"], gap),
    "Q2 example": lambda gap, k: tables.show_padding_example(k["reviews"], gap),
    "Q2 statistics": lambda gap, k: tables.show_padding_statistics(k["reviews"], gap),
    "Q2 figure": lambda gap, k: plots.plot_padding(k["reviews"], gap),
    "Q3 scores": lambda gap, _: tables.show_scores({"Dense": gap}, n_test=9, question="Q3"),
    "Q3 table": lambda gap, k: tables.show_scores({**k["scores"], "Dense": gap}),
    "Q4": lambda gap, _: tables.show_steps([gap, gap], np.ones((1, 2)), question="Q4"),
    "Q5 models": lambda gap, k: tables.show_models({**k["models"], "SimpleRNN": gap}),
    "Q5 order": lambda gap, _: plots.plot_order_task(0.5, gap, n_test=9),
    "Q6 models": lambda gap, k: tables.show_models({**k["models"], "LSTM_Model": gap}),
    "Q6 figure": lambda gap, k: plots.plot_comparison(
        {**k["histories"], "GRU": gap}, k["scores"], k["models"], n_test=9, to_beat=k["scores"]["Dense"]
    ),
    "Q3 figure": lambda gap, k: plots.plot_comparison(
        k["histories"], k["scores"], k["models"], n_test=9, to_beat=gap
    ),
    "Q9": lambda gap, _: tables.show_windows(gap, gap, question="Q9"),
    "Q10 table": lambda gap, _: tables.show_forecast(SERIES, PARTS, 1, gap),
    "Q10 figure": lambda gap, _: plots.plot_forecast(SERIES, PARTS, 1, gap),
    "Q10 scoreboard": lambda gap, k: tables.show_scoreboard(k["scores"], {"averaging": 0.5}, gap),
}


@pytest.fixture
def known(reviews: Any, padded: Any, scores: Any, models: Any, histories: Any) -> dict[str, Any]:
    return {
        "reviews": reviews,
        "padded": padded,
        "scores": scores,
        "models": models,
        "histories": histories,
    }


@pytest.mark.parametrize("placeholder", [None, ...])
@pytest.mark.parametrize("case", OPEN)
def test_an_open_question_is_all_that_is_printed(
    case: str, placeholder: Any, known: dict[str, Any], drawn: Any, capfd: Printed
) -> None:
    assert OPEN[case](placeholder, known) is None
    assert capfd.readouterr() == (f"{case.split()[0]} is not answered yet\n", "")
    assert drawn == []


def test_histories_of_different_length_are_not_compared(scores: Any, models: Any, histories: Any) -> None:
    longer = copy.copy(histories["GRU"])
    longer.history = {name: [*values, values[-1]] for name, values in longer.history.items()}
    with pytest.raises(KitError, match="different numbers of epochs"):
        plots.plot_comparison(
            {**histories, "GRU": longer}, scores, models, n_test=N_TEST, to_beat=scores["Dense"]
        )


RAGGED = [[4, 5], [6], [7], [8]]
BAD: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "ragged": (lambda _: tables.show_shapes(RAGGED, RAGGED), "different lengths"),
    "unpadded": (lambda k: tables.show_shapes(k["reviews"], k["reviews"]), "different lengths"),
    "floats": (lambda k: tables.show_shapes(k["padded"] * 1.0, k["padded"]), "float64"),
    "flat": (lambda k: tables.show_shapes(k["padded"][0], k["padded"]), r"shape \(5,\)"),
    "text": (lambda k: tables.show_shapes("abc", k["padded"]), "whole numbers"),
    "empty": (lambda k: tables.show_shapes(k["padded"][:0], k["padded"]), "empty"),
    "fewer": (
        lambda k: plots.plot_padding(k["reviews"], k["padded"][:3]),
        "4 reviews but 3 padded rows",
    ),
    "no reviews": (lambda _: plots.plot_review_lengths([]), "no reviews"),
    "numbers": (lambda _: tables.show_length_statistics(np.arange(4)), "lists of word numbers"),
    "labels": (lambda k: tables.show_dataset(k["reviews"], [1], [], []), "4 reviews and 1 labels"),
    "not text": (lambda _: tables.show_reviews([["a"]], [[4]], [1]), "Q1 should return text"),
    "text missing": (lambda _: tables.show_reviews(["a"], [[4], [5]], [1, 0]), "1 texts, 2 reviews"),
    "no model": (lambda _: tables.show_models({"LSTM": "lstm"}), "LSTM should be a Keras model"),
    "no scores": (lambda _: tables.show_scores({"LSTM": (0.4, 0.8)}), "type tuple"),
    "no accuracy": (lambda _: tables.show_scores({"LSTM": {"loss": 0.4}}), "hold loss"),
    "loss for accuracy": (
        lambda _: tables.show_scores({"LSTM": dict(zip(("accuracy", "loss"), (1.37, 0.61), strict=True))}),
        "accuracy of LSTM is 1.37, but it is a share between 0 and 1",
    ),
    "no history": (lambda _: tables.validation_accuracy({"a": 1}, "LSTM"), "type dict"),
    "no validation": (
        lambda _: tables.validation_accuracy(history(loss=[1.0], accuracy=[0.5]), "LSTM"),
        "no validation accuracy",
    ),
    "unknown name": (lambda _: tables.show_scores({"mine": None}), "says no model"),
    "steps": (lambda _: tables.show_steps([np.ones(3)], np.ones(2)), "3 numbers, but the layer"),
    "steps text": (lambda _: tables.show_steps(["h"], np.ones(2)), "State 1 must be an array"),
    "windows": (lambda _: tables.show_windows(np.ones(3), np.ones(3)), "two arrays, X and y"),
    "forecasts": (lambda _: tables.show_forecast(SERIES, PARTS, 1, np.ones(9)), "9 forecasts, but 3"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_values_are_explained(name: str, known: dict[str, Any], drawn: Any) -> None:
    call, message = BAD[name]
    with pytest.raises(KitError, match=message) as caught:
        call(known)
    assert "\n" not in str(caught.value)
    assert drawn == []
