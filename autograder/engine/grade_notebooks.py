"""Grade notebooks that are in memory: no run folder, no journal."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from autograder.engine.plan import GradingPlan
from autograder.engine.progress import show_progress
from autograder.engine.results import Result
from autograder.engine.run import start_engine
from autograder.submission.discover import find_submissions


def grade_notebooks(
    plan: GradingPlan, notebooks: Mapping[str, bytes], console: Console, *, workers: int
) -> dict[str, Result]:
    """Grade notebooks and return the results by the notebooks' names.

    Raises:
        StaffError: no worker can be started.
    """
    results: dict[str, Result] = {}
    with (
        tempfile.TemporaryDirectory(prefix="class-") as name,
        show_progress(console, f"Grading {plan.assignment.name}") as progress,
    ):
        for student, data in notebooks.items():
            Path(name, f"{student}.ipynb").write_bytes(data)
        submissions = find_submissions([Path(name)], plan.assignment)
        progress.on_start(0, [submission.student for submission in submissions], ())

        def store_result(result: Result) -> None:
            results[result.student] = result
            progress.on_graded(result)

        with start_engine(plan, workers=workers) as engine:
            engine.grade(submissions, store_result)
    return results
