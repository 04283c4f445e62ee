"""A description becomes a Keras model, by constructors; Keras never sees a student's config."""

import random
from collections.abc import Callable
from typing import Any

import keras

from autograder.models.description import CompileConfig, KerasObject, Model
from autograder.models.schema import ACCURACY, MERGE_LAYERS, REGULARIZERS, SCHEDULES


def build(model: Model, *, seed: int) -> keras.Model:
    """Return the model with weights from ``seed``, compiled if the description is.

    Args:
        model: a description that ``parse`` returned: its class names are looked up in Keras.
        seed: of all weights and dropout masks.
    """
    # Keras draws the seed of each initializer and dropout from Python's global generator.
    state = random.getstate()
    random.seed(seed)
    try:
        layers = [_build_layer(layer, f"layer_{index}") for index, layer in enumerate(model.layers)]
        built = _connect_layers(model, layers)
        if model.compile_config:
            _compile(built, model.compile_config)
    finally:
        random.setstate(state)
    return built


def _connect_layers(model: Model, layers: list[Any]) -> keras.Model:
    if not model.is_built or (model.is_sequential and len(layers) > 1):
        return keras.Sequential(layers, name="model")
    tensors: list[Any] = []
    for call in model.calls:
        layer = layers[call.layer]
        inputs = [tensors[index] for index in call.inputs]
        if not inputs:
            tensors.append(layer.output)
        elif model.layers[call.layer].class_name in MERGE_LAYERS:
            tensors.append(layer(inputs))
        else:
            tensors.append(layer(inputs[0]))
    inputs = [tensors[index] for index in model.inputs]
    outputs = [tensors[index] for index in model.outputs]
    if len(inputs) == 1:
        return keras.Model(inputs[0], outputs, name="model")
    return keras.Model(inputs, outputs, name="model")


def _build_layer(layer: KerasObject, name: str) -> Any:
    arguments = _build_arguments(layer)
    trainable = arguments.pop("trainable", True)
    built = getattr(keras.layers, layer.class_name)(**arguments, name=name)
    if not trainable:
        built.trainable = False
    return built


def _build_arguments(keras_object: KerasObject) -> dict[str, Any]:
    return {name: _build_value(value) for name, value in keras_object.arguments.items()}


def _build_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(map(_build_value, value))
    if not isinstance(value, KerasObject):
        return value
    if value.class_name in REGULARIZERS:
        return getattr(keras.regularizers, value.class_name)(**_build_arguments(value))
    if value.class_name in SCHEDULES:
        return getattr(keras.optimizers.schedules, value.class_name)(**_build_arguments(value))
    return _build_layer(value, "inner")


def _compile(model: keras.Model, config: CompileConfig) -> None:
    unsupported = dict(config.unsupported)
    if config.optimizer:
        optimizer_class = getattr(keras.optimizers, config.optimizer.class_name)
        optimizer = optimizer_class(**_build_arguments(config.optimizer))
    else:
        optimizer = _unsupported_optimizer(unsupported["optimizer"])
    loss = None
    if "loss" in unsupported:
        loss = _unsupported_loss(unsupported["loss"])
    elif config.loss:
        loss = getattr(keras.losses, config.loss.class_name)(**_build_arguments(config.loss))
    metrics: list[Any] = []
    for metric, name in zip(config.metrics, config.metric_names, strict=True):
        if metric.class_name == ACCURACY:
            metrics.append(ACCURACY)
        else:
            metric_class = getattr(keras.metrics, metric.class_name)
            metrics.append(metric_class(**_build_arguments(metric), name=name))
    # A text as a weight makes ``fit`` raise in Keras, exactly as in the student's own process.
    loss_weights = ["loss_weights"] if "loss_weights" in unsupported else None
    model.compile(optimizer=optimizer, loss=loss, loss_weights=loss_weights, metrics=metrics)


def _unsupported_loss(name: str) -> Callable[[Any, Any], Any]:
    def loss(_y_true: Any, _y_pred: Any) -> Any:
        raise ValueError(f"the loss {name} is not one of keras.losses")

    loss.__name__ = name
    return loss


def _unsupported_optimizer(name: str) -> Any:
    def update_step(*_arguments: Any) -> None:
        raise ValueError(f"the optimizer {name} is not one of keras.optimizers")

    return type(name, (keras.optimizers.SGD,), {"update_step": update_step})()
