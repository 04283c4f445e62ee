"""A model that crossed gets the verdicts of the student's own."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras
import pytest

from autograder.engine import wire
from autograder.known_answers import KnownAnswer
from autograder.models.encode import encode
from autograder.models.parse import parse
from autograder.models.rebuild import build
from tests.lab.conftest import Lab, is_training_check, load_known_answers
from tests.lab.conftest import lab as lab  # the fixture

BUILDERS = {
    "q3": "build_dense_baseline",
    "q5": "build_simple_rnn",
    "q6": "build_gated_rnn",
    "q10": "build_forecaster",
}
ENTRIES = [entry for entry in load_known_answers() if entry.question in BUILDERS and not entry.seen]
"""Without the idioms, which ``make validate`` grades."""

NOT_MADE = {"q5_no_embedding", "q6_stacked", "q5_no_return"}
"""Answers that raise in Keras before there is a model, or return none."""


def crossed(model: keras.Model, others: Sequence[keras.Model] = ()) -> keras.Model:
    frame = wire.encode({"model": encode(model)})
    built = build(parse(wire.decode(frame)["model"]), seed=42)
    # Both cross beside the description.
    built.name = model.name
    layers = {id(layer) for layer in model.layers if layer.weights}
    built.shares_layers = any(id(layer) in layers for other in others for layer in other.layers)
    return built


def crossing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have the models that a function returns go over the wire."""
    others: list[keras.Model] = []

    @functools.wraps(function)
    def answer(*args: Any, **kwargs: Any) -> Any:
        value = function(*args, **kwargs)
        if not isinstance(value, keras.Model):
            return value
        others.append(value)
        return crossed(value, others[:-1])

    return answer


def verdicts_across(lab: Lab, question: str, code: str) -> dict[str, bool]:
    quick = [check.cell.id for check in lab.question(question).checks if not is_training_check(check)]
    other = replace(lab, names={**lab.names, "crossing": crossing})
    name = BUILDERS[question]
    code = f"{code}\n{name} = crossing({name})\n"
    return {check: why is None for check, why in other.findings(question, code, only=quick).items()}


@pytest.mark.parametrize("question", BUILDERS)
def test_the_solution_passes_on_the_far_side(lab: Lab, question: str) -> None:
    actual = verdicts_across(lab, question, lab.solution(question))
    assert actual
    assert all(actual.values())


@pytest.mark.slow
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_answer_gets_its_verdicts_on_the_far_side(lab: Lab, entry: KnownAnswer) -> None:
    actual = verdicts_across(lab, entry.question, entry.code)
    not_passed = {*entry.failing_checks, *entry.review_checks}
    assert actual == {check: check not in not_passed for check in actual}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_model_of_every_answer_crosses(lab: Lab, entry: KnownAnswer) -> None:
    names = dict(lab.names)
    exec(entry.code, names)
    arguments = ["gru"] if entry.question == "q6" else []
    try:
        model = names[BUILDERS[entry.question]](*arguments)
    except ValueError:
        assert entry.name in NOT_MADE
        return
    if model is None:
        assert entry.name in NOT_MADE
        return
    assert isinstance(crossed(model), keras.Model)
