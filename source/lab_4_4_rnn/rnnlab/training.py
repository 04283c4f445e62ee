"""Train and evaluate a student's model so that the same code gives the same numbers.

Keras draws a layer's seed from Python's ``random`` when the layer is made, so one more
model made earlier in the notebook changes all later ones. ``train_model`` therefore
builds the model again under its own seed, trains that one and copies its weights into
the student's. Equal architectures get equal weights, however they were written, and a
result that is on disk already is not computed twice.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import platform
import random
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from IPython import get_ipython
from IPython.display import display

from . import memo
from .errors import KitError, unanswered
from .quiet import keras, silenced_stderr, tensorflow
from .tasks import check_whole_number

METRIC_NAMES = {
    "acc": "accuracy",
    "binary_accuracy": "accuracy",
    "mean_absolute_error": "mae",
}
BAR_WIDTH = 20
REFRESH_S = 0.2
MESSAGE_LENGTH = 200


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
    architecture = describe(model)
    if architecture is None:
        with own_randomness(seed), one_sentence("train"):
            return model.fit(X, y, **settings, **_quiet(show, epochs))
    key = memo.key_of({"train": architecture, "settings": settings, "seed": seed, **_origin()}, (X, y))
    entry = memo.load(key)
    if entry is None:
        entry = _trained(model, X, y, seed, settings, _quiet(show, epochs))
        memo.store(key, entry)
    elif show:
        _Screen().finish(epoch_lines(entry.facts["history"], epochs))
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
    the model gives them. The arguments are those of ``train_model``.
    """
    if unanswered(question, model) or unanswered(data_question, X, y):
        return None
    check_model(model)
    X, y = checked_rows(model, X, y, samples)
    architecture = describe(model)
    if architecture is None:
        return _scores(model, X, y)
    key = memo.key_of({"evaluate": architecture, **_origin()}, (*model.get_weights(), X, y))
    entry = memo.load(key)
    if entry is None:
        entry = memo.Entry({"scores": _scores(model, X, y)}, ())
        memo.store(key, entry)
    return entry.facts["scores"]


def fresh_copy(model: keras.Model, *, seed: int) -> keras.Model:
    """Return the model built again, not compiled, with the weights of that seed.

    Sequential, functional and named variants of one architecture start equal.
    """
    with own_randomness(seed):
        return _rebuilt(model)


def epoch_lines(history: dict[str, list[float]], epochs: int) -> list[str]:
    """Return one line per finished epoch, e.g. ``epoch 1/3  loss 0.690  accuracy 0.520``."""
    names = sorted(history, key=lambda n: (n.startswith("val_"), not n.endswith("loss")))
    finished = len(history[names[0]]) if names else 0
    return [
        f"epoch {epoch + 1}/{epochs}  " + "  ".join(f"{name} {history[name][epoch]:.3f}" for name in names)
        for epoch in range(finished)
    ]


# What a student hands over


def check_model(model: Any) -> None:
    """Refuse anything but a built and compiled Keras model."""
    if not isinstance(model, keras.Model):
        raise KitError(
            f"A Keras model is needed here, but this is {_kind(model)}: let your "
            "function return the model itself."
        )
    if not model.built:
        raise KitError(
            "This model has no weights yet, because it does not know the shape of its "
            "input: put keras.Input(shape=...) in front of its layers."
        )
    if not model.compiled:
        raise KitError(
            "This model is not compiled: call model.compile(...) with an optimizer, a "
            "loss and metrics before your function returns it."
        )


def checked_rows(
    model: keras.Model, X: Any, y: Any, samples: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first rows of X and y as arrays that fit the model, or say what is off."""
    if samples is not None:
        check_whole_number("samples", samples, at_least=1)
    X, y = number_array(X, "X"), number_array(y, "y")
    if len(X) != len(y):
        raise KitError(
            f"X has {len(X):,} rows and y has {len(y):,} labels: each row needs one "
            "label, so cut both or neither."
        )
    check_fits(model, X)
    return X[:samples], y[:samples]


def number_array(value: Any, name: str) -> np.ndarray:
    """Return a value as a non-empty array of finite numbers, or say what it is instead."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise KitError(_ragged(name)) from None
    if array.dtype == object and array.size and np.ndim(array.flat[0]) == 1:
        raise KitError(_ragged(name))
    if array.dtype.kind not in "iufb" or array.ndim == 0:
        raise KitError(f"{name} must be an array of numbers, but it is {_kind(value)}.")
    if array.size == 0:
        raise KitError(f"{name} is empty (shape {array.shape}): there are no rows.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise KitError(f"{name} holds values that are missing (NaN) or infinite.")
    return array


def check_fits(model: keras.Model, X: np.ndarray) -> None:
    """Refuse rows whose shape or word numbers the model cannot take."""
    expected = getattr(model, "input_shape", None)
    if isinstance(expected, tuple) and not _same_shape(expected, X.shape):
        raise KitError(
            f"Each row of X has shape {X.shape[1:]}, but the model takes rows of shape "
            f"{expected[1:]}: pad or cut X to what the model's Input says."
        )
    words = next(iter(_layers(model)), None)
    if isinstance(words, keras.layers.Embedding):
        _check_word_numbers(X, words.input_dim)


def _check_word_numbers(X: np.ndarray, vocab_size: int) -> None:
    if X.dtype.kind == "f":
        raise KitError(
            f"X holds numbers of type {X.dtype}, but word numbers are whole numbers: make X an integer array."
        )
    if X.min() < 0 or X.max() >= vocab_size:
        raise KitError(
            f"X holds word numbers from {X.min():,} to {X.max():,}, but the model's "
            f"Embedding knows only 0 to {vocab_size - 1:,}."
        )


def _same_shape(expected: tuple[int | None, ...], found: tuple[int, ...]) -> bool:
    return len(expected) == len(found) and all(
        size in (None, have) for size, have in zip(expected[1:], found[1:], strict=True)
    )


def _ragged(name: str) -> str:
    return f"The rows of {name} have different lengths: pad them to one length first."


def _kind(value: Any) -> str:
    if inspect.isroutine(value):
        return "a function (was it called, with brackets?)"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} with shape {value.shape}"
    return f"a value of type {type(value).__name__}"


# What a model is, apart from its names and weights


def describe(model: keras.Model) -> dict[str, Any] | None:
    """Return architecture and compile settings as plain data without names.

    None means that the model holds parts that are not Keras' own.
    """
    parts = [model.loss, *_flat(_compiled_with(model, "metrics")), *_parts(model)]
    if not all(_is_keras(part) for part in (model, model.optimizer, *parts)):
        return None
    optimizer = keras.saving.serialize_keras_object(model.optimizer)
    return _plain(
        {
            "layers": _chain(model) or _graph(model.get_config()),
            "optimizer": optimizer,
            "loss": _loss(model.loss),
            "metrics": [_metric(m) for m in _flat(_compiled_with(model, "metrics"))],
            "other": {
                name: setting
                for name, setting in model.get_compile_config().items()
                if name not in ("optimizer", "loss", "metrics")
            },
        }
    )


def _chain(model: keras.Model) -> list[Any] | None:
    """Return input and layers of a model that is one straight line, else None."""
    if not isinstance(model, keras.Sequential) and not _is_straight(model):
        return None
    source = model.inputs[0]
    start = {"shape": list(source.shape[1:]), "dtype": str(source.dtype)}
    return [start] + [[type(layer).__name__, layer.get_config()] for layer in _layers(model)]


def _is_straight(model: keras.Model) -> bool:
    """Say whether each layer of a functional model reads the layer before it, once.

    An Embedding that masks adds a ``NotEqual`` node beside the line; it feeds masks only.
    """
    config = model.get_config()
    masks = {layer["name"] for layer in config["layers"] if layer["class_name"] == "NotEqual"}
    line = [layer for layer in config["layers"] if layer["name"] not in masks]
    if [layer["name"] for layer in line] != [layer.name for layer in model.layers]:
        return False
    reads = all(_reads_only(layer, before["name"], masks) for before, layer in pairwise(line))
    ends = [_flat(config[side]) for side in ("input_layers", "output_layers")]
    return reads and ends == [[line[0]["name"], 0, 0], [line[-1]["name"], 0, 0]]


def _reads_only(layer: dict[str, Any], before: str, masks: set[str]) -> bool:
    if len(layer["inbound_nodes"]) != 1:
        return False
    node = layer["inbound_nodes"][0]
    named = {name: _tensor_source(value) for name, value in node["kwargs"].items()}
    return (
        [_tensor_source(value) for value in node["args"]] == [before]
        and named.pop("mask", None) in {None, *masks}
        and all(node["kwargs"][name] in (None, False) for name in named)
    )


def _tensor_source(value: Any) -> str | None:
    is_tensor = isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"
    return value["config"]["keras_history"][0] if is_tensor else None


def _graph(config: dict[str, Any]) -> dict[str, Any]:
    """Return a functional config with its layers numbered in place of their names."""
    numbers = {layer["name"]: number for number, layer in enumerate(config["layers"])}

    def numbered(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: _numbered_history(item, numbers) if name == "keras_history" else numbered(item)
                for name, item in value.items()
                if name != "name"
            }
        if isinstance(value, list | tuple):
            return [numbered(item) for item in value]
        return value

    ends = {
        side: [numbers.get(item, item) for item in _flat(config[side])]
        for side in ("input_layers", "output_layers")
    }
    return {"layers": numbered(config["layers"]), **ends}


def _numbered_history(history: list[Any], numbers: dict[str, int]) -> list[int]:
    return [numbers[history[0]], *history[1:]]


def _loss(loss: Any) -> Any:
    """Spell a loss as function and arguments: string, class and function agree."""
    found = keras.losses.get(loss) if isinstance(loss, str) else loss
    if inspect.isfunction(found):
        return [found.__name__, _defaults(found), "sum_over_batch_size"]
    if inspect.isfunction(getattr(found, "fn", None)):
        return [*_call_of(found, found.fn), found.reduction]
    return keras.saving.serialize_keras_object(found)


def _metric(metric: Any) -> Any:
    """Spell a metric as function, arguments and the name that it has in the History."""
    if isinstance(metric, str):
        shown = metric
        try:
            metric = keras.metrics.get(metric)
        except ValueError:
            return shown
        if shown == "accuracy":
            return shown
    else:
        shown = getattr(metric, "name", None) or metric.__name__
    if inspect.isfunction(metric):
        return [metric.__name__, _defaults(metric), shown]
    if inspect.isfunction(getattr(metric, "_fn", None)):
        return [*_call_of(metric, metric._fn), shown]
    return [keras.saving.serialize_keras_object(metric), shown]


def _call_of(instance: Any, function: Callable[..., Any]) -> list[Any]:
    defaults, config = _defaults(function), instance.get_config()
    return [function.__name__, {k: config.get(k, v) for k, v in defaults.items()}]


def _defaults(function: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _plain(value: Any) -> Any:
    """Return nested settings as JSON data, without the names of layers and optimizers."""
    if isinstance(value, dict):
        is_policy = value.get("class_name") == "DTypePolicy"
        hidden = () if is_policy or "config" in value else ("name", "build_config")
        return {
            str(key): item if is_policy else _plain(item) for key, item in value.items() if key not in hidden
        }
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in _flat(item)]
    return [] if value is None else [value]


def _layers(model: keras.Model) -> list[keras.layers.Layer]:
    return [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]


def _compiled_with(model: keras.Model, name: str) -> Any:
    """Return what the student handed to ``compile``, not its serialised form."""
    return model._compile_config.config[name]


def _parts(model: keras.Model) -> Iterator[Any]:
    """Yield all layers, inner ones too, and the functions and objects they are set to."""
    for layer in model._flatten_layers(include_self=False):
        yield layer
        for part in vars(layer).values():
            if callable(part) or hasattr(part, "get_config"):
                yield part


def _is_keras(part: Any) -> bool:
    if isinstance(part, str):
        return True
    if isinstance(part, keras.layers.Lambda):
        return False
    if inspect.ismethod(part):
        return _is_keras(part.__self__)
    owner = part if inspect.isroutine(part) or inspect.isclass(part) else type(part)
    return (getattr(owner, "__module__", None) or "").split(".")[0] == "keras"


def _origin() -> dict[str, Any]:
    """Return what else decides the numbers: this code, the libraries, the machine."""
    return {
        "source": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "versions": [keras.__version__, tensorflow.__version__, np.__version__],
        "machine": platform.machine(),
        "instructions": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
        "gpus": len(tensorflow.config.list_physical_devices("GPU")),
    }


# Training


def _trained(
    model: keras.Model,
    X: np.ndarray,
    y: np.ndarray,
    seed: int,
    settings: dict[str, Any],
    quiet: dict[str, Any],
) -> memo.Entry:
    with own_randomness(seed), one_sentence("train"):
        fresh = _rebuilt(model)
        compiled = model.get_compile_config()
        compiled["optimizer"] = keras.saving.serialize_keras_object(model.optimizer)
        fresh.compile_from_config(compiled)
        keras.utils.set_random_seed(seed)
        history = fresh.fit(X, y, **settings, **quiet).history
    numbers = {name: [float(v) for v in values] for name, values in history.items()}
    return memo.Entry({"history": numbers}, tuple(fresh.get_weights()))


def _rebuilt(model: keras.Model) -> keras.Model:
    if _chain(model) is None:
        return keras.models.clone_model(model)
    source = model.inputs[0]
    line = [keras.Input(source.shape[1:], dtype=source.dtype, name="line_input")]
    for number, layer in enumerate(_layers(model)):
        config = layer.get_config() | {"name": f"line_{number}"}
        line.append(type(layer).from_config(config))
    return keras.Sequential(line, name="line")


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


# Progress


def _quiet(show: bool, epochs: int) -> dict[str, Any]:
    return {"verbose": 0, "callbacks": [_Progress(epochs)] if show else []}


class _Progress(keras.callbacks.Callback):
    """Shows the epochs that are done and how far the running one is."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs = epochs
        self.history: dict[str, list[float]] = {}
        self.screen = _Screen()
        self.shown_at = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 Keras' signature
        if time.monotonic() - self.shown_at < REFRESH_S:
            return
        self.shown_at = time.monotonic()
        lines = epoch_lines(self.history, self.epochs)
        share = (batch + 1) / self.params["steps"] if self.params["steps"] else 0.0
        bar = ("=" * round(share * BAR_WIDTH)).ljust(BAR_WIDTH)
        self.screen.update([*lines, f"epoch {len(lines) + 1}/{self.epochs}  [{bar}]"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 Keras' signature
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        self.screen.finish(epoch_lines(self.history, self.epochs))


class _Screen:
    """Lines that grow: rewritten in place in a notebook, printed once elsewhere."""

    def __init__(self) -> None:
        self.in_notebook = getattr(get_ipython(), "kernel", None) is not None
        self.handle: Any = None
        self.printed = 0

    def update(self, lines: list[str]) -> None:
        """Show lines that will change; only a notebook can."""
        if not self.in_notebook:
            return
        text = {"text/plain": "\n".join(lines)}
        if self.handle is None:
            self.handle = display(text, raw=True, display_id=True)
        else:
            self.handle.update(text, raw=True)

    def finish(self, lines: list[str]) -> None:
        """Show lines that stay."""
        self.update(lines)
        if self.in_notebook:
            return
        for line in lines[self.printed :]:
            print(line)
        self.printed = len(lines)
