"""Recipes of assignments, and the files of a course that one is made from."""

import os

from autograder import traces
from autograder.compile import prepare
from autograder.compile.folder import read_tree
from autograder.course import CONFIG_NAME, Assignment
from autograder.errors import AuthorError, StaffError
from autograder.grade.recipe import Recipe, limits_of


def recipe_of(assignment: Assignment, dataset: str = "") -> Recipe:
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
    for name in assignment.grading.demonstrations:
        if name not in given:
            place = f"{CONFIG_NAME}: assignments[{assignment.name!r}]['grading']['demonstrations']"
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
    return Recipe(
        assignment,
        prepared.source,
        prepared.files,
        limits_of(assignment),
        assignment.root / "var" / "training",
        environment,
        chosen,
        traces.load(assignment),
    )


def files_of(assignment: Assignment) -> dict[str, bytes]:
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
