"""The arguments of ``compile`` become plain data, in the student's process, like the model itself."""

import re
from collections.abc import Mapping
from functools import cache
from types import FunctionType
from typing import Any

import keras

from autograder.models import catalog
from autograder.models.description import CompileConfig, UnsupportedModelError

ACCURACY = "accuracy"
"""The word for whichever accuracy fits the output; not a class of Keras."""


def reported_metric_names(model: Any) -> tuple[str, ...]:
    """Return the names under which a student's model reports its metrics, in their order."""
    names = []
    for metric in _flatten(model._compile_config.config["metrics"]):
        if _is_accuracy(metric) or _canonical("metrics", metric) is not None:
            name = metric if isinstance(metric, str) else getattr(metric, "name", None)
            names.append(name or metric.__name__)
    return tuple(names)


def encode_compile_config(table: Any, model: Any) -> CompileConfig:
    """Return the arguments of ``compile``; those that are not Keras' own are only named.

    Args:
        table: the objects of the model, see ``encode``.
    """
    config = model._compile_config.config
    unsupported: list[Any] = []
    own_code: list[Any] = []

    def note(argument: str, value: Any) -> None:
        unsupported.append((argument, identifier_of(value)))
        # A name that Keras does not know is a mistake, and Keras refuses it as well.
        if not isinstance(value, str):
            own_code.append(argument)

    losses = _flatten(config["loss"])
    loss = _add_canonical(table, "losses", losses[0]) if len(losses) == 1 else None
    if len(losses) > 1:
        note("loss", "several_losses")
    elif losses and loss is None:
        note("loss", losses[0])
    metrics = []
    for metric in _flatten(config["metrics"]):
        index = _add_metric(table, model, metric)
        if index is None:
            note("metric", metric)
        else:
            metrics.append(index)
    # ``metrics`` in the place of ``loss_weights`` is a frequent mistake; numbers change nothing here.
    if not all(type(weight) in (int, float) for weight in _flatten(config["loss_weights"])):
        note("loss_weights", "loss_weights")
    for metric in _flatten(config["weighted_metrics"]):
        note("weighted_metric", metric)
    optimizer = None
    try:
        optimizer = table.add(model.optimizer, "the optimizer")
    except UnsupportedModelError:
        note("optimizer", model.optimizer)
    return CompileConfig(optimizer, loss, tuple(metrics), tuple(unsupported), tuple(own_code))


def _add_metric(table: Any, model: Any, metric: Any) -> int | None:
    """Add a metric, "accuracy" as the one that fits the output; None if it is not Keras' own."""
    if not _is_accuracy(metric):
        return _add_canonical(table, "metrics", metric)
    # Of a model that returns one number a row, "accuracy" is ``BinaryAccuracy``.
    if model.built and len(model.outputs) == 1 and model.outputs[0].shape[-1] == 1:
        return _add_canonical(table, "metrics", keras.metrics.BinaryAccuracy)
    index: int = table.add_accuracy()
    return index


def _flatten(value: Any) -> list[Any]:
    """Return the items of an argument that may be one item, or lists and dicts of any depth."""
    return [item for item in keras.tree.flatten(value) if item is not None]


def _is_accuracy(metric: Any) -> bool:
    return isinstance(metric, str) and metric.lower() in (ACCURACY, "acc")


def _add_canonical(table: Any, family: str, value: Any) -> int | None:
    """Add a loss or metric that is given as a name, class, object or function; None if not Keras' own."""
    canonical = _canonical(family, value)
    if canonical is None:
        return None
    try:
        index: int = table.add(canonical, family)
    except UnsupportedModelError:
        return None
    return index


def _canonical(family: str, value: Any) -> Any:
    """Return the object of Keras' own that a name, a class or a function of ``compile`` stands for."""
    module = catalog.MODULES[family]
    if isinstance(value, str):
        try:
            value = module.get(value)
        except (ValueError, TypeError):
            return None
    if isinstance(value, FunctionType):
        value = _class_by_function(family).get(value)
    if isinstance(value, type):
        place = catalog.place_of(value)
        return value() if place and place[0] == family else None
    place = catalog.place_of(type(value))
    return value if place and place[0] == family else None


@cache
def _class_by_function(family: str) -> Mapping[Any, type]:
    """Return the class of each function, e.g. of ``binary_crossentropy``."""
    classes: dict[Any, type] = {}
    for name in catalog.NAMES[family]:
        snake_case = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
        for module in (catalog.MODULES[family], keras.losses):
            function = getattr(module, snake_case, None)
            if isinstance(function, FunctionType):
                classes.setdefault(function, catalog.find(family, name))
    return classes


def identifier_of(value: Any) -> str:
    """Return a name for an object of the student's, of the characters that ``parse`` accepts."""
    name = value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)
    word = re.sub(r"[^A-Za-z0-9_]", "_", str(name)[:59])
    return word if word[:1].isalpha() else f"_{word}"
