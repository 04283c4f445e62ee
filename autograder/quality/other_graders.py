"""The real otter and nbgrader, run as their users run them."""

import json
import shutil
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from autograder.external_tools import run_tool

TIMEOUT_S = 1_800
"""Longest that a command may take."""

Points = Mapping[str, float]
"""By question, of those that checks mark."""

EMPTY_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})


def otter_points(
    root: Path,
    name: str,
    notebook: bytes,
    work_folder: Path,
    environment: Mapping[str, str] = EMPTY_ENVIRONMENT,
) -> Points:
    """Return what ``otter run`` gives.

    Args:
        root: of a course in which the assignment ``name`` is built.
        work: an empty folder.

    Raises:
        StaffError: otter gives no result.
    """
    (work_folder / f"{name}.ipynb").write_bytes(notebook)
    bundle = str(root / "dist" / f"{name}-otter.zip")
    run_tool(
        *("otter", "run", "-a", bundle, f"{name}.ipynb"),
        folder=work_folder,
        timeout_s=TIMEOUT_S,
        environment=environment,
    )
    tests = json.loads((work_folder / "results.json").read_bytes())["tests"]
    return {test["name"]: test["score"] for test in tests if "score" in test and "name" in test}


def nbgrader_points(
    root: Path, name: str, notebook: bytes, student: str, environment: Mapping[str, str] = EMPTY_ENVIRONMENT
) -> Points:
    """Return what ``nbgrader autograde`` gives.

    Args:
        root: of a course in which the assignment ``name`` is built; its gradebook is used.

    Raises:
        StaffError: nbgrader gives no result.
    """
    course = root / "var" / "nbgrader"
    submitted = course / "submitted" / student / name
    shutil.rmtree(submitted, ignore_errors=True)
    submitted.mkdir(parents=True)
    (submitted / f"{name}.ipynb").write_bytes(notebook)
    arguments = [name, "--student", student, "--force"]
    run_tool("nbgrader", "autograde", *arguments, folder=root, timeout_s=TIMEOUT_S, environment=environment)
    return gradebook_points(course, name, student)


def gradebook_points(course: Path, name: str, student: str) -> Points:
    """Return what stands in the gradebook of nbgrader's course."""
    from nbgrader.api import Gradebook

    totals: dict[str, float] = defaultdict(float)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for grade in gradebook.find_submission_notebook(name, name, student).grades:
            if not grade.name.endswith("-answer"):
                totals[grade.name.partition("-")[0]] += grade.auto_score or 0.0
    return dict(totals)
