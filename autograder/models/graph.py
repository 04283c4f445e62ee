"""How the layers of a Keras model are wired, with the models inside it taken apart."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
from keras.src.models.functional import Functional  # has no public name

from autograder.models.description import ModelRefusedError


class UnsupportedModelError(ModelRefusedError):
    """A model that holds something of which no description exists."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Layers and their calls, numbered in the order in which they were met."""

    layers: list[Any] = field(default_factory=list)
    steps: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def add_call(self, layer: Any, inputs: tuple[int, ...] = ()) -> int:
        """Add one call of a layer and return its number."""
        number = next((n for n, known in enumerate(self.layers) if known is layer), len(self.layers))
        if number == len(self.layers):
            self.layers.append(layer)
        self.steps.append((number, inputs))
        return len(self.steps) - 1


def build_graph(model: Any) -> Graph:
    """Return the layers of a model and which reads which.

    Masks are left out: a layer that is handed the mask which its input carries anyway gets
    it again when the model is built.

    Raises:
        Unsupported: the model is of a class of its own, or a call is more than a layer that
            reads tensors.
    """
    _require_supported_class(model)
    graph = Graph()
    function = _functional_graph(model)
    if function is None:
        graph.layers.extend(_flatten_layers(model))
        return graph
    graph.inputs.extend(graph.add_call(tensor._keras_history.operation) for tensor in function.inputs)
    graph.outputs.extend(_inline_model(graph, function, graph.inputs))
    return graph


def _require_supported_class(model: Any) -> None:
    if type(model) not in (keras.Sequential, Functional):
        raise UnsupportedModelError(
            "the model is of a class of your own",
            seen=type(model).__name__,
            hint="Build it with keras.Sequential([…]) or keras.Model(inputs, outputs).",
        )


def _functional_graph(model: Any) -> Any:
    """Return the graph of a model, or None if it does not know its input yet."""
    return model._functional if type(model) is keras.Sequential else model


def _flatten_layers(model: Any) -> Iterator[Any]:
    for layer in model._layers:
        if isinstance(layer, keras.Model):
            _require_supported_class(layer)
            yield from _flatten_layers(layer)
        else:
            yield layer


def _inline_model(graph: Graph, function: Any, input_steps: list[int]) -> list[int]:
    """Add the calls inside a model that reads some steps; return the steps of its outputs."""
    for struct in (function._inputs_struct, function._outputs_struct):
        if isinstance(struct, dict):
            raise UnsupportedModelError(
                "the inputs or outputs of the model are a dict",
                hint="Give keras.Model a tensor or a list of tensors.",
            )
    places = {id(tensor): read for tensor, read in zip(function.inputs, input_steps, strict=True)}
    for depth in sorted(function._nodes_by_depth, reverse=True):
        for node in function._nodes_by_depth[depth]:
            if not node.is_input and isinstance(node.operation, keras.Layer):
                made = _add_node(graph, node, places)
                places.update(zip(map(id, node.outputs), made, strict=True))
    return [_step_index(places, tensor) for tensor in function.outputs]


def _add_node(graph: Graph, node: Any, step_by_tensor: dict[int, int]) -> list[int]:
    layer = node.operation
    reads = [_step_index(step_by_tensor, tensor) for tensor in _input_tensors(node)]
    if isinstance(layer, keras.Model):
        _require_supported_class(layer)
        inner = _functional_graph(layer)
        if inner is not None and len(inner.inputs) == len(reads):
            return _inline_model(graph, inner, reads)
    if len(node.outputs) != 1:
        raise UnsupportedModelError(
            f"the layer {_kind(layer)} returns more than one result",
            hint="Leave out return_state.",
        )
    return [graph.add_call(layer, tuple(reads))]


def _step_index(step_by_tensor: dict[int, int], tensor: Any) -> int:
    if id(tensor) not in step_by_tensor:
        raise UnsupportedModelError(
            "the model computes with a function where a layer is needed",
            seen=type(tensor._keras_history.operation).__name__,
            hint="Use a layer of keras.layers, e.g. GlobalAveragePooling1D, Add or Concatenate.",
        )
    return step_by_tensor[id(tensor)]


def _input_tensors(node: Any) -> list[Any]:
    """Return the tensors that a layer reads, without its mask.

    ``training=False`` is what Keras itself notes for a call without that argument.
    """
    named = dict(node.arguments.kwargs)
    mask, training = named.pop("mask", None), named.pop("training", None)
    given = [*node.arguments.args, *(value for value in named.values() if value is not None)]
    tensors = list(given[0]) if len(given) == 1 and isinstance(given[0], (list, tuple)) else given
    if training or len(given) != 1 or not all(isinstance(t, keras.KerasTensor) for t in tensors):
        raise UnsupportedModelError(
            f"the layer {_kind(node.operation)} is called with more than its input",
            hint="Give it one tensor, or one list of tensors, and nothing else.",
        )
    implied = [getattr(tensor, "_keras_mask", None) for tensor in tensors]
    masks = list(mask) if isinstance(mask, (list, tuple)) else [mask]
    if mask is not None and not (len(masks) == len(implied) and all(map(_is_equivalent, masks, implied))):
        raise UnsupportedModelError(
            f"the layer {_kind(node.operation)} is given a mask by hand",
            hint="Let Embedding(…, mask_zero=True) make it: it travels along by itself.",
        )
    return tensors


def _is_equivalent(left: Any, right: Any) -> bool:
    """Say whether two values were computed alike from the same tensors."""
    if left is right:
        return True
    if not (isinstance(left, keras.KerasTensor) and isinstance(right, keras.KerasTensor)):
        return type(left) is type(right) and type(left) in (bool, int, float, str) and bool(left == right)
    nodes = [
        tensor._keras_history.operation._inbound_nodes[tensor._keras_history.node_index]
        for tensor in (left, right)
    ]
    first, second = nodes
    if type(first.operation) is not type(second.operation) or isinstance(first.operation, keras.Layer):
        return False
    pair = [(*node.arguments.args, *node.arguments.kwargs.values()) for node in nodes]
    return len(pair[0]) == len(pair[1]) and all(map(_is_equivalent, *pair))


def _kind(layer: Any) -> str:
    return type(layer).__name__
