"""The lab's zip in Gradescope's layout: within two gigabytes and ten minutes, whatever is handed in."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

import pytest

from autograder import known_answers
from autograder.course import load_course
from autograder.platforms.gradescope import make_bundle
from autograder.quality.sample import answers_with, fill_answers, read_release, sample_class
from tests.support.gradescope_container import BundleRun, Container, container
from tests.support.plans import compile_plan

pytestmark = pytest.mark.bundles

ROOT = Path(__file__).parents[2]
LAB = load_course(ROOT).assignment("lab_4_4_rnn")
NAMES = ("solution", "blank", "wrong", "crash", "hang")
NEEDS_TRAINING = "q6_recurrent_dropout"
"""A wrong answer whose networks are no solution's, so that they are trained in the container."""

TWO_GIGABYTES = 2 * 10**9


@pytest.fixture(scope="module")
def bundle() -> bytes:
    """What ``course bundle gradescope`` wrote; ``make bundles`` runs it first."""
    return LAB.bundle("gradescope").read_bytes()


@pytest.fixture(scope="module")
def harness(bundle: bytes) -> Iterator[Container]:
    with container(bundle) as item:
        yield item


@pytest.fixture(scope="module")
def submitted() -> dict[str, bytes]:
    source = compile_plan(LAB).source
    actual = {name.removesuffix(".ipynb"): data for name, data in sample_class(LAB, source)}
    wrong = next(answer for answer in known_answers.load(LAB) if answer.name == NEEDS_TRAINING)
    answers = answers_with(source, {wrong.question: wrong.code})
    return {**actual, "wrong": fill_answers(read_release(LAB, "otter"), answers)}


@pytest.fixture(scope="module")
def graded(harness: Container, submitted: Mapping[str, bytes]) -> dict[str, BundleRun]:
    """Each submission graded, and what it took, printed for ``docs/gradescope.md``."""
    ran = {}
    before = trainings(harness)
    for name in NAMES:
        ran[name] = harness.run({"lab_4_4_rnn.ipynb": submitted[name]})
        print(
            f"{name}: {ran[name].log.splitlines()[0]}, "
            f"{ran[name].peak_bytes / 1e6:.0f} MB, {len(trainings(harness) - before)} trained"
        )
        if name in ("solution", "blank"):
            assert trainings(harness) == before
    return ran


def trainings(harness: Container) -> set[str]:
    return {path.name for path in (harness.root / "source/var/training").glob("*.entry")}


def points(ran: BundleRun) -> float:
    return float(ran.results["score"])


def test_each_submission_gets_what_it_deserves(graded: Mapping[str, BundleRun]) -> None:
    assert (points(graded["solution"]), points(graded["blank"])) == (100, 0)
    assert 80 < points(graded["wrong"]) < 100
    assert points(graded["crash"]) == points(graded["hang"]) == 94


@pytest.mark.parametrize("name", NAMES)
def test_two_gigabytes_are_enough(graded: Mapping[str, BundleRun], name: str) -> None:
    assert graded[name].peak_bytes < TWO_GIGABYTES


def test_the_bundle_is_of_this_source_and_brings_trainings(bundle: bytes) -> None:
    with zipfile.ZipFile(BytesIO(bundle)) as archive:
        names = archive.namelist()
        entries = {name: archive.read(name) for name in names if name.startswith("var/training/")}
    assert entries
    assert make_bundle(LAB, {Path(name).name: data for name, data in entries.items()}, minutes=10) == bundle


def test_a_hidden_check_is_shown_when_grades_are_published_and_tells_no_value(
    graded: Mapping[str, BundleRun],
) -> None:
    for ran in graded.values():
        assert {test["visibility"] for test in ran.results["tests"]} == {"visible", "after_published"}
        assert "EXPECTED" not in json.dumps(ran.results)
