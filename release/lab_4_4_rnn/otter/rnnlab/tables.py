"""Plain text tables of the data, the models and the results.

While a value that a table needs is not there yet, it says which question makes it.
"""

from __future__ import annotations

import platform
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .baselines import linear_forecast, noise_floor
from .errors import KitError, unanswered
from .fitting import METRIC_NAMES
from .inputs import number_array
from .quiet import keras, tensorflow
from .tasks import as_pair, forecast_values, naive_mae, series_values

QUESTIONS = {"dense": "Q3", "averag": "Q3", "simple": "Q5", "lstm": "Q6", "gru": "Q6"}
"""Which question makes a model, by a word that its name holds."""

PAGE_WIDTH = 80
SHOWN_WORDS = 12
SHOWN_IDS = 20
NOTHING = "-"

Scores = Mapping[str, Mapping[str, float]]


def show_versions() -> None:
    """Print the versions of Python and of the three libraries."""
    versions = {
        "Python": platform.python_version(),
        "TensorFlow": tensorflow.__version__,
        "Keras": keras.__version__,
        "NumPy": np.__version__,
    }
    print(", ".join(f"{name} {version}" for name, version in versions.items()))


def show_sentences(sentences: Sequence[tuple[str, str]]) -> None:
    """Print sentences with their sentiment and with their words in alphabetical order.

    The sorted words are all that a model sees which takes the mean over the words.

    Args:
        sentences: pairs such as ``("The movie was bad", "-")``.
    """
    rows = [(text, sign, " ".join(sorted(re.findall(r"\w+", text.lower())))) for text, sign in sentences]
    print_table(("sentence", "+/-", "the same words without their order"), rows)


def show_dataset(X_train: Sequence[Any], y_train: Any, X_test: Sequence[Any], y_test: Any) -> None:
    """Print how many reviews there are and how many of each class."""
    for part, X, y in (("Training", X_train, y_train), ("Test", X_test, y_test)):
        labels = np.asarray(y)
        if len(X) != len(labels):
            raise KitError(
                f"The {part.lower()} part has {len(X):,} reviews and {len(labels):,} labels: "
                "run the cell that loads the reviews again."
            )
        negative, positive = (labels == 0).sum(), (labels == 1).sum()
        print(f"{part}: {len(X):,} reviews, {negative:,} negative (0) and {positive:,} positive (1)")


def show_reviews(texts: Sequence[str], ids: Sequence[Sequence[int]], labels: Sequence[int]) -> None:
    """Print decoded reviews: sentiment, length in words, the first words (Q1)."""
    if unanswered("Q1", texts):
        return
    if not _is_list_of_text(texts):
        raise KitError(
            "Q1 should return text for each review: join the words with spaces and return one string."
        )
    if not len(texts) == len(ids) == len(labels):
        raise KitError(
            f"There are {len(texts)} texts, {len(ids)} reviews and {len(labels)} labels: "
            "hand over the same reviews in all three."
        )
    for number, (text, review, label) in enumerate(zip(texts, ids, labels, strict=True)):
        sentiment = "positive" if label == 1 else "negative"
        words = text.split()
        shown = " ".join(words[:SHOWN_WORDS]) + (" ..." if len(words) > SHOWN_WORDS else "")
        text = f"Review {number + 1} ({sentiment}, {len(review):,} ids): {shown}"
        print(textwrap.fill(text, PAGE_WIDTH, subsequent_indent="  "))


def show_length_statistics(X: Sequence[Sequence[int]]) -> None:
    """Print shortest, longest, mean and standard deviation of the review lengths.

    A review's length counts all its ids, the start included.
    """
    lengths = review_lengths(X)
    print(
        f"Length in ids, the start included: shortest {lengths.min():,}, longest {lengths.max():,}, "
        f"mean {lengths.mean():.1f}, sd {lengths.std():.1f}"
    )


def show_shapes(X_train_padded: np.ndarray, X_test_padded: np.ndarray) -> None:
    """Print shape and type of both padded arrays (Q2)."""
    if unanswered("Q2", X_train_padded, X_test_padded):
        return
    train, test = padded_array(X_train_padded), padded_array(X_test_padded)
    print(f"Shapes (reviews, places): training {train.shape}, test {test.shape}; type {train.dtype}")


def show_padding_example(X: Sequence[Sequence[int]], X_padded: np.ndarray) -> None:
    """Print one review that is shorter than the width, before and after padding (Q2)."""
    if unanswered("Q2", X_padded):
        return
    padded = padded_array(X_padded, rows=len(X))
    lengths, width = review_lengths(X), padded.shape[1]
    short = np.flatnonzero(lengths < width)
    if not short.size:
        print(f"No review is shorter than {width} places, so none had to be padded.")
        return
    chosen = int(short[0])
    before, after = list(X[chosen]), padded[chosen].tolist()
    print(f"Review {chosen} has {len(before)} ids before padding and {len(after)} after it.")
    lines = {
        "first": after[:SHOWN_IDS],
        "last, before": before[-SHOWN_IDS:],
        "last, after": after[-SHOWN_IDS:],
    }
    if lines["first"] != before[:SHOWN_IDS]:
        lines = {"first, before": before[:SHOWN_IDS], **lines}
    for title, ids in lines.items():
        print(f"{title + ':':<15}{' '.join(map(str, ids))}")
    print(f"A 0 is padding, not a word: {after.count(0)} of {len(after)} places here.")


def show_padding_statistics(X: Sequence[Sequence[int]], X_padded: np.ndarray) -> None:
    """Print what padding to one width costs, over all reviews (Q2).

    The padding ratio is the share of places that hold 0, efficiency is the rest.
    """
    if unanswered("Q2", X_padded):
        return
    padded = padded_array(X_padded, rows=len(X))
    lengths, width = review_lengths(X), padded.shape[1]
    truncated = int((lengths > width).sum())
    dropped = int(np.maximum(lengths - width, 0).sum())
    ratio = float((padded == 0).mean())
    print(
        f"Of all {len(lengths):,} reviews, {truncated:,} ({truncated / len(lengths):.1%}) are truncated to "
        f"{width} ids; with them go {dropped / lengths.sum():.1%} of all ids."
    )
    print(f"Padding ratio (share of places that hold 0): {ratio:.3f}. Efficiency: {1 - ratio:.1%}.")


def show_guess(guess: Any, value: Any, *, what: str) -> None:
    """Print a guess beside the outcome.

    Args:
        guess: what the student typed, or None.
        value: a number, a dict of scores of which the accuracy is taken, or None while
            there is no outcome.
        what: what was guessed, e.g. ``"accuracy of the averaging network"``.
    """
    if guess is None or guess is Ellipsis:
        print(f"Your guess ({what}): none yet; type a number above and run again")
    else:
        print(f"Your guess ({what}): {_number_text(guess)}")
    if value is None or value is Ellipsis:
        print("The outcome: not measured yet")
    else:
        outcome = accuracy_of({what: value}, what) if _is_dict(value) else value
        print(f"The outcome: {_number_text(outcome)}")


def show_steps(states: Sequence[Any], by_keras: Any, *, question: str = "Q4") -> None:
    """Print the states of a hand-made recurrence beside the last state of Keras.

    Args:
        states: one array per step, each (1, units).
        by_keras: what a Keras layer with the same weights returns, (1, units).
    """
    if unanswered(question, states):
        return
    last = number_array(by_keras, "The state of Keras").ravel()
    rows = []
    for step, state in enumerate(states, start=1):
        numbers = number_array(state, f"State {step}").ravel()
        if numbers.shape != last.shape:
            raise KitError(
                f"State {step} holds {numbers.size} numbers, but the layer has "
                f"{last.size} units: {question} should return one number per unit."
            )
        rows.append((f"your h{step}", *_decimals(numbers)))
    rows.append((f"Keras after step {len(states)}", *_decimals(last)))
    print_table(("state", *(f"unit {n + 1}" for n in range(last.size))), rows)
    print(f"\nLargest difference after step {len(states)}: {np.abs(numbers - last).max():.1e}")


def show_windows(train_windows: Any, test_windows: Any, *, question: str = "Q9") -> None:
    """Print the shapes of windows and targets, training and test part."""
    if unanswered(question, train_windows, test_windows):
        return
    rows = []
    for part, windows in (("training", train_windows), ("test", test_windows)):
        X, y = as_pair(windows, question=question)
        X, y = number_array(X, "X"), number_array(y, "y")
        rows.append((part, str(X.shape), str(y.shape)))
    print_table(("part", "X (windows, steps, features)", "y (targets)"), rows)


def show_models(models: Mapping[str, keras.Model]) -> None:
    """Print parameters, recurrent layer, its units and its own parameters per model."""
    if models_missing(models):
        return
    rows = []
    for name, model in models.items():
        layer = recurrent_layer(model, name)
        rows.append(
            (
                name,
                f"{count_numbers(model.weights):,}",
                type(layer).__name__ if layer else NOTHING,
                str(_units(layer)) if layer else NOTHING,
                f"{count_numbers(layer.weights):,}" if layer else NOTHING,
            )
        )
    header = ("model", "parameters", "recurrent layer", "units", "its own parameters")
    print_table(header, rows)


def show_scores(scores: Scores, *, n_test: int | None = None, question: str | None = None) -> None:
    """Print accuracy and loss per model, and the highest accuracy.

    Args:
        scores: what ``evaluate_model`` returned, by model name.
        n_test: number of test reviews; with it, two standard errors are shown too.
        question: the question that makes the scores; None finds it from the names.
    """
    if models_missing(scores, question):
        return
    accuracies = {name: accuracy_of(scores, name) for name in scores}
    if len(accuracies) == 1:
        ((name, accuracy),) = accuracies.items()
        margin = f" {_margin(accuracy, n_test)} (2 standard errors)" if n_test else ""
        print(f"{name}: test accuracy {accuracy:.3f}{margin}, test loss {scores[name]['loss']:.3f}")
        return
    rows = [
        (name, f"{accuracy:.3f}", _margin(accuracy, n_test), f"{scores[name]['loss']:.3f}")
        for name, accuracy in accuracies.items()
    ]
    print_table(("model", "test accuracy", "2 standard errors", "test loss"), rows)
    top = max(accuracies.values())
    best = [name for name, accuracy in accuracies.items() if accuracy == top]
    print(f"\nHighest test accuracy: {listed(best)}, {top:.3f}")


def show_forecast(
    series: np.ndarray, parts: tuple[np.ndarray, np.ndarray], window: int, predictions: Any
) -> dict[str, float] | None:
    """Print the errors of the model (Q10) and of three forecasts to compare it with.

    Skill is the share of the naive error that a forecast saves: 1 is a perfect forecast,
    0 is no better than naive, below 0 is worse.

    Args:
        series: before it was standardized.
        parts: training and test part of it, standardized.
        predictions: one forecast for each value of the test part that has a window before it.

    Returns:
        Mean absolute errors ``mae``, ``naive_mae`` and ``linear_mae``, and the model's ``skill``;
        None while Q10 is open.
    """
    if unanswered("Q10", predictions):
        return None
    train, test = (series_values(part) for part in parts)
    truth = test[window:]
    mae = float(np.abs(truth - forecast_values(test, window, predictions)).mean())
    linear_mae = float(np.abs(truth - linear_forecast(train, test, window)).mean())
    naive, floor = naive_mae(test, window), noise_floor(series, len(train))
    errors = {
        "naive: the last value again": naive,
        f"linear: a weighted sum of {window} values": linear_mae,
        "your GRU": mae,
        "floor: only the noise is left": floor,
    }
    rows = [(name, f"{error:.3f}", f"{1 - error / naive:.2f}") for name, error in errors.items()]
    print_table(("forecast", "mean absolute error", "skill"), rows)
    print("\n" + textwrap.fill(forecast_sentence(mae, naive, linear_mae), PAGE_WIDTH))
    return {"mae": mae, "naive_mae": naive, "linear_mae": linear_mae, "skill": 1 - mae / naive}


def forecast_sentence(mae: float, naive: float, linear: float) -> str:
    """Say how a model's mean absolute error compares with two simple forecasts."""
    if mae >= naive:
        return "Your GRU does not beat the naive forecast: it has learned nothing of use about this series."
    start = f"Your GRU saves {1 - mae / naive:.0%} of the naive error"
    if mae < linear:
        return f"{start}, more than the weighted sum of the same values ({1 - linear / naive:.0%})."
    return (
        f"{start}. A weighted sum of the same values, which needs no training at all, saves "
        f"{1 - linear / naive:.0%}: on this series the simpler forecast is the better one."
    )


def show_scoreboard(scores: Scores, order: Mapping[str, Any], forecast: Any) -> None:
    """Print, for each task, what was reached without a memory and with one.

    Args:
        scores: what ``evaluate_model`` returned on the reviews, by model name, Dense first.
        order: accuracy or scores on the order task: ``averaging`` and ``SimpleRNN``.
        forecast: what ``show_forecast`` returned.
    """
    if models_missing(scores) or models_missing(order) or unanswered("Q10", forecast):
        return
    found = {name: accuracy_of(scores, name) for name in scores}
    dense, *recurrent = found
    best = max(recurrent, key=lambda name: found[name])
    averaging, simple_rnn = (_accuracy_text(value) for value in order.values())
    rows = [
        ("which came first? (accuracy)", f"averaging {averaging}", f"SimpleRNN {simple_rnn}"),
        ("reviews (accuracy)", f"{dense} {found[dense]:.3f}", f"{best} {found[best]:.3f}"),
        ("time series (error)", f"linear {forecast['linear_mae']:.3f}", f"GRU {forecast['mae']:.3f}"),
    ]
    print_table(("task", "without a memory", "with one"), rows)


# What several tables and figures need


def review_lengths(X: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the number of ids in each review."""
    try:
        lengths = np.array([len(review) for review in X], dtype=np.int64)
    except TypeError:
        raise KitError(
            "Reviews are lists of word numbers, one list per review; this is something else."
        ) from None
    if not lengths.size:
        raise KitError("There are no reviews here: run the cell that loads them.")
    return lengths


def padded_array(value: Any, rows: int | None = None) -> np.ndarray:
    """Return padded reviews as an integer array (reviews, places), or say what is off."""
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype == object:
        raise KitError("The padded reviews still have different lengths: Q2 makes them equal.")
    if array.ndim != 2 or array.dtype.kind not in "iu":
        raise KitError(
            "Q2 should give whole numbers in the shape (reviews, places), but this is "
            f"{array.dtype} with shape {array.shape}."
        )
    if array.size == 0:
        raise KitError(f"The padded array is empty, its shape is {array.shape}.")
    if rows is not None and len(array) != rows:
        raise KitError(
            f"There are {rows:,} reviews but {len(array):,} padded rows: each review needs one row."
        )
    return array


def models_missing(by_model: Mapping[str, Any], question: str | None = None) -> bool:
    """Say which question is open if a model, its scores or its History is not there."""
    for name, value in by_model.items():
        if value is None or value is Ellipsis:
            return unanswered(question or question_of(name), value)
    return False


def question_of(name: str) -> str:
    """Return the question that makes a model, e.g. ``"Q6"`` for ``"LSTM_Model"``."""
    for word, question in QUESTIONS.items():
        if word in name.lower():
            return question
    raise KitError(f"The name {name!r} says no model: use names with Dense, SimpleRNN, LSTM or GRU.")


def accuracy_of(scores: Scores, name: str) -> float:
    """Return a model's accuracy between 0 and 1, whatever name Keras gave it."""
    found = scores[name]
    if not isinstance(found, Mapping):
        raise KitError(
            f"The scores of {name} should be what evaluate_model returned, but they are "
            f"a value of type {type(found).__name__}."
        )
    named = {METRIC_NAMES.get(key, key): value for key, value in found.items()}
    if "accuracy" not in named or "loss" not in named:
        raise KitError(
            f"The scores of {name} hold {listed(list(found)) or 'nothing'}: compile the "
            "model with metrics=['accuracy']."
        )
    accuracy = float(named["accuracy"])
    if not 0 <= accuracy <= 1:
        raise KitError(
            f"The accuracy of {name} is {accuracy:.3g}, but it is a share between 0 and 1: "
            "Keras' evaluate returns the loss first and the accuracy second."
        )
    return accuracy


def validation_accuracy(history: Any, name: str) -> list[float]:
    """Return the validation accuracy per epoch, whatever name Keras gave it."""
    numbers = getattr(history, "history", None)
    if not isinstance(numbers, Mapping):
        raise KitError(
            f"The history of {name} should be what train_model returned, but it is a value "
            f"of type {type(history).__name__}."
        )
    for key, values in numbers.items():
        bare = key.removeprefix("val_")
        if key != bare and METRIC_NAMES.get(bare, bare) == "accuracy":
            return list(values)
    raise KitError(
        f"The history of {name} has no validation accuracy: compile the model with "
        "metrics=['accuracy'] and train it with a validation split."
    )


def recurrent_layer(model: Any, name: str) -> keras.layers.Layer | None:
    """Return the first recurrent layer of a model, or None if it has none."""
    if not isinstance(model, keras.Model):
        raise KitError(f"{name} should be a Keras model, but it is a value of type {type(model).__name__}.")
    kinds = (keras.layers.RNN, keras.layers.Bidirectional)
    return next((layer for layer in model.layers if isinstance(layer, kinds)), None)


def own_parameters(model: Any, name: str) -> int:
    """Return how many numbers the recurrent layer holds; 0 without such a layer."""
    layer = recurrent_layer(model, name)
    return count_numbers(layer.weights) if layer else 0


def count_numbers(weights: Sequence[Any]) -> int:
    """Return how many numbers a list of weight arrays holds."""
    return sum(int(np.prod(weight.shape)) for weight in weights)


def two_standard_errors(accuracy: float, n: int) -> float:
    """Return twice the standard error of an accuracy measured on n reviews."""
    return float(2 * np.sqrt(accuracy * (1 - accuracy) / n))


def listed(names: Sequence[str]) -> str:
    """Return names as a phrase, e.g. ``"Dense, LSTM and GRU"``."""
    names = list(names)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns that line up: the first to the left, numbers to the right."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    numeric = [all(_looks_numeric(cell) for cell in column[1:]) for column in columns]
    for row in (header, ["-" * width for width in widths], *rows):
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        print("  ".join(cells).rstrip())


def _looks_numeric(cell: str) -> bool:
    return cell in ("", NOTHING) or cell.lstrip("+-/ ")[:1].isdigit()


def _is_list_of_text(texts: Any) -> bool:
    is_list = isinstance(texts, list | tuple)
    return is_list and all(isinstance(text, str) for text in texts)


def _number_text(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float | np.floating) else str(value)


def _decimals(numbers: np.ndarray) -> list[str]:
    return [f"{number:.5f}" for number in numbers]


def _is_dict(value: Any) -> bool:
    return isinstance(value, Mapping)


def _units(layer: keras.layers.Layer) -> int:
    return getattr(layer, "forward_layer", layer).units


def _margin(accuracy: float, n_test: int | None) -> str:
    return f"+/- {two_standard_errors(accuracy, n_test):.3f}" if n_test else NOTHING


def _accuracy_text(value: Any) -> str:
    number = accuracy_of({"model": value}, "model") if _is_dict(value) else value
    return f"{number:.3f}"
