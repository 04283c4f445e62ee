"""Recipes of assignments, and the files of a course that one is made from."""

import os

from autograder.build.compile import prepare
from autograder.course import CONFIG_NAME, Assignment
from autograder.engine import signatures
from autograder.engine.plan import GradingPlan, grading_limits
from autograder.errors import AuthorError, StaffError
from autograder.files import read_tree


def grading_plan(assignment: Assignment, dataset: str = "") -> GradingPlan:
    """Compile an assignment for grading.

    Args:
        dataset: a name in the configuration; the first one by default. For any other, variables
            of the environment win, so that it can be a local file.

    Raises:
        AuthorError: the source or the configuration is wrong.
        StaffError: there is no such data set.
    """
    prepared = prepare(assignment)
    given = {cell.id for cell in prepared.source.cells}
    for name in assignment.grading.display_only_cells:
        if name not in given:
            place = f"{CONFIG_NAME}: assignments[{assignment.name!r}]['grading']['display_only_cells']"
            raise AuthorError(f"{place}: the source has no cell {name!r}; write the id of a given cell")
    named = assignment.grading.datasets
    if dataset and dataset not in named:
        known = ", ".join(named) or "none"
        raise StaffError(f"no data set {dataset!r} in {CONFIG_NAME}; known: {known}")
    chosen = dataset or next(iter(named), "")
    variables = dict(named.get(chosen, {}))
    if chosen != next(iter(named), ""):
        variables |= {name: os.environ[name] for name in variables if name in os.environ}
    environment = {**assignment.environment, **variables}
    return GradingPlan(
        assignment,
        prepared.source,
        prepared.files,
        grading_limits(assignment),
        assignment.root / "var" / "training",
        environment,
        chosen,
        signatures.load(assignment),
    )


def course_files(assignment: Assignment) -> dict[str, bytes]:
    """Return all that ``recipe_of`` reads of a course, by path below its root.

    What editors leave in the source stays behind.
    """
    root = assignment.root
    beside = [root / CONFIG_NAME, root / "pyproject.toml"]
    beside += assignment.calibration.parent.glob(f"{assignment.name}.*json")
    source = read_tree(assignment.source)
    return {
        **{path.relative_to(root).as_posix(): path.read_bytes() for path in beside if path.is_file()},
        **{
            f"source/{assignment.name}/{name}": data
            for name, data in source.items()
            if not any(part.startswith(".") for part in name.split("/"))
        },
    }
