"""Measure whether Keras variables that are initialized late make grading faster.

    .venv/bin/python -m tools.measure_lazy_variables [TURNS]

Grades one notebook per known answer of the lab with one worker, in turns with and without
``engine.lazy_variables``, and prints seconds and their ratio. Verdicts are not reused between turns, but
trainings are: a turn that is not counted fills their cache. The replacement of private members of Keras
stays if grading without it takes at least 1.3 times as long. Run it on an otherwise idle machine.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from autograder.build.compile import prepare
from autograder.course import load_course
from autograder.engine.plan import GradingPlan, grading_plan
from autograder.engine.run import grade_notebooks
from tools.benchmark import classes

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT = "lab_4_4_rnn"
DEFAULT_TURNS = 3
MIN_SPEEDUP = 1.3

WITHOUT = """
import sys, types

module = types.ModuleType("autograder.engine.lazy_variables")
module.install = lambda: None
sys.modules[module.__name__] = module
"""
"""A ``sitecustomize`` that Python runs when a zygote starts: it puts an empty module in the place."""


def measure_s(plan: GradingPlan, notebooks: dict[str, bytes], console: Console) -> float:
    """Return the seconds that one worker takes for the notebooks, its start included."""
    start_s = time.monotonic()
    results = grade_notebooks(plan, notebooks, console, workers=1)
    elapsed_s = time.monotonic() - start_s
    ungraded = [name for name, result in results.items() if result.ungraded_checks]
    if ungraded:
        raise SystemExit(f"not fully graded because of a grader error: {', '.join(ungraded)}")
    return elapsed_s


def main(turns: int) -> None:
    """Measure in turns and print a line for each, then the medians."""
    console = Console()
    assignment = load_course(ROOT).assignment(ASSIGNMENT)
    prepared = prepare(assignment)
    plan = grading_plan(assignment, prepared.source, prepared.files)
    count = classes.round_size(assignment)
    notebooks: dict[str, bytes] = {}
    for number, data in enumerate(classes.mixed_class(assignment, prepared.source, count)):
        notebooks[f"answer-{number:03}"] = data
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sitecustomize.py").write_text(WITHOUT)
        eager_plan = replace(plan, environment={**plan.environment, "PYTHONPATH": folder})
        measure_s(plan, notebooks, console)
        lazy: list[float] = []
        eager: list[float] = []
        for turn in range(turns):
            lazy.append(measure_s(plan, notebooks, console))
            eager.append(measure_s(eager_plan, notebooks, console))
            console.print(f"turn {turn + 1}: with {lazy[-1]:.1f} s, without {eager[-1]:.1f} s")
    speedup = statistics.median(eager) / statistics.median(lazy)
    verdict = "keep it" if speedup >= MIN_SPEEDUP else "remove it"
    console.print(f"{len(notebooks)} notebooks: {speedup:.2f} times as fast with it; {verdict}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_TURNS)
