"""The tiny assignment, a class that hands it in, and what this machine alone makes of it."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result
from autograder.limits import Limits
from autograder.submission import discover
from autograder.submission.discover import StudentSubmission
from tests.engine.test_session import AVERAGE
from tests.support.dask_cluster import DaskCluster, start_cluster
from tests.support.grading import TINY_COURSE, make_submission, start_numpy_engine
from tests.support.plans import compile_plan

CRASHING_STUDENT = "kim"
"""Whose submission ends every worker that grades it."""

CRASHING_WORKER_PRELOAD = f"""
import os
from autograder.platforms.cluster import dask_worker

def crash_or_grade(submission, data, worker, grade=dask_worker.grade_with_retries):
    if submission.student == {CRASHING_STUDENT!r}:
        os._exit(1)
    return grade(submission, data, worker)

dask_worker.grade_with_retries = crash_or_grade
"""
OLD_VERSION_PRELOAD = """
from autograder.platforms.cluster import payload

payload.versions = lambda versions=payload.versions: {**versions(), "tensorflow": "2.20.0"}
"""
CLASS_ANSWERS = {
    "ana": {},
    "ben": {"q1-answer": AVERAGE.replace("valid", "same")},
    "cem": {"q1-answer": "def moving_average(values, width=width):\n    ..."},
    "eva": {"q1-answer": AVERAGE.replace("return", "raise ValueError\n    return")},
    "ida": {"q2-answer": "import os\nos._exit(3)"},
    "lea": {"q1-answer": AVERAGE},
}


@pytest.fixture(scope="package")
def cluster_plan(tmp_path_factory: pytest.TempPathFactory) -> GradingPlan:
    """The tiny assignment in a course of its own."""
    ignored = shutil.ignore_patterns("__pycache__")
    root = Path(shutil.copytree(TINY_COURSE, tmp_path_factory.mktemp("course") / "tiny", ignore=ignored))
    plan = compile_plan(load_course(root).assignment("tiny"))
    return replace(plan, limits=Limits(total_s=90.0, memory_bytes=1_500 * 2**20))


@pytest.fixture(scope="package")
def submission_folder(cluster_plan: GradingPlan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small class: right, wrong, blank, crashing, damaged."""
    folder = tmp_path_factory.mktemp("handed_in")
    for student, answers in CLASS_ANSWERS.items():
        (folder / f"{student}.ipynb").write_bytes(make_submission(cluster_plan, answers, {}))
    (folder / "zoe.ipynb").write_bytes(b"{")
    return folder


@pytest.fixture(scope="package")
def local_results(cluster_plan: GradingPlan, submission_folder: Path) -> dict[str, Result]:
    """What this machine alone makes of the class, by student."""
    results: dict[str, Result] = {}
    with start_numpy_engine(cluster_plan, workers=2) as engine:
        engine.grade(
            find_submissions(submission_folder, cluster_plan),
            lambda item: collect_result(results, item),
        )
    return results


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """A scheduler and two workers, which end where they grade the killer."""
    with start_cluster(tmp_path_factory.mktemp("site")) as running:
        running.start_worker(CRASHING_WORKER_PRELOAD)
        running.start_worker(CRASHING_WORKER_PRELOAD)
        yield running


def collect_result(results: dict[str, Result], result: Result) -> None:
    """Keep a result that nobody had before, times and memory aside."""
    assert result.student not in results
    checks = tuple(replace(check, wall_s=0.0, peak_bytes=0) for check in result.checks)
    results[result.student] = replace(result, checks=checks, wall_s=0.0, peak_bytes=0)


def find_submissions(folder: Path, plan: GradingPlan) -> Sequence[StudentSubmission]:
    return discover.find_submissions([folder], plan.assignment)
