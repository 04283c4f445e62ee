"""The executed solution: honest, quiet, and run only when it must be."""

import json
from pathlib import Path

import pytest

from autograder.build.compile import build
from autograder.course import load_course
from autograder.errors import AuthorError
from tests.build.conftest import BuiltCourse, build_course, cell, edit_notebook


def outputs(root: Path, name: str) -> str:
    raw = json.loads((root / "solutions" / "tiny" / "tiny.ipynb").read_text())
    actual = next(item for item in raw["cells"] if item["id"] == name)
    return "".join("".join(output.get("text", "")) for output in actual["outputs"])


@pytest.mark.slow
def test_the_solution_is_executed_with_the_visible_checks_only(tiny_course: BuiltCourse) -> None:
    assert outputs(tiny_course.root, "q1-shape") == "passed: There is one mean for each complete stretch\n"
    assert outputs(tiny_course.root, "smoothing").startswith("values before: 12,000, after: 11,998\n")
    raw = json.loads((tiny_course.root / "solutions" / "tiny" / "tiny.ipynb").read_text())
    assert not [item["id"] for item in raw["cells"] if "hidden" in item["id"] or item["cell_type"] == "raw"]
    assert "BEGIN SOLUTION" not in json.dumps(raw)
    assert raw["metadata"]["language_info"] == {"name": "python"}
    assert all(item["metadata"] == {} for item in raw["cells"])


@pytest.mark.slow
def test_it_is_executed_again_only_when_something_that_it_is_made_of_has_changed(
    tiny_course_copy: Path,
) -> None:
    hidden = '""" # BEGIN TEST CONFIG\npoints: 0.5\nhidden: true\n""" # END TEST CONFIG\n'
    other = (
        f"{hidden}def check_spread(spread):\n"
        '    """The spread of one number is one"""\n'
        "    alone = np.array([4.0])\n"
        "    checks.close(checks.call(spread, alone), 1.0)\nchecks.run(check_spread)"
    )
    edit_notebook(tiny_course_copy, lambda raw: cell(raw, "q2-hidden-spread").update(source=other))
    assert not build_course(tiny_course_copy).report.executed
    kit = tiny_course_copy / "source" / "tiny" / "tinykit" / "tables.py"
    kit.write_text(kit.read_text().replace("the steps shrink to", "the steps are"))
    assert build_course(tiny_course_copy).report.executed
    assert "the steps are" in outputs(tiny_course_copy, "smoothing")


@pytest.mark.slow
def test_a_solution_that_raises_stops_the_build_at_its_cell(tiny_course_copy: Path) -> None:
    before = (tiny_course_copy / "release" / "tiny" / "MANIFEST.json").read_bytes()
    edit_notebook(
        tiny_course_copy, lambda raw: cell(raw, "scaling").update(source="scaled = standardize([])[0]")
    )
    course = load_course(tiny_course_copy)
    with pytest.raises(AuthorError, match=r"code cell `.*`, line 1, id scaling: the solution stops"):
        build(course, course.assignment("tiny"))
    assert (tiny_course_copy / "release" / "tiny" / "MANIFEST.json").read_bytes() == before


@pytest.mark.slow
def test_a_solution_that_writes_to_stderr_stops_the_build(tiny_course_copy: Path) -> None:
    noisy = 'import sys\n\nprint("noise", file=sys.stderr)'
    edit_notebook(tiny_course_copy, lambda raw: cell(raw, "scaling").update(source=noisy))
    course = load_course(tiny_course_copy)
    with pytest.raises(AuthorError, match=r", id scaling: found output on stderr \(noise\)"):
        build(course, course.assignment("tiny"))
