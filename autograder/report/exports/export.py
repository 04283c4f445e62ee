"""A run as other systems read it: one module for each of them.

sentences     what a student may read of a check
junit         junit.xml                 markdown      summary.md
annotations   annotations.txt, commands of GitHub Actions
imports       tables that learning systems import
canvas        canvas.csv                moodle        moodle.csv
nbgrader      nbgrader's gradebook      autograded    a graded submission as a notebook for it
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from autograder.errors import StaffError
from autograder.files import replace_file
from autograder.report import gradebook
from autograder.report.exports import annotations, canvas, junit, markdown, moodle
from autograder.report.load_run import Run
from autograder.report.marks import mark_remarks as remarks_on_marks

Export = Callable[[Run, Path], Path]
"""Writes into a folder and returns what to look at."""


def _file(name: str, dump: Callable[[Run], bytes]) -> Export:
    """Return an export that writes one file of that name."""

    def write(run: Run, out: Path) -> Path:
        replace_file(out / name, dump(run))
        return out / name

    return write


FORMATS: Mapping[str, Export] = {
    "csv": _file(gradebook.NAME, lambda run: gradebook.dump(run.marks)),
    "junit": _file(junit.NAME, junit.dump),
    "markdown": _file(markdown.NAME, markdown.dump),
    "annotations": _file(annotations.NAME, annotations.dump),
    "canvas": canvas.write,
    "moodle": moodle.write,
}

_REMARKS: Mapping[str, Callable[[Run], tuple[str, ...]]] = {
    "canvas": canvas.remarks,
    "moodle": moodle.remarks,
}


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
        from autograder.platforms import nbgrader_gradebook

        return nbgrader_gradebook.export(run, out, db_url=db_url)
    if name not in FORMATS:
        raise StaffError(f"no format {name!r}; known: {', '.join([*FORMATS, NBGRADER])}")
    if db_url:
        raise StaffError(
            f"--db-url: {name} writes into no gradebook; leave it out or add --format {NBGRADER}"
        )
    return FORMATS[name](run, out or run.out)


def remarks(run: Run, name: str) -> tuple[str, ...]:
    """Return what whoever exports should know of the marks in a format, one sentence each."""
    return _REMARKS[name](run) if name in _REMARKS else tuple(remarks_on_marks(run.marks))


def exported_files(out: Path) -> tuple[Path, ...]:
    """Return the files for learning systems that stand in a run's folder."""
    return tuple(out / name for name in (canvas.NAME, moodle.NAME) if (out / name).is_file())
