"""Functions that a functional model calls come back as calls of the same public functions."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from tests.models.test_all_of_keras import crossed

K, L = keras.ops, keras.layers

ONE_TENSOR: dict[str, Callable[[Any], Any]] = {
    "x[:, -1]": lambda x: x[:, -1],
    "x[:, -1, :]": lambda x: x[:, -1, :],
    "x[..., 0]": lambda x: x[..., 0],
    "x[:, ::2]": lambda x: x[:, ::2],
    "x[:, None]": lambda x: x[:, None],
    "x + 1": lambda x: x + 1,
    "1 - x": lambda x: 1 - x,
    "x * x": lambda x: x * x,
    "-x": lambda x: -x,
    "x / 2": lambda x: x / 2,
    "x ** 2": lambda x: x**2,
    "x > 0": lambda x: K.cast(x > 0, "float32"),
    "mean": lambda x: K.mean(x, axis=1),
    "mean of two axes": lambda x: K.mean(x, axis=(1, 2), keepdims=True),
    "sum": lambda x: K.sum(x, axis=-1),
    "max": lambda x: K.max(x, axis=1),
    "amax": lambda x: K.amax(x, axis=1),
    "min": lambda x: K.min(x, axis=1),
    "std": lambda x: K.std(x, axis=1),
    "var": lambda x: K.var(x, axis=1),
    "argmax": lambda x: K.argmax(x, axis=-1),
    "abs": K.abs,
    "exp": K.exp,
    "square": K.square,
    "sqrt": lambda x: K.sqrt(K.abs(x)),
    "log1p": lambda x: K.log1p(K.abs(x)),
    "tanh": K.tanh,
    "sigmoid": K.sigmoid,
    "relu": K.relu,
    "leaky_relu": lambda x: K.leaky_relu(x, negative_slope=0.1),
    "gelu": lambda x: K.gelu(x, approximate=False),
    "softmax": lambda x: K.softmax(x, axis=1),
    "activation called as a function": lambda x: keras.activations.relu(x),
    "clip": lambda x: K.clip(x, -0.5, 0.5),
    "expand_dims": lambda x: K.expand_dims(x, axis=1),
    "squeeze": lambda x: K.squeeze(K.expand_dims(x, axis=1), axis=1),
    "reshape": lambda x: K.reshape(x, (-1, 24)),
    "transpose": lambda x: K.transpose(x, (0, 2, 1)),
    "swapaxes": lambda x: K.swapaxes(x, 1, 2),
    "flip": lambda x: K.flip(x, axis=1),
    "pad": lambda x: K.pad(x, ((0, 0), (1, 2), (0, 0))),
    "roll": lambda x: K.roll(x, 1, axis=1),
    "repeat": lambda x: K.repeat(x, 2, axis=1),
    "tile": lambda x: K.tile(x, (1, 2, 1)),
    "cumsum": lambda x: K.cumsum(x, axis=1),
    "take": lambda x: K.take(x, [0, 2], axis=1),
    "one_hot": lambda x: K.one_hot(K.cast(K.abs(x[..., 0]), "int32"), 5),
    "norm": lambda x: K.norm(x, axis=-1),
    "normalize": lambda x: K.normalize(x, axis=-1),
    "split": lambda x: K.split(x, 2, axis=1)[1],
    "unstack": lambda x: K.unstack(x, axis=1)[2],
    "stop_gradient": K.stop_gradient,
    "logsumexp": lambda x: K.logsumexp(x, axis=1),
    "sort": lambda x: K.sort(x, axis=1),
    "average_pool": lambda x: K.average_pool(x, 2),
    "zeros_like": lambda x: x + K.zeros_like(x),
}

TWO_TENSORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": K.multiply,
    "maximum": K.maximum,
    "minimum": K.minimum,
    "concatenate": lambda x, y: K.concatenate([x, y], axis=-1),
    "stack": lambda x, y: K.stack([x, y], axis=1),
    "matmul": lambda x, y: K.matmul(x, K.transpose(y, (0, 2, 1))),
    "x @ y": lambda x, y: x @ K.transpose(y, (0, 2, 1)),
    "einsum": lambda x, y: K.einsum("bsi,bti->bst", x, y),
    "where": lambda x, y: K.where(x > y, x, y),
    "attention by hand": lambda x, y: K.matmul(K.softmax(K.matmul(x, K.swapaxes(y, 1, 2))), y),
}


def assert_comes_back(model: keras.Model) -> None:
    data = [np.random.default_rng(3).normal(size=(2, 6, 4)).astype("float32") for _ in model.inputs]
    built = crossed(model)
    rows = data if len(data) > 1 else data[0]
    assert np.allclose(model(rows), built(rows), atol=1e-6)


@pytest.mark.parametrize("name", ONE_TENSOR)
def test_an_operation_on_one_tensor_comes_back(name: str) -> None:
    source = keras.Input((6, 4))
    assert_comes_back(keras.Model(source, ONE_TENSOR[name](source)))


@pytest.mark.parametrize("name", TWO_TENSORS)
def test_an_operation_on_two_tensors_comes_back(name: str) -> None:
    sources = [keras.Input((6, 4)), keras.Input((6, 4))]
    assert_comes_back(keras.Model(sources, TWO_TENSORS[name](*sources)))


def attention(x: Any) -> Any:
    return L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)


def state_handed_on(x: Any) -> Any:
    _, hidden, carry = L.LSTM(3, return_state=True)(x)
    return L.LSTM(3)(x, initial_state=[hidden, carry])


def mask_by_hand(x: Any) -> Any:
    return L.GRU(3)(x, mask=K.any(K.not_equal(x, 0.0), axis=-1))


def shared_twice(x: Any) -> Any:
    layer = L.Dense(4)
    return L.Add()([layer(x), layer(layer(x))])


def attention_pooling(x: Any) -> Any:
    weights = K.softmax(L.Dense(1)(L.LSTM(3, return_sequences=True)(x)), axis=1)
    return K.sum(weights * x, axis=1)


def active_dropout(x: Any) -> Any:
    return L.Dropout(0.0)(x, training=True)


@pytest.mark.parametrize(
    "call", [attention, state_handed_on, mask_by_hand, shared_twice, attention_pooling, active_dropout]
)
def test_a_call_with_more_than_one_tensor_comes_back(call: Callable[[Any], Any]) -> None:
    source = keras.Input((6, 4))
    assert_comes_back(keras.Model(source, call(source)))
