"""``measure.py`` of a lab of one's own: what it is given, and what its author reads of a mistake in it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from autograder.commands.new_assignment import new_assignment
from autograder.course import Assignment, load_course
from autograder.errors import AuthorError, StaffError
from autograder.quality.calibrate import calibrate, load_experiments

GIVEN = """import math
from fractions import Fraction as Share
SIDE, AREA = 4, 4 * 4
slow = math.factorial(10) + undefined_until_the_notebook_runs
def show(values=slow):
    return values
def double(x):
    return 2 * x
print(double(SIDE))
"""


@pytest.fixture
def new_lab(tmp_path: Path) -> Assignment:
    notebook, _ = new_assignment(tmp_path, "lab_5_1", keras=False)
    raw: dict[str, Any] = json.loads(notebook.read_bytes())
    given = {"cell_type": "code", "id": "given", "metadata": {}, "source": GIVEN, "outputs": []}
    raw["cells"].insert(2, given | {"execution_count": None})
    notebook.write_text(json.dumps(raw))
    return load_course(tmp_path).assignment("lab_5_1")


def test_it_gets_the_solution_and_what_given_cells_import_and_define(new_lab: Assignment) -> None:
    check = """from autograder.quality.thresholds import Experiment
def experiments(answers, lab):
    area, share = answers["double"](answers["AREA"]), answers["Share"](1, 2)
    one = answers["one_hot"]([1], 2)
    assert "slow" not in answers and "show" not in answers
    return [Experiment(f"{area} {share} {one.tolist()}", "data", float)]
"""
    (new_lab.source / "measure.py").write_text(check)
    assert [item.model for item in load_experiments(new_lab)] == ["32 1/2 [[0.0, 1.0]]"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def experiment(answers, lab):\n    return []\n", ": add a function experiments(answers, lab)"),
        ("\nimport a_missing_module\n", ", line 2: ModuleNotFoundError: No module named 'a_missing_module'"),
        ("def experiments(answers, lab):\n    return answers['fit']\n", ", line 2: KeyError: 'fit'"),
        (
            "def experiments(answers, lab):\n    return [3]\n",
            ": experiments returned 3; return a list of Exp",
        ),
        (
            "def experiments(answers, lab):\n    return None\n",
            ": TypeError: 'NoneType' object is not iterable",
        ),
        ("def experiments(answers, lab)\n    return []\n", ", line 1: SyntaxError: expected ':'"),
    ],
)
def test_a_mistake_in_it_is_named_with_its_line(new_lab: Assignment, text: str, message: str) -> None:
    (new_lab.source / "measure.py").write_text(text)
    with pytest.raises(AuthorError) as raised:
        load_experiments(new_lab)
    assert str(raised.value).startswith(f"source/lab_5_1/measure.py{message}")


def test_without_it_there_is_nothing_to_calibrate(new_lab: Assignment) -> None:
    with pytest.raises(StaffError, match=r"measure\.py: missing; nothing to calibrate"):
        load_experiments(new_lab)


@pytest.mark.slow
def test_a_training_that_raises_names_the_model_and_the_seed(new_lab: Assignment) -> None:
    text = """from autograder.quality.thresholds import Experiment
def score(seed):
    raise ValueError("no such layer")
def experiments(answers, lab):
    return [Experiment("net", "data", score, threshold="net", is_right=True)]
"""
    (new_lab.source / "measure.py").write_text(text)
    with pytest.raises(
        AuthorError, match=r"^measure\.py: .*net.*, seed 0: ValueError: no such layer; correct"
    ):
        calibrate(new_lab, 2, Console(file=io.StringIO()), workers=1)
