"""How a run goes, for who waits: a bar on a terminal, plain lines in a stable order elsewhere."""

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

from autograder.grade.results import Result
from autograder.grade.run import Told

EVERY_S = 30.0
"""Seconds between two plain lines that say how fast it goes."""


@contextmanager
def shown(console: Console, title: str) -> Iterator[Told]:
    """Show how a run goes while the block runs."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, speed_estimate_period=120) as progress:
        yield _Bar(progress, title)


class _Rate(ProgressColumn):
    """Submissions a minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{60 * task.speed:.0f}/min" if task.speed else "", style="progress.percentage")


class _Bar(Told):
    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._title = title

    def began(self, known: int, new: Sequence[str], remarks: Sequence[str]) -> None:
        for remark in remarks:
            self._progress.console.print(remark, markup=False, soft_wrap=True)
        self._task = self._progress.add_task(self._title, total=known + len(new), completed=known)

    def graded(self, result: Result) -> None:  # noqa: ARG002
        self._progress.advance(self._task)


class _Lines(Told):
    """A line for each submission, in the order of their names, whoever is finished first."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def began(self, known: int, new: Sequence[str], remarks: Sequence[str]) -> None:
        for remark in remarks:
            self._print(remark)
        if known:
            self._print(f"{known} of {known + len(new)} are graded already")
        self._waiting = list(reversed(new))
        self._results: dict[str, Result] = {}
        self._begin = self._told = time.monotonic()
        self._done, self._all = 0, len(new)

    def graded(self, result: Result) -> None:
        self._done += 1
        self._results[result.student] = result
        while self._waiting and self._waiting[-1] in self._results:
            done = self._results.pop(self._waiting.pop())
            self._print(f"{done.student}: {done.earned:g} of {done.points:g}")
        now = time.monotonic()
        if now - self._told >= EVERY_S and self._done < self._all:
            self._told = now
            rate = self._done / (now - self._begin)
            left = max(1, round((self._all - self._done) / rate / 60))
            self._print(f"{self._done} of {self._all}, {60 * rate:.0f} a minute, about {left} min left")

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)
