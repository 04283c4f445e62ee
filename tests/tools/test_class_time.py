"""The part for class fits the 45 minutes that the lab promises."""

import pytest

from autograder.build.compile import prepare
from autograder.course import load_course
from tests.lab.conftest import ROOT
from tools.class_time import ClassTime, core_ids, count, count_words, read_solution

LONGEST_WAIT_S = 180
"""In class, on 2 cores, with nothing remembered."""

MEASURED_WAIT_S = 45
"""With some room above what ``python -m tools.class_time`` measures."""


@pytest.fixture(scope="module")
def core() -> ClassTime:
    prepared = prepare(load_course(ROOT).assignment("lab_4_4_rnn"))
    return count(prepared, read_solution(prepared), MEASURED_WAIT_S)


def test_the_part_for_class_takes_a_careful_reader_at_most_45_minutes(core: ClassTime) -> None:
    minutes = core.minutes()
    assert sum(minutes.values()) <= 45, minutes


def test_the_part_for_class_has_at_most_1900_words_and_160_lines_of_code(core: ClassTime) -> None:
    assert 1_000 < core.words <= 1_900
    assert 80 < core.code_lines <= 160


def test_the_part_for_class_is_q1_to_q6_and_shows_the_figures(core: ClassTime) -> None:
    assert (core.model_questions, core.other_questions) == (3, 3)
    assert core.figures >= 6


def test_the_wait_that_is_counted_is_within_what_is_promised() -> None:
    assert MEASURED_WAIT_S <= LONGEST_WAIT_S


def test_a_sign_alone_is_no_word() -> None:
    assert count_words("- **Dense** with $h_t$ = 0 units") == 5


def test_the_part_for_class_ends_before_q7() -> None:
    prepared = prepare(load_course(ROOT).assignment("lab_4_4_rnn"))
    core = core_ids(prepared)
    assert {"q1", "q6", "core-end"} <= set(core)
    assert not {"q7", "going-further"} & set(core)
