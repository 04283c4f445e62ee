"""The solution notebook, run in a real kernel on both data sets."""

import io

import pytest
from rich.console import Console

from autograder.course import load_course
from autograder.demo import show

from .conftest import ROOT

REAL = ROOT.parent / "shared" / "data" / "imdb.npz"


@pytest.mark.training
@pytest.mark.parametrize("data", ["embedded", "imdb"])
def test_the_solution_gets_every_point_and_writes_nothing_to_stderr(
    data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if data == "imdb" and not REAL.is_file():
        pytest.skip("needs ../shared/data/imdb.npz")
    monkeypatch.setenv("RNNLAB_REVIEWS", str(REAL) if data == "imdb" else "embedded")
    monkeypatch.delenv("MPLBACKEND", raising=False)  # figures as a notebook shows them
    page = ROOT / "var" / "demo" / "lab_4_4_rnn.html"
    console = Console(record=True, width=100, file=io.StringIO())
    show(load_course(ROOT).assignment("lab_4_4_rnn"), console)
    assert "│    100 │ 100 │" in console.export_text()
    assert page.read_text(encoding="utf-8").count('alt="Accuracy on the order task') == 1
    assert "No description has been provided" not in page.read_text(encoding="utf-8")
