import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.build.compile import BuildReport, build, prepare
from autograder.build.release_parts import PreparedSource
from autograder.course import Assignment, Course, load_course

TINY_COURSE = Path(__file__).parents[1] / "tiny_assignment"


@dataclass(frozen=True, slots=True, eq=False)
class BuiltCourse:
    """A course folder after ``course build``."""

    root: Path
    course: Course
    assignment: Assignment
    prepared: PreparedSource
    report: BuildReport

    @property
    def release(self) -> Path:
        return self.root / "release" / self.assignment.name

    def notebook(self, flavor: str) -> bytes:
        return (self.release / flavor / self.assignment.notebook.name).read_bytes()


def copy_course(target: Path) -> Path:
    """Copy the tiny course as git would hand it out."""
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    return Path(shutil.copytree(TINY_COURSE, target, ignore=ignored))


def build_course(root: Path, name: str = "tiny", **flags: bool) -> BuiltCourse:
    course = load_course(root)
    assignment = course.assignment(name)
    report = build(course, assignment, **flags)
    return BuiltCourse(root, course, assignment, prepare(assignment, **flags), report)


@pytest.fixture(scope="session")
def tiny_course(tmp_path_factory: pytest.TempPathFactory) -> BuiltCourse:
    """The tiny course, built once; tests that change it copy it first."""
    return build_course(copy_course(tmp_path_factory.mktemp("built") / "course"))


@pytest.fixture
def unbuilt_course(tmp_path: Path) -> Path:
    """An unbuilt tiny course of one's own."""
    return copy_course(tmp_path / "course")


@pytest.fixture
def tiny_course_copy(tiny_course: BuiltCourse, tmp_path: Path) -> Path:
    """A built tiny course of one's own."""
    return Path(shutil.copytree(tiny_course.root, tmp_path / "course"))


def edit_notebook(root: Path, change: Callable[[dict], None]) -> None:
    """Change the raw JSON of the tiny source notebook."""
    path = root / "source" / "tiny" / "tiny.ipynb"
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))


def cell(raw: dict, name: str) -> dict:
    """Return one cell of a raw notebook, its source as text."""
    actual = next(cell for cell in raw["cells"] if cell["id"] == name)
    actual["source"] = "".join(actual["source"])
    return actual
