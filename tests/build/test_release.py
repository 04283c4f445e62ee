"""What students get: complete, blank, the same everywhere, and checked byte by byte."""

import ast
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from autograder.build import compile
from autograder.build.compile import build
from autograder.build.flavors import repack
from autograder.course import load_course
from autograder.errors import StaffError
from autograder.files import load_notebook, read_tree
from tests.build.conftest import BuiltCourse, build_course, cell, copy_course, edit_notebook

FLAVORS = ("otter", "nbgrader")
ROOT = Path(__file__).parents[2]


def cells(tiny: BuiltCourse, flavor: str) -> dict[str, dict]:
    return {actual["id"]: actual for actual in load_notebook(tiny.notebook(flavor))["cells"]}


def check(root: Path) -> None:
    course = load_course(root)
    build(course, course.assignment("tiny"), check=True)


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_release_is_blank_and_folded_and_has_no_output(tiny_course: BuiltCourse, flavor: str) -> None:
    actual = cells(tiny_course, flavor)
    assert {cell["cell_type"] for cell in actual.values()} == {"code", "markdown"}
    assert actual["parameters"]["source"] == "width, length, seed = 3, 12_000, 5"
    assert actual["q1-answer"]["source"] == (
        "def moving_average(values, width=width):\n"
        '    """Return the means of all complete stretches, shape (n - width + 1,)."""\n'
        "    # TODO(q1): the mean of each stretch\n"
        "    ..."
    )
    assert actual["q3-answer"]["source"] == "_Type your answer here, replacing this text._"
    code = [cell for cell in actual.values() if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.mark.parametrize("flavor", FLAVORS)
def test_every_cell_has_a_name_that_says_what_it_is(tiny_course: BuiltCourse, flavor: str) -> None:
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in cells(tiny_course, flavor))
    assert {"q1-answer", "q2-helper", "q2-answer", "q3-answer"} <= set(cells(tiny_course, flavor))


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_notebook_says_which_release_it_is_of(tiny_course: BuiltCourse, flavor: str) -> None:
    metadata = load_notebook(tiny_course.notebook(flavor))["metadata"]
    assert metadata["course"] == {"assignment": "tiny", "release": tiny_course.prepared.release_id}
    assert metadata["language_info"] == {"name": "python"}


@pytest.mark.parametrize("flavor", FLAVORS)
def test_kit_vocabulary_and_requirements_stand_beside_the_notebook(
    tiny_course: BuiltCourse, flavor: str
) -> None:
    folder = tiny_course.release / flavor
    vocabulary = read_tree(folder / "checks")
    assert json.loads(vocabulary.pop("release.json"))["assignment"] == "tiny"
    assert vocabulary == read_tree(ROOT / "autograder" / "checks")
    assert (folder / "tinykit" / "tables.py").is_file()


def test_students_install_only_what_their_flavor_needs(tiny_course: BuiltCourse) -> None:
    lines = requirements(tiny_course, "otter")
    assert [re.split(r"[<>=]", line)[0] for line in lines] == ["ipykernel", "numpy", "otter-grader"]
    # A course without a project of its own gets the versions that the package is tested with.
    assert all(">=" in line for line in lines)
    comment, *rest = requirements(tiny_course, "nbgrader")
    assert comment.startswith("# nbgrader is not needed: ") and rest == lines[:2]


@pytest.mark.parametrize("flavor", FLAVORS)
def test_requirements_name_the_distribution_of_every_import(tiny_course: BuiltCourse, flavor: str) -> None:
    wanted = {re.split(r"[<>=]", line)[0] for line in requirements(tiny_course, flavor)}
    code = [cell["source"] for cell in cells(tiny_course, flavor).values() if cell["cell_type"] == "code"]
    code += [path.read_text() for path in (tiny_course.release / flavor).rglob("*.py")]
    trees = [ast.parse(text) for text in code]
    modules = {
        alias.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    outside = (
        {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names) - {"tinykit", "checks"}
    )
    assert outside >= {"numpy"}
    expected = importlib.metadata.packages_distributions()
    assert [name for name in outside if not wanted & set(expected[name])] == []


def requirements(tiny: BuiltCourse, flavor: str) -> list[str]:
    return (tiny.release / flavor / "requirements.txt").read_text().splitlines()


def test_a_hidden_check_of_nbgrader_is_a_comment_and_keeps_its_points(tiny_course: BuiltCourse) -> None:
    actual = cells(tiny_course, "nbgrader")["q1-hidden-values"]
    assert actual["source"] == "# A hidden check, 3 points: it runs when your work is graded."
    assert actual["metadata"]["nbgrader"]["points"] == 3


def test_nbgrader_knows_every_point_once(tiny_course: BuiltCourse) -> None:
    marks = [actual["metadata"].get("nbgrader", {}) for actual in cells(tiny_course, "nbgrader").values()]
    assert sum(mark["points"] for mark in marks if mark.get("grade")) == 17
    checks = [
        actual for actual in cells(tiny_course, "nbgrader").values() if "checks.run" in actual["source"]
    ]
    assert all(actual["metadata"]["tags"] == ["raises-exception"] for actual in checks)


def test_nbgrader_folds_visible_checks_and_leaves_the_note_on_a_hidden_one_in_sight(
    tiny_course: BuiltCourse,
) -> None:
    folded = {
        name
        for name, actual in cells(tiny_course, "nbgrader").items()
        if actual["metadata"].get("jupyter") == {"source_hidden": True}
    }
    assert folded == {check.cell.id for check in tiny_course.prepared.source.checks() if not check.hidden}


def test_otter_says_of_a_passed_question_what_hidden_checks_bring(tiny_course: BuiltCourse) -> None:
    for question in tiny_course.prepared.source.questions:
        hidden = sum(check.points for check in question.checks if check.hidden)
        if not question.manual:
            text = (tiny_course.release / "otter" / "tests" / f"{question.name}.py").read_text()
            note = f"hidden checks bring the other {hidden:g} of {question.points:g} points."
            assert text.count(note) == (1 if hidden else 0)


def test_the_line_at_which_a_check_of_otter_fails_holds_no_hint(tiny_course: BuiltCourse) -> None:
    for path in (tiny_course.release / "otter" / "tests").glob("*.py"):
        functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
        for function in functions:
            assert ast.get_docstring(function)
            arguments = ", ".join(argument.arg for argument in function.args.args)
            assert ast.unparse(function.body[-1]) == f"check({arguments})"


def test_nbgrader_restores_setup_parameters_and_prompts_only(tiny_course: BuiltCourse) -> None:
    locked = {
        name
        for name, actual in cells(tiny_course, "nbgrader").items()
        if actual["metadata"].get("nbgrader", {}).get("locked")
        and not actual["metadata"]["nbgrader"]["grade"]
    }
    assert locked == {"setup", "parameters", "q1", "q2", "q3"}


def test_otter_students_check_by_question_and_have_no_hidden_test(tiny_course: BuiltCourse) -> None:
    actual = cells(tiny_course, "otter")
    assert [name for name in actual if name.endswith("-check")] == ["q1-check", "q2-check"]
    assert actual["otter-init"]["source"].endswith("grader = otter.Notebook()")
    tests = "".join(path.read_text() for path in sorted((tiny_course.release / "otter" / "tests").iterdir()))
    assert tests.count("@test_case(") == 3 and "hidden=True" not in tests


def test_the_autograder_zip_has_all_tests_and_no_time(tiny_course: BuiltCourse) -> None:
    with zipfile.ZipFile(tiny_course.root / "dist" / "tiny-otter.zip") as bundle:
        names = bundle.namelist()
        assert names == sorted(names)
        assert {info.date_time for info in bundle.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in names if "__pycache__" in name or "expected" in name]
        tests = bundle.read("tests/q1.py").decode() + bundle.read("tests/q2.py").decode()
        environment = yaml.safe_load(bundle.read("environment.yml"))
    assert tests.count("@test_case(") == 7 and tests.count("hidden=True") == 4
    assert any(line.startswith("numpy>=") for line in environment["dependencies"][-1]["pip"])


def test_a_zip_is_repacked_to_the_same_bytes_whatever_its_order(tmp_path: Path) -> None:
    for name, order in (("a.zip", "xy"), ("b.zip", "yx")):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as bundle:
            for member in order:
                bundle.writestr(member, member * 99)
    assert repack((tmp_path / "a.zip").read_bytes()) == repack((tmp_path / "b.zip").read_bytes())


def test_the_manifest_has_every_file_with_its_size_and_sha256(tiny_course: BuiltCourse) -> None:
    manifest = json.loads((tiny_course.release / "MANIFEST.json").read_text())
    paths = {
        path.relative_to(tiny_course.release).as_posix(): path.read_bytes()
        for path in tiny_course.release.rglob("*")
        if path.is_file() and path.name != "MANIFEST.json"
    }
    assert list(manifest["files"]) == sorted(paths)
    for name, data in paths.items():
        digest = hashlib.sha256(data).hexdigest()
        assert manifest["files"][name] == {"sha256": digest, "size": len(data)}
    assert manifest["thresholds"] == "none"


def test_no_file_of_a_release_knows_where_or_when_it_was_made(tiny_course: BuiltCourse) -> None:
    full = b"".join(path.read_bytes() for path in tiny_course.release.rglob("*") if path.is_file())
    assert str(tiny_course.root).encode() not in full
    assert b"/tmp/" not in full


@pytest.mark.slow
def test_check_agrees_after_a_build_and_a_second_build_changes_nothing(tiny_course_copy: Path) -> None:
    check(tiny_course_copy)
    again = build_course(tiny_course_copy)
    assert again.report.changes == () and not again.report.executed


def test_check_fails_after_any_edit_of_one_byte(tiny_course_copy: Path) -> None:
    release = tiny_course_copy / "release"
    paths = sorted(path for path in release.rglob("*") if path.is_file())
    for path in paths:
        before = path.read_bytes()
        middle = len(before) // 2
        path.write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :])
    with pytest.raises(StaffError) as raised:
        check(tiny_course_copy)
    lines = [f"release/{path.relative_to(release).as_posix()}: differs" for path in paths]
    listed = compile._MAX_LISTED
    assert str(raised.value).splitlines()[1:] == [*lines[:listed], f"and {len(lines) - listed} more"]


@pytest.mark.slow
def test_check_fails_after_a_file_comes_or_goes(tiny_course_copy: Path) -> None:
    (tiny_course_copy / "release" / "tiny" / "otter" / "notes.txt").write_text("x")
    (tiny_course_copy / "release" / "tiny" / "otter" / "checks" / "answers.py").unlink()
    with pytest.raises(StaffError) as raised:
        check(tiny_course_copy)
    assert str(raised.value).splitlines()[1:] == [
        "release/tiny/otter/checks/answers.py: missing",
        "release/tiny/otter/notes.txt: not made by the build",
    ]


@pytest.mark.slow
def test_check_names_a_solution_of_another_source_and_executes_nothing(tiny_course_copy: Path) -> None:
    edit_notebook(
        tiny_course_copy,
        lambda raw: cell(raw, "series").update(source="series = tinykit.make_series(length, seed=9)"),
    )
    with pytest.raises(StaffError, match="solutions/tiny: not the solution of this source"):
        check(tiny_course_copy)


def other_pythons() -> list[str]:
    named = os.environ.get("COURSE_OTHER_PYTHON")
    candidates = [named] if named else [shutil.which(f"python3.{minor}") for minor in (13, 12)]
    wanted = "import otter, nbgrader, sys; sys.exit(sys.version_info[:2] == {})"
    return [
        python
        for python in candidates
        if python
        and subprocess.run(
            [python, "-c", wanted.format(tuple(sys.version_info[:2]))], capture_output=True, check=False
        ).returncode
        == 0
    ]


SCRIPT = """
import sys
from pathlib import Path
from autograder.build.compile import build
from autograder.course import load_course
course = load_course(Path(sys.argv[1]))
build(course, course.assignment("tiny"))
"""


@pytest.mark.peers
def test_two_clones_and_two_pythons_give_identical_releases(tiny_course: BuiltCourse, tmp_path: Path) -> None:
    if not (pythons := other_pythons()):
        pytest.skip("no other Python with otter and nbgrader; name one in COURSE_OTHER_PYTHON")
    clone = copy_course(tmp_path / "elsewhere" / "clone")
    shutil.copytree(tiny_course.root / "solutions", clone / "solutions")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([pythons[0], "-c", SCRIPT, str(clone)], check=True, env=environment, cwd=tmp_path)
    for folder in ("release", "dist"):
        assert files(clone / folder) == files(tiny_course.root / folder)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_package_knows_nothing_of_one_lab() -> None:
    lab = ("rnnlab", "lab_4_4", "imdb", "build_gated_rnn", "pad_reviews", "tinykit")
    texts = {path: path.read_text() for path in (ROOT / "autograder" / "build").rglob("*.py")}
    assert [(path.name, word) for path, text in texts.items() for word in lab if word in text] == []
