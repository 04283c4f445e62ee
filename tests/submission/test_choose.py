"""Which of one person's files counts."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from autograder.course import Assignment, load_course
from autograder.notebook import TEXT_STUB, CellType
from autograder.submission.arrivals import Label
from autograder.submission.discover import take_in
from autograder.submission.match import load_source, released
from autograder.submission.peek import peek
from tests.submission.conftest import LAB, ROOT, SolvedAssignment, answered, cell
from tests.submission.test_find import written

RELEASED = (ROOT / "release" / LAB / "otter" / f"{LAB}.ipynb").read_bytes()
FOREIGN = b'{"cells": [{"cell_type": "markdown", "metadata": {}, "source": "# Lab 9: Trees"}], "nbformat": 4}'
OTTER = (
    b'{"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "source": "grader.check(\\"q1\\")"}],'
    b' "metadata": {"course": {"assignment": "lab_9"}}, "nbformat": 4}'
)


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return load_course(ROOT).assignment(LAB)


@pytest.mark.parametrize(
    ("names", "best"),
    [
        ([f"{LAB}.ipynb", f"{LAB}-Copy1.ipynb", f"{LAB}-Copy2.ipynb"], f"{LAB}-Copy2.ipynb"),
        ([f"{LAB}.ipynb", f"{LAB}_v2.ipynb", f"{LAB}_v10.ipynb"], f"{LAB}_v10.ipynb"),
        ([f"{LAB}.ipynb", f"{LAB}__20270129201011.ipynb", f"{LAB}_v3.ipynb"], f"{LAB}__20270129201011.ipynb"),
        ([f"2027-01-28 {LAB}.ipynb", f"2027-01-29 {LAB}.ipynb"], f"2027-01-29 {LAB}.ipynb"),
        ([f"{LAB}.ipynb", f"{LAB} (1).ipynb"], f"{LAB}.ipynb"),
        ([f"{LAB}.ipynb", f"{LAB}_1234567.ipynb"], f"{LAB}.ipynb"),
        ([f"{LAB}.ipynb", f"{LAB}_old.ipynb"], f"{LAB}.ipynb"),
        ([f"{LAB}.ipynb", "my own.ipynb"], f"{LAB}.ipynb"),
    ],
)
def test_of_answered_files_a_later_mark_counts_and_staff_read_it(
    tmp_path: Path, assignment: Assignment, names: list[str], best: str
) -> None:
    files = {f"ada/{name}": answered(number) for number, name in enumerate(names)}
    ada, _ = take_in([written(tmp_path, {**files, "ben/lab.ipynb": answered(9)})], assignment).submissions
    assert ada.entry.name == best
    assert "was graded; other files have different answers" in ada.flags[0]


@pytest.mark.parametrize(
    "blank",
    [f"{LAB}.ipynb", f"{LAB}_v9.ipynb", f"{LAB} (1).ipynb", f"{LAB}__20290129201011.ipynb", "final.ipynb"],
)
def test_a_blank_copy_never_goes_before_an_answered_file(
    tmp_path: Path, assignment: Assignment, blank: str
) -> None:
    files = {f"ada/{blank}": RELEASED, "ada/my own.ipynb": answered(1), "ben/lab.ipynb": answered(9)}
    intake = take_in([written(tmp_path, files)], assignment)
    ada = intake.submissions[0]
    assert (ada.entry.name, ada.flags) == ("my own.ipynb", ())
    assert "contains no answers" in ada.repairs[0]
    assert {file.path: file.label for file in intake.files}[f"ada/{blank}"] is Label.EARLIER


def test_of_files_that_nothing_else_tells_apart_the_later_counts_packed_or_not(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {"ada/a.ipynb": answered(1), "ada/b.ipynb": answered(2), "ben/lab.ipynb": answered(9)}
    folder = written(tmp_path / "class", files)
    for name, second in (("a", 40), ("b", 0)):
        noon = time.mktime((2027, 1, 29, 12, 0, second, 0, 0, -1))
        os.utime(folder / "ada" / f"{name}.ipynb", (noon, noon))
    shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
    for path in (folder, tmp_path / "packed.zip"):
        ada, _ = take_in([path], assignment).submissions
        assert ada.entry.name == "a.ipynb"
        assert "was graded; other files have different answers" in ada.flags[0]


def test_a_blank_attempt_after_an_answered_one_leaves_it_its_time(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {f"ada_11_77_{LAB}.ipynb": answered(1), f"ada_LATE_11_78_{LAB}-1.ipynb": RELEASED}
    (ada,) = take_in([written(tmp_path, files)], assignment).submissions
    assert (ada.data, ada.submitter.late_mark) == (answered(1), False)


@pytest.mark.parametrize(("data", "seems"), [(FOREIGN, "Lab 9: Trees"), (OTTER, "lab_9")])
def test_another_assignments_notebook_is_named_and_not_graded(
    tmp_path: Path, assignment: Assignment, data: bytes, seems: str
) -> None:
    files = {f"ada/{LAB}.ipynb": data, "ada/notes.ipynb": data, "ben/lab.ipynb": answered(9)}
    intake = take_in([written(tmp_path, files)], assignment)
    ada = intake.submissions[0]
    assert ada.data is None
    assert seems in ada.problem
    assert assignment.title in ada.problem
    assert [file.label for file in intake.files] == [Label.IGNORED, Label.IGNORED, Label.GRADED]


def test_a_notebook_by_another_name_is_graded(tmp_path: Path, assignment: Assignment) -> None:
    files = {
        "ada/lab.txt": answered(1),
        "ben/lab": answered(2),
        "cyd/lab.json": answered(3),
        "dot/x.txt": b"x = 1",
    }
    *graded, dot = take_in([written(tmp_path, files)], assignment).submissions
    assert [item.data for item in graded] == [answered(1), answered(2), answered(3)]
    assert "not a notebook" in dot.problem


def test_a_blank_notebook_has_no_answer_and_the_solution_all(
    lab: SolvedAssignment, tiny_assignment: SolvedAssignment
) -> None:
    for solved in (lab, tiny_assignment):
        source = load_source(released(solved.source)[1])
        blank = solved.notebook_copy()
        for answer in solved.source.answers():
            is_code = answer.cell.cell_type is CellType.CODE
            cell(blank, answer.cell.id)["source"] = answer.stub() if is_code else TEXT_STUB
        for raw, count in ((blank, 0), (solved.notebook_copy(), len(list(source.answers())))):
            data = json.dumps(raw).encode()
            assert peek("x.ipynb", data, source, solved.assignment.name, "").answered == count
