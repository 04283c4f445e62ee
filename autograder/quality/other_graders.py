"""The real otter and nbgrader, run as their users run them."""

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from autograder.errors import StaffError

TIMEOUT_S = 1_800
"""Longest that a command may take."""

Points = Mapping[str, float]
"""By question, of those that checks mark."""

EMPTY_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})

_MAX_ERROR_LINES = 12


def run(
    *command: str,
    folder: Path,
    environment: Mapping[str, str] = EMPTY_ENVIRONMENT,
    check: bool = True,
    timeout_s: float = TIMEOUT_S,
) -> "subprocess.CompletedProcess[str]":
    """Run a command of this Python environment by its name.

    Args:
        environment: variables beside those of this process.
        limit_s: longest that it may take.

    Raises:
        StaffError: it fails (unless ``check`` is false); with the end of what it said.
    """
    beside_python = Path(sys.executable).parent
    path = os.pathsep.join([str(beside_python), os.environ.get("PATH", os.defpath)])
    settings = {"PATH": path, "JUPYTER_CONFIG_DIR": str(folder / ".jupyter"), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [str(beside_python / command[0]), *command[1:]],
        cwd=folder,
        env={**os.environ, **environment, **settings},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if check and done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_MAX_ERROR_LINES:])
        raise StaffError(f"{' '.join(command[:2])}: failed with code {done.returncode}:\n{said}")
    return done


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
    run("otter", "run", "-a", bundle, f"{name}.ipynb", folder=work_folder, environment=environment)
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
    run("nbgrader", "autograde", *arguments, folder=root, environment=environment)
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
