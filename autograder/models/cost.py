"""What a training would cost, estimated from the description alone.

The constants were measured on one core with Keras 3.15 and fitted to twenty models; they are
the same on every machine, so that a mark depends on no machine and on no cache.
"""

from autograder.models.description import Model
from autograder.models.shapes import compute_layer_stats, elements

_START_S = 1.5
"""Building and tracing."""

_BATCH_S = 2e-3
_TIME_STEP_S = 60e-6
_PARAMETER_S = 5e-9
_ELEMENT_S = 5e-9
_GATE_S = 20e-9
_MULTIPLICATION_S = 0.08e-9


def training_cost_s(model: Model, rows: int, epochs: int, batch_size: int) -> float:
    """Return how many seconds a training is taken to last."""
    return _START_S + epochs * _epoch_s(model, rows, batch_size)


def _epoch_s(model: Model, rows: int, batch_size: int) -> float:
    """Return how many seconds one pass over some rows lasts, with gradients."""
    found = compute_layer_stats(model.layers, model.steps)
    batch_s = (
        _BATCH_S + _PARAMETER_S * model.parameters + _TIME_STEP_S * sum(flow.time_steps for flow in found)
    )
    row_s = sum(
        _ELEMENT_S * elements(flow.shape) + _GATE_S * flow.gates + _MULTIPLICATION_S * flow.multiplications
        for flow in found
    )
    return -(-rows // batch_size) * batch_s + rows * row_s
