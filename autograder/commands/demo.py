"""``course demo``: build an assignment, then grade a small sample class."""

from rich.console import Console

from autograder.build.compile import build, prepare
from autograder.commands.grade_class import grade_class
from autograder.course import Assignment, Course
from autograder.errors import StaffError
from autograder.quality import sample


def run_demo(course: Course, assignment: Assignment, console: Console) -> None:
    """Build, grade a sample class into ``var/demo`` and print the table.

    Raises:
        AuthorError: the source does not compile.
        StaffError: this machine cannot grade.
    """
    console.print(f"Building {assignment.name} ...")
    report = build(course, assignment)
    console.print(f"{report.files} files in release/{assignment.name}")
    folder = course.root / "var" / "demo" / assignment.name
    out = folder / "graded"
    # Without its journal the run starts from the beginning: a demo that resumes shows nothing.
    (out / "run.jsonl").unlink(missing_ok=True)
    sample.write(folder / "submitted", sample.sample_class(assignment, prepare(assignment).source))
    code = grade_class(assignment, [folder / "submitted"], out.relative_to(course.root), console, workers=2)
    if code:
        raise StaffError("the sample class could not be fully graded; see the messages above")
