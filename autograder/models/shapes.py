"""Output shapes, parameters and training cost of a model, computed from its description.

Nothing is built for it, so a hostile description costs microseconds. Formulas of the layers are
those of Keras 3 (``Layer.build`` and ``compute_output_shape``).
"""

import math
from dataclasses import dataclass

from autograder.models.description import KerasObject, Model, ModelRefusedError
from autograder.models.schema import MERGE_LAYERS

Shape = tuple[int | None, ...]
"""Without the batch axis; None is a length that is not fixed."""

ASSUMED_LENGTH = 200
"""What an unknown length counts as in sizes and costs."""

# Seconds of training, measured on one core with Keras 3.15 and fitted to twenty models. They are
# the same on every machine, so that no mark depends on the machine or on a cache.
_START_S = 1.5
_BATCH_S = 2e-3
_TIME_STEP_S = 60e-6
_PARAMETER_S = 5e-9
_ELEMENT_S = 5e-9
_GATE_S = 20e-9
_MULTIPLICATION_S = 0.08e-9


@dataclass(frozen=True, slots=True)
class CallStats:
    """What one call of a layer returns and costs."""

    shape: Shape
    """Of its output."""

    parameters: int = 0
    multiplications: int = 0
    """For one row, forward."""

    time_steps: int = 0
    """Iterations of a recurrent layer's loop."""

    gates: int = 0
    """Gate activations for one row, over all time steps."""


def compute_call_stats(model: Model) -> tuple[CallStats, ...]:
    """Return the shape and size of each call of a model, in their order.

    Raises:
        ModelRefusedError: a layer cannot read its input.
    """
    stats: list[CallStats] = []
    for call in model.calls:
        layer = model.layers[call.layer]
        try:
            stats.append(_call_stats(layer, [stats[index].shape for index in call.inputs]))
        except (ValueError, TypeError, IndexError):
            # The functions below raise these for any shape that Keras would not accept.
            raise ModelRefusedError(
                f"the layers do not fit together: {layer.class_name} cannot read its input",
                hint="Check the shape that the layer before it returns.",
            ) from None
    return tuple(stats)


def count_parameters(model: Model) -> int:
    """Return the number of trainable and fixed weights; 0 for a model that is not built.

    Raises:
        ModelRefusedError: a layer cannot read its input, or is called with two different shapes.
    """
    counts: dict[int, int] = {}
    for call, stats in zip(model.calls, compute_call_stats(model), strict=True):
        # A shared layer has its weights once, so they must fit all of its inputs.
        if counts.setdefault(call.layer, stats.parameters) != stats.parameters:
            raise ModelRefusedError(
                "a layer of the model is called with two different shapes", hint="Use two layers."
            )
    return sum(counts.values())


def training_cost_s(model: Model, rows: int, epochs: int, batch_size: int) -> float:
    """Return an estimate of the seconds that a training takes."""
    batch_s = _BATCH_S + _PARAMETER_S * count_parameters(model)
    row_s = 0.0
    for stats in compute_call_stats(model):
        batch_s += _TIME_STEP_S * stats.time_steps
        row_s += _ELEMENT_S * elements(stats.shape)
        row_s += _GATE_S * stats.gates + _MULTIPLICATION_S * stats.multiplications
    return _START_S + epochs * (math.ceil(rows / batch_size) * batch_s + rows * row_s)


def elements(shape: Shape) -> int:
    """Return how many numbers one row of a tensor holds."""
    return math.prod(map(_length, shape))


def _length(size: int | None) -> int:
    return ASSUMED_LENGTH if size is None else size


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError


def _known(size: int | None) -> int:
    _require(size is not None)
    return size or 0


def _call_stats(layer: KerasObject, inputs: list[Shape]) -> CallStats:  # noqa: C901  one case for each kind
    """Return shape and size of one call; a ValueError or TypeError means that the input does not fit."""
    name = layer.class_name
    if name == "InputLayer":
        return CallStats(layer["batch_shape"][1:])
    if name in MERGE_LAYERS:
        return CallStats(_merged_shape(layer, inputs))
    (shape,) = inputs
    match name:
        case "Embedding":
            return CallStats((*shape, layer["output_dim"]), layer["input_dim"] * layer["output_dim"])
        case "Dense":
            return _dense_stats(layer, shape)
        case "TimeDistributed":
            # Keras needs a time axis in front of the axis that the inner layer reads.
            _require(len(shape) >= 2)
            return _dense_stats(layer["layer"], shape)
        case "BatchNormalization":
            # Moving mean and moving variance are weights too.
            vectors = 2 + layer["center"] + layer["scale"]
            return CallStats(shape, vectors * _known(shape[_axis_index(layer["axis"], shape)]))
        case "LayerNormalization":
            sizes = [_known(shape[_axis_index(axis, shape)]) for axis in layer["axis"]]
            return CallStats(shape, (layer["center"] + layer["scale"]) * math.prod(sizes))
        case "Flatten" | "RepeatVector" | "Permute" | "Reshape":
            return CallStats(_rearranged_shape(layer, shape))
        # The layers below read exactly two axes: time steps and features.
        case "SpatialDropout1D":
            _require(len(shape) == 2)
        case "GlobalAveragePooling1D" | "GlobalMaxPooling1D":
            _, features = shape
            return CallStats((1, features) if layer["keepdims"] else (features,))
        case "AveragePooling1D" | "MaxPooling1D":
            (steps, features), (window,) = shape, layer["pool_size"]
            windows = _window_count(layer, steps, window)
            return CallStats((windows, features), multiplications=elements(shape) * window)
        case "Conv1D":
            steps, features = shape
            filters, groups = layer["filters"], layer["groups"]
            _require(_known(features) % groups == 0 and filters % groups == 0)
            (size,), (dilation,) = layer["kernel_size"], layer["dilation_rate"]
            kernel = size * (_known(features) // groups) * filters
            windows = _window_count(layer, steps, (size - 1) * dilation + 1)
            parameters = kernel + filters * layer["use_bias"]
            return CallStats((windows, filters), parameters, kernel * _length(windows))
        case "SimpleRNN" | "GRU" | "LSTM" | "Bidirectional":
            return _recurrent_stats(layer, *shape)
    return CallStats(shape)


def _recurrent_stats(layer: KerasObject, steps: int | None, features: int | None) -> CallStats:
    """Return the size of a recurrent layer, or of two that run in both directions.

    Each gate has a kernel (features × units), a recurrent kernel (units × units) and a bias; a
    GRU with ``reset_after`` has two biases, one for each kernel.
    """
    directions = outputs = 1
    if layer.class_name == "Bidirectional":
        directions = 2
        if layer["merge_mode"] == "concat":
            outputs = 2
        layer = layer["layer"]
    units: int = layer["units"]
    width = outputs * units
    gates = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}[layer.class_name]
    biases: int = layer["use_bias"]
    if layer.class_name == "GRU" and layer["reset_after"]:
        biases *= 2
    kernels = directions * gates * units * (_known(features) + units)
    time_steps = directions * _length(steps)
    return CallStats(
        (steps, width) if layer["return_sequences"] else (width,),
        kernels + directions * gates * units * biases,
        kernels * _length(steps),
        time_steps,
        gates * units * time_steps,
    )


def _dense_stats(layer: KerasObject, shape: Shape) -> CallStats:
    *other_axes, features = shape
    units: int = layer["units"]
    kernel = _known(features) * units
    parameters = kernel + units * layer["use_bias"]
    return CallStats((*other_axes, units), parameters, kernel * elements(tuple(other_axes)))


def _window_count(layer: KerasObject, steps: int | None, window: int) -> int | None:
    """Return how many windows of a pooling or convolution fit into a sequence."""
    stride: int = layer["strides"][0]
    if steps is None:
        return None
    if layer["padding"] != "valid":
        return math.ceil(steps / stride)
    _require(window <= steps)
    return (steps - window) // stride + 1


def _rearranged_shape(layer: KerasObject, shape: Shape) -> Shape:
    if layer.class_name == "Flatten":
        return (None if None in shape else elements(shape),)
    if layer.class_name == "RepeatVector":
        (features,) = shape
        return (layer["n"], features)
    if layer.class_name == "Permute":
        order = layer["dims"]
        _require(sorted(order) == list(range(1, len(shape) + 1)))
        return tuple(shape[axis - 1] for axis in order)
    target: tuple[int, ...] = layer["target_shape"]
    free_axes = target.count(-1)
    free_length = None
    if None not in shape:
        # abs(): the product of the target is negative if one of its axes is -1.
        free_length, rest = divmod(elements(shape), abs(math.prod(target)))
        _require(rest == 0 and (free_length == 1 or free_axes == 1))
    _require(free_axes <= 1)
    return tuple(free_length if size == -1 else size for size in target)


def _axis_index(axis: int, shape: Shape) -> int:
    """Return the index in ``shape`` of an axis that is counted with the batch axis."""
    index = axis - 1 if axis > 0 else axis + len(shape)
    _require(axis != 0 and 0 <= index < len(shape))
    return index


def _merged_shape(layer: KerasObject, inputs: list[Shape]) -> Shape:
    _require(len(inputs) >= 2)
    is_concatenation = layer.class_name == "Concatenate"
    joined_axis = _axis_index(layer["axis"], inputs[0]) if is_concatenation else None
    merged: list[int | None] = []
    # zip() is strict: all inputs must have the same number of axes.
    for axis, sizes in enumerate(zip(*inputs, strict=True)):
        longer = set(sizes)
        if axis == joined_axis:
            merged.append(None if None in sizes else sum(map(_known, sizes)))
            continue
        if not is_concatenation:
            # Lengths of 1 are repeated as in NumPy.
            longer = longer - {1} or {1}
        fixed = longer - {None}
        _require(len(fixed) <= 1 and not (is_concatenation and len(longer) > 1))
        merged.append(fixed.pop() if fixed else None)
    return tuple(merged)
