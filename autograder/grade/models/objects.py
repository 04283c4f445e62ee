"""One object of Keras (a layer, a regularizer, an optimizer …) becomes plain data."""

from typing import Any

import keras
import numpy as np

from autograder.grade.models.rules import Rules
from autograder.grade.models.table import ACTIVATIONS, LAYERS, OPTIMIZERS, REGULARIZERS, SCHEDULES
from autograder.grade.models.wiring import Unsupported

_FAMILIES = (
    (keras.layers, LAYERS),
    (keras.regularizers, REGULARIZERS),
    (keras.optimizers, OPTIMIZERS),
    (keras.optimizers.schedules, SCHEDULES),
)
_KNOWN: dict[type, tuple[str, Rules]] = {
    getattr(module, kind): (kind, rules) for module, family in _FAMILIES for kind, rules in family.items()
}
_ACTIVATIONS = {getattr(keras.activations, name): name for name in ACTIVATIONS}
_OFF = (
    *("activity_regularizer", "kernel_constraint", "recurrent_constraint", "bias_constraint"),
    *("embeddings_constraint", "beta_constraint", "gamma_constraint", "stateful", "unroll"),
    *("return_state", "noise_shape", "lora_enabled", "renorm", "synchronized", "sparse", "ragged"),
    *("optional", "use_ema", "loss_scale_factor", "gradient_accumulation_steps"),
)
"""Arguments that stand in no table and would change what an object does."""


def part_of(value: Any) -> dict[str, Any]:
    """Return an object of one of Keras' own classes as plain data.

    Raises:
        Unsupported: it, or something that it is set to, is not in the table.
    """
    if type(value) not in _KNOWN:
        raise _unknown(value)
    kind, rules = _KNOWN[type(value)]
    for argument in _OFF:
        if getattr(value, argument, None):
            raise Unsupported(f"{kind} is given {argument}, which cannot be graded", hint="Leave it out.")
    if isinstance(value, keras.Layer):
        _require_usual(kind, value)
    return {"kind": kind, "settings": {name: _setting(value, kind, name) for name in rules}}


def _unknown(value: Any) -> Unsupported:
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
    return Unsupported(problem, seen=name, hint="Use layers such as Embedding, LSTM, GRU, Dense, Dropout.")


def _require_usual(kind: str, layer: Any) -> None:
    """Refuse numbers of another precision or order, and a backward layer unlike the forward one."""
    if kind != "InputLayer" and layer.dtype_policy.name != "float32":
        raise Unsupported(f"{kind} computes in another dtype than float32", hint="Leave dtype out.")
    if getattr(layer, "data_format", None) not in (None, "channels_last"):
        raise Unsupported(f"{kind} has another data_format", hint="Leave this argument out.")
    if kind == "Bidirectional":
        forward, backward = part_of(layer.forward_layer), part_of(layer.backward_layer)
        backward["settings"]["go_backwards"] = not backward["settings"]["go_backwards"]
        if forward != backward:
            raise Unsupported("Bidirectional has two different layers", hint="Leave backward_layer out.")


def _setting(owner: Any, kind: str, name: str) -> Any:
    if name == "learning_rate":
        return _learning_rate(owner._learning_rate)
    if name == "layer":
        return part_of(owner.forward_layer if kind == "Bidirectional" else owner.layer)
    return plain_of(getattr(owner, name), f"{name} of {kind}")


def _learning_rate(value: Any) -> Any:
    """Return a schedule, or the number as it was typed and not as float32 holds it."""
    if isinstance(value, keras.Variable):
        return float(str(np.float32(value.numpy())))
    return plain_of(value, "the learning rate")


def plain_of(value: Any, what: str) -> Any:
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
        return [plain_of(item, what) for item in value]
    if kind in _KNOWN and not isinstance(value, keras.Layer):
        return part_of(value)
    try:
        return _ACTIVATIONS[value]
    except (KeyError, TypeError):
        raise Unsupported(
            f"{what} is not one of Keras' own",
            seen=str(getattr(value, "__name__", kind.__name__))[:60],
            hint="Use one of keras.activations, keras.regularizers or a plain number.",
        ) from None
