"""Everything that Keras has comes back: every class, and every argument off its default."""

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
import pytest

from autograder.engine import wire
from autograder.models import catalog, sizes
from autograder.models.encode import encode
from autograder.models.parse import parse
from autograder.models.rebuild import build

L = keras.layers
SHAPES: tuple[tuple[int, ...], ...] = ((8,), (6, 8), (7, 6, 3), (4, 7, 6, 3), (3, 4, 7, 6, 3), (1,))
"""Shapes of one row, from which the first that a layer accepts is taken."""

REQUIRED: Mapping[str, Any] = {
    "rate": 0.3,
    "stddev": 0.2,
    "factor": 0.3,
    "scale": 0.5,
    "height_factor": 0.2,
    "width_factor": 0.2,
    "units": 3,
    "filters": 4,
    "input_dim": 20,
    "output_dim": 5,
    "key_dim": 3,
    "head_dim": 4,
    "num_query_heads": 4,
    "axes": 1,
    "height": 4,
    "width": 4,
    "num_bins": 5,
    "activation": "elu",
    "target_shape": (2, -1),
    "dims": (2, 1),
    "equation": "abc,cd->abd",
    "output_shape": (None, 5),
}
"""Values for arguments that have no default; 2 for any other."""


def arguments_of(name: str) -> dict[str, Any]:
    """Return new objects and numbers for the arguments of single classes."""
    special: Mapping[str, Callable[[], dict[str, Any]]] = {
        "Bidirectional": lambda: {"layer": L.LSTM(3)},
        "TimeDistributed": lambda: {"layer": L.Dense(3)},
        "SpectralNormalization": lambda: {"layer": L.Dense(3)},
        "RNN": lambda: {"cell": L.LSTMCell(3)},
        "StackedRNNCells": lambda: {"cells": [L.LSTMCell(3), L.GRUCell(2)]},
        "AdaptiveAveragePooling1D": lambda: {"output_size": 3},
        "Pipeline": lambda: {"layers": [L.Rescaling(0.5)]},
        "CategoryEncoding": lambda: {"num_tokens": 20},
        "Discretization": lambda: {"bin_boundaries": [1.0, 4.0]},
        "GroupNormalization": lambda: {"groups": 2},
        "RandomPosterization": lambda: {"factor": 3},
        "MelSpectrogram": lambda: {
            "fft_length": 4,
            "sequence_stride": 2,
            "num_mel_bins": 2,
            "sampling_rate": 8,
        },
        "STFTSpectrogram": lambda: {"frame_length": 4, "frame_step": 2, "fft_length": 4},
    }
    given = special.get(name, dict)()
    for parameter in catalog.parameters_of("layers", name).values():
        if parameter.default is parameter.empty:
            given.setdefault(parameter.name, REQUIRED.get(parameter.name, 2))
    return given


SEEDED = ("Random", "RandAugment", "AugMix", "CutMix", "MixUp", "Solarization")
LISTS = (
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"),
    *("Attention", "AdditiveAttention", "HashedCrossing"),
)
"""Layers that read a list of tensors."""

EXCEPTIONS: Mapping[tuple[str, str], str] = {
    ("CategoryEncoding", "sparse"): "a sparse tensor is refused",
    ("HashedCrossing", "sparse"): "a sparse tensor is refused",
    ("Hashing", "sparse"): "a sparse tensor is refused",
    ("RandomShear", "x_factor"): "Keras does not accept what it keeps of the argument",
    ("RandomShear", "y_factor"): "Keras does not accept what it keeps of the argument",
}
"""Arguments that do not come back, and why."""


def model_with(name: str, shape: tuple[int, ...], **changes: Any) -> keras.Model:
    layer = getattr(L, name)(**{**arguments_of(name), **changes})
    if name in LISTS:
        dtype = "int32" if name == "HashedCrossing" else None
        inputs = [keras.Input(shape, dtype=dtype), keras.Input(shape, dtype=dtype)]
        return keras.Model(inputs, layer(inputs))
    if name in ("MultiHeadAttention", "GroupQueryAttention"):
        inputs = [keras.Input(shape), keras.Input(shape)]
        return keras.Model(inputs, layer(*inputs))
    if name.endswith(("Cell", "Cells")):
        layer = L.RNN(layer)
    reads_ids = "Embedding" in name or name in ("CategoryEncoding", "Hashing")
    source = keras.Input(shape, dtype="int32" if reads_ids else None)
    return keras.Model(source, layer(source))


def rows(model: keras.Model) -> Any:
    generator = np.random.default_rng(5)
    arrays = []
    for tensor in model.inputs:
        sizes_of_axes = [2, *(size or 5 for size in tensor.shape[1:])]
        arrays.append(generator.integers(1, 9, size=sizes_of_axes).astype(tensor.dtype))
    return arrays if len(arrays) > 1 else arrays[0]


def first_that_runs(name: str) -> tuple[tuple[int, ...], keras.Model]:
    problem: Exception | None = None
    for shape in SHAPES:
        try:
            model = model_with(name, shape)
            model(rows(model))
        except Exception as error:  # noqa: BLE001  whatever a layer says to a shape that is not its own
            problem = error
        else:
            return shape, model
    raise AssertionError(f"{name} accepts none of the shapes") from problem


def crossed(model: keras.Model) -> keras.Model:
    """Return the model that the other side of the wire builds, with the same weights."""
    description = parse(wire.decode(wire.encode({"model": encode(model)}))["model"])
    built = build(description, seed=1)
    assert sizes.measure(description).parameters == model.count_params()
    assert parse(encode(built)) == description
    built.set_weights(model.get_weights())
    return built


def assert_equal_outputs(model: keras.Model, other: keras.Model) -> None:
    data = rows(model)
    keras.utils.set_random_seed(1)
    ours = keras.tree.flatten(model(data))
    keras.utils.set_random_seed(1)
    for left, right in zip(ours, keras.tree.flatten(other(data)), strict=True):
        assert left.shape == right.shape
        if not has_own_seed(model):
            assert np.allclose(left, right, atol=1e-6, equal_nan=True)


def has_own_seed(model: keras.Model) -> bool:
    """Return True if the outputs for images depend on a seed, which does not cross."""
    return type(model.layers[-1]).__name__.startswith(SEEDED)


def alternatives(parameter: inspect.Parameter) -> Iterator[Any]:
    """Yield values other than the default; Keras may refuse any of them."""
    default, word = parameter.default, parameter.name.rpartition("_")[2]
    objects = {
        "initializer": keras.initializers.HeNormal(seed=3),
        "regularizer": keras.regularizers.L2(0.1),
        "constraint": keras.constraints.MaxNorm(3),
        "activation": "elu",
    }
    if word in objects:
        yield objects[word]
    elif isinstance(default, bool):
        yield not default
    elif isinstance(default, int):
        yield default + 1
    elif isinstance(default, float):
        yield default * 0.5 + 0.1
    elif isinstance(default, tuple):
        yield tuple(item + 1 if isinstance(item, int) else item for item in default)
    elif isinstance(default, str):
        yield from (
            "same",
            "sum",
            "ave",
            "count",
            "int",
            "one_hot",
            "concat",
            "bilinear",
            "nearest",
            "reflect",
        )
    elif default is None:
        yield from (2, 0.5, (1, 1), True)


NOT_FUNCTIONAL = {"Equalization"}
"""Layers that Keras cannot put into a functional model."""


@pytest.mark.parametrize("name", sorted(catalog.NAMES["layers"] - {"InputLayer"} - NOT_FUNCTIONAL))
def test_a_layer_comes_back_with_each_argument_off_its_default(name: str) -> None:
    warnings.simplefilter("ignore")
    shape, model = first_that_runs(name)
    assert_equal_outputs(model, crossed(model))
    for parameter in catalog.parameters_of("layers", name).values():
        if (name, parameter.name) in EXCEPTIONS or parameter.default is parameter.empty:
            continue
        for value in alternatives(parameter):
            try:
                variant = model_with(name, shape, **{parameter.name: value})
                variant(rows(variant))
            except Exception:  # noqa: BLE001  Keras itself refuses the value
                continue
            assert_equal_outputs(variant, crossed(variant))
            break


def test_few_layers_are_left_out() -> None:
    public = {
        value for value in vars(L).values() if inspect.isclass(value) and issubclass(value, keras.Layer)
    }
    listed = {catalog.find("layers", name) for name in catalog.NAMES["layers"]}
    assert len(public - listed) <= 10
