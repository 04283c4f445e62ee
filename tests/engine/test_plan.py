"""What the configuration names must exist in the source notebook or in the kit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.course import load_course
from autograder.errors import AuthorError
from tests.support.plans import compile_plan

TINY = load_course(Path(__file__).parents[1] / "tiny_assignment").assignment("tiny")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"display_only_cells": ("no-such-cell",)},
            "the source has no cell 'no-such-cell'; write the id of a gi",
        ),
        (
            {"trainer_module": "tinykit.service"},
            "the kit has no file tinykit/service.py; name a module of the kit",
        ),
        ({"trainer_module": "service"}, "the kit has no file service.py; name a module of the kit"),
        (
            {"stubbed_functions": ("plott",)},
            "the kit does not define 'plott'; name a function of tinykit/__init__",
        ),
    ],
)
def test_a_name_that_does_not_exist_is_refused_with_its_place(settings: dict[str, Any], message: str) -> None:
    (key,) = settings
    wrong = replace(TINY, grading=replace(TINY.grading, **settings))
    with pytest.raises(AuthorError) as raised:
        compile_plan(wrong)
    place = f"course_config.py: assignments['tiny']['grading']['{key}']: "
    assert str(raised.value).startswith(place + message)


def test_all_such_names_are_reported_at_once() -> None:
    grading = replace(TINY.grading, trainer_module="tinykit.service", stubbed_functions=("plott", "draww"))
    with pytest.raises(AuthorError) as raised:
        compile_plan(replace(TINY, grading=grading))
    assert len(raised.value.problems) == 3


def test_names_of_the_lab_exist() -> None:
    lab = load_course(Path(__file__).parents[2]).assignment("lab_4_4_rnn")
    assert lab.grading.trainer_module and lab.grading.stubbed_functions and lab.grading.display_only_cells
    compile_plan(lab)
