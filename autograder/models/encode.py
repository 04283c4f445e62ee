"""A Keras model becomes plain data, in the student's process; nothing here is to be trusted.

Settings are read from the objects, and functions are recognised by identity: a student's own
``def relu`` would serialise exactly like the one of Keras.
"""

from typing import Any

from autograder.models.encode_compile import encode_compile_config, reported_metric_names
from autograder.models.encode_layer import encode_object
from autograder.models.graph import UnsupportedModelError, build_graph

__all__ = ["UnsupportedModelError", "encode", "reported_metric_names"]


def encode(model: Any) -> dict[str, Any]:
    """Return a model as plain data that ``parse`` reads.

    Raises:
        Unsupported: the model, a layer, or what one is set to is not Keras' own.
    """
    graph = build_graph(model)
    return {
        "layers": [encode_object(layer) for layer in graph.layers],
        "steps": [[layer, list(reads)] for layer, reads in graph.steps],
        "inputs": graph.inputs,
        "outputs": graph.outputs,
        "compiled": encode_compile_config(model) if model.compiled else None,
    }
