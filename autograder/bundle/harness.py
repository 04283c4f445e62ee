"""One submission in Gradescope's container: ``python -m autograder.bundle.harness ROOT ASSIGNMENT``.

``ROOT`` holds ``source/`` (the unpacked bundle), ``submission/``, ``results/`` and
``submission_metadata.json``. After every check ``results/results.json`` is replaced by what is
known so far; whoever stops this process finds a whole file. All that is raised here ends the
process, and the file stays as it is.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.bundle import room
from autograder.course import load_course
from autograder.grade.engine import started
from autograder.grade.folders import replace_file
from autograder.grade.marking import graded
from autograder.grade.results import Result
from autograder.grade.submissions import find_one
from autograder.grade.text import one_line
from autograder.recipes import recipe_of
from autograder.report import gradescope

_LONGEST_NAME = 60


def grade(root: Path, name: str) -> Result:
    """Grade the submission below ``root`` and return the result, which is also written.

    Raises:
        CourseError: it could not be graded; what was known before is written.
    """
    assignment = load_course(root / "source").assignment(name)
    place = root / "results" / gradescope.NAME
    found = find_one(root / "submission", student(root / "submission_metadata.json"), assignment)
    recipe = recipe_of(assignment)

    def keep(result: Result, unreached: frozenset[str]) -> None:
        replace_file(place, gradescope.dump(result, unreached))

    with started(replace(recipe, limits=room.fitted(recipe.limits))) as engine:
        result = graded(found, found.data, engine.workshops[0], keep)
    replace_file(place, gradescope.dump(result))
    return result


def student(metadata: Path) -> str:
    """Return the names of those who handed in, as the platform says; addresses where it has none.

    Source: Gradescope, "Submission Metadata" (``users``, several for a group).
    """
    try:
        users = json.loads(metadata.read_bytes())["users"]
        return ", ".join(filter(None, map(_name, users))) or "student"
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return "student"  # only for staff to read; no reason not to grade


def _name(user: Mapping[str, Any]) -> str:
    return one_line(user.get("name"), _LONGEST_NAME) or one_line(user.get("email"), _LONGEST_NAME)


def main(root: str, name: str) -> None:
    """Grade, and say for staff what it came to."""
    result = grade(Path(root), name)
    print(f"{result.earned:g} of {result.points:g} points, {result.standing.value}")
    print(f"isolation: {result.provenance.isolation}, without {list(result.provenance.missing_layers)}")
    for line in (*result.flags, *(f"{check.id}: {check.message}" for check in result.ungraded)):
        print(one_line(line, 300))


if __name__ == "__main__":
    main(*sys.argv[1:])
