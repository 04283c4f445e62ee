"""The real otter and nbgrader on what the build makes, and what students see of it."""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.build.compile import build
from autograder.build.flavors import run_tool
from autograder.course import load_course
from autograder.errors import StaffError
from autograder.files import digest, load_notebook, read_tree
from autograder.quality import compare, sample
from tests.build.conftest import BuiltCourse, build_course, cell, copy_course, edit_notebook

pytestmark = pytest.mark.peers

ROOT = Path(__file__).parents[2]
LAB = "lab_4_4_rnn"


def lab_copy(target: Path) -> Path:
    """Copy what the lab's build reads, and the solution so that it need not run again."""
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".rnnlab_cache")
    for folder in ("source", "calibration", "solutions"):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, target / folder, ignore=ignored)
    for name in ("course_config.py", "pyproject.toml", "nbgrader_config.py"):
        shutil.copy(ROOT / name, target / name)
    return target


@pytest.fixture(scope="module", params=["tiny", pytest.param(LAB, marks=pytest.mark.slow)])
def course(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltCourse]:
    """Each course of this repository, built in a folder of its own."""
    target = tmp_path_factory.mktemp("peers") / "course"
    if request.param == "tiny":
        yield build_course(copy_course(target))
        return
    with pytest.MonkeyPatch.context() as patch:
        item = load_course(ROOT).assignment(LAB)
        for name, value in item.environment.items():
            patch.setenv(name, value)
        yield build_course(lab_copy(target), LAB)


def submission(course: BuiltCourse, flavor: str, *, solved: bool) -> bytes:
    answers = sample.solution_answers(course.prepared.source) if solved else {}
    return sample.fill_answers(course.notebook(flavor), answers)


@pytest.mark.parametrize("solved", [True, False], ids=["solution", "blank"])
def test_both_tools_give_the_same_points_per_question(
    course: BuiltCourse, solved: bool, tmp_path: Path
) -> None:
    name = course.assignment.name
    by_otter = compare.otter_points(course.root, name, submission(course, "otter", solved=solved), tmp_path)
    student = "solution" if solved else "blank"
    by_nbgrader = compare.nbgrader_points(
        course.root, name, submission(course, "nbgrader", solved=solved), student
    )
    wanted = {
        question.name: question.points if solved else 0
        for question in course.prepared.source.questions
        if not question.manual
    }
    assert by_otter == wanted
    assert by_nbgrader == wanted


def student_folder(course: BuiltCourse, flavor: str, target: Path) -> Path:
    return Path(shutil.copytree(course.release / flavor, target / "work"))


def run_all(notebook: bytes, folder: Path, name: str) -> dict[str, list[dict]]:
    """Run a notebook from top to bottom in a real kernel as Run All does; return its outputs."""
    import nbformat
    from nbclient import NotebookClient

    (folder / f"{name}.ipynb").write_bytes(notebook)
    opened = nbformat.reads(notebook.decode(), as_version=4)
    client = NotebookClient(opened, timeout=1200, resources={"metadata": {"path": str(folder)}})
    client.execute(env={**os.environ}, stderr=subprocess.DEVNULL)
    return {cell.id: cell.get("outputs", []) for cell in opened.cells}


def said(outputs: list[dict]) -> str:
    return "\n".join(
        output.get("text", "")
        or output.get("data", {}).get("text/plain", "")
        or "\n".join(output.get("traceback", ()))
        for output in outputs
    )


def test_a_blank_otter_release_runs_to_its_end_and_says_what_is_not_answered(
    course: BuiltCourse, tmp_path: Path
) -> None:
    folder = student_folder(course, "otter", tmp_path)
    outputs = run_all(submission(course, "otter", solved=False), folder, course.assignment.name)
    errors = [name for name, actual in outputs.items() for item in actual if item["output_type"] == "error"]
    assert errors == []
    for question in course.prepared.source.questions:
        if not question.manual:
            assert "not answered yet" in said(outputs[f"{question.name}-check"])
    assert "Traceback" not in json.dumps(outputs)


def test_a_blank_nbgrader_release_runs_to_its_end_and_says_what_is_not_answered(
    course: BuiltCourse, tmp_path: Path
) -> None:
    folder = student_folder(course, "nbgrader", tmp_path)
    outputs = run_all(submission(course, "nbgrader", solved=False), folder, course.assignment.name)
    for check in course.prepared.source.checks():
        if not check.hidden:
            lines = said(outputs[check.cell.id]).splitlines()
            assert lines[0] == f"blocked: {check.title}"
            assert "not answered yet" in lines[1]
            assert max(map(len, lines)) <= 80
    assert "Traceback" not in json.dumps(outputs)


@pytest.mark.parametrize("solved", [True, False], ids=["solution", "blank"])
def test_nbgrader_validates_the_solution_and_tells_what_a_blank_lacks(
    course: BuiltCourse, solved: bool, tmp_path: Path
) -> None:
    folder = student_folder(course, "nbgrader", tmp_path)
    file = f"{course.assignment.name}.ipynb"
    (folder / file).write_bytes(submission(course, "nbgrader", solved=solved))
    shutil.copy(course.root / "var" / "nbgrader" / "nbgrader_config.py", folder)
    printed = run_tool("nbgrader", "validate", file, folder=folder).stdout
    assert ("Success! Your notebook passes all the tests." in printed) is solved
    assert "Traceback" not in printed
    if not solved:
        visible = [check for check in course.prepared.source.checks() if not check.hidden]
        assert printed.count("blocked:") == len(visible)


WRONG = """def moving_average(values, width=width):
    return np.zeros(3)"""


def test_a_student_reads_one_sentence_for_a_failed_check_in_both_flavors(
    tiny_course: BuiltCourse, tmp_path: Path
) -> None:
    for flavor, name in (("otter", "q1-check"), ("nbgrader", "q1-shape")):
        folder = student_folder(tiny_course, flavor, tmp_path / flavor)
        outputs = run_all(
            sample.fill_answers(tiny_course.notebook(flavor), {"q1-answer": WRONG}), folder, "tiny"
        )
        text = said(outputs[name])
        sentence = (
            "the result has the wrong shape: found (3,), expected (18,). Count how often a stretch fits."
        )
        assert " ".join(text.split()).count(sentence) == 1
        failed = text.count("MismatchError: ") + text.count("failed: ")
        # Of them otter has six, and a long sentence takes two or three.
        assert "Traceback" not in text and len(text.splitlines()) <= 9 * failed


NOISY = """import os
import sys
import warnings


def spread(values):
    print("from Python", file=sys.stderr)
    warnings.warn("from warnings")
    os.write(2, b"from C")
    return np.std(values) if np.std(values) > 0 else 1.0"""


def test_noise_on_stderr_costs_no_point_in_nbgrader(tiny_course: BuiltCourse, tmp_path: Path) -> None:
    answers = {**sample.solution_answers(tiny_course.prepared.source), "q2-helper": NOISY}
    notebook = sample.fill_answers(tiny_course.notebook("nbgrader"), answers)
    root = Path(shutil.copytree(tiny_course.root, tmp_path / "course"))
    assert compare.nbgrader_points(root, "tiny", notebook, "noisy") == {"q1": 8, "q2": 6}


def test_a_written_answer_waits_for_a_person_and_a_missing_one_gets_nothing(
    tiny_course: BuiltCourse, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(tiny_course.root, tmp_path / "course"))
    compare.nbgrader_points(root, "tiny", submission(tiny_course, "nbgrader", solved=True), "wrote")
    compare.nbgrader_points(root, "tiny", submission(tiny_course, "nbgrader", solved=False), "silent")
    database = sqlite3.connect(root / "var" / "nbgrader" / "gradebook.db")
    query = """SELECT student_id, needs_manual_grade, auto_score FROM grade
    JOIN base_cell ON base_cell.id = grade.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    WHERE base_cell.name = 'q3-answer'"""
    assert sorted(database.execute(query)) == [("silent", 0, 0.0), ("wrote", 1, None)]
    due = database.execute("SELECT duedate FROM assignment WHERE name = 'tiny'").fetchone()
    database.close()
    assert due[0].startswith("2027-02-12 23:59:00")


COMMANDS = (
    ("list",),
    ("autograde", "tiny"),
    ("generate_feedback", "tiny"),
    ("generate_assignment", "tiny", "--force"),
    ("generate_solution", "tiny"),
    ("release_assignment", "tiny"),
    ("list", "--cached"),
    ("collect", "tiny"),
    ("release_feedback", "tiny"),
    ("update", "."),
    ("export", "--to", "var/grades.csv"),
    ("db", "assignment", "list"),
    ("zip_collect", "tiny"),
    ("validate", "var/nbgrader/source/tiny/tiny.ipynb"),
)


def test_no_nbgrader_command_changes_source_or_release(tiny_course: BuiltCourse, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tiny_course.root, tmp_path / "course"))
    submitted = root / "var" / "nbgrader" / "submitted" / "ada" / "tiny"
    submitted.mkdir(parents=True)
    (submitted / "tiny.ipynb").write_bytes(submission(tiny_course, "nbgrader", solved=True))
    (submitted / "timestamp.txt").write_text("2027-02-01 09:30:00 UTC")
    (submitted / "submission_secret.txt").write_text("a secret")
    before = {name: digest(read_tree(root / name)) for name in ("source", "release", "solutions")}
    for command in COMMANDS:
        run_tool("nbgrader", *command, folder=root)
        assert {name: digest(read_tree(root / name)) for name in before} == before, command
    feedback = root / "var" / "nbgrader" / "feedback" / "ada" / "tiny" / "tiny.html"
    assert feedback.is_file()


def test_cells_that_change_after_submissions_stop_the_build_before_anything_is_lost(
    tiny_course: BuiltCourse, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(tiny_course.root, tmp_path / "course"))
    compare.nbgrader_points(root, "tiny", submission(tiny_course, "nbgrader", solved=True), "ada")
    before = {name: digest(read_tree(root / name)) for name in ("release", "var/nbgrader/release", "dist")}
    edit_notebook(root, lambda raw: cell(raw, "q1-example").update(id="q1-other"))
    course = load_course(root)
    with pytest.raises(StaffError, match=r"contains 1 submissions of tiny.*q1-example, q1-other"):
        build(course, course.assignment("tiny"))
    assert {name: digest(read_tree(root / name)) for name in before} == before


def test_a_new_text_after_submissions_reaches_the_gradebook_and_keeps_the_marks(
    tiny_course: BuiltCourse, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(tiny_course.root, tmp_path / "course"))
    notebook = submission(tiny_course, "nbgrader", solved=True)
    compare.nbgrader_points(root, "tiny", notebook, "ada")
    edit_notebook(root, lambda raw: cell(raw, "q1").update(source=cell(raw, "q1")["source"] + " Take care."))
    build_course(root)
    database = sqlite3.connect(root / "var" / "nbgrader" / "gradebook.db")
    texts = database.execute("SELECT source FROM source_cell WHERE name = 'q1'").fetchall()
    stored = database.execute("SELECT count(*) FROM submitted_assignment").fetchone()
    database.close()
    assert texts[0][0].endswith("Take care.") and stored == (1,)
    assert compare.nbgrader_points(root, "tiny", notebook, "ada") == {"q1": 8, "q2": 6}


VARIANTS = {
    "tiny": {'"width": 3': '"width": 5', "12_000": "9_000"},
    LAB: {'"units": 32': '"units": 48', '"max_length": 200': '"max_length": 150'},
}


@pytest.mark.parametrize("name", ["tiny", pytest.param(LAB, marks=pytest.mark.slow)])
def test_changed_parameters_give_a_course_whose_solution_still_gets_everything(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copy_course(tmp_path / "course") if name == "tiny" else lab_copy(tmp_path / "course")
    config = root / "course_config.py"
    for old, new in VARIANTS[name].items():
        assert old in config.read_text()
        config.write_text(config.read_text().replace(old, new))
    for key, value in load_course(root).assignment(name).environment.items():
        monkeypatch.setenv(key, value)
    changed = build_course(root, name, uncalibrated=True)
    wanted = {
        question.name: question.points
        for question in changed.prepared.source.questions
        if not question.manual
    }
    for_otter, for_nbgrader = (submission(changed, flavor, solved=True) for flavor in ("otter", "nbgrader"))
    assert compare.otter_points(root, name, for_otter, tmp_path) == wanted
    assert compare.nbgrader_points(root, name, for_nbgrader, "ada") == wanted


def test_a_renamed_notebook_beside_another_one_still_finds_its_checks(
    tiny_course: BuiltCourse, tmp_path: Path
) -> None:
    folder = student_folder(tiny_course, "otter", tmp_path)
    notebook = load_notebook(
        sample.fill_answers(
            tiny_course.notebook("otter"), sample.solution_answers(tiny_course.prepared.source)
        )
    )
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "export"]
    outputs = run_all(json.dumps(notebook).encode(), folder, "tiny (1)")
    assert "passed" in said(outputs["q1-check"]) and "passed" in said(outputs["q2-check"])
