"""Weights that wait are those that would have been drawn at once."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras")

from autograder.engine import lazy_variables  # noqa: E402  Keras is imported above, quietly


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Change ``keras.Variable`` until the test ends."""
    with monkeypatch.context() as patch:
        patch.setattr(
            keras.Variable, "_initialize_with_initializer", keras.Variable._initialize_with_initializer
        )
        patch.setattr(keras.Variable, "__init__", keras.Variable.__init__)
        patch.setattr(keras.Variable, "numpy", keras.Variable.numpy)
        patch.setattr(
            lazy_variables._rnn_backend, "_is_gpu_available", lazy_variables._rnn_backend._is_gpu_available
        )
        patch.setattr(keras.Variable, "__getattr__", None, raising=False)
        patch.delattr(keras.Variable, "__getattr__")
        yield lazy_variables.install


def model(kind: str = "LSTM", **options: object) -> "keras.Model":
    keras.utils.set_random_seed(7)
    layers = keras.layers
    built = keras.Sequential(
        [
            keras.Input((12,)),
            layers.Embedding(30, 4, mask_zero=True),
            getattr(layers, kind)(5, dropout=0.2, **options),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    built.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return built


def waiting(built: "keras.Model") -> int:
    return sum("_deferred" in vars(weight) for weight in built.weights)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_weights_and_training_are_the_same(kind: str, install: Callable[[], None]) -> None:
    X, y = np.arange(240).reshape(20, 12) % 30, np.arange(20) % 2

    def trained() -> "list[np.ndarray]":
        built = model(kind)
        first = built.get_weights()
        keras.utils.set_random_seed(7)
        built.fit(X, y, epochs=2, verbose=0)
        return [*first, *built.get_weights(), built.predict(X, verbose=0)]

    at_once = trained()
    install()
    later = trained()
    assert all(np.array_equal(item, other) for item, other in zip(at_once, later, strict=True))


def test_nothing_is_drawn_until_somebody_looks(install: Callable[[], None]) -> None:
    install()
    built = model()
    before = waiting(built)
    assert before == len(built.weights)
    assert built.count_params() == 30 * 4 + 4 * 5 * (4 + 5 + 1) + 6
    assert waiting(built) == before
    assert built.weights[0].numpy().shape == (30, 4)
    assert waiting(built) == before - 1


def test_weights_can_be_set_before_they_were_drawn(install: Callable[[], None]) -> None:
    install()
    ones = [np.ones(weight.shape) for weight in model().weights]
    built = model()
    built.set_weights(ones)
    assert all((weight == 1).all() for weight in built.get_weights())


def broken(shape: tuple[int, ...], dtype: object = None) -> float:
    raise ValueError(f"no value of shape {shape} and type {dtype}")


@pytest.mark.parametrize("initializer", ["orthogonal", "identity", broken])
def test_an_initializer_that_may_refuse_is_asked_when_the_layer_is_built(
    initializer: object, install: Callable[[], None]
) -> None:
    install()
    with pytest.raises(ValueError):
        model(bias_initializer=initializer)


@pytest.mark.slow
def test_a_weight_that_no_memory_holds_is_refused_when_the_layer_is_built(
    install: Callable[[], None],
) -> None:
    install()
    with pytest.raises(Exception, match=r"allocat|memory|OOM|too large"):
        keras.layers.Dense(10**8).build((None, 10**8))


def test_a_weight_beyond_the_limit_of_the_process_is_refused_at_once(
    install: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    install()
    monkeypatch.setattr(lazy_variables.resource, "getrlimit", lambda _: (8 * 2**30, 8 * 2**30))
    with pytest.raises(Exception, match=r"OOM when allocating tensor with shape\[100000000, 100000000\]"):
        keras.layers.Dense(10**8).build((None, 10**8))
    keras.layers.Dense(10).build((None, 10))


@pytest.mark.parametrize("rate", [0.001, 0.1, 1e-12])
def test_an_optimizer_s_numbers_are_the_same(rate: float, install: Callable[[], None]) -> None:
    def numbers() -> list[object]:
        created = keras.optimizers.Adam(rate)
        before = [
            created.get_config()["learning_rate"],
            created.iterations.numpy(),
            created.learning_rate.numpy(),
        ]
        created.learning_rate = 2 * rate
        created.iterations.assign_add(3)
        after = [
            created.learning_rate.numpy(),
            created.iterations.numpy(),
            created.get_config()["learning_rate"],
        ]
        return [(type(item), item) for item in (*before, *after)]

    at_once = numbers()
    install()
    assert numbers() == at_once


def test_building_a_model_starts_no_runtime(tmp_path: Path) -> None:
    code = """
import keras
from tensorflow.python.eager import context
from autograder.engine import lazy_variables
lazy_variables.install()
for kind in ("SimpleRNN", "GRU", "LSTM"):
    layers = [keras.Input((9,)), keras.layers.Embedding(30, 4, mask_zero=True),
              keras.layers.Bidirectional(getattr(keras.layers, kind)(5, dropout=0.2)), keras.layers.Dense(1)]
    keras.Sequential(layers).compile("adam", "mse", metrics=["mae"])
assert context.context()._context_handle is None
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_other_attributes_are_missing_as_before(install: Callable[[], None]) -> None:
    install()
    with pytest.raises(AttributeError, match="no attribute 'size_of_it'"):
        _ = model().weights[0].size_of_it
