"""What the README names exists."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from autograder import known_answers
from autograder.build.compile import prepare
from autograder.checks import Outcome
from autograder.commands.cli import course
from autograder.course import load_course
from autograder.engine.results import unrun_checks
from autograder.quality import sample
from autograder.report.summary import summary_table
from tests.support.sample_results import result_for

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(MAKEFILE.split(".PHONY:")[1].splitlines()[0].split())


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`course ([\w-]+)", README))))
def test_every_course_command_of_the_readme_exists(name: str) -> None:
    assert name in course.commands


@pytest.mark.parametrize(
    "name",
    sorted({*re.findall(r"^make ([\w-]+)", README, re.M), *re.findall(r"^\| `([\w-]+)` \|", README, re.M)}),
)
def test_every_make_target_of_the_readme_exists(name: str) -> None:
    assert re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("place", sorted(set(re.findall(r"\]\(([\w./]+)\)", README))))
def test_every_link_of_the_readme_leads_somewhere(place: str) -> None:
    assert (ROOT / place).exists()


@pytest.mark.parametrize(
    "place",
    sorted(set(re.findall(r"^\| `([\w./]+)` \| ", README, re.M)) - TARGETS),
)
def test_every_folder_of_the_map_exists(place: str) -> None:
    assert (ROOT / place).exists()


def test_every_rate_of_the_readme_is_one_that_was_measured() -> None:
    section = README.split("## How fast it is")[1].split("\n## ")[0]
    rates = re.findall(r"\| ([\d.,]+) \|$", section, re.MULTILINE)
    measured = (ROOT / "docs" / "results" / "benchmark.md").read_text(encoding="utf-8")
    assert len(rates) == 3
    assert [rate for rate in rates if f"| {rate} |" not in measured] == []
    ((new, again),) = re.findall(r"grade (\d+) a minute .* and (\d+) in a class of 1,000", section)
    classes = re.findall(r"^\| (first|later) \| ([\d,]+) \| 2 \| ([\d.]+) \|", measured, re.MULTILINE)
    assert [f"{float(rate):.0f}" for _, _, rate in (classes[0], classes[-1])] == [new, again]


def test_the_table_of_the_readme_is_what_the_demo_prints() -> None:
    assignment = load_course(ROOT).assignment("lab_4_4_rnn")
    source = prepare(assignment).source
    answers = {answer.name: answer for answer in known_answers.load(assignment)}
    results = []
    for name, _ in sample.sample_class(assignment, source):
        student = name.removesuffix(".ipynb")
        checks = unrun_checks(source, Outcome.PASSED, "")
        if student in answers:
            not_passed = set(answers[student].failing_checks)
        elif student in ("crash", "hang"):
            not_passed = {name for name in checks if name.startswith("q1-")}
        else:
            not_passed = set() if student == "solution" else set(checks)
        for check in not_passed:
            checks[check] = replace(checks[check], outcome=Outcome.FAILED)
        results.append(result_for(student, checks=tuple(checks.values()), manual={}))
    output = io.StringIO()
    Console(width=100, file=output).print(summary_table(results))
    printed = [line.rstrip() for line in output.getvalue().splitlines() if line.strip()]
    assert "\n".join(printed) in README
