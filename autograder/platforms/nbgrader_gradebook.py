"""Marks in nbgrader's gradebook, and notebooks that its formgrader and its feedback are made from.

What people decided in formgrader stays theirs: manual scores, extra credit, manual comments. A
score of ours that changed under a manual one is put up for review, as ``nbgrader autograde`` does.
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
from nbgrader import api
from nbgrader.api import Gradebook, InvalidEntry, SubmittedNotebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import compute_checksum, determine_grade
from sqlalchemy import create_engine, inspect, select
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.build import nbgrader_course, run_tool
from autograder.build.compile import prepare
from autograder.build.nbgrader_release import CONFIG_NAME, config_text
from autograder.checks import Outcome
from autograder.course import Assignment, load_course
from autograder.engine.results import Result
from autograder.errors import StaffError
from autograder.files import read_tree, replace_file, write_tree
from autograder.notebook import Source, dump, load
from autograder.report.exports import autograded
from autograder.report.load_run import Run

NO_RESPONSE = "No response."
"""What nbgrader says of an answer that is as it was handed out."""

Cells = Mapping[str, NotebookNode]
"""The cells of an autograded notebook by their nbgrader name."""


def export(run: Run, course_folder: Path | None = None, *, db_url: str = "") -> Path:
    """Bring nbgrader's gradebook and its autograded notebooks up to date with a run.

    Args:
        course_folder: nbgrader's; by default the one in the settings of nbgrader.
        db_url: of its gradebook; by default the one in the settings of nbgrader.

    Returns:
        The folder of the autograded notebooks.

    Raises:
        AuthorError: the source does not compile.
        StaffError: the course is not built, the gradebook cannot be reached or is of other checks,
            or the disk cannot be written.
    """
    assignment = run.assignment
    settings = _settings(assignment.root, course_folder, db_url)
    release = _release(settings, assignment)
    source = prepare(assignment).source
    with _gradebook(settings, assignment) as gradebook:
        _verify_same_checks(gradebook, run, source)
        for result in run.results:
            folder = settings.format_path(
                settings.autograded_directory, nbgrader_student_id(result.student), assignment.name
            )
            data = run.submission(result)
            made = autograded.notebook(
                release, source, result, autograded.read_content(data, source, assignment)
            )
            _update_student(
                gradebook,
                result,
                made,
                Path(folder) / assignment.notebook.name,
                submission_missing=_is_submission_missing(result, data),
            )
    return Path(settings.root, settings.autograded_directory)


def nbgrader_student_id(student: str) -> str:
    """Return a student's name in nbgrader: the student's, unless it is not fit for its pages.

    Formgrader writes names into HTML and nbgrader's table into CSV, both as they are.
    """
    if re.fullmatch(r"\w[\w .@+-]{0,99}", student) and student == student.strip():
        return student
    start = re.sub(r"[^A-Za-z0-9]+", "-", student)[:40].strip("-")
    return f"{start or 'student'}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _settings(root: Path, course_folder: Path | None, db_url: str) -> CourseDirectory:
    """Return nbgrader's folders and gradebook, read from its settings in its own order."""
    config = _load_config(root)
    place = course_folder or config.CourseDirectory.get("root") or nbgrader_course.course_folder(root)
    config.merge(_load_config(Path(place)))
    config.CourseDirectory.root = str(Path(place).resolve())
    if db_url:
        config.CourseDirectory.db_url = db_url
    return CourseDirectory(config=config)


def _load_config(folder: Path) -> Config:
    if not (folder / CONFIG_NAME).is_file():
        return Config()
    loaded: Config = PyFileConfigLoader(CONFIG_NAME, path=str(folder)).load_config()
    return loaded


def _release(settings: CourseDirectory, assignment: Assignment) -> NotebookNode:
    path = Path(settings.format_path(settings.release_directory, ".", assignment.name))
    try:
        return load((path / assignment.notebook.name).read_bytes())
    except OSError as error:
        raise StaffError(
            f"{path}: no release of nbgrader's ({error.strerror}); run `course build {assignment.name}`"
        ) from error


@contextmanager
def _gradebook(settings: CourseDirectory, assignment: Assignment) -> Iterator[Gradebook]:
    """Open the gradebook; one that does not know the assignment yet gets it from nbgrader."""
    try:
        known = _has_assignment(settings, assignment)
        if not known:
            _generate(settings, assignment)
        with Gradebook(settings.db_url, settings.course_id) as gradebook:
            if not known:
                due = assignment.due.astimezone(UTC).replace(tzinfo=None)
                gradebook.update_or_create_assignment(assignment.name, duedate=due)
            yield gradebook
    except (SQLAlchemyError, InvalidEntry, ImportError) as error:
        reason = str(error).strip().splitlines()[0]
        raise StaffError(
            f"nbgrader's gradebook cannot be used ({reason}); see that it is there and nobody holds it, "
            "then run the same command again: what is in it is whole"
        ) from error


def _has_assignment(settings: CourseDirectory, assignment: Assignment) -> bool:
    engine = create_engine(settings.db_url)
    try:
        if not inspect(engine).has_table(api.Assignment.__tablename__):
            return False
        with engine.connect() as connection:
            asked = select(api.Assignment.id).where(api.Assignment.name == assignment.name)
            return connection.execute(asked).first() is not None
    finally:
        engine.dispose()


def _generate(settings: CourseDirectory, assignment: Assignment) -> None:
    """Let nbgrader enter an assignment into a gradebook, from a course of its own."""
    source = Path(settings.format_path(settings.source_directory, ".", assignment.name))
    text = config_text(load_course(assignment.root))
    text += f"c.CourseDirectory.db_url = {settings.db_url!r}\n"
    with tempfile.TemporaryDirectory(prefix="gradebook-") as name:
        work = Path(name)
        write_tree(work / "source" / assignment.name, read_tree(source))
        (work / CONFIG_NAME).write_text(text, encoding="utf-8")
        run_tool.run("nbgrader", "generate_assignment", assignment.name, "--create", folder=work)


def _verify_same_checks(gradebook: Gradebook, run: Run, source: Source) -> None:
    """Refuse a gradebook whose cells and points are not those that the run was graded with."""
    name = run.assignment.name
    cells = {cell.name: cell.max_score for cell in gradebook.find_notebook(name, name).grade_cells}
    manual = {q.answers[0].cell.id: float(q.points) for q in source.questions if q.manual}
    for result in run.results:
        graded = {check.id: float(check.points) for check in result.checks} | manual
        if graded != cells:
            differ = sorted(dict(graded.items() ^ cells.items()))
            raise StaffError(
                f"nbgrader's gradebook holds other checks of {name} than this run ({', '.join(differ[:6])}); "
                f"run `course build {name}`, grade again, then export"
            )


def _is_submission_missing(result: Result, data: bytes | None) -> bool:
    """Return whether a file was graded that is no longer there."""
    return data is None and any(check.outcome is not Outcome.BLOCKED for check in result.checks)


def _update_student(
    gradebook: Gradebook, result: Result, nb: NotebookNode, path: Path, *, submission_missing: bool
) -> None:
    """Bring the marks and the notebook of one student up to date."""
    name, student = result.assignment, nbgrader_student_id(result.student)
    before = path.read_bytes() if path.is_file() else b""
    data = dump(autograded.with_note(nb, autograded.SUBMISSION_MISSING) if submission_missing else nb)
    gradebook.update_or_create_student(student)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # about the order in which nbgrader adds its rows
        gradebook.update_or_create_submission(name, student)
    found = gradebook.find_submission_notebook(name, name, student)
    _update_scores(
        found,
        result,
        _cells_by_id(nb),
        _cells_by_id(load(before)) if before else {},
        submission_missing=submission_missing,
    )
    gradebook.db.commit()
    if data != before:
        replace_file(path, data)


def _update_scores(
    submitted_notebook: SubmittedNotebook,
    result: Result,
    cells: Cells,
    previous_cells: Cells,
    *,
    submission_missing: bool,
) -> None:
    """Set what differs; a person's scores and comments are never touched.

    Args:
        before: the cells that the marks in the gradebook were given for; empty if there are none.
        lost: whether the answers are not there to be looked at.
    """
    earned = {
        check.id: None if check.outcome is Outcome.UNGRADED else check.earned for check in result.checks
    }
    for grade in submitted_notebook.grades:
        name = grade.name
        by_hand = name not in earned
        score = _auto_score(cells[name], submission_missing=submission_missing) if by_hand else earned[name]
        other = by_hand and name in previous_cells and previous_cells[name].source != cells[name].source
        if grade.auto_score != score or other:
            grade.auto_score = score
            grade.needs_manual_grade = score is None or grade.manual_score is not None
    for comment in submitted_notebook.comments:
        cell = cells[comment.name]
        same = cell.metadata.nbgrader.checksum == compute_checksum(cell) and not submission_missing
        text = NO_RESPONSE if same else None
        if comment.auto_comment != text:
            comment.auto_comment = text


def _cells_by_id(nb: NotebookNode) -> dict[str, NotebookNode]:
    """Return the cells that nbgrader knows, by their name there."""
    cells = [cell for cell in nb.cells if cell.metadata.get("nbgrader")]
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells}


def _auto_score(cell: NotebookNode, *, submission_missing: bool) -> float | None:
    """Return 0 for a written answer that is not there, None for one that a person must mark."""
    return None if submission_missing else determine_grade(cell)[0]
