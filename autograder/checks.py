"""The check vocabulary: how a shape, a layer, a parameter count or an accuracy is checked.

One self-contained file that imports nothing else of the package; the build copies it beside
every student notebook. A check is a documented function::

    def check_two_rows(add_rows):
        \"\"\"Two rows are added column by column\"\"\"
        checks.equal(checks.call(add_rows, [[1, 2], [3, 4]]), [4, 6])
    checks.run(check_two_rows)

``run``       runs a check in a plain kernel and prints its title, or one sentence
``call``      the only way in which a check reaches student code
``attempt``   lets trusted code work on what came out of ``call``, e.g. train a model
values        ``equal`` ``close`` ``shape`` ``integers`` ``length`` ``raises`` ``at_least`` ``at_most``
models        ``layers`` ``setting`` ``params`` ``input_shape`` ``output`` ``compiled``
              ``output_range`` ``padding_invariant``
``hidden``    the same functions; their messages show no value at all

A value that comes out of ``call`` is plain data or a Keras model built from Keras' own
classes; the other functions rely on that. A check hands such a value to this vocabulary
before it does anything else with it: an index into a number is our error, not the student's.
"""

import contextlib
import copy
import functools
import importlib
import inspect
import io
import os
import re
import signal
import sys
import textwrap
import threading
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import numpy as np

CALL_TIMEOUT_S = 60.0
"""How long one call of student code may take."""

_MAX_TEXT_CHARS = 160
"""Longest text of a value in a message, characters."""


class Outcome(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    BLOCKED = "blocked"
    UNGRADED = "ungraded"


class MismatchError(AssertionError):
    """A check did not pass: what is wrong, what was seen, what was expected, and a hint.

    ``problem`` and ``hint`` hold no value of a check's input; ``seen`` and ``expected`` may,
    and a hidden check drops them.
    """

    def __init__(
        self,
        problem: str,
        *,
        actual: object = None,
        expected: object = None,
        hint: str = "",
        outcome: Outcome = Outcome.FAILED,
    ) -> None:
        self.title = ""
        self.problem = problem
        self.actual = actual
        self.expected = expected
        self.hint = hint
        self.outcome = outcome
        super().__init__(problem)

    def without_values(self) -> "MismatchError":
        """Return the same finding as a hidden check may tell it."""
        return MismatchError(self.problem, hint=self.hint, outcome=self.outcome)

    def __str__(self) -> str:
        """Return one line; ``<`` cannot open a tag where a tool pastes it into HTML."""
        found = [f"found {_format_value(self.actual)}"] if self.actual is not None else []
        wanted = [f"expected {_format_value(self.expected)}"] if self.expected is not None else []
        values = ", ".join(found + wanted)
        sentence = f"{self.problem}: {values}" if values else self.problem
        whole = f"{sentence}. {self.hint}" if self.hint else f"{sentence}."
        return re.sub(r"<(?=[A-Za-z/])", "<\u2060", whole)

    def _render_traceback_(self) -> list[str]:
        head = f"{self.outcome}: {self.title}" if self.title else str(self.outcome)
        return [head, *textwrap.wrap(str(self), 78)]


def run(check: Callable[..., None]) -> None:
    """Run a check where it stands in a notebook and print that it passed.

    The check's parameters are looked up by name among the caller's globals; a missing one
    counts as not answered. Nothing that runs meanwhile reaches stderr.

    Raises:
        Mismatch: with the check's title, rendered as one sentence by IPython.
    """
    names = sys._getframe(1).f_globals
    title = (inspect.getdoc(check) or check.__name__).splitlines()[0]
    answers = [names.get(name) for name in inspect.signature(check).parameters]
    with _suppress_stderr():
        try:
            check(*answers)
        except MismatchError as mismatch:
            mismatch.title = title
            raise mismatch from None
    print(f"passed: {title}")


def call(function: Any, *args: Any, may_change: bool = False, **kwargs: Any) -> Any:
    """Call an answer and return its value as plain data or a Keras model.

    Args:
        function: the answer; ``None`` or ``...`` where the student has none yet.
        may_change: whether the function may modify its arguments.

    Raises:
        Mismatch: the answer is missing (blocked), raised or took too long (errored), changed
            its arguments, or returned something that is not data (failed).
    """
    name = _name(function)
    before = copy.deepcopy((args, kwargs))
    value = _call_answer(function, args, kwargs)
    if value is None or value is Ellipsis:
        raise MismatchError(
            f"{name} is not answered yet",
            hint="It returns None: write the part that is marked TODO and return its value.",
            outcome=Outcome.BLOCKED,
        )
    if not may_change and not _is_same((args, kwargs), before):
        raise MismatchError(
            f"{name} changes what it is given",
            hint="Work on a copy: whoever calls your function still needs the original.",
        )
    return _to_plain_data(value, name)


def attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Let a trusted function, such as the kit's training, work on a student's model.

    Raises:
        Mismatch: whatever goes wrong there is the answer's doing (errored).
    """
    return _call_guarded(function, args, kwargs, "your model cannot be used", None)


def raises(function: Any, *args: Any, error: type[Exception] = ValueError, hint: str = "") -> None:
    """Check that a call raises ``error`` (a subclass will do)."""
    name = _name(function)
    try:
        _call_answer(function, args, {})
    except MismatchError as mismatch:
        if isinstance(mismatch.__cause__, error):
            return
        raise
    raise MismatchError(f"{name} accepts an argument for which it must raise {error.__name__}", hint=hint)


def _call_answer(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    name = _name(function)
    if function is None or function is Ellipsis:
        raise MismatchError("not answered yet", outcome=Outcome.BLOCKED)
    if not callable(function):
        raise MismatchError(f"{name} is not a function", actual=type(function).__name__)
    return _call_guarded(function, args, kwargs, f"{name} raised an error", CALL_TIMEOUT_S)


def _call_guarded(
    function: Any,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    problem: str,
    timeout_s: float | None,
) -> Any:
    """Call a function; without a limit it is trusted code, whose lines mean nothing to a student."""
    try:
        with _time_limit(timeout_s):
            return function(*args, **kwargs)
    except MismatchError:
        raise
    except (Exception, SystemExit) as error:  # whatever student code raises is its result
        place = _line_text(function, error) if timeout_s is not None else ""
        raise MismatchError(
            f"{problem}: {type(error).__name__}{place}",
            actual=f"the message {str(error).strip()!r}" if str(error).strip() else None,
            hint=_error_hint(error),
            outcome=Outcome.ERRORED,
        ) from error


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", "your answer"))


def _line_text(function: Any, error: BaseException) -> str:
    code = getattr(function, "__code__", None)
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is code:
            lines.append(trace.tb_lineno - trace.tb_frame.f_code.co_firstlineno + 1)
        trace = trace.tb_next
    line = getattr(error, "answer_line", lines[-1] if lines else None)
    return f" in line {line} of the function" if line else ""


_ERROR_HINTS = (
    (
        r"expected ndim=3, found ndim=2",
        "A recurrent layer reads (reviews, words, numbers per word): an Embedding layer makes "
        "the numbers, and between two recurrent layers return_sequences=True keeps the words.",
    ),
    (
        r"inhomogeneous|setting an array element with a sequence",
        "The rows have different lengths; give them one width before they become one array.",
    ),
    (
        r"(?i)(padding|truncating) type",
        "The two sides are called 'pre' (in front) and 'post' (at the end).",
    ),
    (
        r"index .*out of (bounds|range)|out of range",
        "An index runs past the end: count how many times a step fits into the whole.",
    ),
    (
        r"not aligned|could not be broadcast|mismatch in its core dimension|Incompatible shapes",
        "Two shapes do not fit together: print them next to each other before this line.",
    ),
    (
        r"OOM|failed to allocate|Unable to allocate|MemoryError",
        "It needs more memory than there is: can the result be computed without making so much?",
    ),
    (r"is not defined", "A name is missing: did you run the cells above, and is it spelt alike?"),
)


def _error_hint(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "It took too long: look for a loop that never ends or does far more than asked."
    for pattern, sentence in _ERROR_HINTS:
        if re.search(pattern, f"{type(error).__name__}: {error}"):
            return sentence
    return "Run your function in a cell of its own to see the whole error."


def _is_same(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, np.ndarray):
        if left.dtype != right.dtype or left.shape != right.shape:
            return False
        if left.dtype == object:
            return all(map(_is_same, left.ravel(), right.ravel()))
        return bool(np.array_equal(left, right, equal_nan=left.dtype.kind == "f"))
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(_is_same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_is_same(left[key], right[key]) for key in left)
    return bool(left == right)


_PLAIN_TYPES = (str, int, float, bool, np.ndarray)


def _to_plain_data(value: Any, name: str) -> Any:
    kind = type(value)
    if kind.__module__.startswith("tensorflow.") and hasattr(value, "numpy"):
        value = value.numpy()
        kind = type(value)
    if kind is np.ndarray and value.dtype.kind not in "biufU":
        raise MismatchError(
            f"{name} returns an array that holds no plain numbers",
            actual=f"dtype {value.dtype}",
            hint="All its rows need the same length.",
        )
    if kind in _PLAIN_TYPES or (isinstance(value, np.generic) and kind.__module__ == "numpy"):
        return value
    if kind in (list, tuple):
        return kind(_to_plain_data(item, name) for item in value)
    if kind is dict:
        return {_to_plain_data(key, name): _to_plain_data(item, name) for key, item in value.items()}
    if _is_model(value, name):
        return value
    if value is None or value is Ellipsis:
        raise MismatchError(f"{name} returns a part that is still missing", actual=repr(value))
    raise MismatchError(
        f"{name} returns something that is neither numbers, text nor a Keras model",
        actual=f"an object of type {kind.__name__}",
    )


def equal(
    actual: Any,
    expected: Any,
    *,
    any_order: bool = False,
    what: str = "the result",
    hint: str = "",
) -> None:
    """Check that two values are equal: numbers, texts, lists, dicts or whole arrays.

    Args:
        any_order: compare two lists of texts regardless of their order.
    """
    if any_order and isinstance(actual, (list, tuple)):
        actual, expected = sorted(map(str, actual)), sorted(expected)
    if isinstance(expected, np.ndarray) and _array_shape(actual) != expected.shape:
        _fail(f"{what} has another shape", _array_shape(actual), expected.shape, hint)
    if isinstance(actual, np.ndarray) or isinstance(expected, np.ndarray):
        right = bool(np.array_equal(actual, expected))
    else:
        right = bool(actual == expected)
    if not right:
        _fail(f"{what} is not right", actual, expected, hint)


def close(
    actual: Any, expected: Any, *, tolerance: float = 1e-6, what: str = "the result", hint: str = ""
) -> None:
    """Check that numbers agree within an absolute ``tolerance``; NaN never does."""
    wanted = np.asarray(expected, dtype=float)
    found = _to_floats(actual, what)
    if found.shape != wanted.shape:
        _fail(f"{what} has another shape", found.shape, wanted.shape, hint)
    if not np.allclose(found, wanted, rtol=0.0, atol=tolerance):
        _fail(f"{what} is not right", actual, expected, hint)


def shape(actual: Any, expected: tuple[int, ...], *, what: str = "the result", hint: str = "") -> None:
    """Check the shape of an array; a nested list is not one."""
    if not isinstance(actual, np.ndarray):
        _fail(f"{what} is not a NumPy array", f"a {type(actual).__name__}", expected, hint)
    if actual.shape != tuple(expected):
        _fail(f"{what} has another shape", actual.shape, tuple(expected), hint)


def integers(actual: Any, *, what: str = "the result", hint: str = "") -> None:
    """Check that an array holds whole numbers by its dtype."""
    if not isinstance(actual, np.ndarray) or actual.dtype.kind not in "iu":
        kind = actual.dtype if isinstance(actual, np.ndarray) else type(actual).__name__
        _fail(f"{what} does not hold integers", str(kind), "an integer dtype", hint)


def length(actual: Any, expected: int, *, what: str = "the result", hint: str = "") -> None:
    """Check that a list, tuple or array has ``expected`` entries."""
    if not isinstance(actual, (list, tuple, np.ndarray)) or _array_shape(actual)[:1] != (expected,):
        found = _array_shape(actual)[0] if _array_shape(actual) else f"one {type(actual).__name__}"
        _fail(f"{what} has another number of entries", found, expected, hint)


def at_least(actual: Any, threshold: float, *, what: str, hint: str = "") -> None:
    """Check that a number reaches a bar; NaN does not."""
    if not _to_float(actual, what) >= threshold:
        _fail(f"{what} is too low ({_to_float(actual, what):.3f})", None, f"at least {threshold:g}", hint)


def at_most(actual: Any, threshold: float, *, what: str, hint: str = "") -> None:
    """Check that a number stays below a bar; NaN does not."""
    if not _to_float(actual, what) <= threshold:
        _fail(f"{what} is too high ({_to_float(actual, what):.3f})", None, f"at most {threshold:g}", hint)


def _array_shape(value: Any) -> tuple[int, ...]:
    try:
        return np.shape(value)
    except ValueError:
        return (len(value),)


def _fail(problem: str, actual: object, expected: object, hint: str) -> None:
    raise MismatchError(problem, actual=actual, expected=expected, hint=hint)


def _to_floats(value: Any, what: str) -> np.ndarray:
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise MismatchError(f"{what} is not made of numbers", actual=value) from None


def _to_float(value: Any, what: str) -> float:
    found = _to_floats(value, what)
    if found.shape != ():
        raise MismatchError(f"{what} is not one number", actual=f"shape {found.shape}")
    return float(found)


def _format_value(value: object) -> str:
    if isinstance(value, str):
        shown = value
    elif isinstance(value, np.ndarray):
        shown = np.array2string(value, threshold=40, separator=", ").replace("\n", "")
    else:
        plain = value.item() if isinstance(value, np.generic) else value
        shown = f"{plain:,}" if type(plain) is int else repr(plain)
    return shown if len(shown) <= _MAX_TEXT_CHARS else f"{shown[:_MAX_TEXT_CHARS]} …"


def layers(model: Any, expected: Sequence[type], *, hint: str = "") -> None:
    """Check the layers of a model, in order, by identity of their classes.

    Input layers do not count, and a model inside a model counts as its own layers; a class
    that only shares its name, or a subclass, is another layer.
    """
    found = [type(layer) for layer in _built_layers(model)]
    for place, (seen, wanted) in enumerate(zip(found, expected, strict=False), start=1):
        if seen is not wanted:
            _fail(f"layer {place} is of another type", _class_name(seen), wanted.__name__, hint)
    if len(found) != len(expected):
        wanted_names = [kind.__name__ for kind in expected]
        problem = "the model has too " + ("many" if len(found) > len(expected) else "few") + " layers"
        _fail(problem, [_class_name(kind) for kind in found], wanted_names, hint)


def setting(model: Any, kind: type, name: str, expected: Any, *, hint: str = "") -> None:
    """Check one setting of the layers of a type, e.g. ``Embedding``'s ``mask_zero``.

    Args:
        expected: for all of them, or a list with one for each of them in order.
    """
    found = [layer for layer in _built_layers(model) if type(layer) is kind]
    if not found:
        raise MismatchError(f"the model has no {kind.__name__} layer", hint=hint)
    each = expected if isinstance(expected, list) else [expected] * len(found)
    if len(found) != len(each):
        _fail(f"the model has another number of {kind.__name__} layers", len(found), len(each), hint)
    for layer, one in zip(found, each, strict=True):
        value = getattr(layer, name)
        wanted = _resolve_activation(one) if name == "activation" else one
        if (value is not wanted) if callable(wanted) else (value != wanted):
            seen = getattr(value, "__name__", value)
            _fail(f"{name} of {kind.__name__} is set otherwise", seen, one, hint)


def params(model: Any, expected: int | Sequence[int], *, hint: str = "") -> None:
    """Check how many trainable and fixed numbers a model holds.

    The count is taken from the weight arrays, not from ``count_params``.

    Args:
        expected: one count per layer that has weights, in order, or the total of all.

    Raises:
        Mismatch: names the first layer whose own count is off and the shapes of its weight
            arrays; never a formula (a question may ask for it).

    Source:
        Keras 3 ``Layer.weights``; optimizer variables are not counted.
    """
    weighted = [layer for layer in _built_layers(model) if layer.weights]
    counts = [_count_params(layer) for layer in weighted]
    wanted = [expected] if isinstance(expected, int) else list(expected)
    if sum(counts) == sum(wanted) and (len(wanted) == 1 or counts == wanted):
        return
    if len(counts) == len(wanted):
        for layer, seen, right in zip(weighted, counts, wanted, strict=True):
            if seen != right:
                _fail(
                    f"{_class_name(type(layer))} has another size",
                    _describe_arrays(layer),
                    f"{right:,}",
                    hint,
                )
    arrays = "; ".join(f"{_class_name(type(layer))} {_describe_arrays(layer)}" for layer in weighted)
    _fail("the model holds another count of parameters", arrays, f"{sum(wanted):,} in all", hint)


def input_shape(model: Any, expected: tuple[int | None, ...], *, hint: str = "") -> None:
    """Check what a model reads; a width of ``None`` in the model accepts any."""
    _built_layers(model)
    if len(model.inputs) != 1:
        _fail("the model has more than one input", len(model.inputs), 1, hint)
    seen = tuple(model.inputs[0].shape)
    fits = len(seen) == len(expected) and all(
        found in (None, wanted) for found, wanted in zip(seen, expected, strict=True)
    )
    if not fits:
        _fail("the model reads another shape", seen, expected, hint)


def output(model: Any, expected: tuple[int | None, ...], *, activation: str = "", hint: str = "") -> None:
    """Check the shape of a model's output and, if named, the activation that makes it."""
    last = _built_layers(model)[-1]
    seen = tuple(model.outputs[0].shape)
    if seen != expected:
        hint = hint or (
            "It gives one vector per step; it needs one per sequence." if len(seen) > len(expected) else ""
        )
        _fail("the model's output has another shape", seen, expected, hint)
    found = getattr(last, "activation", None)
    if activation and found is not _resolve_activation(activation):
        _fail("the output goes through another activation", _name(found), activation, hint)


def compiled(model: Any, *, loss: str, optimizer: str = "", metric: str = "", hint: str = "") -> None:
    """Check what a model was compiled with, in any spelling that Keras accepts.

    Args:
        loss: e.g. ``"binary_crossentropy"``; a class, an object and a function pass alike.
        optimizer: e.g. ``"adam"``.
        metric: one that must be among the metrics, e.g. ``"accuracy"`` or ``"mae"``.
    """
    if not getattr(model, "compiled", False):
        raise MismatchError("the model is not compiled", hint="End the function with model.compile(…).")
    if getattr(model.loss, "from_logits", False) or _is_from_logits(model.loss):
        raise MismatchError(
            "the loss is told from_logits=True, but the output already went through an activation",
            hint="Either one squeezes the output, not both.",
        )
    if _canonical("losses", model.loss) is not _canonical("losses", loss):
        _fail("the model is compiled with another loss", _display_name(model.loss), loss, hint)
    kind = type(model.optimizer)
    if optimizer and kind is not type(_keras().optimizers.get(optimizer)):
        _fail("the model is compiled with another optimizer", kind.__name__, optimizer, hint)
    metrics = [
        _canonical("metrics", found) for found in _flatten_metrics(model._compile_config.config["metrics"])
    ]
    if metric and _canonical("metrics", metric) not in metrics:
        raise MismatchError(
            "the model does not report the metric that the lab reads",
            expected=f"metrics=[{metric!r}]",
            hint=hint or "Name it in model.compile(…).",
        )


def output_range(model: Any, low: float, high: float, *, hint: str = "") -> None:
    """Check that what a model says about sequences of random ids lies in a range."""
    seen = _outputs(model, _random_ids(model, rows=32, width=12))
    if not (seen.min() >= low and seen.max() <= high):
        found = f"outputs from {seen.min():.3f} to {seen.max():.3f}"
        _fail("the model's output leaves its range", found, f"{low:g} to {high:g}", hint)


def padding_invariant(short: Any, long: Any, *, tolerance: float = 1e-5, hint: str = "") -> None:
    """Check that zeros behind a sequence do not change what a model says about it.

    Args:
        short: a model for sequences of some width, e.g. ``build(…, max_length=12)``.
        long: the same model for a larger width; it is given the weights of ``short``.
        tolerance: largest difference between the two outputs.

    Raises:
        Mismatch: the outputs differ, or are the same for whatever sequence.
    """
    shapes = [[w.shape for layer in _built_layers(m) for w in layer.weights] for m in (short, long)]
    if shapes[0] != shapes[1]:
        raise MismatchError(
            "the weights depend on how long the sequences are",
            hint="No layer of this model needs the length to know its size.",
        )
    long.set_weights(short.get_weights())
    ids = _random_ids(short, rows=8, width=12)
    width, padded_width = ids.shape[1], long.input_shape[1] or 30
    plain = _outputs(short, ids)
    padded = _outputs(long, np.pad(ids, ((0, 0), (0, padded_width - width))))
    if np.ptp(plain, axis=0).max() <= tolerance:
        raise MismatchError(
            "the model says the same whatever sequence it is given",
            hint="Look at its last layer: how many units does its activation need?",
        )
    if not np.allclose(plain, padded, rtol=0.0, atol=tolerance):
        raise MismatchError(
            "the padding zeros change the model's answer",
            actual=f"a difference of {np.abs(plain - padded).max():.1e}",
            expected=f"at most {tolerance:.0e}",
            hint=hint or "Which setting of Embedding tells the next layers to skip the id 0?",
        )


def _keras() -> Any:
    return importlib.import_module("keras")


def _is_model(value: Any, name: str) -> bool:
    if "keras" not in sys.modules or not isinstance(value, _keras().Model):
        return False
    if type(value) in (_keras().Sequential, type(_functional_model())):
        return True
    raise MismatchError(
        f"{name} returns a model of a class of your own",
        actual=type(value).__name__,
        hint="Build it with keras.Sequential([…]) or keras.Model(inputs, outputs).",
    )


@functools.cache
def _functional_model() -> Any:
    keras = _keras()
    inputs = keras.Input((1,))
    return keras.Model(inputs, keras.layers.Identity()(inputs))


def _built_layers(model: Any) -> list[Any]:
    if "keras" not in sys.modules or not isinstance(model, _keras().Model):
        raise MismatchError("the answer is not a Keras model", actual=f"a {type(model).__name__}")
    if not model.built:
        raise MismatchError(
            "the model is not built: it does not know the shape of its input",
            hint="Let it start with keras.Input((…,)).",
        )
    flat: list[Any] = []
    for layer in model.layers:
        flat += _built_layers(layer) if isinstance(layer, _keras().Model) else [layer]
    return [layer for layer in flat if type(layer) is not _keras().layers.InputLayer]


def _random_ids(model: Any, *, rows: int, width: int) -> np.ndarray:
    """Return ids that the first layer knows; ``width`` is for a model that reads any."""
    words = next(layer for layer in _built_layers(model) if layer.weights).weights[0].shape[0]
    size = (rows, model.input_shape[1] or width)
    return np.random.default_rng(7).integers(1, words, size=size)


def _outputs(model: Any, ids: np.ndarray) -> np.ndarray:
    def run_quietly() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(model(ids))

    seen = np.asarray(attempt(run_quietly))
    if seen.shape != (len(ids), 1):
        raise MismatchError(
            "the model does not give one number per sequence",
            actual=f"shape {seen.shape} for {len(ids)} sequences",
            hint="Which layer turns the steps of a sequence into one vector?",
        )
    return seen


def _count_params(layer: Any) -> int:
    return sum(int(np.prod(weight.shape)) for weight in layer.weights)


def _describe_arrays(layer: Any) -> str:
    shapes = ", ".join(str(tuple(weight.shape)) for weight in layer.weights)
    return f"{_count_params(layer):,} numbers in arrays of shape {shapes}"


def _class_name(kind: type) -> str:
    own = getattr(_keras().layers, kind.__name__, None) is kind
    return kind.__name__ if own else f"{kind.__name__} (not the one of keras.layers)"


def _resolve_activation(name: Any) -> Any:
    return _keras().activations.get(name)


_ALIASES = {"acc": "binaryaccuracy", "accuracy": "binaryaccuracy"}


def _canonical(family: str, value: Any) -> Any:
    """Return one name for all spellings of a loss or metric; the value itself if unknown."""
    module = getattr(_keras(), family)
    if isinstance(value, str):
        if value.lower() in _ALIASES:
            return sys.intern(_ALIASES[value.lower()])
        value = module.get(value)
    for name, member in vars(module).items():
        if member is value or (isinstance(member, type) and type(value) is member):
            full = getattr(member, "__name__", name).replace("_", "").lower()
            return sys.intern(_ALIASES.get(full, full))
    return value


def _is_from_logits(loss: Any) -> bool:
    config = loss.get_config() if isinstance(loss, _keras().losses.Loss) else {}
    return bool(config.get("from_logits", False))


def _display_name(value: Any) -> str:
    return value if isinstance(value, str) else getattr(value, "name", _name(value))


def _flatten_metrics(value: Any) -> list[Any]:
    """Return the metrics that were handed to ``compile`` as one list, however they were nested."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [metric for item in value for metric in _flatten_metrics(item)]
    return [] if value is None else [value]


@contextlib.contextmanager
def _suppress_stderr() -> Iterator[None]:
    """Send everything on stderr away, also what C code writes to descriptor 2."""
    sys.stderr.flush()
    nowhere, saved = os.open(os.devnull, os.O_WRONLY), os.dup(2)
    os.dup2(nowhere, 2)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


@contextlib.contextmanager
def _time_limit(seconds: float | None) -> Iterator[None]:
    """Interrupt Python code after ``seconds`` where the platform has an alarm."""
    usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if seconds is None or not usable:
        yield
        return
    previous = signal.signal(signal.SIGALRM, _raise_timeout)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _raise_timeout(_signal: int, _frame: Any) -> None:
    raise TimeoutError(f"stopped after {CALL_TIMEOUT_S:g} seconds")


def _without_values(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def told_less(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except MismatchError as mismatch:
            raise mismatch.without_values() from mismatch.__cause__

    return told_less


_CHECK_FUNCTIONS = (
    call,
    attempt,
    raises,
    equal,
    close,
    shape,
    integers,
    length,
    at_least,
    at_most,
    layers,
    setting,
    params,
    input_shape,
    output,
    compiled,
    output_range,
    padding_invariant,
)

hidden = types.SimpleNamespace(
    Mismatch=MismatchError, run=run, **{f.__name__: _without_values(f) for f in _CHECK_FUNCTIONS}
)

__all__ = ["MismatchError", "Outcome", "hidden", "run", *(f.__name__ for f in _CHECK_FUNCTIONS)]
