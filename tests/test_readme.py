"""What the README names exists."""

import re
from pathlib import Path

import pytest

from autograder.commands.cli import course

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
