"""One view for all spellings of one network, from a live Keras model.

A network can be written in many ways that compute the same: ``RNN(LSTMCell(8))`` is ``LSTM(8)``, an
activation may be a layer of its own, and ``x[:, -1]`` after ``return_sequences=True`` is the last step.
``canonical_layers`` gives one list for all of them. What is left out here is left out on purpose: an
activation behind a recurrent layer, for example, changes the result but not the state.
"""

import importlib
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

SHARED_ACTIVATIONS = (
    *("relu", "relu6", "sigmoid", "tanh", "softmax", "log_softmax", "elu", "selu", "softplus"),
    *("softsign", "silu", "swish"),
)
"""Functions of ``tf.nn``, ``tf.math``, ``tf`` and ``keras.ops`` that compute what Keras' activation does."""

_ACTIVATION_CLASSES = {
    "ReLU": "relu",
    "Relu": "relu",
    "ELU": "elu",
    "Elu": "elu",
    "Softmax": "softmax",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
}
"""Layers, and the classes of recorded functions, that apply an activation with its usual settings."""


_RESHAPING_CLASSES = ("Reshape", "Flatten", "Squeeze", "ExpandDims")
"""Layers, and the classes of recorded functions, that only give the same numbers another shape."""

_STRENGTHS = ("rate", "stddev")
"""Settings of layers that change nothing where the setting is 0: all kinds of dropout, and noise."""

_CLASSES_THAT_RUN_ANYTHING = ("Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper")


@dataclass(slots=True, eq=False)
class LayerView:
    """A layer as it would be written without detours."""

    kind: type
    layer: Any
    """The student's own layer or operation; it has the weights."""

    settings: dict[str, Any] = field(default_factory=dict)
    """What the view has in place of the layer's own settings."""

    def setting(self, name: str) -> Any:
        """Return a setting; a recurrent layer's may be its cell's."""
        if name in self.settings:
            return self.settings[name]
        return getattr(self.layer, name, None)


def written_layers(model: Any) -> list[LayerView]:
    """Return a built model's layers and operations as they are written, without inputs and masks."""
    return [LayerView(type(node.operation), node.operation) for node in _nodes(model)]


def canonical_layers(model: Any) -> list[LayerView]:
    """Return a built model's layers in the view that all spellings of one network share."""
    views: list[LayerView] = []
    nodes = _nodes(model)
    readers: Counter[int] = Counter(id(tensor) for node in nodes for tensor in _data(node))
    view_of: dict[int, LayerView | None] = {}
    """The last view of the chain that computed each tensor, by id."""

    runs: dict[int, _Reshapings] = {}
    """The reshapings that gave each tensor its shape, by id."""

    for node in nodes:
        tensors = _data(node)
        is_chain = len(tensors) == 1 and readers[id(tensors[0])] == 1
        view = before = view_of.get(id(tensors[0])) if is_chain else None
        run = None
        if len(tensors) == 1 and _is_reshaping(node):
            run = runs.get(id(tensors[0])) if is_chain else None
            run = run or _Reshapings(tensors[0], before)
        if run is not None and run.is_undone_by(node):
            for reshaping in run.views:
                views.remove(reshaping)
            view, run = run.before, None
        elif not (_changes_nothing(node) or (before is not None and _joins(node, before))):
            views += _views_of(node)
            view = views[-1]
            _note_mask(node, before)
            if run is not None:
                run.views.append(view)
        for tensor in node.outputs:
            view_of[id(tensor)] = view
            if run is not None:
                runs[id(tensor)] = run
    return views


def is_own_code(part: Any) -> bool:
    """Return True for a function, a class, or an object of a class, of the student's own.

    Also for what runs any function, such as ``Lambda``.
    """
    named = part if callable(part) and hasattr(part, "__name__") else type(part)
    library = str(named.__module__).split(".")[0]
    return library not in ("keras", "tensorflow", "builtins") or named.__name__ in _CLASSES_THAT_RUN_ANYTHING


def is_operation(kind: type) -> bool:
    """Return True for the class of a recorded function, such as ``keras.ops.take``."""
    return not issubclass(kind, _layers().Layer)


def opaque_parts(model: Any) -> list[str]:
    """Return the names of the parts of a model that stand for code that is not here and cannot run.

    In a plain notebook there are none: the student's own code is there.
    """
    parts = [view.layer for view in written_layers(model)] if model.built else list(model.layers)
    if getattr(model, "compiled", False):
        config = model._compile_config.config
        parts += [model.optimizer, model.loss, *keras().tree.flatten(config["metrics"])]
    names = []
    for part in parts:
        if getattr(part, "is_opaque", False):
            names.append(getattr(part, "__name__", type(part).__name__))
    return names


def activation_of(function: Any) -> Any:
    """Return Keras' own function for any of the spellings of an activation, or the function itself."""
    tensorflow: Any = sys.modules.get("tensorflow")
    modules = [keras().ops]
    if tensorflow is not None:
        modules += [tensorflow.nn, tensorflow.math, tensorflow]
    for name in SHARED_ACTIVATIONS:
        if any(getattr(module, name, None) is function for module in modules):
            return getattr(keras().activations, name)
    if function is None:
        return keras().activations.linear
    return function


def keras() -> Any:
    """Return Keras, which is imported late: TensorFlow takes seconds, and not every course needs it."""
    return importlib.import_module("keras")


def _layers() -> Any:
    return keras().layers


def _nodes(model: Any) -> list[Any]:
    """Return the calls of a model and of the models in it, in order, without inputs and masks."""
    graph = getattr(model, "_functional", None) or model
    needed = set(map(id, graph.outputs))
    calls: list[Any] = []
    # Keras has no public view of its graph. From the outputs backward, so that each call is looked at
    # once: what only computes a mask is read by no call as data.
    for depth in sorted(graph._nodes_by_depth):
        for node in reversed(graph._nodes_by_depth[depth]):
            is_needed = not needed.isdisjoint(map(id, node.outputs))
            if not is_needed or node.is_input:
                continue
            needed.update(map(id, _data(node)))
            has_graph = hasattr(getattr(node.operation, "_functional", node.operation), "_nodes_by_depth")
            calls += reversed(_nodes(node.operation) if has_graph else [node])
    return calls[::-1]


def _data(node: Any) -> list[Any]:
    """Return the tensors that a call reads, without its mask."""
    if node.is_input:
        return []
    keywords = {name: value for name, value in node.arguments.kwargs.items() if name != "mask"}
    tensors = keras().tree.flatten([node.arguments.args, keywords])
    return [tensor for tensor in tensors if isinstance(tensor, keras().KerasTensor)]


def _views_of(node: Any) -> list[LayerView]:
    """Return the views of one call: one, or one for each cell of a stack."""
    operation, layers = node.operation, _layers()
    if type(operation) is layers.TimeDistributed and type(operation.layer) is layers.Dense:
        inner = operation.layer
        return [LayerView(layers.Dense, operation, {"units": inner.units, "activation": inner.activation})]
    if type(operation) is not layers.RNN or operation.zero_output_for_mask:
        return [LayerView(type(operation), operation)]
    cell = operation.cell
    cells = cell.cells if type(cell) is layers.StackedRNNCells else [cell]
    kinds = {
        layers.SimpleRNNCell: layers.SimpleRNN,
        layers.LSTMCell: layers.LSTM,
        layers.GRUCell: layers.GRU,
    }
    if not all(type(one_cell) in kinds for one_cell in cells):
        return [LayerView(type(operation), operation)]
    views = []
    loop_settings = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")
    for one_cell in cells:
        names = [name for name in one_cell.get_config() if hasattr(one_cell, name) and name != "name"]
        settings = {name: getattr(one_cell, name) for name in names}
        settings |= {name: getattr(operation, name) for name in loop_settings}
        if one_cell is not cells[-1]:
            settings["return_sequences"] = True
        views.append(LayerView(kinds[type(one_cell)], operation, settings))
    return views


def _joins(node: Any, before: LayerView) -> bool:
    """Make a call part of the view before it, if it only says what that layer could have said itself."""
    layers = _layers()
    is_recurrent = before.kind in (layers.SimpleRNN, layers.LSTM, layers.GRU)
    if is_recurrent and before.setting("return_sequences") and _takes_last_step(node):
        before.settings["return_sequences"] = False
        return True
    function = _activation_function(node)
    convolutions = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
    if function is None or before.kind not in (layers.Dense, layers.EinsumDense, *convolutions):
        return False
    if activation_of(before.setting("activation")) is keras().activations.linear:
        before.settings["activation"] = function
        return True
    return function is keras().activations.linear


def _takes_last_step(node: Any) -> bool:
    """Return True for ``x[:, -1]``, for the same place counted from the start, and for ``take``."""
    name, axis = type(node.operation).__name__, getattr(node.operation, "axis", None)
    places = [*node.arguments.args[1:], *node.arguments.kwargs.values()]
    if len(places) != 1 or not is_operation(type(node.operation)):
        return False
    # As texts: a tensor in the place of a number has an ``==`` of its own.
    place, everything = repr(places[0]), slice(None, None, None)
    for last in (-1, (_data(node)[0].shape[1] or 0) - 1):
        keys = ((everything, last), (everything, last, everything), (..., last, everything))
        if name == "GetItem" and place in map(repr, keys):
            return True
        if name == "Take" and axis == 1 and place == repr(last):
            return True
    return False


def _activation_function(node: Any) -> Any:
    """Return the function of a call that only applies an activation; None for any other."""
    operation, activations = node.operation, keras().activations
    if type(operation) is _layers().Activation:
        return activation_of(operation.activation)
    # A function that is called on a tensor is recorded as an operation of a private class.
    name = _ACTIVATION_CLASSES.get(type(operation).__name__)
    if name is None or not type(operation).__module__.startswith("keras.src."):
        return None
    usual = {"negative_slope": 0.0, "max_value": None, "threshold": 0.0, "axis": -1, "alpha": 1.0}
    is_usual = all(getattr(operation, setting, value) == value for setting, value in usual.items())
    return getattr(activations, name) if is_usual else None


@dataclass(slots=True)
class _Reshapings:
    """A run of calls that only give the same numbers another shape."""

    start: Any
    """The tensor before the first of them."""

    before: LayerView | None
    views: list[LayerView] = field(default_factory=list)

    def is_undone_by(self, node: Any) -> bool:
        """Return True if a call gives back the first shape, with no mask that was dropped."""
        # The numbers keep their order in every reshaping, so the same shape is the same tensor.
        is_same = tuple(self.start.shape) == tuple(node.outputs[0].shape)
        return is_same and getattr(self.start, "_keras_mask", None) is None


def _is_reshaping(node: Any) -> bool:
    kind = type(node.operation)
    return kind.__name__ in _RESHAPING_CLASSES and kind.__module__.startswith("keras.src.")


def _changes_nothing(node: Any) -> bool:
    """Return True for a call of ``Identity``, or of a layer of dropout or noise that has none."""
    operation, layers = node.operation, _layers()
    if is_own_code(type(operation)) or not isinstance(operation, layers.Layer):
        return False
    is_weak = any(getattr(operation, name, None) == 0 for name in _STRENGTHS)
    return type(operation) is layers.Identity or is_weak


def _note_mask(node: Any, before: LayerView | None) -> None:
    """Let an embedding have ``mask_zero`` if the layer behind it is given that mask by hand."""
    mask = node.arguments.kwargs.get("mask")
    if before is None or mask is None or before.kind is not _layers().Embedding:
        return
    history: Any = getattr(mask, "_keras_history", (None, 0, 0))
    operation, index, _ = history
    if type(operation).__name__ != "NotEqual":
        return
    compared = operation._inbound_nodes[index].arguments.args
    ids = _data(before.layer._inbound_nodes[0])
    if len(compared) == 2 and compared[0] is ids[0] and compared[1] in (0, 0.0):
        before.settings["mask_zero"] = True
