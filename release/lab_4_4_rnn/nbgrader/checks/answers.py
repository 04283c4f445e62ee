"""Run a check and call answers in it; whatever student code raises becomes one sentence."""

import contextlib
import copy
import dis
import functools
import inspect
import io
import os
import re
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .mismatch import MismatchError, Outcome
from .plain_data import to_plain_data
from .table_view import is_same, is_table

CALL_TIMEOUT_S = 60.0
"""How long one call of student code may take."""


def run(check: Callable[..., None]) -> None:
    """Run a check in its notebook and print that it passed.

    The check's parameters are looked up by name among the caller's globals; a missing one
    counts as not answered. Nothing is written to stderr in the meantime, because nbgrader
    takes points away for it.

    Raises:
        MismatchError: with the check's title, rendered as one sentence by IPython.
    """
    # The caller is the check cell, so these are the globals of its notebook.
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


def call(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call an answer with copies of the arguments and return its value as plain data or a Keras model.

    Plain data are numbers, texts, dates, lists, tuples, dicts, sets, arrays, and DataFrames, Series and
    indexes of pandas, in which the same may be.

    Args:
        function: the answer; ``None`` or ``...`` if the student has not written one yet.

    Raises:
        MismatchError: the answer is missing (blocked), raised or took too long (errored), or
            returned nothing or a value with a missing part (failed), or a value that no check can
            read (review; in a hidden check failed, unless a visible one found such a value too).
    """
    # An answer may change its copies: the check compares with the original.
    args, kwargs = copy.deepcopy((args, kwargs))
    name = _name(function)
    return to_plain_data(_require_value(_call_answer(function, args, kwargs), name), name)


def unchanged(function: Any, *args: Any) -> None:
    """Check that a call leaves its arguments as they are."""
    changed = copy.deepcopy(args)
    name = _name(function)
    _require_value(_call_answer(function, changed, {}), name)
    if not _is_same(changed, args):
        raise MismatchError(
            f"{name} modifies its arguments",
            hint="Work on a copy: the caller of your function still needs the original.",
        )


def attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a trusted function, such as the kit's training, on a student's model.

    Raises:
        MismatchError: the function raised; the cause is the student's model (errored).
    """
    return _call_guarded(function, args, kwargs, "your model cannot be used", None)


def raises(function: Any, *args: Any, error: type[Exception] = ValueError, hint: str = "") -> None:
    """Check that a call raises ``error`` or a subclass of it."""
    name = _name(function)
    try:
        _call_answer(function, args, {})
    except MismatchError as mismatch:
        if isinstance(mismatch.__cause__, error):
            return
        raise
    raise MismatchError(f"{name} accepts an argument for which it must raise {error.__name__}", hint=hint)


def without_values(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of the vocabulary as a hidden check uses it: its messages show no values."""

    @functools.wraps(function)
    def hide_values(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except MismatchError as mismatch:
            raise mismatch.without_values() from mismatch.__cause__

    return hide_values


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", "your answer"))


def is_stub(function: Any) -> bool:
    """Return True if the body of a function does nothing, like that of a released answer cell."""
    if not isinstance(function, types.FunctionType):
        return False
    for instruction in dis.get_instructions(function):
        if instruction.opname.endswith("_CONST"):
            if instruction.argval is not None:
                return False
        elif instruction.opname not in ("RESUME", "NOP", "RETURN_VALUE"):
            return False
    return True


def _call_answer(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    name = _name(function)
    if function is None or function is Ellipsis or is_stub(function):
        hint = "Write the part that is marked TODO and return its value."
        raise MismatchError("not answered yet", hint=hint, outcome=Outcome.BLOCKED)
    if not callable(function):
        raise MismatchError(f"{name} is not a function", type(function).__name__)
    return _call_guarded(function, args, kwargs, f"{name} raised an error", CALL_TIMEOUT_S)


def _require_value(value: Any, name: str) -> Any:
    if value is None or value is Ellipsis:
        raise MismatchError(f"{name} returned None: end it with `return …`")
    return value


def _call_guarded(
    function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], problem: str, timeout_s: float | None
) -> Any:
    """Call a function and turn whatever it raises into a ``MismatchError``.

    Without a time limit the function is trusted code, whose line numbers would mean nothing
    to a student.
    """
    try:
        with _time_limit(timeout_s):
            return function(*args, **kwargs)
    except MismatchError:
        raise
    # SystemExit too: otter would score the notebook 0. A KeyboardInterrupt is the user's own.
    except (Exception, SystemExit) as error:
        problem = f"{problem}: {type(error).__name__}"
        line = _failing_line(function, error)
        if line and timeout_s is not None:
            problem += f" in line {line} of the function"
        message = str(error).strip()
        actual = f"the message {message!r}" if message else None
        raise MismatchError(problem, actual, hint=_error_hint(error), outcome=Outcome.ERRORED) from error


def _failing_line(function: Any, error: BaseException) -> int:
    """Return the line within the function, from 1, at which it raised; 0 if unknown.

    The grader's proxies run in another process than the answer; they report the line as
    ``answer_line`` of the error.
    """
    code = getattr(function, "__code__", None)
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is code:
            # In a recursive function the last one is where it raised.
            line = trace.tb_lineno - trace.tb_frame.f_code.co_firstlineno + 1
        trace = trace.tb_next
    return int(getattr(error, "answer_line", line) or 0)


_ERROR_HINTS = (
    (
        r"expected ndim=3, found ndim=2",
        "A recurrent layer reads (reviews, words, numbers per word): an Embedding layer makes "
        "the numbers, and between two recurrent layers return_sequences=True keeps the words.",
    ),
    (
        r"inhomogeneous|setting an array element with a sequence",
        "The rows have different lengths; bring them to one width before you make an array of them.",
    ),
    (r"(?i)(padding|truncating) type", "Use 'pre' (at the start) or 'post' (at the end)."),
    (
        r"index .*out of (bounds|range)|out of range",
        "An index is out of range: count how many steps fit into the whole.",
    ),
    (
        r"not aligned|could not be broadcast|mismatch in its core dimension|Incompatible shapes",
        "Two shapes do not fit together: print both of them before this line.",
    ),
    (
        r"OOM|failed to allocate|Unable to allocate|MemoryError",
        "It needs more memory than is available: can you compute the result from smaller arrays?",
    ),
    (r"is not defined", "A name is undefined: did you run the cells above, and is the spelling the same?"),
    (
        r"Unrecognized keyword|not recognized|not supported in Keras 3|Expected `metrics`|Could not interpret"
        r"|keras\S* has no attribute",
        "Keras 3 has no such name or argument, or wants it in another form: code from older books and "
        "tutorials may need a change; look the call up at keras.io.",
    ),
)


def _error_hint(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "It took too long: look for a loop that never ends or does far more work than needed."
    for pattern, sentence in _ERROR_HINTS:
        if re.search(pattern, f"{type(error).__name__}: {error}"):
            return sentence
    return "Call your function in a separate cell to see the full error."


def _is_same(left: Any, right: Any) -> bool:
    """Return True if two arguments are equal in value and type; NaN equals NaN here."""
    if type(left) is not type(right):
        return False
    if isinstance(left, np.ndarray):
        if left.dtype != right.dtype or left.shape != right.shape:
            return False
        if left.dtype == object:
            return all(map(_is_same, left.ravel(), right.ravel()))
        return bool(np.array_equal(left, right, equal_nan=left.dtype.kind == "f"))
    if is_table(left):
        return is_same(left, right)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(_is_same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_is_same(left[key], right[key]) for key in left)
    return bool(left == right)


@contextlib.contextmanager
def _suppress_stderr() -> Iterator[None]:
    """Discard everything written to stderr, including what C code writes to descriptor 2."""
    sys.stderr.flush()
    devnull, saved = os.open(os.devnull, os.O_WRONLY), os.dup(2)
    os.dup2(devnull, 2)  # TensorFlow's C++ code writes past sys.stderr
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(devnull)


@contextlib.contextmanager
def _time_limit(seconds: float | None) -> Iterator[None]:
    """Interrupt Python code after ``seconds``.

    Only the main thread of a POSIX system has an alarm; elsewhere there is no limit. Code in C
    is interrupted only once it returns to Python.
    """
    has_alarm = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if seconds is None or not has_alarm:
        yield
        return

    def raise_timeout(_signal: int, _frame: Any) -> None:
        raise TimeoutError(f"stopped after {seconds:g} seconds")

    previous = signal.signal(signal.SIGALRM, raise_timeout)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
