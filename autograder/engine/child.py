"""The process in which one submission runs: cells, and calls that checks make.

It holds nothing that decides a mark. Everything that it says may have been said by the
submission itself; whoever listens treats it so.
"""

import contextlib
import importlib
import os
import signal
import socket
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras

from autograder.engine import ipython, lazy_variables, offload, preload, values
from autograder.engine.wire import Channel, WireError
from autograder.models.description import ModelRefusedError
from autograder.models.encode import encode
from autograder.text import one_line

Message = dict[str, Any]

_MAX_ERROR_CHARS = 300
"""Longest text of an exception, characters."""


def main(sock: socket.socket, options: Message) -> None:
    """Say that all is ready, then serve one submission until the other end is gone.

    Args:
        options: ``seed``; ``kit``, the name of the kit's package; ``skip``, functions of the
            kit that decide no mark and are left out; ``offload``, the kit's module whose work
            is done elsewhere (empty without).
    """
    submission = _Submission(Channel(sock), ipython.start_shell())
    _prepare(options, submission.ask)
    submission.wire.send({"ready": True})
    own = os.getpid()
    with contextlib.suppress(WireError):
        while True:
            reply = submission.handle_request(submission.wire.receive())
            if os.getpid() != own:
                os._exit(0)  # a copy that student code forked must not speak on the wire
            submission.wire.send(reply)


def _prepare(options: Message, ask: Callable[[Message], Message]) -> None:
    keras.utils.set_random_seed(options["seed"])
    lazy_variables.install()
    preload.install()
    for name in options["stubbed_functions"]:
        setattr(sys.modules[options["kit"]], name, _stub)
    if options["trainer_module"]:
        offload.install(importlib.import_module(options["trainer_module"]), ask)


def _stub(*_args: Any, **_kwargs: Any) -> None:
    """Stand in for a function that decides no mark."""


class _Submission:
    """The shell with what the notebook has defined so far, and the wire to the supervisor."""

    def __init__(self, wire: Channel, interactive_shell: ipython.Shell) -> None:
        self.wire = wire
        self.names: dict[str, Any] = interactive_shell.user_ns
        self.run = ipython.cell_runner(interactive_shell)

    def handle_request(self, message: Message) -> Message:
        """Do what the supervisor asks."""
        if "cell" in message:
            return self._run_cell(message["cell"], message["limit_s"])
        if "names" in message:
            return {"kinds": {name: self._kind(name) for name in message["names"]}}
        return self._call_function(message)

    def ask(self, job: Message) -> Message:
        """Have work done elsewhere; the clock of the cell or call stands still meanwhile."""
        left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            self.wire.send({"job": job})
            return self.wire.receive()
        finally:
            signal.setitimer(signal.ITIMER_REAL, left)

    def _run_cell(self, text: str, limit_s: float) -> Message:
        try:
            with _time_limit(limit_s):
                error = self.run(text)
        except TimeoutError as late:
            error = late
        return {"error": _describe_exception(error, None) if error else None}

    def _kind(self, name: str) -> str:
        if name not in self.names:
            return "missing"
        value = self.names[name]
        if value is None or value is Ellipsis:
            return "placeholder"
        return "function" if callable(value) else type(value).__name__[:100]

    def _call_function(self, message: Message) -> Message:
        function: Any = self.names.get(message["call"])
        args, kwargs = message["args"], message["kwargs"]
        try:
            with _time_limit(message["limit_s"]):
                value = function(*args, **kwargs)
                spelling = values.to_wire(value, _describe_model)
        except BaseException as error:  # noqa: BLE001  whatever student code raises is its result
            return {"raised": _describe_exception(error, function)}
        return {"value": spelling, "args": values.to_wire((args, kwargs), _describe_model)}


def _describe_model(model: Any) -> values.WireValue:
    try:
        return ("model", encode(model))
    except ModelRefusedError as error:
        return ("refused", str(error))
    except Exception as error:  # noqa: BLE001  an object that only looks like a model
        return ("refused", f"it cannot be read ({type(error).__name__})")


def _describe_exception(error: BaseException, function: Any) -> Message:
    mro = type(error).__mro__
    return {
        "name": type(error).__name__[:100],
        "bases": [kind.__name__ for kind in mro if kind.__module__ == "builtins"],
        "text": one_line(str(error), _MAX_ERROR_CHARS),
        "line": _error_line(error, function),
    }


def _error_line(error: BaseException, function: Any) -> int | None:
    """Return the line of the function, from 1, in which an error arose; of a cell without one."""
    if isinstance(error, SyntaxError):
        return error.lineno
    code = getattr(function, "__code__", None)
    found = None
    trace: types.TracebackType | None = error.__traceback__
    while trace is not None:
        if isinstance(code, types.CodeType) and trace.tb_frame.f_code is code:
            found = trace.tb_lineno - code.co_firstlineno + 1
        trace = trace.tb_next
    return found


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupt Python code after ``seconds``; code that will not be stopped is killed from outside."""

    def stop(_signal: int, _frame: Any) -> None:
        raise TimeoutError(f"stopped after {seconds:g} seconds")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
