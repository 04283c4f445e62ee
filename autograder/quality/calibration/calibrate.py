"""``course calibrate``: train right and wrong answers over seeds, put a bar between them.

A lab says in ``source/<lab>/measure.py`` what to run. Every score is kept in
``calibration/<lab>.json`` as it comes, so a run that was stopped goes on where it was.
"""

from pathlib import Path

from rich.console import Console

from autograder.course import Assignment
from autograder.quality.calibration.calibration_page import write_page
from autograder.quality.calibration.experiments import Experiment, load_experiments
from autograder.quality.calibration.scores import measure

__all__ = ["Experiment", "calibrate"]


def calibrate(assignment: Assignment, seeds: int, console: Console) -> Path:
    """Measure the bars of an assignment, write and document them; return the page's path.

    Raises:
        StaffError: it has no ``measure.py``, or the page has no place for the tables.
    """
    experiments = load_experiments(assignment)
    return write_page(assignment, experiments, measure(assignment, experiments, seeds, console))
