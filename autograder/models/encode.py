"""A Keras model becomes plain data, in the student's process; nothing that leaves it is trusted.

Arguments are read from the objects, and classes and functions are recognized by identity: a
student's own ``def relu`` would serialize exactly like the one of Keras.
"""

from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any

import keras
import numpy as np
from keras.src.models.functional import Functional  # has no public name

from autograder.models import catalog
from autograder.models.description import (
    Call,
    DeclaredTensor,
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
from autograder.models.encode_compile import ACCURACY, encode_compile_config, identifier_of

_MISSING = object()


def encode(model: Any) -> dict[str, Any]:
    """Return a model as plain data that ``parse`` reads.

    Masks that a layer's input carries anyway are left out: it gets them again when rebuilt. A layer
    that runs code of the student's own becomes opaque: its name, and what it returns.

    Raises:
        UnsupportedModelError: the model is of a class of the student's own, or cannot be described.
    """
    # A subclass can override ``call``; only these two classes do what their layers say.
    if type(model) not in (keras.Sequential, Functional):
        raise UnsupportedModelError(
            "the model is of a class of your own",
            seen=type(model).__name__,
            hint="Build it with keras.Sequential([…]) or keras.Model(inputs, outputs).",
        )
    table = _Objects()
    graph = _Graph(table)
    functional = _functional(model)
    layers: list[int] = []
    inputs: list[TensorRef] = []
    outputs: list[TensorRef] = []
    if functional is None:
        layers = list(map(table.add_layer, _flatten_layers(model)))
    else:
        inputs = [graph.add_input(tensor) for tensor in functional.inputs]
        outputs = graph.inline_model(functional, inputs)
    config = encode_compile_config(table, model) if model.compiled else None
    return plain(
        Model(tuple(table.objects), tuple(layers), tuple(graph.calls), tuple(inputs), tuple(outputs), config)
    )


def _functional(model: Any) -> Any:
    """Return the graph of a model, or None if it does not know its input yet."""
    return model._functional if type(model) is keras.Sequential else model


def _flatten_layers(model: Any) -> Iterator[Any]:
    for layer in model._layers:
        if type(layer) in (keras.Sequential, Functional):
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
            seen = str(getattr(value, "__name__", type(value).__name__))[:60]
            raise UnsupportedModelError(f"{label} is not one of Keras' own", seen=seen)
        arguments = {} if isinstance(value, FunctionType) else self._arguments(value, *place)
        return self._append(value, KerasObject(place[0], place[1], arguments))  # type: ignore[arg-type]

    def add_layer(self, layer: Any) -> int:
        """Add a layer; one that is not Keras' own, or has a part that is not, becomes opaque."""
        # What was added for its arguments before one could not be stays unused; ``parse`` drops it.
        try:
            return self.add(layer, "a layer")
        except UnsupportedModelError:
            return self._append(layer, KerasObject("opaque", identifier_of(type(layer))))

    def add_operation(self, operation: Any) -> int:
        """Add one of Keras' operations under the name of its public function."""
        place = catalog.operation_places().get(operation.__class__)
        if place is None:
            raise UnsupportedModelError(
                "the model uses a function that the grader does not know", seen=type(operation).__name__
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
        config, usual_config = _config(setting), _config(usual)
        if "seed" in config:
            usual_config["seed"] = config["seed"]
        return type(setting) is type(usual) and config == usual_config
    if isinstance(default, (list, tuple)) and isinstance(setting, (list, tuple)):
        return list(setting) == list(default)
    if type(setting) is type(default) is float:
        return bool(
            np.float32(setting) == np.float32(default)
        )  # an optimizer keeps its rate in that precision
    return type(setting) is type(default) and bool(setting == default)


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
        if type(operation) in (keras.Sequential, Functional):
            inner = _functional(operation)
            tensors = [known[id(tensor)] for tensor in keras.tree.flatten(arguments)]
            if inner is not None and len(inner.inputs) == len(tensors) and not keywords:
                return self.inline_model(inner, tensors)
        if isinstance(operation, keras.Layer):
            index = self._table.add_layer(operation)
        else:
            index = self._table.add_operation(operation)
        if self._table.objects[index].family == "opaque":
            tensors = keras.tree.flatten([node.arguments.args, _keywords(node)])
            read = tuple(known[id(tensor)] for tensor in tensors if id(tensor) in known)
            declared = [DeclaredTensor(tuple(tensor.shape), tensor.dtype) for tensor in node.outputs]
            call = Call(index, read, declared=tuple(declared))
        else:
            label = f"what {type(operation).__name__} is called with"
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
