"""What people and platforms read of a run; all of it is derived from its results."""

from collections.abc import Sequence
from pathlib import Path

from autograder.errors import StaffError
from autograder.grade import gradebook, gradescope, pages
from autograder.grade.gradebook import summary_table
from autograder.grade.results import Result

__all__ = ["summary_table", "write_student", "write_views"]


def write_views(out: Path, results: Sequence[Result], *, title: str) -> None:
    """Write the files of every student and of the class.

    Args:
        out: the folder of the run.
        results: of two results of one student, the later counts.
        title: the assignment's, e.g. ``Lab 4.4: Introduction to Recurrent Neural Networks``.

    Raises:
        StaffError: the disk is full or read-only; each file is as it was or whole.
    """
    latest = tuple({result.student: result for result in results}.values())
    for result in latest:
        write_student(out, result, title=title)
    _replace(out / gradebook.NAME, gradebook.dump(latest))
    _replace(out / pages.REPORT, pages.report(latest, title=title))


def write_student(out: Path, result: Result, *, title: str) -> None:
    """Write ``results.json`` and ``feedback.html`` of one student; only staff may read them.

    Raises:
        StaffError: the disk is full or read-only; each file is as it was or whole.
    """
    folder = out / pages.folder_name(result.student)
    _replace(folder / gradescope.NAME, gradescope.dump(result))
    _replace(folder / pages.FEEDBACK, pages.feedback(result, title=title))


def _replace(path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600, exist_ok=False)
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError as error:
        raise StaffError(
            f"{path}: cannot be written ({error.strerror}); make room, then run `course report` on the "
            "folder of this run: its journal is whole"
        ) from error
