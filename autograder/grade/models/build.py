"""A description becomes a Keras model, by constructors; Keras never sees a student's config."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from autograder.grade.models.description import Compiled, Model, Part


def build(model: Model, *, seed: int) -> keras.Model:
    """Return the model with weights from ``seed``, compiled if the description is.

    Python's and NumPy's own random states are left as they were.
    """
    with _seeded(seed):
        layers = [_layer(part, f"layer_{n}") for n, part in enumerate(model.layers)]
        built = (
            keras.Sequential(layers, name="model")
            if model.line and len(layers) > 1
            else _wired(model, layers)
        )
        if model.compiled:
            _compile(built, model.compiled)
    return built


def _wired(model: Model, layers: list[Any]) -> keras.Model:
    if not model.built:
        return keras.Sequential(layers, name="model")
    made: list[Any] = []
    for step in model.steps:
        layer, reads = layers[step.layer], [made[n] for n in step.reads]
        if not reads:
            made.append(layer.output)
        else:
            made.append(layer(reads if model.layers[step.layer].kind in _MERGING else reads[0]))
    inputs, outputs = ([made[n] for n in places] for places in (model.inputs, model.outputs))
    return keras.Model(inputs, outputs, name="model")


_MERGING = ("Concatenate", "Add", "Subtract", "Multiply", "Average", "Maximum")


def _layer(part: Part, name: str) -> Any:
    settings = {key: _value(value) for key, value in part.settings}
    trainable = settings.pop("trainable", True)
    layer = getattr(keras.layers, part.kind)(**settings, name=name)
    if not trainable:
        layer.trainable = False
    return layer


def _value(value: Any) -> Any:
    if not isinstance(value, Part):
        return value
    if hasattr(keras.regularizers, value.kind):
        return getattr(keras.regularizers, value.kind)(**dict(value.settings))
    if hasattr(keras.optimizers.schedules, value.kind):
        return getattr(keras.optimizers.schedules, value.kind)(**dict(value.settings))
    return _layer(value, "inner")


def _compile(model: keras.Model, compiled: Compiled) -> None:
    foreign = dict(compiled.foreign)
    optimizer, loss = compiled.optimizer, compiled.loss
    metrics = [
        "accuracy"
        if part.kind == "accuracy"
        else getattr(keras.metrics, part.kind)(**dict(part.settings), name=name)
        for part, name in zip(compiled.metrics, compiled.metric_names, strict=True)
    ]
    model.compile(
        optimizer=_foreign_optimizer(foreign["optimizer"]) if optimizer is None else _optimizer(optimizer),
        loss=_foreign_loss(foreign["loss"]) if "loss" in foreign else loss and _loss(loss),
        metrics=metrics or None,
    )


def _optimizer(part: Part) -> Any:
    return getattr(keras.optimizers, part.kind)(**{key: _value(value) for key, value in part.settings})


def _loss(part: Part) -> Any:
    return getattr(keras.losses, part.kind)(**dict(part.settings))


def _foreign_loss(name: str) -> Callable[[Any, Any], Any]:
    def loss(_y_true: Any, _y_pred: Any) -> Any:
        raise ValueError(f"the loss {name} is not one of keras.losses")

    loss.__name__ = name
    return loss


def _foreign_optimizer(name: str) -> Any:
    def update_step(*_arguments: Any) -> None:
        raise ValueError(f"the optimizer {name} is not one of keras.optimizers")

    return type(name, (keras.optimizers.SGD,), {"update_step": update_step})()


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    python_state, numpy_state = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
