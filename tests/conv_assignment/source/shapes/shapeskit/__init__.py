"""The kit of the assignment with pictures."""

import os
from typing import Any

# TensorFlow's libraries write to descriptor 2 while they load, and nbgrader counts that as wrong.
_saved, _null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
os.dup2(_null, 2)
import keras  # noqa: E402

os.dup2(_saved, 2)
os.close(_saved)
os.close(_null)


def describe(model: Any) -> None:
    """Print how many layers a model has."""
    if isinstance(model, keras.Model):
        print(f"{len(model.layers)} layers")
    else:
        print("Q1 is not answered yet")
