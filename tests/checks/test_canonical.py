"""Equal networks are equal however they are written; each equality is shown by outputs, under a mask."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from autograder import checks
from autograder.checks import MismatchError, Outcome
from autograder.checks.canonical import canonical_layers
from autograder.engine import wire
from autograder.models.encode import encode
from autograder.models.parse import parse
from autograder.models.rebuild import build

K, L = keras.ops, keras.layers
WORDS, WIDTH, UNITS, STEPS = 30, 5, 4, 9
Build = Callable[[Any], Any]
"""From embedded words, shape (rows, STEPS, WIDTH), to the last tensor."""


def network(build: Build, *, mask_zero: bool = True) -> keras.Model:
    source = keras.Input((STEPS,))
    return keras.Model(source, build(L.Embedding(WORDS, WIDTH, mask_zero=mask_zero)(source)))


def plain(kind: type, **settings: Any) -> Build:
    return lambda x: L.Dense(1, activation="sigmoid")(kind(UNITS, **settings)(x))


def classified(recurrent: Build) -> Build:
    return lambda x: L.Dense(1, activation="sigmoid")(recurrent(x))


def with_state(kind: type) -> Build:
    return lambda x: kind(UNITS, return_state=True)(x)[0]


def last_step(kind: type, key: tuple[Any, ...]) -> Build:
    return lambda x: kind(UNITS, return_sequences=True)(x)[key]


LAST = (slice(None), -1)
RECURRENT = {
    "SimpleRNN": (L.SimpleRNN, L.SimpleRNNCell),
    "LSTM": (L.LSTM, L.LSTMCell),
    "GRU": (L.GRU, L.GRUCell),
}
EQUAL: dict[str, tuple[Build, Build]] = {}
for _name, (_kind, _cell) in RECURRENT.items():
    EQUAL[f"RNN({_name}Cell)"] = (
        classified(lambda x, cell=_cell: L.RNN(cell(UNITS))(x)),
        plain(_kind),
    )
    EQUAL[f"RNN of two {_name}Cells"] = (
        classified(lambda x, cell=_cell: L.RNN([cell(3), cell(UNITS)])(x)),
        classified(lambda x, kind=_kind: kind(UNITS)(kind(3, return_sequences=True)(x))),
    )
    EQUAL[f"{_name} unrolled"] = (plain(_kind, unroll=True), plain(_kind))
    EQUAL[f"{_name} with a state that nobody reads"] = (classified(with_state(_kind)), plain(_kind))
    EQUAL[f"the last step of {_name}"] = (classified(last_step(_kind, LAST)), plain(_kind))
    EQUAL[f"the last step of {_name}, all numbers"] = (
        classified(last_step(_kind, (*LAST, slice(None)))),
        plain(_kind),
    )
EQUAL |= {
    "two cells": (
        classified(lambda x: L.RNN([L.LSTMCell(UNITS), L.GRUCell(3)])(x)),
        classified(lambda x: L.GRU(3)(L.LSTM(UNITS, return_sequences=True)(x))),
    ),
    "an activation layer behind Dense": (
        lambda x: L.Activation("sigmoid")(L.Dense(1)(L.GRU(UNITS)(x))),
        plain(L.GRU),
    ),
    "a function behind Dense": (
        lambda x: keras.activations.sigmoid(L.Dense(1)(L.GRU(UNITS)(x))),
        plain(L.GRU),
    ),
    "ReLU behind Dense": (
        lambda x: L.ReLU()(L.Dense(3)(L.GRU(UNITS)(x))),
        lambda x: L.Dense(3, activation="relu")(L.GRU(UNITS)(x)),
    ),
    "softmax behind Dense": (
        lambda x: L.Softmax()(L.Dense(3)(L.GRU(UNITS)(x))),
        lambda x: L.Dense(3, activation="softmax")(L.GRU(UNITS)(x)),
    ),
    "Dense at each step": (
        lambda x: L.GRU(UNITS)(L.TimeDistributed(L.Dense(3, activation="relu"))(x)),
        lambda x: L.GRU(UNITS)(L.Dense(3, activation="relu")(x)),
    ),
    "a reshape to the same shape": (
        lambda x: L.Reshape((1,))(plain(L.GRU)(x)),
        plain(L.GRU),
    ),
    "the last step, counted from the start": (
        classified(lambda x: L.GRU(UNITS, return_sequences=True)(x)[:, x.shape[1] - 1, :]),
        plain(L.GRU),
    ),
    "the last step, with an ellipsis": (
        classified(lambda x: L.GRU(UNITS, return_sequences=True)(x)[..., -1, :]),
        plain(L.GRU),
    ),
    "the last step, taken": (
        classified(lambda x: K.take(L.GRU(UNITS, return_sequences=True)(x), -1, axis=1)),
        plain(L.GRU),
    ),
    "a function that reshapes to the same shape": (
        lambda x: K.reshape(plain(L.GRU)(x), (-1, 1)),
        plain(L.GRU),
    ),
    "an axis that comes and goes": (
        lambda x: K.squeeze(K.expand_dims(plain(L.GRU)(x), 1), 1),
        plain(L.GRU),
    ),
    "a dropout of nothing": (lambda x: plain(L.GRU)(L.Dropout(0.0)(x)), plain(L.GRU)),
    "an identity": (lambda x: plain(L.GRU)(L.Identity()(x)), plain(L.GRU)),
    "a linear activation": (lambda x: L.Activation("linear")(plain(L.GRU)(x)), plain(L.GRU)),
}
for _spelling in ("relu", "sigmoid", "tanh", "softmax", "elu", "selu", "softplus", "softsign", "silu"):
    EQUAL[f"tf.nn.{_spelling}"] = (
        lambda x, name=_spelling: L.Dense(3, activation=getattr(tf.nn, name))(L.GRU(UNITS)(x)),
        lambda x, name=_spelling: L.Dense(3, activation=name)(L.GRU(UNITS)(x)),
    )
    EQUAL[f"keras.ops.{_spelling}"] = (
        lambda x, name=_spelling: L.Dense(3, activation=getattr(K, name))(L.GRU(UNITS)(x)),
        lambda x, name=_spelling: L.Dense(3, activation=name)(L.GRU(UNITS)(x)),
    )

OTHER: dict[str, tuple[Build, Build]] = {
    "an activation behind a recurrent layer": (
        lambda x: L.Activation("relu")(L.SimpleRNN(UNITS, activation="linear")(x)),
        lambda x: L.SimpleRNN(UNITS, activation="relu")(x),
    ),
    "the last step of both directions": (
        lambda x: L.Bidirectional(L.GRU(UNITS, return_sequences=True))(x)[:, -1],
        lambda x: L.Bidirectional(L.GRU(UNITS))(x),
    ),
    "zeros where the mask is": (
        lambda x: L.RNN(L.LSTMCell(UNITS), return_sequences=True, zero_output_for_mask=True)(x),
        lambda x: L.LSTM(UNITS, return_sequences=True)(x),
    ),
    "another slope": (
        lambda x: L.LeakyReLU()(L.Dense(3)(L.GRU(UNITS)(x))),
        lambda x: L.Dense(3, activation="leaky_relu")(L.GRU(UNITS)(x)),
    ),
    "gelu of keras.ops": (
        lambda x: L.Dense(3, activation=K.gelu)(L.GRU(UNITS)(x)),
        lambda x: L.Dense(3, activation="gelu")(L.GRU(UNITS)(x)),
    ),
    "a mean without the mask": (
        lambda x: K.mean(x, axis=1),
        lambda x: L.GlobalAveragePooling1D()(x),
    ),
    "a reshape that drops the mask": (
        lambda x: L.GRU(UNITS)(L.Reshape((STEPS, WIDTH))(x)),
        lambda x: L.GRU(UNITS)(x),
    ),
    "an axis that comes and goes, without the mask": (
        lambda x: L.GRU(UNITS)(K.squeeze(K.expand_dims(x, 1), 1)),
        lambda x: L.GRU(UNITS)(x),
    ),
    "the first step taken": (
        lambda x: K.take(L.GRU(UNITS, return_sequences=True)(x), 0, axis=1),
        lambda x: L.GRU(UNITS)(x),
    ),
    "the first step": (
        lambda x: L.GRU(UNITS, return_sequences=True)(x)[:, 0],
        lambda x: L.GRU(UNITS)(x),
    ),
    "a softmax along the steps": (
        lambda x: L.Softmax(axis=1)(L.Dense(3)(L.Reshape((STEPS, WIDTH))(x))),
        lambda x: L.Dense(3, activation="softmax")(L.Reshape((STEPS, WIDTH))(x)),
    ),
    "a number added": (lambda x: plain(L.GRU)(x) + 1, plain(L.GRU)),
}


def outputs(model: keras.Model) -> np.ndarray:
    generator = np.random.default_rng(4)
    ids = generator.integers(1, WORDS, size=(6, STEPS))
    ids[:3, 4:] = 0
    return np.asarray(model(ids))


def crossed(model: keras.Model) -> keras.Model:
    return build(parse(wire.decode(wire.encode({"model": encode(model)}))["model"]), seed=1)


def view(model: keras.Model) -> list[tuple[Any, ...]]:
    """What checks can see of a model's canonical layers."""
    names = ("units", "activation", "recurrent_activation", "return_sequences", "mask_zero", "dropout")
    found = []
    for layer in canonical_layers(model):
        settings = [layer.setting(name) for name in names]
        settings[1] = checks.canonical.activation_of(settings[1])
        found.append((layer.kind, *settings))
    return found


@pytest.mark.parametrize("name", EQUAL)
def test_two_spellings_of_one_network_have_one_view_and_equal_outputs_in_every_process(name: str) -> None:
    spelled, usual = map(network, EQUAL[name])
    spelled.set_weights(usual.get_weights())
    assert np.allclose(outputs(spelled), outputs(usual), atol=1e-5)
    assert view(spelled) == view(usual) == view(crossed(spelled))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", OTHER)
def test_what_only_looks_alike_keeps_its_own_view(name: str) -> None:
    keras.utils.set_random_seed(42)
    spelled, usual = map(network, OTHER[name])
    # Fresh weights are so small that most activations are nearly linear.
    usual.set_weights([20 * weight for weight in usual.get_weights()])
    spelled.set_weights(usual.get_weights())
    assert not np.allclose(outputs(spelled), outputs(usual), atol=1e-5)
    assert view(spelled) != view(usual)


def masked_by_hand(number: int) -> keras.Model:
    source = keras.Input((STEPS,))
    x = L.Embedding(WORDS, WIDTH)(source)
    return keras.Model(source, L.GRU(UNITS)(x, mask=K.not_equal(source, number)))


def test_the_mask_of_an_embedding_may_be_made_by_hand() -> None:
    usual = network(lambda x: L.GRU(UNITS)(x))
    spelled = masked_by_hand(0)
    spelled.set_weights(usual.get_weights())
    assert np.allclose(outputs(spelled), outputs(usual), atol=1e-6)
    checks.setting(spelled, L.Embedding, "mask_zero", True)
    with pytest.raises(MismatchError, match="mask_zero"):
        checks.setting(masked_by_hand(1), L.Embedding, "mask_zero", True)


def test_layers_accepts_a_network_as_written_and_its_view() -> None:
    model = network(classified(lambda x: L.RNN(L.LSTMCell(UNITS))(x)))
    checks.layers(model, [L.Embedding, L.LSTM, L.Dense])
    checks.layers(model, [L.Embedding, L.RNN, L.Dense])
    checks.setting(model, L.LSTM, "units", UNITS)
    checks.output(model, (None, 1), activation="sigmoid")
    with pytest.raises(MismatchError, match="layer 2 has the wrong type: found RNN, expected GRU"):
        checks.layers(model, [L.Embedding, L.GRU, L.Dense])


def test_an_operation_on_top_of_the_layers_is_left_to_a_person() -> None:
    model = network(lambda x: plain(L.GRU)(x) + 1)
    with pytest.raises(MismatchError, match=r"Add \(a function of Keras\)") as mismatch:
        checks.layers(model, [L.Embedding, L.GRU, L.Dense])
    assert mismatch.value.outcome is Outcome.REVIEW


def test_an_activation_is_never_expected_and_found_at_once() -> None:
    model = network(lambda x: L.Dense(1, activation=tf.nn.sigmoid)(L.GRU(UNITS)(x)))
    checks.output(model, (None, 1), activation="sigmoid")
    checks.setting(model, L.Dense, "activation", "sigmoid")


def test_a_long_graph_of_operations_takes_no_longer_than_its_length() -> None:
    # Each call is looked at once; a walk that starts anew at each would not end within the test run.
    source = keras.Input((4,))
    x = source
    for _ in range(800):
        x = x + 1.0
    model = keras.Model(source, L.Dense(1)(x))
    assert len(canonical_layers(model)) == 801
