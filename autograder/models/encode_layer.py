"""One object of Keras (a layer, a regularizer, an optimizer …) becomes plain data."""

from typing import Any

import keras
import numpy as np

from autograder.models.graph import UnsupportedModelError
from autograder.models.rules import Rules
from autograder.models.schema import ACTIVATIONS, LAYERS, OPTIMIZERS, REGULARIZERS, SCHEDULES

_FAMILIES = (
    (keras.layers, LAYERS),
    (keras.regularizers, REGULARIZERS),
    (keras.optimizers, OPTIMIZERS),
    (keras.optimizers.schedules, SCHEDULES),
)
_RULES_BY_CLASS: dict[type, tuple[str, Rules]] = {
    getattr(module, kind): (kind, rules) for module, family in _FAMILIES for kind, rules in family.items()
}
_ACTIVATIONS = {getattr(keras.activations, name): name for name in ACTIVATIONS}
_UNSUPPORTED_ARGUMENTS = (
    *("activity_regularizer", "kernel_constraint", "recurrent_constraint", "bias_constraint"),
    *("embeddings_constraint", "beta_constraint", "gamma_constraint", "stateful", "unroll"),
    *("return_state", "noise_shape", "lora_enabled", "renorm", "synchronized", "sparse", "ragged"),
    *("optional", "use_ema", "loss_scale_factor", "gradient_accumulation_steps"),
)
"""Arguments that stand in no table and would change what an object does."""


def encode_object(value: Any) -> dict[str, Any]:
    """Return an object of one of Keras' own classes as plain data.

    Raises:
        Unsupported: it, or something that it is set to, is not in the table.
    """
    if type(value) not in _RULES_BY_CLASS:
        raise _unsupported_error(value)
    kind, rules = _RULES_BY_CLASS[type(value)]
    for argument in _UNSUPPORTED_ARGUMENTS:
        if getattr(value, argument, None):
            raise UnsupportedModelError(
                f"{kind} is given {argument}, which cannot be graded", hint="Leave it out."
            )
    if isinstance(value, keras.Layer):
        _require_defaults(kind, value)
    return {"kind": kind, "settings": {name: _encode_attribute(value, kind, name) for name in rules}}


def _unsupported_error(value: Any) -> UnsupportedModelError:
    kind = type(value)
    if isinstance(value, keras.layers.Lambda):
        problem, name = "the model has a Lambda layer, which cannot be graded", ""
    elif not isinstance(value, keras.Layer):
        problem, name = "the model is set to something that cannot be graded", kind.__name__
    elif getattr(keras.layers, kind.__name__, None) is kind:
        problem, name = "the model has a layer that cannot be graded", kind.__name__
    else:
        problem = "the model has a layer of a class of your own"
        name = f"{kind.__name__} (not the one of keras.layers)"
    return UnsupportedModelError(
        problem, seen=name, hint="Use layers such as Embedding, LSTM, GRU, Dense, Dropout."
    )


def _require_defaults(kind: str, layer: Any) -> None:
    """Refuse numbers of another precision or order, and a backward layer unlike the forward one."""
    if kind != "InputLayer" and layer.dtype_policy.name != "float32":
        raise UnsupportedModelError(f"{kind} computes in another dtype than float32", hint="Leave dtype out.")
    if getattr(layer, "data_format", None) not in (None, "channels_last"):
        raise UnsupportedModelError(f"{kind} has another data_format", hint="Leave this argument out.")
    if kind == "Bidirectional":
        forward, backward = encode_object(layer.forward_layer), encode_object(layer.backward_layer)
        backward["settings"]["go_backwards"] = not backward["settings"]["go_backwards"]
        if forward != backward:
            raise UnsupportedModelError(
                "Bidirectional has two different layers", hint="Leave backward_layer out."
            )


def _encode_attribute(owner: Any, kind: str, name: str) -> Any:
    if name == "learning_rate":
        return _learning_rate(owner._learning_rate)
    if name == "layer":
        return encode_object(owner.forward_layer if kind == "Bidirectional" else owner.layer)
    return encode_setting(getattr(owner, name), f"{name} of {kind}")


def _learning_rate(value: Any) -> Any:
    """Return a schedule, or the number as it was typed and not as float32 holds it."""
    if isinstance(value, keras.Variable):
        return float(str(np.float32(value.numpy())))
    return encode_setting(value, "the learning rate")


def encode_setting(value: Any, label: str) -> Any:
    """Return a setting as plain data; ``what`` names it in the refusal.

    Raises:
        Unsupported: it is neither plain nor one of Keras' own.
    """
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [encode_setting(item, label) for item in value]
    if kind in _RULES_BY_CLASS and not isinstance(value, keras.Layer):
        return encode_object(value)
    try:
        return _ACTIVATIONS[value]
    except (KeyError, TypeError):
        raise UnsupportedModelError(
            f"{label} is not one of Keras' own",
            seen=str(getattr(value, "__name__", kind.__name__))[:60],
            hint="Use one of keras.activations, keras.regularizers or a plain number.",
        ) from None
