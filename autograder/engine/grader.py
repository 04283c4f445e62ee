"""The trusted process that runs checks; each answer in it is a proxy that calls the submission.

It is forked before it knows a check, so no other process inherits what it learns. Nothing that a
submission sends is executed or imported here: a value arrives as plain data, a model as a
description from which it is rebuilt. The frames and their order are in ``conversation``.
"""

import ast
import builtins
import contextlib
import gc
import importlib
import socket
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder import checks
from autograder.checks import MismatchError, Outcome
from autograder.checks.mismatch import UnreadableValueError
from autograder.checks.table_view import is_table
from autograder.engine import table_values, values
from autograder.engine.wire import Channel, Message, WireClosedError, WireError, release_freed_memory
from autograder.models.description import ModelRefusedError, UnsupportedModelError
from autograder.models.parse import parse
from autograder.notebook import MODULES
from autograder.text import identifier, one_line

_MAX_MESSAGE_CHARS = 600


class _CheckAborted(BaseException):
    """A check cannot continue: the submission's process is gone, or the grader failed.

    Not an ``Exception``: a check may catch those of an answer, and it must not catch this one.
    """


def main(sock: socket.socket, options: Message) -> None:
    """Load the checks, then run one after the other until the supervisor closes the wire.

    Args:
        options: ``seed``; ``kit``, the name of the kit's package or empty; ``trainer_module``, the kit's
            module whose work the trainer does (empty if there is none).
    """
    if "keras" in sys.modules:  # imported by the zygote
        from autograder.engine import lazy_variables

        lazy_variables.install()
    grader = _Grader(Channel(sock), options)
    if options["trainer_module"]:
        from autograder.engine import offload

        trainer_module = importlib.import_module(options["trainer_module"])
        offload.install(trainer_module, grader.train, trusted=True)
    with contextlib.suppress(WireClosedError):
        while True:
            message = grader.wire.receive()
            if "load" in message:
                grader.load(message["load"])
            else:
                grader.run_check(message)
            # The supervisor replaces a grader that has grown. But a model consists of reference cycles,
            # which keep it and what it read until Python's collector runs.
            gc.collect()
            release_freed_memory()


class _Grader:
    """The loaded checks and the wire to the supervisor."""

    def __init__(self, wire: Channel, options: Message) -> None:
        self.wire = wire
        self.seed = options["seed"]
        self.kit: str = options["kit"]
        self.checks: dict[str, tuple[Callable[..., None], bool]] = {}
        """Each check's function and whether the check is hidden, by cell id."""

    def load(self, definitions: list[Message]) -> None:
        """Define checks from their ``id``, ``code`` (a ``def``) and ``hidden``."""
        for definition in definitions:
            vocabulary: Any = checks.hidden if definition["hidden"] else checks
            namespace = {"checks": vocabulary}
            if self.kit:
                namespace[self.kit] = sys.modules[self.kit]
            function = ast.parse(definition["code"]).body[0]
            assert isinstance(function, ast.FunctionDef)
            used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
            for name, line in MODULES.items():
                if name in used:
                    namespace[name] = importlib.import_module(line.split()[1])
            exec(compile(ast.Module([function], []), definition["id"], "exec"), namespace)
            self.checks[definition["id"]] = (namespace[function.name], definition["hidden"])
        self.wire.send({"loaded": len(definitions)})

    def run_check(self, message: Message) -> None:
        """Run one check on the submission's current answers and send the verdict."""
        if "keras" in sys.modules:
            # Replay and verdict cache rely on this: random weights are the same in every run.
            sys.modules["keras"].utils.set_random_seed(self.seed)
        check, hidden = self.checks[message["check"]]
        outcome, problem, hint, is_unreadable = Outcome.PASSED, "", "", False
        try:
            check(*(self._answer(name, kind, hidden) for name, kind in message["answers"]))
        except MismatchError as mismatch:
            outcome, hint = mismatch.outcome, mismatch.hint
            is_unreadable = isinstance(mismatch, UnreadableValueError)
            problem = MismatchError(
                mismatch.problem, actual=mismatch.actual, expected=mismatch.expected
            ).sentence
        except _CheckAborted as aborted:
            outcome, problem = Outcome.UNGRADED, str(aborted)
        except Exception as error:  # noqa: BLE001  a bug in a check must not cost the student
            outcome, problem = Outcome.UNGRADED, f"{type(error).__name__}: {error}"
        verdict = {
            "outcome": outcome.value,
            "message": one_line(problem, _MAX_MESSAGE_CHARS),
            "hint": one_line(hint, _MAX_MESSAGE_CHARS),
            "is_unreadable": is_unreadable,
        }
        self.wire.send({"verdict": verdict})

    def train(self, job: Message) -> Message:
        """Let the trainer do a job."""
        reply = self._request({"job": job})
        if "broken" in reply:
            raise _CheckAborted(reply["broken"])
        return reply

    def _answer(self, name: str, kind: str, hidden: bool) -> Any:
        """Return the object that a check gets for an answer: a proxy if it is a function."""
        if kind in ("missing", "placeholder"):
            return None
        if kind != "function":
            return values.from_wire(("other", kind), self._build_model)

        def answer(*args: Any, **kwargs: Any) -> Any:
            reply = self._request({"call": name, "args": args, "kwargs": kwargs})
            try:
                if "raised" in reply:
                    raise _error(reply["raised"], hidden)
                _write_back((args, kwargs), values.from_wire(reply["args"], self._build_model))
                return values.from_wire(reply["value"], self._build_model)
            except WireError as error:
                raise MismatchError(
                    f"{name} returned an unreadable value", outcome=Outcome.ERRORED
                ) from error

        answer.__name__ = answer.__qualname__ = name
        return answer

    def _request(self, message: Message) -> Message:
        try:
            self.wire.send(message)
            reply = self.wire.receive()
        except WireError as error:
            raise _CheckAborted(str(error)) from None
        if "gone" in reply:
            raise _CheckAborted("the submission's process is gone")
        return reply

    def _build_model(self, content: Any) -> Any:
        # Both import Keras, which the checks of NumPy do not need.
        from autograder.models.rebuild import build
        from autograder.models.sizes import measure, require_reasonable

        try:
            model = parse(content["model"])
            if model.is_built:
                require_reasonable(measure(model))
            built = build(model, seed=self.seed)
        except ModelRefusedError as error:
            outcome = Outcome.REVIEW if isinstance(error, UnsupportedModelError) else Outcome.FAILED
            raise MismatchError(error.problem, error.seen or None, hint=error.hint, outcome=outcome) from None
        # Both are the submission's word for it; they decide only the checks that ask for just that.
        built.name = one_line(content["name"], 60) or "sequential"
        built.shares_layers = content["shares_layers"] is True
        return built


def _error(raised: Any, hidden: bool) -> Exception:
    """Return an exception like the one that the answer raised: same name, same built-in base.

    Raises:
        WireError: what arrived describes no exception.

    Every field is untrusted. In a hidden check, a line number or a class name of the student's own
    could carry the hidden arguments out, so both are left out. That a name is Python's own cannot
    be taken from the submission either: only the names of bases are, and each is looked up here.
    """
    match raised:
        case {"bases": [*bases], "name": class_name, "text": text, "line": line}:
            pass
        case _:
            raise WireError("an exception that does not say what it is")
    base: type[Exception] = Exception
    for name in bases:
        candidate = getattr(builtins, name, None) if type(name) is str else None
        if isinstance(candidate, type) and issubclass(candidate, Exception):
            base = candidate
            break
    if issubclass(base, (UnicodeError, ExceptionGroup)):
        base = ValueError  # their constructors need more arguments
    class_name = base.__name__ if hidden else identifier(class_name)
    sentence = one_line(text, 300)
    # Some exceptions, such as KeyError, would quote the text a second time.
    error: Exception = type(class_name, (base,), {"__str__": lambda _: sentence})(sentence)
    is_line_shown = type(line) is int and not hidden
    error.answer_line = line if is_line_shown else None  # type: ignore[attr-defined]
    return error


def _write_back(argument: Any, returned: Any) -> None:
    """Change arguments as the answer changed its copies, so that a check can detect it."""
    if isinstance(argument, tuple) and isinstance(returned, tuple):
        for before, after in zip(argument, returned, strict=False):
            _write_back(before, after)
    elif isinstance(argument, dict) and isinstance(returned, dict):
        argument.clear()
        argument.update(returned)
    elif isinstance(argument, list) and isinstance(returned, list):
        argument[:] = returned
    elif isinstance(argument, np.ndarray) and isinstance(returned, np.ndarray):
        is_same_form = (returned.shape, returned.dtype) == (argument.shape, argument.dtype)
        if argument.flags.writeable and is_same_form:
            argument[...] = returned
    elif is_table(argument):
        table_values.write_back(argument, returned)
