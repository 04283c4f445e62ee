"""Everything that the submissions of one assignment are graded with."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course import CONFIG_NAME, Assignment
from autograder.engine.misconceptions import KnownSignature, load_signatures
from autograder.errors import AuthorError, StaffError
from autograder.facts import compute_facts, unmeasured_datasets
from autograder.files import digest
from autograder.limits import Limits
from autograder.notebook import Source

SEED = 42


@dataclass(frozen=True, slots=True)
class GradingPlan:
    """A compiled assignment: its checks, its kit, its limits."""

    assignment: Assignment
    source: Source
    """The compiled source notebook, with literals for facts, as in a release."""

    files: Mapping[str, bytes]
    """The kit and the check vocabulary, by path next to the notebook."""

    limits: Limits
    cache: Path
    """Folder of the training cache; private."""

    environment: Mapping[str, str]
    """Environment variables of the worker's processes; some of them name the dataset."""

    dataset: str
    known_signatures: tuple[KnownSignature, ...] = ()
    """Signatures of known wrong answers, with which a wrong answer is compared."""

    workers: int = 1
    """Number of workers that share this machine."""

    is_own_code: bool = False
    """Whether the submissions are the author's own, which may be graded without isolation."""

    def options(self) -> dict[str, Any]:
        """Return the options of the grader and of a submission's process; nothing about the checks."""
        return {
            "seed": SEED,
            "kit": self.assignment.kit,
            "trainer_module": self.assignment.grading.trainer_module,
            "stubbed_functions": list(self.assignment.grading.stubbed_functions),
        }

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of what is graded against, by the name of a field of a result's provenance."""
        return {
            "source_sha256": hashlib.sha256(self.assignment.notebook.read_bytes()).hexdigest(),
            "kit_sha256": digest(self.files),
            "config_sha256": hashlib.sha256((self.assignment.root / CONFIG_NAME).read_bytes()).hexdigest(),
        }


def grading_plan(
    assignment: Assignment, source: Source, files: Mapping[str, bytes], dataset: str = ""
) -> GradingPlan:
    """Return the plan of a compiled assignment.

    Args:
        source: the compiled source notebook, with literals for facts.
        files: the kit and the check vocabulary, by path next to the notebook.
        dataset: a name in the configuration; the first one by default. For any other, variables
            of this process's environment override the configuration's, so that a dataset can be
            a local file.

    Raises:
        AuthorError: the configuration names cells, modules or functions that do not exist.
        StaffError: there is no such dataset, or the thresholds were measured without it.
    """
    problems = list(_unknown_names(assignment, source, files))
    if problems:
        raise AuthorError(problems)
    datasets = assignment.grading.datasets
    if dataset and dataset not in datasets:
        raise StaffError(
            f"no dataset {dataset!r} in {CONFIG_NAME}; use one of: {', '.join(datasets) or '(none)'}"
        )
    if dataset in unmeasured_datasets(assignment, compute_facts(assignment).thresholds):
        raise StaffError(
            f"{assignment.name}: no thresholds were measured on the dataset {dataset!r}; run "
            f"`course calibrate {assignment.name}` where the dataset is available, or grade with another one"
        )
    default = next(iter(datasets), "")
    environment = {**assignment.environment, **datasets.get(dataset or default, {})}
    if dataset not in ("", default):
        for name in datasets[dataset]:
            environment[name] = os.environ.get(name, environment[name])
    return GradingPlan(
        assignment,
        source,
        files,
        assignment.grading.limits,
        assignment.root / "var" / "training",
        environment,
        dataset or default,
        load_signatures(assignment),
    )


def _unknown_names(assignment: Assignment, source: Source, files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield what the configuration names and neither the source nor the kit has."""
    grading, place = assignment.grading, f"{CONFIG_NAME}: assignments[{assignment.name!r}]['grading']"
    cell_ids = {cell.id for cell in source.cells}
    for name in grading.display_only_cells:
        if name not in cell_ids:
            problem = f"the source has no cell {name!r}; write the id of a given cell"
            yield f"{place}['display_only_cells']: {problem}"
    module = grading.trainer_module.replace(".", "/")
    if module and not {f"{module}.py", f"{module}/__init__.py"} & files.keys():
        yield f"{place}['trainer_module']: the kit has no file {module}.py; name a module of the kit"
    package = files.get(f"{assignment.kit}/__init__.py", b"").decode(errors="replace")
    for name in grading.stubbed_functions:
        if name not in package and "import *" not in package:
            problem = f"the kit does not define {name!r}; name a function of {assignment.kit}/__init__.py"
            yield f"{place}['stubbed_functions']: {problem}"
