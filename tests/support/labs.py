"""Labs in ``tests/labs/``: a folder is a course with one lab of its name and the lab's known answers."""

import shutil
from pathlib import Path

from autograder import known_answers
from autograder.course import load_course
from autograder.engine.plan import GradingPlan
from autograder.engine.run import Engine
from autograder.quality.sample import SOLUTION, answers_with, fill_answers, read_release
from tests.build.conftest import BuiltCourse, build_course
from tests.support.grading import grade_bytes, outcomes
from tests.support.plans import compile_plan

LABS = Path(__file__).parents[1] / "labs"
FLAVORS = ("otter", "nbgrader")


def build_lab(name: str, folder: Path) -> BuiltCourse:
    """Build a lab in a copy of its course."""
    ignored = shutil.ignore_patterns("__pycache__")
    return build_course(Path(shutil.copytree(LABS / name, folder / "course", ignore=ignored)), name)


def lab_plan(name: str) -> GradingPlan:
    return compile_plan(load_course(LABS / name).assignment(name))


def submission(course: BuiltCourse, flavor: str, *answers: str) -> bytes:
    """Fill a release with known answers, and with the solution's to all other questions.

    Args:
        course: a built lab.
        flavor: of the release.
        answers: names of known answers; ``SOLUTION`` adds none.
    """
    known = {answer.name: answer for answer in known_answers.load(course.assignment)}
    code = {known[name].question: known[name].code for name in answers if name != SOLUTION}
    return fill_answers(read_release(course.assignment, flavor), answers_with(course.prepared.source, code))


def failing_checks(course: BuiltCourse, engine: Engine, answer: str, folder: Path) -> set[str]:
    """Return the ids of the checks that do not pass if a known answer is submitted."""
    result = grade_bytes(engine, submission(course, "otter", answer), folder)
    return {check for check, outcome in outcomes(result).items() if outcome != "passed"}
