"""Keras variables that draw their first value when somebody asks for it.

Half of the time that a model takes to build goes into weights at which nobody looks: checks read
its layers, and it is trained elsewhere from its description. An initializer's seed is its own, so
it does not matter for a value when it is drawn. Where nothing is drawn at all, TensorFlow's
runtime does not start, which takes as long as building several models.
"""

import math
import resource
from functools import wraps
from importlib import import_module
from types import FunctionType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

_INITIALIZERS = (
    keras.initializers.GlorotUniform,
    keras.initializers.RandomUniform,
    keras.initializers.Zeros,
)
"""Those that Keras' own layers take unless told otherwise. Any other may refuse a shape, or be a
student's function, and draws when the layer is built."""

_MAX_DEFERRED_ELEMENTS = 2**22
"""Numbers in a weight that waits; whoever builds a larger one must have the memory for it."""

_MAX_DEFERRED_SCALAR = 2**22
"""A variable of a larger one is made at once: ``float32`` and ``int32`` hold any smaller one exactly."""

_SEED_GENERATOR_MODULE = "keras.src.random.seed_generator"
"""The module whose functions are the initializers of dropout's seeds."""

_LSTM_MODULE = "keras.src.layers.rnn.lstm"

_rnn_backend: Any = import_module("keras.src.backend.tensorflow.rnn")
"""Where recurrent layers ask for a GPU. Its package has a function of this name."""

_SCALAR_DTYPES = {int: "int", float: "float32"}
"""What optimizers make variables of: steps and learning rates, with the type that they ask for."""


class _ScalarInitializer:
    """The first value of a variable that is made of one number."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __call__(self, _shape: tuple[int, ...], dtype: str) -> Any:
        return keras.ops.convert_to_tensor(self.value, dtype=dtype)


def install() -> None:
    """Change ``keras.Variable``, and what layers ask of the machine, for the rest of this process."""
    variable: Any = keras.Variable
    original_init = variable.__init__
    initialize = variable._initialize_with_initializer
    original_numpy = variable.numpy

    @wraps(original_init)
    def patched_init(
        self: Any, initializer: Any, shape: Any = None, dtype: Any = None, *more: Any, **named: Any
    ) -> None:
        number = shape is None and _SCALAR_DTYPES.get(type(initializer)) == dtype is not None
        if number and abs(initializer) < _MAX_DEFERRED_SCALAR:
            initializer, shape = _ScalarInitializer(initializer), ()
        original_init(self, initializer, shape, dtype, *more, **named)

    def defer(self: Any, initializer: Any) -> None:
        _check_allocatable(self._shape, self._dtype)
        if _can_defer(initializer, self._shape):
            self.__dict__["_first"] = initializer
        else:
            initialize(self, initializer)

    def materialize(self: Any, name: str) -> Any:
        if name != "_value" or "_first" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        with tf.init_scope():
            initialize(self, self.__dict__.pop("_first"))
        return self._value

    def patched_numpy(self: Any) -> Any:
        first = self.__dict__.get("_first")
        return (
            np.dtype(self.dtype).type(first.value)
            if type(first) is _ScalarInitializer
            else original_numpy(self)
        )

    variable.__init__ = patched_init
    variable._initialize_with_initializer = defer
    variable.numpy = patched_numpy
    variable.__getattr__ = materialize
    _rnn_backend._is_gpu_available = _no_gpu


def _no_gpu() -> bool:
    """Say that there is no GPU: a submission sees none, and looking starts the runtime."""
    return False


def _check_allocatable(shape: tuple[int, ...], dtype: str) -> None:
    """Raise what TensorFlow would, which waits ten seconds for memory that this process never gets."""
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    size = math.prod(shape) * tf.as_dtype(dtype).size
    if size > most != resource.RLIM_INFINITY:
        raise tf.errors.ResourceExhaustedError(
            None, None, f"OOM when allocating tensor with shape{list(shape)} and type {dtype}"
        )


def _can_defer(initializer: Any, shape: tuple[int, ...]) -> bool:
    kind = type(initializer)
    if math.prod(shape) > _MAX_DEFERRED_ELEMENTS:
        return False
    if kind is keras.initializers.Orthogonal:
        return len(shape) > 1
    if kind is FunctionType:
        return initializer.__module__ == _SEED_GENERATOR_MODULE or _is_forget_bias(initializer)
    return kind in (*_INITIALIZERS, _ScalarInitializer)


def _is_forget_bias(initializer: FunctionType) -> bool:
    """Say whether it is the function with which an LSTM begins, around one of Keras' own initializers."""
    cells = initializer.__closure__ or ()
    held = [cell.cell_contents for cell in cells] if initializer.__module__ == _LSTM_MODULE else []
    return len(held) == 1 and type(getattr(held[0], "bias_initializer", None)) in _INITIALIZERS
