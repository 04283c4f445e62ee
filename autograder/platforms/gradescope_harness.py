"""One submission in Gradescope's container.

Run as ``python -m autograder.platforms.gradescope_harness ROOT ASSIGNMENT``.

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

from autograder.course import load_course
from autograder.engine.grade_submission import grade_with_retries
from autograder.engine.results import Result
from autograder.engine.run_folder import replace_file
from autograder.engine.worker_pool import start_engine
from autograder.platforms import memory_limit
from autograder.platforms.recipes import grading_plan
from autograder.report import results_json
from autograder.submission.discover import find_submission
from autograder.text import one_line

_MAX_NAME_CHARS = 60


def grade(root: Path, name: str) -> Result:
    """Grade the submission below ``root`` and return the result, which is also written.

    Raises:
        CourseError: it could not be graded; what was known before is written.
    """
    assignment = load_course(root / "source").assignment(name)
    place = root / "results" / results_json.NAME
    found = find_submission(
        root / "submission", submitter_names(root / "submission_metadata.json"), assignment
    )
    recipe = grading_plan(assignment)

    def save_partial(result: Result, unreached: frozenset[str]) -> None:
        replace_file(place, results_json.dump(result, unreached))

    with start_engine(replace(recipe, limits=memory_limit.fit_to_container(recipe.limits))) as engine:
        result = grade_with_retries(found, found.data, engine.workers[0], save_partial)
    replace_file(place, results_json.dump(result))
    return result


def submitter_names(metadata: Path) -> str:
    """Return the names of those who handed in, as the platform says; addresses where it has none.

    Source: Gradescope, "Submission Metadata" (``users``, several for a group).
    """
    try:
        users = json.loads(metadata.read_bytes())["users"]
        return ", ".join(filter(None, map(_name, users))) or "student"
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return "student"  # only for staff to read; no reason not to grade


def _name(user: Mapping[str, Any]) -> str:
    return one_line(user.get("name"), _MAX_NAME_CHARS) or one_line(user.get("email"), _MAX_NAME_CHARS)


def main(root: str, name: str) -> None:
    """Grade, and say for staff what it came to."""
    result = grade(Path(root), name)
    print(f"{result.earned:g} of {result.points:g} points, {result.status.value}")
    print(f"isolation: {result.provenance.isolation}, without {list(result.provenance.missing_layers)}")
    for line in (*result.flags, *(f"{check.id}: {check.message}" for check in result.ungraded_checks)):
        print(one_line(line, 300))


if __name__ == "__main__":
    main(*sys.argv[1:])
