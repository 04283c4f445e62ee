"""Train and evaluate a student's model so that the same code gives the same numbers.

Keras draws a layer's seed from Python's ``random`` when the layer is made, so one more
model made earlier in the notebook changes all later ones. ``train_model`` therefore
builds the model again under its own seed, trains that one and copies its weights into
the student's. Equal architectures get equal weights, however they were written, and a
result that is on disk already is not computed twice.
"""

from __future__ import annotations

import hashlib
import os
import platform
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from . import memo
from .description import chain_of, describe, layers_of
from .errors import KitError, unanswered
from .inputs import check_model, checked_rows
from .progress import Screen, callbacks_for, epoch_lines
from .quiet import keras, silenced_stderr, tensorflow
from .tasks import check_whole_number

METRIC_NAMES = {
    "acc": "accuracy",
    "binary_accuracy": "accuracy",
    "mean_absolute_error": "mae",
}
MESSAGE_LENGTH = 200

_rows_learnt: WeakKeyDictionary[keras.Model, frozenset[bytes]] = WeakKeyDictionary()


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
    settings = {
        "epochs": epochs,
        "batch_size": batch_size,
        "validation_split": validation_split,
        "shuffle": True,
    }
    _rows_learnt[model] = _rows(X)
    architecture = describe(model)
    if architecture is None:
        with own_randomness(seed), one_sentence("train"):
            return model.fit(X, y, **settings, **callbacks_for(show, epochs))
    key = memo.key_of({"train": architecture, "settings": settings, "seed": seed, **_origin()}, (X, y))
    entry = memo.load(key)
    if entry is None:
        entry = _trained(model, X, y, seed, settings, callbacks_for(show, epochs))
        memo.store(key, entry)
    elif show:
        Screen().finish(epoch_lines(entry.facts["history"], epochs))
    model.set_weights(list(entry.arrays))
    return _history(model, entry.facts["history"], epochs)


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
    seen = sum(row in _rows_learnt.get(model, ()) for row in _rows(X))
    if seen:
        print(f"{seen:,} of these rows were trained on: the score says little about new ones")
    return _remembered("evaluate", model, X, y, _scores)


def measure_accuracy(model: keras.Model, X: np.ndarray, y: np.ndarray) -> float:
    """Return the share of rows for which an output of 0.5 or more agrees with the label.

    It is counted from the outputs; the model's own metrics play no part.
    """
    check_model(model)
    X, y = checked_rows(model, X, y)
    return _remembered("accuracy", model, X, y, _agreement)["accuracy"]


def _origin() -> dict[str, Any]:
    """Return what else decides the numbers: this code, the libraries, the machine."""
    return {
        "source": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "versions": [keras.__version__, tensorflow.__version__, np.__version__],
        "machine": platform.machine(),
        "instructions": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
        "gpus": len(tensorflow.config.list_physical_devices("GPU")),
    }


def _trained(
    model: keras.Model,
    X: np.ndarray,
    y: np.ndarray,
    seed: int,
    settings: dict[str, Any],
    quiet: dict[str, Any],
) -> memo.Entry:
    with own_randomness(seed), one_sentence("train"):
        fresh = rebuilt(model)
        compiled = model.get_compile_config()
        compiled["optimizer"] = keras.saving.serialize_keras_object(model.optimizer)
        fresh.compile_from_config(compiled)
        keras.utils.set_random_seed(seed)
        history = fresh.fit(X, y, **settings, **quiet).history
    numbers = {name: [float(v) for v in values] for name, values in history.items()}
    return memo.Entry({"history": numbers}, tuple(fresh.get_weights()))


def rebuilt(model: keras.Model) -> keras.Model:
    """Return the model made again, not compiled, with weights from the current seed.

    Sequential, functional and named variants of one architecture start equal.
    """
    if chain_of(model) is None:
        return keras.models.clone_model(model)
    source = model.inputs[0]
    line = [keras.Input(source.shape[1:], dtype=source.dtype, name="line_input")]
    for number, layer in enumerate(layers_of(model)):
        config = layer.get_config() | {"name": f"line_{number}"}
        line.append(type(layer).from_config(config))
    return keras.Sequential(line, name="line")


def _remembered(
    what: str,
    model: keras.Model,
    X: np.ndarray,
    y: np.ndarray,
    compute: Callable[[keras.Model, np.ndarray, np.ndarray], dict[str, float]],
) -> dict[str, float]:
    architecture = describe(model)
    if architecture is None:
        return compute(model, X, y)
    key = memo.key_of({what: architecture, **_origin()}, (*model.get_weights(), X, y))
    entry = memo.load(key)
    if entry is None:
        entry = memo.Entry({"scores": compute(model, X, y)}, ())
        memo.store(key, entry)
    return entry.facts["scores"]


def _rows(X: np.ndarray) -> frozenset[bytes]:
    return frozenset(row.tobytes() for row in X)


def _agreement(model: keras.Model, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    with own_randomness(0), one_sentence("run"):
        outputs = model.predict(X, verbose=0)
    if outputs.size != len(X):
        raise KitError(
            f"The model returns shape {outputs.shape} for {len(X):,} rows: one number per row is needed."
        )
    return {"accuracy": float(np.mean((outputs.reshape(-1) >= 0.5) == (y == 1)))}


def _scores(model: keras.Model, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    with own_randomness(0), one_sentence("evaluate"):
        scores = model.evaluate(X, y, verbose=0, return_dict=True)
    named = {METRIC_NAMES.get(name, name): float(v) for name, v in scores.items()}
    return {"loss": named["loss"], **named}


def _history(model: keras.Model, numbers: dict[str, list[float]], epochs: int) -> keras.callbacks.History:
    history = keras.callbacks.History()
    history.set_model(model)
    history.set_params({"epochs": epochs})
    history.history = numbers
    history.epoch = list(range(len(next(iter(numbers.values())))))
    return history


@contextmanager
def own_randomness(seed: int) -> Iterator[None]:
    """Seed everything for the block; Python's and NumPy's own states return afterwards."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(int(seed))
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


@contextmanager
def one_sentence(doing: str) -> Iterator[None]:
    """Keep Keras quiet, and turn its complaint into one sentence."""
    try:
        with silenced_stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except KitError:
        raise
    except (ValueError, TypeError, tensorflow.errors.OpError) as error:
        text = " ".join(str(error).split())
        if len(text) > MESSAGE_LENGTH:
            text = text[:MESSAGE_LENGTH].rstrip() + " ..."
        raise KitError(f"Keras could not {doing} this model: {text}") from None
