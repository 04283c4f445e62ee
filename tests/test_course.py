"""How an assignment is graded, as ``course_config.py`` says it."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Assignment, Grading, IsolationPolicy, load_course
from autograder.errors import AuthorError
from autograder.lateness import LatePolicy
from autograder.limits import Limits

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
    assert parsed(tmp_path, None).grading == Grading("", (), (), (), {}, IsolationPolicy.ANY, Limits())


def test_every_key_is_read(tmp_path: Path) -> None:
    grading = parsed(tmp_path, WHOLE).grading
    assert (grading.trainer_module, grading.stubbed_functions) == (
        "kit.service",
        ("plot_series", "show_erasing"),
    )
    assert grading.display_only_cells == ("same-weights",)
    assert (grading.preloaded_calls, grading.isolation) == (("load(7)",), IsolationPolicy.FULL)
    assert grading.limits == Limits(cell_s=90, memory_bytes=2_500_000_000)
    assert type(grading.limits.memory_bytes) is int
    assert dict(grading.datasets) == {"small": {"KIT_DATA": "small"}}


def test_what_was_read_cannot_be_changed(tmp_path: Path) -> None:
    grading = parsed(tmp_path, WHOLE).grading
    with pytest.raises(dataclasses.FrozenInstanceError):
        grading.stubbed_functions = ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        grading.limits.cell_s = 1e9
    with pytest.raises(TypeError):
        grading.datasets["small"]["KIT_DATA"] = "large"


WRONG = {
    "an unknown key": (
        {"stubbed_function": []},
        "unknown key 'stubbed_function'; did you mean 'stubbed_functions'?",
    ),
    "a list that is none": (
        {"preloaded_calls": "load(7)"},
        "found 'load(7)'; write a list",
    ),
    "an item that is no text": (
        {"stubbed_functions": ["plot", 3]},
        "['stubbed_functions'][1]: found 3; write a string",
    ),
    "an unknown isolation": ({"isolation": "ful"}, "['isolation']: found 'ful'; did you mean 'full'?"),
    "a far isolation": ({"isolation": "??"}, "['isolation']: found '??'; use one of: none, any, full"),
    "no dict": ([], "['grading']: found []; write a dict"),
    "a data set without variables": (
        {"datasets": {"small": "x"}},
        "['datasets']['small']: found 'x'; write a dict",
    ),
    "a limit of text": ({"limits": {"cell_s": "9"}}, "['cell_s']: found '9'; write a number above 0"),
    "a limit of zero": ({"limits": {"cell_s": 0}}, "['cell_s']: found 0; write a number above 0"),
    "an endless limit": ({"limits": {"cell_s": math.inf}}, "found inf"),
    "half a byte": ({"limits": {"memory_bytes": 0.5}}, "['memory_bytes']: found 0.5; write a whole number"),
    "an unknown limit": (
        {"limits": {"cells_s": 9}},
        "['limits']: unknown key 'cells_s'; did you mean 'cell_s'?",
    ),
    "a truth value": ({"limits": {"cell_s": True}}, "found True"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_named_with_its_place(name: str, tmp_path: Path) -> None:
    grading, message = WRONG[name]
    (actual,) = problems(tmp_path, grading)
    assert actual.startswith("course_config.py: assignments['lab']")
    assert message in actual


def test_all_wrong_values_are_reported_at_once(tmp_path: Path) -> None:
    actual = problems(tmp_path, {"stubbed_function": [], "isolation": "ful", "limits": {"cell_s": -1}})
    assert len(actual) == 3


def test_what_being_late_costs_is_read(tmp_path: Path) -> None:
    late = {"grace_minutes": 15, "per_day": 0.1, "max_penalty": 0.5, "after_days": 7}
    actual = load_course(write(tmp_path, None, late=late, canvas_id=4711)).assignment("lab")
    assert (actual.late, actual.canvas_id) == (LatePolicy(15, 0.1, 0.5, 7), 4711)
    assert parsed(tmp_path, None).late == LatePolicy(0, 0, 1, math.inf)


@pytest.mark.parametrize(
    ("late", "message"),
    [
        ({"perday": 0.1}, "['late']: unknown key 'perday'; did you mean 'per_day'?"),
        ({"per_day": 10}, "['late']['per_day']: found 10; write a number from 0 to 1"),
        ({"max_penalty": "0.5"}, "['late']['max_penalty']: found '0.5'; write a number from 0 to 1"),
        ({"grace_minutes": -1}, "['late']['grace_minutes']: found -1; write a number, 0 or more"),
        ({"after_days": True}, "['late']['after_days']: found True; write a number, 0 or more"),
        ({"after_days": math.nan}, "['late']['after_days']: found nan; write a number, 0 or more"),
        ([], "['late']: found []; write a dict"),
    ],
)
def test_a_wrong_policy_is_named_with_its_place(tmp_path: Path, late: object, message: str) -> None:
    path = write(tmp_path, None, late=late) / "course_config.py"
    path.write_text(f"nan = float('nan')\n{path.read_text()}")
    with pytest.raises(AuthorError) as raised:
        load_course(tmp_path)
    assert raised.value.problems == (f"course_config.py: assignments['lab']{message}",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("offload", "trainer_module"),
        ("skip", "stubbed_functions"),
        ("demonstrations", "display_only_cells"),
        ("preload", "preloaded_calls"),
    ],
)
def test_a_key_of_an_earlier_version_is_told_its_new_name(tmp_path: Path, old: str, new: str) -> None:
    (problem,) = problems(tmp_path, {old: []})
    expected = f"assignments['lab']['grading']: unknown key {old!r}; it is now called {new!r}"
    assert problem == f"course_config.py: {expected}"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"cell_timeout_s": 60}, ": unknown key 'cell_timeout_s'; it is now called 'build_cell_timeout_s'"),
        ({"bars_depend_on": []}, ": unknown key 'bars_depend_on'; it is now called 'calibration_inputs'"),
        ({"name": "lab"}, ": unknown key 'name'; use one of: title, due"),
        ({"canvas_id": True}, "['canvas_id']: found True; write a whole number"),
        ({"title": 3}, "['title']: found 3; write a string"),
        ({"submission_pattern": "(x"}, "['submission_pattern']: is not a regular expression (missing ),"),
        (
            {"submission_pattern": "(?P<studnet>.*)"},
            "['submission_pattern']: unknown group 'studnet'; did you mean 'student'?",
        ),
        (
            {"submission_pattern": "(?P<file>.*)"},
            "['submission_pattern']: no group identifies the student; add one, e.g. (?P<student>…)",
        ),
        ({"submission_pattern": 3}, "['submission_pattern']: found 3; write a string"),
        ({"due": 3}, "['due']: found 3; write a string, e.g. '2027-01-29T23:59:00+01:00'"),
        ({"due": "soon"}, "['due']: Invalid isoformat string: 'soon'"),
        ({"due": "2027-01-29T23:59:00"}, "['due']: found no time zone; add one, e.g. +01:00"),
        ({"lab": []}, "['lab']: found []; write a dict"),
        ({"lab": {"hidden units": 3}}, "['lab']: a key is not a Python name"),
        ({"environment": {"SEED": 3}}, "['environment']['SEED']: found 3; write a string"),
    ],
)
def test_a_wrong_entry_is_named_with_its_place(tmp_path: Path, entry: dict[str, Any], message: str) -> None:
    with pytest.raises(AuthorError) as raised:
        load_course(write(tmp_path, None, **entry))
    (problem,) = raised.value.problems
    assert problem.startswith(f"course_config.py: assignments['lab']{message}")


def test_what_is_missing_or_unknown_in_the_course_is_named(tmp_path: Path) -> None:
    (tmp_path / "course_config.py").write_text("COURSE = {'id': 3, 'titel': 'C', 'assignments': {'lab': []}}")
    with pytest.raises(AuthorError) as raised:
        load_course(tmp_path)
    assert set(raised.value.problems) == {
        "course_config.py: COURSE['id']: found 3; write a string",
        "course_config.py: COURSE: 'title' is missing",
        "course_config.py: COURSE: unknown key 'titel'; did you mean 'title'?",
        "course_config.py: assignments['lab']: found []; write a dict",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("COURSE = {\n    'id': 'c'\n", "line 1: SyntaxError: '{' was never closed"),
        ("import os\nCOURSE = {'id': os.environ['NO_SUCH_NAME']}", "line 2: KeyError: 'NO_SUCH_NAME'"),
        ("\n\nfrom settings_of_ours import x", "line 3: ModuleNotFoundError: No module named"),
        ("def half(x):\n    return x / 0\nCOURSE = half(1)", "line 2: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit('no dates yet')", "line 2: SystemExit: no dates yet"),
        ("COURSE = null", "line 1: NameError: name 'null' is not defined"),
    ],
)
def test_a_configuration_that_raises_names_the_line_and_the_error(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "course_config.py").write_text(text)
    with pytest.raises(AuthorError) as raised:
        load_course(tmp_path)
    assert str(raised.value).startswith(f"course_config.py, {message}")
    assert str(raised.value).endswith("; correct it")
