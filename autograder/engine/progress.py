"""The progress of a run: a bar on a terminal, elsewhere plain lines in a stable order."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

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

from autograder.engine.results import GradingStatus, Result, RunListener

REPORT_INTERVAL_S = 30.0
"""Seconds between two plain lines about the speed."""


@contextmanager
def show_progress(console: Console, title: str) -> Iterator["RunProgress"]:
    """Show the progress of a run while the block runs."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _RateColumn(),
        TimeElapsedColumn(),             TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    is_plain = not console.is_terminal
    with Progress(*columns, console=console, speed_estimate_period=120, disable=is_plain) as bar:
        yield RunProgress(bar, title)


class _RateColumn(ProgressColumn):
    """Submissions per minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{60 * task.speed:.0f}/min" if task.speed else "", style="progress.percentage")


class RunProgress(RunListener):
    """Counts the graded submissions of a run.

    Without a terminal there is one line per submission, in the order of the names, whatever
    finishes first.
    """

    def __init__(self, bar: Progress, title: str) -> None:
        self._bar = bar
        self._title = title
        self.completed = 0
        """Graded submissions, including those of earlier runs."""

        self.total = 0
        self._waiting: dict[str, Result] = {}
        """Results whose line must wait for that of an earlier student."""

    def on_start(self, already_graded: int, students: Sequence[str], remarks: Sequence[str]) -> None:
        """Begin to count."""
        self.completed = self._already_graded = already_graded
        self.total = already_graded + len(students)
        for remark in remarks:
            self.log(remark)
        self._task = self._bar.add_task(self._title, total=self.total, completed=already_graded)
        if self._bar.disable and already_graded:
            self.log(f"{already_graded} of {self.total} are already graded")
        self._pending = list(reversed(students))
        self._started_at = self._last_report_at = time.monotonic()

    def on_graded(self, result: Result) -> None:
        """Count one more."""
        self.completed += 1
        self._bar.advance(self._task)
        if not self._bar.disable:
            return
        self._waiting[result.student] = result
        while self._pending and self._pending[-1] in self._waiting:
            next_result = self._waiting.pop(self._pending.pop())
            status = next_result.status
            rest = "" if status is GradingStatus.GRADED else f", {status.value}"
            self.log(f"{next_result.student}: {next_result.earned:g} of {next_result.points:g}{rest}")
        now = time.monotonic()
        if now - self._last_report_at >= REPORT_INTERVAL_S and self.completed < self.total:
            self._last_report_at = now
            rate = (self.completed - self._already_graded) / (now - self._started_at)
            left_min = max(1, round((self.total - self.completed) / rate / 60))
            self.log(f"{self.completed} of {self.total}, {60 * rate:.0f} a minute, about {left_min} min left")

    def log_interrupt(self) -> None:
        """Say how far the run came."""
        done = f"{self.completed} of {self.total} submissions are graded and stored"
        self.log(f"{done}; run the same command again to resume.")

    def log(self, line: str) -> None:
        """Print a line as it is; names of students may look like markup."""
        self._bar.console.print(line, markup=False, soft_wrap=True)
