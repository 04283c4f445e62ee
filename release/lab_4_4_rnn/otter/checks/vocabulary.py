"""The functions of the vocabulary, and the same ones for hidden checks."""

# A value that comes out of ``call`` is plain data, frames of pandas among it, or a Keras model, and the
# other functions rely on that. A check must pass such a value to this vocabulary before it does
# anything else with it: indexing into a number would be a grader error, not the student's.

from types import SimpleNamespace

from .answers import attempt, call, raises, run, unchanged, without_values
from .compile_checks import compiled
from .mismatch import MismatchError, Outcome
from .model_checks import (
    input_shape,
    layers,
    model_name,
    output,
    output_range,
    padding_invariant,
    params,
    recurrent,
    separate,
    setting,
)
from .table_checks import frame
from .value_checks import (
    as_array,
    at_least,
    at_most,
    close,
    equal,
    integers,
    length,
    of_type,
    shape,
    single_spaced,
)

_FUNCTIONS = (
    *(call, attempt, raises, unchanged),
    *(equal, close, as_array, shape, integers, of_type, single_spaced, length, at_least, at_most),
    frame,
    *(layers, setting, recurrent, params, model_name, input_shape, output, compiled),
    *(separate, output_range, padding_invariant),
)

hidden = SimpleNamespace(MismatchError=MismatchError, run=run)
"""The same functions for hidden checks: their messages show no values."""

for _function in _FUNCTIONS:
    setattr(hidden, _function.__name__, without_values(_function))

__all__ = ["MismatchError", "Outcome", "hidden", "run"]
__all__ += [_function.__name__ for _function in _FUNCTIONS]
