"""A long class costs no more memory than a short one and leaves nothing behind."""

import os
import statistics
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from autograder.engine import journal
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result
from autograder.engine.run import start_engine
from autograder.files import MEBIBYTE
from autograder.sandbox import reader
from tests.engine.test_session import AVERAGE, in_the_function
from tests.support.grading import make_submission, start_numpy_engine
from tests.support.lab_grading import ASSIGNMENT
from tests.support.plans import compile_plan
from tools.benchmark import classes, remains, scale, watch

pytestmark = pytest.mark.slow

WORKERS = 2
KINDS = {
    "right": (AVERAGE, 14),
    "wrong length": (AVERAGE.replace("valid", "same"), 6),
    "wrong values": (AVERAGE.replace('"valid")', '"valid") + {number}'), 10),
    "raises": (in_the_function("raise ValueError({number})")["q1-answer"], 6),
    "ends Python": (in_the_function("import os\nos._exit({number})")["q1-answer"], 6),
}
"""An answer to Q1, with a number that makes it another one each time, and the points for both questions."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for runs, and one for temporary files that nobody else writes in."""
    own_part = tmp_path / "temporary"
    own_part.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(own_part))
    monkeypatch.setattr(remains, "_SCRATCH", own_part)  # other tests run beside this one
    return tmp_path


def test_sixty_submissions_take_no_more_memory_than_twenty_and_leave_nothing(
    tiny_plan: GradingPlan, place: Path
) -> None:
    kinds = [*KINDS.values()] * 12
    notebooks = [
        make_submission(tiny_plan, {"q1-answer": answer.replace("{number}", str(number))}, {})
        for number, (answer, _) in enumerate(kinds, start=1)
    ]
    reader.start_early()  # it stays until this process ends, whichever test has started it
    before = remains.snapshot(os.getpid())
    with start_numpy_engine(tiny_plan, workers=WORKERS) as engine, watch.track_submissions(engine) as seen:
        early, graded = (
            scale.grade_notebooks(tiny_plan, notebooks[:n], place / "run", engine) for n in (20, 60)
        )
    assert [result.earned for result in journal.read(graded.out).results] == [points for _, points in kinds]
    assert graded.anonymous_bytes - early.anonymous_bytes < 25 * MEBIBYTE
    assert 0 < statistics.median(seen.values()) < 150 * MEBIBYTE
    assert remains.new_since(before, os.getpid()) == ()


def test_classes_are_graded_whole_in_every_turn_and_the_largest_once_in_parts(
    tiny_plan: GradingPlan, place: Path
) -> None:
    notebooks = [make_submission(tiny_plan, {"q1-answer": AVERAGE}, {})] * 6
    with start_numpy_engine(tiny_plan, workers=WORKERS) as engine:
        parts = scale.grade_interleaved(tiny_plan, notebooks, (1, 6), place, engine)
    assert {key: [part.new_count for part in every] for key, every in parts.items()} == {
        (1, 1): [1, 1, 1, 1],
        (1, 2): [1, 1, 1, 1],
        (6, 1): [2, 1, 2, 1],
        (6, 2): [2, 1, 2, 1],
    }
    assert [len(journal.read(every[-1].out).results) for every in parts.values()] == [1, 1, 6, 6]


@pytest.mark.thousand
def test_a_thousand_submissions_to_the_lab_take_no_more_memory_than_a_hundred_and_leave_nothing(
    tmp_path: Path,
) -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:  # a supervisor that holds no tests
        early, graded, left = pool.submit(hundred_and_thousand, tmp_path).result()
    results = journal.read(graded.out).results
    assert [result.student for result in results if result.ungraded_checks] == []
    assert len(results) == 1_000
    assert points_of_equals(results, a_thousand()) == []
    assert abs(graded.anonymous_bytes - early.anonymous_bytes) < 50 * MEBIBYTE
    assert abs(graded.used_bytes - early.used_bytes) < 50 * MEBIBYTE
    assert left == ()


def hundred_and_thousand(place: Path) -> tuple[scale.ClassRun, scale.ClassRun, tuple[str, ...]]:
    """Grade the first hundred of a class, then the others; return what is left behind too."""
    plan = replace(compile_plan(ASSIGNMENT), cache=place / "training")
    notebooks = a_thousand()
    tempfile.tempdir = str(place)  # so that nobody else's files are there
    with start_engine(plan, workers=WORKERS) as engine:
        scale.grade_notebooks(plan, notebooks[: classes.round_size(ASSIGNMENT)], place / "trained", engine)
    before = remains.snapshot(os.getpid())
    with start_engine(plan, workers=WORKERS) as engine:
        early, graded = (
            scale.grade_notebooks(plan, notebooks[:n], place / "run", engine) for n in (100, 1_000)
        )
    return early, graded, remains.new_since(before, os.getpid())


def a_thousand() -> list[bytes]:
    return classes.mixed_class(ASSIGNMENT, compile_plan(ASSIGNMENT).source, 1_000)


def points_of_equals(results: Sequence[Result], notebooks: Sequence[bytes]) -> list[set[float]]:
    """Return the points of equal submissions, where they are not equal."""
    by_bytes: dict[bytes, set[float]] = defaultdict(set)
    for result, data in zip(results, notebooks, strict=True):
        by_bytes[data].add(result.earned)
    return [points for points in by_bytes.values() if len(points) > 1]


def test_the_mixed_class_is_the_same_each_time_and_any_stretch_of_it_is_mixed() -> None:
    plan = compile_plan(ASSIGNMENT)
    count = 2 * classes.round_size(ASSIGNMENT)
    notebooks = classes.mixed_class(ASSIGNMENT, plan.source, count)
    assert notebooks == classes.mixed_class(ASSIGNMENT, plan.source, count)
    assert len(set(notebooks)) == classes.max_distinct_notebooks(ASSIGNMENT)
    request = [next(iter(wrong)) for wrong, _ in classes.answers(ASSIGNMENT)[1:]]
    half, full = Counter(request[: len(request) // 2]), Counter(request)
    assert all(abs(half[question] - full[question] / 2) <= 1 for question in full)
