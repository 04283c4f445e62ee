"""Import TensorFlow without a word on stderr.

TensorFlow's C++ libraries write to descriptor 2 while they load, whatever the log
level says; nbgrader counts anything on stderr as a wrong answer. The instruction set
is fixed so that trained weights agree on more machines.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import KitError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")

STDERR = 2


@contextmanager
def silenced_stderr() -> Iterator[None]:
    """Send file descriptor 2 to the null device for the length of the block."""
    if sys.stderr is not None:
        sys.stderr.flush()
    saved = os.dup(STDERR)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, STDERR)
        yield
    finally:
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(saved, STDERR)
        os.close(saved)
        os.close(null)


def check_backend(backend: str) -> None:
    """Refuse a Keras that computes with something else than TensorFlow."""
    if backend != "tensorflow":
        raise KitError(
            f"Keras is set to the backend {backend!r}, and this lab needs TensorFlow: remove KERAS_BACKEND "
            "from the environment (or the backend from ~/.keras/keras.json) and restart the kernel."
        )
    if os.environ.get("TF_USE_LEGACY_KERAS", "0").lower() in ("1", "true"):
        raise KitError(
            "TF_USE_LEGACY_KERAS is set, and this lab needs Keras 3: remove it from the environment and "
            "restart the kernel."
        )


# Before the import, because a backend that is not installed makes it fail.
check_backend(os.environ.get("KERAS_BACKEND") or "tensorflow")
with silenced_stderr():
    import keras
    import tensorflow
check_backend(keras.backend.backend())

tensorflow.get_logger().setLevel("ERROR")  # retracing warnings go to stderr

__all__ = ["check_backend", "keras", "silenced_stderr", "tensorflow"]
