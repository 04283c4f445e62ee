"""A description becomes a Keras model, by constructors; Keras never sees a student's config."""

import random
from collections.abc import Callable
from types import ModuleType
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
    arguments = dict(layer.arguments)
    trainable = arguments.pop("trainable", True)
    built = _construct(keras.layers, KerasObject(layer.class_name, arguments), name=name)
    if not trainable:
        built.trainable = False
    return built


def _construct(module: ModuleType, keras_object: KerasObject, **more_arguments: str) -> Any:
    arguments: dict[str, Any] = {}
    for name, value in keras_object.arguments.items():
        arguments[name] = _build_value(value)
    return getattr(module, keras_object.class_name)(**arguments, **more_arguments)


def _build_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(map(_build_value, value))
    if not isinstance(value, KerasObject):
        return value
    if value.class_name in REGULARIZERS:
        return _construct(keras.regularizers, value)
    if value.class_name in SCHEDULES:
        return _construct(keras.optimizers.schedules, value)
    return _build_layer(value, "inner")


def _compile(model: keras.Model, config: CompileConfig) -> None:
    unsupported = dict(config.unsupported)
    if config.optimizer:
        optimizer = _construct(keras.optimizers, config.optimizer)
    else:
        name = unsupported["optimizer"]
        update_step = _raise(f"the optimizer {name} is not one of keras.optimizers")
        optimizer = type(name, (keras.optimizers.SGD,), {"update_step": update_step})()
    loss = None
    if "loss" in unsupported:
        loss = _raise(f"the loss {unsupported['loss']} is not one of keras.losses")
        loss.__name__ = unsupported["loss"]
    elif config.loss:
        loss = _construct(keras.losses, config.loss)
    metrics: list[Any] = []
    for metric, name in zip(config.metrics, config.metric_names, strict=True):
        if metric.class_name == ACCURACY:
            metrics.append(ACCURACY)
        else:
            metrics.append(_construct(keras.metrics, metric, name=name))
    # A text as a weight makes ``fit`` raise in Keras, exactly as in the student's own process.
    loss_weights = ["loss_weights"] if "loss_weights" in unsupported else None
    model.compile(optimizer=optimizer, loss=loss, loss_weights=loss_weights, metrics=metrics)


def _raise(message: str) -> Callable[..., Any]:
    """Return a function that takes any arguments and raises a ValueError."""

    def function(*_arguments: Any) -> Any:
        raise ValueError(message)

    return function
