"""Write the pages of ``docs/reference/`` that the code determines.

    python -m tools.reference_pages

``configuration.md`` comes from the models of ``course_config.py``, ``commands.md`` from the command
line, ``vocabulary.md`` from the functions that checks call, and the tables of ``files.md`` from what
is read and written. A test compares the pages with the code.
"""

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from autograder.course import Assignment, Course, Grading, IsolationPolicy
from autograder.engine.journal import Header
from autograder.engine.results import CheckResult, Provenance, Result
from autograder.files import replace_file
from autograder.known_answers import KnownAnswer
from autograder.lateness import LatePolicy
from autograder.limits import Limits
from tools import reference_commands, reference_vocabulary
from tools.reference_text import field_docs, markdown, replace_block, table

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"

EXAMPLE: dict[str, Any] = {
    "id": "deep_learning",
    "title": "Deep Learning with TensorFlow",
    "assignments": {
        "lab_1": {
            "title": "Lab 1: Digits",
            "due": "2027-01-29T23:59:00+01:00",
            "kit": "digits",
            "build_cell_timeout_s": 300,
            "lab": {"units": 32, "epochs": 3},
            "environment": {"DIGITS_DATA": "small"},
            "calibration_inputs": ["digits/training.py"],
            "canvas_id": 4711,
            "submission_pattern": "section [0-9]+/(?P<student>[a-z]+)/.*",
            "late": {"grace_minutes": 15, "per_day": 0.1, "max_penalty": 0.5, "after_days": 7},
            "grading": {
                "trainer_module": "digits.service",
                "stubbed_functions": ["plot_digits"],
                "display_only_cells": ["first-digits"],
                "preloaded_calls": ["digits.load(500)"],
                "datasets": {"small": {"DIGITS_DATA": "small"}, "full": {"DIGITS_DATA": "full"}},
                "isolation": "any",
                "limits": {
                    "cell_s": 30,
                    "call_s": 20,
                    "total_s": 600,
                    "train_s": 900,
                    "memory_bytes": 3_000_000_000,
                    "scratch_bytes": 64_000_000,
                    "processes": 64,
                },
            },
        },
    },
}
"""A configuration with every key; a test loads it."""

_LEVELS: tuple[tuple[str, type, str], ...] = (
    ("The course", Course, "Keys of `COURSE`."),
    ("An assignment", Assignment, 'Keys of `COURSE["assignments"][name]`.'),
    ("`grading`", Grading, 'Keys of `["grading"]` of an assignment: how its submissions are graded.'),
    (
        "`limits`",
        Limits,
        'Keys of `["grading"]["limits"]`: what one submission may use. Every deadline is enforced from '
        "outside its processes.",
    ),
    (
        "`late`",
        LatePolicy,
        'Keys of `["late"]` of an assignment: what being late costs; without it, nothing. '
        "[Late submissions](../students.md#late-submissions) has an example.",
    ),
)
"""Heading, model and introduction of each level of the configuration."""

_NOT_KEYS = {"name", "root"}
"""Fields that the file does not set."""

_TYPES = {
    "due": "Text with date, time and zone",
    "lab": "Dict of names to values",
    "environment": "Dict of text to text",
    "datasets": "Dict of names to dicts of text to text",
    "assignments": "Dict of names to dicts",
    "isolation": 'One of `"none"`, `"any"` and `"full"`',
    "limits": "Dict",
    "late": "Dict",
    "grading": "Dict",
    "canvas_id": "A whole number",
    "build_cell_timeout_s": "A whole number",
    "submission_pattern": "Text, a regular expression",
}
_MEANINGS = {
    "question": "The question, e.g. `q2`.",
    "title": "The first line of the check's docstring.",
    "hidden": "Whether the check is hidden.",
    "outcome": "See [outcomes](vocabulary.md#outcomes).",
    "hint": "What the check advises, for the student.",
    "wall_s": "Seconds by the clock.",
    "peak_bytes": "Most memory of its processes together.",
    "assignment": "Name of the assignment.",
    "provenance": "Everything that the result depends on; see below.",
    "source_sha256": "Digest of the source notebook's bytes.",
    "submission_sha256": "Digest of the submitted bytes.",
    "kit_sha256": "Digest of the kit's files.",
    "config_sha256": "Digest of `course_config.py`.",
    "dataset": "Name of the dataset.",
    "seed": "Seed of everything random.",
    "versions": 'Versions, e.g. `{"python": "3.11.7", "tensorflow": "2.21.0"}`.',
    "format": "Version of the line format.",
}
"""Of fields whose names say enough in the code."""

_NOT_WRITTEN = {(KnownAnswer, "name"), (KnownAnswer, "code")}
"""Fields that come from a file's name and from its code."""

_FILE_TABLES: Mapping[str, type] = {
    "known-answer": KnownAnswer,
    "header": Header,
    "result": Result,
    "check-result": CheckResult,
    "provenance": Provenance,
}
"""The tables of ``files.md``, by the name of their place in it."""


def configuration_keys(model: type) -> Iterator[dataclasses.Field[Any]]:
    """Yield the fields of a model that ``course_config.py`` sets."""
    for each in dataclasses.fields(model):
        if each.name not in _NOT_KEYS:
            yield each


def configuration_page() -> str:
    """Return the page of ``course_config.py``."""
    example = f"COURSE = {_python(EXAMPLE)}"
    lines = [
        "# Configuration: `course_config.py`",
        "",
        "One file of plain data configures a course. Unknown keys, values of the wrong type and missing keys "
        "are all reported at once, each with its place and what to write instead.",
        "",
        "`python -m tools.reference_pages` wrote this page.",
        "",
        "## A file with every key",
        "",
        f"```python\n{example}\n```",
    ]
    for heading, model, introduction in _LEVELS:
        lines += ["", f"## {heading}", "", introduction]
        docs, values = field_docs(model), _example_of(model)
        for each in configuration_keys(model):
            facts = f"{_type(each)}; {_default(each)}; {_example(values[each.name])}."
            lines += ["", f"### `{each.name}`", "", markdown(docs[each.name]), "", facts]
            if each.name == "isolation":
                lines += ["", _isolation_table()]
    return "\n".join(lines) + "\n"


def _type(each: "dataclasses.Field[Any]") -> str:
    if each.name in _TYPES:
        return _TYPES[each.name]
    if each.type is str:
        return "Text"
    if "tuple" in str(each.type):
        return "List of texts"
    return str(get_args(each.type)[-1]).capitalize()  # what messages say: "a number above 0"


def _default(each: "dataclasses.Field[Any]") -> str:
    if each.default is dataclasses.MISSING:
        is_optional = each.default_factory is not dataclasses.MISSING
        return "optional" if is_optional else "required"
    if each.default in ("", ()):
        return "optional"
    return "default: never" if each.default == math.inf else f"default: `{_python(each.default)}`"


def _example_of(model: type) -> Mapping[str, Any]:
    """Return the part of the example that a model reads."""
    assignment = EXAMPLE["assignments"]["lab_1"]
    grading = assignment["grading"]
    parts = {Course: EXAMPLE, Assignment: assignment, Grading: grading}
    return {**parts, Limits: grading["limits"], LatePolicy: assignment["late"]}[model]


def _example(value: object) -> str:
    if isinstance(value, dict) and any(map(_is_dict, value.values())):
        return "example: above"
    text = _python(value)
    return "example: above" if "\n" in text else f"example: `{text}`"


def _isolation_table() -> str:
    docs = field_docs(IsolationPolicy)
    rows = [(f'`"{each.value}"`', markdown(docs[each.name])) for each in IsolationPolicy]
    return table(("value", "meaning"), rows)


def _python(value: object, indent: int = 0) -> str:
    """Return a literal as people write it: a key on each line where a dict holds dicts or is long."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(_python(item) for item in value)}]"
    if isinstance(value, int) and value >= 10_000:
        return f"{value:_}"
    if not isinstance(value, dict):
        return f"{value:g}" if isinstance(value, float) else str(value)
    items = [f'"{key}": {_python(inner, indent + 4)}' for key, inner in value.items()]
    line = f"{{{', '.join(items)}}}"
    if len(line) + indent <= 100 and not any(map(_is_dict, value.values())):
        return line
    margin = " " * (indent + 4)
    inside = "".join(f"{margin}{item},\n" for item in items)
    return f"{{\n{inside}{' ' * indent}}}"


def _is_dict(value: object) -> bool:
    return isinstance(value, dict)


def field_table(model: type) -> str:
    """Return the fields of a record with what each holds."""
    docs = {**_MEANINGS, **field_docs(model), "versions": _MEANINGS["versions"]}
    names = [each.name for each in dataclasses.fields(model) if (model, each.name) not in _NOT_WRITTEN]
    return table(("key", "holds"), [(f"`{name}`", markdown(docs[name])) for name in names])


def files_page(text: str) -> str:
    """Return ``files.md`` with its tables made again."""
    for name, model in _FILE_TABLES.items():
        text = replace_block(text, name, field_table(model))
    return text


def pages() -> dict[Path, str]:
    """Return the text of every generated page by its path."""
    files = FOLDER / "files.md"
    texts = {
        FOLDER / "configuration.md": configuration_page(),
        FOLDER / "commands.md": reference_commands.page(),
        FOLDER / "vocabulary.md": reference_vocabulary.page(),
        files: files_page(files.read_text(encoding="utf-8")),
    }
    return {path: re.sub(r"\n{3,}", "\n\n", text) for path, text in texts.items()}


def main() -> None:
    """Write all pages."""
    for path, text in pages().items():
        replace_file(path, text.encode(), public=True)
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
