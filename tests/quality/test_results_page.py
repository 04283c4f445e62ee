"""Pages of several assignments do not overwrite each other."""

from pathlib import Path

from autograder.commands.new_assignment import new_assignment
from autograder.course import load_course
from autograder.quality.results_page import write_page


def test_the_first_assignment_has_the_folder_and_the_others_have_their_own(tmp_path: Path) -> None:
    for name in ("lab_5_1", "lab_5_2"):
        new_assignment(tmp_path, name, keras=False)
    values = {"kinds": [], "matrix": {}, "inference": [], "answers": []}
    pages = []
    for assignment in load_course(tmp_path).assignments.values():
        pages.append(write_page(assignment, "validation", **values).relative_to(tmp_path).as_posix())
    assert pages == ["docs/results/validation.md", "docs/results/lab_5_2/validation.md"]
