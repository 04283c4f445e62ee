"""``course bundle``: write an assignment as an upload for a platform, into ``dist/``."""

import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from autograder.build.compile import prepare
from autograder.course import Assignment
from autograder.engine.plan import grading_plan
from autograder.engine.run import grade_notebooks
from autograder.errors import StaffError
from autograder.files import replace_file
from autograder.platforms.gradescope import make_bundle
from autograder.quality.sample import fill_answers, read_release, solution_answers


def write_gradescope_zip(assignment: Assignment, console: Console, *, minutes: int) -> None:
    """Write the zip for Gradescope.

    Args:
        minutes: the platform's time-out; grading stops a little earlier.

    Raises:
        AuthorError: the assignment does not compile.
        StaffError: the assignment is not built, the solution does not get all points on this
            machine, or the disk cannot be written.
    """
    console.print(f"Grading the solution of {assignment.name} with an empty training cache ...")
    prepared = prepare(assignment)
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder:
        # An empty cache, so that the bundle contains what the solution needs and nothing else.
        cache = Path(folder) / "training"
        plan = replace(grading_plan(assignment, prepared.source, prepared.files), cache=cache)
        solution = fill_answers(read_release(assignment, "otter"), solution_answers(plan.source))
        result = grade_notebooks(plan, {"solution": solution}, console, workers=1)["solution"]
        if result.earned < result.points:
            raise StaffError(
                f"{assignment.name}: the solution gets {result.earned:g} of {result.points:g} points on "
                f"this machine; run `course validate {assignment.name}` to see why"
            )
        cache_entries = {path.name: path.read_bytes() for path in cache.glob("*.entry")}
    zipped = make_bundle(assignment, cache_entries, minutes=minutes)
    replace_file(assignment.bundle("gradescope"), zipped, public=True)
