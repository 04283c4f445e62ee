"""A lab about tables: answers take and return frames of pandas, in our grader and in the other two."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from autograder.course import load_course
from autograder.engine.run import Engine
from autograder.files import digest
from autograder.quality import compare
from autograder.quality.sample import fill_answers, read_release, solution_answers
from tests.build.conftest import BuiltCourse, build_course
from tests.support.grading import grade_bytes, outcomes, points, start_numpy_engine
from tests.support.plans import compile_plan

FRAMES_COURSE = Path(__file__).parents[1] / "frames_assignment"

INDEXED = """
def total_by_city(sales):
    by_city = sales.groupby("city")
    return pd.DataFrame({"sales": by_city.size(), "total": by_city["amount"].sum()})
"""
BY_HAND = """
def total_by_city(sales):
    rows = []
    for city in reversed(sales["city"].unique()):
        amounts = sales.loc[sales["city"] == city, "amount"]
        rows.append({"city": city, "total": amounts.fillna(0).sum(), "sales": float(len(amounts))})
    return pd.DataFrame(rows).convert_dtypes()
"""
COUNTS_AMOUNTS = """
def total_by_city(sales):
    return sales.groupby("city").agg(total=("amount", "sum"), sales=("amount", "count"))
"""
IN_PLACE = """
def total_by_city(sales):
    sales["amount"] = sales["amount"].fillna(0)
    return sales.groupby("city", as_index=False).agg(total=("amount", "sum"), sales=("city", "size"))
"""
ONE_COLUMN = """
def total_by_city(sales):
    return sales.groupby("city")["amount"].sum()
"""
NOT_GROUPED = """
def total_by_city(sales):
    return sales.groupby("city")
"""
BLANK = """
def total_by_city(sales):
    ...
"""
BY_PERIOD = """
def mean_by_month(sales):
    by_month = sales.groupby(sales["day"].dt.to_period("M"))["amount"].mean()
    return by_month.rename(index=lambda month: month.to_timestamp()).asfreq("MS")
"""
END_OF_MONTH = """
def mean_by_month(sales):
    return sales.set_index("day")["amount"].resample("ME").mean()
"""
MONTH_NUMBERS = """
def mean_by_month(sales):
    return sales.groupby(sales["day"].dt.month)["amount"].mean()
"""

ANSWERS = {
    "solution": ({}, {"q1": 6, "q2": 4}),
    "indexed": ({"q1-answer": INDEXED}, {"q1": 6, "q2": 4}),
    "by_hand": ({"q1-answer": BY_HAND}, {"q1": 6, "q2": 4}),
    "counts_amounts": ({"q1-answer": COUNTS_AMOUNTS}, {"q1": 1, "q2": 4}),
    "in_place": ({"q1-answer": IN_PLACE}, {"q1": 5, "q2": 4}),
    "one_column": ({"q1-answer": ONE_COLUMN}, {"q1": 1, "q2": 4}),
    "not_grouped": ({"q1-answer": NOT_GROUPED}, {"q1": 1, "q2": 4}),
    "blank": ({"q1-answer": BLANK}, {"q1": 0, "q2": 4}),
    "by_period": ({"q2-answer": BY_PERIOD}, {"q1": 6, "q2": 4}),
    "end_of_month": ({"q2-answer": END_OF_MONTH}, {"q1": 6, "q2": 0}),
    "month_numbers": ({"q2-answer": MONTH_NUMBERS}, {"q1": 6, "q2": 0}),
}
"""Answers by name, and the points that they must get."""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> BuiltCourse:
    ignored = shutil.ignore_patterns("__pycache__")
    root = tmp_path_factory.mktemp("frames") / "course"
    return build_course(Path(shutil.copytree(FRAMES_COURSE, root, ignore=ignored)), "sales")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with start_numpy_engine(compile_plan(load_course(FRAMES_COURSE).assignment("sales"))) as running:
        yield running


def submission(course: BuiltCourse, flavor: str, name: str) -> bytes:
    answers = {**solution_answers(course.prepared.source), **ANSWERS[name][0]}
    return fill_answers(read_release(course.assignment, flavor), answers)


def test_we_give_answers_with_frames_their_points(
    course: BuiltCourse, engine: Engine, tmp_path: Path
) -> None:
    for name, (_, deserved) in ANSWERS.items():
        result = grade_bytes(engine, submission(course, "otter", name), tmp_path)
        assert points(result) == deserved, name
        if name == "not_grouped":
            found = outcomes(result)
            assert (found["q1-small"], found["q1-hidden"]) == ("review", "review")
    assert result.provenance.versions["pandas"] == pd.__version__


def test_a_release_needs_pandas_if_its_notebook_imports_it(course: BuiltCourse) -> None:
    for flavor in ("otter", "nbgrader"):
        lines = (course.release / flavor / "requirements.txt").read_text().splitlines()
        assert any(line.startswith("pandas") for line in lines)
    assert "import pandas as pd" in (course.release / "otter" / "tests" / "q1.py").read_text()


@pytest.mark.peers
@pytest.mark.parametrize("name", ANSWERS)
def test_otter_and_nbgrader_give_the_same(course: BuiltCourse, name: str, tmp_path: Path) -> None:
    deserved = ANSWERS[name][1]
    notebook = submission(course, "otter", name)
    assert compare.otter_points(course.root, "sales", notebook, tmp_path) == deserved
    notebook = submission(course, "nbgrader", name)
    student = f"{name}-{digest({'notebook': notebook})[:6]}"
    assert compare.nbgrader_points(course.root, "sales", notebook, student) == deserved
