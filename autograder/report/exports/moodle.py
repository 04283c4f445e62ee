"""A CSV file that Moodle imports as a grading worksheet of the assignment.

Moodle finds a student by the number in ``Identifier``, which is of this assignment alone and the
one in the names of downloaded files; it wants the columns ``Grade`` and ``Last modified (grade)``,
reads no names, and passes over empty grades. Column names are those of an English Moodle.
(Moodle, ``mod/assign/feedback/offline/importgradeslib.php`` and ``locallib.php``.)
"""

from pathlib import Path

from autograder.errors import StaffError
from autograder.files import replace_file
from autograder.report.exports import lms_csv
from autograder.report.gradebook import format_points
from autograder.report.load_run import Run
from autograder.report.marks import Mark
from autograder.report.spreadsheet import dump_csv, escape_formula

NAME = "moodle.csv"
HEADER = ["Identifier", "Full name", "Email address", "Grade", "Maximum Grade", "Last modified (grade)"]


def write(run: Run, out: Path) -> Path:
    """Write the marks and return where.

    Raises:
        StaffError: no student has a number in Moodle.
    """
    points = format_points(run.assignment.points)
    rows = [_row(mark, points) for mark in run.marks if is_identifiable(mark)]
    if not rows:
        raise StaffError(f"{run.out}: no student has a moodle_id; give a list with --roster")
    replace_file(out / NAME, dump_csv([HEADER, *rows]))
    return out / NAME


def is_identifiable(mark: Mark) -> bool:
    """Return whether Moodle can know whose mark it is."""
    return not mark.unmatched_reason and bool(_participant_id(mark))


def remarks(run: Run) -> tuple[str, ...]:
    """Return what is not in the file, one sentence each."""
    return lms_csv.remarks(run, is_identifiable, "Moodle")


def _row(mark: Mark, points: str) -> list[str]:
    email = mark.student.email if mark.student else ""
    name = escape_formula(lms_csv.display_name(mark))
    return [
        f"Participant {_participant_id(mark)}",
        name,
        escape_formula(email),
        format_points(mark.complete_total),
        points,
        "-",
    ]


def _participant_id(mark: Mark) -> str:
    """Return the participant's number: the roster's, for a group's file bears the group's."""
    if mark.student is None or not mark.student.moodle_id:
        return mark.result.ids.get("moodle", "") if mark.result and not _is_in_group(mark) else ""
    return mark.student.moodle_id


def _is_in_group(mark: Mark) -> bool:
    return bool(mark.student and mark.student.group)
