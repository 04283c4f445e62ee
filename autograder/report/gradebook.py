"""``grades.csv`` and the table of the terminal: one row for each student."""

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from autograder.engine.results import GradingStatus, Result
from autograder.lateness import Lateness
from autograder.report import spreadsheet, summary
from autograder.report.marks import Mark
from autograder.text import one_line

NAME = "grades.csv"
MAX_ROWS = 30
"""Rows of the terminal's table."""

NO_SUBMISSION = "nothing handed in"
_PERSONAL_COLUMNS = ("id", "name", "email", "section", "group")
_MAX_NAME_LENGTH = 255
_MAX_FLAG_LENGTH = 300


def dump(marks: Sequence[Mark]) -> bytes:
    """Return the bytes of ``grades.csv``; a cell is empty where nothing is graded or known.

    ``total`` counts what is earned so far: the column ``outcome`` says whether that is all. ``final``
    is what is left of it after the penalty for being late.
    """
    results = [mark.result for mark in marks if mark.result]
    questions = [question.name for question in summary.questions(results)]
    known = [
        name
        for name in _PERSONAL_COLUMNS
        if any(mark.student and getattr(mark.student, name) for mark in marks)
    ]
    rest = ("total", "handed_in", "late", "penalty", "final", "outcome", "flags")
    header = ["student", *known, *(_escape(name, _MAX_NAME_LENGTH) for name in questions), *rest]
    return spreadsheet.dump_csv([header, *(_row(mark, known, questions) for mark in marks)])


def _row(mark: Mark, personal_columns: Sequence[str], questions: Sequence[str]) -> list[str]:
    result, student = mark.result, mark.student
    points = result.marks() if result else {}
    flags = "; ".join(one_line(flag, _MAX_FLAG_LENGTH) for flag in mark.flags)
    return [
        _escape(mark.label, _MAX_NAME_LENGTH),
        *(spreadsheet.escape_formula(getattr(student, name)) if student else "" for name in personal_columns),
        *(format_points(points.get(name)) for name in questions),
        format_points(mark.total),
        result.submitted_at if result else "",
        _late_days(mark.lateness),
        format_points(mark.penalty),
        format_points(mark.final_points),
        result.status.value if result else "" if mark.unmatched_reason else NO_SUBMISSION,
        _escape(flags, 10 * _MAX_FLAG_LENGTH),
    ]


def _late_days(lateness: Lateness) -> str:
    return "unknown" if lateness.is_flagged_late else "" if lateness.days is None else str(lateness.days)


def summary_table(results: Sequence[Result]) -> Table:
    """Return the first rows for the terminal, and how many more there are."""
    questions = [question for question in summary.questions(results) if not question.manual]
    table = Table(
        caption=_more_rows_caption(len(results)),
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("student", no_wrap=True, min_width=8, max_width=12)
    for question in questions:
        heading = f"{one_line(question.name, 12)}\n/{format_points(question.points)}"
        table.add_column(heading, justify="right", no_wrap=True, min_width=3)
    points = sum(question.points for question in questions)
    table.add_column(f"sum\n/{format_points(points)}", justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True, min_width=8)
    for result in _sorted(results)[:MAX_ROWS]:
        marks = result.marks()
        cells = [format_points(marks.get(question.name)) for question in questions]
        name = Text(one_line(result.student, 60))  # a Text, for in a str rich reads [red] as its markup
        table.add_row(name, *cells, format_points(total(result)), result.status.value)
    return table


def format_points(points: float | None) -> str:
    """Return points as people write them, and nothing for ``None``."""
    return "" if points is None else f"{round(points, 2):g}"


def total(result: Result) -> float | None:
    """Return all points so far; ``None`` if no check at all is graded."""
    return None if result.status is GradingStatus.UNGRADED else result.earned


def _sorted(results: Sequence[Result]) -> list[Result]:
    return sorted(results, key=lambda result: result.student)


def _more_rows_caption(count: int) -> str | None:
    return f"… and {count - MAX_ROWS} more" if count > MAX_ROWS else None


def _escape(text: str, max_length: int) -> str:
    return spreadsheet.escape_formula(one_line(text, max_length))
