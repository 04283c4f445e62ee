"""``grades.csv`` and the table of the terminal: one row for each student."""

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from autograder.grade.results import Result, Standing
from autograder.grade.text import one_line
from autograder.lateness import Lateness
from autograder.report import spreadsheet, summary
from autograder.report.marks import Mark

NAME = "grades.csv"
SHOWN = 30
"""Rows of the terminal's table."""

NOTHING = "nothing handed in"
_PERSONAL = ("id", "name", "email", "section", "group")
_LONGEST_NAME = 255
_LONGEST_FLAG = 300


def dump(marks: Sequence[Mark]) -> bytes:
    """Return the bytes of ``grades.csv``; a cell is empty where nothing is graded or known.

    ``total`` counts what is earned so far: the column ``outcome`` says whether that is all. ``final``
    is what is left of it after the penalty for being late.
    """
    results = [mark.result for mark in marks if mark.result]
    questions = [question.name for question in summary.questions(results)]
    known = [
        name for name in _PERSONAL if any(mark.student and getattr(mark.student, name) for mark in marks)
    ]
    rest = ("total", "handed_in", "late", "penalty", "final", "outcome", "flags")
    header = ["student", *known, *(_inert(name, _LONGEST_NAME) for name in questions), *rest]
    return spreadsheet.dump([header, *(_row(mark, known, questions) for mark in marks)])


def _row(mark: Mark, known: Sequence[str], questions: Sequence[str]) -> list[str]:
    result, student = mark.result, mark.student
    points = result.marks() if result else {}
    flags = "; ".join(one_line(flag, _LONGEST_FLAG) for flag in mark.flags)
    return [
        _inert(mark.label, _LONGEST_NAME),
        *(spreadsheet.inert(getattr(student, name)) if student else "" for name in known),
        *(number(points.get(name)) for name in questions),
        number(mark.total),
        result.handed_in if result else "",
        _late(mark.lateness),
        number(mark.penalty),
        number(mark.final),
        result.standing.value if result else "" if mark.why else NOTHING,
        _inert(flags, 10 * _LONGEST_FLAG),
    ]


def _late(lateness: Lateness) -> str:
    return "unknown" if lateness.marked else "" if lateness.days is None else str(lateness.days)


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
    return spreadsheet.inert(one_line(text, longest))
