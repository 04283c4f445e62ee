"""The nbgrader flavor, made by ``nbgrader generate_assignment``, and nbgrader's own course.

nbgrader's course is at ``var/nbgrader``: the build writes it and never reads it back. It is apart
from ``source/`` and ``release/`` because nbgrader deletes and overwrites its folders
(``generate_assignment --force`` starts by deleting the release).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.build.cells import STUB, TEXT_STUB, PreparedSource, check_code, make_cell, make_notebook
from autograder.course import Assignment, Course
from autograder.errors import StaffError
from autograder.external_tools import run_tool
from autograder.files import (
    NotebookNode,
    dump_notebook,
    load_notebook,
    read_tree,
    replace_file,
    replace_trees,
    write_tree,
)
from autograder.notebook import Cell, CellType, Check, Question, Source

CONFIG_NAME = "nbgrader_config.py"
GRADEBOOK = "gradebook.db"
EXCHANGE = "exchange"
"""Where ``nbgrader release_assignment`` and ``list`` look on a machine without JupyterHub."""

READ_ONLY_CELLS = ("setup", "parameters")
"""Provided cells that nbgrader restores before it grades; students may change the others."""


@dataclass(frozen=True, slots=True)
class NbgraderOutput:
    """What nbgrader made of one assignment."""

    source: dict[str, bytes]
    """The translated source and the files next to it, for nbgrader's own course."""

    release: dict[str, bytes]
    gradebook: Path
    """An SQLite file with this assignment and without students, in the working folder."""


def build(course: Course, prepared: PreparedSource, work_dir: Path) -> NbgraderOutput:
    """Return the files that students get, and those that nbgrader grades with.

    Args:
        work_dir: a new folder, which becomes the temporary course.
    """
    assignment = prepared.assignment
    name = assignment.notebook.name
    cells = _translate_cells(prepared.source, assignment.kit)
    inputs = {**prepared.files, name: dump_notebook(make_notebook(cells, prepared.release_info))}
    write_tree(work_dir / "source" / assignment.name, inputs)
    (work_dir / CONFIG_NAME).write_text(config_text(course), encoding="utf-8")
    run_tool("nbgrader", "generate_assignment", assignment.name, "--create", folder=work_dir)
    release = read_tree(work_dir / "release" / assignment.name)
    release[name] = dump_notebook(load_notebook(release[name]))  # nbgrader's own JSON has another order
    return NbgraderOutput(inputs, release, work_dir / GRADEBOOK)


def config_text(course: Course) -> str:
    """Return ``nbgrader_config.py`` for the folder that is nbgrader's course."""
    timeout = max(assignment.build_cell_timeout_s for assignment in course.assignments.values())
    settings = {
        "ClearSolutions.code_stub": {"python": STUB},
        "ClearSolutions.text_stub": TEXT_STUB,
        "CourseDirectory.course_id": course.id,
        "Execute.timeout": timeout,
        # nbgrader takes points away for text on stderr; TensorFlow and warnings write there.
        "IgnorePattern.enabled": True,
        "IgnorePattern.pattern": r"[\s\S]",
    }
    lines = ['"""Made from course_config.py by `course build`; change that file."""', ""]
    lines += ["from pathlib import Path", "", "c = get_config()  # noqa: F821"]
    lines.append(f'c.Exchange.root = str(Path(__file__).resolve().parent / "{EXCHANGE}")')
    for name, value in settings.items():
        lines.append(f"c.{name} = {value!r}")
    return "\n".join(lines) + "\n"


def course_folder(root: Path) -> Path:
    """Return nbgrader's course folder."""
    return root / "var" / "nbgrader"


def course_trees(assignment: Assignment, output: NbgraderOutput) -> dict[Path, dict[str, bytes]]:
    """Return the folders of nbgrader's course that belong to this assignment."""
    root = course_folder(assignment.root)
    return {
        root / "source" / assignment.name: output.source,
        root / "release" / assignment.name: output.release,
    }


def check_no_marks_lost(course: Course, assignment: Assignment, output: NbgraderOutput) -> None:
    """Refuse a build that nbgrader could not take over without losing marks.

    Raises:
        StaffError: its gradebook contains submissions, and cells were added, removed or renamed.
    """
    path = course_folder(assignment.root) / GRADEBOOK
    if not path.is_file():
        return  # nothing was ever graded with nbgrader here
    with _open_gradebook(path, course) as gradebook:
        submission_count = len(gradebook.assignment_submissions(assignment.name))
        before = set(_graded_cells(gradebook, assignment))
    with _open_gradebook(output.gradebook, course) as gradebook:
        after = set(_graded_cells(gradebook, assignment))
    # nbgrader deletes the marks of cells that a new version of the assignment lacks.
    if submission_count and before and before != after:
        changed = ", ".join(sorted(before ^ after))
        raise StaffError(
            f"{path.relative_to(assignment.root)}: contains {submission_count} submissions of "
            f"{assignment.name}, and the source now has different cells ({changed}); give the cells "
            "their old ids, or move the gradebook away and grade again"
        )


def update_course(course: Course, assignment: Assignment, output: NbgraderOutput) -> None:
    """Bring nbgrader's settings and gradebook up to date with its source."""
    root = course_folder(course.root)
    (root / EXCHANGE).mkdir(exist_ok=True)
    replace_file(root / CONFIG_NAME, config_text(course).encode(), public=True)
    path = root / GRADEBOOK
    if not path.is_file():
        replace_file(path, output.gradebook.read_bytes(), public=True)
    elif _content(path, course, assignment) != _content(output.gradebook, course, assignment):
        # --force rewrites the release in nbgrader's folder, with JSON in another order than in release/.
        run_tool("nbgrader", "generate_assignment", assignment.name, "--create", "--force", folder=root)
        replace_trees(course_trees(assignment, output))
    # Not part of generate_assignment; formgrader shows it, and late penalties need it.
    with _open_gradebook(path, course) as gradebook:
        gradebook.update_or_create_assignment(assignment.name, duedate=assignment.due)


@contextmanager
def _open_gradebook(path: Path, course: Course) -> Iterator[Any]:
    # Imported here: nbgrader's database layer takes a second, and only a full build needs it.
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with Gradebook(f"sqlite:///{path}?timeout=30", course.id) as gradebook:
            yield gradebook
    except SQLAlchemyError as error:
        reason = str(error).strip().splitlines()[0]
        fix = "move it away; the build makes a new one"
        raise StaffError(f"{path}: not a gradebook of nbgrader ({reason}); {fix}") from error


def _graded_cells(gradebook: Any, assignment: Assignment) -> dict[str, float | None]:
    """Return the cells that marks and comments are given for, with their points if they have any."""
    notebook = _find_notebook(gradebook, assignment)
    if notebook is None:
        return {}
    points: dict[str, float | None] = {}
    for cell in notebook.solution_cells:
        points[cell.name] = None
    for cell in notebook.grade_cells:
        points[cell.name] = cell.max_score
    return points


def _content(path: Path, course: Course, assignment: Assignment) -> tuple[object, ...]:
    """Return what a gradebook knows of an assignment, comparable between gradebooks."""
    with _open_gradebook(path, course) as gradebook:
        notebook = _find_notebook(gradebook, assignment)
        source_cells = {}
        if notebook is not None:
            for cell in notebook.source_cells:
                source_cells[cell.name] = (cell.cell_type, cell.locked, cell.source, cell.checksum)
        return source_cells, _graded_cells(gradebook, assignment)


def _find_notebook(gradebook: Any, assignment: Assignment) -> Any:
    from nbgrader.api import MissingEntry

    try:
        return gradebook.find_notebook(assignment.notebook.stem, assignment.name)
    except MissingEntry:
        return None


def _translate_cells(source: Source, kit: str) -> Iterator[NotebookNode]:
    """Yield the source's cells with nbgrader's metadata where nbgrader must know them."""
    translated = {}
    for question in source.questions:
        for cell in question.prompt:
            if cell.cell_type is CellType.MARKDOWN:
                translated[cell.id] = _locked_cell(cell)
        for answer in question.answers:
            translated[answer.cell.id] = _answer_cell(question, answer.cell)
        for check in question.checks:
            translated[check.cell.id] = _test_cell(check, kit)
    for cell in source.cells:
        if cell.id in translated:
            yield translated[cell.id]
        elif cell.id in READ_ONLY_CELLS:
            yield _locked_cell(cell)
        elif cell.cell_type is not CellType.RAW:
            yield make_cell(cell)


def _locked_cell(cell: Cell) -> NotebookNode:
    return make_cell(cell, nbgrader=_metadata(cell, locked=True))


def _answer_cell(question: Question, cell: Cell) -> NotebookNode:
    metadata = _metadata(cell, solution=True)
    if question.manual:
        metadata |= {"grade": True, "points": question.points}
    return make_cell(cell, nbgrader=metadata)


def _test_cell(check: Check, kit: str) -> NotebookNode:
    # Below the def, which has imports of its own, the cell imports and runs the check.
    body, run_line = check_code(check, kit).rsplit("\n", 1)
    lines = [*body.rstrip("\n").split("\n"), "", "", "import checks", "", run_line]
    if check.hidden:
        intro = f"# A hidden check, {check.points:g} points: it runs when your work is graded."
        lines = [intro, "### BEGIN HIDDEN TESTS", *lines, "### END HIDDEN TESTS"]
    metadata = _metadata(check.cell, grade=True, locked=True, points=check.points)
    # Without the tag, Run All would stop at the first failed check.
    return make_cell(check.cell, "\n".join(lines), nbgrader=metadata, tags=["raises-exception"])


def _metadata(cell: Cell, **values: Any) -> dict[str, Any]:
    defaults = {
        "grade": False,
        "grade_id": cell.id,
        "locked": False,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    return defaults | values
