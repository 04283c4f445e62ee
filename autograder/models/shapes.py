"""Shapes and sizes of a model, computed from its description; nothing is built for it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.models.description import KerasObject, LayerCall, ModelRefusedError

Shape = tuple[int | None, ...]
"""Without the batch axis; None is a length that is not fixed."""


@dataclass(frozen=True, slots=True)
class LayerStats:
    """What one step gives and holds."""

    shape: Shape
    parameters: int = 0
    multiplications: int = 0
    """For one row, forward; an unknown length counts as ``UNKNOWN_LENGTH``."""

    time_steps: int = 0
    """How often a recurrent layer goes round its loop."""

    gates: int = 0
    """Numbers that pass through a gate for one row, over all turns."""


UNKNOWN_LENGTH = 200
GATES = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}

_StatsFunction = Callable[[KerasObject, list[Shape]], LayerStats]


def compute_layer_stats(layers: Sequence[KerasObject], steps: Sequence[LayerCall]) -> tuple[LayerStats, ...]:
    """Return what each step gives.

    Raises:
        Refused: a layer is given what it cannot read.
    """
    found: list[LayerStats] = []
    for step in steps:
        layer = layers[step.layer]
        try:
            found.append(
                _STATS_FUNCTIONS.get(layer.kind, _same_shape)(layer, [found[n].shape for n in step.inputs])
            )
        except (ValueError, TypeError, IndexError):
            raise ModelRefusedError(
                f"the layers do not fit together: {layer.kind} cannot read what it is given",
                hint="Look at the shape that the layer before it returns.",
            ) from None
    return tuple(found)


def length(size: int | None) -> int:
    """Return a size to calculate with."""
    return UNKNOWN_LENGTH if size is None else size


def elements(shape: Shape) -> int:
    """Return how many numbers one row of a tensor holds."""
    return math.prod(map(length, shape))


def _single_shape(shapes: list[Shape], axes: int | None = None) -> Shape:
    (shape,) = shapes
    if axes is not None and len(shape) != axes:
        raise ValueError
    return shape


def _require_known(size: int | None) -> int:
    if size is None:
        raise ValueError
    return size


def _same_shape(_layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    return LayerStats(_single_shape(shapes))


def _input(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    if shapes:
        raise ValueError
    return LayerStats(layer["batch_shape"][1:])


def _embedding(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    width = layer["output_dim"]
    return LayerStats((*_single_shape(shapes), width), layer["input_dim"] * width)


def _recurrent(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    steps, last = _single_shape(shapes, axes=2)
    features, units, gates = _require_known(last), layer["units"], GATES[layer.kind]
    biases = 2 if layer.kind == "GRU" and layer["reset_after"] else 1
    matrix = gates * units * (features + units)
    return LayerStats(
        (steps, units) if layer["return_sequences"] else (units,),
        matrix + gates * units * biases * layer["use_bias"],
        matrix * length(steps),
        length(steps),
        gates * units * length(steps),
    )


def _bidirectional(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    one = _recurrent(layer["layer"], shapes)
    width = _require_known(one.shape[-1]) * (2 if layer["merge_mode"] == "concat" else 1)
    return LayerStats(
        (*one.shape[:-1], width),
        2 * one.parameters,
        2 * one.multiplications,
        2 * one.time_steps,
        2 * one.gates,
    )


def _dense(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    *rest, last = _single_shape(shapes)
    matrix = _require_known(last) * layer["units"]
    return LayerStats(
        (*rest, layer["units"]), matrix + layer["units"] * layer["use_bias"], matrix * elements(tuple(rest))
    )


def _time_distributed(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    if len(_single_shape(shapes)) < 2:
        raise ValueError
    return _dense(layer["layer"], shapes)


def _per_channel(_layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    return LayerStats(_single_shape(shapes, axes=2))


def _global_pooling(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    _, features = _single_shape(shapes, axes=2)
    return LayerStats((1, features) if layer["keepdims"] else (features,))


def _pooling(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    steps, features = _single_shape(shapes, axes=2)
    (window,) = layer["pool_size"]
    work = elements((steps, features)) * window
    return LayerStats((_windows(steps, window, layer), features), multiplications=work)


def _conv(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    steps, last = _single_shape(shapes, axes=2)
    features, filters, groups = _require_known(last), layer["filters"], layer["groups"]
    if features % groups or filters % groups:
        raise ValueError
    (size,), (spread,) = layer["kernel_size"], layer["dilation_rate"]
    matrix = size * (features // groups) * filters
    made = _windows(steps, (size - 1) * spread + 1, layer)
    return LayerStats((made, filters), matrix + filters * layer["use_bias"], matrix * length(made))


def _windows(steps: int | None, window: int, layer: KerasObject) -> int | None:
    """Return how many windows fit into some steps."""
    stride: int = layer["strides"][0]
    if steps is None:
        return None
    if layer["padding"] != "valid":
        return math.ceil(steps / stride)
    if window > steps:
        raise ValueError
    return (steps - window) // stride + 1


def _flatten(_layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    shape = _single_shape(shapes)
    return LayerStats((None if None in shape else elements(shape),))


def _reshape(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    shape, target = _single_shape(shapes), layer["target_shape"]
    rest = math.prod(size for size in target if size != -1)
    if target.count(-1) > 1:
        raise ValueError
    if None in shape:
        return LayerStats(tuple(None if size == -1 else size for size in target))
    total = elements(shape)
    if total % rest or (total != rest and -1 not in target):
        raise ValueError
    return LayerStats(tuple(total // rest if size == -1 else size for size in target))


def _repeat(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    return LayerStats((layer["n"], *_single_shape(shapes, axes=1)))


def _permute(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    shape, order = _single_shape(shapes), layer["dims"]
    if sorted(order) != list(range(1, len(shape) + 1)):
        raise ValueError
    return LayerStats(tuple(shape[axis - 1] for axis in order))


def _axis(axis: int, shape: Shape) -> int:
    """Return the place in ``shape`` of an axis that is counted with the batch."""
    place = axis - 1 if axis > 0 else axis + len(shape)
    if axis == 0 or not 0 <= place < len(shape):
        raise ValueError
    return place


def _batch_norm(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    shape = _single_shape(shapes)
    size = _require_known(shape[_axis(layer["axis"], shape)])
    return LayerStats(shape, size * (2 + layer["center"] + layer["scale"]))


def _layer_norm(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    shape = _single_shape(shapes)
    size = math.prod(_require_known(shape[_axis(axis, shape)]) for axis in layer["axis"])
    return LayerStats(shape, size * (layer["center"] + layer["scale"]))


def _concatenate(layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    place = _axis(layer["axis"], shapes[0])
    others = {(*shape[:place], *shape[place + 1 :]) for shape in shapes}
    if len(shapes) < 2 or len(others) != 1 or len({len(shape) for shape in shapes}) != 1:
        raise ValueError
    sizes = [shape[place] for shape in shapes]
    joined = None if None in sizes else sum(map(length, sizes))
    return LayerStats((*shapes[0][:place], joined, *shapes[0][place + 1 :]))


def _merge(_layer: KerasObject, shapes: list[Shape]) -> LayerStats:
    if len(shapes) < 2 or len({len(shape) for shape in shapes}) != 1:
        raise ValueError
    return LayerStats(tuple(map(_broadcast, zip(*shapes, strict=True))))


def _broadcast(sizes: tuple[int | None, ...]) -> int | None:
    others = set(sizes) - {1}
    if len(others - {None}) > 1:
        raise ValueError
    return next(iter(others - {None}), None if others else 1)


_STATS_FUNCTIONS: dict[str, _StatsFunction] = {
    "InputLayer": _input,
    "Embedding": _embedding,
    **dict.fromkeys(GATES, _recurrent),
    "Bidirectional": _bidirectional,
    "Dense": _dense,
    "TimeDistributed": _time_distributed,
    "SpatialDropout1D": _per_channel,
    **dict.fromkeys(("GlobalAveragePooling1D", "GlobalMaxPooling1D"), _global_pooling),
    **dict.fromkeys(("AveragePooling1D", "MaxPooling1D"), _pooling),
    "Flatten": _flatten,
    "Reshape": _reshape,
    "RepeatVector": _repeat,
    "Permute": _permute,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "Conv1D": _conv,
    "Concatenate": _concatenate,
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum"), _merge),
}
