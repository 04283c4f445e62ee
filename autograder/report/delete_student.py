"""A student is taken out of a run."""

from collections.abc import Iterator
from pathlib import Path

from autograder.course import Course
from autograder.engine import journal, run_folder
from autograder.errors import StaffError
from autograder.files import replace_file
from autograder.notebook import Source
from autograder.report import gradebook, load_run, roster, write
from autograder.report.exports import export
from autograder.report.load_run import Run
from autograder.report.marks import Mark


def delete_student(run: Run, student: str, course: Course, source: Source) -> tuple[Path, ...]:
    """Take a student out of a run and write its pages and tables again.

    Args:
        student: as the run or the roster names the student.
        source: the compiled source notebook of the run's assignment.

    Returns:
        Files of the run's folder in which the name, a number or the address still stands.

    Raises:
        StaffError: the run knows no such student, is being graded, or cannot be written.
    """
    out = run.out
    found = [mark for mark in run.marks if student in _names(mark)]
    if not found:
        raise StaffError(f"{out}: no student {student!r}; write the name as it stands in {gradebook.NAME}")
    others = {mark.result.student for mark in run.marks if mark.result and mark not in found}
    for mark in found:
        if mark.result and mark.result.student not in others:
            journal.remove_student(out, mark.result.student, mark.result.name)
            run_folder.delete_student_folder(out, mark.result.student)
    _delete_roster_rows(out, [mark for mark in found if mark.student])
    for path in export.exported_files(out):
        path.unlink()
    left = load_run.load(out, course)
    write.write_reports(left, source)
    return tuple(_files_mentioning(out, found))


def _names(mark: Mark) -> set[str]:
    own = {mark.label} | ({mark.student.label} if mark.student else set())
    return own - {""}


def _delete_roster_rows(out: Path, marks: list[Mark]) -> None:
    gone = [mark.student for mark in marks]
    if gone:
        kept = tuple(row for row in roster.read(out / roster.NAME) if row not in gone)
        replace_file(out / roster.NAME, roster.dump(kept))


def _files_mentioning(out: Path, marks: list[Mark]) -> Iterator[Path]:
    texts: set[str] = set()
    for mark in marks:
        if mark.result:
            texts |= {mark.result.student, mark.result.name, *mark.result.ids.values()}
        if mark.student:
            texts |= {mark.student.label, mark.student.name, mark.student.email, mark.student.id}
    wanted = [text.encode() for text in texts if len(text) > 3]
    for path in sorted(out.rglob("*")):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            if any(text in data for text in wanted):
                yield path
