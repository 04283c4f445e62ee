"""The numbers that a source notebook refers to by name: LAB, EXPECTED and THRESHOLDS."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from autograder.course import (
    CONFIG_NAME,
    Assignment,
    author_errors,
    find_root,
    load_course,
    run_author_file,
)
from autograder.errors import AuthorError

EXPECTED_NAME = "expected.py"


class Facts(NamedTuple):
    """The values that prose and checks may refer to; a release contains the literals."""

    lab: Any
    """The lab parameters, by attribute."""

    expected: Mapping[str, Any]
    """What ``source/<lab>/expected.py`` computes from them; empty without this file."""

    thresholds: Mapping[str, Any]
    """Measured accuracy thresholds of ``calibration/<lab>.json``; empty if never calibrated."""


def load_facts(assignment: str) -> Facts:
    """Read the facts of one assignment; the source notebook's parameters cell calls this.

    Args:
        assignment: a name in the ``course_config.py`` of the course around the current folder.
    """
    course = load_course(find_root(Path.cwd()))
    return compute_facts(course.assignment(assignment))


def compute_facts(assignment: Assignment) -> Facts:
    """Compute the facts of an assignment that is already parsed.

    Raises:
        AuthorError: ``expected.py`` fails or has no function ``expected`` that returns a dict, or the
            thresholds cannot be read.
    """
    path = assignment.source / EXPECTED_NAME
    expected: Mapping[str, Any] = {}
    if path.is_file():
        # Releases contain the results, never the file.
        label = f"source/{assignment.name}/{EXPECTED_NAME}"
        compute = run_author_file(path, label).get("expected")
        if compute is None:
            raise AuthorError(f"{label}: add a function expected(lab)")
        with author_errors(str(path), label):
            expected = compute(assignment.lab)
        if not isinstance(expected, dict):
            raise AuthorError(f"{label}: expected(lab) returned {expected!r:.80}; return a dict")
    thresholds: Mapping[str, Any] = {}
    if assignment.calibration.is_file():
        try:
            thresholds = json.loads(assignment.calibration.read_bytes())["thresholds"]
        except (ValueError, KeyError) as error:
            name = assignment.calibration.name
            raise AuthorError(f"{name}: damaged ({error}); run `course calibrate`") from error
    return Facts(assignment.lab, expected, thresholds)


def calibration_inputs(assignment: Assignment) -> dict[str, dict[str, Any]]:
    """Return what ``measured_with`` must say of thresholds that are measured now, as JSON has it.

    Raises:
        AuthorError: there is no such file.
    """
    digests = {}
    for name in sorted(assignment.calibration_inputs):
        path = assignment.source / name
        if not path.is_file():
            place = f"{CONFIG_NAME}: assignments[{assignment.name!r}]['calibration_inputs']"
            raise AuthorError(
                f"{place}: source/{assignment.name}/{name} does not exist; name a file of the kit"
            )
        digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    inputs = {"lab": asdict(assignment.lab), "files": digests}
    # Through JSON, because that turns tuples into lists.
    return dict(json.loads(json.dumps(inputs)))


def why_uncalibrated(assignment: Assignment) -> str:
    """Return why the measured thresholds do not apply to this assignment; empty if they do.

    They were measured with lab parameters and with kit files that train; thresholds measured
    with other ones say nothing about this lab.
    """
    if not assignment.calibration.is_file():
        return "no accuracy thresholds"
    changed = []
    try:
        measured_with = json.loads(assignment.calibration.read_bytes())["measured_with"]
        for part, now in calibration_inputs(assignment).items():
            then = measured_with[part]
            changed += [key for key in sorted({*then, *now}) if then.get(key) != now.get(key)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "thresholds that do not say what they were measured with"
    return f"thresholds that were measured with a different {', '.join(changed)}" if changed else ""


def unmeasured_datasets(assignment: Assignment, thresholds: Mapping[str, Any]) -> list[str]:
    """Return the datasets of an assignment that no threshold was measured on, though others were.

    Args:
        thresholds: numbers by the name of the threshold, or by that and the dataset.
    """
    measured: set[str] = set()
    for values in thresholds.values():
        if isinstance(values, dict):
            measured |= values.keys()
    datasets = assignment.grading.datasets
    if measured.isdisjoint(datasets):
        return []
    return [name for name in datasets if name not in measured]


def runs_file(assignment: Assignment) -> dict[str, bytes]:
    """Return the measured runs that are released next to the kit's code, by path.

    They are accuracies of the solution's networks under many seeds; none unless they were
    measured with the assignment's own parameters.
    """
    if not assignment.calibration.is_file() or why_uncalibrated(assignment):
        return {}
    runs = json.loads(assignment.calibration.read_bytes()).get("runs")
    if not runs:
        return {}
    text = json.dumps(runs, indent=1, allow_nan=False) + "\n"
    return {f"{assignment.kit}/runs.json": text.encode()}
