"""Keras variables that draw their first value when somebody asks for it.

Half of the time that a model takes to build goes into weights at which nobody looks: checks read
its layers, and it is trained elsewhere from its description. An initializer's seed is its own, so
it does not matter for a value when it is drawn.
"""

import math
from types import FunctionType
from typing import Any

import keras
import tensorflow as tf

_INITIALIZERS = (
    keras.initializers.GlorotUniform,
    keras.initializers.RandomUniform,
    keras.initializers.Zeros,
)
"""Those that Keras' own layers take unless told otherwise. Any other may refuse a shape, or be a
student's function, and draws when the layer is built."""

_LARGEST = 2**22
"""Numbers in a weight that waits; whoever builds a larger one must have the memory for it."""

_SEEDS = "keras.src.random.seed_generator"
"""The module whose functions are the initializers of dropout's seeds."""


def install() -> None:
    """Change ``keras.Variable`` for the rest of this process."""
    variable: Any = keras.Variable
    draw = variable._initialize_with_initializer

    def put_off(self: Any, initializer: Any) -> None:
        if _can_wait(initializer, self._shape):
            self.__dict__["_first"] = initializer
        else:
            draw(self, initializer)

    def missing(self: Any, name: str) -> Any:
        if name != "_value" or "_first" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        with tf.init_scope():
            draw(self, self.__dict__.pop("_first"))
        return self._value

    variable._initialize_with_initializer = put_off
    variable.__getattr__ = missing


def _can_wait(initializer: Any, shape: tuple[int, ...]) -> bool:
    kind = type(initializer)
    if math.prod(shape) > _LARGEST:
        return False
    if kind is keras.initializers.Orthogonal:
        return len(shape) > 1
    return kind in _INITIALIZERS or (kind is FunctionType and initializer.__module__ == _SEEDS)
