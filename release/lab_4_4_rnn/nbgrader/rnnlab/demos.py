"""Short experiments of the lab: one that must fail, one that shows why, one clinic.

The forecaster's training and its forecasts stand here too. Data are made, models are
small, and whatever is trained is remembered by ``train_model``.
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
ORDER_TRAIN, ORDER_TEST = 2_000, 1_000
ERASED_REVIEWS, ERASED_WORDS = 64, 30
FIRST_WORD = 4
COUNTED_WORDS = 20
SMALL_TASK = "400 rows of word counts (are there more good words than bad ones?)"


def run_averaging_order_task(*, seed: int = 42) -> float:
    """Train a model that averages its tokens on the order task; return its accuracy.

    It has 2,000 sequences to learn from and 1,000 others to be measured on.
    """
    tokens = keras.Input((ORDER_LENGTH,))
    average = keras.ops.mean(layers.Embedding(ORDER_VOCAB, 8)(tokens), axis=1)
    model = keras.Model(tokens, layers.Dense(1, activation="sigmoid")(average))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    learnt, new = (
        make_order_task(count, seed=seed + step) for step, count in enumerate((ORDER_TRAIN, ORDER_TEST))
    )
    return _fitted_score(model, learnt, new, epochs=10, seed=seed)


def show_erasing(*, vocab_size: int = 10_000, max_length: int = 200, seed: int = 42) -> None:
    """Print how far apart a fresh LSTM's outputs for 64 random reviews lie.

    The same weights read the same 30-word reviews three times: as they are, filled up
    with zeros to ``max_length``, and filled up but with the zeros masked.
    """
    if max_length <= ERASED_WORDS or vocab_size <= FIRST_WORD:
        raise KitError(
            f"The demonstration needs max_length above {ERASED_WORDS} and vocab_size above {FIRST_WORD}."
        )
    words = np.random.default_rng(seed).integers(FIRST_WORD, vocab_size, size=(ERASED_REVIEWS, ERASED_WORDS))
    filled = np.zeros((ERASED_REVIEWS, max_length), dtype=words.dtype)
    filled[:, :ERASED_WORDS] = words
    with own_randomness(seed), one_sentence("run"):
        read = _fresh_reader(vocab_size)
        plain, erased, masked = read(words), read(filled), read(filled, filled != 0)
    rows = [
        (f"{ERASED_WORDS} words, no padding", *_spread(plain)),
        (f"padded to {max_length}, no mask", *_spread(erased)),
        (f"padded to {max_length}, with a mask", *_spread(masked)),
    ]
    print(f"One LSTM with fresh weights, {ERASED_REVIEWS} different reviews:\n")
    print_table(("reviews", "lowest output", "highest output", "difference"), rows)
    shift = np.abs(masked - plain).max()
    print(f"\nLargest change of an output by padding, with the mask: {_small(shift)}")


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


# The bug clinic: the same mistakes as in the notebook's builders, on rows so small that
# each experiment takes seconds


@dataclass(frozen=True, slots=True)
class Finding:
    """What a wrong model shows, and why."""

    setting: str
    """Data and training, e.g. ``"400 rows of word counts, 8 epochs."``"""

    symptoms: tuple[tuple[str, str], ...]
    """Pairs such as ``("accuracy on new rows", "0.512")``."""

    cause: str


def clinic_report(case: str) -> None:
    """Print symptom and cause of one case of the bug clinic, ``"A"`` to ``"D"``.

    The numbers are measured when the function is called.
    """
    if case not in CLINIC:
        raise KitError(f"The clinic has the cases A, B, C and D, but not {case!r}.")
    with one_sentence("run"):
        finding = CLINIC[case]()
    print(textwrap.fill(f"Case {case}, measured on {finding.setting}", PAGE_WIDTH) + "\n")
    print_table(("symptom", "number"), finding.symptoms)
    print("\n" + textwrap.fill(f"Cause: {finding.cause}", PAGE_WIDTH))


def _case_a() -> Finding:
    width, rows = 100, 320
    learnt, new = (_padded(*make_order_task(rows, seed=seed), width) for seed in (1, 2))
    model = _compiled([(width,), layers.Embedding(ORDER_VOCAB, 8), layers.LSTM(8)])
    accuracy = _fitted_score(model, learnt, new, epochs=3)
    outputs = model.predict(new[0], verbose=0)
    return Finding(
        f"{rows} sequences of the order task, padded from {ORDER_LENGTH} to {width} places "
        "and read by an LSTM without a mask (3 epochs).",
        (
            ("accuracy on new sequences", f"{accuracy:.3f}"),
            ("share of the more frequent class", f"{_majority(new[1]):.3f}"),
            ("highest minus lowest output", _small(np.ptp(outputs))),
        ),
        "the Embedding does not mask the zeros. The LSTM goes on reading after the last "
        "token and forgets the tokens, so every sequence gets the same output.",
    )


def _case_b() -> Finding:
    learnt, new = _counts(1), _counts(2)
    model = _compiled([(COUNTED_WORDS,), layers.Dense(8, activation="relu")], "softmax")
    history = _fit(model, learnt, epochs=8)
    outputs = model.predict(new[0], verbose=0)
    losses, shares = history["loss"], history["accuracy"]
    return Finding(
        f"{SMALL_TASK}, 8 epochs.",
        (
            ("loss, first epoch and last", f"{losses[0]:.3f} -> {losses[-1]:.3f}"),
            ("accuracy, first epoch and last", f"{shares[0]:.3f} -> {shares[-1]:.3f}"),
            ("lowest and highest output", f"{outputs.min():.3f}, {outputs.max():.3f}"),
        ),
        "softmax makes the outputs of a row add up to 1, so a single unit always gives 1. "
        "The loss still falls, because Keras computes it from the number before the "
        "softmax.",
    )


def _case_c() -> Finding:
    learnt, new = _counts(1), _counts(2)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    hidden = [(COUNTED_WORDS,), layers.Dense(8, activation="relu")]
    model = _compiled(hidden, "sigmoid", loss)
    _fit(model, learnt, epochs=8)
    reported = evaluate_model(model, *new, question="this experiment")["loss"]
    outputs = model.predict(new[0], verbose=0)
    by_hand, perfect = (
        float(loss(new[1].reshape(-1, 1).astype("float32"), values))
        for values in (outputs, new[1].reshape(-1, 1).astype("float32"))
    )
    return Finding(
        f"{SMALL_TASK}, 8 epochs.",
        (
            ("loss that evaluate reports", f"{reported:.3f}"),
            ("the same loss, from the model's outputs", f"{by_hand:.3f}"),
            ("the same loss, from perfect outputs", f"{perfect:.3f}"),
        ),
        "the output is a probability already, and from_logits=True makes the loss squash "
        "it a second time. While it trains, Keras 3 notices its own sigmoid and only "
        "warns; computed from the outputs, the loss is wrong, even for perfect ones.",
    )


def _case_d() -> Finding:
    learnt, new = _counts(1), _counts(2)
    line = [(COUNTED_WORDS,), layers.Dense(8, activation="relu")]
    accuracy = _fitted_score(_compiled(line), learnt, new, epochs=8)
    untrained = [_untrained_score(seed, new) for seed in (1, 2, 3)]
    return Finding(
        f"{SMALL_TASK}, 8 epochs.",
        (
            ("accuracy of the model that was trained", f"{accuracy:.3f}"),
            ("accuracy of three models built again", ", ".join(untrained)),
            ("share of the more frequent class", f"{_majority(new[1]):.3f}"),
        ),
        "each call of the builder makes a new model with new random weights. The trained "
        "model is thrown away and an untrained one is scored; a variable would keep it.",
    )


CLINIC: dict[str, Callable[[], Finding]] = {
    "A": _case_a,
    "B": _case_b,
    "C": _case_c,
    "D": _case_d,
}


def _compiled(line: list[Any], activation: str = "sigmoid", loss: Any = "binary_crossentropy") -> keras.Model:
    """Return a model of an input shape, layers and one output unit."""
    model = keras.Sequential([keras.Input(line[0]), *line[1:]])
    model.add(layers.Dense(1, activation=activation))
    model.compile(keras.optimizers.Adam(0.02), loss, metrics=["accuracy"])
    return model


def _fit(model: keras.Model, learnt: Any, *, epochs: int, seed: int = 42) -> Any:
    history = train_model(
        model,
        *learnt,
        question="this experiment",
        epochs=epochs,
        batch_size=32,
        validation_split=0.0,
        seed=seed,
        show=False,
    )
    return history.history


def _fitted_score(model: keras.Model, learnt: Any, new: Any, *, epochs: int, seed: int = 42) -> float:
    _fit(model, learnt, epochs=epochs, seed=seed)
    return evaluate_model(model, *new, question="this experiment")["accuracy"]


def _untrained_score(seed: int, new: Any) -> str:
    with own_randomness(seed):
        model = _compiled([(COUNTED_WORDS,), layers.Dense(8, activation="relu")])
    return f"{evaluate_model(model, *new, question='this experiment')['accuracy']:.3f}"


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


def _fresh_reader(vocab_size: int) -> Callable[..., np.ndarray]:
    """Return a function that reads word numbers with one set of fresh weights."""
    look_up, remember = layers.Embedding(vocab_size, 32), layers.LSTM(32)
    judge = layers.Dense(1, activation="sigmoid")

    def read(ids: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        known = None if mask is None else keras.ops.convert_to_tensor(mask)
        return np.asarray(judge(remember(look_up(ids), mask=known))).ravel()

    return read


def _spread(outputs: np.ndarray) -> tuple[str, str, str]:
    low, high = float(outputs.min()), float(outputs.max())
    return f"{low:.6f}", f"{high:.6f}", _small(high - low)


def _small(number: float) -> str:
    return f"{number:.1e}" if number else "0"
