"""Accuracy thresholds count only for what they were measured with."""

import json
from pathlib import Path

import pytest

from autograder.build.compile import prepare
from autograder.build.release_parts import PreparedSource
from autograder.course import Assignment, load_course
from autograder.engine.plan import grading_plan
from autograder.errors import AuthorError, StaffError
from autograder.facts import calibration_inputs, runs_file
from tests.build.conftest import cell, edit_notebook

COMMAND = "run `course calibrate tiny` (or build with --uncalibrated)"


@pytest.fixture
def with_threshold(unbuilt_course: Path) -> Path:
    """A tiny course whose hidden check compares with a measured threshold."""

    def change(raw: dict) -> None:
        actual = cell(raw, "q1-hidden-values")
        actual["source"] = actual["source"].replace(
            "    wanted =",
            '    limit = THRESHOLDS["calm"]\n    checks.at_least(1.0, limit, what="calm")\n    wanted =',
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


def threshold_in(prepared: PreparedSource) -> str:
    text = next(actual.text for actual in prepared.source.cells if actual.id == "q1-hidden-values")
    return next(line.strip() for line in text.split("\n") if "limit =" in line)


def test_a_measured_threshold_becomes_a_literal(with_threshold: Path) -> None:
    calibrate(with_threshold)
    prepared = prepare(assignment(with_threshold))
    assert (threshold_in(prepared), prepared.thresholds) == ("limit = 0.625", "calibrated")


def test_a_calibration_input_that_does_not_exist_is_named(with_threshold: Path) -> None:
    calibrate(with_threshold)
    config = with_threshold / "course_config.py"
    config.write_text(config.read_text().replace("tinykit/series.py", "tinykit/serie.py"))
    assert refusal(with_threshold) == (
        "course_config.py: assignments['tiny']['calibration_inputs']: source/tiny/tinykit/serie.py does not "
        "exist; name a file of the kit"
    )


def test_no_thresholds_at_all_stop_the_build_with_the_command_to_run(with_threshold: Path) -> None:
    assert f"calibration/tiny.json: found no accuracy thresholds; {COMMAND}" in refusal(with_threshold)


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        ("course_config.py", '"width": 3', '"width": 4', "a different width"),
        ("source/tiny/tinykit/series.py", "0.3", "0.4", "a different tinykit/series.py"),
    ],
)
def test_thresholds_of_other_parameters_or_other_code_stop_the_build(
    file: str, old: str, new: str, what: str, with_threshold: Path
) -> None:
    calibrate(with_threshold)
    path = with_threshold / file
    path.write_text(path.read_text().replace(old, new))
    assert f"found thresholds that were measured with {what}; {COMMAND}" in refusal(with_threshold)


def test_a_change_that_no_threshold_depends_on_keeps_them(with_threshold: Path) -> None:
    calibrate(with_threshold)
    tables = with_threshold / "source" / "tiny" / "tinykit" / "tables.py"
    tables.write_text(tables.read_text() + "\n# more\n")
    assert prepare(assignment(with_threshold)).thresholds == "calibrated"


def test_thresholds_without_their_origin_are_not_believed(with_threshold: Path) -> None:
    calibrate(with_threshold).write_text('{"thresholds": {"calm": 0.625}}')
    assert "thresholds that do not say what they were measured with" in refusal(with_threshold)


def test_uncalibrated_builds_with_a_low_threshold_and_says_so(with_threshold: Path) -> None:
    calibrated = calibrate(with_threshold)
    trusted = prepare(assignment(with_threshold))
    calibrated.unlink()
    prepared = prepare(assignment(with_threshold), uncalibrated=True)
    assert (threshold_in(prepared), prepared.thresholds) == ("limit = 0.0", "uncalibrated")
    assert prepared.release_id != trusted.release_id


def test_a_threshold_that_could_not_be_measured_stops_the_build_unless_low_ones_are_asked_for(
    with_threshold: Path,
) -> None:
    path = calibrate(with_threshold)
    path.write_text(path.read_text().replace('"calm"', '"other"'))
    assert 'the unknown name THRESHOLDS["calm"]; run `course calibrate tiny`' in refusal(with_threshold)
    prepared = prepare(assignment(with_threshold), uncalibrated=True)
    assert (threshold_in(prepared), prepared.thresholds) == ("limit = 0.0", "uncalibrated")


def test_a_course_without_thresholds_needs_no_calibration(unbuilt_course: Path) -> None:
    assert prepare(assignment(unbuilt_course)).thresholds == "none"


RUNS = {"settings": {"width": 3}, "datasets": {"embedded": {"accuracies": {"A": [0.5, 0.6]}, "apart": []}}}


def test_measured_runs_are_released_next_to_the_kit(with_threshold: Path) -> None:
    path = calibrate(with_threshold)
    assert runs_file(assignment(with_threshold)) == {}
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"runs": RUNS}))
    prepared = prepare(assignment(with_threshold))
    assert json.loads(prepared.files["tinykit/runs.json"]) == RUNS


def test_runs_of_other_parameters_are_not_released(with_threshold: Path) -> None:
    path = calibrate(with_threshold)
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"runs": RUNS}))
    config = with_threshold / "course_config.py"
    config.write_text(config.read_text().replace('"width": 3', '"width": 4'))
    assert runs_file(assignment(with_threshold)) == {}


def with_datasets(root: Path) -> None:
    """Add two datasets to the course, thresholds for one of them, and a sentence about both."""
    config = root / "course_config.py"
    datasets = '"grading": {"datasets": {"small": {"DATA": "s"}, "large": {"DATA": "l"}}},'
    text = config.read_text().replace('"kit":', datasets + '\n            "kit":')
    config.write_text(text)

    def change(raw: dict) -> None:
        sentence = (
            'At least {{ THRESHOLDS["calm"]["small"]:.2f }} (large: {{ THRESHOLDS["calm"]["large"]:.2f }}).'
        )
        cell(raw, "q1")["source"] += f"\n\n{sentence}"
        actual = cell(raw, "q1-hidden-values")
        actual["source"] = actual["source"].replace('THRESHOLDS["calm"]', 'THRESHOLDS["calm"]["small"]')

    edit_notebook(root, change)
    path = calibrate(root)
    path.write_text(path.read_text().replace("0.625", '{"small": 0.625}'))


def test_a_dataset_that_was_not_measured_is_said_to_be_and_not_graded_on(with_threshold: Path) -> None:
    with_datasets(with_threshold)
    prepared = prepare(assignment(with_threshold))
    prompt = next(actual.text for actual in prepared.source.cells if actual.id == "q1")
    assert prompt.endswith("At least 0.62 (large: not measured).")
    assert prepared.remarks[-1] == "tiny: no thresholds for the dataset large; it was not measured"
    assert grading_plan(prepared.assignment, prepared.source, prepared.files, "small").dataset == "small"
    with pytest.raises(StaffError, match="no thresholds were measured on the dataset 'large'; run `course"):
        grading_plan(prepared.assignment, prepared.source, prepared.files, "large")
