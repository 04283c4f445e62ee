"""A Keras model becomes plain data, in the student's process; nothing here is to be trusted.

Settings are read from the objects, and functions are recognised by identity: a student's own
``def relu`` would serialise exactly like the one of Keras.
"""

from typing import Any

from autograder.grade.models.compiled import compiled_with, own_metric_names
from autograder.grade.models.objects import part_of
from autograder.grade.models.wiring import Unsupported, wiring

__all__ = ["Unsupported", "encode", "own_metric_names"]


def encode(model: Any) -> dict[str, Any]:
    """Return a model as plain data that ``parse`` reads.

    Raises:
        Unsupported: the model, a layer, or what one is set to is not Keras' own.
    """
    graph = wiring(model)
    return {
        "layers": [part_of(layer) for layer in graph.layers],
        "steps": [[layer, list(reads)] for layer, reads in graph.steps],
        "inputs": graph.inputs,
        "outputs": graph.outputs,
        "compiled": compiled_with(model) if model.compiled else None,
    }
