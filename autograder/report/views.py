"""The files that a run leaves for people and platforms; all of it is derived from its results."""

from collections.abc import Sequence
from pathlib import Path

from autograder.grade.folders import folder_name, replace_file
from autograder.grade.results import Result
from autograder.report import gradebook, gradescope, pages
from autograder.report.gradebook import summary_table
from autograder.report.marks import Mark
from autograder.report.marks import alone as marks_alone

__all__ = ["summary_table", "write_student", "write_views"]


def write_views(
    out: Path, results: Sequence[Result], *, title: str, marks: Sequence[Mark] | None = None
) -> None:
    """Write the files of every student and of the class.

    Args:
        out: the folder of the run.
        results: of two results of one student, the later counts.
        title: the assignment's, e.g. ``Lab 4.4: Introduction to Recurrent Neural Networks``.
        marks: with what the roster and the due date say; by default the results alone.

    Raises:
        StaffError: the disk is full or read-only; each file is as it was or whole.
    """
    latest = tuple({result.student: result for result in results}.values())
    for result in latest:
        write_student(out, result, title=title)
    replace_file(out / gradebook.NAME, gradebook.dump(marks_alone(latest) if marks is None else marks))
    replace_file(out / pages.REPORT, pages.report(latest, title=title))


def write_student(out: Path, result: Result, *, title: str) -> None:
    """Write ``results.json`` and ``feedback.html`` of one student; only staff may read them.

    Raises:
        StaffError: the disk is full or read-only; each file is as it was or whole.
    """
    folder = out / folder_name(result.student)
    replace_file(folder / gradescope.NAME, gradescope.dump(result))
    replace_file(folder / pages.FEEDBACK, pages.feedback(result, title=title))
