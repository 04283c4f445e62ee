"""Keras variables that compute their first value when it is read.

Half of the time to build a model goes into weights that nobody reads: checks look at its layers, and it
is trained elsewhere from its description. An initializer has its own seed, so its value does not depend
on when it is computed. Where nothing is computed at all, TensorFlow's runtime does not start, which takes
as long as building several models.

This replaces private members of Keras, so a new version of Keras may break it: the tests compare weights
and trainings with and without it, and ``tools/measure_lazy_variables.py`` measures whether it is worth it.
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
"""The defaults of Keras' own layers. Any other may refuse a shape, or be a student's function, and is
called when the layer is built, so that its error appears there."""

_MAX_DEFERRED_ELEMENTS = 2**22
"""Elements of a weight that is deferred; a larger one must show at once that there is memory for it."""

_MAX_DEFERRED_SCALAR = 2**22
"""Larger scalars are stored at once: ``float32`` and ``int32`` hold any smaller one exactly."""

_SEED_GENERATOR_MODULE = "keras.src.random.seed_generator"
"""The module whose functions initialize the seeds of dropout."""

_LSTM_MODULE = "keras.src.layers.rnn.lstm"
_SCALAR_DTYPES = {int: "int", float: "float32"}
"""What optimizers create variables from: steps and learning rates, with the dtype that they ask for."""

# Where recurrent layers ask for a GPU. By its name, since the package has a function of the same name.
_rnn_backend: Any = import_module("keras.src.backend.tensorflow.rnn")


class _ScalarInitializer:
    """The first value of a variable that is created from one number."""

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
        self: Any, initializer: Any, shape: Any = None, dtype: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        is_scalar = shape is None and dtype is not None and _SCALAR_DTYPES.get(type(initializer)) == dtype
        if is_scalar and abs(initializer) < _MAX_DEFERRED_SCALAR:
            initializer, shape = _ScalarInitializer(initializer), ()
        original_init(self, initializer, shape, dtype, *args, **kwargs)

    def defer(self: Any, initializer: Any) -> None:
        # TensorFlow's own error, at once: it waits ten seconds for memory that this process never gets.
        limit_bytes, _ = resource.getrlimit(resource.RLIMIT_AS)
        size_bytes = math.prod(self._shape) * tf.as_dtype(self._dtype).size
        if size_bytes > limit_bytes != resource.RLIM_INFINITY:
            raise tf.errors.ResourceExhaustedError(
                None, None, f"OOM when allocating tensor with shape{list(self._shape)} and type {self._dtype}"
            )
        if _can_defer(initializer, self._shape):
            self.__dict__["_deferred"] = initializer
        else:
            initialize(self, initializer)

    def materialize(self: Any, name: str) -> Any:
        # Python calls __getattr__ only for a missing attribute: ``_value`` is missing until it is read.
        if name != "_value" or "_deferred" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        with tf.init_scope():  # it may be read first while a graph is traced
            initialize(self, self.__dict__.pop("_deferred"))
        return self._value

    def patched_numpy(self: Any) -> Any:
        deferred = self.__dict__.get("_deferred")
        if type(deferred) is _ScalarInitializer:
            return np.dtype(self.dtype).type(deferred.value)
        return original_numpy(self)

    variable.__init__ = patched_init
    variable._initialize_with_initializer = defer
    variable.numpy = patched_numpy
    variable.__getattr__ = materialize
    # A submission sees no GPU, and looking for one starts the runtime.
    _rnn_backend._is_gpu_available = lambda: False


def _can_defer(initializer: Any, shape: tuple[int, ...]) -> bool:
    kind = type(initializer)
    if math.prod(shape) > _MAX_DEFERRED_ELEMENTS:
        return False
    if kind is keras.initializers.Orthogonal:
        return len(shape) > 1  # it refuses a vector
    if kind is not FunctionType:
        return kind in (*_INITIALIZERS, _ScalarInitializer)
    if initializer.__module__ == _SEED_GENERATOR_MODULE:
        return True
    # An LSTM initializes its bias (ones for the forget gate) by a function that closes over the LSTM's
    # cell only and calls the cell's own initializer.
    closure = list(initializer.__closure__ or ())
    if initializer.__module__ != _LSTM_MODULE or len(closure) != 1:
        return False
    return type(getattr(closure[0].cell_contents, "bias_initializer", None)) in _INITIALIZERS
