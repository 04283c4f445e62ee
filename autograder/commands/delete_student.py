"""``course delete-student``: remove a student's data from a run."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.course import Course
from autograder.engine import journal
from autograder.engine.run_folder import delete_student_folder
from autograder.errors import StaffError
from autograder.files import replace_file
from autograder.notebook import Source
from autograder.report import exports, gradebook, load_run, roster, write
from autograder.report.load_run import Run
from autograder.report.marks import Mark

_MIN_SEARCHED_LENGTH = 4
"""Characters; shorter names and numbers occur in any file."""


def delete_student(run: Run, student: str, course: Course, source: Source) -> tuple[Path, ...]:
    """Delete a student from a run's journal, roster and folders, and rewrite its pages and tables.

    Args:
        run: the run as its folder holds it.
        student: the name in ``grades.csv``, or the label in the roster.
        course: the course of the run.
        source: the compiled source notebook of the run's assignment.

    Returns:
        Files in the run's folder that still mention the student.

    Raises:
        StaffError: there is no such student, the run is in progress, or it cannot be written.
    """
    out = run.out
    marks: list[Mark] = []
    other_submissions: set[str] = set()
    for mark in run.marks:
        if student and student in (mark.label, mark.row.label):
            marks.append(mark)
        elif mark.result:
            other_submissions.add(mark.result.student)
    if not marks:
        raise StaffError(f"{out}: no student {student!r}; write the name as in {gradebook.NAME}")
    for mark in marks:
        # The submission of a group stays as long as another member's mark rests on it.
        if mark.result and mark.result.student not in other_submissions:
            journal.remove_student(out, mark.result.student, mark.result.name)
            delete_student_folder(out, mark.result.student)
    rows = [mark.student for mark in marks if mark.student]
    if rows:
        remaining = tuple(row for row in roster.read(out / roster.NAME) if row not in rows)
        replace_file(out / roster.NAME, roster.dump(remaining))
    for name in (exports.CANVAS_NAME, exports.MOODLE_NAME):
        (out / name).unlink(missing_ok=True)  # made again on request only, and has the name until then
    write.write_reports(load_run.load(out, course), source)
    return tuple(_files_mentioning(out, marks))


def _files_mentioning(out: Path, marks: Sequence[Mark]) -> Iterator[Path]:
    texts: set[str] = set()
    for mark in marks:
        if mark.result:
            texts |= {mark.result.student, mark.result.name, *mark.result.ids.values()}
        if mark.student:
            texts |= {mark.student.label, mark.student.name, mark.student.email, mark.student.id}
    searched = [text.encode() for text in texts if len(text) >= _MIN_SEARCHED_LENGTH]
    for path in sorted(out.rglob("*")):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            if any(text in data for text in searched):
                yield path
