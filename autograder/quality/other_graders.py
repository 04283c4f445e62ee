"""The points that the real otter and nbgrader give."""

import json
import shutil
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from autograder.build.flavors import run_tool

TIMEOUT_S = 1_800
"""Maximum run time of a command, seconds."""

Points = Mapping[str, float]
"""By question, without those that people mark."""


def otter_points(
    root: Path, name: str, notebook: bytes, work_folder: Path, environment: Mapping[str, str] | None = None
) -> Points:
    """Return the points that ``otter run`` gives.

    Args:
        root: folder of a course in which the assignment is built.
        name: of the assignment.
        notebook: the submission.
        work_folder: an empty folder.
        environment: additional variables.

    Raises:
        StaffError: otter gives no result.
    """
    (work_folder / f"{name}.ipynb").write_bytes(notebook)
    bundle = str(root / "dist" / f"{name}-otter.zip")
    arguments = ["run", "-a", bundle, f"{name}.ipynb"]
    run_tool("otter", *arguments, folder=work_folder, timeout_s=TIMEOUT_S, environment=environment)
    tests = json.loads((work_folder / "results.json").read_bytes())["tests"]
    return {test["name"]: test["score"] for test in tests if "score" in test and "name" in test}


def nbgrader_points(
    root: Path, name: str, notebook: bytes, student: str, environment: Mapping[str, str] | None = None
) -> Points:
    """Return the points that ``nbgrader autograde`` gives.

    Args:
        root: folder of a course in which the assignment is built; its gradebook is used.
        name: of the assignment.
        notebook: the submission.
        student: under whose name it is graded.
        environment: additional variables.

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
    """Return the points in the gradebook of an nbgrader course."""
    from nbgrader.api import Gradebook

    totals: dict[str, float] = defaultdict(float)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for grade in gradebook.find_submission_notebook(name, name, student).grades:
            # Manually graded answers have such names; they are marked by people.
            if not grade.name.endswith("-answer"):
                totals[grade.name.partition("-")[0]] += grade.auto_score or 0.0
    return dict(totals)
