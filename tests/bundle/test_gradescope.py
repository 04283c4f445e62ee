"""The tiny assignment's zip, unpacked and run as Gradescope does."""

import json
import shutil
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import psutil
import pytest

from autograder.bundle import gradescope as upload
from autograder.bundle import room
from autograder.bundle.harness import student
from autograder.classroom import recipe_of
from autograder.course import load_course
from autograder.grade.limits import Limits
from autograder.grade.recipe import Recipe
from autograder.report.gradescope import NOTHING, STOPPED
from tests.bundle.container import HERE, UNSCORED, Container, container, valid
from tests.grade.conftest import TINY, submission
from tests.grade.test_session import AVERAGE, in_the_function

DOCKER = (sys.executable, str(HERE / "docker_like.py"))
MACHINES = {"this one": (), "Docker": (*DOCKER, "[]"), "Docker, no Landlock": (*DOCKER, '["landlock"]')}

SPY = """\
import os
found = []
def look(what, how):
    try:
        how()
        found.append(what)
    except (OSError, UnicodeDecodeError):
        pass
for name in ("source", "results", "submission"):
    for place in (f"{root}/{{name}}", f"../{{name}}", f"/proc/1/cwd/{{name}}"):
        look(name, lambda: os.listdir(place))
files = ("source/source/tiny/tiny.ipynb", "results/results.json", "submission_metadata.json", "open.txt")
for name in files:
    look(name, lambda: open(f"{root}/{{name}}", "rb").read())
    look("writes " + name, lambda: open(f"{root}/{{name}}", "wb").write(b'{{"score": 100}}'))
look("makes a file", lambda: open("{root}/results/other.json", "w"))
raise ValueError(", ".join(found) or "nothing")"""


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return recipe_of(load_course(TINY).assignment("tiny"))


@pytest.fixture(scope="module")
def bundle(recipe: Recipe) -> bytes:
    return upload.packed(recipe.assignment, {}, minutes=10)


@pytest.fixture(scope="module")
def harness(bundle: bytes) -> Iterator[Container]:
    with container(bundle) as one:
        (one.root / "open.txt").write_text("for everybody")
        yield one


def handed_in(recipe: Recipe, answers: dict[str, str]) -> dict[str, bytes]:
    return {"tiny.ipynb": submission(recipe, answers, {}), "notes.txt": b"mine"}


def test_the_solution_gets_all_points_and_each_test_its_visibility(
    harness: Container, recipe: Recipe
) -> None:
    ran = harness.run(handed_in(recipe, {}))
    assert ran.results["score"] == 14, ran.said
    hidden = {check.cell.id: check.hidden for check in recipe.source.checks()}
    assert [test["visibility"] == "after_published" for test in ran.results["tests"]] == [*hidden.values()]
    assert ran.results["stdout_visibility"] == "hidden"
    assert ran.results["extra_data"]["student"] == "Ada Byron, Ben Okri".replace(",", "_")
    assert "ada@example.org" not in json.dumps(ran.results)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_submission_finds_nothing_of_the_harness(
    harness: Container, recipe: Recipe, machine: str
) -> None:
    spy = in_the_function(SPY.format(root=harness.root))
    ran = harness.run(handed_in(recipe, spy), like=MACHINES[machine])
    found = ran.test("q1: ")if len([t for t in ran.results["tests"] if t["name"].startswith("q1")]) == 1 else ran.results["tests"][0]
    # Without Landlock a file that is open to everybody is seen: the spy does see what it may.
    expected = "open.txt" if machine == "Docker, no Landlock" else "nothing"
    assert f"ValueError: {expected}" in found["output"].replace("with the message ", ""), found
    assert ran.results["score"] == 6
    assert (harness.root / "open.txt").read_text() == "for everybody"
