import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.compile import prepare
from autograder.course import Assignment, load_course
from autograder.grade.submissions import Matched, interpret
from autograder.source import Kind, Source

ROOT = Path(__file__).resolve().parents[3]
LAB = "lab_4_4_rnn"
TINY = ROOT / "tests" / "tiny_assignment"


@dataclass(frozen=True, slots=True, eq=False)
class Lab:
    """An assignment, and the notebook that a student with all the right answers hands in."""

    assignment: Assignment
    source: Source
    released: dict[str, Any]

    def raw(self) -> dict[str, Any]:
        """Return the notebook, free to be changed; the source of each cell is text."""
        raw: dict[str, Any] = json.loads(json.dumps(self.released))
        for cell in raw["cells"]:
            cell["source"] = "".join(cell["source"])
        return raw

    def matched(self, raw: dict[str, Any] | bytes) -> Matched:
        data = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
        return interpret(data, self.source, self.assignment)


def cell(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one cell of a raw notebook."""
    found: dict[str, Any] = next(cell for cell in raw["cells"] if cell.get("id") == name)
    return found


def code_cell(text: str, name: str = "") -> dict[str, Any]:
    raw = {"cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
    return raw | ({"id": name} if name else {})


def index(raw: dict[str, Any], name: str) -> int:
    return next(number for number, cell in enumerate(raw["cells"]) if cell.get("id") == name)


def ran(matched: Matched) -> list[tuple[str, str, str, str]]:
    """Return the steps as what matters of them; blanks around code do not."""
    return [(step.kind, step.cell, step.text.strip(), step.question) for step in matched.steps]


def short(matched: Matched) -> list[str]:
    return [f"{step.kind} {step.cell}" for step in matched.steps]


def _solved(source: Source, notebook: dict[str, Any]) -> dict[str, Any]:
    answers = {answer.cell.id: answer for answer in source.answers()}
    for raw in notebook["cells"]:
        answer = answers.get(raw.get("id", ""))
        if answer:
            raw["source"] = answer.solved()
    return notebook


@pytest.fixture(scope="session")
def source() -> Source:
    return prepare(load_course(ROOT).assignment(LAB)).source


@pytest.fixture(scope="session", params=["otter", "nbgrader"])
def lab(request: pytest.FixtureRequest, source: Source) -> Lab:
    """The lab in both flavours, as they are released."""
    notebook = json.loads((ROOT / "release" / LAB / request.param / f"{LAB}.ipynb").read_bytes())
    return Lab(load_course(ROOT).assignment(LAB), source, _solved(source, notebook))


@pytest.fixture(scope="session")
def tiny() -> Lab:
    """A second course, with two answer cells in a question and with one that people mark."""
    assignment = load_course(TINY).assignment("tiny")
    source = prepare(assignment).source
    hidden = {check.cell.id for check in source.checks()}
    cells = [
        {
            "cell_type": str(cell.kind),
            "id": cell.id,
            "metadata": {},
            "source": cell.text,
            **({"outputs": [], "execution_count": None} if cell.kind is Kind.CODE else {}),
        }
        for cell in source.cells
        if cell.kind is not Kind.RAW and cell.id not in hidden
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return Lab(assignment, source, _solved(source, notebook))
