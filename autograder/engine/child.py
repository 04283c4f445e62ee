"""The process in which one submission runs: its cells, and the calls that checks make.

It holds nothing that decides a mark. Student code runs in here and can change all of it, so everything
that this process sends may have been forged by the submission; the receiver treats it that way.
"""

import contextlib
import importlib
import os
import signal
import socket
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograder.engine import ipython, values
from autograder.engine.wire import Channel, WireError
from autograder.models.description import ModelRefusedError
from autograder.text import one_line

Message = dict[str, Any]

_MAX_ERROR_CHARS = 300
_MAX_NAME_CHARS = 100


def main(sock: socket.socket, options: Message) -> None:
    """Report that the process is ready, then serve one submission until the other end is gone.

    Args:
        options: ``seed``; ``kit``, the name of the kit's package; ``stubbed_functions`` of the
            kit, which decide no mark and are replaced by nothing; ``trainer_module``, the kit's
            module whose work the trainer does (empty without).
    """
    submission = _Submission(Channel(sock), ipython.start_shell())
    if "keras" in sys.modules:  # imported by the zygote, with what of this package works on models
        from autograder.engine import lazy_variables

        sys.modules["keras"].utils.set_random_seed(options["seed"])
        lazy_variables.install()
    for name in options["stubbed_functions"]:
        setattr(sys.modules[options["kit"]], name, _stub)
    if options["trainer_module"]:
        from autograder.engine import offload

        offload.install(importlib.import_module(options["trainer_module"]), submission.train)
    submission.wire.send({"ready": True})
    own_pid = os.getpid()
    with contextlib.suppress(WireError):
        while True:
            reply = submission.handle_request(submission.wire.receive())
            if os.getpid() != own_pid:
                os._exit(0)  # a fork that student code made returned from its cell: one process, one reply
            submission.wire.send(reply)


def _stub(*_args: Any, **_kwargs: Any) -> None:
    """Stand in for a function that decides no mark."""


class _Submission:
    """The shell with what the notebook has defined so far, and the wire to the supervisor."""

    def __init__(self, wire: Channel, shell: ipython.Shell) -> None:
        self.wire = wire
        self.names: dict[str, Any] = shell.user_ns
        self.run = ipython.cell_runner(shell)

    def handle_request(self, message: Message) -> Message:
        """Run a cell, describe names, or call a function, as the supervisor asks."""
        if "cell" in message:
            return self._run_cell(message["cell"], message["limit_s"])
        if "names" in message:
            return {"kinds": {name: self._kind(name) for name in message["names"]}}
        return self._call_function(message)

    def train(self, job: Message) -> Message:
        """Have the trainer do a job; the clock of the cell or call is stopped meanwhile."""
        left_s, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            self.wire.send({"job": job})
            return self.wire.receive()
        finally:
            signal.setitimer(signal.ITIMER_REAL, left_s)

    def _run_cell(self, text: str, limit_s: float) -> Message:
        try:
            with _time_limit(limit_s):
                error = self.run(text)
        except TimeoutError as timeout:
            error = timeout  # it came between the cell's last line and the end of the block
        return {"error": None if error is None else _describe_exception(error, None)}

    def _kind(self, name: str) -> str:
        if name not in self.names:
            return "missing"
        value = self.names[name]
        if value is None or value is Ellipsis:
            return "placeholder"
        return "function" if callable(value) else type(value).__name__[:_MAX_NAME_CHARS]

    def _call_function(self, message: Message) -> Message:
        function: Any = self.names.get(message["call"])
        args, kwargs = message["args"], message["kwargs"]
        try:
            with _time_limit(message["limit_s"]):
                value = function(*args, **kwargs)
                # Inside the limit: a value of the student's own class runs student code when it is read.
                wire_value = values.to_wire(value, _describe_model)
        except BaseException as error:  # noqa: BLE001  whatever student code raises is its result
            return {"raised": _describe_exception(error, function)}
        # The arguments return too, since the function may have changed them in place.
        return {"value": wire_value, "args": values.to_wire((args, kwargs), _describe_model)}


def _describe_model(model: Any) -> values.WireValue:
    try:
        from autograder.models.encode import encode

        return ("model", encode(model))
    except ModelRefusedError as error:
        return ("refused", str(error))
    except Exception as error:  # noqa: BLE001  an object that only looks like a model may raise anything
        return ("refused", f"it cannot be read ({type(error).__name__})")


def _describe_exception(error: BaseException, function: Any) -> Message:
    bases = [base.__name__ for base in type(error).__mro__ if base.__module__ == "builtins"]
    return {
        "name": type(error).__name__[:_MAX_NAME_CHARS],
        "bases": bases,
        "text": one_line(str(error), _MAX_ERROR_CHARS),
        "line": _error_line(error, function),
    }


def _error_line(error: BaseException, function: Any) -> int | None:
    """Return the line of a function, from 1, that raised an error; None if it is not in the function."""
    if isinstance(error, SyntaxError):
        return error.lineno
    code = getattr(function, "__code__", None)
    line = None
    trace: types.TracebackType | None = error.__traceback__
    while trace is not None:
        if isinstance(code, types.CodeType) and trace.tb_frame.f_code is code:
            line = trace.tb_lineno - code.co_firstlineno + 1
        trace = trace.tb_next
    return line


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupt Python code after ``seconds``.

    The signal arrives between two instructions of Python: code that hangs in C, or that catches the
    error and continues, is killed by the supervisor a little later.
    """

    def stop(_signal: int, _frame: Any) -> None:
        raise TimeoutError(f"stopped after {seconds:g} seconds")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
