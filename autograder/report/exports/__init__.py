"""A run as other systems read it: one module for each of them.

nbgrader     marks in nbgrader's gradebook      autograded   a graded submission as a notebook for it
outputs      stored outputs, made harmless
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from autograder.errors import StaffError
from autograder.grade.folders import replace_file
from autograder.report import gradebook
from autograder.report.runs import Run

Export = Callable[[Run, Path], Path]
"""Writes into a folder and returns what to look at."""


def _csv(run: Run, out: Path) -> Path:
    path = out / gradebook.NAME
    replace_file(path, gradebook.dump(run.results))
    return path


FORMATS: Mapping[str, Export] = {"csv": _csv}


NBGRADER = "nbgrader"


def export(run: Run, name: str, out: Path | None = None, *, db_url: str = "") -> Path:
    """Write a run in a format and return where.

    Args:
        out: a folder; by default the run's own, and for nbgrader its course.
        db_url: of nbgrader's gradebook; by default the one in its settings.

    Raises:
        AuthorError: for nbgrader: the source does not compile.
        StaffError: there is no such format, or the place cannot be written.
    """
    if name == NBGRADER:
        from autograder.report.exports import nbgrader

        return nbgrader.export(run, out, db_url=db_url)
    if name not in FORMATS:
        raise StaffError(f"no format {name!r}; known: {', '.join([*FORMATS, NBGRADER])}")
    if db_url:
        raise StaffError(
            f"--db-url: {name} writes into no gradebook; leave it out or add --format {NBGRADER}"
        )
    return FORMATS[name](run, out or run.out)
