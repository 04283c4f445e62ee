"""The instructor's page: its figures are current, and its extension tasks work."""

import re
from collections.abc import Callable
from typing import Any

import keras
import pytest

from autograder import checks
from autograder.build.compile import prepare
from autograder.checks import MismatchError
from autograder.course import load_course
from tests.models.test_verdicts import crossed
from tools import teaching_page
from tools.class_time import LAB, ROOT

TEXT = teaching_page.PAGE.read_text(encoding="utf-8")
TASKS = {
    builder: (answer, check, check_name)
    for answer, builder, check, check_name in re.findall(
        r"```python\n(def (build_\w+)\(.*?)```\n\n```python\n(def (check_\w+)\(.*?)checks\.run\(",
        TEXT,
        re.DOTALL,
    )
}
SLIPS = {
    "build_bidirectional": [("mask_zero=True", ""), ("LSTM(units)", "GRU(units)")],
    "build_stacked": [("return_sequences=True", ""), ("        keras.layers.SimpleRNN(units),\n", "")],
    "build_attentive": [("mask_zero=True", ""), ("keras.layers.Attention()([query, states])", "last")],
}


def test_its_tables_and_pictures_are_what_the_command_writes() -> None:
    prepared = prepare(load_course(ROOT).assignment(LAB))
    tables = {
        "minutes": teaching_page.time_table(prepared),
        "mistakes": teaching_page.mistakes_table(prepared),
    }
    assert teaching_page.page_with(TEXT, tables) == TEXT, "run python -m tools.teaching_page"
    written = dict(teaching_page.pictures(prepared))
    assert len(written) == len(teaching_page.PICTURES)
    for path, picture in written.items():
        assert path.read_bytes() == picture, "run python -m tools.teaching_page"


def defined(text: str, name: str) -> Callable[..., Any]:
    names: dict[str, Any] = {"keras": keras, "checks": checks}
    exec(text, names)  # the page's own code
    return names[name]


@pytest.mark.parametrize("builder", SLIPS)
def test_the_check_of_an_extension_task_passes_its_answer_on_both_sides(builder: str) -> None:
    answer, check_text, check_name = TASKS[builder]
    build, check = defined(answer, builder), defined(check_text, check_name)
    check(build)
    check(lambda *sizes: crossed(build(*sizes)))


@pytest.mark.parametrize(
    ("builder", "right", "wrong"),
    [(builder, right, wrong) for builder, slips in SLIPS.items() for right, wrong in slips],
)
def test_the_check_of_an_extension_task_catches_a_slip(builder: str, right: str, wrong: str) -> None:
    answer, check_text, check_name = TASKS[builder]
    assert right in answer
    with pytest.raises(MismatchError):
        defined(check_text, check_name)(defined(answer.replace(right, wrong), builder))


def test_every_extension_task_is_tried() -> None:
    assert set(TASKS) == set(SLIPS)
