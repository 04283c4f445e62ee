"""A run as other systems read it: one file for each format, and the tables for Canvas and Moodle.

Canvas: the columns before the assignment's are those of its own export. It identifies a student by
the first of ``ID``, ``SIS User ID`` and ``SIS Login ID`` that it knows, and reads the name only
where none is given; the assignment by the number after its title, or else by the exact title.
(Canvas LMS, ``lib/gradebook_importer.rb``, ``lib/gradebook_exporter.rb``.)

Moodle: a grading worksheet of the assignment. It identifies a student by the number in
``Identifier``, which belongs to this assignment alone and is in the names of downloaded files. It
requires the columns ``Grade`` and ``Last modified (grade)``, ignores names, and skips empty grades;
the column names are those of an English Moodle.
(Moodle, ``mod/assign/feedback/offline/importgradeslib.php`` and ``locallib.php``.)
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from autograder.errors import StaffError
from autograder.files import replace_file
from autograder.report import ci_formats, gradebook, summary
from autograder.report.gradebook import format_points
from autograder.report.load_run import Run
from autograder.report.marks import Mark, join_names, mark_remarks
from autograder.report.spreadsheet import dump_csv, escape_formula

NBGRADER = "nbgrader"
"""The format that ``platforms.nbgrader_gradebook`` writes, because it needs the build."""

CANVAS_NAME = "canvas.csv"
MOODLE_NAME = "moodle.csv"
_CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_MOODLE_COLUMNS = (
    "Identifier", "Full name", "Email address", "Grade", "Maximum Grade", "Last modified (grade)",
)  # fmt: skip


def export(run: Run, name: str, out: Path | None = None) -> Path:
    """Write a run in a format and return the file.

    Args:
        run: what to write.
        name: a key of ``FORMATS``.
        out: output directory; by default the run's folder.

    Raises:
        StaffError: there is no such format, nobody could be identified, or the file cannot be written.
    """
    if name not in FORMATS:
        raise StaffError(f"no format {name!r}; known: {', '.join([*FORMATS, NBGRADER])}")
    file_name, dump = FORMATS[name]
    path = (out or run.out) / file_name
    replace_file(path, dump(run))
    return path


def dump_canvas(run: Run) -> bytes:
    """Return the bytes of ``canvas.csv``.

    Raises:
        StaffError: no student has an id in Canvas, a school's number or a login.
    """
    assignment = run.assignment
    title = f"{assignment.title} ({assignment.canvas_id})" if assignment.canvas_id else assignment.title
    rows = [
        [*_CANVAS_COLUMNS, escape_formula(title)],
        ["    Points Possible", "", "", "", "", format_points(_max_points(run))],
    ]
    for mark in run.marks:
        ids = _canvas_ids(mark)
        if ids:
            section = escape_formula(mark.row.section)
            # Ungraded work is an empty cell: Canvas would record a zero.
            rows.append([_name(mark), *ids, section, format_points(mark.complete_total)])
    if len(rows) == 2:
        raise StaffError(f"{run.out}: no student has an id for Canvas; add a class list with --roster")
    return dump_csv(rows)


def dump_moodle(run: Run) -> bytes:
    """Return the bytes of ``moodle.csv``.

    Raises:
        StaffError: no student has a number in Moodle.
    """
    max_points = format_points(_max_points(run))
    rows = [list(_MOODLE_COLUMNS)]
    for mark in run.marks:
        identifier = _moodle_identifier(mark)
        if identifier:
            email = escape_formula(mark.row.email)
            rows.append([identifier, _name(mark), email, format_points(mark.complete_total), max_points, "-"])
    if len(rows) == 1:
        raise StaffError(f"{run.out}: no student has a moodle_id; add a class list with --roster")
    return dump_csv(rows)


def remarks(run: Run, name: str) -> tuple[str, ...]:
    """Return what the user of an export should know about its marks, one sentence each."""
    sentences = list(mark_remarks(run.marks))
    if name in _IDENTIFIERS:
        omitted, ungraded = [], []
        for mark in run.marks:
            if not _IDENTIFIERS[name](mark):
                omitted.append(mark.label)
            if mark.result and mark.result.ungraded_checks:
                ungraded.append(mark.label)
        manual: set[str] = set()
        for result in run.results:
            manual.update(result.manual)
        for reason, names in (
            (f"Omitted because {name.title()} could not identify them", omitted),
            ("Empty because not everything is graded", ungraded),
            ("Without the points for manually graded questions", sorted(manual)),
        ):
            if names:
                sentences.append(f"{reason}: {join_names(names)}.")
    return tuple(sentences)


def _max_points(run: Run) -> float:
    """Return the points of all questions that the run has results for, hand-graded ones included."""
    return sum(question.points for question in summary.questions(run.results))


def _name(mark: Mark) -> str:
    """Return a person's name for people to read; the systems go by ids."""
    name = mark.row.name
    if not name and mark.result:
        name = mark.result.name
    return escape_formula(name or mark.label)


def _canvas_ids(mark: Mark) -> tuple[str, ...]:
    """Return a student's ids in Canvas, the school and the login; nothing if all are unknown."""
    ids = mark.result.ids if mark.result else {}
    canvas_id, school_id = mark.row.canvas_id or ids.get("canvas", ""), mark.row.id
    if not mark.student:  # the roster refuses ids that a spreadsheet would evaluate, a platform does not
        school_id = ids.get("id", "")
        if escape_formula(school_id) != school_id:
            school_id = ""
    if mark.unmatched_reason or not any((canvas_id, school_id, mark.row.student)):
        return ()
    return canvas_id, school_id, mark.row.student


def _moodle_identifier(mark: Mark) -> str:
    """Return Moodle's identifier of a participant; nothing if the number is unknown."""
    number = mark.row.moodle_id
    if not number and not mark.row.group and mark.result:  # the file of a group has the group's number
        number = mark.result.ids.get("moodle", "")
    return f"Participant {number}" if number and not mark.unmatched_reason else ""


FORMATS: Mapping[str, tuple[str, Callable[[Run], bytes]]] = {
    "csv": (gradebook.NAME, lambda run: gradebook.dump(run.marks)),
    "junit": (ci_formats.JUNIT_NAME, ci_formats.dump_junit),
    "markdown": (ci_formats.MARKDOWN_NAME, ci_formats.dump_markdown),
    "annotations": (ci_formats.ANNOTATIONS_NAME, ci_formats.dump_annotations),
    "canvas": (CANVAS_NAME, dump_canvas),
    "moodle": (MOODLE_NAME, dump_moodle),
}
"""File name and content of each format."""

_IDENTIFIERS: Mapping[str, Callable[[Mark], object]] = {"canvas": _canvas_ids, "moodle": _moodle_identifier}
"""How each system identifies a student; nothing if it cannot, and then the mark is omitted."""
