"""Marks in nbgrader's gradebook, and the notebooks that its formgrader and its feedback show.

What people decided in formgrader is preserved: manual scores, extra credit, manual comments. An
automatic score that changed under a manual one is marked for review, as ``nbgrader autograde`` does.
"""

import hashlib
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.api import Gradebook, InvalidEntry, MissingEntry, SubmittedNotebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import compute_checksum, determine_grade
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.build import flavors
from autograder.build.compile import prepare
from autograder.build.flavors import CONFIG_NAME, config_text, run_tool
from autograder.checks import Outcome
from autograder.course import Assignment, load_course
from autograder.engine.results import Result
from autograder.errors import StaffError
from autograder.files import dump_notebook, load_notebook, read_tree, replace_file, write_tree
from autograder.notebook import Source
from autograder.platforms import nbgrader_notebook
from autograder.report.load_run import Run

NO_RESPONSE = "No response."
"""nbgrader's comment on an answer that is unchanged from the release."""

_Cells = Mapping[str, NotebookNode]
"""The cells of an autograded notebook by nbgrader's ``grade_id``."""


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
    course_directory = _course_directory(assignment.root, course_folder, db_url)
    release = _release(course_directory, assignment)
    source = prepare(assignment).source
    with _open_gradebook(course_directory, assignment) as gradebook:
        _verify_same_checks(gradebook, run, source)
        for result in run.results:
            data = run.submission(result)
            content = nbgrader_notebook.read_content(data, source, assignment)
            nb = nbgrader_notebook.autograded(release, source, result, content)
            student = nbgrader_student_id(result.student)
            folder = course_directory.format_path(
                course_directory.autograded_directory, student, assignment.name
            )
            path = Path(folder) / assignment.notebook.name
            # A file that could not be read in the first place is blocked everywhere and not missing.
            is_missing = data is None and any(check.outcome is not Outcome.BLOCKED for check in result.checks)
            _update_student(gradebook, result, nb, path, submission_missing=is_missing)
    return Path(course_directory.root, course_directory.autograded_directory)


def nbgrader_student_id(student: str) -> str:
    """Return a student's id in nbgrader: the name in the run, unless that is unsafe there.

    Formgrader writes ids into HTML and nbgrader's export into CSV, both unescaped.
    """
    if re.fullmatch(r"\w[\w .@+-]{0,99}", student) and student == student.strip():
        return student
    readable = re.sub(r"[^A-Za-z0-9]+", "-", student)[:40].strip("-") or "student"
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
    if not (folder / CONFIG_NAME).is_file():
        return Config()
    config: Config = PyFileConfigLoader(CONFIG_NAME, path=str(folder)).load_config()
    return config


def _release(course_directory: CourseDirectory, assignment: Assignment) -> NotebookNode:
    path = Path(course_directory.format_path(course_directory.release_directory, ".", assignment.name))
    try:
        return load_notebook((path / assignment.notebook.name).read_bytes())
    except OSError as error:
        raise StaffError(
            f"{path}: nbgrader's release cannot be read ({error.strerror}); "
            f"run `course build {assignment.name}`"
        ) from error


@contextmanager
def _open_gradebook(course_directory: CourseDirectory, assignment: Assignment) -> Iterator[Gradebook]:
    """Open the gradebook, after nbgrader has entered the assignment if it is missing there."""
    address = course_directory.db_url, course_directory.course_id
    try:
        with Gradebook(*address) as gradebook:
            is_missing = all(entry.name != assignment.name for entry in gradebook.assignments)
        if is_missing:
            # The gradebook must be closed here: SQLite admits one writer at a time.
            _generate(course_directory, assignment)
        with Gradebook(*address) as gradebook:
            if is_missing:
                due = assignment.due.astimezone(UTC).replace(tzinfo=None)
                gradebook.update_or_create_assignment(assignment.name, duedate=due)
            yield gradebook
    except (SQLAlchemyError, InvalidEntry, MissingEntry, ImportError) as error:
        reason = str(error).strip().splitlines()[0]
        raise StaffError(
            f"nbgrader's gradebook cannot be used ({reason}); check that it exists and no other program "
            "is using it, then run the same command again: its content is intact"
        ) from error


def _generate(course_directory: CourseDirectory, assignment: Assignment) -> None:
    """Let nbgrader enter an assignment into a gradebook, from a temporary course."""
    source = Path(course_directory.format_path(course_directory.source_directory, ".", assignment.name))
    text = config_text(load_course(assignment.root))
    text += f"c.CourseDirectory.db_url = {course_directory.db_url!r}\n"
    with tempfile.TemporaryDirectory(prefix="gradebook-") as name:
        work_dir = Path(name)
        write_tree(work_dir / "source" / assignment.name, read_tree(source))
        (work_dir / CONFIG_NAME).write_text(text, encoding="utf-8")
        run_tool("nbgrader", "generate_assignment", assignment.name, "--create", folder=work_dir)


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
                f"nbgrader's gradebook has other checks of {name} than this run "
                f"({', '.join(differences[:6])}); run `course build {name}`, grade again, then export"
            )


def _update_student(
    gradebook: Gradebook, result: Result, nb: NotebookNode, path: Path, *, submission_missing: bool
) -> None:
    """Bring the marks and the notebook of one student up to date."""
    name, student = result.assignment, nbgrader_student_id(result.student)
    before = path.read_bytes() if path.is_file() else b""
    previous_cells = _cells_by_id(load_notebook(before)) if before else {}
    gradebook.update_or_create_student(student)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # about the order in which nbgrader adds its rows
        gradebook.update_or_create_submission(name, student)
    submitted = gradebook.find_submission_notebook(name, name, student)
    cells = _cells_by_id(nb)
    _update_scores(submitted, result, cells, previous_cells, submission_missing=submission_missing)
    _update_comments(submitted, cells, submission_missing=submission_missing)
    gradebook.db.commit()
    if submission_missing:
        nb = nbgrader_notebook.with_note(nb, nbgrader_notebook.SUBMISSION_MISSING)
    data = dump_notebook(nb)
    if data != before:
        replace_file(path, data)


def _update_scores(
    submitted: SubmittedNotebook,
    result: Result,
    cells: _Cells,
    previous_cells: _Cells,
    *,
    submission_missing: bool,
) -> None:
    """Set the automatic scores that changed; manual scores are never touched.

    Args:
        submitted: the student's notebook in the gradebook.
        result: the student's result.
        cells: the cells of the new autograded notebook.
        previous_cells: those that the marks in the gradebook were given for; empty if there are none.
        submission_missing: True if the answers cannot be looked at.
    """
    checks = {check.id: check for check in result.checks}
    for grade in submitted.grades:
        name, is_new_text = grade.name, False
        if name in checks:
            score = None if checks[name].outcome is Outcome.UNGRADED else checks[name].earned
        else:
            # A written answer: 0 if it is unchanged from the release, else None: a person must mark it.
            score = None if submission_missing else determine_grade(cells[name])[0]
            is_new_text = name in previous_cells and previous_cells[name].source != cells[name].source
        if grade.auto_score != score or is_new_text:
            grade.auto_score = score
            grade.needs_manual_grade = score is None or grade.manual_score is not None


def _update_comments(submitted: SubmittedNotebook, cells: _Cells, *, submission_missing: bool) -> None:
    """Set the automatic comments; manual ones are never touched."""
    for comment in submitted.comments:
        cell = cells[comment.name]
        is_unchanged = cell.metadata.nbgrader.checksum == compute_checksum(cell) and not submission_missing
        text = NO_RESPONSE if is_unchanged else None
        if comment.auto_comment != text:  # an assignment alone would make the row dirty
            comment.auto_comment = text


def _cells_by_id(nb: NotebookNode) -> dict[str, NotebookNode]:
    cells = [cell for cell in nb.cells if cell.metadata.get("nbgrader")]
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells}
