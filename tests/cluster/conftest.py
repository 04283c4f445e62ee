"""The tiny assignment, a class that hands it in, and what this machine alone makes of it."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.grade.engine import started
from autograder.grade.limits import Limits
from autograder.grade.recipe import Recipe
from autograder.grade.results import Result
from autograder.grade.submissions import Found, find
from autograder.recipes import recipe_of
from tests.cluster.dask_site import Site, site
from tests.grade.conftest import TINY, submission
from tests.grade.test_session import AVERAGE

KILLER = "kim"
"""Whose submission ends every worker that grades it."""

DEADLY = f"""
import os
from autograder.cluster import worker

def deadly(one, data, workshop, graded=worker.graded):
    if one.student == {KILLER!r}:
        os._exit(1)
    return graded(one, data, workshop)

worker.graded = deadly
"""
OLD = """
from autograder.cluster import versions

versions.here = lambda here=versions.here: {**here(), "tensorflow": "2.20.0"}
"""
ANSWERS = {
    "ana": {},
    "ben": {"q1-answer": AVERAGE.replace("valid", "same")},
    "cem": {"q1-answer": "def moving_average(values, width=width):\n    ..."},
    "eva": {"q1-answer": AVERAGE.replace("return", "raise ValueError\n    return")},
    "ida": {"q2-answer": "import os\nos._exit(3)"},
    "lea": {"q1-answer": AVERAGE},
}


@pytest.fixture(scope="package")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """The tiny assignment in a course of its own."""
    ignored = shutil.ignore_patterns("__pycache__")
    root = Path(shutil.copytree(TINY, tmp_path_factory.mktemp("course") / "tiny", ignore=ignored))
    recipe = recipe_of(load_course(root).assignment("tiny"))
    return replace(recipe, limits=Limits(total_s=90.0, memory_bytes=1_500 * 2**20))


@pytest.fixture(scope="package")
def handed_in(tiny: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small class: right, wrong, blank, crashing, damaged."""
    folder = tmp_path_factory.mktemp("handed_in")
    for student, answers in ANSWERS.items():
        (folder / f"{student}.ipynb").write_bytes(submission(tiny, answers, {}))
    (folder / "zoe.ipynb").write_bytes(b"{")
    return folder


@pytest.fixture(scope="package")
def local(tiny: Recipe, handed_in: Path) -> dict[str, Result]:
    """What this machine alone makes of the class, by student."""
    results: dict[str, Result] = {}
    with started(tiny, workers=2) as engine:
        engine.grade(find([handed_in], tiny.assignment), lambda one: keep(results, one))
    return results


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A scheduler and two workers, which end where they grade the killer."""
    with site(tmp_path_factory.mktemp("site")) as running:
        running.worker(DEADLY)
        running.worker(DEADLY)
        yield running


def keep(results: dict[str, Result], one: Result) -> None:
    """Keep a result that nobody had before, times and memory aside."""
    assert one.student not in results
    checks = tuple(replace(check, wall_s=0.0, peak_bytes=0) for check in one.checks)
    results[one.student] = replace(one, checks=checks, wall_s=0.0, peak_bytes=0)


def found_in(folder: Path, recipe: Recipe) -> Sequence[Found]:
    return find([folder], recipe.assignment)
