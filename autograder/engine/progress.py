"""How a run goes, for who waits: a bar on a terminal, plain lines in a stable order elsewhere."""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from autograder.engine.results import Result, RunListener

REPORT_INTERVAL_S = 30.0
"""Seconds between two plain lines that say how fast it goes."""


@contextmanager
def show_progress(console: Console, title: str) -> Iterator["RunProgress"]:
    """Show how a run goes while the block runs."""
    told = _TerminalProgress(console, title) if console.is_terminal else _PlainProgress(console)
    with told.display:
        yield told


class RunProgress(RunListener):
    """How far a run is."""

    display: AbstractContextManager[object] = nullcontext()

    def __init__(self, console: Console) -> None:
        self._console = console
        self.completed = 0
        """Submissions that are graded, those of earlier runs among them."""

        self.total = 0

    def on_start(self, already_graded: int, students: Sequence[str], remarks: Sequence[str]) -> None:
        """Begin to count."""
        self.completed, self.total = already_graded, already_graded + len(students)
        for remark in remarks:
            self.log(remark)

    def on_graded(self, result: Result) -> None:  # noqa: ARG002
        """Count one more."""
        self.completed += 1

    def log(self, line: str) -> None:
        """Print a line as it stands."""
        self._console.print(line, markup=False, soft_wrap=True)


class _RateColumn(ProgressColumn):
    """Submissions a minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{60 * task.speed:.0f}/min" if task.speed else "", style="progress.percentage")


class _TerminalProgress(RunProgress):
    def __init__(self, console: Console, title: str) -> None:
        super().__init__(console)
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _RateColumn(),
            TimeElapsedColumn(),             TextColumn("left"), TimeRemainingColumn(),
        )  # fmt: skip
        self.display = self._progress = Progress(*columns, console=console, speed_estimate_period=120)
        self._title = title

    def on_start(self, already_graded: int, students: Sequence[str], remarks: Sequence[str]) -> None:
        super().on_start(already_graded, students, remarks)
        self._task = self._progress.add_task(self._title, total=self.total, completed=already_graded)

    def on_graded(self, result: Result) -> None:
        super().on_graded(result)
        self._progress.advance(self._task)


class _PlainProgress(RunProgress):
    """A line for each submission, in the order of their names, whoever is finished first."""

    def on_start(self, already_graded: int, students: Sequence[str], remarks: Sequence[str]) -> None:
        super().on_start(already_graded, students, remarks)
        if already_graded:
            self.log(f"{already_graded} of {self.total} are graded already")
        self._already_graded = already_graded
        self._pending = list(reversed(students))
        self._out_of_order: dict[str, Result] = {}
        self._started_at = self._last_report_at = time.monotonic()

    def on_graded(self, result: Result) -> None:
        super().on_graded(result)
        self._out_of_order[result.student] = result
        while self._pending and self._pending[-1] in self._out_of_order:
            one = self._out_of_order.pop(self._pending.pop())
            self.log(f"{one.student}: {one.earned:g} of {one.points:g}")
        now = time.monotonic()
        if now - self._last_report_at >= REPORT_INTERVAL_S and self.completed < self.total:
            self._last_report_at = now
            rate = (self.completed - self._already_graded) / (now - self._started_at)
            left_min = max(1, round((self.total - self.completed) / rate / 60))
            self.log(f"{self.completed} of {self.total}, {60 * rate:.0f} a minute, about {left_min} min left")
