"""Fit models and use them, so that equal models give equal numbers.

This file, with the libraries and the machine, decides every number that a network comes to:
accuracy bars are measured with it, and no stored result outlives a change of it (``origin``).
"""

from __future__ import annotations

import hashlib
import os
import platform
import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .description import chain_of, describe, layers_of
from .errors import KitError
from .memo import Result
from .quiet import keras, silenced_stderr, tensorflow

METRIC_NAMES = {
    "acc": "accuracy",
    "binary_accuracy": "accuracy",
    "mean_absolute_error": "mae",
}
MESSAGE_LENGTH = 200

Arrays = tuple[np.ndarray, ...]
Settings = Mapping[str, Any]


def origin() -> dict[str, Any]:
    """Return what else decides the numbers: this code, the libraries, the machine."""
    return {
        "source": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "versions": [keras.__version__, tensorflow.__version__, np.__version__],
        "machine": platform.machine(),
        "instructions": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
        "gpus": len(tensorflow.config.list_physical_devices("GPU")),
    }


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


def _train(
    model: keras.Model,
    arrays: Arrays,
    settings: Settings,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Result:
    X, y = arrays
    seed, fit = settings["seed"], {name: value for name, value in settings.items() if name != "seed"}
    with own_randomness(seed), one_sentence("train"):
        fresh = _afresh(model)
        keras.utils.set_random_seed(seed)
        history = fresh.fit(X, y, **fit, shuffle=True, verbose=0, callbacks=list(callbacks)).history
    numbers = {name: [float(v) for v in values] for name, values in history.items()}
    return Result({"history": numbers}, tuple(fresh.get_weights()))


def _afresh(model: keras.Model) -> keras.Model:
    """Return the model with fresh weights; as it stands if not all its parts are Keras' own."""
    if describe(model) is None:
        return model
    fresh = rebuilt(model)
    compiled = model.get_compile_config()
    compiled["optimizer"] = keras.saving.serialize_keras_object(model.optimizer)
    fresh.compile_from_config(compiled)
    return fresh


def _scores(model: keras.Model, arrays: Arrays, settings: Settings) -> Result:  # noqa: ARG001 as every task
    X, y = arrays
    with own_randomness(0), one_sentence("evaluate"):
        scores = model.evaluate(X, y, verbose=0, return_dict=True)
    named = {METRIC_NAMES.get(name, name): float(v) for name, v in scores.items()}
    return Result({"scores": {"loss": named["loss"], **named}}, ())


def _agreement(model: keras.Model, arrays: Arrays, settings: Settings) -> Result:
    X, y = arrays
    (outputs,) = _outputs(model, (X,), settings).arrays
    if outputs.size != len(X):
        raise KitError(
            f"The model returns shape {outputs.shape} for {len(X):,} rows: one number per row is needed."
        )
    return Result({"accuracy": float(np.mean((outputs.reshape(-1) >= 0.5) == (y == 1)))}, ())


def _outputs(model: keras.Model, arrays: Arrays, settings: Settings) -> Result:  # noqa: ARG001 as every task
    with own_randomness(0), one_sentence("run"):
        return Result({}, (model.predict(arrays[0], verbose=0),))


TASKS: Mapping[str, Callable[..., Result]] = {
    "train": _train,
    "scores": _scores,
    "agreement": _agreement,
    "outputs": _outputs,
}
"""From a model, arrays and settings to a result; ``train`` and ``scores`` need X and y,
``agreement`` X and labels 0 and 1, ``outputs`` X alone."""


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
