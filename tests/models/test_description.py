"""Models cross as descriptions: however one is written, it has one key and one behavior."""

import random
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from autograder.engine import wire
from autograder.models.description import Model, plain
from autograder.models.encode import encode
from autograder.models.parse import parse
from autograder.models.rebuild import build
from autograder.models.sizes import measure

L = keras.layers
WORDS, WIDTH, UNITS, STEPS = 50, 4, 3, 12


def described(model: keras.Model) -> Model:
    """The description on the other side of the wire."""
    return parse(wire.decode(wire.encode({"model": encode(model)}))["model"])


def outputs(model: keras.Model) -> np.ndarray:
    ids = np.random.default_rng(5).integers(0, WORDS, size=(8, STEPS))
    return np.asarray(model(ids))


def compiled(model: keras.Model, **other: Any) -> keras.Model:
    usual = {"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["accuracy"]}
    model.compile(**{**usual, **other})
    return model


def body() -> list[keras.Layer]:
    return [
        L.Embedding(WORDS, WIDTH, mask_zero=True),
        L.LSTM(UNITS, dropout=0.2),
        L.Dense(1, activation="sigmoid"),
    ]


def a_list() -> keras.Model:
    return compiled(keras.Sequential([keras.Input((STEPS,)), *body()]))


def by_add() -> keras.Model:
    model = keras.Sequential()
    model.add(keras.Input(shape=(STEPS,)))
    for layer in body():
        model.add(layer)
    return compiled(model)


def functional(**compile_settings: Any) -> keras.Model:
    source = keras.Input((STEPS,))
    x = source
    for layer in body():
        x = layer(x)
    return compiled(keras.Model(source, x), **compile_settings)


def with_names() -> keras.Model:
    source = keras.Input((STEPS,), name="reviews")
    x = L.Embedding(WORDS, WIDTH, mask_zero=True, name="words")(source)
    x = L.LSTM(UNITS, dropout=0.2, name="memory", seed=1)(x)
    return compiled(keras.Model(source, L.Dense(1, "sigmoid", name="verdict")(x), name="Mine"))


def with_the_mask_handed_over() -> keras.Model:
    source = keras.Input((STEPS,))
    embedding = L.Embedding(WORDS, WIDTH, mask_zero=True)
    x = L.LSTM(UNITS, dropout=0.2)(embedding(source), mask=embedding.compute_mask(source))
    return compiled(keras.Model([source], [L.Dense(1, activation="sigmoid")(x)]))


def with_an_input_layer() -> keras.Model:
    return compiled(keras.Sequential([L.InputLayer(shape=(STEPS,)), *body()]))


def with_a_batch_shape() -> keras.Model:
    return compiled(keras.Sequential([keras.Input(batch_shape=(None, STEPS)), *body()]))


def built_afterwards() -> keras.Model:
    model = keras.Sequential(body())
    model.build((None, STEPS))
    return compiled(model)


def nested() -> keras.Model:
    first, *rest = body()
    return compiled(keras.Sequential([keras.Input((STEPS,)), first, keras.Sequential(rest)]))


def with_objects() -> keras.Model:
    layers = [
        L.Embedding(input_dim=WORDS, output_dim=WIDTH, mask_zero=True),
        L.LSTM(UNITS, "tanh", dropout=np.float32(0.5) * np.float64(0.4)),
        L.Dense(
            1, activation=keras.activations.sigmoid, kernel_initializer=keras.initializers.GlorotUniform(3)
        ),
    ]
    return compiled(keras.Sequential([keras.Input((STEPS,)), *layers]), optimizer=keras.optimizers.Adam())


def with_an_optimizer_of_the_same_numbers() -> keras.Model:
    return functional(optimizer=keras.optimizers.Adam(learning_rate=1e-3), jit_compile=False)


def with_classes() -> keras.Model:
    return functional(loss=keras.losses.BinaryCrossentropy(), metrics=[keras.metrics.BinaryAccuracy()])


def with_uninstantiated_classes() -> keras.Model:
    return functional(loss=keras.losses.BinaryCrossentropy, metrics=[keras.metrics.BinaryAccuracy])


def with_functions() -> keras.Model:
    return functional(loss=keras.losses.binary_crossentropy, metrics=[keras.metrics.binary_accuracy])


def with_other_spellings() -> keras.Model:
    return functional(loss="bce", metrics=[["acc"]])


STYLES = [
    a_list,
    by_add,
    functional,
    with_names,
    with_the_mask_handed_over,
    with_an_input_layer,
    with_a_batch_shape,
    built_afterwards,
    nested,
    with_objects,
    with_an_optimizer_of_the_same_numbers,
    with_classes,
    with_uninstantiated_classes,
    with_functions,
    with_other_spellings,
]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
def test_every_right_style_has_one_description_and_gives_equal_outputs(
    style: Callable[[], keras.Model],
) -> None:
    plain, other = described(a_list()), described(style())
    assert other == plain
    assert other.key() == plain.key()
    assert np.array_equal(outputs(build(other, seed=7)), outputs(build(plain, seed=7)))


def one_word_more() -> keras.Model:
    return compiled(keras.Sequential([keras.Input((STEPS,)), L.Embedding(WORDS + 1, WIDTH), *body()[1:]]))


def no_mask() -> keras.Model:
    return compiled(keras.Sequential([keras.Input((STEPS,)), L.Embedding(WORDS, WIDTH), *body()[1:]]))


def another_learning_rate() -> keras.Model:
    return functional(optimizer=keras.optimizers.Adam(0.002))


def from_logits() -> keras.Model:
    return functional(loss=keras.losses.BinaryCrossentropy(from_logits=True))


def not_compiled() -> keras.Model:
    return keras.Sequential([keras.Input((STEPS,)), *body()])


def not_built() -> keras.Model:
    return compiled(keras.Sequential(body()))


def frozen() -> keras.Model:
    model = a_list()
    model.layers[0].trainable = False
    return model


def another_start() -> keras.Model:
    layers = [*body()[:2], L.Dense(1, activation="sigmoid", kernel_initializer="he_normal")]
    return compiled(keras.Sequential([keras.Input((STEPS,)), *layers]))


def with_a_limit_on_weights() -> keras.Model:
    layers = [*body()[:2], L.Dense(1, activation="sigmoid", kernel_constraint="non_neg")]
    return compiled(keras.Sequential([keras.Input((STEPS,)), *layers]))


OTHERS = [
    *(one_word_more, no_mask, another_learning_rate, from_logits, not_compiled, not_built, frozen),
    *(another_start, with_a_limit_on_weights),
]


def test_models_that_differ_have_different_keys() -> None:
    keys = {described(style()).key() for style in [a_list, *OTHERS]}
    assert len(keys) == 1 + len(OTHERS)


@pytest.mark.parametrize("style", OTHERS, ids=lambda style: style.__name__)
def test_a_description_survives_its_own_plain_form_and_a_second_crossing(
    style: Callable[[], keras.Model],
) -> None:
    present = described(style())
    assert parse(plain(present)) == present
    assert described(build(present, seed=1)) == present


def test_another_seed_gives_other_weights_and_leaves_the_random_state_alone() -> None:
    present = described(a_list())
    random.seed(3)
    expected = random.random()
    random.seed(3)
    first, second = build(present, seed=1), build(present, seed=2)
    assert random.random() == expected
    assert not np.array_equal(outputs(first), outputs(second))


def test_a_model_that_is_not_built_or_not_compiled_stays_so() -> None:
    unbuilt, plain = build(described(not_built()), seed=1), build(described(not_compiled()), seed=1)
    assert [type(layer) for layer in unbuilt.layers] == [L.Embedding, L.LSTM, L.Dense]
    assert (unbuilt.built, unbuilt.compiled) == (False, True)
    assert (plain.built, plain.compiled) == (True, False)
    assert described(not_built()).calls == ()


def test_branches_shared_layers_and_several_inputs_are_rebuilt_as_they_were() -> None:
    left, right = keras.Input((STEPS,), name="b"), keras.Input((STEPS,), name="a")
    words, memory = L.Embedding(WORDS, WIDTH, mask_zero=True), L.GRU(UNITS)
    first, second = memory(words(left)), memory(words(right))
    joined = L.Concatenate()([L.Add()([second, first]), L.Multiply()([first, second]), first])
    model = keras.Model([left, right], [L.Dense(2)(joined), second])
    built = build(described(model), seed=1)
    assert [type(layer) for layer in built.layers] == [type(layer) for layer in model.layers]
    built.set_weights(model.get_weights())
    ids = np.random.default_rng(5).integers(0, WORDS, size=(2, 8, STEPS))
    for ours, theirs in zip(built([ids[0], ids[1]]), model([ids[0], ids[1]]), strict=True):
        assert np.allclose(ours, theirs, atol=1e-6)


def test_a_model_inside_a_model_is_taken_apart_and_computes_the_same() -> None:
    inner_in = keras.Input((STEPS, WIDTH))
    inner = keras.Model(inner_in, [L.GRU(UNITS)(inner_in), L.GlobalMaxPooling1D()(inner_in)])
    source = keras.Input((STEPS,))
    state, peak = inner(L.Embedding(WORDS, WIDTH, mask_zero=True)(source))
    model = keras.Model(source, L.Concatenate()([state, peak]))
    built = build(described(model), seed=1)
    kinds = {type(layer) for layer in built.layers}
    assert kinds == {L.InputLayer, L.Embedding, L.GRU, L.GlobalMaxPooling1D, L.Concatenate}
    built.set_weights(model.get_weights())
    assert np.array_equal(outputs(built), outputs(model))


def test_the_cost_grows_with_everything_that_is_work() -> None:
    def cost(
        layer: keras.Layer, steps: int = 200, rows: int = 4_000, epochs: int = 3, batch: int = 64
    ) -> float:
        model = keras.Sequential([keras.Input((steps,)), L.Embedding(1_000, 32), layer])
        return measure(described(model)).training_cost_s(rows, epochs, batch)

    usual = cost(L.GRU(32))
    assert cost(L.GlobalMaxPooling1D()) < cost(L.SimpleRNN(32)) < usual < cost(L.LSTM(32))
    assert usual < min(cost(L.GRU(64)), cost(L.GRU(32), 300), cost(L.GRU(32), rows=5_000))
    assert usual < min(cost(L.GRU(32), epochs=4), cost(L.GRU(32), batch=32))
    assert cost(L.Bidirectional(L.GRU(32))) > 1.5 * usual


def test_a_negative_zero_gives_no_key_of_its_own() -> None:
    keys = {described(keras.Sequential([keras.Input((5,)), L.LeakyReLU(x)])).key() for x in (0, 0.0, -0.0)}
    assert len(keys) == 1


def test_a_state_that_nothing_reads_leaves_no_trace() -> None:
    source = keras.Input((6, 3))
    with_states, *states = keras.layers.LSTM(4, return_state=True)(source)
    usual = keras.Model(source, keras.layers.LSTM(4)(source))
    assert described(keras.Model(source, with_states)).key() == described(usual).key()
    assert described(keras.Model(source, [with_states, *states])).key() != described(usual).key()
    assert described(keras.Model(source, states[0])).key() != described(usual).key()
