"""One object of Keras (layer, regularizer, schedule …) becomes plain data."""

from typing import Any

import keras
import numpy as np

from autograder.grade.models.rules import Rules
from autograder.grade.models.table import ACTIVATIONS, LAYERS, OPTIMIZERS, REGULARIZERS, SCHEDULES
from autograder.grade.models.wiring import Unsupported

_ACTIVATIONS = {getattr(keras.activations, name): name for name in ACTIVATIONS}
_FAMILIES = (
    (keras.layers, LAYERS, "layer"),
    (keras.regularizers, REGULARIZERS, "regularizer"),
    (keras.optimizers, OPTIMIZERS, "optimizer"),
    (keras.optimizers.schedules, SCHEDULES, "learning rate"),
)
_KNOWN: dict[type, tuple[str, Rules]] = {
    getattr(module, kind): (kind, rules) for module, family, _ in _FAMILIES for kind, rules in family.items()
}
_ELSEWHERE = {("Bidirectional", "layer"): "forward_layer", "learning_rate": "_learning_rate"}
_UNSET = (
    "activity_regularizer kernel_constraint recurrent_constraint bias_constraint "
    "embeddings_constraint beta_constraint gamma_constraint stateful unroll return_state "
    "noise_shape lora_enabled renorm synchronized sparse ragged optional "
    "use_ema loss_scale_factor gradient_accumulation_steps"
).split()
"""Arguments that stand in no table and change what an object does, unless they are off."""


def part_of(value: Any) -> dict[str, Any]:
    """Return an object of one of Keras' own classes as plain data.

    Raises:
        Unsupported: it, or something that it is set to, is not in the table.
    """
    kind = type(value)
    if kind not in _KNOWN:
        raise Unsupported(f"the model has {_what(value)}", seen=_class(kind), hint=_HINT)
    name, rules = _KNOWN[kind]
    for never in _UNSET:
        if getattr(value, never, None):
            raise Unsupported(
                f"{name} is given {never}, which cannot be graded", hint="Leave this argument out."
            )
    if isinstance(value, keras.Layer):
        _require_usual(name, value)
    return {"kind": name, "settings": {setting: _setting(value, name, setting) for setting in rules}}


_HINT = "Use the classes of Keras as they are."


def _what(value: Any) -> str:
    if isinstance(value, keras.layers.Lambda):
        return "a Lambda layer, which cannot be graded"
    if isinstance(value, keras.Layer):
        return "a layer that cannot be graded"
    return "a setting that cannot be graded"


def _class(kind: type) -> str:
    own = any(getattr(module, kind.__name__, None) is kind for module, _, _ in _FAMILIES)
    return kind.__name__ if own else f"{kind.__name__} (not the one of keras.layers)"


def _require_usual(name: str, layer: Any) -> None:
    """Refuse numbers of another precision, and a backward layer unlike the forward one."""
    if layer.dtype_policy.name != "float32" and name != "InputLayer":
        raise Unsupported(f"{name} computes in another dtype", hint="Leave dtype at float32.")
    if getattr(layer, "data_format", None) not in (None, "channels_last"):
        raise Unsupported(f"{name} has another data_format", hint="Leave this argument out.")
    if name == "Bidirectional":
        forward, backward = part_of(layer.forward_layer), part_of(layer.backward_layer)
        backward["settings"]["go_backwards"] ^= True
        if forward != backward:
            raise Unsupported(
                "Bidirectional has a backward layer of another kind", hint="Leave backward_layer out."
            )


def _setting(owner: Any, kind: str, name: str) -> Any:
    if name == "learning_rate":
        return _learning_rate(owner._learning_rate)
    value = getattr(owner, "forward_layer" if (kind, name) == ("Bidirectional", "layer") else name)
    return _plain(value, f"{name} of {kind}")


def _learning_rate(value: Any) -> Any:
    if type(value) in _KNOWN:
        return part_of(value)
    if not isinstance(value, keras.Variable):
        raise Unsupported("the learning rate is a function of your own", hint="Give it a number.")
    return float(str(np.float32(value.numpy())))


def _plain(value: Any, what: str) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_plain(item, what) for item in value]
    if kind in _KNOWN:
        return part_of(value)
    try:
        return _ACTIVATIONS[value]
    except (KeyError, TypeError):
        raise Unsupported(
            f"{what} is not one of Keras' own",
            seen=str(getattr(value, "__name__", kind.__name__))[:60],
            hint="Write its name as a text, e.g. activation='relu'.",
        ) from None
