"""The real otter and nbgrader, run as their users run them."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

LIMIT_S = 1500

_SCORES = """
SELECT base_cell.name, grade.auto_score FROM grade
JOIN base_cell ON base_cell.id = grade.cell_id
JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
WHERE submitted_assignment.student_id = ?
"""


def run(*command: str, folder: Path, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run a tool of this Python environment as a user does, by name."""
    beside_python = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside_python, os.environ["PATH"]])
    settings = {"PATH": path, "JUPYTER_CONFIG_DIR": str(folder / ".jupyter"), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [str(Path(beside_python) / command[0]), *command[1:]],
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done


def otter_scores(root: Path, name: str, notebook: bytes, work: Path) -> dict[str, float]:
    """Return what ``otter run`` gives per question."""
    (work / f"{name}.ipynb").write_bytes(notebook)
    bundle = root / "dist" / f"{name}-otter.zip"
    run("otter", "run", "-a", str(bundle), f"{name}.ipynb", folder=work)
    tests = json.loads((work / "results.json").read_text())["tests"]
    return {test["name"]: test["score"] for test in tests if "score" in test and "name" in test}


def nbgrader_scores(root: Path, name: str, notebook: bytes, student: str) -> dict[str, float]:
    """Return what ``nbgrader autograde`` gives per question that is graded by checks."""
    course = root / "var" / "nbgrader"
    submitted = course / "submitted" / student / name
    shutil.rmtree(submitted, ignore_errors=True)
    submitted.mkdir(parents=True)
    (submitted / f"{name}.ipynb").write_bytes(notebook)
    run("nbgrader", "autograde", name, "--student", student, "--force", folder=root)
    totals: dict[str, float] = defaultdict(float)
    database = sqlite3.connect(course / "gradebook.db")
    try:
        for cell, score in database.execute(_SCORES, (student,)):
            if not cell.endswith("-answer"):
                totals[cell.partition("-")[0]] += score
    finally:
        database.close()
    return dict(totals)
