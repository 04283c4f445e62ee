"""nbgrader's own course, below ``var/nbgrader``: made by the build, never read by it.

It is apart from ``source/`` and ``release/`` because nbgrader deletes and overwrites its
folders (``generate_assignment --force`` starts with deleting the release).
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from autograder.build import nbgrader_release, run_tool
from autograder.course import Assignment, Course
from autograder.errors import StaffError
from autograder.files import replace_file, replace_trees

_CELLS = """
SELECT base_cell.name FROM base_cell
JOIN notebook ON notebook.id = base_cell.notebook_id
JOIN assignment ON assignment.id = notebook.assignment_id WHERE assignment.name = ?
"""
_CONTENT = """
SELECT source_cell.name, source_cell.cell_type, source_cell.locked, source_cell.source,
       source_cell.checksum, grade_cells.max_score
FROM source_cell
JOIN notebook ON notebook.id = source_cell.notebook_id
JOIN assignment ON assignment.id = notebook.assignment_id
LEFT JOIN base_cell ON base_cell.name = source_cell.name AND base_cell.notebook_id = notebook.id
                   AND base_cell.type = 'GradeCell'
LEFT JOIN grade_cells ON grade_cells.id = base_cell.id
WHERE assignment.name = ?
"""
_SUBMISSIONS = """
SELECT count(*) FROM submitted_assignment
JOIN assignment ON assignment.id = submitted_assignment.assignment_id WHERE assignment.name = ?
"""
_ZERO = timedelta(0)
_UPDATE_DUE_DATE = "UPDATE assignment SET duedate = ? WHERE name = ? AND duedate IS NOT ?"


def course_folder(root: Path) -> Path:
    """Return nbgrader's course folder."""
    return root / "var" / "nbgrader"


def check_no_marks_lost(
    assignment: Assignment, output: nbgrader_release.NbgraderOutput, work_dir: Path
) -> None:
    """Refuse a build that nbgrader could not take over without losing marks.

    Raises:
        StaffError: its gradebook holds submissions, and cells were added, removed or renamed.
    """
    gradebook = course_folder(assignment.root) / nbgrader_release.GRADEBOOK
    if not gradebook.is_file():
        return
    fresh = work_dir / "fresh.db"
    fresh.write_bytes(output.gradebook)
    submissions = _rows(gradebook, _SUBMISSIONS, assignment.name)[0][0]
    before = {str(row[0]) for row in _rows(gradebook, _CELLS, assignment.name)}
    after = {str(row[0]) for row in _rows(fresh, _CELLS, assignment.name)}
    if submissions and before and before != after:
        changed = ", ".join(sorted(before ^ after))
        raise StaffError(
            f"{gradebook.relative_to(assignment.root)}: holds {submissions} submissions of "
            f"{assignment.name}, and the source now has other cells ({changed}); give the cells "
            "their old ids, or move the gradebook away and grade again"
        )


def trees(assignment: Assignment, output: nbgrader_release.NbgraderOutput) -> dict[Path, dict[str, bytes]]:
    """Return the folders of nbgrader's course that hold this assignment."""
    root = course_folder(assignment.root)
    return {
        root / "source" / assignment.name: output.source,
        root / "release" / assignment.name: output.release,
    }


def update_gradebook(
    course: Course, assignment: Assignment, output: nbgrader_release.NbgraderOutput, work_dir: Path
) -> None:
    """Bring nbgrader's settings and gradebook up to date with its source."""
    root = course_folder(course.root)
    (root / nbgrader_release.EXCHANGE).mkdir(exist_ok=True)
    replace_file(
        root / nbgrader_release.CONFIG_NAME, nbgrader_release.config_text(course).encode(), public=True
    )
    gradebook = root / nbgrader_release.GRADEBOOK
    if not gradebook.is_file():
        replace_file(gradebook, output.gradebook, public=True)
    elif _content(gradebook, assignment) != _new_content(output, assignment, work_dir):
        arguments = ("generate_assignment", assignment.name, "--create", "--force")
        run_tool.run("nbgrader", *arguments, folder=root)
        replace_trees(trees(assignment, output))
    due = assignment.due.replace(tzinfo=None) - (assignment.due.utcoffset() or _ZERO)
    text = f"{due:%Y-%m-%d %H:%M:%S.%f}"
    with _open_database(gradebook) as database:
        database.execute(_UPDATE_DUE_DATE, (text, assignment.name, text))


def _new_content(
    output: nbgrader_release.NbgraderOutput, assignment: Assignment, work_dir: Path
) -> list[tuple[object, ...]]:
    fresh = work_dir / "fresh.db"
    fresh.write_bytes(output.gradebook)
    return _content(fresh, assignment)


def _content(gradebook: Path, assignment: Assignment) -> list[tuple[object, ...]]:
    return sorted(_rows(gradebook, _CONTENT, assignment.name), key=repr)


def _rows(gradebook: Path, query: str, name: str) -> list[tuple[object, ...]]:
    try:
        with _open_database(gradebook) as database:
            return list(database.execute(query, (name,)))
    except sqlite3.Error as error:
        do = "move it away; the build makes a new one"
        raise StaffError(f"{gradebook}: no gradebook of nbgrader ({error}); {do}") from error


@contextlib.contextmanager
def _open_database(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as database, database:
        yield database
