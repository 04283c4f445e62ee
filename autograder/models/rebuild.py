"""A description becomes a Keras model, by constructors; Keras never sees a student's config."""

import random
from collections.abc import Callable
from typing import Any

import keras

from autograder.models.description import CompileConfig, KerasObject, Model
from autograder.models.schema import ACCURACY, REGULARIZERS, SCHEDULES

_MERGE_LAYERS = ("Concatenate", "Add", "Subtract", "Multiply", "Average", "Maximum")


def build(model: Model, *, seed: int) -> keras.Model:
    """Return the model with weights from ``seed``, compiled if the description is.

    Keras draws the seed of each initializer and of each dropout from Python's ``random``;
    its state is left as it was.
    """
    state = random.getstate()
    random.seed(seed)
    try:
        layers = [_layer(part, f"layer_{n}") for n, part in enumerate(model.layers)]
        built = _connect_layers(model, layers)
        if model.compile_config:
            _compile(built, model.compile_config)
    finally:
        random.setstate(state)
    return built


def _connect_layers(model: Model, layers: list[Any]) -> keras.Model:
    if not model.is_built or (model.is_sequential and len(layers) > 1):
        return keras.Sequential(layers, name="model")
    made: list[Any] = []
    for step in model.steps:
        layer, reads = layers[step.layer], [made[n] for n in step.inputs]
        if not reads:
            made.append(layer.output)
        else:
            made.append(layer(reads if model.layers[step.layer].kind in _MERGE_LAYERS else reads[0]))
    inputs, outputs = ([made[n] for n in places] for places in (model.inputs, model.outputs))
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs, name="model")


def _layer(obj: KerasObject, name: str) -> Any:
    settings = _settings(obj)
    trainable = settings.pop("trainable", True)
    layer = getattr(keras.layers, obj.kind)(**settings, name=name)
    if not trainable:
        layer.trainable = False
    return layer


def _settings(obj: KerasObject) -> dict[str, Any]:
    return {name: _value(value) for name, value in obj.settings}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    if not isinstance(value, KerasObject):
        return value
    if value.kind in REGULARIZERS:
        return getattr(keras.regularizers, value.kind)(**_settings(value))
    if value.kind in SCHEDULES:
        return getattr(keras.optimizers.schedules, value.kind)(**_settings(value))
    return _layer(value, "inner")


def _compile(model: keras.Model, compile_config: CompileConfig) -> None:
    foreign = dict(compile_config.unsupported)
    optimizer: Any = None
    loss: Any = None
    if compile_config.optimizer:
        optimizer = getattr(keras.optimizers, compile_config.optimizer.kind)(
            **_settings(compile_config.optimizer)
        )
    if compile_config.loss:
        loss = getattr(keras.losses, compile_config.loss.kind)(**_settings(compile_config.loss))
    model.compile(
        optimizer=optimizer or _unsupported_optimizer(foreign["optimizer"]),
        loss=_unsupported_loss(foreign["loss"]) if "loss" in foreign else loss,
        loss_weights=["loss_weights"] if "loss_weights" in foreign else None,  # stops Keras in fit
        metrics=[
            _metric(*pair) for pair in zip(compile_config.metrics, compile_config.metric_names, strict=True)
        ],
    )


def _metric(obj: KerasObject, name: str) -> Any:
    if obj.kind == ACCURACY:
        return ACCURACY
    return getattr(keras.metrics, obj.kind)(**_settings(obj), name=name)


def _unsupported_loss(name: str) -> Callable[[Any, Any], Any]:
    def loss(_y_true: Any, _y_pred: Any) -> Any:
        raise ValueError(f"the loss {name} is not one of keras.losses")

    loss.__name__ = name
    return loss


def _unsupported_optimizer(name: str) -> Any:
    def update_step(*_arguments: Any) -> None:
        raise ValueError(f"the optimizer {name} is not one of keras.optimizers")

    return type(name, (keras.optimizers.SGD,), {"update_step": update_step})()
