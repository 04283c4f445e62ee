"""Accuracy bars count only for what they were measured with."""

import json
from pathlib import Path

import pytest

from autograder.build.compile import prepare
from autograder.build.release_parts import PreparedSource
from autograder.course import Assignment, load_course
from autograder.errors import AuthorError
from autograder.facts import calibration_inputs, runs_file
from tests.build.conftest import cell, edit_notebook

COMMAND = "run `course calibrate tiny` (or build with --uncalibrated)"


@pytest.fixture
def barred(unbuilt_course: Path) -> Path:
    """A tiny course whose hidden check compares with a measured bar."""

    def change(raw: dict) -> None:
        actual = cell(raw, "q1-hidden-values")
        actual["source"] = actual["source"].replace(
            "    wanted =",
            '    bar = THRESHOLDS["calm"]\n    checks.at_least(1.0, bar, what="calm")\n    wanted =',
        )

    edit_notebook(unbuilt_course, change)
    config = unbuilt_course / "course_config.py"
    text = config.read_text().replace(
        '"kit":', '"calibration_inputs": ["tinykit/series.py"],\n            "kit":'
    )
    config.write_text(text)
    return unbuilt_course


def assignment(root: Path) -> Assignment:
    return load_course(root).assignment("tiny")


def calibrate(root: Path) -> Path:
    item = assignment(root)
    item.calibration.parent.mkdir(exist_ok=True)
    measured = calibration_inputs(item)
    item.calibration.write_text(json.dumps({"thresholds": {"calm": 0.625}, "measured_with": measured}))
    return item.calibration


def refusal(root: Path) -> str:
    with pytest.raises(AuthorError) as raised:
        prepare(assignment(root))
    return str(raised.value)


def bar_in(prepared: PreparedSource) -> str:
    text = next(actual.text for actual in prepared.source.cells if actual.id == "q1-hidden-values")
    return next(line.strip() for line in text.split("\n") if "bar =" in line)


def test_a_measured_bar_becomes_a_literal(barred: Path) -> None:
    calibrate(barred)
    prepared = prepare(assignment(barred))
    assert (bar_in(prepared), prepared.thresholds) == ("bar = 0.625", "calibrated")


def test_no_bars_at_all_stop_the_build_with_the_command_to_run(barred: Path) -> None:
    assert f"calibration/tiny.json: found no accuracy thresholds; {COMMAND}" in refusal(barred)


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        ("course_config.py", '"width": 3', '"width": 4', "a different width"),
        ("source/tiny/tinykit/series.py", "0.3", "0.4", "a different tinykit/series.py"),
    ],
)
def test_bars_of_other_parameters_or_other_code_stop_the_build(
    file: str, old: str, new: str, what: str, barred: Path
) -> None:
    calibrate(barred)
    path = barred / file
    path.write_text(path.read_text().replace(old, new))
    assert f"found thresholds that were measured with {what}; {COMMAND}" in refusal(barred)


def test_a_change_that_no_bar_depends_on_keeps_them(barred: Path) -> None:
    calibrate(barred)
    tables = barred / "source" / "tiny" / "tinykit" / "tables.py"
    tables.write_text(tables.read_text() + "\n# more\n")
    assert prepare(assignment(barred)).thresholds == "calibrated"


def test_bars_without_their_origin_are_not_believed(barred: Path) -> None:
    calibrate(barred).write_text('{"thresholds": {"calm": 0.625}}')
    assert "thresholds that do not say what they were measured with" in refusal(barred)


def test_uncalibrated_builds_with_a_low_bar_and_says_so(barred: Path) -> None:
    calibrated = calibrate(barred)
    trusted = prepare(assignment(barred))
    calibrated.unlink()
    prepared = prepare(assignment(barred), uncalibrated=True)
    assert (bar_in(prepared), prepared.thresholds) == ("bar = 0.0", "uncalibrated")
    assert prepared.release_id != trusted.release_id


def test_a_bar_that_could_not_be_measured_stops_the_build_unless_low_bars_are_asked_for(barred: Path) -> None:
    path = calibrate(barred)
    path.write_text(path.read_text().replace('"calm"', '"other"'))
    assert 'the unknown name THRESHOLDS["calm"]; run `course calibrate tiny`' in refusal(barred)
    prepared = prepare(assignment(barred), uncalibrated=True)
    assert (bar_in(prepared), prepared.thresholds) == ("bar = 0.0", "uncalibrated")


def test_a_course_without_bars_needs_no_calibration(unbuilt_course: Path) -> None:
    assert prepare(assignment(unbuilt_course)).thresholds == "none"


RUNS = {"settings": {"width": 3}, "datasets": {"embedded": {"accuracies": {"A": [0.5, 0.6]}, "apart": []}}}


def test_measured_runs_are_released_next_to_the_kit(barred: Path) -> None:
    path = calibrate(barred)
    assert runs_file(assignment(barred)) == {}
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"runs": RUNS}))
    prepared = prepare(assignment(barred))
    assert json.loads(prepared.files["tinykit/runs.json"]) == RUNS


def test_runs_of_other_parameters_are_not_released(barred: Path) -> None:
    path = calibrate(barred)
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"runs": RUNS}))
    config = barred / "course_config.py"
    config.write_text(config.read_text().replace('"width": 3', '"width": 4'))
    assert runs_file(assignment(barred)) == {}
