"""Which given cells run under grading."""

import pytest

from autograder.submission.match import GradingStep, prune_display_cells

SHOWN = {"train", "plot", "table"}


def ran(answer: str) -> list[str]:
    """Return the cells that run around one answer."""
    steps = [
        GradingStep("provided", "setup", "import kit"),
        GradingStep("provided", "train", "import plots\nmodel = kit.train()\nscores = kit.scores(model)"),
        GradingStep("provided", "plot", "def draw():\n    plots.bars(scores)\npicture = draw()"),
        GradingStep("provided", "table", "kit.show()"),
        GradingStep("answer", "q1", answer, "Q1"),
        GradingStep("checks", "q1-check", "", "Q1"),
    ]
    return [step.cell for step in prune_display_cells(steps, SHOWN) if step.kind == "provided"]


def test_what_only_shows_something_is_left_out() -> None:
    assert ran("def f(x):\n    model = x\n    return [scores for scores in model]") == ["setup"]


@pytest.mark.parametrize(
    "answer",
    [
        "print(model)\ndef f(): return 1",
        "def f(): return lambda: model",
        "def f():\n    global model\n    return model",
        "class A:\n    size = scores",
        "def f(size=scores): return size",
        "%time model.summary()\ndef f(): return 1",
        "print(plots)",
    ],
)
def test_a_demonstration_runs_when_an_answer_uses_a_name_of_it(answer: str) -> None:
    assert ran(answer) == ["setup", "train"]


def test_a_demonstration_that_runs_brings_those_that_it_uses() -> None:
    assert ran("print(picture)") == ["setup", "train", "plot"]


@pytest.mark.parametrize(
    "answer", ["x = globals()['mod' + 'el']", "eval('mod' 'el')", "get_ipython().ev('1')"]
)
def test_all_run_when_names_cannot_be_known(answer: str) -> None:
    assert ran(answer) == ["setup", "train", "plot", "table"]


def test_a_students_own_cell_is_never_left_out() -> None:
    step = GradingStep("extra", "train", "model = 1")
    assert prune_display_cells([step], SHOWN) == (step,)
