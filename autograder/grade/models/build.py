"""A description becomes a Keras model, by constructors; Keras never sees a student's config."""

import random
from collections.abc import Callable
from typing import Any

import keras

from autograder.grade.models.description import Compiled, Model, Part
from autograder.grade.models.table import ACCURACY, REGULARIZERS, SCHEDULES

_MERGING = ("Concatenate", "Add", "Subtract", "Multiply", "Average", "Maximum")


def build(model: Model, *, seed: int) -> keras.Model:
    """Return the model with weights from ``seed``, compiled if the description is.

    Keras draws the seed of each initializer and of each dropout from Python's ``random``;
    its state is left as it was.
    """
    state = random.getstate()
    random.seed(seed)
    try:
        layers = [_layer(part, f"layer_{n}") for n, part in enumerate(model.layers)]
        built = _wired(model, layers)
        if model.compiled:
            _compile(built, model.compiled)
    finally:
        random.setstate(state)
    return built


def _wired(model: Model, layers: list[Any]) -> keras.Model:
    if not model.built or (model.line and len(layers) > 1):
        return keras.Sequential(layers, name="model")
    made: list[Any] = []
    for step in model.steps:
        layer, reads = layers[step.layer], [made[n] for n in step.reads]
        if not reads:
            made.append(layer.output)
        else:
            made.append(layer(reads if model.layers[step.layer].kind in _MERGING else reads[0]))
    inputs, outputs = ([made[n] for n in places] for places in (model.inputs, model.outputs))
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs, name="model")


def _layer(part: Part, name: str) -> Any:
    settings = _settings(part)
    trainable = settings.pop("trainable", True)
    layer = getattr(keras.layers, part.kind)(**settings, name=name)
    if not trainable:
        layer.trainable = False
    return layer


def _settings(part: Part) -> dict[str, Any]:
    return {name: _value(value) for name, value in part.settings}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    if not isinstance(value, Part):
        return value
    if value.kind in REGULARIZERS:
        return getattr(keras.regularizers, value.kind)(**_settings(value))
    if value.kind in SCHEDULES:
        return getattr(keras.optimizers.schedules, value.kind)(**_settings(value))
    return _layer(value, "inner")


def _compile(model: keras.Model, compiled: Compiled) -> None:
    foreign = dict(compiled.foreign)
    optimizer: Any = None
    loss: Any = None
    if compiled.optimizer:
        optimizer = getattr(keras.optimizers, compiled.optimizer.kind)(**_settings(compiled.optimizer))
    if compiled.loss:
        loss = getattr(keras.losses, compiled.loss.kind)(**_settings(compiled.loss))
    model.compile(
        optimizer=optimizer or _foreign_optimizer(foreign["optimizer"]),
        loss=_foreign_loss(foreign["loss"]) if "loss" in foreign else loss,
        loss_weights=["loss_weights"] if "loss_weights" in foreign else None,  # stops Keras in fit
        metrics=[_metric(*pair) for pair in zip(compiled.metrics, compiled.metric_names, strict=True)],
    )


def _metric(part: Part, name: str) -> Any:
    if part.kind == ACCURACY:
        return ACCURACY
    return getattr(keras.metrics, part.kind)(**_settings(part), name=name)


def _foreign_loss(name: str) -> Callable[[Any, Any], Any]:
    def loss(_y_true: Any, _y_pred: Any) -> Any:
        raise ValueError(f"the loss {name} is not one of keras.losses")

    loss.__name__ = name
    return loss


def _foreign_optimizer(name: str) -> Any:
    def update_step(*_arguments: Any) -> None:
        raise ValueError(f"the optimizer {name} is not one of keras.optimizers")

    return type(name, (keras.optimizers.SGD,), {"update_step": update_step})()
