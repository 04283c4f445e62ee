"""A description becomes a Keras model, by constructors; Keras never sees a student's config.

Each argument is one of the constructor's own and passes a rule that depends on its kind alone, so
that a class of Keras needs no entry of its own here. The model is first called on symbolic tensors
without creating a weight: so its size is known before anything is allocated. Either can take long or
use much memory for a hostile description, therefore this runs in processes that may be killed.
"""

import inspect
import math
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

import keras

from autograder.models import catalog
from autograder.models.description import (
    Call,
    CompileConfig,
    DeclaredTensor,
    Dots,
    Dtype,
    Items,
    KerasObject,
    Model,
    ModelRefusedError,
    ObjectRef,
    Slice,
    TensorRef,
    UnsupportedModelError,
    Value,
    metric_names,
)

MAX_INTEGER = 65_536
_LARGER_INTEGERS = {
    "input_dim": 10_000_000,
    "batch_shape": 100_000,
    "target_shape": 100_000,
    "decay_steps": 10**9,
    "first_decay_steps": 10**9,
    "warmup_steps": 10**9,
    "boundaries": 10**9,
    "ignore_class": 10**6,
}
"""Arguments that are counts of words, rows or steps, with their limits."""

_TEXTS: Mapping[str, frozenset[str]] = {
    "dtype": frozenset(get_args(Dtype)),
    "data_format": frozenset({"channels_last", "channels_first"}),
    "average": frozenset({"micro", "macro", "weighted"}),
    "class_aggregation": frozenset({"uniform_average", "variance_weighted_average"}),
}
"""What a text may be for an argument whose default is not a text."""

_FAMILY_BY_SUFFIX = {
    "activation": "activations",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "initializer": "initializers",
    "layer": "layers",
    "layers": "layers",
    "cell": "layers",
    "cells": "layers",
    "learning_rate": "schedules",
}
"""The family of the objects that an argument may hold, by the end of its name."""

_REFUSED_FLAGS = frozenset({"stateful", "sparse", "ragged", "optional"})
"""What changes how a layer keeps state or what a tensor is."""

_REQUIRED_TEXTS = {"equation": 60, "subscripts": 60}
"""Arguments without a default that are texts, with the greatest length."""


def build(model: Model, *, seed: int) -> keras.Model:
    """Return the model with weights from ``seed``, compiled if the description is.

    Args:
        model: a description that ``parse`` returned.
        seed: of all weights and dropout masks.

    Raises:
        ModelRefusedError: it names what Keras lacks, its parts do not fit together, or it is too large.
    """
    # Keras draws the seed of each initializer and dropout from Python's global generator.
    state = random.getstate()
    random.seed(seed)
    try:
        builder = Builder(model)
        built = builder.connect()
        if model.compile_config:
            builder.compile(built, model.compile_config)
    finally:
        random.setstate(state)
    return built


class _OpaqueLayer(keras.Layer):  # type: ignore[misc]
    """A layer that runs code of the student's own: it has a place among the others, and cannot run."""

    is_opaque = True
    declared: tuple[DeclaredTensor, ...] = ()
    """What the next call returns, according to the submission."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.supports_masking = True  # or Keras warns

    def build(self, *_shapes: Any) -> None:
        """Create nothing."""

    def compute_mask(self, *_tensors: Any) -> None:
        """Return no mask: only the student's code knows it."""

    def compute_output_spec(self, *_tensors: Any, **_settings: Any) -> Any:
        """Return symbolic tensors of the declared shapes."""
        return [keras.KerasTensor(tensor.shape, tensor.dtype) for tensor in self.declared]

    def call(self, *_tensors: Any) -> Any:
        raise NotImplementedError


class Builder:
    """The objects of a description, built when they are first needed."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._built: dict[int, Any] = {}
        self._tensors: list[list[Any]] = []
        """What each call returned."""

    def connect(self) -> keras.Model:
        """Return the model, not compiled."""
        model = self._model
        if not model.is_built:
            unbuilt = list(map(self.object, model.layers))
            return self._guarded(lambda: keras.Sequential(unbuilt, name="model"))
        if model.is_sequential and len(model.calls) > 1:
            layers = [self.object(call.operation) for call in model.calls]
            return self._guarded(lambda: keras.Sequential(layers, name="model"))
        list(self.call_all())
        inputs = [self.tensor(reference) for reference in model.inputs]
        outputs = [self.tensor(reference) for reference in model.outputs]
        if len(inputs) == 1:
            return keras.Model(inputs[0], outputs, name="model")
        return keras.Model(inputs, outputs, name="model")

    def call_all(self) -> Iterator[list[Any]]:
        """Run every call on symbolic tensors, and yield what it returns."""
        for call in self._model.calls:
            self._tensors.append(self._call(call))
            yield self._tensors[-1]

    def object(self, index: int) -> Any:
        """Return an object, which is built at the first request."""
        if index not in self._built:
            self._built[index] = self._construct(self._model.objects[index], f"layer_{index}")
        return self._built[index]

    def _construct(self, described: KerasObject, name: str) -> Any:
        family, class_name = described.family, described.class_name
        if family == "opaque":
            return type(class_name, (_OpaqueLayer,), {})(name=name)
        found = catalog.find(family, class_name)
        if found is None:
            raise UnsupportedModelError("the model has a part that the grader does not know", seen=class_name)
        if family in ("activations", "operations"):
            return found
        parameters = catalog.parameters_of(family, class_name)
        arguments: dict[str, Any] = {}
        for argument, value in described.arguments.items():
            if argument not in parameters:
                raise UnsupportedModelError(f"{class_name} does not have the arguments that Keras gives it")
            arguments[argument] = self._argument(argument, parameters[argument], value, class_name)
        if family == "layers":
            arguments["name"] = name
        return self._guarded(lambda: found(**arguments), class_name)

    def _argument(self, name: str, parameter: inspect.Parameter, value: Value, owner: str) -> Any:
        """Return the value of a constructor argument, or refuse it."""
        limit = _LARGER_INTEGERS.get(name, MAX_INTEGER)
        match value:
            case True if name in _REFUSED_FLAGS:
                pass
            case None | bool():
                return value
            case int() if -limit <= value <= limit:
                return value
            case float() if math.isfinite(value):
                return value
            case str() if _is_allowed_text(name, parameter, value):
                return value
            case Items():
                return [self._argument(name, parameter, item, owner) for item in value.values]
            case ObjectRef():
                family = _FAMILY_BY_SUFFIX.get(name, _FAMILY_BY_SUFFIX.get(name.rpartition("_")[2]))
                if self._model.objects[value.index].family == family:
                    return self.object(value.index)
        problem = f"{name} of {owner} has a value that the grader does not accept"
        raise UnsupportedModelError(problem, seen=_short_repr(value))

    def _call(self, call: Call) -> list[Any]:
        operation = self._model.objects[call.operation]
        target = self.object(call.operation)
        if operation.class_name == "InputLayer":
            return [target.output]
        arguments = [self._call_argument(value) for value in call.arguments]
        keywords = {name: self._call_argument(value) for name, value in call.keywords.items()}
        if operation.family == "opaque":
            target.declared = call.declared
        elif operation.family != "layers":
            parameters = catalog.parameters_of(operation.family, operation.class_name)
            for name, value in operation.arguments.items():
                if name not in parameters:
                    raise UnsupportedModelError(f"{operation.class_name} does not have an argument {name!r}")
                keywords[name] = self._argument(name, parameters[name], value, operation.class_name)
            # ``einsum`` takes its own argument in front of the tensors.
            for position, name in enumerate(parameters):
                if name not in keywords:
                    break
                arguments.insert(position, keywords.pop(name))
        result = self._guarded(lambda: target(*arguments, **keywords), operation.class_name)
        return list(keras.tree.flatten(result))

    def _call_argument(self, value: Value) -> Any:
        match value:
            case TensorRef():
                return self.tensor(value)
            case Items():
                items = [self._call_argument(item) for item in value.values]
                # Slices stand in an index, and an index is a tuple: a list would mean something else.
                return tuple(items) if any(isinstance(item, slice) for item in items) else items
            case Slice():
                return slice(value.start, value.stop, value.step)
            case Dots():
                return Ellipsis
            case None | bool():
                return value
            case int() if abs(value) <= MAX_INTEGER:
                return value
            case float() if math.isfinite(value):
                return value
        problem = "a layer is called with a value that the grader does not accept"
        raise UnsupportedModelError(problem, seen=_short_repr(value))

    def tensor(self, reference: TensorRef) -> Any:
        """Return a tensor that an earlier call returned."""
        outputs = self._tensors[reference.call]
        if not 0 <= reference.output < len(outputs):
            raise ModelRefusedError("a part of the model refers to one that does not exist")
        return outputs[reference.output]

    def _guarded(self, make: Callable[[], Any], name: str = "a layer") -> Any:
        """Return what Keras makes; what it refuses is refused in a sentence of ours."""
        try:
            return make()
        except (ValueError, TypeError, IndexError, KeyError, NotImplementedError, AttributeError) as error:
            if isinstance(error, ModelRefusedError):
                raise
            raise UnsupportedModelError(
                f"the grader could not build the model: {name} did not accept its input or an argument"
            ) from error

    def compile(self, built: keras.Model, config: CompileConfig) -> None:
        """Compile a model; what is not Keras' own is opaque: it has a name, and cannot run."""
        unsupported = dict(config.unsupported)
        if config.optimizer is not None:
            optimizer = self._compiled(config.optimizer, "optimizers")
        else:
            optimizer = type(unsupported["optimizer"], (keras.optimizers.SGD,), {"is_opaque": True})()
        loss: Any = None
        if "loss" in config.own_code:
            loss = _opaque_function(unsupported.get("loss", "loss"))
        elif "loss" in unsupported:
            loss = unsupported["loss"]  # a name at which ``fit`` raises, as in the student's own process
        elif config.loss is not None:
            loss = self._compiled(config.loss, "losses")
        metrics: list[Any] = []
        for index, name in zip(config.metrics, metric_names(self._model), strict=True):
            described = self._model.objects[index]
            if described == KerasObject("metrics", "accuracy"):
                metrics.append("accuracy")
            else:
                metric = self._compiled(index, "metrics")
                metric.name = name
                metrics.append(metric)
        if "metric" in config.own_code or "weighted_metric" in config.own_code:
            metrics.append(_opaque_function(unsupported.get("metric", "weighted_metric")))
        # A text as a weight makes ``fit`` raise in Keras, exactly as in the student's own process.
        loss_weights = ["loss_weights"] if "loss_weights" in unsupported else None
        built.compile(optimizer=optimizer, loss=loss, loss_weights=loss_weights, metrics=metrics)

    def _compiled(self, index: int, family: str) -> Any:
        if self._model.objects[index].family != family:
            raise UnsupportedModelError("the model is compiled with something that the grader does not know")
        return self.object(index)


def _is_allowed_text(name: str, parameter: inspect.Parameter, value: str) -> bool:
    if name in _TEXTS:
        return value in _TEXTS[name]
    if name in _REQUIRED_TEXTS:
        return len(value) <= _REQUIRED_TEXTS[name]
    return isinstance(parameter.default, str) and len(value) <= 60


def _short_repr(value: Value) -> str:
    """Return a short, printable text for an argument, however large or hostile."""
    if type(value) is str:
        return repr(value[:60])  # which escapes all characters that are not printable
    # Python refuses to print integers of more than 4,300 digits.
    if type(value) is int and value.bit_length() <= 64:
        return f"{value:,}"
    if value is None or type(value) in (bool, float):
        return repr(value)
    return f"something of type {type(value).__name__}"


def _opaque_function(name: str) -> Any:
    """Return what stands for a loss or a metric of the student's own."""

    def function(*_arguments: Any) -> Any:
        raise NotImplementedError

    function.__name__ = name
    function.is_opaque = True  # type: ignore[attr-defined]
    return function
