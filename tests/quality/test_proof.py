"""A build is proven: the solution gets all points, the release none, and each check can fail."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from autograder.build.compile import MANIFEST_NAME, build, prepare, stored_proof
from autograder.course import IsolationPolicy, load_course
from autograder.errors import AuthorError
from autograder.limits import Limits
from autograder.quality.proof import prove
from tests.build.conftest import cell, copy_course, edit_notebook

pytestmark = pytest.mark.slow


def build_proven(root: Path) -> str:
    course = load_course(root)
    console = Console(quiet=True)
    report = build(
        course,
        course.assignment("tiny"),
        prove=lambda prepared, release: prove(prepared, release, console),
    )
    return report.proof


def replaced(name: str, old: str, new: str) -> Callable[[dict], None]:
    def change(raw: dict) -> None:
        edited = cell(raw, name)
        assert old in edited["source"]
        edited["source"] = edited["source"].replace(old, new)

    return change


def test_the_manifest_says_what_was_proven_and_a_second_build_need_not_prove_it(tmp_path: Path) -> None:
    root = copy_course(tmp_path / "course")
    proof = "solution 14 of 14, blank 0 of 14"
    assert build_proven(root) == proof
    manifest = root / "release" / "tiny" / MANIFEST_NAME
    assert json.loads(manifest.read_bytes())["proof"] == proof
    course = load_course(root)

    def refuse(*_: object) -> str:
        raise AssertionError("nothing changed, so nothing is to be proven")

    assert build(course, course.assignment("tiny"), prove=refuse).proof == proof
    assert build(course, course.assignment("tiny"), check=True).proof == proof
    edit_notebook(root, replaced("end", "That is all.", "That is all, thank you."))
    assert build(course, course.assignment("tiny")).proof == ""


def test_settings_on_which_marks_depend_make_a_proof_old_and_others_do_not(tmp_path: Path) -> None:
    root = copy_course(tmp_path / "course")
    build_proven(root)
    assignment = load_course(root).assignment("tiny")
    stricter = replace(assignment.grading, isolation=IsolationPolicy.FULL)
    shorter = replace(assignment.grading, limits=Limits(cell_s=1))
    proofs = []
    for changed in (
        replace(assignment, title="Another title", grading=stricter),
        replace(assignment, grading=shorter),
        replace(assignment, environment={"TINY_DATA": "small"}),
    ):
        proofs.append(stored_proof(prepare(changed)))
    assert proofs == ["solution 14 of 14, blank 0 of 14", "", ""]


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        (
            "q1-hidden-values",
            "wanted = [49.0, 57.5]",
            "wanted = [49.0, 58.5]",
            "id q1-hidden-values: found a check that the solution does not pass (failed: ",
        ),
        (
            "q1-answer",
            "return (totals[width:] - totals[:-width]) / width",
            "return iter((totals[width:] - totals[:-width]) / width)",
            "moving_average returns a value that no check can read: found an object of type iterator",
        ),
        (
            "q2-hidden-spread",
            "checks.close(checks.call(spread, alone), 1.0)",
            "checks.close(alone, alone)",
            "id q2-hidden-spread: found a check that the release passes before anything is answered",
        ),
        (
            "q2-hidden-spread",
            "checks.close(checks.call(spread, alone), 1.0)",
            "checks.call(spread, alone)",
            "passes for answers that return the first argument, zeros, values off by one; compare",
        ),
    ],
    ids=["wrong-check", "no-data", "no-call", "no-comparison"],
)
def test_a_build_without_proof_changes_nothing_and_names_the_check(
    tmp_path: Path, name: str, old: str, new: str, expected: str
) -> None:
    root = copy_course(tmp_path / "course")
    edit_notebook(root, replaced(name, old, new))
    with pytest.raises(AuthorError) as error:
        build_proven(root)
    assert expected in str(error.value)
    assert not (root / "release").exists()
