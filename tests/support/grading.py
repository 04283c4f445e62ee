"""A worker for the tiny assignment, and submissions to it."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from autograder.course import load_course
from autograder.engine import run, zygote_client
from autograder.engine.grade_submission import grade_with_retries
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result
from autograder.engine.run import Engine
from autograder.limits import Limits
from autograder.notebook import CellType
from autograder.quality.sample import solution_answers
from autograder.submission.discover import find_submissions
from tests.support import lab_grading
from tests.support.plans import compile_plan

TINY_COURSE = Path(__file__).parents[1] / "tiny_assignment"

GradeFunction = Callable[..., Result]


@pytest.fixture(scope="session")
def tiny_plan(tmp_path_factory: pytest.TempPathFactory) -> GradingPlan:
    """The tiny assignment with limits that a test can wait for."""
    plan = compile_plan(load_course(TINY_COURSE).assignment("tiny"))
    cache = tmp_path_factory.mktemp("cache")
    limits = Limits(cell_s=2.0, call_s=2.0, total_s=60.0, train_s=5.0, memory_bytes=1_500 * 2**20)
    return replace(plan, limits=limits, cache=cache)


@contextmanager
def numpy_zygotes() -> Iterator[None]:
    """Let zygotes import NumPy alone: seconds less, and enough for the tiny assignment."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (run, zygote_client):
            patch.setattr(module, "IMPORTS", ("numpy",))
        yield


@pytest.fixture(scope="module")
def numpy_alone() -> Iterator[None]:
    """Let the zygotes of a module's tests import NumPy alone."""
    with numpy_zygotes():
        yield


@contextmanager
def start_numpy_engine(plan: GradingPlan, *, workers: int = 1) -> Iterator[Engine]:
    """Start an engine for the tiny assignment."""
    with ExitStack() as stack:
        with numpy_zygotes():
            running = stack.enter_context(run.start_engine(plan, workers=workers))
        yield running


@pytest.fixture(scope="session")
def engine(tiny_plan: GradingPlan) -> Iterator[Engine]:
    with start_numpy_engine(tiny_plan) as running:
        yield running


@pytest.fixture(scope="session")
def graded_lab(tmp_path_factory: pytest.TempPathFactory) -> lab_grading.GradedLab:
    """The lab's known answers, each graded from both releases; minutes."""
    return lab_grading.grade_lab(tmp_path_factory.mktemp("known"))


@pytest.fixture
def grade(engine: Engine, tmp_path: Path) -> GradeFunction:
    """Grade the tiny solution with other answers, extra cells, or any bytes."""

    def graded_as(
        answers: Mapping[str, str] | None = None, *, before: Mapping[str, str] | None = None
    ) -> Result:
        data = make_submission(engine.plan, answers or {}, before or {})
        return grade_bytes(engine, data, tmp_path)

    return graded_as


def grade_bytes(engine: Engine, data: bytes, folder: Path) -> Result:
    """Grade any bytes as a file that was handed in."""
    path = folder / "student.ipynb"
    path.write_bytes(data)
    submission = find_submissions([path], engine.plan.assignment)[0]
    return grade_with_retries(submission, submission.data, engine.workers[0])


def make_submission(plan: GradingPlan, answers: Mapping[str, str], before: Mapping[str, str]) -> bytes:
    """Return the solution as a notebook, with other answers and with cells before some others."""
    texts = {**solution_answers(plan.source), **answers}
    hidden = {check.cell.id for check in plan.source.checks()}
    cells = []
    for cell in plan.source.cells:
        if cell.cell_type is CellType.RAW or cell.id in hidden:
            continue
        if cell.id in before:
            cells.append(_cell(f"extra-{cell.id}", "code", before[cell.id]))
        cells.append(_cell(cell.id, str(cell.cell_type), texts.get(cell.id, cell.text)))
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def _cell(name: str, kind: str, text: str) -> dict[str, object]:
    cell: dict[str, object] = {"cell_type": kind, "id": name, "metadata": {}, "source": text}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def outcomes(result: Result) -> dict[str, str]:
    return {check.id: check.outcome.value for check in result.checks}


def points(result: Result) -> dict[str, float]:
    return {name: earned for name, (earned, _) in result.questions().items()}


def is_running(process: psutil.Process) -> bool:
    """Say whether a process has not ended; a zombie has."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
