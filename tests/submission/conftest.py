import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.build.compile import prepare
from autograder.course import Assignment, load_course
from autograder.notebook import CellType, Source
from autograder.submission.match import MatchedSubmission, match_file

ROOT = Path(__file__).resolve().parents[2]
LAB = "lab_4_4_rnn"
TINY_COURSE = ROOT / "tests" / "tiny_assignment"


@dataclass(frozen=True, slots=True, eq=False)
class SolvedAssignment:
    """An assignment, and the notebook that a student with all the right answers hands in."""

    assignment: Assignment
    source: Source
    notebook: dict[str, Any]

    def notebook_copy(self) -> dict[str, Any]:
        """Return the notebook, free to be changed; the source of each cell is text."""
        raw: dict[str, Any] = json.loads(json.dumps(self.notebook))
        for cell in raw["cells"]:
            cell["source"] = "".join(cell["source"])
        return raw

    def match(self, raw: dict[str, Any] | bytes) -> MatchedSubmission:
        data = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
        return match_file(io.BytesIO(data), self.source, assignment=self.assignment.name)


def answered(number: int, **metadata: Any) -> bytes:
    """Return a small notebook of the lab; those of different numbers have different answers."""
    text = f"def rnn_step(h_prev, x_t):\n    return {number}"
    raw = {"cells": [code_cell(text)], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(raw).encode()


def cell(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one cell of a raw notebook."""
    actual: dict[str, Any] = next(cell for cell in raw["cells"] if cell.get("id") == name)
    return actual


def code_cell(text: str, name: str = "") -> dict[str, Any]:
    raw = {"cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
    return raw | ({"id": name} if name else {})


def index(raw: dict[str, Any], name: str) -> int:
    return next(number for number, cell in enumerate(raw["cells"]) if cell.get("id") == name)


def comparable_steps(matched: MatchedSubmission) -> list[tuple[str, str, str, str]]:
    """Return the steps as what matters of them; blanks around code do not."""
    return [(step.kind, step.cell, step.text.strip(), step.question) for step in matched.steps]


def step_labels(matched: MatchedSubmission) -> list[str]:
    return [f"{step.kind} {step.cell}" for step in matched.steps]


def _fill_solution(source: Source, notebook: dict[str, Any]) -> dict[str, Any]:
    answers = {answer.cell.id: answer for answer in source.answers()}
    for raw in notebook["cells"]:
        answer = answers.get(raw.get("id", ""))
        if answer:
            raw["source"] = answer.solution()
    return notebook


@pytest.fixture(scope="session")
def source() -> Source:
    return prepare(load_course(ROOT).assignment(LAB)).source


@pytest.fixture(scope="session", params=["otter", "nbgrader"])
def lab(request: pytest.FixtureRequest, source: Source) -> SolvedAssignment:
    """The lab in both flavors, as they are released."""
    notebook = json.loads((ROOT / "release" / LAB / request.param / f"{LAB}.ipynb").read_bytes())
    return SolvedAssignment(load_course(ROOT).assignment(LAB), source, _fill_solution(source, notebook))


@pytest.fixture(scope="session")
def tiny_assignment() -> SolvedAssignment:
    """A second course, with two answer cells in a question and with one that people mark."""
    assignment = load_course(TINY_COURSE).assignment("tiny")
    source = prepare(assignment).source
    hidden = {check.cell.id for check in source.checks()}
    cells = [
        {
            "cell_type": str(cell.cell_type),
            "id": cell.id,
            "metadata": {},
            "source": cell.text,
            **({"outputs": [], "execution_count": None} if cell.cell_type is CellType.CODE else {}),
        }
        for cell in source.cells
        if cell.cell_type is not CellType.RAW and cell.id not in hidden
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return SolvedAssignment(assignment, source, _fill_solution(source, notebook))
