"""A CSV file that Canvas' gradebook imports.

The columns before the assignment's are those that Canvas writes itself; it finds a student by the
first of ``ID``, ``SIS User ID`` and ``SIS Login ID`` that it knows, and reads the name only where
none is. It knows the assignment by the number behind its title, or else by the exact title.
(Canvas LMS, ``lib/gradebook_importer.rb``, ``lib/gradebook_exporter.rb``.)
"""

from pathlib import Path

from autograder.errors import StaffError
from autograder.files import replace_file
from autograder.report.exports import lms_csv
from autograder.report.gradebook import format_points
from autograder.report.load_run import Run
from autograder.report.marks import Mark
from autograder.report.spreadsheet import dump_csv, escape_formula

NAME = "canvas.csv"


def write(run: Run, out: Path) -> Path:
    """Write the marks and return where.

    Raises:
        StaffError: no student has a number in Canvas, the school's number or a login.
    """
    assignment = run.assignment
    title = f"{assignment.title} ({assignment.canvas_id})" if assignment.canvas_id else assignment.title
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", escape_formula(title)]
    points = ["    Points Possible", "", "", "", "", format_points(assignment.points)]
    rows = [_row(mark) for mark in run.marks if is_identifiable(mark)]
    if not rows:
        raise StaffError(f"{run.out}: no student has an id for Canvas; give a list with --roster")
    replace_file(out / NAME, dump_csv([header, points, *rows]))
    return out / NAME


def is_identifiable(mark: Mark) -> bool:
    """Return whether Canvas can know whose mark it is."""
    return not mark.unmatched_reason and any(_ids(mark))


def remarks(run: Run) -> tuple[str, ...]:
    """Return what is not in the file, one sentence each."""
    return lms_csv.remarks(run, is_identifiable, "Canvas")


def _row(mark: Mark) -> list[str]:
    section = mark.student.section if mark.student else ""
    return [
        escape_formula(lms_csv.display_name(mark)),
        *_ids(mark),
        escape_formula(section),
        format_points(mark.complete_total),
    ]


def _ids(mark: Mark) -> tuple[str, str, str]:
    said = mark.result.ids if mark.result else {}
    if mark.student is None:
        return said.get("canvas", ""), lms_csv.safe_id(said.get("id", "")), ""
    return mark.student.canvas_id or said.get("canvas", ""), mark.student.id, mark.student.student
