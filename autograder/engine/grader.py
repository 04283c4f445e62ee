"""The trusted process that runs checks; each answer in it is a proxy that asks the child.

It is forked before it knows a check, and what it learns no child inherits. Nothing that a
submission says is executed or imported here: a value arrives as plain data, a model as a
description that is built again.
"""

import ast
import builtins
import contextlib
import ctypes
import importlib
import socket
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from autograder import checks
from autograder.checks import MismatchError, Outcome
from autograder.engine import offload, values
from autograder.engine.wire import Channel, WireClosedError, WireError
from autograder.models.description import ModelRefusedError
from autograder.models.parse import parse
from autograder.models.rebuild import build
from autograder.notebook import MODULES
from autograder.text import identifier, one_line

Message = dict[str, Any]

_MAX_MESSAGE_CHARS = 600
"""Longest sentence of a report, characters."""


class _CheckAborted(BaseException):
    """A check cannot go on; not an ``Exception``, so that no check catches it.

    The child is gone, and nobody reads the verdict, or it is our fault.
    """


def main(sock: socket.socket, options: Message) -> None:
    """Run checks one after the other until the other end is gone.

    Args:
        options: ``seed``; ``kit``; ``offload``, as in the child.
    """
    grader = _Grader(Channel(sock), options)
    if options["trainer_module"]:
        service = importlib.import_module(options["trainer_module"])
        offload.install(service, grader.train, trusted=True)
    with contextlib.suppress(WireClosedError):
        while True:
            grader.serve(grader.wire.receive())
            _trim_heap()


def _trim_heap() -> None:
    """Return to the system what is free: glibc keeps what the largest job took, 60 MiB for the lab."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries have none
    if trim:
        trim(0)


class _Grader:
    """The loaded checks and the wire to the supervisor."""

    def __init__(self, wire: Channel, options: Message) -> None:
        self.wire = wire
        self.seed = options["seed"]
        self.kit = sys.modules[options["kit"]]
        self.checks: dict[str, tuple[Callable[..., None], bool]] = {}

    def serve(self, message: Message) -> None:
        """Do what the supervisor asks."""
        if "load" in message:
            self.load(message["load"])
            self.wire.send({"loaded": len(message["load"])})
        else:
            self.run(message)

    def load(self, definitions: list[Message]) -> None:
        """Define checks: ``id``, ``code`` of the ``def`` and whether it is ``hidden``."""
        modules = {name: _import_module(line) for name, line in MODULES.items()}
        for code in definitions:
            vocabulary: Any = checks.hidden if code["hidden"] else checks
            names: dict[str, Any] = {**modules, self.kit.__name__: self.kit, "checks": vocabulary}
            function = ast.parse(code["code"]).body[0]
            assert isinstance(function, ast.FunctionDef)
            exec(compile(ast.Module([function], []), code["id"], "exec"), names)
            self.checks[code["id"]] = (names[function.name], code["hidden"])

    def run(self, message: Message) -> None:
        """Run one check against the answers that the child has now and say what came of it.

        A check that draws random weights asks the same each time; ``Dialogues`` rely on it.
        """
        if "keras" in sys.modules:
            sys.modules["keras"].utils.set_random_seed(self.seed)
        check, hidden = self.checks[message["check"]]
        answers = [self._make_answer(name, kind, hidden) for name, kind in message["answers"]]
        try:
            check(*answers)
        except MismatchError as mismatch:
            self.wire.send({"verdict": _verdict(mismatch)})
        except _CheckAborted as aborted:
            self._send_ungraded(str(aborted))
        except Exception as error:  # noqa: BLE001  a bug in a check must not cost the student
            self._send_ungraded(f"{type(error).__name__}: {error}")
        else:
            self.wire.send({"verdict": {"outcome": "passed", "message": "", "hint": ""}})

    def _send_ungraded(self, reason: str) -> None:
        verdict = {"outcome": "ungraded", "message": one_line(reason, _MAX_MESSAGE_CHARS), "hint": ""}
        self.wire.send({"verdict": verdict})

    def train(self, job: Message) -> Message:
        """Have the trainer do a piece of work."""
        reply = self._request({"job": job})
        if "broken" in reply:
            raise _CheckAborted(reply["broken"])
        return reply

    def _make_answer(self, name: str, kind: str, hidden: bool) -> Any:
        if kind in ("missing", "placeholder"):
            return None
        if kind != "function":
            return values.from_wire(("other", kind), self._build_model)
        return _proxy(name, partial(self._call, name, hidden))

    def _call(self, name: str, hidden: bool, args: tuple[Any, ...], kwargs: Message) -> Any:
        reply = self._request({"call": name, "args": args, "kwargs": kwargs})
        if "raised" in reply:
            raise _error(reply["raised"], hidden)
        try:
            _write_back((args, kwargs), values.from_wire(reply["args"], self._build_model))
            return values.from_wire(reply["value"], self._build_model)
        except WireError as error:
            raise MismatchError(f"{name} returned what cannot be read", outcome=Outcome.ERRORED) from error

    def _request(self, message: Message) -> Message:
        try:
            self.wire.send(message)
            reply = self.wire.receive()
        except WireError as error:
            raise _CheckAborted(str(error)) from None
        if "gone" in reply:
            raise _CheckAborted("the child is gone")
        return reply

    def _build_model(self, description: Any) -> Any:
        try:
            return build(parse(description), seed=self.seed)
        except ModelRefusedError as error:
            raise MismatchError(error.problem, actual=error.seen or None, hint=error.hint) from None


def _import_module(line: str) -> ModuleType:
    statement = ast.parse(line).body[0]
    assert isinstance(statement, ast.Import)
    return importlib.import_module(statement.names[0].name)


def _proxy(name: str, call: Callable[[tuple[Any, ...], Message], Any]) -> Callable[..., Any]:
    def answer(*args: Any, **kwargs: Any) -> Any:
        return call(args, kwargs)

    answer.__name__ = answer.__qualname__ = name
    return answer


def _verdict(mismatch: MismatchError) -> Message:
    told = MismatchError(mismatch.problem, actual=mismatch.actual, expected=mismatch.expected)
    return {
        "outcome": mismatch.outcome.value,
        "message": one_line(str(told), _MAX_MESSAGE_CHARS),
        "hint": one_line(mismatch.hint, _MAX_MESSAGE_CHARS),
    }


def _error(raised: Message, hidden: bool) -> Exception:
    """Return an exception like the one that the answer raised: same name, same built-in bases.

    In a hidden check a line number, and any name that is not Python's own, could carry what the
    check asked, so they stay behind; whose name it is, the child could lie about.
    """
    bases = [getattr(builtins, name, None) for name in raised["bases"] if type(name) is str]
    kinds = [kind for kind in bases if isinstance(kind, type) and issubclass(kind, Exception)]
    base = kinds[0] if kinds else Exception
    if issubclass(base, UnicodeError):
        base = ValueError
    name = base.__name__ if hidden else identifier(raised["name"])
    error: Exception = type(name, (base,), {})(one_line(raised["text"], 300))
    told = type(raised["line"]) is int and not hidden
    error.answer_line = raised["line"] if told else None  # type: ignore[attr-defined]
    return error


def _write_back(argument: Any, returned: Any) -> None:
    """Write into arguments what the answer did to them, so that the vocabulary can see it."""
    if isinstance(argument, tuple) and isinstance(returned, tuple):
        for old, new in zip(argument, returned, strict=False):
            _write_back(old, new)
    elif isinstance(argument, dict) and isinstance(returned, dict):
        argument.clear()
        argument.update(returned)
    elif isinstance(argument, list) and isinstance(returned, list):
        argument[:] = returned
    elif isinstance(argument, np.ndarray) and argument.flags.writeable and _is_compatible(argument, returned):
        argument[...] = returned


def _is_compatible(argument: "np.ndarray[Any, Any]", returned: Any) -> bool:
    is_array = isinstance(returned, np.ndarray)
    return is_array and (returned.shape, returned.dtype) == (argument.shape, argument.dtype)
