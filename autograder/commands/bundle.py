"""``course bundle``: the zips that platforms take, made and put into ``dist/``."""

from pathlib import Path

from rich.console import Console

from autograder.build.compile import build
from autograder.commands.training_bundle import training_cache_entries
from autograder.course import Assignment, Course
from autograder.files import replace_file
from autograder.platforms.gradescope import make_bundle


def write_gradescope_zip(assignment: Assignment, console: Console, *, minutes: int) -> Path:
    """Write the zip for Gradescope and return where.

    Args:
        minutes: after which the platform stops a submission; grading ends a little earlier.

    Raises:
        AuthorError: the assignment does not compile.
        StaffError: it is not built, the solution does not get all points here, or the disk
            cannot be written.
    """
    console.print(f"Grading the solution of {assignment.name}, with nothing remembered ...")
    entries = training_cache_entries(assignment, console)
    path = assignment.bundle("gradescope")
    replace_file(path, make_bundle(assignment, entries, minutes=minutes))
    return path


def build_otter_zip(course: Course, assignment: Assignment) -> Path:
    """Build the assignment, which makes the zip for otter, and return where it is.

    Raises:
        AuthorError: the source is wrong, or a release would leak.
        StaffError: a tool fails, or the disk cannot be written.
    """
    build(course, assignment)
    return assignment.bundle("otter")
