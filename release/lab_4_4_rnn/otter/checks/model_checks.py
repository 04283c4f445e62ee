"""Check Keras models: layers, settings, parameter counts, shapes, compilation and behavior."""

import inspect
import math
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .answers import attempt
from .canonical import (
    LayerView,
    activation_of,
    canonical_layers,
    is_operation,
    is_own_code,
    keras,
    opaque_parts,
    written_layers,
)
from .compile_checks import DEFAULT_HINT, require_model
from .mismatch import MismatchError, review

_MAX_RANDOM_NUMBERS = 2**22
"""Numbers that a model is given at once where a check runs it."""


def layers(model: Any, expected: Sequence[type], *, hint: str = "") -> None:
    """Check the layers of a model, in order, by identity of their classes.

    Input layers do not count, and a model inside a model counts as its own layers; a subclass,
    or a class that only shares the name, is a different layer.

    Raises:
        MismatchError: they differ (failed); they may be right, but for a layer of the student's own
            or an additional function of Keras (review).
    """
    written, canonical = _views(model)
    kinds = [view.kind for view in written]
    canonical_kinds = [view.kind for view in canonical]
    if list(expected) in (kinds, canonical_kinds):
        return
    _require_judged(canonical_kinds, expected)
    # The message is about the layers as the student wrote them.
    for number, (kind, expected_kind) in enumerate(zip(kinds, expected, strict=False), start=1):
        if kind is not expected_kind:
            problem = f"layer {number} has the wrong type"
            raise MismatchError(problem, _class_name(kind), expected_kind.__name__, hint)
    quantity = "many" if len(kinds) > len(expected) else "few"
    expected_names = [kind.__name__ for kind in expected]
    names = list(map(_class_name, kinds))
    raise MismatchError(f"the model has too {quantity} layers", names, expected_names, hint)


def _require_judged(kinds: Sequence[type], expected: Sequence[type]) -> None:
    """Leave it to a person if all that differs is code of the student's own, or a function of Keras.

    What such a layer does cannot be seen from here. A function, such as ``keras.ops.multiply``, may
    change nothing that matters if it comes on top of the expected layers, but cannot replace one.
    """
    own = [kind for kind in kinds if is_own_code(kind)]
    operations = [kind for kind in kinds if is_operation(kind)]
    known = [kind for kind in kinds if kind not in own and kind not in operations]
    remaining = iter(expected)
    is_part = all(kind in remaining for kind in known)
    if is_part and (own or (operations and len(known) == len(expected))):
        raise review(map(_class_name, own or operations))


def require_runnable(model: Any) -> None:
    """Leave a model to a person if a part of it is code that is not here.

    Raises:
        MismatchError: the model cannot run (review).
    """
    if parts := opaque_parts(model):
        raise review(parts)


def setting(model: Any, kind: type, name: str, expected: Any, *, hint: str = "") -> None:
    """Check one setting of the layers of a type, e.g. ``Embedding``'s ``mask_zero``.

    Args:
        expected: for all of them, or a list with one for each of them in order.
    """
    _, canonical = _views(model)
    matching = [view for view in canonical if view.kind is kind]
    expected_values = expected if isinstance(expected, list) else [expected] * max(len(matching), 1)
    own = [view.kind for view in canonical if is_own_code(view.kind)]
    if own and len(matching) < len(expected_values):
        raise review(map(_class_name, own))
    if not matching:
        raise MismatchError(f"the model has no {kind.__name__} layer")
    if len(matching) != len(expected_values):
        problem = f"the model has the wrong number of {kind.__name__} layers"
        raise MismatchError(problem, len(matching), len(expected_values))
    for view, expected_value in zip(matching, expected_values, strict=True):
        value, resolved = view.setting(name), expected_value
        if name.endswith("activation"):
            value, resolved = activation_of(value), keras().activations.get(expected_value)
        # Functions are compared by identity: an object of the student's could compare as equal.
        if value is resolved or (not callable(resolved) and value == resolved):
            continue
        if is_own_code(value):
            raise review([f"{name} of {kind.__name__}"])
        takers = own + [view.kind for view in canonical if is_operation(view.kind)]
        if takers and name == "return_sequences":  # one of them may take the last step
            raise review(map(_class_name, takers))
        shown = value
        if not isinstance(value, (bool, int, float, str, tuple)):
            shown = getattr(value, "__name__", type(value).__name__)
        problem = f"{name} of {kind.__name__} has a different value"
        raise MismatchError(problem, shown, expected_value, hint)


_RECURRENT_SETTINGS = {
    "activation": "",
    "recurrent_activation": "",
    "go_backwards": "It reads a sequence from the end to the start.",
    "return_sequences": "It returns one vector per time step; one per sequence is needed.",
    "dropout": "",
    "recurrent_dropout": "It drops numbers of the state; dropout drops numbers of the input.",
    "kernel_regularizer": "",
    "recurrent_regularizer": "",
    "bias_regularizer": "",
    "activity_regularizer": "",
    "kernel_constraint": "",
    "recurrent_constraint": "",
    "bias_constraint": "",
}
"""What decides what a recurrent layer computes and learns, each with the hint for a wrong value."""


def recurrent(model: Any, kind: type, **named: Any) -> None:
    """Check the settings of a recurrent layer: those named, and the defaults of all others.

    Sizes are looked at by ``params``, and initial weights are free.

    Args:
        kind: e.g. ``keras.layers.LSTM``.
        named: settings that the question names, e.g. ``dropout=0.2``.
    """
    parameters = inspect.signature(kind).parameters
    for name, hint in _RECURRENT_SETTINGS.items():
        if name in named:
            setting(model, kind, name, named[name], hint="The recurrent layer has an argument for it.")
        elif name in parameters:
            setting(model, kind, name, parameters[name].default, hint=hint or DEFAULT_HINT)


def params(model: Any, expected: int | Sequence[int], *, hint: str = "") -> None:
    """Check how many trainable and fixed numbers a model holds.

    The count is taken from the weight arrays, not from ``count_params``.

    Args:
        expected: one count per layer that has weights, in order, or the total of all.
        hint: about the layer that has the wrong size.

    Raises:
        MismatchError: names the first layer whose own count is off and the shapes of its
            weight arrays; never a formula (a question may ask for it).

    Source:
        Keras 3 ``Layer.weights``; optimizer variables are not counted.
    """
    if isinstance(expected, int):
        expected = [expected]
    known, opaque = _split_at_opaque(_built_layers(model))
    weighted = [layer for layer in known if layer.weights]
    counts = list(map(_count_params, weighted))
    if opaque and (len(expected) == 1 or counts == list(expected)[: len(counts)]):
        raise review(opaque)
    if sum(counts) == sum(expected) and (len(expected) == 1 or counts == list(expected)):
        return
    if len(counts) == len(expected):
        for layer, count, expected_count in zip(weighted, counts, expected, strict=True):
            if count != expected_count:
                problem = f"{_class_name(type(layer))} has the wrong size"
                raise MismatchError(problem, _describe_arrays(layer), f"{expected_count:,}", hint)
    arrays = "; ".join(f"{_class_name(type(layer))} {_describe_arrays(layer)}" for layer in weighted)
    arrays = arrays or "no layer with numbers"
    problem = "the model has the wrong number of parameters"
    raise MismatchError(problem, arrays, f"{sum(expected):,} in all")


def _split_at_opaque(layers: Sequence[Any]) -> tuple[Sequence[Any], list[str]]:
    """Return the layers before the first opaque one, which are all that is known, and its name."""
    for index, layer in enumerate(layers):
        if getattr(layer, "is_opaque", False):
            return layers[:index], [_class_name(type(layer))]
    return layers, []


def input_shape(model: Any, expected: tuple[int | None, ...], *, hint: str = "") -> None:
    """Check the shape of a model's input, e.g. ``(None, 200)`` for rows of 200 ids."""
    _built_layers(model)
    if len(model.inputs) != 1:
        raise MismatchError("the model has more than one input", len(model.inputs), 1)
    actual = tuple(model.inputs[0].shape)
    if actual != expected:
        raise MismatchError("the model's input has the wrong shape", actual, expected, hint)


def output(model: Any, expected: tuple[int | None, ...], *, activation: str = "", hint: str = "") -> None:
    """Check the shape of a model's output and, if named, the activation of its last layer.

    Args:
        hint: about the wrong activation.
    """
    _, opaque = _split_at_opaque(_built_layers(model))
    canonical = canonical_layers(model)
    last = canonical[-1] if canonical else None
    function = last.setting("activation") if last else None
    is_right = not activation or activation_of(function) is keras().activations.get(activation)
    # After an opaque layer, the shapes are what the submission says.
    if last and (is_own_code(last.kind) or is_own_code(function) or (opaque and is_right)):
        raise review(opaque or [_class_name(last.kind)])
    if len(model.outputs) != 1:
        raise MismatchError("the model has more than one output", len(model.outputs), 1)
    actual = tuple(model.outputs[0].shape)
    if actual != expected and not opaque:
        shape_hint = ""
        if len(actual) > len(expected):
            shape_hint = "It returns one vector per time step; one per sequence is needed."
        raise MismatchError("the model's output has the wrong shape", actual, expected, shape_hint)
    if not is_right:
        found = getattr(function, "__name__", "none")
        raise MismatchError("the output has the wrong activation", found, activation, hint)


def model_name(model: Any, expected: str, *, hint: str = "") -> None:
    """Check the name that a model was given."""
    if getattr(model, "name", None) != expected:
        raise MismatchError("the model has the wrong name", getattr(model, "name", None), expected, hint)


def separate(first: Any, second: Any, *, hint: str = "") -> None:
    """Check that two models have no layer in common: training one would change the other."""
    layers_of_first = set(map(id, _built_layers(first)))
    shared = [layer for layer in _built_layers(second) if layer.weights and id(layer) in layers_of_first]
    # A model that was rebuilt in another process has layers of its own there. Whichever of the two
    # was built later says that it shares; that need not be the second one, if calls are remembered.
    claims = [getattr(model, "shares_layers", False) for model in (first, second)]
    if shared or any(claims):
        raise MismatchError("two models share a layer", hint=hint)


def output_range(model: Any, low: float, high: float, *, hint: str = "") -> None:
    """Check that a model's outputs for random rows are within a range, whatever it reads."""
    outputs = _outputs(model, _random_rows(model, rows=32, width=12))
    if not (outputs.min() >= low and outputs.max() <= high):
        actual = f"outputs from {outputs.min():.3f} to {outputs.max():.3f}"
        raise MismatchError("the model's output is out of range", actual, f"{low:g} to {high:g}", hint)


def padding_invariant(short: Any, long: Any, *, tolerance: float = 1e-5) -> None:
    """Check that zeros after a sequence do not change a model's output.

    Args:
        short: a model for sequences of some width, e.g. ``build(…, max_length=12)``.
        long: the same model for a larger width; it receives the weights of ``short``.
        tolerance: largest difference between the two outputs.

    Raises:
        MismatchError: the outputs differ, or are the same for every sequence.
    """
    if _weight_shapes(short) != _weight_shapes(long):
        raise MismatchError(
            "the weights depend on the length of the sequences",
            hint="None of the layers that the question asks for needs the length to know its size.",
        )
    # Same weights, so only the padding can make a difference.
    long.set_weights(short.get_weights())
    rows, padded_rows = _rows_with_padding(short, long)
    plain, padded = _outputs(short, rows), _outputs(long, padded_rows)
    if plain.shape != padded.shape:
        raise MismatchError(
            "the model does not return one result per sequence",
            f"shapes {plain.shape} and {padded.shape} for {len(rows)} sequences of two lengths",
            hint="Which layer turns the steps of a sequence into one vector?",
        )
    # A constant model would pass below whatever it does with the padding.
    if np.ptp(plain, axis=0).max() <= tolerance:
        raise MismatchError(
            "the model gives the same output for every input sequence",
            hint="Look at its last layer: how many units does its activation need?",
        )
    if not np.allclose(plain, padded, rtol=0.0, atol=tolerance):
        hint = "Which setting of Embedding tells the next layers to skip the id 0?"
        if any(view.setting("mask_zero") for view in canonical_layers(long)):
            hint = "Which layer behind the Embedding does not use its mask?"
        raise MismatchError(
            "the padding zeros change the model's output",
            f"a difference of {np.abs(plain - padded).max():.1e}",
            f"at most {tolerance:.0e}",
            hint,
        )


def _rows_with_padding(short: Any, long: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return rows that one model can read, and the same rows with zeros behind them for the other."""
    rows = _random_rows(short, rows=16, width=12)
    long_rows = _random_rows(long, rows=16, width=30)
    if rows.ndim < 2 or rows.ndim != long_rows.ndim or rows.shape[1] > long_rows.shape[1]:
        raise MismatchError("the model does not read sequences of the lengths that it was asked for")
    # Half of the rows repeat their first step: among twelve different steps, zeros are seldom the
    # maximum, and the pooling of maxima would pass by chance.
    repeated = rows[len(rows) // 2 :]
    repeated[:] = repeated[:, :1]
    padding = [(0, 0), (0, long_rows.shape[1] - rows.shape[1]), *[(0, 0)] * (rows.ndim - 2)]
    return rows, np.pad(rows, padding)


def _built_layers(model: Any) -> list[Any]:
    """Return the layers of a model and of the models inside it, without input layers."""
    require_model(model)
    if not model.built:
        raise MismatchError(
            "the model is not built: it does not know the shape of its input",
            hint="Start it with keras.Input((…,)).",
        )
    flat: list[Any] = []
    for layer in model.layers:
        if isinstance(layer, keras().Model):
            flat += _built_layers(layer)
        elif type(layer) is not keras().layers.InputLayer:
            flat.append(layer)
    return flat


def _views(model: Any) -> tuple[list[LayerView], list[LayerView]]:
    """Return a model's layers as they are written, and in the view that all spellings share."""
    if "keras" in sys.modules and isinstance(model, keras().Sequential) and not model.built:
        # Without an input nothing has a size yet, but its layers are in order and have their settings.
        unbuilt = [LayerView(type(layer), layer) for layer in model.layers]
        return unbuilt, unbuilt
    _built_layers(model)
    return written_layers(model), canonical_layers(model)


def _weight_shapes(model: Any) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for layer in _built_layers(model) for weight in layer.weights]


def _random_rows(model: Any, *, rows: int, width: int) -> np.ndarray:
    """Return rows that a model can read; an axis of any length gets ``width``."""
    layers = _built_layers(model)
    if len(model.inputs) != 1:
        raise MismatchError("the model has more than one input", len(model.inputs), 1)
    tensor, random = model.inputs[0], np.random.default_rng(7)
    sizes = [size or width for size in tensor.shape[1:]]
    rows = max(1, min(rows, _MAX_RANDOM_NUMBERS // max(1, math.prod(sizes))))
    vocab_sizes = [layer.input_dim for layer in layers if type(layer) is keras().layers.Embedding]
    if vocab_sizes:
        vocab_size = max(1, min(vocab_sizes))
        return random.integers(min(1, vocab_size - 1), vocab_size, size=(rows, *sizes))
    dtype = tensor.dtype if tensor.dtype.startswith(("int", "uint", "bool")) else "float32"
    return random.normal(size=(rows, *sizes)).astype(dtype)


def _outputs(model: Any, rows: np.ndarray) -> np.ndarray:
    """Return a model's outputs, shape ``(len(rows), …)``."""

    def run_quietly() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(model(rows), dtype=float)

    if opaque := _split_at_opaque(_built_layers(model))[1]:
        raise review(opaque)
    if len(model.outputs) != 1:
        raise MismatchError("the model has more than one output", len(model.outputs), 1)
    outputs = np.asarray(attempt(run_quietly))
    if outputs.size == 0 or outputs.shape[:1] != (len(rows),):
        raise MismatchError(
            "the model does not return one result per row", f"shape {outputs.shape} for {len(rows)} rows"
        )
    return outputs


def _count_params(layer: Any) -> int:
    return sum(int(np.prod(weight.shape)) for weight in layer.weights)


def _describe_arrays(layer: Any) -> str:
    shapes = ", ".join(str(tuple(weight.shape)) for weight in layer.weights)
    return f"{_count_params(layer):,} numbers in arrays of shape {shapes}"


def _class_name(layer_type: type) -> str:
    name = layer_type.__name__
    if is_own_code(layer_type):
        return f"{name} (your own code)"
    return f"{name} (a function of Keras)" if is_operation(layer_type) else name
