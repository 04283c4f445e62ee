"""Whatever an answer returns, the vocabulary judges it or raises its own exception.

``make fuzz`` runs 50,000 values and 5,000 models; the test suite a small part of them.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder import checks
from autograder.checks import MismatchError
from autograder.models.description import ModelRefusedError
from autograder.models.encode import encode
from autograder.models.parse import parse
from autograder.models.rebuild import build
from tests.support import tables as pandas_tables

L = keras.layers
VALUES = int(os.environ.get("FUZZ_VALUES", "500"))
MODELS = int(os.environ.get("FUZZ_MODELS", "25"))
ARRAY = np.array([[1.0, 2.0], [3.0, 4.0]])
FRAMES = {**pandas_tables.readable(), **pandas_tables.unreadable()}

VALUE_CHECKS: dict[str, list[Callable[[Any], object]]] = {
    "call": [lambda value: checks.call(lambda: value)],
    "attempt": [lambda value: checks.attempt(lambda: value)],
    "raises": [lambda value: checks.raises(lambda: value)],
    "equal": [
        lambda value: checks.equal(value, 3),
        lambda value: checks.equal(value, "three"),
        lambda value: checks.equal(value, "three", any_spacing=True),
        lambda value: checks.equal(value, ARRAY),
        lambda value: checks.equal(value, {"a": [1, 2.5]}),
        lambda value: checks.equal(value, ["b", "a"], any_order=True),
        lambda value: checks.equal(value, [pandas_tables.SALES]),
    ],
    "frame": [
        lambda value: checks.frame(value, pandas_tables.SALES),
        lambda value: checks.frame(value, FRAMES["pivot"], index=True, kinds=False),
        lambda value: checks.frame(value, FRAMES["two levels of rows"], order=True),
        lambda value: checks.frame(value, FRAMES["series"], kinds=False),
        lambda value: checks.frame(value, FRAMES["categories"]),
        lambda value: checks.frame(value, FRAMES["mixed"]),
        lambda value: checks.frame(value, FRAMES["index"]),
    ],
    "close": [lambda value: checks.close(value, 2.5), lambda value: checks.close(value, ARRAY)],
    "unchanged": [lambda value: checks.unchanged(lambda _values: value, [1, 2])],
    "as_array": [lambda value: checks.as_array(value, (None, 2, 1))],
    "shape": [lambda value: checks.shape(value, (2, 2))],
    "single_spaced": [checks.single_spaced],
    "integers": [checks.integers],
    "of_type": [lambda value: checks.of_type(value, int)],
    "length": [lambda value: checks.length(value, 2)],
    "at_least": [lambda value: checks.at_least(value, 0.5, what="the accuracy")],
    "at_most": [lambda value: checks.at_most(value, 0.5, what="the error")],
}
MODEL_CHECKS: dict[str, list[Callable[[Any], object]]] = {
    "layers": [lambda model: checks.layers(model, [L.Embedding, L.LSTM, L.Dense])],
    "setting": [
        lambda model: checks.setting(model, L.Dense, "activation", "sigmoid"),
        lambda model: checks.setting(model, L.LSTM, "units", [4, 4]),
        lambda model: checks.setting(model, L.Embedding, "mask_zero", True),
    ],
    "recurrent": [lambda model: checks.recurrent(model, L.LSTM, dropout=0.2)],
    "model_name": [lambda model: checks.model_name(model, "lstm")],
    "separate": [lambda model: checks.separate(model, model)],
    "params": [lambda model: checks.params(model, 315), lambda model: checks.params(model, [150, 160, 5])],
    "input_shape": [lambda model: checks.input_shape(model, (None, 9))],
    "output": [lambda model: checks.output(model, (None, 1), activation="sigmoid")],
    "compiled": [
        lambda model: checks.compiled(model, loss="mse", optimizer="adam", metric="mae"),
        lambda model: checks.compiled(model, loss="binary_crossentropy", metric="accuracy"),
    ],
    "output_range": [lambda model: checks.output_range(model, 0, 1)],
    "padding_invariant": [lambda model: checks.padding_invariant(model, model)],
}

texts = st.text(max_size=8) | st.sampled_from(["\ud800", "x" * 100_000, "a\0b", "ends with a space "])
# By exponent: Python refuses to print the largest, also in Hypothesis' own messages.
integers = st.integers(-(2**70), 2**70) | st.builds(pow, st.just(10), st.sampled_from([1, 400, 5000]))
dtypes = arrays.scalar_dtypes() | arrays.unicode_string_dtypes(max_len=4)
scalars = arrays.arrays(dtypes, ()).map(lambda array: array[()])
tables = arrays.arrays(dtypes, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
placeholders = st.sampled_from([type("DataFrame", (), {})(), np.empty((2, 2), dtype=object), object()])
frames = st.sampled_from(sorted(FRAMES)).map(lambda name: FRAMES[name])
cells = st.sampled_from([pd.NA, pd.NaT, pd.Timestamp(3), pd.Interval(0, 1), FRAMES["frame"].groupby("city")])
atoms = st.one_of(
    *(frames, cells, cells.map(lambda cell: pd.Series([cell, 1], dtype=object))),
    *(st.none(), st.booleans(), integers, st.floats(), texts, st.just(...), scalars, tables, placeholders),
)
values = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(texts | integers | st.none(), inner, max_size=3)
    ),
    max_leaves=8,
)

activations = st.sampled_from([None, "relu", "sigmoid", "softmax", "tanh"])
sizes = st.integers(1, 5)


def later(kind: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
    """Return a strategy of functions that make a layer: Keras draws random seeds when it makes one."""
    return st.builds(
        lambda values, named: partial(kind, *values, **named),
        st.tuples(*arguments),
        st.fixed_dictionaries(settings),
    )


layers = st.one_of(
    later(L.Dense, sizes, activation=activations),
    later(L.Embedding, sizes, sizes, mask_zero=st.booleans()),
    later(L.SimpleRNN, sizes, return_sequences=st.booleans(), activation=activations),
    later(L.LSTM, sizes, return_sequences=st.booleans(), go_backwards=st.booleans()),
    later(L.GRU, sizes, return_sequences=st.booleans()),
    later(lambda units: L.RNN(L.LSTMCell(units)), sizes),
    later(lambda units: L.Bidirectional(L.GRU(units)), sizes),
    later(lambda units: L.TimeDistributed(L.Dense(units)), sizes),
    later(L.Conv1D, sizes, sizes),
    later(L.Conv2D, sizes, sizes),
    later(L.Activation, activations.filter(bool)),
    later(L.Dropout, st.sampled_from([0.0, 0.5])),
    *map(later, (L.GlobalAveragePooling1D, L.GlobalMaxPooling1D, L.Flatten, L.Identity, L.ReLU)),
    *map(later, (L.Softmax, L.BatchNormalization, L.Masking)),
    later(lambda: L.Reshape((-1, 1))),
    later(lambda: L.Lambda(lambda x: x)),
)
inputs = later(
    keras.Input,
    st.lists(st.none() | sizes, max_size=3).map(tuple),
    dtype=st.sampled_from(["float32", "int32", "bool", "float16"]),
)
compile_settings = st.fixed_dictionaries(
    {"optimizer": st.sampled_from(["adam", "sgd"])},
    optional={
        "loss": st.sampled_from(["mse", "binary_crossentropy", "nonsense", ["mse"], {"a": "mse"}]),
        "metrics": st.sampled_from([["mae"], ["accuracy"], [["acc"], ["mae"]], {"a": "mae"}, ["nonsense"]]),
        "loss_weights": st.sampled_from([["accuracy"], [1.0]]),
    },
)


def judge(check: Callable[[Any], object], value: Any) -> None:
    """Run a check; only the vocabulary's own exception may come out of it, and it can be printed."""
    try:
        check(value)
    except MismatchError as mismatch:
        assert str(mismatch)


def connected(
    make_input: Callable[[], Any],
    make_layers: list[Callable[[], Any]],
    returned: int,
    settings: dict[str, Any] | None,
) -> Any:
    """Return a model of the layers that fit behind each other."""
    start = make_input()
    layers = [make() for make in make_layers]
    tensors = [start]
    for layer in layers:
        try:
            tensors.append(layer(tensors[-1]))
        except (ValueError, TypeError, AttributeError, IndexError, NotImplementedError):
            continue
    if returned == 0:
        model = keras.Sequential(layers)
    else:
        model = keras.Model(start, tensors[-1] if returned == 1 else tensors[-2:])
    if settings is not None:
        model.compile(**settings)
    return model


unhurried = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)


def test_every_function_of_the_vocabulary_is_tried() -> None:
    functions = {name for name in checks.__all__ if name.islower()} - {"hidden", "run"}
    assert VALUE_CHECKS.keys() | MODEL_CHECKS.keys() == functions


@pytest.mark.parametrize("name", FRAMES)
def test_any_table_is_judged(name: str) -> None:
    for variants in (*VALUE_CHECKS.values(), *MODEL_CHECKS.values()):
        for check in variants:
            judge(check, FRAMES[name])
            judge(lambda value: check(checks.call(lambda: value)), FRAMES[name])  # noqa: B023  it is called here


@settings(unhurried, max_examples=VALUES)
@given(values)
def test_any_value_is_judged(value: Any) -> None:
    for variants in (*VALUE_CHECKS.values(), *MODEL_CHECKS.values()):
        for check in variants:
            judge(check, value)


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(unhurried, max_examples=MODELS)
@given(
    inputs,
    st.lists(layers, max_size=5),
    st.sampled_from([0, 1, 1, 1, 1, 2]),
    st.none() | compile_settings,
)
def test_any_model_is_judged_here_and_on_the_far_side(
    make_input: Any, make_layers: Any, returned: int, settings: Any
) -> None:
    model = connected(make_input, make_layers, returned, settings)
    candidates = [model]
    try:
        candidates.append(build(parse(encode(model)), seed=1))
    except ModelRefusedError as refusal:
        assert str(refusal)
    for candidate in candidates:
        for variants in (*VALUE_CHECKS.values(), *MODEL_CHECKS.values()):
            for check in variants:
                judge(check, candidate)
