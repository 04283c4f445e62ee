"""A Keras model becomes plain data, in the student's process; nothing that leaves it is trusted.

Arguments are read from the objects, and functions are recognized by identity: a student's own
``def relu`` would serialize exactly like the one of Keras.
"""

import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import keras
import msgspec
import numpy as np
from keras.src.models.functional import Functional  # has no public name

from autograder.models import schema
from autograder.models.description import CompileConfig, KerasObject, LayerCall, Model, UnsupportedModelError
from autograder.models.rules import Family, Rules

_RULES_BY_CLASS: dict[type, tuple[str, Rules]] = {}
for _module, _family in (
    (keras.layers, schema.LAYERS),
    (keras.regularizers, schema.REGULARIZERS),
    (keras.optimizers, schema.OPTIMIZERS),
    (keras.optimizers.schedules, schema.SCHEDULES),
):
    for _name, _rules in _family.items():
        _RULES_BY_CLASS[getattr(_module, _name)] = (_name, _rules)
_ACTIVATION_NAMES = {getattr(keras.activations, name): name for name in schema.ACTIVATIONS}
_UNSUPPORTED_ARGUMENTS = (
    *("activity_regularizer", "kernel_constraint", "recurrent_constraint", "bias_constraint"),
    *("embeddings_constraint", "beta_constraint", "gamma_constraint", "stateful", "unroll"),
    *("return_state", "noise_shape", "lora_enabled", "renorm", "synchronized", "sparse", "ragged"),
    *("optional", "use_ema", "loss_scale_factor", "gradient_accumulation_steps"),
)
"""Arguments that are in no table and would change what an object does."""


def encode(model: Any) -> dict[str, Any]:
    """Return a model as plain data that ``parse`` reads.

    Masks are left out: a layer that is given the mask which its input carries anyway gets it
    again when the model is rebuilt.

    Raises:
        UnsupportedModelError: the model, a layer or an argument is not Keras' own, or a call is
            more than a layer that reads tensors.
    """
    _require_supported_class(model)
    graph = _Graph()
    functional = _functional(model)
    inputs: list[int] = []
    outputs: list[int] = []
    if functional is None:
        graph.layers = list(_flatten_layers(model))
    else:
        inputs = [graph.add_call(tensor._keras_history.operation, ()) for tensor in functional.inputs]
        outputs = graph.inline_model(functional, inputs)
    layers = tuple(map(_encode_object, graph.layers))
    config = _encode_compile_config(model) if model.compiled else None
    description = Model(layers, tuple(graph.calls), tuple(inputs), tuple(outputs), config)
    plain: dict[str, Any] = msgspec.to_builtins(description)
    return plain


def reported_metric_names(model: Any) -> tuple[str, ...]:
    """Return the names under which a student's model reports its metrics, in their order.

    ``CompileConfig.metric_names`` are the names of the same metrics in the rebuilt model.
    """
    names = []
    for metric in _flatten(model._compile_config.config["metrics"]):
        if _encode_metric(metric):
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


class _Graph:
    """Layers and their calls, numbered in the order of the walk; nested models are inlined."""

    def __init__(self) -> None:
        self.layers: list[Any] = []
        self.calls: list[LayerCall] = []
        # By identity: a shared layer is one layer, and ``==`` could be a student's.
        self._index_of: dict[int, int] = {}

    def add_call(self, layer: Any, inputs: tuple[int, ...]) -> int:
        """Add one call of a layer and return its index."""
        index = self._index_of.setdefault(id(layer), len(self.layers))
        if index == len(self.layers):
            self.layers.append(layer)
        self.calls.append(LayerCall(index, inputs))
        return len(self.calls) - 1

    def inline_model(self, functional: Any, inputs: list[int]) -> list[int]:
        """Add the calls inside a model that reads some calls; return the calls of its outputs."""
        for struct in (functional._inputs_struct, functional._outputs_struct):
            if isinstance(struct, dict):
                raise UnsupportedModelError(
                    "the inputs or outputs of the model are a dict",
                    hint="Give keras.Model a tensor or a list of tensors.",
                )
        # A tensor is known by its id: keras.KerasTensor defines ``==`` as an operation.
        call_of = dict(zip(map(id, functional.inputs), inputs, strict=True))
        # Keras has no public view of its graph; the tests notice when a release changes these names.
        for depth in sorted(functional._nodes_by_depth, reverse=True):
            for node in functional._nodes_by_depth[depth]:
                if not node.is_input and isinstance(node.operation, keras.Layer):
                    calls = self._add_node(node, call_of)
                    call_of.update(zip(map(id, node.outputs), calls, strict=True))
        return [_lookup(call_of, tensor) for tensor in functional.outputs]

    def _add_node(self, node: Any, call_of: dict[int, int]) -> list[int]:
        layer = node.operation
        inputs = [_lookup(call_of, tensor) for tensor in _input_tensors(node)]
        if isinstance(layer, keras.Model):
            _require_supported_class(layer)
            inner = _functional(layer)
            if inner is not None and len(inner.inputs) == len(inputs):
                return self.inline_model(inner, inputs)
        if len(node.outputs) != 1:
            problem = f"the layer {type(layer).__name__} returns more than one result"
            raise UnsupportedModelError(problem, hint="Leave out return_state.")
        return [self.add_call(layer, tuple(inputs))]


def _lookup(call_of: dict[int, int], tensor: Any) -> int:
    if id(tensor) not in call_of:
        raise UnsupportedModelError(
            "the model uses a function where a layer is needed",
            seen=type(tensor._keras_history.operation).__name__,
            hint="Use a layer of keras.layers, e.g. GlobalAveragePooling1D, Add or Concatenate.",
        )
    return call_of[id(tensor)]


def _input_tensors(node: Any) -> list[Any]:
    """Return the tensors that a layer reads, without its mask."""
    name = type(node.operation).__name__
    keywords = dict(node.arguments.kwargs)
    # Keras itself records training=False for a call without that argument.
    mask, training = keywords.pop("mask", None), keywords.pop("training", None)
    arguments = [*node.arguments.args, *(value for value in keywords.values() if value is not None)]
    tensors = arguments
    if len(arguments) == 1 and isinstance(arguments[0], (list, tuple)):
        tensors = list(arguments[0])
    if training or len(arguments) != 1 or not all(isinstance(t, keras.KerasTensor) for t in tensors):
        raise UnsupportedModelError(
            f"the layer {name} is called with more than its input",
            hint="Give it one tensor, or one list of tensors, and nothing else.",
        )
    masks = list(mask) if isinstance(mask, (list, tuple)) else [mask]
    implied = [getattr(tensor, "_keras_mask", None) for tensor in tensors]
    if mask is not None and not (len(masks) == len(implied) and all(map(_is_equivalent, masks, implied))):
        raise UnsupportedModelError(
            f"the layer {name} is given a mask by hand",
            hint="Let Embedding(…, mask_zero=True) make it: it is passed on automatically.",
        )
    return tensors


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


def _origin(tensor: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the operation that computed a tensor, and its arguments."""
    history = tensor._keras_history
    arguments = history.operation._inbound_nodes[history.node_index].arguments
    return history.operation, (*arguments.args, *arguments.kwargs.values())


def _encode_object(value: Any) -> KerasObject:
    """Return an object of one of Keras' own classes; ``type`` decides, not the name of its class."""
    if type(value) not in _RULES_BY_CLASS:
        raise _unsupported_error(value)
    name, rules = _RULES_BY_CLASS[type(value)]
    for argument in _UNSUPPORTED_ARGUMENTS:
        if getattr(value, argument, None):
            raise UnsupportedModelError(f"{argument} of {name} cannot be graded", hint="Leave it out.")
    if isinstance(value, keras.Layer):
        _require_defaults(name, value)
    arguments: dict[str, Any] = {}
    for argument in rules:
        if argument == "learning_rate" and isinstance(value._learning_rate, keras.Variable):
            # As it was typed: float32 would turn 0.001 into 0.0010000000475.
            arguments[argument] = float(str(np.float32(value._learning_rate.numpy())))
        elif argument == "learning_rate":
            arguments[argument] = _encode_value(value._learning_rate, argument)
        elif argument == "layer":
            inner = value.forward_layer if name == "Bidirectional" else value.layer
            arguments[argument] = _encode_object(inner)
        else:
            arguments[argument] = _encode_value(getattr(value, argument), f"{argument} of {name}")
    return KerasObject(name, arguments)


def _unsupported_error(value: Any) -> UnsupportedModelError:
    seen = type(value).__name__
    problem = "the model has an argument that cannot be graded"
    if getattr(keras.layers, seen, None) is type(value):
        problem = "the model has a layer that cannot be graded"
    elif isinstance(value, keras.Layer):
        problem = "the model has a layer of a class of your own"
        seen = f"{seen} (not the one of keras.layers)"
    hint = "Use layers such as Embedding, LSTM, GRU, Dense, Dropout."
    return UnsupportedModelError(problem, seen=seen, hint=hint)


def _require_defaults(name: str, layer: Any) -> None:
    """Refuse another precision or axis order, and a backward layer unlike the forward one."""
    if name != "InputLayer" and layer.dtype_policy.name != "float32":
        raise UnsupportedModelError(f"{name} computes in another dtype than float32", hint="Leave dtype out.")
    if getattr(layer, "data_format", None) not in (None, "channels_last"):
        raise UnsupportedModelError(f"{name} has another data_format", hint="Leave this argument out.")
    if name == "Bidirectional":
        forward, backward = _encode_object(layer.forward_layer), _encode_object(layer.backward_layer)
        forward.arguments["go_backwards"] = not forward["go_backwards"]
        if forward != backward:
            problem = "Bidirectional has two different layers"
            raise UnsupportedModelError(problem, hint="Leave backward_layer out.")


def _encode_value(value: Any, label: str) -> Any:
    """Return the value of an argument as plain data; ``label`` names it in the refusal."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_encode_value(item, label) for item in value]
    if kind in _RULES_BY_CLASS and not isinstance(value, keras.Layer):
        return _encode_object(value)
    try:
        return _ACTIVATION_NAMES[value]
    except (KeyError, TypeError):  # TypeError: an unhashable object of the student's
        raise UnsupportedModelError(
            f"{label} is not one of Keras' own",
            seen=str(getattr(value, "__name__", kind.__name__))[:60],
            hint="Use one of keras.activations, keras.regularizers or a plain number.",
        ) from None


def _encode_compile_config(model: Any) -> CompileConfig:
    """Return the arguments of ``compile``; those that are not Keras' own are only named."""
    config = model._compile_config.config
    unsupported: list[Any] = []
    loss = _encode_loss_or_metric(keras.losses, schema.LOSSES, config["loss"])
    if loss is None and config["loss"] is not None:
        unsupported.append(("loss", _identifier(config["loss"])))
    metrics = []
    for metric in _flatten(config["metrics"]):
        if encoded := _encode_metric(metric):
            metrics.append(encoded)
        else:
            unsupported.append(("metric", _identifier(metric)))
    # ``metrics`` in the place of ``loss_weights`` is a frequent mistake; numbers change nothing here.
    if not all(type(weight) in (int, float) for weight in _flatten(config["loss_weights"])):
        unsupported.append(("loss_weights", "loss_weights"))
    for metric in _flatten(config["weighted_metrics"]):
        unsupported.append(("weighted_metric", _identifier(metric)))
    try:
        optimizer = _encode_object(model.optimizer)
    except UnsupportedModelError:
        optimizer = None
        unsupported.append(("optimizer", _identifier(model.optimizer)))
    return CompileConfig(optimizer, loss, tuple(metrics), tuple(unsupported))


def _flatten(value: Any) -> list[Any]:
    """Return the items of an argument that may be one item, or lists and dicts of any depth."""
    return [item for item in keras.tree.flatten(value) if item is not None]


def _encode_metric(metric: Any) -> KerasObject | None:
    if isinstance(metric, str) and metric.lower() in ("accuracy", "acc"):
        return KerasObject(schema.ACCURACY)
    return _encode_loss_or_metric(keras.metrics, schema.METRICS, metric)


def _encode_loss_or_metric(module: ModuleType, family: Family, value: Any) -> KerasObject | None:
    """Return a loss or metric that is given as a name, class, object or function; None if not Keras' own."""
    if isinstance(value, str):
        try:
            value = module.get(value)
        except (ValueError, TypeError):
            return None
    for name in family:
        keras_class: Any = getattr(module, name, None)  # None for "accuracy", which is no class
        # The function of a class, e.g. ``binary_crossentropy`` of ``BinaryCrossentropy``.
        snake_case = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
        function = getattr(module, snake_case, getattr(keras.losses, snake_case, keras_class))
        if value is keras_class or value is function or type(value) is keras_class:
            break
    else:
        return None
    signature = inspect.signature(keras_class).parameters.values()
    defaults = {p.name: p.default for p in signature if p.default is not p.empty}
    rules, arguments = family[name], dict(defaults)
    # ``type(…) is``: the ``get_config`` of a subclass would be the student's code.
    if type(value) is keras_class:
        arguments |= value.get_config()
    # An argument of no table must have its default value; a dtype of float32 is the default.
    for argument in arguments.keys() - {*rules, "name", "fn"}:
        setting, default = arguments[argument], defaults.get(argument)
        if setting not in (None, "float32") and not (type(setting) is type(default) and setting == default):
            return None
    return KerasObject(name, {argument: _encode_value(arguments[argument], argument) for argument in rules})


def _identifier(value: Any) -> str:
    """Return a name for an object of the student's, of the characters that ``parse`` accepts."""
    name = value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)
    word = re.sub(r"[^A-Za-z0-9_]", "_", str(name)[:59])
    return word if word[:1].isalpha() else f"_{word}"
