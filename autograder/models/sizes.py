"""How large a model is and what its training costs, known before one of its weights exists.

The layers are called on symbolic tensors in a scope in which Keras creates no variable. So the shapes
and counts are Keras' own for every layer, and a hostile size allocates nothing.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import keras
from keras.src.backend.common import global_state  # has no public name

from autograder.models.description import Model, ModelRefusedError, UnsupportedModelError
from autograder.models.rebuild import Builder

MAX_PARAMETERS = 20_000_000
"""In a model that is built: 80 MB."""

MAX_ELEMENTS = 2**22
"""Numbers in any one tensor for one row."""

_MAX_MEASURED = 256
_ASSUMED_LENGTH = 200
"""What an axis of no fixed length counts as in sizes and costs."""

# Seconds of training, measured on one core with Keras 3.15 and fitted to twenty models. What is refused
# because of them is the same on every machine; what a training costs is measured.
_START_S = 1.5
_BATCH_S = 2e-3
_TIME_STEP_S = 60e-6
_PARAMETER_S = 5e-9
_ELEMENT_S = 5e-9
_GATE_S = 20e-9
_MULTIPLICATION_S = 0.08e-9

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Sizes:
    """The size of one model."""

    parameters: int
    """Trainable and fixed weights."""

    largest_tensor: int
    """Numbers in its largest tensor, for one row."""

    row_elements: int
    """Numbers in all tensors that its calls return, for one row."""

    time_steps: int
    """Iterations of the loops of recurrent layers."""

    gates: int
    """Gate activations for one row, over all time steps."""

    multiplications: int
    """For one row, forward."""

    def training_cost_s(self, rows: int, epochs: int, batch_size: int) -> float:
        """Return an estimate of the seconds that a training takes."""
        batch_s = _BATCH_S + _PARAMETER_S * self.parameters + _TIME_STEP_S * self.time_steps
        row_s = _ELEMENT_S * self.row_elements + _GATE_S * self.gates
        row_s += _MULTIPLICATION_S * self.multiplications
        return _START_S + epochs * (math.ceil(rows / batch_size) * batch_s + rows * row_s)


_measured: dict[str, Sizes] = {}
"""The sizes of the models that were measured last, by key."""


def measure(model: Model) -> Sizes:
    """Return the size of a model that is built, according to its description.

    Raises:
        UnsupportedModelError: the grader cannot build it.
    """
    key = model.key()
    if key not in _measured:
        if len(_measured) >= _MAX_MEASURED:
            _measured.pop(next(iter(_measured)))
        # Keras draws seeds from Python's global generator, and checks rely on what comes next.
        state = random.getstate()
        try:
            _measured[key] = _measure(model)
        finally:
            random.setstate(state)
            # Keras lists the weights that it did not create, and creates them when it leaves another
            # such scope. The list would keep each measured model, also one that is too large to exist.
            global_state.set_global_attribute("uninitialized_variables", [])
    return _measured[key]


def _measure(model: Model) -> Sizes:
    weights: dict[int, list[Shape]] = {}
    largest, row_elements, time_steps, gates, multiplications = 0, 0, 0, 0, 0
    with keras.StatelessScope(initialize_variables=False):
        builder = Builder(model)
        for call, outputs in zip(model.calls, builder.call_all(), strict=True):
            shapes = [tuple(tensor.shape)[1:] for tensor in outputs]
            row_elements += sum(map(_elements, shapes))
            largest = max(largest, *map(_elements, shapes))
            if model.objects[call.operation].family != "layers":
                continue
            layer = builder.object(call.operation)
            arrays = [tuple(weight.shape) for weight in layer.weights]
            # A shared layer has its weights once.
            if weights.setdefault(call.operation, arrays) != arrays:
                raise UnsupportedModelError("a layer of the model is called with two different shapes")
            kernels = [shape for shape in arrays if len(shape) > 1]
            read = [builder.tensor(reference) for reference in call.references()]
            loops = int(isinstance(layer, (keras.layers.RNN, keras.layers.TimeDistributed)))
            if isinstance(layer, keras.layers.Bidirectional):
                loops = 2
            if loops:
                steps = loops * _length(read[0].shape[1])
                time_steps += steps
                # Every second kernel is the recurrent one, whose columns are the gates of all units.
                gates += steps * sum(shape[-1] for shape in kernels[1::2]) // loops
                multiplications += steps * _count(kernels) // loops
            elif not isinstance(layer, keras.layers.Embedding):
                positions = max(map(_elements, (shape[:-1] for shape in shapes)), default=1)
                multiplications += positions * _count(kernels)
            window = getattr(layer, "pool_size", None)
            if isinstance(window, tuple):
                multiplications += _elements(tuple(read[0].shape)[1:]) * math.prod(window)
    parameters = sum(map(_count, weights.values()))
    return Sizes(parameters, largest, row_elements, time_steps, gates, multiplications)


def require_reasonable(sizes: Sizes) -> None:
    """Refuse a model that is too large to be built.

    Raises:
        ModelRefusedError: with the limit.
    """
    if sizes.parameters > MAX_PARAMETERS:
        raise ModelRefusedError(
            "the model is too large to be graded",
            seen=f"{sizes.parameters:,} parameters",
            hint=f"At most {MAX_PARAMETERS:,}: is the size of a layer a number of words?",
        )
    if sizes.largest_tensor > MAX_ELEMENTS:
        problem = "a layer of the model returns too many numbers for one row"
        raise ModelRefusedError(problem, hint=f"At most {MAX_ELEMENTS:,}.")


def _elements(shape: Sequence[int | None]) -> int:
    return math.prod(map(_length, shape))


def _length(size: int | None) -> int:
    return _ASSUMED_LENGTH if size is None else size


def _count(shapes: Sequence[Sequence[int | None]]) -> int:
    return sum(map(_elements, shapes))
