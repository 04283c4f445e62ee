"""An IPython shell for one submission: a notebook's cells run in it as in a kernel."""

import builtins
import getpass
import io
import sys
from collections.abc import Callable
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder.engine import stubs


class _NullDisplayPublisher(DisplayPublisher):
    def publish(self, *_args: Any, **_kwargs: Any) -> None:
        """Show nothing."""


class _NullDisplayHook(DisplayHook):
    def __call__(self, result: Any = None) -> None:
        """Keep nothing, so that the memory of a large value is free again."""


class Shell(InteractiveShell):
    """IPython without a terminal, a history or an event loop."""

    def enable_gui(self, gui: Any = None) -> None:
        """Accept ``%matplotlib inline`` and its like; figures are never shown."""

    def enable_matplotlib(self, gui: Any = None) -> tuple[str, str]:
        """Accept any backend, and keep the one that needs no screen."""
        return gui or "agg", "agg"

    def system(self, cmd: str) -> None:
        """Leave shell commands such as ``!pip install`` out: nothing can be installed here."""

    system_piped = system
    system_raw = system

    def getoutput(self, _cmd: str, split: bool = True, _depth: int = 0) -> Any:
        """Return the output of a command that was left out."""
        return [] if split else ""

    def ask_exit(self) -> None:
        """Stay: ``exit()`` in a cell does not end the notebook."""

    def showtraceback(self, *_args: Any, **_kwargs: Any) -> None:
        """Print nothing; the error itself is in the result of the cell."""

    def showsyntaxerror(self, *_args: Any, **_kwargs: Any) -> None:
        """Print nothing; the error itself is in the result of the cell."""


class NullStream(io.TextIOBase):
    """A stream that keeps nothing and never fails."""

    def writable(self) -> bool:
        """Return that it takes text."""
        return True

    def write(self, text: str) -> int:
        """Forget the text."""
        return len(text)


def start_shell() -> Shell:
    """Return a shell that shows nothing and answers no question."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 0
    config.InteractiveShell.display_page = False
    HistoryManager.enabled = False  # type: ignore[assignment]
    shell = Shell(  # type: ignore[no-untyped-call]
        config=config, displayhook_class=_NullDisplayHook, display_pub_class=_NullDisplayPublisher
    )
    sys.stdout, sys.stderr = NullStream(), NullStream()
    builtins.input = getpass.getpass = _refuse_input
    stubs.install()
    return shell


def _refuse_input(*_args: Any, **_kwargs: Any) -> str:
    raise EOFError("nobody is there to answer while a notebook is graded")


RunCell = Callable[[str], BaseException | None]


def cell_runner(shell: Shell) -> RunCell:
    """Return a function that runs one cell and returns what it raised."""

    def run_cell(text: str) -> BaseException | None:
        result = shell.run_cell(text, store_history=False)  # type: ignore[no-untyped-call]
        error: BaseException | None = result.error_before_exec or result.error_in_exec
        return error

    return run_cell
