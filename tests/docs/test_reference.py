"""The reference names everything that the code has, and says nothing else."""

import ast
import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from autograder.checks import hidden
from autograder.commands.cli import course
from autograder.commands.command_group import EXIT_CODES
from autograder.course import Assignment, Course, Grading, load_course
from autograder.engine.results import GradingStatus
from autograder.files import RESERVED_NAMES
from autograder.lateness import LatePolicy
from autograder.limits import Limits
from autograder.report import results_json, summary
from autograder.report.marks import final_marks
from autograder.submission.arrivals import Label
from tests.support.sample_results import ANA
from tools import reference_pages

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "reference"
CONFIGURATION = (FOLDER / "configuration.md").read_text(encoding="utf-8")
COMMANDS = (FOLDER / "commands.md").read_text(encoding="utf-8")
VOCABULARY = (FOLDER / "vocabulary.md").read_text(encoding="utf-8")
FILES = (FOLDER / "files.md").read_text(encoding="utf-8")

MODELS = (Course, Assignment, Grading, Limits, LatePolicy)
KEYS = [
    each.name for model in MODELS for each in dataclasses.fields(model) if each.name not in ("name", "root")
]


@pytest.mark.parametrize("path", reference_pages.pages(), ids=lambda path: path.name)
def test_a_page_is_what_the_code_says(path: Path) -> None:
    """If this fails: ``python -m tools.reference_pages``, and commit what it writes."""
    assert path.read_text(encoding="utf-8") == reference_pages.pages()[path]


@pytest.mark.parametrize("key", sorted(set(KEYS)))
def test_every_key_of_the_configuration_has_a_heading(key: str) -> None:
    assert CONFIGURATION.count(f"\n### `{key}`\n\n") == KEYS.count(key)


def test_every_key_has_a_description_a_type_a_default_and_an_example() -> None:
    sections = CONFIGURATION.split("\n### `")[1:]
    assert len(sections) == len(KEYS)
    for section in sections:
        _, description, facts, *_ = section.split("\n\n")
        assert description.endswith((".", "`")), section
        assert re.search(r"; (required|optional|default: .+); example: .+\.$", facts.strip()), section


def keys_of(values: dict[str, Any], model: type) -> set[str]:
    """Return the keys of an example that a model lacks, and those that it lacks itself."""
    return values.keys() ^ {each.name for each in dataclasses.fields(model)} - {"name", "root"}


def test_the_example_has_every_key_and_is_valid(tmp_path: Path) -> None:
    block = CONFIGURATION.split("```python\n")[1].split("```")[0]
    (tmp_path / "course_config.py").write_text(block, encoding="utf-8")
    loaded = load_course(tmp_path).assignment("lab_1")
    assert loaded.grading.limits.memory_bytes == 3_000_000_000
    values = ast.literal_eval(block.removeprefix("COURSE = "))
    assignment = values["assignments"]["lab_1"]
    grading = assignment["grading"]
    assert keys_of(values, Course) == set()
    assert keys_of(assignment, Assignment) == set()
    assert keys_of(grading, Grading) == set()
    assert keys_of(grading["limits"], Limits) == set()
    assert keys_of(assignment["late"], LatePolicy) == set()


@pytest.mark.parametrize("name", sorted(course.commands))
def test_every_command_and_option_is_explained(name: str) -> None:
    assert COMMANDS.count(f"\n### `course {name}`\n") == 1
    section = re.split(r"\n##+ ", COMMANDS.split(f"\n### `course {name}`\n")[1])[0]
    for param in course.commands[name].params:
        if isinstance(param, click.Option):
            text = COMMANDS if param.name in ("quiet", "verbose") else section
            assert all(f"`{option}`" in text for option in param.opts), param.name
            for choice in param.type.choices if isinstance(param.type, click.Choice) else ():
                assert f"`{choice}`" in text


def test_every_exit_code_is_explained() -> None:
    for code, meaning in EXIT_CODES.items():
        assert f"| {code} | {meaning} |" in COMMANDS


@pytest.mark.parametrize("name", sorted(vars(hidden).keys() - {"MismatchError"}))
def test_every_function_of_the_vocabulary_is_explained(name: str) -> None:
    assert VOCABULARY.count(f"\n### `{name}`\n\n```python\nchecks.{name}(") == 1


def test_every_key_of_results_json_is_explained() -> None:
    section = FILES.split("### `results.json`")[1].split("\n### ")[0]
    results = results_json.to_results(ANA)
    keys = {*results, *results["extra_data"], *(key for test in results["tests"] for key in test)}
    assert {key for key in keys if f"`{key}`" not in section} == set()


def test_every_column_of_the_grades_is_explained() -> None:
    section = FILES.split("### `grades.csv`")[1].split("\n### ")[0]
    assignment = load_course(ROOT).assignment("lab_4_4_rnn")
    text = summary.dump_grades(final_marks((ANA,), (), assignment)).decode("utf-8-sig")
    columns = {*text.splitlines()[0].split(",")} - {"q1", "q2", "q3", "q4", "q5"}
    assert {"student", "total", "flags"} <= columns
    assert {column for column in columns if f"`{column}`" not in section} == set()
    outcomes = {summary.NO_SUBMISSION, *GradingStatus}
    assert {outcome for outcome in outcomes if f"`{outcome}`" not in section} == set()


def test_every_label_of_a_file_and_every_file_of_a_run_is_explained() -> None:
    assert {label.value for label in Label if f"`{label.value}`" not in FILES} == set()
    exported = {"canvas.csv", "moodle.csv", "junit.xml", "summary.md", "annotations.txt", "pseudonyms.key"}
    exported |= {"feedback-canvas.zip", "feedback-moodle.zip"}
    assert {name for name in RESERVED_NAMES if f"`{name}`" not in FILES} == exported


@pytest.mark.parametrize("folder", ["release", "solutions"])
def test_every_key_of_a_manifest_is_explained(folder: str) -> None:
    section = FILES.split("## `MANIFEST.json`")[1].split("\n## ")[0]
    manifest = json.loads((ROOT / folder / "lab_4_4_rnn" / "MANIFEST.json").read_text(encoding="utf-8"))
    assert {key for key in manifest if f"`{key}`" not in section} == set()
