"""Grading plans straight from an assignment."""

from autograder.build.compile import prepare
from autograder.course import Assignment
from autograder.engine.plan import GradingPlan, grading_plan


def compile_plan(assignment: Assignment, dataset: str = "") -> GradingPlan:
    """Compile an assignment and return its plan."""
    prepared = prepare(assignment)
    return grading_plan(assignment, prepared.source, prepared.files, dataset)
