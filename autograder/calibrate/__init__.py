"""``course calibrate``: train right and wrong answers over seeds, put a bar between them.

A lab says in ``source/<lab>/measure.py`` what to run. Every score is kept in
``calibration/<lab>.json`` as it comes, so a run that was stopped goes on where it was.
"""

from pathlib import Path

from rich.console import Console

from autograder.calibrate.experiments import Experiment, experiments_of
from autograder.calibrate.page import document
from autograder.calibrate.scores import measure
from autograder.course import Assignment

__all__ = ["Experiment", "calibrate"]


def calibrate(assignment: Assignment, seeds: int, console: Console) -> Path:
    """Measure the bars of an assignment, write and document them; return the page's path.

    Raises:
        StaffError: it has no ``measure.py``, or the page has no place for the tables.
    """
    experiments = experiments_of(assignment)
    return document(assignment, experiments, measure(assignment, experiments, seeds, console))
