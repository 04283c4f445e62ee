"""Whatever is killed in a run, each submission has one result in the end, and the right one."""

import shutil
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import pytest

from autograder import known_answers
from autograder.course import Assignment, load_course
from autograder.engine.plan import GradingPlan
from autograder.quality import sample
from tests.engine.test_session import AVERAGE
from tests.support import chaos
from tests.support.chaos import PARENT, ROOT, KillPlan
from tests.support.grading import TINY_COURSE, make_submission

TINY_ANSWERS = (
    {},
    {"q1-answer": AVERAGE.replace("valid", "same")},
    {"q1-answer": "def moving_average(values, width=width):\n    ..."},
    {"q1-answer": AVERAGE.replace("return", "import os; os._exit(0)\n    return")},
)


@pytest.mark.slow
def test_a_small_class_survives_a_kill_of_each_kind(tiny_plan: GradingPlan, tmp_path: Path) -> None:
    course = Path(
        shutil.copytree(TINY_COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    )
    submitted = tmp_path / "class"
    submitted.mkdir()
    for number, answers in enumerate(islice(cycle(TINY_ANSWERS), 16)):
        (submitted / f"s{number:02}.ipynb").write_bytes(make_submission(tiny_plan, answers, {}))
    students = sorted(path.stem for path in submitted.iterdir())
    chaos.grade_uninterrupted(course, submitted, "--out", course / "calm")
    out = course / "storm"
    storm = KillPlan(kills=6, victims=("zygote", "grader", PARENT), seed=4, max_wait_s=1.0)
    killed = chaos.grade_with_kills(storm, course, submitted, "--out", out, "--workers", "2", outputs=[out])
    assert killed == dict.fromkeys(storm.victims, 2)
    assert chaos.checked_results(out, students) == chaos.checked_results(course / "calm", students)


@pytest.mark.chaos
def test_a_hundred_of_the_lab_survive_thirty_kills(tmp_path: Path) -> None:
    assignment = load_course(ROOT).assignment("lab_4_4_rnn")
    submitted = tmp_path / "class"
    submitted.mkdir()
    for number, data in enumerate(islice(cycle(list(_lab(assignment))), 100)):
        (submitted / f"s{number:03}.ipynb").write_bytes(data)
    students = sorted(path.stem for path in submitted.iterdir())
    out, cache = tmp_path / "storm", tmp_path / "cache"
    storm = KillPlan(kills=30, victims=(PARENT, "zygote", "grader", "trainer"), seed=30, max_wait_s=5.0)
    killed = chaos.grade_with_kills(
        storm, ROOT, submitted, "--out", out, "--cache", cache, outputs=[out, cache]
    )
    print(dict(killed))
    assert killed.total() == storm.kills
    assert min(killed[kind] for kind in storm.victims) >= 7
    chaos.grade_uninterrupted(ROOT, submitted, "--out", tmp_path / "calm", "--cache", tmp_path / "other")
    assert chaos.checked_results(out, students) == chaos.checked_results(tmp_path / "calm", students)


def _lab(assignment: Assignment) -> Iterator[bytes]:
    """Yield the solution, two other right answers and seven wrong ones."""
    from tests.support.plans import compile_plan

    source = compile_plan(assignment).source
    release = sample.read_release(assignment, "otter")
    expected = known_answers.load(assignment)
    right, wrong = (
        [item for item in expected if item.is_right],
        [item for item in expected if item.has_misconception],
    )
    yield sample.fill_answers(release, sample.solution_answers(source))
    for item in (*right[:: len(right) // 2][:2], *wrong[:: len(wrong) // 7][:7]):
        yield sample.fill_answers(release, sample.answers_with(source, {item.question: item.code}))
