"""``course validate`` for an assignment that has neither known answers nor anything else optional."""

import io
import json
from collections.abc import Iterator

import pytest
from rich.console import Console

from autograder.build.compile import build
from autograder.commands.new_assignment import new_assignment
from autograder.course import Assignment, Course, load_course
from autograder.errors import StaffError
from autograder.quality.validate import validate
from tests.support.grading import numpy_zygotes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bare_course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Course, Assignment]]:
    """A new lab, built, of which nothing is left but the notebook, as an old Jupyter saves it."""
    root = tmp_path_factory.mktemp("course")
    notebook, _ = new_assignment(root, "lab_5_1", keras=False)
    raw = json.loads(notebook.read_bytes())
    for cell in raw["cells"]:
        del cell["id"]
    notebook.write_text(json.dumps(raw | {"nbformat_minor": 4}))
    for path in sorted(notebook.parent.rglob("*.py")):
        path.unlink()
    course = load_course(root)
    assignment = course.assignment("lab_5_1")
    assert build(course, assignment).executed
    with numpy_zygotes():
        yield course, assignment


def test_it_succeeds_with_a_remark(bare_course: tuple[Course, Assignment]) -> None:
    output = io.StringIO()
    console = Console(file=output, width=300)
    assert validate(*bare_course, console, workers=1) == 0
    assert "source/lab_5_1/known_answers/: no known answers" in output.getvalue()
    assert "0 unexpected verdicts, 0 redundant checks" in output.getvalue()


def test_a_question_that_does_not_exist_is_named(bare_course: tuple[Course, Assignment]) -> None:
    with pytest.raises(StaffError, match="--question: no question 'q3'"):
        validate(*bare_course, Console(file=io.StringIO()), workers=1, question="q3")


def test_the_ids_that_the_build_chose_are_in_the_manifest_and_their_change_is_a_remark(
    bare_course: tuple[Course, Assignment],
) -> None:
    course, assignment = bare_course
    manifest = json.loads((assignment.root / "release" / "lab_5_1" / "MANIFEST.json").read_bytes())
    assert {"setup", "q1", "q1-answer", "q1-example", "q1-classes"} <= set(manifest["assigned_ids"])
    before = assignment.notebook.read_text()
    assignment.notebook.write_text(before.replace("check_classes", "check_columns"))
    try:
        report = build(course, assignment)
    finally:
        assignment.notebook.write_text(before)
    remarks = [remark for remark in report.remarks if "no longer exist" in remark]
    assert [remark.partition("exist: ")[2] for remark in remarks] == [
        "q1-classes; new ids: q1-columns; submissions made from that release are matched by their content"
    ]
