"""A worker for the tiny assignment, and submissions to it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from autograder.course import load_course
from autograder.grade.engine import Engine, started
from autograder.grade.limits import Limits
from autograder.grade.marking import graded
from autograder.grade.recipe import Recipe
from autograder.grade.results import Result
from autograder.grade.submissions import find
from autograder.recipes import recipe_of
from autograder.sample import solved
from autograder.source import Kind
from tests.grade import known_answers

TINY = Path(__file__).parents[1] / "tiny_assignment"

Grade = Callable[..., Result]


@pytest.fixture(scope="session")
def tiny_recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """The tiny assignment with limits that a test can wait for."""
    recipe = recipe_of(load_course(TINY).assignment("tiny"))
    cache = tmp_path_factory.mktemp("cache")
    limits = Limits(cell_s=2.0, call_s=2.0, total_s=60.0, train_s=5.0, memory_bytes=1_500 * 2**20)
    return replace(recipe, limits=limits, cache=cache)


@pytest.fixture(scope="session")
def engine(tiny_recipe: Recipe) -> Iterator[Engine]:
    with started(tiny_recipe) as running:
        yield running


@pytest.fixture(scope="session")
def graded_lab(tmp_path_factory: pytest.TempPathFactory) -> known_answers.Known:
    """The lab's known answers, each graded from both releases; minutes."""
    return known_answers.graded(tmp_path_factory.mktemp("known"))


@pytest.fixture
def grade(engine: Engine, tmp_path: Path) -> Grade:
    """Grade the tiny solution with other answers, extra cells, or any bytes."""

    def graded_as(
        answers: Mapping[str, str] | None = None, *, before: Mapping[str, str] | None = None
    ) -> Result:
        data = submission(engine.recipe, answers or {}, before or {})
        return graded_bytes(engine, data, tmp_path)

    return graded_as


def graded_bytes(engine: Engine, data: bytes, folder: Path) -> Result:
    """Grade any bytes as a file that was handed in."""
    path = folder / "student.ipynb"
    path.write_bytes(data)
    one = find([path], engine.recipe.assignment)[0]
    return graded(one, one.data, engine.workshops[0])


def submission(recipe: Recipe, answers: Mapping[str, str], before: Mapping[str, str]) -> bytes:
    """Return the solution as a notebook, with other answers and with cells before some others."""
    texts = {**solved(recipe.source), **answers}
    hidden = {check.cell.id for check in recipe.source.checks()}
    cells = []
    for cell in recipe.source.cells:
        if cell.kind is Kind.RAW or cell.id in hidden:
            continue
        if cell.id in before:
            cells.append(_cell(f"extra-{cell.id}", "code", before[cell.id]))
        cells.append(_cell(cell.id, str(cell.kind), texts.get(cell.id, cell.text)))
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def _cell(name: str, kind: str, text: str) -> dict[str, object]:
    cell: dict[str, object] = {"cell_type": kind, "id": name, "metadata": {}, "source": text}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def outcomes(result: Result) -> dict[str, str]:
    return {check.id: check.outcome.value for check in result.checks}


def points(result: Result) -> dict[str, float]:
    return {name: earned for name, (earned, _) in result.questions().items()}


def still_runs(process: psutil.Process) -> bool:
    """Say whether a process has not ended; a zombie has."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
