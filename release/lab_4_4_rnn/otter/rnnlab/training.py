"""Train and evaluate a student's model so that the same code gives the same numbers.

Keras draws a layer's seed from Python's ``random`` when the layer is made, so one more
model made earlier in the notebook changes all later ones. ``train_model`` therefore
builds the model again under its own seed, trains that one and copies its weights into
the student's. Equal architectures get equal weights, however they were written, and a
result that is on disk already is not computed twice.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from .errors import unanswered
from .inputs import check_model, checked_rows
from .progress import callbacks_for, epoch_lines
from .quiet import keras
from .service import run
from .tasks import check_whole_number

_rows_seen: WeakKeyDictionary[keras.Model, frozenset[bytes]] = WeakKeyDictionary()


def train_model(
    model: keras.Model,
    X: np.ndarray,
    y: np.ndarray,
    *,
    question: str,
    epochs: int,
    batch_size: int,
    validation_split: float = 0.2,
    samples: int | None = None,
    seed: int = 42,
    show: bool = True,
    data_question: str = "Q2",
) -> keras.callbacks.History | None:
    """Train a compiled model from fresh weights and return its History.

    The weights that the model had before do not matter. A model with layers, losses or
    metrics that are not Keras' own is trained as it stands and never stored.

    Args:
        question: the question that makes the model, e.g. ``"Q5"``.
        samples: how many rows of X and y to use, from the first; None means all.
        seed: seed of the weights, of dropout and of the order of the batches.
        show: whether to print one line per epoch.
        data_question: the question that makes X and y.

    Returns:
        The History, or None if the model or the data is not there yet.

    Raises:
        KitError: says in a sentence why the model cannot be trained on these data.
    """
    if unanswered(question, model) or unanswered(data_question, X, y):
        return None
    check_model(model)
    check_whole_number("epochs", epochs, at_least=1)
    check_whole_number("batch_size", batch_size, at_least=1)
    X, y = checked_rows(model, X, y, samples)
    _rows_seen[model] = _rows(X)
    settings = {
        "epochs": int(epochs),
        "batch_size": int(batch_size),
        "validation_split": validation_split,
        "seed": seed,
    }
    shown = callbacks_for(show, epochs)
    result = run("train", model, (X, y), settings, callbacks=shown)
    for progress in shown:
        progress.screen.finish(epoch_lines(result.facts["history"], epochs))
    model.set_weights(list(result.arrays))
    return _history(model, result.facts["history"], epochs)


def evaluate_model(
    model: keras.Model,
    X: np.ndarray,
    y: np.ndarray,
    *,
    question: str,
    samples: int | None = None,
    data_question: str = "Q2",
) -> dict[str, float] | None:
    """Return a model's loss and metrics, e.g. ``{"loss": 0.49, "accuracy": 0.79}``.

    Accuracy is called ``accuracy`` and the mean absolute error ``mae``, whatever name
    the model gives them. The arguments are those of ``train_model``. Says so if the model
    was trained on some of these rows.
    """
    if unanswered(question, model) or unanswered(data_question, X, y):
        return None
    check_model(model)
    X, y = checked_rows(model, X, y, samples)
    seen = sum(row in _rows_seen.get(model, ()) for row in _rows(X))
    if seen:
        print(f"{seen:,} of these rows were trained on: the score says little about new ones")
    return run("scores", model, (X, y), {}).facts["scores"]


def measure_accuracy(model: keras.Model, X: np.ndarray, y: np.ndarray) -> float:
    """Return the share of rows for which an output of 0.5 or more agrees with the label.

    It is counted from the outputs; the model's own metrics play no part.
    """
    check_model(model)
    X, y = checked_rows(model, X, y)
    return run("agreement", model, (X, y), {}).facts["accuracy"]


def _rows(X: np.ndarray) -> frozenset[bytes]:
    return frozenset(row.tobytes() for row in X)


def _history(model: keras.Model, numbers: dict[str, list[float]], epochs: int) -> keras.callbacks.History:
    history = keras.callbacks.History()
    history.set_model(model)
    history.set_params({"epochs": epochs})
    history.history = numbers
    history.epoch = list(range(len(next(iter(numbers.values())))))
    return history
