"""An IPython shell for one submission: a notebook's cells run in it as in a kernel."""

import builtins
import getpass
import importlib.util
import io
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

TQDM_MODULES = ("tqdm", "tqdm.auto", "tqdm.notebook", "tqdm.autonotebook")
COLAB_MODULES = ("google.colab", "google.colab.drive", "google.colab.files", "google.colab.output")


class _NullDisplayPublisher(DisplayPublisher):
    def publish(self, *_args: Any, **_kwargs: Any) -> None:
        """Show nothing."""


class _NullDisplayHook(DisplayHook):
    def __call__(self, result: Any = None) -> None:
        """Store nothing, so that the memory of a large value is freed."""


class Shell(InteractiveShell):
    """IPython without a terminal, a history or an event loop."""

    def enable_gui(self, gui: Any = None) -> None:
        """Accept ``%matplotlib inline`` and the like; figures are never shown."""

    def enable_matplotlib(self, gui: Any = None) -> tuple[str, str]:
        """Accept any backend, and keep the one that needs no screen."""
        return gui or "agg", "agg"

    def system(self, cmd: str) -> None:
        """Skip shell commands such as ``!pip install``: nothing can be installed here."""

    # IPython's own would look for a pseudo-terminal, which the sandbox does not have, and raise.
    system_piped = system
    system_raw = system

    def getoutput(self, _cmd: str, split: bool = True, _depth: int = 0) -> Any:
        """Return the output of a command that was skipped."""
        return [] if split else ""

    def ask_exit(self) -> None:
        """Do nothing: ``exit()`` in a cell does not end the notebook."""

    def showtraceback(self, *_args: Any, **_kwargs: Any) -> None:
        """Print nothing; the error itself is in the result of the cell."""

    def showsyntaxerror(self, *_args: Any, **_kwargs: Any) -> None:
        """Print nothing; the error itself is in the result of the cell."""


class NullStream(io.TextIOBase):
    """A stream that stores nothing and never fails."""

    def writable(self) -> bool:
        """Return True: it takes text."""
        return True

    def write(self, text: str) -> int:
        """Discard the text."""
        return len(text)


def start_shell() -> Shell:
    """Return a shell that shows nothing and has nobody to answer ``input()``."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 0
    config.InteractiveShell.display_page = False
    HistoryManager.enabled = False  # type: ignore[assignment]  # or it starts a thread and a database
    shell = Shell(  # type: ignore[no-untyped-call]
        config=config, displayhook_class=_NullDisplayHook, display_pub_class=_NullDisplayPublisher
    )
    sys.stdout, sys.stderr = NullStream(), NullStream()
    builtins.input = getpass.getpass = _refuse_input
    if importlib.util.find_spec("tqdm") is None:
        _add_stub_modules(TQDM_MODULES, _StubProgressBar)
    _add_stub_modules(COLAB_MODULES, _noop)
    return shell


def _refuse_input(*_args: Any, **_kwargs: Any) -> str:
    raise EOFError("input() is not available while a notebook is graded")


RunCell = Callable[[str], BaseException | None]


def cell_runner(shell: Shell) -> RunCell:
    """Return a function that runs one cell and returns what it raised."""

    def run_cell(text: str) -> BaseException | None:
        result = shell.run_cell(text, store_history=False)  # type: ignore[no-untyped-call]
        error: BaseException | None = result.error_before_exec or result.error_in_exec
        return error

    return run_cell


# Stubs for modules that exist where notebooks are written and that decide no mark.


def _add_stub_modules(names: tuple[str, ...], content: Any) -> None:
    """Make modules importable in which every public name is ``content``."""
    for name in names:
        module = ModuleType(name)
        module.__path__ = []  # makes it a package
        module.__getattr__ = lambda attribute: _public_attribute(attribute, content)  # type: ignore[method-assign]
        sys.modules.setdefault(name, module)
        parent, _, last = name.rpartition(".")
        if parent in names:
            setattr(sys.modules[parent], last, module)


def _public_attribute(attribute: str, content: Any) -> Any:
    if attribute.startswith("_"):
        raise AttributeError(attribute)  # or ``hasattr`` would find every protocol of Python
    return content


def _noop(*_args: Any, **_kwargs: Any) -> None:
    """Do nothing, as there is no browser and no drive."""


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
