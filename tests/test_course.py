"""How an assignment is graded, as ``course_config.py`` says it."""

import dataclasses
import math
from pathlib import Path

import pytest

from autograder.course import Assignment, Grading, IsolationPolicy, load_course
from autograder.errors import AuthorError
from autograder.lateness import LatePolicy

WHOLE = {
    "trainer_module": "kit.service",
    "stubbed_functions": ["plot_series", "show_erasing"],
    "display_only_cells": ["same-weights"],
    "preloaded_calls": ["load(7)"],
    "datasets": {"small": {"KIT_DATA": "small"}},
    "isolation": "full",
    "limits": {"cell_s": 90, "memory_bytes": 2.5e9},
}


def write(root: Path, grading: object, **others: object) -> Path:
    assignment = {
        "title": "A lab",
        "points": 3,
        "due": "2027-02-12T23:59:00+00:00",
        "kit": "kit",
        "build_cell_timeout_s": 60,
        "lab": {"width": 4},
        **({} if grading is None else {"grading": grading}),
        **others,
    }
    course = {"id": "c", "title": "C", "assignments": {"lab": assignment}}
    (root / "course_config.py").write_text(f"inf = 1e999\nCOURSE = {course!r}\n")
    return root


def parsed(root: Path, grading: object) -> Assignment:
    return load_course(write(root, grading)).assignment("lab")


def problems(root: Path, grading: object) -> list[str]:
    with pytest.raises(AuthorError) as raised:
        load_course(write(root, grading))
    return list(raised.value.problems)


def test_an_assignment_that_does_not_say_how_it_is_graded_gets_the_defaults(tmp_path: Path) -> None:
    assert parsed(tmp_path, None).grading == Grading("", (), (), (), {}, IsolationPolicy.ANY, {})


def test_every_key_is_read(tmp_path: Path) -> None:
    grading = parsed(tmp_path, WHOLE).grading
    assert (grading.trainer_module, grading.stubbed_functions) == (
        "kit.service",
        ("plot_series", "show_erasing"),
    )
    assert grading.display_only_cells == ("same-weights",)
    assert (grading.preloaded_calls, grading.isolation) == (("load(7)",), IsolationPolicy.FULL)
    assert dict(grading.limits) == {"cell_s": 90, "memory_bytes": 2.5e9}
    assert dict(grading.datasets) == {"small": {"KIT_DATA": "small"}}


def test_what_was_read_cannot_be_changed(tmp_path: Path) -> None:
    grading = parsed(tmp_path, WHOLE).grading
    with pytest.raises(dataclasses.FrozenInstanceError):
        grading.stubbed_functions = ()
    with pytest.raises(TypeError):
        grading.limits["cell_s"] = 1e9


WRONG = {
    "an unknown key": (
        {"stubbed_function": []},
        "unknown key 'stubbed_function'; did you mean 'stubbed_functions'?",
    ),
    "a list that is none": (
        {"preloaded_calls": "load(7)"},
        "found 'load(7)'; write a value of type list",
    ),
    "an item that is no text": (
        {"stubbed_functions": ["plot", 3]},
        "['stubbed_functions']: found ['plot', 3]; write a list of texts",
    ),
    "an unknown isolation": ({"isolation": "ful"}, "['isolation']: found 'ful'; did you mean 'full'?"),
    "a far isolation": ({"isolation": "??"}, "['isolation']: found '??'; known: any, full"),
    "no dict": ([], "['grading']: found []; write a value of type dict"),
    "a data set without variables": ({"datasets": {"small": "x"}}, "write a dict of texts"),
    "a limit of text": ({"limits": {"cell_s": "9"}}, "['cell_s']: found '9'; write a number above 0"),
    "a limit of zero": ({"limits": {"cell_s": 0}}, "['cell_s']: found 0; write a number above 0"),
    "an endless limit": ({"limits": {"cell_s": math.inf}}, "found inf"),
    "a truth value": ({"limits": {"cell_s": True}}, "found True"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_named_with_its_place(name: str, tmp_path: Path) -> None:
    grading, message = WRONG[name]
    (found,) = problems(tmp_path, grading)
    assert found.startswith("course_config.py: assignments['lab']")
    assert message in found


def test_all_wrong_values_are_told_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, {"stubbed_function": [], "isolation": "ful", "limits": {"cell_s": -1}})
    assert len(found) == 3


def test_what_being_late_costs_is_read(tmp_path: Path) -> None:
    late = {"grace_minutes": 15, "per_day": 0.1, "most": 0.5, "after_days": 7}
    found = load_course(write(tmp_path, None, late=late, canvas_id=4711)).assignment("lab")
    assert (found.late, found.canvas_id) == (LatePolicy(15, 0.1, 0.5, 7), 4711)
    assert parsed(tmp_path, None).late == LatePolicy(0, 0, 1, math.inf)


@pytest.mark.parametrize(
    ("late", "message"),
    [
        ({"perday": 0.1}, "['late']: unknown key 'perday'; did you mean 'per_day'?"),
        ({"per_day": 10}, "['late']['per_day']: found 10; write a number from 0 to 1"),
        ({"most": "0.5"}, "['late']['most']: found '0.5'; write a number from 0 to 1"),
        ({"grace_minutes": -1}, "['late']['grace_minutes']: found -1; write a number from 0 on"),
        ({"after_days": True}, "['late']['after_days']: found True; write a number from 0 on"),
        ({"after_days": math.nan}, "['late']['after_days']: found nan; write a number from 0 on"),
        ([], "['late']: found []; write a value of type dict"),
    ],
)
def test_a_wrong_policy_is_named_with_its_place(tmp_path: Path, late: object, message: str) -> None:
    path = write(tmp_path, None, late=late) / "course_config.py"
    path.write_text(f"nan = float('nan')\n{path.read_text()}")
    with pytest.raises(AuthorError) as raised:
        load_course(tmp_path)
    assert raised.value.problems == (f"course_config.py: assignments['lab']{message}",)
