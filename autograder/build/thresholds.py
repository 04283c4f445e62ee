"""Whether accuracy bars were measured for what is being built.

``calibration/<assignment>.json`` holds ``bars``, and ``measured_with``: the lab parameters and
the digests of the kit files that train. Bars of other parameters or other training say nothing
about this lab.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from autograder.course import Assignment
from autograder.errors import Problem
from autograder.notebook import Source


def provenance(assignment: Assignment, files: Iterable[str]) -> dict[str, Any]:
    """Return what ``measured_with`` must hold for bars that are measured now.

    Args:
        files: the files that the bars depend on, e.g. ``kit/training.py``.
    """
    digests = {name: _digest(assignment, name) for name in sorted(files)}
    return {"lab": asdict(assignment.lab), "files": digests}


def problems(source: Source, assignment: Assignment) -> list[Problem]:
    """Return why the bars that ``source`` names cannot be used, if it names any."""
    if not any("THRESHOLDS" in check.code for check in source.checks()):
        return []
    reason = _reason(assignment)
    do = f"run `course calibrate {assignment.name}` (or build with --uncalibrated)"
    label = f"calibration/{assignment.calibration.name}"
    return [Problem(label, reason, do)] if reason else []


def _reason(assignment: Assignment) -> str:
    if not assignment.calibration.is_file():
        return "no accuracy bars"
    try:
        measured = json.loads(assignment.calibration.read_bytes())["measured_with"]
        then = {"lab": measured["lab"], "files": measured["files"]}
        now = provenance(assignment, measured["files"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return "bars that do not say with what they were measured"
    if then == json.loads(json.dumps(now)):
        return ""
    return f"bars that were measured with another {', '.join(_changed_inputs(then, now))}"


def _changed_inputs(recorded: dict[str, Any], current: dict[str, Any]) -> list[str]:
    return [
        key
        for part in ("lab", "files")
        for key in sorted({*recorded[part], *current[part]})
        if recorded[part].get(key) != current[part].get(key)
    ]


def _digest(assignment: Assignment, name: str) -> str:
    path = assignment.source / name
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"
