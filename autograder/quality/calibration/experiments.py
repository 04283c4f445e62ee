"""What a lab wants to be trained, and the solution's functions for it."""

import ast
import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.facts import compute_facts
from autograder.notebook import Source, parse_cells, parse_questions

ScoreFunction = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Experiment:
    """One model, one data set: a score for each seed."""

    model: str
    """What the table calls it, e.g. ``LSTM without a mask``."""

    dataset: str
    """The data set, e.g. ``imdb``."""

    score: ScoreFunction
    threshold: str = ""
    """The bar that this score decides, e.g. ``lstm``; empty for a figure of the table only."""

    is_right: bool = True
    """Whether it must pass that bar."""

    test_size: int = 0
    """Number of examples behind an accuracy; 0 for a score that is no accuracy."""

    lower_is_better: bool = False

    @property
    def key(self) -> str:
        """Return the name under which scores are kept."""
        return f"{self.dataset}: {self.model}"


def load_experiments(assignment: Assignment) -> list[Experiment]:
    """Return what ``measure.py`` of an assignment wants to be run.

    Raises:
        StaffError: there is no such file.
    """
    path = assignment.source / "measure.py"
    if not path.is_file():
        raise StaffError(f"source/{assignment.name}/measure.py: missing; nothing to calibrate")
    sys.path.insert(0, str(assignment.source))  # the kit, as a notebook in that folder finds it
    found: list[Experiment] = runpy.run_path(str(path))["experiments"](
        solution_namespace(assignment), assignment.lab
    )
    return found


def solution_namespace(assignment: Assignment) -> dict[str, Any]:
    """Return the functions of the solution, and what the notebook defines before them."""
    source = _parse_source(assignment)
    facts = compute_facts(assignment)
    names: dict[str, Any] = {"LAB": facts.lab, "EXPECTED": facts.expected, "THRESHOLDS": facts.thresholds}
    solved = {answer.cell.id: answer.solution() for answer in source.answers()}
    for cell in source.cells:
        if cell.id in ("setup", "parameters"):
            exec(compile(strip_expressions(cell.text), cell.id, "exec"), names)
        elif cell.id in solved:
            exec(compile(solved[cell.id], cell.id, "exec"), names)
    return names


def strip_expressions(code: str) -> ast.Module:
    """Return a cell without the calls that only print or draw."""
    return ast.Module([node for node in ast.parse(code).body if not isinstance(node, ast.Expr)], [])


def _parse_source(assignment: Assignment) -> Source:
    label = f"source/{assignment.name}/{assignment.notebook.name}"
    cells, _ = parse_cells(assignment.notebook.read_bytes(), label)
    return parse_questions(cells, label)[0]
