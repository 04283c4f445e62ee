"""A run as other systems read it: one module for each of them.

sentences     what a student may read of a check
junit         junit.xml                 markdown      summary.md
annotations   annotations.txt, commands of GitHub Actions
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from autograder.errors import StaffError
from autograder.grade.folders import replace_file
from autograder.report import gradebook
from autograder.report.exports import annotations, junit, markdown
from autograder.report.runs import Run

Export = Callable[[Run, Path], Path]
"""Writes into a folder and returns what to look at."""


def _csv(run: Run, out: Path) -> Path:
    path = out / gradebook.NAME
    replace_file(path, gradebook.dump(run.results))
    return path


FORMATS: Mapping[str, Export] = {
    "csv": _csv,
    "junit": junit.write,
    "markdown": markdown.write,
    "annotations": annotations.write,
}


def export(run: Run, name: str, out: Path | None = None) -> Path:
    """Write a run in a format and return where.

    Args:
        out: a folder; the run's own by default.

    Raises:
        StaffError: there is no such format, or the place cannot be written.
    """
    if name not in FORMATS:
        raise StaffError(f"no format {name!r}; known: {', '.join(FORMATS)}")
    return FORMATS[name](run, out or run.out)
