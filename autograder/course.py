"""The course: ``course_config.py`` parsed once into values that need no second check."""

import difflib
import math
import runpy
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograder import lateness
from autograder.errors import AuthorError, StaffError
from autograder.lateness import LatePolicy

CONFIG_NAME = "course_config.py"

_COURSE_KEYS = {"id": str, "title": str, "assignments": dict}
_ASSIGNMENT_KEYS = {
    "title": str,
    "points": int,
    "due": str,
    "kit": str,
    "build_cell_timeout_s": int,
    "lab": dict,
}
_OPTIONAL_KEYS = {
    "environment": dict,
    "calibration_inputs": list,
    "grading": dict,
    "late": dict,
    "canvas_id": int,
}
_GRADING_KEYS = {
    "trainer_module": str,
    "stubbed_functions": list,
    "display_only_cells": list,
    "preloaded_calls": list,
    "datasets": dict,
    "isolation": str,
    "limits": dict,
}


class IsolationPolicy(StrEnum):
    """What must stand between submissions and the machine that grades them."""

    ANY = "any"
    """As much as the machine gives; each result says what is missing."""

    FULL = "full"
    """Every layer, or nothing is graded."""


@dataclass(frozen=True, slots=True)
class Grading:
    """How submissions of an assignment are graded."""

    trainer_module: str = ""
    """The kit module whose tasks run in the trusted trainer, e.g. ``rnnlab.service``."""

    stubbed_functions: tuple[str, ...] = ()
    """Functions of the kit that do nothing while a submission runs, e.g. ``plot_series``."""

    display_only_cells: tuple[str, ...] = ()
    """Ids of given cells that only show something; they run if a name of theirs is used elsewhere."""

    preloaded_calls: tuple[str, ...] = ()
    """Calls of the kit that are made once for all submissions, e.g. ``kit.load(500)``."""

    datasets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Variables of the environment that choose a data set, by its name; the first is the default."""

    isolation: IsolationPolicy = IsolationPolicy.ANY
    limits: Mapping[str, float] = field(default_factory=dict)
    """Limits that differ from the engine's own, by name, e.g. ``{"cell_s": 90}``."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment of the course."""

    name: str
    """Folder name under ``source/``, e.g. ``lab_4_4_rnn``."""

    root: Path
    """The folder that holds ``course_config.py``."""

    title: str
    points: int
    """What all checks of the source notebook add up to."""

    due: datetime
    """With its time zone."""

    kit: str
    """The package beside the notebook that ships with every release."""

    build_cell_timeout_s: int
    """Longest that one notebook cell may run, seconds."""

    lab: Any
    """The lab parameters, one attribute each: ``lab.units == 32``."""

    environment: Mapping[str, str]
    """Variables under which the build and the demo run the solution."""

    calibration_inputs: tuple[str, ...]
    """Files below ``source`` whose change makes measured accuracy bars void."""

    grading: Grading = field(default_factory=Grading)
    late: LatePolicy = field(default_factory=LatePolicy)
    canvas_id: int = 0
    """The number of the assignment in Canvas; 0 if unknown."""

    @property
    def source(self) -> Path:
        """Return the folder that the instructor writes."""
        return self.root / "source" / self.name

    @property
    def notebook(self) -> Path:
        """Return the source notebook."""
        return self.source / f"{self.name}.ipynb"

    @property
    def calibration(self) -> Path:
        """Return the file of measured accuracy bars; it need not exist."""
        return self.root / "calibration" / f"{self.name}.json"

    def bundle(self, platform: str) -> Path:
        """Return the zip that is uploaded to a platform; it need not exist."""
        return self.root / "dist" / f"{self.name}-{platform}.zip"


@dataclass(frozen=True, slots=True)
class Course:
    """A parsed ``course_config.py``."""

    id: str
    title: str
    root: Path
    assignments: Mapping[str, Assignment] = field(default_factory=dict)

    def assignment(self, name: str) -> Assignment:
        """Return one assignment by name.

        Raises:
            StaffError: no such assignment; the message offers the nearest name.
        """
        if name not in self.assignments:
            raise StaffError(f"{CONFIG_NAME}: no assignment {name!r}{_suggestion(name, self.assignments)}")
        return self.assignments[name]


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above ``start`` that holds ``course_config.py``."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    raise StaffError(f"{start}: no {CONFIG_NAME} here or above; run this inside a course")


def load_course(root: Path) -> Course:
    """Read and check the configuration in ``root``.

    Raises:
        AuthorError: all problems of the file at once, each with its place.
    """
    path = root / CONFIG_NAME
    try:
        raw = runpy.run_path(str(path)).get("COURSE")
    except (SyntaxError, NameError) as error:
        raise AuthorError(f"{path.name}: cannot be read: {error}; it must be plain data") from error
    if not isinstance(raw, dict):
        raise AuthorError(f"{path.name}: found no COURSE; add COURSE = {{...}}")
    problems = _schema_problems(raw, _COURSE_KEYS, "COURSE")
    entries = raw.get("assignments")
    entries = entries if isinstance(entries, dict) else {}
    for name, entry in entries.items():
        problems += _schema_problems(entry, _ASSIGNMENT_KEYS, f"assignments[{name!r}]", _OPTIONAL_KEYS)
        if isinstance(entry, dict) and isinstance(entry.get("grading"), dict):
            problems += _grading_problems(entry["grading"], f"assignments[{name!r}]['grading']")
        if isinstance(entry, dict) and isinstance(entry.get("late"), dict):
            problems += _late_problems(entry["late"], f"{CONFIG_NAME}: assignments[{name!r}]['late']")
    if problems:
        raise AuthorError(problems)
    assignments = {name: _parse_assignment(name, entry, root) for name, entry in entries.items()}
    return Course(raw["id"], raw["title"], root, MappingProxyType(assignments))


def _schema_problems(
    entry: object,
    required: Mapping[str, type],
    location: str,
    optional: Mapping[str, type] = MappingProxyType({}),
) -> list[str]:
    if not isinstance(entry, dict):
        return [f"{CONFIG_NAME}: {location}: found {type(entry).__name__}; write a dict"]
    problems = [
        f"{CONFIG_NAME}: {location}: unknown key {key!r}{_suggestion(key, {**required, **optional})}"
        for key in entry
        if key not in required and key not in optional
    ]
    problems += [f"{CONFIG_NAME}: {location}: {key!r} is missing" for key in required if key not in entry]
    problems += [
        f"{CONFIG_NAME}: {location}[{key!r}]: found {entry[key]!r}; write a value of type {kind.__name__}"
        for key, kind in {**required, **optional}.items()
        if key in entry and type(entry[key]) is not kind
    ]
    return problems


def _grading_problems(entry: Mapping[str, Any], location: str) -> list[str]:
    problems = _schema_problems(entry, {}, location, _GRADING_KEYS)
    location = f"{CONFIG_NAME}: {location}"
    for key in ("stubbed_functions", "display_only_cells", "preloaded_calls"):
        texts = entry.get(key, [])
        if isinstance(texts, list) and not all(isinstance(text, str) for text in texts):
            problems.append(f"{location}[{key!r}]: found {texts!r}; write a list of texts")
    datasets = entry.get("datasets", {})
    if isinstance(datasets, dict):
        problems += [
            f"{location}['datasets'][{name!r}]: found {variables!r}; write a dict of texts"
            for name, variables in datasets.items()
            if not isinstance(variables, dict) or not all(isinstance(v, str) for v in variables.values())
        ]
    level = entry.get("isolation", IsolationPolicy.ANY)
    if isinstance(level, str) and level not in list(IsolationPolicy):
        near = _suggestion(level, {one.value: one for one in IsolationPolicy})
        problems.append(f"{location}['isolation']: found {level!r}{near}")
    limits = entry.get("limits", {})
    if isinstance(limits, dict):
        problems += [
            f"{location}['limits'][{name!r}]: found {value!r}; write a number above 0"
            for name, value in limits.items()
            if type(value) not in (int, float) or not 0 < value < math.inf
        ]
    return problems


def _late_problems(entry: Mapping[str, Any], location: str) -> list[str]:
    known = {one.name: one.type for one in fields(LatePolicy)}
    unknown = [
        f"{location}: unknown key {key!r}{_suggestion(key, known)}" for key in entry if key not in known
    ]
    return unknown + lateness.policy_problems({key: entry[key] for key in entry if key in known}, location)


def _suggestion(name: object, valid_names: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(str(name), valid_names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(valid_names)}"


def _parse_assignment(name: str, entry: Mapping[str, Any], root: Path) -> Assignment:
    lab = make_dataclass("Lab", entry["lab"], frozen=True)(**entry["lab"])
    try:
        due = datetime.fromisoformat(entry["due"])
    except ValueError as error:
        raise AuthorError(f"{CONFIG_NAME}: assignments[{name!r}]['due']: {error}") from error
    if due.tzinfo is None:
        raise AuthorError(
            f"{CONFIG_NAME}: assignments[{name!r}]['due']: found no time zone; add one, e.g. +01:00"
        )
    return Assignment(
        name,
        root,
        entry["title"],
        entry["points"],
        due,
        entry["kit"],
        entry["build_cell_timeout_s"],
        lab,
        MappingProxyType(entry.get("environment", {})),
        tuple(entry.get("calibration_inputs", ())),
        _parse_grading(entry.get("grading", {})),
        LatePolicy(**entry.get("late", {})),
        entry.get("canvas_id", 0),
    )


def _parse_grading(entry: Mapping[str, Any]) -> Grading:
    return Grading(
        entry.get("trainer_module", ""),
        tuple(entry.get("stubbed_functions", ())),
        tuple(entry.get("display_only_cells", ())),
        tuple(entry.get("preloaded_calls", ())),
        MappingProxyType(entry.get("datasets", {})),
        IsolationPolicy(entry.get("isolation", IsolationPolicy.ANY)),
        MappingProxyType(entry.get("limits", {})),
    )
