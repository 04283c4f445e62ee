"""What a Keras model is compiled with becomes plain data: texts, classes and functions alike."""

import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import keras

from autograder.models.encode_layer import encode_object, encode_setting
from autograder.models.graph import UnsupportedModelError
from autograder.models.rules import Family
from autograder.models.schema import ACCURACY, LOSSES, METRICS


def encode_compile_config(model: Any) -> dict[str, Any]:
    """Return the compile settings of a model; what is not Keras' own is only named."""
    given = model._compile_config.config
    foreign: list[list[str]] = []
    loss = _encode_loss_or_metric("loss", given["loss"], foreign)
    metrics = [_encode_loss_or_metric("metric", metric, foreign) for metric in _flatten(given["metrics"])]
    if not all(type(weight) in (int, float) for weight in _flatten(given["loss_weights"])):
        foreign.append(["loss_weights", "loss_weights"])
    foreign += [["weighted_metric", _name(metric)] for metric in _flatten(given["weighted_metrics"])]
    try:
        optimizer = encode_object(model.optimizer)
    except UnsupportedModelError:
        optimizer = None
        foreign.append(["optimizer", _name(model.optimizer)])
    return {
        "optimizer": optimizer,
        "loss": loss,
        "metrics": [metric for metric in metrics if metric is not None],
        "foreign": foreign,
    }


def reported_metric_names(model: Any) -> tuple[str, ...]:
    """Return the names under which a model reports its metrics, in their order.

    ``Compiled.metric_names`` are the names of the same metrics once the model is built from
    its description.
    """
    found = (
        (metric, _encode_loss_or_metric("metric", metric, []))
        for metric in _flatten(model._compile_config.config["metrics"])
    )
    return tuple(
        metric if isinstance(metric, str) else getattr(metric, "name", None) or metric.__name__
        for metric, part in found
        if part is not None
    )


def _flatten(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _flatten(item)
    elif value is not None:
        yield value


_MODULES: dict[str, tuple[ModuleType, Family]] = {
    "loss": (keras.losses, LOSSES),
    "metric": (keras.metrics, METRICS),
}


def _encode_loss_or_metric(role: str, value: Any, unsupported: list[list[str]]) -> dict[str, Any] | None:
    """Return a loss or metric as a part; note it in ``foreign`` if it is in no table."""
    if value is None:
        return None
    if role == "metric" and isinstance(value, str) and value.lower() in ("accuracy", "acc"):
        return {"kind": ACCURACY, "settings": {}}
    part = _encode_supported(*_MODULES[role], value)
    if part is None:
        unsupported.append([role, _name(value)])
    return part


def _encode_supported(module: ModuleType, family: Family, value: Any) -> dict[str, Any] | None:
    if isinstance(value, str):
        try:
            value = module.get(value)
        except (ValueError, TypeError):
            return None
    kind = _kind(module, family, value)
    if kind is None:
        return None
    defaults = _defaults(getattr(module, kind))
    config = value.get_config() if type(value) is getattr(module, kind) else {}
    settings = {**defaults, **config}
    others = settings.keys() - {*family[kind], "name", "fn"}
    if not all(_is_default(settings[name], defaults.get(name)) for name in others):
        return None
    return {"kind": kind, "settings": {name: encode_setting(settings[name], name) for name in family[kind]}}


def _is_default(value: Any, default: Any) -> bool:
    """Say whether an argument of no table is at its default; a dtype of float32 is."""
    return value in (None, "float32") or (type(value) is type(default) and bool(value == default))


def _kind(module: ModuleType, family: Family, value: Any) -> str | None:
    """Return the class that a class, an instance or a function stands for."""
    for kind in family:
        own = getattr(module, kind, None)
        if own is not None and (value is own or type(value) is own or value is _function(module, kind)):
            return kind
    return None


def _function(module: ModuleType, kind: str) -> Any:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind).lower()
    return getattr(module, name, getattr(keras.losses, name, module))


def _defaults(kind: type) -> dict[str, Any]:
    parameters = inspect.signature(kind).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _name(value: Any) -> str:
    text = value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)
    word = re.sub(r"[^A-Za-z0-9_]", "_", str(text)[:59])
    return word if word[:1].isalpha() else f"_{word}"
