"""From a course folder to the plan that its submissions are graded by."""

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
        dataset: name of a dataset in the configuration; the first one if empty. For any other,
            environment variables override the configured values, so that it can be a local file.

    Raises:
        AuthorError: the source or the configuration is wrong.
        StaffError: the configuration has no such dataset.
    """
    prepared = prepare(assignment)
    _verify_display_cells(assignment, {cell.id for cell in prepared.source.cells})
    datasets = assignment.grading.datasets
    if dataset and dataset not in datasets:
        raise StaffError(
            f"no dataset {dataset!r} in {CONFIG_NAME}; choose one of: {', '.join(datasets) or 'none'}"
        )
    default = next(iter(datasets), "")
    chosen = dataset or default
    variables = dict(datasets.get(chosen, {}))
    # The default dataset decides marks that must be reproducible, so nothing in the shell of
    # whoever grades may change it.
    if chosen != default:
        variables |= {name: os.environ[name] for name in variables if name in os.environ}
    return GradingPlan(
        assignment,
        prepared.source,
        prepared.files,
        grading_limits(assignment),
        cache=assignment.root / "var" / "training",
        environment={**assignment.environment, **variables},
        dataset=chosen,
        known_signatures=signatures.load(assignment),
    )


def course_files(assignment: Assignment) -> dict[str, bytes]:
    """Return all files that ``grading_plan`` reads, by path relative to the course folder.

    Hidden files in the source (what editors leave there) are left out.
    """
    root = assignment.root
    candidates = [root / CONFIG_NAME, root / "pyproject.toml"]
    candidates += assignment.calibration.parent.glob(f"{assignment.name}.*json")
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in candidates if path.is_file()}
    for name, data in read_tree(assignment.source).items():
        if not any(part.startswith(".") for part in name.split("/")):
            files[f"source/{assignment.name}/{name}"] = data
    return files


def _verify_display_cells(assignment: Assignment, cell_ids: set[str]) -> None:
    for name in assignment.grading.display_only_cells:
        if name not in cell_ids:
            place = f"{CONFIG_NAME}: assignments[{assignment.name!r}]['grading']['display_only_cells']"
            raise AuthorError(f"{place}: the source has no cell {name!r}; write the id of a provided cell")
