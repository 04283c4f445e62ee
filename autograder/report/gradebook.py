"""``grades.csv`` and the table of the terminal: one row for each student."""

import csv
import io
import re
from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from autograder.grade.results import Result, Standing
from autograder.grade.text import one_line
from autograder.report import summary

NAME = "grades.csv"
SHOWN = 30
"""Rows of the terminal's table."""

_LONGEST_NAME = 255
_LONGEST_FLAG = 300


def dump(results: Sequence[Result]) -> bytes:
    """Return the bytes of ``grades.csv``; a cell is empty where nothing is graded.

    A total counts what is earned so far: the column ``outcome`` says whether that is all.
    """
    questions = [question.name for question in summary.questions(results)]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    header = ["student", *questions, "total", "outcome", "flags"]
    writer.writerow(_inert(name, _LONGEST_NAME) for name in header)
    for result in _sorted(results):
        marks = result.marks()
        cells = [number(marks.get(name)) for name in questions]
        flags = "; ".join(one_line(flag, _LONGEST_FLAG) for flag in result.flags)
        writer.writerow(
            [
                _inert(result.student, _LONGEST_NAME),
                *cells,
                number(total(result)),
                result.standing.value,
                _inert(flags, 10 * _LONGEST_FLAG),
            ]
        )
    return file.getvalue().encode("utf-8")


def summary_table(results: Sequence[Result]) -> Table:
    """Return the first rows for the terminal, and how many more there are."""
    questions = [question for question in summary.questions(results) if not question.manual]
    table = Table(
        caption=_rest(len(results)), caption_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.add_column("student", no_wrap=True, min_width=8, max_width=12)
    for question in questions:
        heading = f"{one_line(question.name, 12)}\n/{number(question.points)}"
        table.add_column(heading, justify="right", no_wrap=True, min_width=3)
    points = sum(question.points for question in questions)
    table.add_column(f"sum\n/{number(points)}", justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True, min_width=8)
    for result in _sorted(results)[:SHOWN]:
        marks = result.marks()
        cells = [number(marks.get(question.name)) for question in questions]
        name = Text(one_line(result.student, 60))  # a Text, for in a str rich reads [red] as its markup
        table.add_row(name, *cells, number(total(result)), result.standing.value)
    return table


def number(points: float | None) -> str:
    """Return points as people write them, and nothing for ``None``."""
    return "" if points is None else f"{round(points, 2):g}"


def total(result: Result) -> float | None:
    """Return all points so far; ``None`` if no check at all is graded."""
    return None if result.standing is Standing.UNGRADED else result.earned


def _sorted(results: Sequence[Result]) -> list[Result]:
    return sorted(results, key=lambda result: result.student)


def _rest(count: int) -> str | None:
    return f"… and {count - SHOWN} more" if count > SHOWN else None


def _inert(text: str, longest: int) -> str:
    """Return text that no spreadsheet takes for a formula.

    Some split at other separators than the comma; a cell may begin behind each of them.
    """
    return re.sub(r"(^|[;,|])(\s*)([=+\-@])", r"\1\2'\3", one_line(text, longest))
