"""The course: ``course_config.py``, validated once; the one place that knows its keys."""

import json
import re
import runpy
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, make_dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    TypeAdapter,
    ValidationError,
)

from autograder.errors import AuthorError, CourseError, StaffError, name_hint
from autograder.lateness import LatePolicy
from autograder.limits import Limits

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

CONFIG_NAME = "course_config.py"

_NEW_KEYS = {
    "cell_timeout_s": "build_cell_timeout_s",
    "bars_depend_on": "calibration_inputs",
    "offload": "trainer_module",
    "skip": "stubbed_functions",
    "demonstrations": "display_only_cells",
    "preload": "preloaded_calls",
    "most": "max_penalty",
}
"""Keys of earlier versions and what they are called now."""

PATTERN_IDS = ("student", "canvas", "moodle", "brightspace", "ilias", "id", "email")
"""Named groups of a pattern for file names that say who someone is."""

_PATTERN_GROUPS = (*PATTERN_IDS, "who", "first", "last", "file", "upload", "attempt", "at", "late", "receipt")

_NAME_KEY, _ROOT_KEY = "(name)", "(root)"
"""Keys that ``load_course`` adds to the values of the file."""


def _parse_due(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError(f"found {value!r}; write a string, e.g. '2027-01-29T23:59:00+01:00'")
    due = datetime.fromisoformat(value)
    if due.tzinfo is None:
        raise ValueError("found no time zone; add one, e.g. +01:00")
    return due


def _check_pattern(value: object) -> object:
    if not isinstance(value, str):
        return value  # pydantic says what it expects
    try:
        groups = re.compile(value).groupindex
    except re.error as error:
        raise ValueError(f"is not a regular expression ({error}); correct it") from error
    for name in groups:
        if name not in _PATTERN_GROUPS:
            raise ValueError(f"unknown group {name!r}; {name_hint(name, _PATTERN_GROUPS)}")
    if value and not {*PATTERN_IDS, "who"} & set(groups):
        raise ValueError("no group identifies the student; add one, e.g. (?P<student>…)")
    return value


def _parse_lab(value: object) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"found {value!r}; write a dict")
    # Attributes instead of keys: a misspelled parameter fails where it is used.
    try:
        return make_dataclass("Lab", value, frozen=True)(**value)
    except TypeError as error:
        raise ValueError(f"a key is not a Python name ({error}); rename it") from error


def _numbers_of(kind: type[Limits | LatePolicy]) -> BeforeValidator:
    """Return a validator that makes a ``kind`` from a dict and accepts numbers only, no ``"30"``."""
    adapter = TypeAdapter(kind)

    def parse(values: object) -> Limits | LatePolicy:
        if isinstance(values, dict):
            for name, value in values.items():
                if isinstance(value, float) and value.is_integer():
                    values = {**values, name: int(value)}  # 2.5e9 is a number of bytes too
        # In strict mode pydantic makes a dataclass from JSON only, not from a dict.
        return adapter.validate_json(json.dumps(values, default=repr))

    return BeforeValidator(parse)


_ReadOnly = AfterValidator(MappingProxyType)
"""Values are shared by all parts of a run, so none of them may be changed."""

Texts = Annotated[Mapping[str, str], _ReadOnly]


class IsolationPolicy(StrEnum):
    """How much isolation a machine must provide before it grades submissions."""

    NONE = "none"
    """Grades even where a submission could read the course's files and other submissions."""

    ANY = "any"
    """As much as the machine provides, if that holds files apart; each result lists the missing layers."""

    FULL = "full"
    """Every layer; otherwise nothing is graded."""


@dataclass(frozen=True, slots=True)
class Grading:
    """How submissions of an assignment are graded."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    trainer_module: str = ""
    """The kit module whose tasks run in the trusted trainer, e.g. ``rnnlab.service``."""

    stubbed_functions: tuple[str, ...] = ()
    """Functions of the kit that do nothing while a submission runs, e.g. ``plot_series``."""

    display_only_cells: tuple[str, ...] = ()
    """Ids of given cells that only display something; they run if another cell needs a name of theirs."""

    preloaded_calls: tuple[str, ...] = ()
    """Calls of the kit that are made once for all submissions, e.g. ``kit.load(500)``."""

    datasets: Annotated[Mapping[str, Texts], _ReadOnly] = field(default_factory=dict)
    """Environment variables that select a dataset, by its name; the first one is the default."""

    isolation: IsolationPolicy = IsolationPolicy.ANY
    """How much isolation a machine must provide before it grades submissions."""

    limits: Annotated[Limits, _numbers_of(Limits)] = field(default_factory=Limits)
    """What one submission may use."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment of the course."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: Annotated[str, Field(validation_alias=_NAME_KEY)]
    """Folder name under ``source/``, e.g. ``lab_4_4_rnn``."""

    root: Annotated[Path, Field(validation_alias=_ROOT_KEY)]
    """The folder that holds ``course_config.py``."""

    title: str
    """As students, reports and Canvas show it."""

    due: Annotated[datetime, BeforeValidator(_parse_due)]
    """The due date, with its time zone."""

    kit: str = ""
    """The package next to the notebook that ships with every release; empty if there is none."""

    build_cell_timeout_s: StrictInt = 600
    """Longest time that a notebook cell may run in the build and in nbgrader, seconds; grading uses
    ``grading.limits.cell_s``."""

    lab: Annotated[Any, BeforeValidator(_parse_lab)] = field(default_factory=lambda: _parse_lab({}))
    """The lab parameters, one attribute each: ``lab.units == 32``."""

    environment: Texts = field(default_factory=dict)
    """Environment variables for running the solution in the build and the demo."""

    calibration_inputs: tuple[str, ...] = ()
    """Files below ``source`` whose change invalidates the measured accuracy thresholds."""

    grading: Grading = field(default_factory=Grading)
    """How submissions are graded."""

    late: Annotated[LatePolicy, _numbers_of(LatePolicy)] = field(default_factory=LatePolicy)
    """What being late costs."""

    canvas_id: StrictInt = 0
    """The number of the assignment in Canvas; 0 if unknown."""

    submission_pattern: Annotated[str, BeforeValidator(_check_pattern)] = ""
    """How this course names files, as a regular expression for the whole path below what ``course
    grade`` is given, e.g. ``(?P<student>[a-z]+)/.*``; the groups are those of ``platforms.toml``."""

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
        """Return the file of measured accuracy thresholds; it need not exist."""
        return self.root / "calibration" / f"{self.name}.json"

    def bundle(self, platform: str) -> Path:
        """Return the zip that is uploaded to a platform; it need not exist."""
        return self.root / "dist" / f"{self.name}-{platform}.zip"


@dataclass(frozen=True, slots=True)
class Course:
    """A validated ``course_config.py``."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    id: str
    """A short name without spaces; nbgrader's course id."""

    title: str
    """As people read it."""

    root: Annotated[Path, Field(validation_alias=_ROOT_KEY)]
    assignments: Annotated[Mapping[str, Assignment], _ReadOnly]
    """The assignments by name, which is the name of the folder under ``source/``."""

    def assignment(self, name: str) -> Assignment:
        """Return one assignment by name.

        Raises:
            StaffError: there is no such assignment; the message suggests the nearest name.
        """
        if name not in self.assignments:
            hint = name_hint(name, self.assignments)
            raise StaffError(f"{CONFIG_NAME}: no assignment {name!r}; {hint}")
        return self.assignments[name]


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above ``start`` that holds ``course_config.py``."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    fix = "run this command inside a course, or start one here with `course new NAME`"
    raise StaffError(f"{start}: no {CONFIG_NAME} here or above; {fix}")


@contextmanager
def author_errors(file: str, label: str) -> Iterator[None]:
    """Turn what the author's own code raises into an ``AuthorError`` with the place in that code.

    Args:
        file: how Python names the code in a traceback.
        label: how the message names it, e.g. ``source/lab/expected.py``.
    """
    try:
        yield
    except CourseError:
        raise
    except (Exception, SystemExit) as error:  # the author's code may raise anything
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == file]
        if isinstance(error, SyntaxError) and error.filename == file:
            lines.append(error.lineno)
        place = f"{label}, line {lines[-1]}" if lines else label
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        raise AuthorError(f"{place}: {type(error).__name__}: {message}; correct it") from error


def run_author_file(path: Path, label: str) -> dict[str, Any]:
    """Run a Python file of the author's in this process, and return its global variables.

    It is as trusted as this package.

    Raises:
        AuthorError: it raises something, or is not Python.
    """
    with author_errors(str(path), label):
        return runpy.run_path(str(path))


def load_course(root: Path) -> Course:
    """Read and validate the configuration in ``root``.

    Raises:
        AuthorError: all problems of the file at once, each with its place.
    """
    raw = run_author_file(root / CONFIG_NAME, CONFIG_NAME).get("COURSE")
    if not isinstance(raw, dict):
        raise AuthorError(f"{CONFIG_NAME}: found no COURSE; add COURSE = {{...}}")
    values: dict[object, object] = {**raw, _ROOT_KEY: root}
    if isinstance(raw.get("assignments"), dict):
        entries = {}
        for name, entry in raw["assignments"].items():
            added = {_NAME_KEY: name, _ROOT_KEY: root}
            entries[name] = {**entry, **added} if isinstance(entry, dict) else entry
        values["assignments"] = entries
    try:
        return TypeAdapter(Course).validate_python(values)
    except ValidationError as error:
        problems = [f"{CONFIG_NAME}: {_problem_text(problem)}" for problem in error.errors()]
        raise AuthorError(problems) from error


_SCHEMAS = {"grading": Grading, "late": LatePolicy, "limits": Limits}
_EXPECTED_TYPES = {
    "string_type": "a string",
    "int_type": "a whole number",
    "tuple_type": "a list",
    "mapping_type": "a dict",
    "dict_type": "a dict",
    "dataclass_type": "a dict",
}
ABOUT_KEYS = ("missing", "unexpected_keyword_argument")
"""Types of pydantic errors that are about a key, not about its value."""

_SET_BY_PROGRAM = ("name", "root", "code")
"""Fields that nobody writes into a file."""

_EXPECTED_NUMBERS = {
    number.name: get_args(number.type)[-1] for number in (*fields(Limits), *fields(LatePolicy))
}


def _problem_text(problem: "ErrorDetails") -> str:
    """Return where a problem is, what was found there and what to do."""
    *parents, key = problem["loc"]
    schema: type[Any] = _SCHEMAS.get(str(parents[-1]), Assignment) if parents else Course
    if problem["type"] in ABOUT_KEYS:
        place = _place(parents)
        if key in _NEW_KEYS:
            return f"{place}: unknown key {key!r}; it is now called {_NEW_KEYS[str(key)]!r}"
    else:
        place = _place([*parents, key])
    return f"{place}: {problem_text(problem, schema, _EXPECTED_NUMBERS.get(str(key), ''))}"


def problem_text(problem: "ErrorDetails", schema: type[Any], expected: str = "") -> str:
    """Return what pydantic found in a file that people write, and what to do.

    Args:
        problem: one of pydantic's errors.
        schema: the dataclass to which the key belongs.
        expected: what the value must be; by default what its type says.
    """
    kind, value = problem["type"], problem["input"]
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    key = problem["loc"][-1]
    if kind == "missing":
        return f"{key!r} is missing"
    if kind == "unexpected_keyword_argument":
        keys = [field.name for field in fields(schema) if field.name not in _SET_BY_PROGRAM]
        return f"unknown key {key!r}; {name_hint(str(key), keys)}"
    if kind == "enum" and isinstance(value, str):
        return f"found {value!r}; {name_hint(value, list(IsolationPolicy))}"
    return f"found {value!r}; write {expected or _EXPECTED_TYPES.get(kind, problem['msg'])}"


def _place(path: Sequence[int | str]) -> str:
    """Return e.g. ``assignments['lab']['due']``, as one would write it in Python."""
    if path[:1] == ["assignments"]:
        return "assignments" + "".join(f"[{part!r}]" for part in path[1:])
    return "COURSE" + "".join(f"[{part!r}]" for part in path)
