"""Short experiments of the lab: one that must fail, the forecaster, one clinic.

Data are made, models are small, and whatever is trained is remembered by ``train_model``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import KitError, unanswered
from .fitting import one_sentence, own_randomness
from .inputs import check_fits, check_model, number_array
from .quiet import keras
from .service import run
from .tables import PAGE_WIDTH, print_table
from .tasks import as_pair, make_order_task
from .training import evaluate_model, train_model

layers = keras.layers

ORDER_VOCAB, ORDER_LENGTH = 20, 20
COUNTED_WORDS = 20
SMALL_TASK = "400 rows of word counts (are there more good words than bad ones?)"
SMALL_EPOCHS = 120


def run_averaging_order_task(
    *,
    seed: int = 42,
    vocab: int = ORDER_VOCAB,
    length: int = ORDER_LENGTH,
    train: int = 2_000,
    test: int = 1_000,
) -> float:
    """Train a model that averages its symbols on the order task; return its accuracy.

    Args:
        train: number of sequences to learn from.
        test: number of other sequences to be measured on.
    """
    symbols = keras.Input((length,))
    average = keras.ops.mean(layers.Embedding(vocab, 8)(symbols), axis=1)
    model = keras.Model(symbols, layers.Dense(1, activation="sigmoid")(average))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    sizes = {"vocab": vocab, "length": length}
    learned = make_order_task(train, seed=seed, **sizes)
    new = make_order_task(test, seed=seed + 1, **sizes)
    return _fitted_score(model, learned, new, epochs=10, seed=seed)


def train_forecaster(
    model: keras.Model,
    windows: Any,
    *,
    epochs: int,
    batch_size: int,
    seed: int = 42,
    show: bool = True,
) -> keras.callbacks.History | None:
    """Train a forecaster (Q10) on the pair ``(X, y)`` that Q9 makes; return its History.

    All windows are used for training: a random part of them would overlap with the rest.
    """
    if unanswered("Q10", model) or unanswered("Q9", windows):
        return None
    X, y = as_pair(windows)
    return train_model(
        model,
        X,
        y,
        question="Q10",
        data_question="Q9",
        epochs=epochs,
        batch_size=batch_size,
        validation_split=0.0,
        seed=seed,
        show=show,
    )


def forecast(model: keras.Model, windows: Any, *, question: str = "Q10") -> np.ndarray | None:
    """Return a model's forecasts, float (n,), for windows X or the pair ``(X, y)``."""
    if unanswered(question, model) or unanswered("Q9", windows):
        return None
    check_model(model)
    X = as_pair(windows)[0] if isinstance(windows, tuple | list) else windows
    X = number_array(X, "X")
    check_fits(model, X)
    (predictions,) = run("outputs", model, (X,), {}).arrays
    if predictions.size != len(X):
        raise KitError(
            f"The model returns shape {predictions.shape} for {len(X)} windows: one "
            "number per window is needed."
        )
    return predictions.reshape(-1)


# The bug clinic: the notebook's patients on data so small that each experiment takes seconds


@dataclass(frozen=True, slots=True)
class Finding:
    """What a wrong model shows, and why."""

    setting: str
    """Data and training, e.g. ``"400 rows of word counts, 120 epochs."``"""

    symptoms: tuple[tuple[str, str], ...]
    """Pairs such as ``("accuracy on new rows", "0.512")``."""

    cause: str


def clinic_report(case: str, patient: Callable[..., Any], diagnosis: Any) -> None:
    """Print symptom and cause of one case of the bug clinic, once there is a diagnosis.

    The numbers are measured when the function is called.

    Args:
        case: ``"A"`` to ``"D"``.
        patient: the function of that case; it is called.
        diagnosis: what the student thinks is wrong; without a word of it no cause is given.
    """
    if case not in CLINIC:
        raise KitError(f"The clinic has the cases A, B, C and D, but not {case!r}.")
    if not isinstance(diagnosis, str) or not diagnosis.strip():
        print(f"Case {case}: type your diagnosis between the quotation marks first, then run again")
        return
    with one_sentence("run"):
        finding = CLINIC[case](patient)
    print(f"Your diagnosis: {textwrap.shorten(diagnosis, PAGE_WIDTH - 20)}\n")
    print(textwrap.fill(f"Case {case}, measured on {finding.setting}", PAGE_WIDTH) + "\n")
    print_table(("symptom", "number"), finding.symptoms)
    print("\n" + textwrap.fill(f"Cause: {finding.cause}", PAGE_WIDTH))


def _case_a(patient: Callable[..., Any]) -> Finding:
    width, rows = 100, 320
    learned, new = (_padded(*make_order_task(rows, seed=seed), width) for seed in (1, 2))
    model = patient(ORDER_VOCAB, width)
    accuracy = _fitted_score(model, learned, new, epochs=3)
    outputs = model.predict(new[0], verbose=0)
    return Finding(
        f"{rows} sequences of the order task, padded from {ORDER_LENGTH} to {width} places (3 epochs).",
        (
            ("accuracy on new sequences", f"{accuracy:.3f}"),
            ("share of the more frequent class", f"{_majority(new[1]):.3f}"),
            ("highest minus lowest output", _small(np.ptp(outputs))),
        ),
        "the Embedding does not mask the zeros. The LSTM goes on reading after the last "
        "symbol and forgets the symbols, so every sequence gets nearly the same output.",
    )


def _case_b(patient: Callable[..., Any]) -> Finding:
    learned, new = _counts(1), _counts(2)
    model = patient(COUNTED_WORDS)
    history = _fit(model, learned, epochs=SMALL_EPOCHS)
    outputs = model.predict(new[0], verbose=0)
    losses, shares = history["loss"], history["accuracy"]
    return Finding(
        f"{SMALL_TASK}, {SMALL_EPOCHS} epochs.",
        (
            ("loss, first epoch and last", f"{losses[0]:.3f} -> {losses[-1]:.3f}"),
            ("accuracy, first epoch and last", f"{shares[0]:.3f} -> {shares[-1]:.3f}"),
            ("lowest and highest output", f"{outputs.min():.3f}, {outputs.max():.3f}"),
        ),
        "softmax makes the outputs of a row add up to 1, so a single unit always gives 1. "
        "The loss still falls, because Keras computes it from the number before the "
        "softmax.",
    )


def _case_c(patient: Callable[..., Any]) -> Finding:
    learned, new = _counts(1), _counts(2)
    model = patient(COUNTED_WORDS)
    _fit(model, learned, epochs=SMALL_EPOCHS)
    reported = evaluate_model(model, *new, question="this experiment")["loss"]
    outputs = model.predict(new[0], verbose=0)
    truth = new[1].reshape(-1, 1).astype("float32")
    by_hand, perfect = (float(model.loss(truth, values)) for values in (outputs, truth))
    return Finding(
        f"{SMALL_TASK}, {SMALL_EPOCHS} epochs.",
        (
            ("loss that evaluate reports", f"{reported:.3f}"),
            ("the same loss, from the model's outputs", f"{by_hand:.3f}"),
            ("the same loss, from perfect outputs", f"{perfect:.3f}"),
        ),
        "the output is a probability already, and from_logits=True makes the loss squash "
        "it a second time. While it trains, Keras 3 notices its own sigmoid and only "
        "warns; computed from the outputs, the loss is wrong, even for perfect ones.",
    )


def _case_d(patient: Callable[..., Any]) -> Finding:
    learned, new = _counts(1), _counts(2)

    def build() -> keras.Model:
        return _compiled([(COUNTED_WORDS,), layers.Dense(8, activation="relu")])

    accuracy = _fitted_score(build(), learned, new, epochs=8)
    with own_randomness(1):
        returned = patient(build, *learned, *new)
    return Finding(
        f"{SMALL_TASK}, 8 epochs.",
        (
            ("accuracy of a model that was trained", f"{accuracy:.3f}"),
            ("accuracy that the function returns", f"{float(returned):.3f}"),
            ("share of the more frequent class", f"{_majority(new[1]):.3f}"),
        ),
        "each call of the builder makes a new model with new random weights. The trained "
        "model is thrown away and an untrained one is scored; a variable would keep it.",
    )


CLINIC: dict[str, Callable[[Callable[..., Any]], Finding]] = {
    "A": _case_a,
    "B": _case_b,
    "C": _case_c,
    "D": _case_d,
}


def _compiled(line: list[Any]) -> keras.Model:
    """Return a classifier of an input shape and layers that learns in a few epochs."""
    model = keras.Sequential([keras.Input(line[0]), *line[1:], layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    return model


def _fit(model: keras.Model, learned: Any, *, epochs: int, seed: int = 42) -> Any:
    history = train_model(
        model,
        *learned,
        question="this experiment",
        epochs=epochs,
        batch_size=32,
        validation_split=0.0,
        seed=seed,
        show=False,
    )
    return history.history


def _fitted_score(model: keras.Model, learned: Any, new: Any, *, epochs: int, seed: int = 42) -> float:
    _fit(model, learned, epochs=epochs, seed=seed)
    return evaluate_model(model, *new, question="this experiment")["accuracy"]


def _counts(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each word stands in a row, float32 (400, 20), and the labels.

    The first ten words are good, the others bad; label 1 means more good than bad.
    """
    counts = np.random.default_rng(seed).integers(0, 4, size=(400, COUNTED_WORDS))
    half = COUNTED_WORDS // 2
    labels = counts[:, :half].sum(axis=1) > counts[:, half:].sum(axis=1)
    return counts.astype("float32"), labels.astype(np.int64)


def _padded(X: np.ndarray, y: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    filled = np.zeros((len(X), width), dtype=X.dtype)
    filled[:, : X.shape[1]] = X
    return filled, y


def _majority(y: np.ndarray) -> float:
    return float(max(y.mean(), 1 - y.mean()))


def _small(number: float) -> str:
    return f"{number:.1e}" if number else "0"
