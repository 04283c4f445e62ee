"""A Keras model becomes plain data, in the student's process; nothing that leaves it is trusted.

Arguments are read from the objects, and classes and functions are recognized by identity: a
student's own ``def relu`` would serialize exactly like the one of Keras.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import FunctionType
from typing import Any

import keras
import numpy as np
from keras.src.models.functional import Functional  # has no public name

from autograder.models import catalog
from autograder.models.description import (
    Call,
    CompileConfig,
    Dots,
    Items,
    KerasObject,
    Model,
    ObjectRef,
    Slice,
    TensorRef,
    UnsupportedModelError,
    Value,
    plain,
)

ACCURACY = "accuracy"
"""The word for whichever accuracy fits the output; not a class of Keras."""

_MISSING = object()


def encode(model: Any) -> dict[str, Any]:
    """Return a model as plain data that ``parse`` reads.

    Masks that a layer's input carries anyway are left out: it gets them again when rebuilt.

    Raises:
        UnsupportedModelError: the model, a layer or an argument is not Keras' own.
    """
    _require_supported_class(model)
    table = _Objects()
    graph = _Graph(table)
    functional = _functional(model)
    layers: list[int] = []
    inputs: list[TensorRef] = []
    outputs: list[TensorRef] = []
    if functional is None:
        layers = [table.add(layer, "a layer") for layer in _flatten_layers(model)]
    else:
        inputs = [graph.add_input(tensor) for tensor in functional.inputs]
        outputs = graph.inline_model(functional, inputs)
    config = _encode_compile_config(table, model) if model.compiled else None
    return plain(
        Model(tuple(table.objects), tuple(layers), tuple(graph.calls), tuple(inputs), tuple(outputs), config)
    )


def reported_metric_names(model: Any) -> tuple[str, ...]:
    """Return the names under which a student's model reports its metrics, in their order."""
    names = []
    for metric in _flatten(model._compile_config.config["metrics"]):
        if _is_accuracy(metric) or _canonical("metrics", metric) is not None:
            name = metric if isinstance(metric, str) else getattr(metric, "name", None)
            names.append(name or metric.__name__)
    return tuple(names)


def _require_supported_class(model: Any) -> None:
    # A subclass can override ``call``; only these two classes do what their layers say.
    if type(model) not in (keras.Sequential, Functional):
        raise UnsupportedModelError(
            "the model is of a class of your own",
            seen=type(model).__name__,
            hint="Build it with keras.Sequential([…]) or keras.Model(inputs, outputs).",
        )


def _functional(model: Any) -> Any:
    """Return the graph of a model, or None if it does not know its input yet."""
    return model._functional if type(model) is keras.Sequential else model


def _flatten_layers(model: Any) -> Iterator[Any]:
    for layer in model._layers:
        if isinstance(layer, keras.Model):
            _require_supported_class(layer)
            yield from _flatten_layers(layer)
        else:
            yield layer


class _Objects:
    """The table of objects; each is added after all that it refers to."""

    def __init__(self) -> None:
        self.objects: list[KerasObject] = []
        # By identity: a shared layer is one layer, and ``==`` could be a student's. The object is
        # kept, so that its id is not given to another.
        self._index_of: dict[int, tuple[int, Any]] = {}

    def add(self, value: Any, label: str) -> int:
        """Add an object or a function of Keras' own, and return its index."""
        if id(value) in self._index_of:
            return self._index_of[id(value)][0]
        place = catalog.place_of(value if isinstance(value, FunctionType) else type(value))
        if place is None:
            raise _unsupported_error(value, label)
        arguments = {} if isinstance(value, FunctionType) else self._arguments(value, *place)
        return self._append(value, KerasObject(place[0], place[1], arguments))  # type: ignore[arg-type]

    def add_operation(self, operation: Any) -> int:
        """Add one of Keras' operations under the name of its public function."""
        place = catalog.operation_places().get(operation.__class__)
        if place is None:
            raise UnsupportedModelError(
                "the model uses a function that cannot be graded", seen=type(operation).__name__
            )
        arguments = {}
        for name in catalog.operation_arguments(operation.__class__):
            value = getattr(operation, name, None)
            if value is not None:
                arguments[name] = self.value(value, f"{name} of {place[1]}")
        return self._append(operation, KerasObject(place[0], place[1], arguments))  # type: ignore[arg-type]

    def add_accuracy(self) -> int:
        """Add the word for the accuracy that Keras chooses in training."""
        self.objects.append(KerasObject("metrics", ACCURACY))
        return len(self.objects) - 1

    def _append(self, value: Any, encoded: KerasObject) -> int:
        index = len(self.objects)
        self._index_of[id(value)] = index, value
        self.objects.append(encoded)
        return index

    def value(self, value: Any, label: str, tensors: Mapping[int, TensorRef] | None = None) -> Value:
        """Return an argument; ``label`` names it in a refusal, ``tensors`` are those known by id."""
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            plain_value: Value = value
            return plain_value
        if isinstance(value, (np.bool_, np.integer, np.floating)):
            scalar: Value = value.item()
            return scalar
        if isinstance(value, (list, tuple)):
            return Items(tuple(self.value(item, label, tensors) for item in value))
        if kind is slice:
            parts = [self.value(part, label) for part in (value.start, value.stop, value.step)]
            return Slice(*parts)  # type: ignore[arg-type]
        if value is Ellipsis:
            return Dots()
        if tensors is not None and id(value) in tensors:
            return tensors[id(value)]
        return ObjectRef(self.add(value, label))

    def _arguments(self, value: Any, family: str, name: str) -> dict[str, Value]:
        """Return the constructor arguments of an object that differ from their defaults."""
        settings = _config(value)
        arguments: dict[str, Value] = {}
        for parameter in catalog.parameters_of(family, name).values():
            # A configuration holds the names of functions and objects; these are in an attribute.
            setting = settings.get(parameter.name, _MISSING)
            for attribute in (f"_{parameter.name}", parameter.name):
                live = getattr(value, attribute, _MISSING)
                if setting is _MISSING or _is_keras_part(live):
                    setting = live
            if (name, parameter.name) in _SPECIAL_SETTINGS:
                setting = _SPECIAL_SETTINGS[name, parameter.name](value, setting)
            if isinstance(setting, np.ndarray):
                setting = setting.tolist()
            if type(parameter.default) is float and type(setting) is int:
                setting = float(setting)  # 0 and 0.0 are one model
            if setting is not _MISSING and setting != {} and not _is_default(setting, parameter.default):
                arguments[parameter.name] = self.value(setting, f"{parameter.name} of {name}")
        return arguments


def _config(value: Any) -> dict[str, Any]:
    """Return an object's own configuration."""
    # The class's, not the object's: an attribute of that name could be a student's function.
    if type(value).__init__ is object.__init__ or not hasattr(type(value), "get_config"):
        return {}
    try:
        config: dict[str, Any] = type(value).get_config(value)
    except NotImplementedError:  # a layer without arguments of its own that was given one of the base's
        return {}
    return config


def _is_keras_part(live: Any) -> bool:
    if isinstance(live, (list, tuple)):
        return any(map(_is_keras_part, live))
    if live is None or live is _MISSING or isinstance(live, (bool, int, float, str)):
        return False
    return callable(live) or catalog.place_of(type(live)) is not None


def _is_default(setting: Any, default: Any) -> bool:
    """Return True if a constructor would make this setting of its default."""
    if type(default) is str and isinstance(setting, FunctionType):
        return catalog.place_of(setting) == ("activations", default)
    if type(default) is str and isinstance(setting, keras.initializers.Initializer):
        usual = keras.initializers.get(default)
        return type(setting) is type(usual) and _config(setting) == {**_config(usual), **_seed_of(setting)}
    if isinstance(default, (list, tuple)) and isinstance(setting, (list, tuple)):
        return list(setting) == list(default)
    if type(setting) is type(default) is float:
        return bool(
            np.float32(setting) == np.float32(default)
        )  # an optimizer keeps its rate in that precision
    return type(setting) is type(default) and bool(setting == default)


def _seed_of(initializer: Any) -> dict[str, Any]:
    config = _config(initializer)
    return {"seed": config["seed"]} if "seed" in config else {}


def _backward_layer(value: Any, _: Any) -> Any:
    """Return the layer of the other direction if it is not just a mirrored copy."""
    forward, backward = value.forward_layer.get_config(), value.backward_layer.get_config()
    mirrored = {**forward, "go_backwards": not forward["go_backwards"], "name": backward["name"]}
    is_copy = type(value.forward_layer) is type(value.backward_layer) and mirrored == backward
    return None if is_copy else value.backward_layer


_SPECIAL_SETTINGS: Mapping[tuple[str, str], Callable[[Any, Any], Any]] = {
    ("Bidirectional", "layer"): lambda value, _: value.forward_layer,
    ("Bidirectional", "backward_layer"): _backward_layer,
    ("InputLayer", "shape"): lambda *_: None,
    ("InputLayer", "batch_size"): lambda *_: None,
    ("InputLayer", "dtype"): lambda value, _: None if value.dtype == "float32" else value.dtype,
    ("AUC", "thresholds"): lambda value, setting: setting if value._init_from_thresholds else None,
    # The layer makes it of its own two numbers.
    ("ActivityRegularization", "activity_regularizer"): lambda *_: None,
}
"""What objects of a few classes keep otherwise than their constructors take it."""


def _unsupported_error(value: Any, label: str) -> UnsupportedModelError:
    seen = str(getattr(value, "__name__", type(value).__name__))[:60]
    problem, hint = f"{label} is not one of Keras' own", "Use one of Keras' own, or a plain number."
    if getattr(keras.layers, seen, None) is type(value):
        problem = "the model has a layer that cannot be graded"
    elif isinstance(value, keras.Layer):
        problem = "the model has a layer of a class of your own"
        seen = f"{seen} (not the one of keras.layers)"
        hint = "Use layers such as Embedding, LSTM, GRU, Dense, Dropout."
    return UnsupportedModelError(problem, seen=seen, hint=hint)


class _Graph:
    """Calls of layers and operations, numbered in the order of the walk; nested models are inlined."""

    def __init__(self, table: _Objects) -> None:
        self.calls: list[Call] = []
        self._table = table

    def add_input(self, tensor: Any) -> TensorRef:
        """Add the input layer of a tensor."""
        self.calls.append(Call(self._table.add(tensor._keras_history.operation, "an input")))
        return TensorRef(len(self.calls) - 1)

    def inline_model(self, functional: Any, inputs: list[TensorRef]) -> list[TensorRef]:
        """Add the calls inside a model that reads some tensors; return its outputs."""
        for struct in (functional._inputs_struct, functional._outputs_struct):
            if isinstance(struct, dict):
                raise UnsupportedModelError(
                    "the inputs or outputs of the model are a dict",
                    hint="Give keras.Model a tensor or a list of tensors.",
                )
        # A tensor is known by its id: keras.KerasTensor defines ``==`` as an operation.
        known = dict(zip(map(id, functional.inputs), inputs, strict=True))
        # Keras has no public view of its graph; the tests notice when a release changes these names.
        for depth in sorted(functional._nodes_by_depth, reverse=True):
            for node in functional._nodes_by_depth[depth]:
                if not node.is_input:
                    outputs = self._add_node(node, known)
                    known.update(zip(map(id, node.outputs), outputs, strict=True))
        return [known[id(tensor)] for tensor in functional.outputs]

    def _add_node(self, node: Any, known: Mapping[int, TensorRef]) -> list[TensorRef]:
        operation, arguments, keywords = node.operation, node.arguments.args, _keywords(node)
        if isinstance(operation, keras.Model):
            _require_supported_class(operation)
            inner = _functional(operation)
            tensors = [known[id(tensor)] for tensor in keras.tree.flatten(arguments)]
            if inner is not None and len(inner.inputs) == len(tensors) and not keywords:
                return self.inline_model(inner, tensors)
        name = type(operation).__name__
        if isinstance(operation, keras.Layer):
            index = self._table.add(operation, f"the layer {name}")
        else:
            index = self._table.add_operation(operation)
        label = f"what {name} is called with"
        call = Call(
            index,
            tuple(self._table.value(argument, label, known) for argument in arguments),
            {key: self._table.value(value, label, known) for key, value in keywords.items()},
        )
        self.calls.append(call)
        return [TensorRef(len(self.calls) - 1, number) for number in range(len(node.outputs))]


def _keywords(node: Any) -> dict[str, Any]:
    """Return the keyword arguments of a call without those that change nothing."""
    # Keras itself records training=False for a call without that argument.
    keywords = {
        name: value
        for name, value in node.arguments.kwargs.items()
        if value is not None and not (name == "training" and value is False)
    }
    mask = keywords.get("mask")
    if mask is not None and node.arguments.args:
        first = node.arguments.args[0]
        tensors = list(first) if isinstance(first, (list, tuple)) else [first]
        masks = list(mask) if isinstance(mask, (list, tuple)) else [mask]
        implied = [getattr(tensor, "_keras_mask", None) for tensor in tensors]
        if len(masks) == len(implied) and all(map(_is_equivalent, masks, implied)):
            del keywords["mask"]
    return keywords


def _is_equivalent(left: Any, right: Any) -> bool:
    """Return True if two values were computed by the same operations from the same tensors."""
    if left is right:
        return True
    if not (isinstance(left, keras.KerasTensor) and isinstance(right, keras.KerasTensor)):
        return type(left) is type(right) and type(left) in (bool, int, float, str) and bool(left == right)
    operation, arguments = _origin(left)
    other_operation, other_arguments = _origin(right)
    # Two layers of one class can have different weights; two operations cannot.
    if type(operation) is not type(other_operation) or isinstance(operation, keras.Layer):
        return False
    return len(arguments) == len(other_arguments) and all(map(_is_equivalent, arguments, other_arguments))


def _origin(tensor: Any) -> tuple[Any, list[Any]]:
    """Return the operation that computed a tensor, and its arguments."""
    operation, node_index, _ = tensor._keras_history
    node = operation._inbound_nodes[node_index]
    return operation, [*node.arguments.args, *node.arguments.kwargs.values()]


def _encode_compile_config(table: _Objects, model: Any) -> CompileConfig:
    """Return the arguments of ``compile``; those that are not Keras' own are only named."""
    config = model._compile_config.config
    unsupported: list[Any] = []
    losses = _flatten(config["loss"])
    loss = None
    if losses:
        loss = _add_canonical(table, "losses", losses[0]) if len(losses) == 1 else None
        if loss is None:
            unsupported.append(("loss", _identifier(losses[0])))
    metrics = []
    for metric in _flatten(config["metrics"]):
        index = None
        if not _is_accuracy(metric):
            index = _add_canonical(table, "metrics", metric)
        elif _has_one_number(model):
            index = _add_canonical(table, "metrics", keras.metrics.BinaryAccuracy)
        else:
            index = table.add_accuracy()
        if index is None:
            unsupported.append(("metric", _identifier(metric)))
        else:
            metrics.append(index)
    # ``metrics`` in the place of ``loss_weights`` is a frequent mistake; numbers change nothing here.
    if not all(type(weight) in (int, float) for weight in _flatten(config["loss_weights"])):
        unsupported.append(("loss_weights", "loss_weights"))
    for metric in _flatten(config["weighted_metrics"]):
        unsupported.append(("weighted_metric", _identifier(metric)))
    optimizer = None
    try:
        optimizer = table.add(model.optimizer, "the optimizer")
    except UnsupportedModelError:
        unsupported.append(("optimizer", _identifier(model.optimizer)))
    return CompileConfig(optimizer, loss, tuple(metrics), tuple(unsupported))


def _flatten(value: Any) -> list[Any]:
    """Return the items of an argument that may be one item, or lists and dicts of any depth."""
    return [item for item in keras.tree.flatten(value) if item is not None]


def _is_accuracy(metric: Any) -> bool:
    return isinstance(metric, str) and metric.lower() in (ACCURACY, "acc")


def _has_one_number(model: Any) -> bool:
    """Return True if a model returns one number a row: then "accuracy" is ``BinaryAccuracy``."""
    return bool(model.built) and len(model.outputs) == 1 and model.outputs[0].shape[-1] == 1


def _add_canonical(table: _Objects, family: str, value: Any) -> int | None:
    """Add a loss or metric that is given as a name, class, object or function; None if not Keras' own."""
    canonical = _canonical(family, value)
    if canonical is None:
        return None
    try:
        return table.add(canonical, family)
    except UnsupportedModelError:
        return None


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


def _identifier(value: Any) -> str:
    """Return a name for an object of the student's, of the characters that ``parse`` accepts."""
    name = value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)
    word = re.sub(r"[^A-Za-z0-9_]", "_", str(name)[:59])
    return word if word[:1].isalpha() else f"_{word}"
