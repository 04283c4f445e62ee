"""The solution notebook, run in a real kernel on both data sets."""

from dataclasses import replace

import pytest

from autograder.build import solutions
from autograder.build.compile import prepare
from autograder.course import load_course
from autograder.files import join_source, load_notebook

from .conftest import ROOT

pytestmark = pytest.mark.slow

REAL = ROOT.parent / "shared" / "data" / "imdb.npz"


@pytest.mark.parametrize("data", ["embedded", "imdb"])
def test_the_solution_gets_every_point_and_writes_nothing_to_stderr(
    data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if data == "imdb" and not REAL.is_file():
        pytest.skip("needs ../shared/data/imdb.npz")
    monkeypatch.delenv("MPLBACKEND", raising=False)  # figures as a notebook shows them
    reviews = {"RNNLAB_REVIEWS": str(REAL) if data == "imdb" else "embedded"}
    assignment = replace(load_course(ROOT).assignment("lab_4_4_rnn"), environment=reviews)
    prepared = prepare(assignment)
    # The published solution is without the hidden checks; here they run too.
    questions = []
    for question in prepared.source.questions:
        visible = tuple(replace(check, hidden=False) for check in question.checks)
        questions.append(replace(question, checks=visible))
    source = replace(prepared.source, questions=tuple(questions))
    created = solutions.execute(replace(prepared, source=source))
    printed = {
        cell.id: "".join(join_source(output.get("text", "")) for output in cell.get("outputs", ()))
        for cell in load_notebook(created[assignment.notebook.name]).cells
    }
    for check in prepared.source.checks():
        assert f"passed: {check.title}" in printed[check.cell.id]
