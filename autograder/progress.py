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

from autograder.grade.results import Result
from autograder.grade.run import Told

EVERY_S = 30.0
"""Seconds between two plain lines that say how fast it goes."""


@contextmanager
def shown(console: Console, title: str) -> Iterator["Count"]:
    """Show how a run goes while the block runs."""
    told = _Bar(console, title) if console.is_terminal else _Lines(console)
    with told.bar:
        yield told


class Count(Told):
    """How far a run is."""

    bar: AbstractContextManager[object] = nullcontext()

    def __init__(self, console: Console) -> None:
        self._console = console
        self.done = 0
        """Submissions that are graded, those of earlier runs among them."""

        self.all = 0

    def began(self, known: int, new: Sequence[str], remarks: Sequence[str]) -> None:
        """Begin to count."""
        self.done, self.all = known, known + len(new)
        for remark in remarks:
            self.tell(remark)

    def graded(self, result: Result) -> None:  # noqa: ARG002
        """Count one more."""
        self.done += 1

    def tell(self, line: str) -> None:
        """Print a line as it stands."""
        self._console.print(line, markup=False, soft_wrap=True)


class _Rate(ProgressColumn):
    """Submissions a minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{60 * task.speed:.0f}/min" if task.speed else "", style="progress.percentage")


class _Bar(Count):
    def __init__(self, console: Console, title: str) -> None:
        super().__init__(console)
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeElapsedColumn(),
            TextColumn("left"), TimeRemainingColumn(),
        )  # fmt: skip
        self.bar = self._progress = Progress(*columns, console=console, speed_estimate_period=120)
        self._title = title

    def began(self, known: int, new: Sequence[str], remarks: Sequence[str]) -> None:
        super().began(known, new, remarks)
        self._task = self._progress.add_task(self._title, total=self.all, completed=known)

    def graded(self, result: Result) -> None:
        super().graded(result)
        self._progress.advance(self._task)


class _Lines(Count):
    """A line for each submission, in the order of their names, whoever is finished first."""

    def began(self, known: int, new: Sequence[str], remarks: Sequence[str]) -> None:
        super().began(known, new, remarks)
        if known:
            self.tell(f"{known} of {self.all} are graded already")
        self._known = known
        self._waiting = list(reversed(new))
        self._early: dict[str, Result] = {}
        self._begin = self._told = time.monotonic()

    def graded(self, result: Result) -> None:
        super().graded(result)
        self._early[result.student] = result
        while self._waiting and self._waiting[-1] in self._early:
            one = self._early.pop(self._waiting.pop())
            self.tell(f"{one.student}: {one.earned:g} of {one.points:g}")
        now = time.monotonic()
        if now - self._told >= EVERY_S and self.done < self.all:
            self._told = now
            rate = (self.done - self._known) / (now - self._begin)
            left_min = max(1, round((self.all - self.done) / rate / 60))
            self.tell(f"{self.done} of {self.all}, {60 * rate:.0f} a minute, about {left_min} min left")
