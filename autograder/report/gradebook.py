"""``grades.csv`` and the terminal's table: one row for each student."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rich import box
from rich.table import Table
from rich.text import Text

from autograder.engine.results import Result
from autograder.report import summary
from autograder.report.marks import Mark, total
from autograder.report.roster import dump_csv, escape_formula
from autograder.text import one_line

NAME = "grades.csv"
MAX_ROWS = 30
"""Rows of the terminal's table."""

NO_SUBMISSION = "no submission"
_ROSTER_COLUMNS = ("id", "email", "section", "group")
_MAX_NAME_LENGTH = 255
_MAX_FLAG_LENGTH = 300


def dump(marks: Sequence[Mark]) -> bytes:
    """Return the bytes of ``grades.csv``; a cell is empty where nothing is graded or known.

    ``total`` counts the points so far (``outcome`` says whether these are all); ``final`` is the
    total after the late penalty.
    """
    questions = summary.question_points([mark.result for mark in marks if mark.result])
    is_named = any(mark.name for mark in marks)
    personal = [name for name in _ROSTER_COLUMNS if any(getattr(mark.row, name) for mark in marks)]
    header = ["student", *(["name"] if is_named else []), *personal]
    header += [_escape(question, _MAX_NAME_LENGTH) for question in questions]
    # Users' own scripts read these columns: their names are an interface.
    header += ["total", "handed_in", "late", "penalty", "final", "outcome", "flags"]
    rows = [header]
    for mark in marks:
        points: Mapping[str, float | None] = {}
        submitted_at, outcome, late = "", NO_SUBMISSION, ""
        if mark.result:
            points, submitted_at = mark.result.marks(), mark.result.submitted_at
            outcome = mark.result.status.value
        elif mark.unmatched_reason:
            outcome = ""
        if mark.lateness.is_flagged_late:
            late = "unknown"
        elif mark.lateness.days is not None:
            late = str(mark.lateness.days)
        flags = "; ".join(one_line(flag, _MAX_FLAG_LENGTH) for flag in mark.flags)
        # Whatever a student, a platform or the roster wrote is escaped; the grader wrote the rest.
        row = [_escape(mark.label, _MAX_NAME_LENGTH)]
        if is_named:
            row.append(escape_formula(mark.name))
        row += [escape_formula(getattr(mark.row, column)) for column in personal]
        row += [format_points(points.get(question)) for question in questions]
        row += [format_points(mark.total), submitted_at, late, format_points(mark.penalty)]
        row += [format_points(mark.final_points), outcome, _escape(flags, 10 * _MAX_FLAG_LENGTH)]
        rows.append(row)
    return dump_csv(rows)


def summary_table(results: Sequence[Result], names: Mapping[str, str] = MappingProxyType({})) -> Table:
    """Return the first rows for the terminal and how many more there are.

    Args:
        results: one of each student.
        names: people's names by student, where they are known.
    """
    questions = [question for question in summary.questions(results) if not question.manual]
    table = Table(caption_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    if len(results) > MAX_ROWS:
        table.caption = f"… and {len(results) - MAX_ROWS} more"
    if names:
        table.add_column("name", no_wrap=True, min_width=8, max_width=20)
    table.add_column("student", no_wrap=True, min_width=8, max_width=12)
    for question in questions:
        heading = f"{one_line(question.name, 12)}\n/{format_points(question.points)}"
        table.add_column(heading, justify="right", no_wrap=True, min_width=3)
    points = sum(question.points for question in questions)
    table.add_column(f"sum\n/{format_points(points)}", justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True, min_width=8)
    for result in sorted(results, key=lambda result: result.student)[:MAX_ROWS]:
        marks = result.marks()
        cells = [format_points(marks.get(question.name)) for question in questions]
        # In a plain str, rich would read [red] as markup.
        who = [Text(one_line(result.student, 60))]
        if names:
            who.insert(0, Text(one_line(names.get(result.student, ""), 60)))
        table.add_row(*who, *cells, format_points(total(result)), result.status.value)
    return table


def format_points(points: float | None) -> str:
    """Return points with at most two decimals, or nothing for ``None``."""
    return "" if points is None else f"{round(points, 2):g}"


def _escape(text: str, max_length: int) -> str:
    return escape_formula(one_line(text, max_length))
