"""Whatever is killed in a run, each submission has one result in the end, and the right one."""

import shutil
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import pytest

from autograder import misconceptions, sample
from autograder.course import Assignment, load_course
from autograder.grade.recipe import Recipe
from tests.grade import chaos
from tests.grade.chaos import PARENT, ROOT, Storm
from tests.grade.conftest import TINY, submission
from tests.grade.test_session import AVERAGE

TINY_ANSWERS = (
    {},
    {"q1-answer": AVERAGE.replace("valid", "same")},
    {"q1-answer": "def moving_average(values, width=width):\n    ..."},
    {"q1-answer": AVERAGE.replace("return", "import os; os._exit(0)\n    return")},
)


def test_a_small_class_survives_a_kill_of_each_kind(tiny_recipe: Recipe, tmp_path: Path) -> None:
    course = Path(shutil.copytree(TINY, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__")))
    handed_in = tmp_path / "class"
    handed_in.mkdir()
    for number, answers in enumerate(islice(cycle(TINY_ANSWERS), 16)):
        (handed_in / f"s{number:02}.ipynb").write_bytes(submission(tiny_recipe, answers, {}))
    students = sorted(path.stem for path in handed_in.iterdir())
    chaos.undisturbed(course, handed_in, "--out", course / "calm")
    out = course / "storm"
    storm = Storm(kills=6, victims=("zygote", "grader", PARENT), seed=4, most_wait_s=1.0)
    killed = chaos.disturbed(storm, course, handed_in, "--out", out, "--workers", "2", makes=[out])
    assert killed == dict.fromkeys(storm.victims, 2)
    assert chaos.results(out, students) == chaos.results(course / "calm", students)


@pytest.mark.chaos
def test_a_hundred_of_the_lab_survive_thirty_kills(tmp_path: Path) -> None:
    assignment = load_course(ROOT).assignment("lab_4_4_rnn")
    handed_in = tmp_path / "class"
    handed_in.mkdir()
    for number, data in enumerate(islice(cycle(list(_lab(assignment))), 100)):
        (handed_in / f"s{number:03}.ipynb").write_bytes(data)
    students = sorted(path.stem for path in handed_in.iterdir())
    out, cache = tmp_path / "storm", tmp_path / "cache"
    storm = Storm(kills=30, victims=(PARENT, "zygote", "grader", "trainer"), seed=30, most_wait_s=5.0)
    killed = chaos.disturbed(storm, ROOT, handed_in, "--out", out, "--cache", cache, makes=[out, cache])
    print(dict(killed))
    assert killed.total() == storm.kills
    assert min(killed[kind] for kind in storm.victims) >= 7
    chaos.undisturbed(ROOT, handed_in, "--out", tmp_path / "calm", "--cache", tmp_path / "other")
    assert chaos.results(out, students) == chaos.results(tmp_path / "calm", students)


def _lab(assignment: Assignment) -> Iterator[bytes]:
    """Yield the solution, two other right answers and seven wrong ones."""
    from autograder.recipes import recipe_of

    source = recipe_of(assignment).source
    release = sample.released(assignment, "otter")
    known = misconceptions.load(assignment)
    right, wrong = [one for one in known if one.right], [one for one in known if not one.right]
    yield sample.answered(release, sample.solved(source))
    for one in (*right[:: len(right) // 2][:2], *wrong[:: len(wrong) // 7][:7]):
        yield sample.answered(release, sample.answering(source, {one.question: one.code}))
