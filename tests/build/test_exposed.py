"""A value that a hidden check compares with must not stand in what students read."""

from pathlib import Path

import pytest

from autograder.build.compile import prepare
from autograder.course import load_course
from autograder.errors import AuthorError

from .conftest import cell, edit_notebook


def problems(root: Path) -> str:
    with pytest.raises(AuthorError) as error:
        prepare(load_course(root).assignment("tiny"), for_release=True)
    return str(error.value)


@pytest.mark.parametrize(
    "sentence",
    [
        "For the second example the means are 49.0, 57.5.",
        "The result is [49.0,57.5] then.",
        "For 40.0, 44.0,\n51.0, 61.0, 74.0 it works too.",
    ],
)
def test_a_hidden_value_in_the_prompt_is_refused(unbuilt_course: Path, sentence: str) -> None:
    def paste(raw: dict) -> None:
        cell(raw, "q1")["source"] += f"\n\n{sentence}"

    edit_notebook(unbuilt_course, paste)
    message = problems(unbuilt_course)
    assert "line 5, id q1: found [" in message
    assert "of the hidden check q1-hidden-values in text that students read; remove it" in message


@pytest.mark.parametrize("number", ["7331.25", "7,331.25", "7_331.25"])
def test_a_hidden_number_is_found_in_all_prose_and_however_its_digits_are_grouped(
    unbuilt_course: Path, number: str
) -> None:
    def paste(raw: dict) -> None:
        cell(raw, "end")["source"] = f"The last one was {number}."

    edit_notebook(unbuilt_course, paste)
    assert "line 1, id end: found 7331.25 of the hidden check q2-hidden-equal" in problems(unbuilt_course)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Other values and widths come out as well", "The means 49.0, 57.5 come out as well"),
        ("Which values go into the first mean?", "The first mean is 49.0, 57.5 is the second."),
    ],
    ids=["title", "hint"],
)
def test_a_title_or_a_hint_can_give_a_value_away(unbuilt_course: Path, old: str, new: str) -> None:
    def paste(raw: dict) -> None:
        check = cell(raw, "q1-hidden-values")
        check["source"] = check["source"].replace(old, new)

    edit_notebook(unbuilt_course, paste)
    assert "found [49.0, 57.5] of the hidden check" in problems(unbuilt_course)


def test_what_a_visible_check_shows_too_is_no_secret(unbuilt_course: Path) -> None:
    def paste(raw: dict) -> None:
        cell(raw, "q1")["source"] += "\n\nIn the example, 1.5, 2.5, 4.5 come out."
        hidden = cell(raw, "q1-hidden-values")
        hidden["source"] = hidden["source"].replace("[49.0, 57.5]", "[1.5, 2.5, 4.5]")

    edit_notebook(unbuilt_course, paste)
    prepare(load_course(unbuilt_course).assignment("tiny"), for_release=True)


def test_a_short_pair_counts_in_the_prose_of_its_own_question_only(unbuilt_course: Path) -> None:
    def paste(raw: dict) -> None:
        hidden = cell(raw, "q1-hidden-values")
        hidden["source"] = hidden["source"].replace("values, width =", "pair = (6, 9)\n    values, width =")
        cell(raw, "end")["source"] = "Read pages 6, 9 of the book."

    edit_notebook(unbuilt_course, paste)
    prepare(load_course(unbuilt_course).assignment("tiny"), for_release=True)

    def paste_near(raw: dict) -> None:
        cell(raw, "q1")["source"] += "\n\nTake 6, 9 as well."

    edit_notebook(unbuilt_course, paste_near)
    assert "line 5, id q1: found (6, 9) of the hidden check" in problems(unbuilt_course)
