"""The process in which one submission runs: its cells, and the calls that checks make.

It holds nothing that decides a mark. Student code runs in here and can change all of it, so everything
that this process sends may have been forged by the submission; the receiver treats it that way.
"""

import builtins
import contextlib
import getpass
import importlib.util
import io
import os
import re
import signal
import socket
import sys
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder.checks.answers import is_stub
from autograder.engine import table_values, values
from autograder.engine.missing_imports import INPUT, MissingLibrary, explain_import_error, guard_imports
from autograder.engine.wire import Channel, Message, WireError
from autograder.models.description import ModelRefusedError
from autograder.submission.statements import parse_code
from autograder.text import one_line

TQDM_MODULES = ("tqdm", "tqdm.auto", "tqdm.notebook", "tqdm.autonotebook")
COLAB_MODULES = ("google.colab", "google.colab.drive", "google.colab.files", "google.colab.output")

_MAX_ERROR_CHARS = 300
_MAX_NAME_CHARS = 100
_MAX_QUOTE_CHARS = 40
"""Characters of a cell or an error that another error's text quotes; checks show 160 in all."""

_MAX_INPUTS = 100
"""Calls of ``input`` in a notebook that are answered; a loop may ask until it likes the answer."""

_AUTOMATIC_NAME = re.compile(r"(sequential|functional)(_\d+)?")


def main(sock: socket.socket, options: Message) -> None:
    """Report that the process is ready, then serve one submission until the other end is gone.

    Args:
        options: ``seed``; ``kit``, the name of the kit's package; ``stubbed_functions`` of the
            kit, which decide no mark and are replaced by nothing; ``trainer_module``, the kit's
            module whose work the trainer does (empty without).
    """
    submission = _Submission(Channel(sock))
    # What of this package works on models was imported by the zygote, or it cannot be imported any more.
    if "autograder.engine.lazy_variables" in sys.modules:
        from autograder.engine import lazy_variables

        sys.modules["keras"].utils.set_random_seed(options["seed"])
        lazy_variables.install()
    for name in options["stubbed_functions"]:
        setattr(sys.modules[options["kit"]], name, _noop)
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


class _Submission:
    """The shell with what the notebook has defined so far, and the wire to the supervisor."""

    def __init__(self, wire: Channel) -> None:
        self.wire = wire
        self.shell = _start_shell()
        self.names: dict[str, Any] = self.shell.user_ns
        self.seen_layers: weakref.WeakSet[Any] = weakref.WeakSet()
        """Layers with weights of all models that answers have returned."""

        self._lost_names: dict[str, tuple[str, str]] = {}
        """By name that a cell failed to define, the name that failed first and how the cell failed."""

        self._keras_settings: list[tuple[Callable[[Any], None], Any]] = []
        """The function that sets each of Keras' global settings, with the value that it had at first."""

        if "keras" in sys.modules:
            config = sys.modules["keras"].config
            for name in ("dtype_policy", "floatx", "image_data_format", "epsilon"):
                setting = (getattr(config, f"set_{name}"), getattr(config, name)())
                self._keras_settings.append(setting)

    def handle_request(self, message: Message) -> Message:
        """Run a cell, describe names, or call a function, as the supervisor asks."""
        self.shell.skipped.clear()
        for cell, reason in message["lost_cells"]:
            self._remember_lost_names(cell, reason)
        if "cell" in message:
            if message["is_first_of_question"]:
                # One answer's global settings must not change the next.
                for put_back, value in self._keras_settings:
                    put_back(value)
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

    def _run_cell(self, cell: str, limit_s: float) -> Message:
        try:
            with _time_limit(limit_s):
                result = self.shell.run_cell(cell, store_history=False)  # type: ignore[no-untyped-call]
                error: BaseException | None = result.error_before_exec or result.error_in_exec
        except TimeoutError as timeout:
            error = timeout  # it came between the cell's last line and the end of the block
        if error is None:
            return {"error": None, "skipped": self.shell.skipped}
        description = self._describe_exception(error, None)
        text = one_line(str(error), _MAX_QUOTE_CHARS)
        reason = f"stops with {description['name']}{': ' if text else ''}{text}"
        self._remember_lost_names(cell, reason, error)
        return {"error": description, "skipped": self.shell.skipped}

    def _remember_lost_names(self, cell: str, reason: str, error: BaseException | None = None) -> None:
        """Note why the names that a failed cell should have defined are not defined."""
        code_lines = [line for line in cell.splitlines() if line.strip() and not line.startswith("#")]
        begin = one_line("".join(code_lines[:1]), _MAX_QUOTE_CHARS)
        first_cause = self._lost_names.get(_undefined_name(error))
        for name in parse_code(cell).names - self.names.keys():
            self._lost_names[name] = first_cause or (name, f"the cell “{begin} …” {reason}")

    def _describe_exception(self, error: BaseException, function: Any) -> Message:
        bases = [base.__name__ for base in type(error).__mro__ if base.__module__ == "builtins"]
        text = str(error)
        if isinstance(error, ImportError) and error.name:
            text = explain_import_error(error)
        name = _undefined_name(error)
        if name in self._lost_names:
            cause, failure = self._lost_names[name]
            text += f", because {failure}" if cause == name else f", because it needs {cause}, and {failure}"
        elif name and self.shell.lost_star_import:
            text += f", possibly because {self.shell.lost_star_import}"
        if INPUT in self.shell.skipped:
            text += f" ({INPUT} returns an empty string where the notebook is graded)"
        return {
            "name": type(error).__name__[:_MAX_NAME_CHARS],
            "bases": bases,
            "text": one_line(text, _MAX_ERROR_CHARS),
            "line": _error_line(error, function),
        }

    def _kind(self, name: str) -> str:
        if name not in self.names:
            return "missing"
        value = self.names[name]
        if value is None or value is Ellipsis or is_stub(value):
            return "placeholder"
        return "function" if callable(value) else type(value).__name__[:_MAX_NAME_CHARS]

    def _call_function(self, message: Message) -> Message:
        function: Any = self.names.get(message["call"])
        args, kwargs = table_values.unpack((message["args"], message["kwargs"]))
        try:
            with _time_limit(message["limit_s"]):
                value = function(*args, **kwargs)
                # Inside the limit: a value of the student's own class runs student code when it is read.
                wire_value = values.to_wire(value, self._describe_model)
        except BaseException as error:  # noqa: BLE001  whatever student code raises is its result
            return {"raised": self._describe_exception(error, function)}
        # The arguments return too, since the function may have changed them in place.
        return {"value": wire_value, "args": values.to_wire((args, kwargs), self._describe_model)}

    def _describe_model(self, model: Any) -> values.WireValue:
        try:
            from autograder.models.encode import encode

            layers = [layer for layer in model.layers if layer.weights]
            is_shared = any(layer in self.seen_layers for layer in layers)
            # A name that Keras made counts the models before it; without it, equal answers look alike.
            name = "" if _AUTOMATIC_NAME.fullmatch(model.name) else str(model.name)
            content = {"model": encode(model), "name": name, "shares_layers": is_shared}
            self.seen_layers.update(layers)
            return ("model", content)
        except ModelRefusedError as error:
            return ("refused", str(error))
        except Exception as error:  # noqa: BLE001  an object that only looks like a model may raise anything
            return ("refused", f"it cannot be read ({type(error).__name__})")


def _undefined_name(error: BaseException | None) -> str:
    """Return the name that Python did not find; empty if that was not the error."""
    # The exact types: classes of the student's own may hold anything.
    name = error.name if type(error) is NameError else ""
    return name if type(name) is str else ""


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


@contextlib.contextmanager
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


# The shell: a notebook's cells run in it as in a kernel.


class _NullDisplayPublisher(DisplayPublisher):
    def publish(self, *_args: Any, **_kwargs: Any) -> None:
        """Show nothing."""


class _NullDisplayHook(DisplayHook):
    def __call__(self, result: Any = None) -> None:
        """Store nothing, so that the memory of a large value is freed."""


class _Shell(InteractiveShell):
    """IPython without a terminal, a history or an event loop."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)  # type: ignore[no-untyped-call]
        self.skipped: list[str] = []
        """What the current cell did without: what it imports, ``INPUT``."""

        self.lost_star_import = ""
        """Why the last ``from … import *`` was skipped."""

        self._inputs = 0

    def transform_ast(self, node: Any) -> Any:
        """Let a cell's imports be skipped if they fail; magics like ``%%time`` come here too."""
        # Not as one of the transformers, for which IPython walks through the whole tree.
        guard_imports(node)
        return super().transform_ast(node)  # type: ignore[no-untyped-call]

    def skip_import(self, wanted: str, name: str) -> None:
        """Define the name of the import that has just failed."""
        error: Any = sys.exception()
        module = wanted.partition(".")[0]
        self.skipped.append(wanted)
        if name == "*":
            self.lost_star_import = explain_import_error(error, module)
        elif name == module and module in sys.modules:
            self.user_ns[name] = sys.modules[module]
        else:
            self.user_ns[name] = MissingLibrary(explain_import_error(error, wanted))

    def answer_input(self, *_args: Any, **_kwargs: Any) -> str:
        """Return an empty text: nobody is there to answer ``input()``."""
        self._inputs += 1
        if self._inputs > _MAX_INPUTS:
            raise EOFError(f"{INPUT} was called more than {_MAX_INPUTS} times")
        self.skipped.append(INPUT)
        return ""

    def enable_gui(self, gui: Any = None) -> None:
        """Accept ``%matplotlib inline`` and the like; figures are never shown."""

    def enable_matplotlib(self, gui: Any = None) -> tuple[str, str]:
        """Accept any backend, and keep the one that needs no screen."""
        return gui or "agg", "agg"

    def system(self, cmd: str) -> None:
        """Skip shell commands such as ``!pip install``: nothing can be installed here."""

    # IPython's own would look for a pseudo-terminal, which the sandbox does not have, and raise.
    system_piped = system_raw = system

    def getoutput(self, _cmd: str, split: bool = True, _depth: int = 0) -> Any:
        """Return the output of a command that was skipped."""
        return [] if split else ""

    def ask_exit(self) -> None:
        """Do nothing: ``exit()`` in a cell does not end the notebook."""

    def showtraceback(self, *_args: Any, **_kwargs: Any) -> None:
        """Print nothing; the error itself is in the result of the cell."""

    showsyntaxerror = showtraceback


class _NullStream(io.TextIOBase):
    """A stream that stores nothing and never fails."""

    def writable(self) -> bool:
        """Return True: it takes text."""
        return True

    def write(self, text: str) -> int:
        """Discard the text."""
        return len(text)


def _start_shell() -> _Shell:
    """Return a shell that shows nothing and has nobody to answer ``input()``."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 0
    HistoryManager.enabled = False  # type: ignore[assignment]  # or it starts a thread and a database
    shell = _Shell(config=config, displayhook_class=_NullDisplayHook, display_pub_class=_NullDisplayPublisher)
    sys.stdout, sys.stderr = _NullStream(), _NullStream()
    builtins.input = getpass.getpass = shell.answer_input
    if importlib.util.find_spec("tqdm") is None:
        _add_stub_modules(TQDM_MODULES, _StubProgressBar)
    _add_stub_modules(COLAB_MODULES, _noop)
    return shell


# Stubs for modules that exist where notebooks are written and that decide no mark.


def _add_stub_modules(names: tuple[str, ...], content: Any) -> None:
    """Make modules importable in which every public name is ``content``."""
    for name in names:
        module: Any = types.ModuleType(name)
        module.__path__ = []  # makes it a package
        module.__getattr__ = lambda attribute: _public_attribute(attribute, content)
        sys.modules.setdefault(name, module)
        parent, _, last = name.rpartition(".")
        if parent in names:
            setattr(sys.modules[parent], last, module)


def _public_attribute(attribute: str, content: Any) -> Any:
    if attribute.startswith("_"):
        raise AttributeError(attribute)  # or ``hasattr`` would find every protocol of Python
    return content


def _noop(*_args: Any, **_kwargs: Any) -> None:
    """Stand in for a function that decides no mark."""


class _StubProgressBar:
    """A progress bar that shows nothing."""

    def __init__(self, iterable: Any = (), *_args: Any, **_kwargs: Any) -> None:
        self._iterable = iterable

    def __iter__(self) -> Any:
        return iter(self._iterable)

    def __enter__(self) -> "_StubProgressBar":
        return self

    def __exit__(self, *_exception: object) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        return _public_attribute(name, _noop)
