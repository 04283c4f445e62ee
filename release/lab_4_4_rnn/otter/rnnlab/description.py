"""What a model is, apart from its names and weights: the key under which it is remembered.

Sequential, functional and named variants of one architecture get one description.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from .quiet import keras


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
            "layers": chain_of(model) or _graph(model.get_config()),
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


def chain_of(model: keras.Model) -> list[Any] | None:
    """Return input and layers of a model that is one straight line, else None."""
    if not isinstance(model, keras.Sequential) and not _is_straight(model):
        return None
    source = model.inputs[0]
    start = {"shape": list(source.shape[1:]), "dtype": str(source.dtype)}
    return [start] + [[type(layer).__name__, layer.get_config()] for layer in layers_of(model)]


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


def layers_of(model: keras.Model) -> list[keras.layers.Layer]:
    """Return a model's layers without its inputs."""
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
