"""Trainings that a bundle brings along, so that a right submission needs none."""

import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from autograder.commands.grade_class import grade_notebooks
from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.platforms.grading_plan import grading_plan
from autograder.quality.sample import fill_answers, read_release, solution_answers


def training_cache_entries(assignment: Assignment, console: Console) -> dict[str, bytes]:
    """Grade the solution with an empty cache; return what is in it then, by file name.

    Raises:
        AuthorError: the assignment does not compile.
        StaffError: it is not built, or the solution does not get all points here.
    """
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder:
        cache = Path(folder) / "training"
        recipe = replace(grading_plan(assignment), cache=cache)
        solution = fill_answers(read_release(assignment, "otter"), solution_answers(recipe.source))
        result = grade_notebooks(recipe, {"solution": solution}, console, workers=1)["solution"]
        if result.earned < result.points:
            raise StaffError(
                f"{assignment.name}: the solution gets {result.earned:g} of {result.points:g} points here; "
                f"run `course validate {assignment.name}` and see why"
            )
        return {path.name: path.read_bytes() for path in cache.glob("*.entry")}
