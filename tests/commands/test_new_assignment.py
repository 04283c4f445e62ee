"""``course new`` writes an assignment that works as it is, into any folder."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder import known_answers
from autograder.build.compile import prepare
from autograder.commands.cli import course
from autograder.commands.new_assignment import insert_entry, new_assignment
from autograder.course import load_course
from autograder.errors import AuthorError, StaffError
from autograder.files import read_tree, write_tree

ENTRY = '"lab_2": {\n    # A title.\n    "title": "Two",\n    "due": "2027-01-29T23:59:00+00:00",\n},\n'
HEAD = 'COURSE = {\n    "id": "c",\n    "title": "C",\n'
FIRST = '"lab_1": {"title": "One", "due": "2027-01-29T23:59:00+00:00"}'

CONFIGS = {
    "no assignment on one line": f'{HEAD}    "assignments": {{}},\n}}\n',
    "no assignment on two lines": f'{HEAD}    "assignments": {{\n    }},\n}}\n',
    "one with a comma": f'{HEAD}    "assignments": {{\n        {FIRST},\n    }},\n}}\n',
    "one without a comma": f'{HEAD}    "assignments": {{\n        {FIRST}\n    }},\n}}\n',
    "one on one line": f'{HEAD}    "assignments": {{{FIRST}}},\n}}\n',
    "one with a comment": f'{HEAD}    "assignments": {{\n        {FIRST}  # a, comment\n    }},\n}}\n',
    "a comment at the end": f'{HEAD}    "assignments": {{\n        {FIRST},\n        # more\n    }},\n}}\n',
    "other indentation": f'COURSE = {{"assignments": {{\n  {FIRST},\n}}, "id": "ü", "title": "C"}}\n',
    "Windows": f'{HEAD}    "assignments": {{\n        {FIRST}\n    }},\n}}\n'.replace("\n", "\r\n"),
}


def assignments(text: str, folder: Path) -> list[str]:
    (folder / "course_config.py").write_bytes(text.encode())
    return list(load_course(folder).assignments)


@pytest.mark.parametrize("name", CONFIGS)
def test_an_entry_is_added_and_every_other_line_stays(name: str, tmp_path: Path) -> None:
    before = CONFIGS[name]
    after = insert_entry(before, "lab_2", ENTRY)
    assert assignments(after, tmp_path) == [*assignments(before, tmp_path), "lab_2"]
    rest = iter(after.replace("\r\n", "\n"))
    assert all(char in rest for char in before.replace("\r\n", "\n") if not char.isspace())
    assert "        # A title." in after or name == "other indentation"
    assert ("\r\n" in after) == (name == "Windows")


@pytest.mark.parametrize(
    "text",
    [
        'LABS = {}\nCOURSE = {"id": "c", "title": "C", "assignments": LABS}\n',
        'COURSE = dict(id="c", title="C", assignments={})\n',
    ],
)
def test_a_configuration_that_is_computed_is_left_to_its_author(text: str) -> None:
    with pytest.raises(AuthorError, match=r"add this to it(.|\n)*lab_2"):
        insert_entry(text, "lab_2", ENTRY)


@pytest.mark.parametrize(("keras", "questions"), [(False, ["q1", "q2"]), (True, ["q1", "q2", "q3"])])
def test_a_new_assignment_compiles_in_an_empty_folder(
    keras: bool, questions: list[str], tmp_path: Path
) -> None:
    notebook, config = new_assignment(tmp_path, "lab_5_1", keras=keras)
    assert (notebook, config) == (
        tmp_path / "source" / "lab_5_1" / "lab_5_1.ipynb",
        tmp_path / "course_config.py",
    )
    assignment = load_course(tmp_path).assignment("lab_5_1")
    prepared = prepare(assignment)
    assert assignment.title == "Lab 5.1"
    assert [question.name for question in prepared.source.questions] == questions
    for question in prepared.source.questions:
        assert [check.hidden for check in question.checks] == [False, True]
    assert (prepared.thresholds, prepared.remarks, prepared.assigned_ids) == ("none", (), ())
    assert ("checks/quiet.py" in prepared.files) == keras
    assert ("tensorflow" in prepared.modules) == keras
    answers = known_answers.load(assignment)
    assert [bool(answer.failing_checks) for answer in answers] == [True, False]


def test_a_second_assignment_joins_the_course_around_the_folder(tmp_path: Path) -> None:
    new_assignment(tmp_path, "lab_5_1", keras=False)
    new_assignment(tmp_path / "source", "lab_5_2", keras=False)
    assert list(load_course(tmp_path).assignments) == ["lab_5_1", "lab_5_2"]


@pytest.mark.parametrize("name", ["lab_5_1", "lab_5_2"])
def test_a_name_that_is_taken_changes_nothing(name: str, tmp_path: Path) -> None:
    new_assignment(tmp_path, "lab_5_1", keras=False)
    (tmp_path / "source" / "lab_5_2").mkdir()
    before = read_tree(tmp_path)
    with pytest.raises(StaffError, match=f"{name}: there is already an assignment of this name"):
        new_assignment(tmp_path, name, keras=True)
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize("name", ["Lab 5", "../lab", "5_1", "lab-5", "", "lab.5"])
def test_a_name_that_cannot_be_a_folder_of_the_course_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(StaffError, match=r"e\.g\. lab_5_1"):
        new_assignment(tmp_path, name, keras=False)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_configuration_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "course_config.py").write_text("COURSE = {\n")
    with pytest.raises(AuthorError, match=r"course_config\.py, line 1: SyntaxError: .* was never closed"):
        new_assignment(tmp_path, "lab_5_1", keras=False)
    assert not (tmp_path / "source").exists()


def test_the_files_are_those_of_the_package_and_a_person_can_read_them(tmp_path: Path) -> None:
    notebook, config = new_assignment(tmp_path, "lab_5_1", keras=True)
    raw = json.loads(notebook.read_bytes())
    assert not [cell for cell in raw["cells"] if cell["cell_type"] == "raw"]
    assert "".join(raw["cells"][0]["source"]).startswith("# Lab 5.1\n")
    assert '        "lab_5_1": {\n            # The heading of the README' in config.read_text()
    assert (tmp_path / ".gitignore").read_text().split()[:2] == ["dist/", "var/"]


def test_nbgrader_finds_the_course_of_a_new_folder(tmp_path: Path) -> None:
    """The file is the one of this repository, and one that is there already stays."""
    new_assignment(tmp_path / "first", "lab_5_1", keras=False)
    expected = Path(__file__).resolve().parents[2] / "nbgrader_config.py"
    assert (tmp_path / "first" / "nbgrader_config.py").read_bytes() == expected.read_bytes()
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "nbgrader_config.py").write_text("c = get_config()\n")
    new_assignment(tmp_path / "second", "lab_5_1", keras=False)
    assert (tmp_path / "second" / "nbgrader_config.py").read_text() == "c = get_config()\n"


def test_outside_of_a_course_a_command_names_the_way_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(course, ["build"])
    assert str(result.exception) == (
        f"{tmp_path}: no course_config.py here or above; run this command inside a course, or start one "
        "here with `course new NAME`"
    )


def test_the_command_says_what_to_run_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(course, ["new", "lab_5_1"])
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "lab_5_1: source/lab_5_1/lab_5_1.ipynb, and an entry in course_config.py",
        "Next: course build lab_5_1",
    ]


@pytest.mark.slow
def test_the_checks_of_a_lab_with_keras_import_it_without_a_word(tmp_path: Path) -> None:
    new_assignment(tmp_path, "lab_5_1", keras=True)
    write_tree(tmp_path / "release", prepare(load_course(tmp_path).assignment("lab_5_1")).files)
    code = "import checks, sys; assert 'keras' in sys.modules; import keras; keras.layers.Dense(2)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "release", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    preflight = [sys.executable, "-X", "importtime", "-m", "checks", "none.ipynb"]
    done = subprocess.run(preflight, cwd=tmp_path / "release", capture_output=True, text=True, check=False)
    assert "tensorflow" not in done.stderr
