"""Marks in nbgrader's gradebook, and the notebooks that its formgrader and its feedback show.

What people decided in formgrader is preserved: manual scores, extra credit, manual comments. An
automatic score that changed under a manual one is marked for review, as ``nbgrader autograde`` does.
A mark by staff (``course mark``) becomes the manual scores of the question's cells. The autograded
notebook keeps these, so that an export after its removal takes back those scores and no others.
"""

import hashlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Grade, Gradebook, InvalidEntry, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import compute_checksum, determine_grade
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

from autograder.build import flavors
from autograder.build.compile import prepare
from autograder.build.flavors import CONFIG_NAME, config_text, run_tool, tool_path
from autograder.checks import Outcome
from autograder.course import Assignment, load_course
from autograder.engine.results import Result
from autograder.errors import StaffError, StudentError
from autograder.files import dump_notebook, load_notebook, read_tree, replace_file, write_tree
from autograder.notebook import Source
from autograder.platforms.nbgrader_notebook import NOTHING, autograded
from autograder.report.load_run import Run
from autograder.report.results_json import staff_sentence
from autograder.sandbox.reader import DefectError
from autograder.submission.match import match_submission
from autograder.text import NBGRADER_ID, NO_ASCII_ALPHANUMERICS

NO_RESPONSE = "No response."
"""nbgrader's comment on an answer that is unchanged from the release."""

_STAFF = "staff_marks"
"""Where an autograded notebook keeps the scores and comments of its cells that are not formgrader's."""

SUBMISSION_MISSING = "The graded file is no longer in the run's folder; this is the blank release."


def export(run: Run, course_folder: Path | None = None, *, db_url: str = "") -> Path:
    """Bring nbgrader's gradebook and its autograded notebooks up to date with a run.

    Args:
        run: what to export.
        course_folder: nbgrader's; by default the one in nbgrader's configuration.
        db_url: the gradebook's address; by default the one in nbgrader's configuration.

    Returns:
        The folder of the autograded notebooks.

    Raises:
        AuthorError: the source does not compile.
        StaffError: the course is not built, the gradebook cannot be reached or has other checks,
            or the disk cannot be written.
    """
    assignment = run.assignment
    name = assignment.name
    course_directory = _course_directory(assignment.root, course_folder, db_url)
    folder = Path(course_directory.format_path(course_directory.release_directory, ".", name))
    try:
        release = load_notebook((folder / assignment.notebook.name).read_bytes())
    except OSError as error:
        raise StaffError(
            f"{folder}: nbgrader's release cannot be read ({error.strerror}); run `course build {name}`"
        ) from error
    source = prepare(assignment).source
    with _open_gradebook(course_directory, assignment) as gradebook:
        _verify_same_checks(gradebook, run, source)
        for result in run.results:
            data, submission = run.submission(result), NOTHING
            if data is not None:
                with suppress(StudentError, DefectError):
                    submission = match_submission(data, source, assignment, with_outputs=True)
            nb = autograded(release, source, result, submission)
            nb.metadata[_STAFF] = _staff_marks(result, source)
            # A file that could not be read in the first place is blocked everywhere and not missing.
            is_missing = data is None and any(check.outcome is not Outcome.BLOCKED for check in result.checks)
            if is_missing:
                nb.cells.insert(0, new_markdown_cell(SUBMISSION_MISSING, id="note-of-the-grader"))
            student = nbgrader_student_id(result.student)
            autograded_folder = course_directory.format_path(
                course_directory.autograded_directory, student, name
            )
            path = Path(autograded_folder) / assignment.notebook.name
            _update_student(gradebook, result, nb, path, submission_missing=is_missing)
    return Path(course_directory.root, course_directory.autograded_directory)


def nbgrader_student_id(student: str) -> str:
    """Return a student's id in nbgrader: the name in the run, unless that is unsafe there.

    Formgrader writes ids into HTML and nbgrader's export into CSV, both unescaped.
    """
    if NBGRADER_ID.fullmatch(student) and student == student.strip():
        return student
    readable = NO_ASCII_ALPHANUMERICS.sub("-", student)[:40].strip("-") or "student"
    return f"{readable}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _course_directory(root: Path, course_folder: Path | None, db_url: str) -> CourseDirectory:
    """Return nbgrader's folders and gradebook, with its configuration read in its own order."""
    config = _load_config(root)
    folder = Path(course_folder or config.CourseDirectory.get("root") or flavors.course_folder(root))
    config.merge(_load_config(folder))
    config.CourseDirectory.root = str(folder.resolve())
    if db_url:
        config.CourseDirectory.db_url = db_url
    return CourseDirectory(config=config)


def _load_config(folder: Path) -> Config:
    config = Config()
    with suppress(ConfigFileNotFound):
        config = PyFileConfigLoader(CONFIG_NAME, path=str(folder)).load_config()
    return config


@contextmanager
def _open_gradebook(course_directory: CourseDirectory, assignment: Assignment) -> Iterator[Gradebook]:
    """Open the gradebook, after nbgrader has entered the assignment if it is missing there."""
    address = course_directory.db_url, course_directory.course_id
    if shutil.which("alembic") is None:  # nbgrader starts it to make a gradebook
        os.environ["PATH"] = tool_path()
    try:
        with Gradebook(*address) as gradebook:
            is_missing = all(entry.name != assignment.name for entry in gradebook.assignments)
        if is_missing:
            # nbgrader enters it, from a temporary course. The gradebook must be closed meanwhile: SQLite
            # admits one writer at a time.
            source = course_directory.format_path(course_directory.source_directory, ".", assignment.name)
            text = config_text(load_course(assignment.root))
            text += f"c.CourseDirectory.db_url = {course_directory.db_url!r}\n"
            with tempfile.TemporaryDirectory(prefix="gradebook-") as name:
                work_dir = Path(name)
                write_tree(work_dir / "source" / assignment.name, read_tree(Path(source)))
                (work_dir / CONFIG_NAME).write_text(text, encoding="utf-8")
                run_tool("nbgrader", "generate_assignment", assignment.name, "--create", folder=work_dir)
        with Gradebook(*address) as gradebook:
            if is_missing:
                due = assignment.due.astimezone(UTC).replace(tzinfo=None)
                gradebook.update_or_create_assignment(assignment.name, duedate=due)
            yield gradebook
    except (SQLAlchemyError, InvalidEntry, MissingEntry, ImportError) as error:
        reason = str(error).strip().splitlines()[0]
        advice = "check that it exists and no other program is using it"
        if "column" in reason or "table" in reason:
            advice = (
                "an earlier version of nbgrader made it: copy it, then run `nbgrader db upgrade` next to it"
            )
        raise StaffError(
            f"nbgrader's gradebook cannot be used ({reason}); {advice}, then run the same command again: "
            "its content is intact"
        ) from error


def _verify_same_checks(gradebook: Gradebook, run: Run, source: Source) -> None:
    """Refuse a gradebook whose cells and points differ from those that the run was graded with."""
    name = run.assignment.name
    in_gradebook = {cell.name: cell.max_score for cell in gradebook.find_notebook(name, name).grade_cells}
    manual = {}
    for question in source.questions:
        if question.manual:
            manual[question.answers[0].cell.id] = float(question.points)
    for result in run.results:
        in_run = manual | {check.id: float(check.points) for check in result.checks}
        if in_run != in_gradebook:
            differences = sorted(dict(in_run.items() ^ in_gradebook.items()))
            raise StaffError(
                f"nbgrader's gradebook has different checks for {name} than this run "
                f"({', '.join(differences[:6])}); run `course build {name}`, grade again, then export"
            )


def _staff_marks(result: Result, source: Source) -> dict[str, dict[str, Any]]:
    """Return the scores and the comments that staff gave, by cell.

    The checks of a question share its points in proportion to their own.
    """
    scores: dict[str, float] = {}
    comments: dict[str, str] = {}
    for question in source.questions:
        if question.name not in result.staff_marks:
            continue
        earned, answer = result.staff_marks[question.name].points, question.answers[0].cell.id
        comments[answer] = staff_sentence(result, question.name)
        if question.manual:
            scores[answer] = earned
        for check in question.checks:
            scores[check.cell.id] = earned * check.points / question.points if question.points else 0.0
    return {"scores": scores, "comments": comments}


def _update_student(
    gradebook: Gradebook, result: Result, nb: NotebookNode, path: Path, *, submission_missing: bool
) -> None:
    """Bring one student up to date: automatic scores and comments that changed, and the notebook.

    Args:
        gradebook: nbgrader's; what people entered there is never touched.
        result: the student's result.
        nb: the new autograded notebook.
        path: its place. The notebook that is there now has the cells that the marks were given for.
        submission_missing: True if the answers cannot be looked at.
    """
    name, student = result.assignment, nbgrader_student_id(result.student)
    before = path.read_bytes() if path.is_file() else b""
    previous = load_notebook(before) if before else NotebookNode(cells=[], metadata={})
    previous_cells = _cells_by_id(previous)
    previous_scores = previous.metadata.get(_STAFF, {}).get("scores", {})
    staff = nb.metadata[_STAFF]
    cells = _cells_by_id(nb)
    checks = {check.id: check for check in result.checks}
    gradebook.update_or_create_student(student)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # about the order in which nbgrader adds its rows
        gradebook.update_or_create_submission(name, student)
    submitted = gradebook.find_submission_notebook(name, name, student)
    for grade in submitted.grades:
        cell_id, is_new_text = grade.name, False
        if cell_id in checks:
            score = checks[cell_id].earned if checks[cell_id].has_score else None
        else:
            # A written answer: 0 if it is unchanged from the release, else None: a person must mark it.
            score = None if submission_missing else determine_grade(cells[cell_id])[0]
            cell = previous_cells.get(cell_id)
            is_new_text = cell is not None and cell.source != cells[cell_id].source
        if grade.auto_score != score or is_new_text:
            grade.auto_score = score
            grade.needs_manual_grade = score is None or grade.manual_score is not None
        _set_staff_score(grade, staff["scores"].get(cell_id), previous_scores.get(cell_id))
    for comment in submitted.comments:
        cell = cells[comment.name]
        is_unchanged = cell.metadata.nbgrader.checksum == compute_checksum(cell) and not submission_missing
        text = staff["comments"].get(comment.name, NO_RESPONSE if is_unchanged else None)
        if comment.auto_comment != text:  # an assignment alone would make the row dirty
            comment.auto_comment = text
    gradebook.db.commit()
    data = dump_notebook(nb)
    if data != before:
        replace_file(path, data)


def _set_staff_score(grade: Grade, score: float | None, previous: float | None) -> None:
    """Enter a score by staff, or take back the one of the previous export if it is still there."""
    if score is not None:
        if (grade.manual_score, grade.needs_manual_grade) != (score, False):
            grade.manual_score, grade.needs_manual_grade = score, False
    elif previous is not None and grade.manual_score == previous:
        grade.manual_score, grade.needs_manual_grade = None, grade.auto_score is None


def _cells_by_id(nb: NotebookNode) -> dict[str, NotebookNode]:
    cells = [cell for cell in nb.cells if cell.metadata.get("nbgrader")]
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells}
