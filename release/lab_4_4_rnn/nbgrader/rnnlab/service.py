"""What takes time in a notebook, done here or elsewhere.

A task is a function of a model, arrays and settings, and of nothing else: ``train`` starts
from fresh weights, the other tasks use the weights that the model has. ``run`` remembers
results on disk. A program that runs many notebooks sets ``offload`` and does the work itself,
with ``TASKS``, so that a result is the same wherever it is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import memo
from .description import describe
from .errors import KitError
from .fitting import TASKS, Arrays, Settings, origin
from .memo import Result
from .quiet import keras

__all__ = ["TASKS", "KitError", "Result", "offload", "origin", "run"]

offload: Callable[[str, keras.Model, Arrays, Settings], Result | None] | None = None
"""Asked first where it is set; None from it means: compute it here."""


def run(
    task: str,
    model: keras.Model,
    arrays: Arrays,
    settings: Settings,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Result:
    """Return what a task comes to, from elsewhere, from the store, or computed now.

    Args:
        task: a name in ``TASKS``.
        settings: plain numbers; ``train`` takes epochs, batch_size, validation_split, seed.
        callbacks: called while ``train`` computes, and only then.

    Raises:
        KitError: Keras cannot do this with the model; one sentence says why.
    """
    if offload is not None:
        elsewhere = offload(task, model, arrays, settings)
        if elsewhere is not None:
            return elsewhere
    options = {"callbacks": callbacks} if callbacks else {}
    architecture = describe(model)
    if architecture is None:
        return TASKS[task](model, arrays, settings, **options)
    weights = () if task == "train" else model.get_weights()
    key = memo.key_of({task: architecture, "settings": settings, **origin()}, (*weights, *arrays))
    found = memo.load(key)
    if found is None:
        found = TASKS[task](model, arrays, settings, **options)
        memo.store(key, found)
    return found
