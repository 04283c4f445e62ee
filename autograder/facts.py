"""The numbers that a source notebook refers to by name: LAB, EXPECTED and THRESHOLDS."""

import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from autograder.course import Assignment, find_root, load_course
from autograder.errors import AuthorError


class Facts(NamedTuple):
    """The values that prose and checks may refer to; a release contains the literals."""

    lab: Any
    """The lab parameters, by attribute."""

    expected: Mapping[str, Any]
    """What ``source/<lab>/expected.py`` computes from them."""

    thresholds: Mapping[str, Any]
    """Measured accuracy thresholds of ``calibration/<lab>.json``; empty if never calibrated."""


def load_facts(assignment: str, start: Path | None = None) -> Facts:
    """Read the facts of one assignment; the source notebook's parameters cell calls this.

    Args:
        assignment: a name in ``course_config.py``.
        start: a folder inside the course; the current one by default.
    """
    course = load_course(find_root(start or Path.cwd()))
    return compute_facts(course.assignment(assignment))


def compute_facts(assignment: Assignment) -> Facts:
    """Compute the facts of an assignment that is already parsed.

    Raises:
        AuthorError: ``expected.py`` is missing, or the thresholds cannot be read.
    """
    path = assignment.source / "expected.py"
    if not path.is_file():
        raise AuthorError(
            f"{path.name}: missing next to {assignment.notebook.name}; add it, with a function expected(lab)"
        )
    expected = runpy.run_path(str(path))["expected"](assignment.lab)
    thresholds: Mapping[str, Any] = {}
    if assignment.calibration.is_file():
        try:
            thresholds = json.loads(assignment.calibration.read_bytes())["thresholds"]
        except (ValueError, KeyError) as error:
            name = assignment.calibration.name
            raise AuthorError(f"{name}: damaged ({error}); run `course calibrate`") from error
    return Facts(assignment.lab, expected, thresholds)
