"""The lab's checks, run in this process on any answer."""

import ast
import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder import checks, known_answers, notebook
from autograder.authoring import read_source
from autograder.course import load_course
from autograder.facts import compute_facts
from autograder.known_answers import KnownAnswer
from autograder.quality.calibrate import strip_expressions

ROOT = Path(__file__).resolve().parents[2]
LAB_FOLDER = ROOT / "source" / "lab_4_4_rnn"
os.environ.setdefault("RNNLAB_REVIEWS", "embedded")
os.environ.setdefault("MPLBACKEND", "agg")


@dataclass(frozen=True)
class Lab:
    """The source notebook and the names that its cells define before the first question."""

    source: notebook.Source
    names: Mapping[str, Any]

    def question(self, name: str) -> notebook.Question:
        return next(question for question in self.source.questions if question.name == name)

    def solution(self, name: str) -> str:
        return "\n".join(answer.solution() for answer in self.question(name).answers)

    def blank(self, name: str) -> str:
        return "\n".join(answer.stub() for answer in self.question(name).answers)

    def findings(
        self, question: str, code: str, *, only: Iterable[str] | None = None
    ) -> dict[str, checks.MismatchError | None]:
        """Run a question's checks on an answer: check id → what it found, or None."""
        names = dict(self.names)
        wanted = [c for c in self.question(question).checks if only is None or c.cell.id in only]
        # In a notebook a warning is no error, and answers of other years warn.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(code, f"<{question}>", "exec"), names)
            return {check.cell.id: self._finding(check, names) for check in wanted}

    def _finding(self, check: notebook.Check, names: Mapping[str, Any]) -> Any:
        own_part = {**names, "checks": checks.hidden if check.hidden else checks}
        exec(compile(ast.Module([check.function()], []), check.cell.id, "exec"), own_part)
        function = own_part[check.function().name]
        answers = [own_part.get(argument.arg) for argument in check.function().args.args]
        try:
            function(*answers)
        except checks.MismatchError as mismatch:
            return mismatch
        return None


def is_training_check(check: notebook.Check) -> bool:
    """Whether a check trains a network: seconds instead of milliseconds."""
    return "train_model" in check.code


def load_known_answers() -> tuple[KnownAnswer, ...]:
    return known_answers.load(load_course(ROOT).assignment("lab_4_4_rnn"))


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The lab with its set-up and parameters cells run."""
    assignment = load_course(ROOT).assignment("lab_4_4_rnn")
    label = assignment.notebook.relative_to(ROOT).as_posix()
    authored = read_source(assignment.notebook.read_bytes(), label)
    cells = authored.cells
    source, problems = notebook.parse_questions(cells, label)
    assert not [*authored.problems, *problems]
    facts = compute_facts(assignment)
    names: dict[str, Any] = {"LAB": facts.lab, "EXPECTED": facts.expected, "THRESHOLDS": facts.thresholds}
    for cell in cells:
        if cell.id in ("setup", "parameters", "seed-proof"):
            exec(compile(strip_expressions(cell.text), cell.id, "exec"), names)
    return Lab(source, names)
