"""A release folder stands alone: its README, the first cell, and ``python -m checks`` before submission."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.build.conftest import BuiltCourse, cell

FLAVORS = ("otter", "nbgrader")
ROOT = Path(__file__).parents[2]
NOTEBOOK = "tiny.ipynb"
Change = Callable[[dict], None]


@pytest.fixture(params=FLAVORS)
def folder(tiny_course: BuiltCourse, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """What one student has: the release of one flavor and nothing else."""
    return Path(shutil.copytree(tiny_course.release / request.param, tmp_path / request.param))


@pytest.fixture
def solved(folder: Path, tiny_course: BuiltCourse) -> Path:
    """The same with every question answered."""
    answers = {answer.cell.id: answer.solution() for answer in tiny_course.prepared.source.answers()}

    def solve(raw: dict) -> None:
        for name, text in answers.items():
            cell(raw, name)["source"] = text

    change_notebook(folder, solve)
    return folder


def change_notebook(folder: Path, change: Change) -> None:
    path = folder / NOTEBOOK
    raw = json.loads(path.read_text(encoding="utf-8"))
    change(raw)
    path.write_text(json.dumps(raw, indent=1, ensure_ascii=False), encoding="utf-8")


def preflight(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """Run ``python -m checks`` with a Python that has only the standard library."""
    command = [sys.executable, "-S", "-m", "checks", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    assert done.stderr == b""
    return done.returncode, done.stdout.decode().splitlines()


# The README and requirements


def test_the_readme_is_short_and_names_what_the_folder_has(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 60
    assert text.startswith("# Smoothing") and "{" not in text
    for name in re.findall(r"`([\w./]+(?:/|\.ipynb|\.txt))`", text):
        assert (folder / name).exists(), name
    for place in ("JupyterLab", "VS Code", "Colab", "JupyterHub"):
        assert f"**{place}:**" in text
    assert "python -m checks tiny.ipynb" in text and "save the notebook" in text
    assert ("grader.export" in text) == ("list of assignments" not in text) == (folder.name == "otter")


def test_the_readme_names_the_pythons_that_the_course_is_tested_with(folder: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11,<3.14"
    assert "Python 3.11, 3.12 or 3.13." in (folder / "README.md").read_text(encoding="utf-8")


def test_a_labs_own_words_come_into_the_readme_only_from_its_source() -> None:
    about = (ROOT / "source" / "lab_4_4_rnn" / "about.md").read_text(encoding="utf-8").strip()
    for flavor in FLAVORS:
        assert about in (ROOT / "release" / "lab_4_4_rnn" / flavor / "README.md").read_text(encoding="utf-8")
    for template in (ROOT / "autograder" / "build" / "templates").iterdir():
        assert not re.search(r"rnn|4\.4|IMDB", template.read_text(encoding="utf-8"))


def test_the_notebook_ends_with_how_to_hand_in(folder: Path) -> None:
    raw = json.loads((folder / NOTEBOOK).read_text(encoding="utf-8"))
    texts = ["".join(item["source"]) for item in raw["cells"][-3:] if item["cell_type"] == "markdown"]
    assert any("Hand in" in text and "`python -m checks tiny.ipynb`" in text for text in texts)


# python -m checks


def test_a_blank_release_has_nothing_answered(folder: Path) -> None:
    code, lines = preflight(folder, NOTEBOOK)
    assert code == 1
    assert lines[0].startswith("tiny.ipynb: Smoothing")
    assert "0 of 3" in lines[1]
    assert lines[2:] == [
        "- Nothing is answered in this file: if you wrote answers, save it and run this again."
    ]


@pytest.mark.parametrize("arguments", [(), (NOTEBOOK,)])
def test_a_complete_notebook_is_fine_with_and_without_its_name(
    solved: Path, arguments: tuple[str, ...]
) -> None:
    code, lines = preflight(solved, *arguments)
    assert code == 0
    assert "last saved 20" in lines[0] and "3 of 3" in lines[1] and lines[2].startswith("Nothing is missing.")


def drop_ids(raw: dict) -> None:
    """VS Code with an old file: format 4.2, no ids, metadata of its own."""
    raw["nbformat_minor"] = 2
    for item in raw["cells"]:
        del item["id"]
        item["metadata"]["vscode"] = {"languageId": "python"}


def drop_ids_and_metadata(raw: dict) -> None:
    drop_ids(raw)
    raw["metadata"] = {}
    for item in raw["cells"]:
        item["metadata"] = {}


def save_in_colab(raw: dict) -> None:
    """Colab: ids of its own in the metadata, no others, outputs, its own notebook metadata."""
    raw["metadata"] = {"colab": {"provenance": [], "toc_visible": True}, "kernelspec": {"name": "python3"}}
    raw["nbformat_minor"] = 0
    for number, item in enumerate(raw["cells"]):
        del item["id"]
        item["metadata"] = {"id": f"Xy{number}", "colab": {"base_uri": "https://localhost:8080/"}}
        if item["cell_type"] == "code":
            item["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["def x():\n", "    ..."]}]


def replace_ids(raw: dict) -> None:
    for number, item in enumerate(raw["cells"]):
        item["id"] = f"c{number}"


def write_differently(raw: dict) -> None:
    """Answers that are no plain ``def``, or that index with ``...``."""
    cell(raw, "q1-answer")["source"] = "moving_average = lambda values, width=3: values[..., width]"
    indented = cell(raw, "q2-helper")["source"].replace("\n", "\n    ")
    cell(raw, "q2-helper")["source"] = f"try:\n    {indented}\nfinally:\n    pass"


def split_sources(raw: dict) -> None:
    for item in raw["cells"]:
        item["source"] = "".join(item["source"]).splitlines(True)


def add_magic(raw: dict) -> None:
    cell(raw, "q1-answer")["source"] = "%%time\n" + cell(raw, "q1-answer")["source"] + "\n!ls"


def add_own_cells(raw: dict) -> None:
    own = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 3, "source": "x = (..., 1)"}
    raw["cells"][3:3] = [own, {"cell_type": "markdown", "metadata": {}, "source": "def standardize(values)"}]


@pytest.mark.parametrize(
    "save",
    [
        drop_ids,
        drop_ids_and_metadata,
        save_in_colab,
        replace_ids,
        split_sources,
        add_magic,
        add_own_cells,
        write_differently,
    ],
)
def test_an_editors_way_of_saving_changes_nothing(solved: Path, save: Change) -> None:
    change_notebook(solved, save)
    assert preflight(solved, NOTEBOOK)[0] == 0


def answered(name: str, text: str) -> Change:
    def change(raw: dict) -> None:
        cell(raw, name)["source"] = text

    return change


def without(*names: str) -> Change:
    def change(raw: dict) -> None:
        raw["cells"] = [item for item in raw["cells"] if item["id"] not in names]

    return change


def with_another_definition(raw: dict) -> None:
    raw["cells"].append(
        {**cell(raw, "q1-answer"), "id": "copy", "source": "def moving_average(v):\n    return v"}
    )


def as_text(raw: dict) -> None:
    cell(raw, "q1-answer")["cell_type"] = "markdown"


def of_another_version(raw: dict) -> None:
    raw["metadata"]["course"]["release"] = "0" * 16


FINDINGS = {
    "a stub": (
        answered("q1-answer", "def moving_average(v, w=3):\n    x = 1\n    ..."),
        2,
        "Q1: moving_average still has ...",
    ),
    "an inner stub": (
        answered("q2-answer", "def standardize(v):\n    if v:\n        ...\n    return v"),
        2,
        "Q2: standardize still has ...",
    ),
    "nothing": (
        answered("q1-answer", 'def moving_average(v):\n    """Mean."""\n    pass'),
        2,
        "Q1: moving_average has no code yet",
    ),
    "nbgrader's placeholder": (
        answered(
            "q1-answer", "def moving_average(v):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
        ),
        2,
        "Q1: moving_average has no code yet",
    ),
    "a stub as a value": (
        answered("q1-answer", "def moving_average(v):\n    return ..."),
        2,
        "Q1: moving_average still has ...",
    ),
    "a helper": (answered("q2-helper", "def spread(values):\n    ..."), 2, "Q2: spread still has ..."),
    "no prose": (answered("q3-answer", "  "), 2, "Q3: the text is not written yet"),
    "no Python": (
        answered("q1-answer", "def moving_average(v)\n    return v"),
        2,
        "Q1: moving_average is not valid Python (line 1",
    ),
    "renamed": (
        answered("q1-answer", "def average(v):\n    return v"),
        2,
        "Q1: its cell no longer defines moving_average",
    ),
    "no cell": (without("q1-answer"), 2, "Q1: the cell that defines moving_average is missing"),
    "no cell for prose": (without("q3", "q3-answer"), 2, "Q3: the cell for your text is missing"),
    "no checks": (without("q1-shape", "q1-example", "q1-check"), 3, "Check cells are missing in Q1"),
    "two definitions": (
        with_another_definition,
        3,
        "moving_average is defined in 2 places, and the last one counts",
    ),
    "a text cell": (as_text, 2, "Q1: moving_average is in a text cell; change its type to code"),
    "another version": (of_another_version, 3, "The notebook is from another version of this lab"),
}


@pytest.mark.parametrize("case", FINDINGS)
def test_each_finding_is_one_sentence_with_what_to_do(solved: Path, case: str) -> None:
    change, count, sentence = FINDINGS[case]
    change_notebook(solved, change)
    code, lines = preflight(solved, NOTEBOOK)
    assert code == 1
    assert f"{count} of 3" in lines[1]
    assert len(lines) == 3 and sentence in lines[2], lines


def test_an_answer_in_a_copy_is_not_called_blank(folder: Path) -> None:
    change_notebook(folder, with_another_definition)
    code, lines = preflight(folder)
    assert code == 1 and "1 of 3" in lines[1] and not any("Nothing is answered" in line for line in lines)


def test_a_missing_cell_of_a_hidden_check_is_counted_and_not_named(
    tiny_course: BuiltCourse, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_course.release / "nbgrader", tmp_path / "lab"))
    change_notebook(folder, without("q1-hidden-values"))
    assert "- Only 3 of 4 cells that start with '# A hidden check' are left" in preflight(folder)[1][-1]


def test_nothing_of_a_hidden_check_is_in_what_is_compared(tiny_course: BuiltCourse) -> None:
    hidden = [check for check in tiny_course.prepared.source.checks() if check.hidden]
    assert hidden
    for flavor in FLAVORS:
        text = (tiny_course.release / flavor / "checks" / "release.json").read_text(encoding="utf-8")
        for check in hidden:
            assert check.cell.id not in text and check.function().name not in text


def test_missing_files_of_the_folder_are_named(solved: Path) -> None:
    (solved / "tinykit" / "tables.py").unlink()
    code, lines = preflight(solved)
    assert code == 1 and "- The folder is not complete (missing: tinykit/tables.py): download" in lines[2]


def test_the_notebook_of_the_other_flavor_lacks_its_checks(tiny_course: BuiltCourse, solved: Path) -> None:
    other = FLAVORS[1 - FLAVORS.index(solved.name)]
    shutil.copy(tiny_course.release / other / NOTEBOOK, solved / "other.ipynb")
    code, lines = preflight(solved, "other.ipynb")
    assert code == 1 and any("Check cells are missing in Q1, Q2" in line for line in lines)


def test_nothing_in_the_notebook_runs(solved: Path) -> None:
    trap = "open('trap', 'w').close()\ndef moving_average(v, w=open('trap', 'w')):\n    return v"
    change_notebook(solved, answered("q1-answer", trap))
    assert preflight(solved)[0] == 0
    assert not (solved / "trap").exists()


def written(data: bytes | str) -> Callable[[Path], None]:
    content = data.encode() if isinstance(data, str) else data
    return lambda path: path.write_bytes(content) and None


def cells_of(*items: object) -> Callable[[Path], None]:
    return written(json.dumps({"cells": items, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100_000_001)


UNUSABLE = {
    "no file": ("none.ipynb", lambda _: None, "there is no such file (notebooks in that folder: tiny.ipynb)"),
    "a folder": ("x.ipynb", Path.mkdir, "this is a folder"),
    "empty": ("x.ipynb", written(b" \n"), "the file is empty"),
    "a script": ("x.py", written("def moving_average(v): pass"), "this is not a notebook"),
    "zip": ("x.zip", written(b"PK\3\4"), "this is not a notebook"),
    "a renamed zip": ("x.ipynb", written(b"PK\3\4"), "this is a zip with another name"),
    "a web page": ("x.ipynb", written("<!DOCTYPE html>"), "this is a web page"),
    "not JSON": ("x.ipynb", written("print(1)"), "what is in it is not a notebook"),
    "cut off": ("x.ipynb", written('{"cells": [{"source": "de'), "damaged or cut off in line 1"),
    "a conflict": ("x.ipynb", written('{\n<<<<<<< HEAD\n "cells"'), "git left a conflict"),
    "no text": ("x.ipynb", written(bytes(range(128, 255))), "what is in it is not a notebook"),
    "UTF-16": ("x.ipynb", written('{"cells": []}'.encode("utf-16")), "what is in it is not a notebook"),
    "deep": ("x.ipynb", written("[" * 100_000), "what is in it is not a notebook"),
    "deep cells": ("x.ipynb", written('{"cells": ' + "[" * 100_000), "damaged or cut off"),
    "a long number": ("x.ipynb", written('{"cells": 1' + "0" * 10_000 + "}"), "damaged or cut off"),
    "a list": ("x.ipynb", written("[1, 2]"), "there are no cells in it"),
    "a number": ("x.ipynb", written("7"), "there are no cells in it"),
    "cells by name": ("x.ipynb", written('{"cells": {"a": 1}}'), "there are no cells in it"),
    "format 3": ("x.ipynb", written('{"worksheets": [{"cells": []}]}'), "a format that was replaced in 2015"),
    "no cells": ("x.ipynb", cells_of(), "nothing in it is of Smoothing"),
    "odd cells": (
        "x.ipynb",
        cells_of(1, None, [], {}, {"source": 5}, {"source": [1, None], "metadata": 3}),
        "nothing in it is of",
    ),
    "ids alone": (
        "x.ipynb",
        cells_of({"cell_type": "code", "id": "q1-answer", "source": "x = 1"}),
        "nothing in it is of",
    ),
    "huge": ("x.ipynb", huge, "the file has 100 MB"),
    "a long name": ("x" * 5000 + ".ipynb", lambda _: None, "the file cannot be read"),
    "a device": (os.devnull, lambda _: None, "this is not a file"),
    "an option": ("--help", lambda _: None, "There is no option --help"),
    "no name": ("", lambda _: None, "this is a folder"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_file_that_cannot_be_used_costs_one_sentence(
    tiny_course: BuiltCourse, tmp_path: Path, case: str
) -> None:
    folder = Path(shutil.copytree(tiny_course.release / "otter", tmp_path / "lab"))
    name, make, sentence = UNUSABLE[case]
    make(folder / name)
    code, lines = preflight(folder, name)
    assert code == 2
    assert len(lines) == 1 and sentence in lines[0], lines


def test_the_notebook_of_another_lab_is_recognized(solved: Path) -> None:
    change_notebook(solved, lambda raw: raw["metadata"]["course"].update(assignment="lab_9"))
    code, lines = preflight(solved, NOTEBOOK)
    assert code == 2
    assert "belongs to lab_9, and this folder to tiny; use your copy of tiny.ipynb" in lines[0]


def test_without_a_name_the_notebooks_that_may_be_meant_are_listed(solved: Path) -> None:
    (solved / "notes.ipynb").write_text('{"cells": []}')
    assert preflight(solved)[0] == 0
    shutil.copy(solved / NOTEBOOK, solved / "tiny-Copy1.ipynb")
    code, (line,) = preflight(solved)
    assert code == 2 and "several notebooks of this lab: tiny-Copy1.ipynb, tiny.ipynb; say which" in line
    for name in (NOTEBOOK, "tiny-Copy1.ipynb"):
        (solved / name).unlink()
    code, (line,) = preflight(solved)
    assert code == 2 and "(notebooks here: notes.ipynb)" in line


def test_several_names_ask_for_quotation_marks(solved: Path) -> None:
    assert "give one in quotes" in preflight(solved, "my", "lab.ipynb")[1][0]


def test_a_damaged_list_of_parts_is_named(solved: Path) -> None:
    for damage in ("{}", "[1]", "{", "3"):
        (solved / "checks" / "release.json").write_text(damage)
        code, (line,) = preflight(solved)
        assert code == 2 and line.startswith("checks/release.json is missing or damaged")


def test_code_that_no_parser_takes_is_a_finding(solved: Path) -> None:
    head = "def moving_average(v):\n    return "
    for text in ("(" * 50_000, "\0", "-" * 100_000 + "1", "1 + " * 300_000 + "1"):
        change_notebook(solved, answered("q1-answer", head + text))
        code, lines = preflight(solved, NOTEBOOK)
        assert code == 1 and len(lines) == 3 and "Q1: moving_average is" in lines[2], lines


# The first cell of Lab 4.4


def run_setup(folder: Path, *options: str, **environment: str) -> str:
    """Run the first code cell as a script in a folder; return the last line that it writes."""
    raw = json.loads((ROOT / "source" / "lab_4_4_rnn" / "lab_4_4_rnn.ipynb").read_text(encoding="utf-8"))
    text = cell(raw, "setup")["source"]
    done = subprocess.run(
        [sys.executable, *options, "-c", text],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": "", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


@pytest.fixture
def lab_folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "release" / "lab_4_4_rnn" / "otter", tmp_path / "lab")
    return tmp_path / "lab"


def test_the_first_cell_says_where_which_folder_is_missing(tmp_path: Path) -> None:
    assert run_setup(tmp_path) == (
        "ImportError: No module named 'rnnlab': put the whole folders rnnlab and checks into "
        f"{tmp_path}, where this kernel runs, then restart the kernel"
    )


def test_the_first_cell_names_a_missing_part_of_a_folder(lab_folder: Path) -> None:
    (lab_folder / "rnnlab" / "quiet.py").unlink()
    sentence = run_setup(lab_folder)
    assert sentence.startswith("ImportError: No module named 'rnnlab.quiet': put the whole folders rnnlab")


def test_the_first_cell_tells_a_missing_package_from_a_missing_folder(lab_folder: Path) -> None:
    assert run_setup(lab_folder, "-S") == (
        "ImportError: No module named 'numpy': run %pip install -r requirements.txt, then restart the kernel"
    )


@pytest.mark.parametrize("variable", [{"KERAS_BACKEND": "jax"}, {"TF_USE_LEGACY_KERAS": "1"}])
def test_the_first_cell_refuses_another_keras(lab_folder: Path, variable: dict[str, str]) -> None:
    sentence = run_setup(lab_folder, **variable)
    assert "KitError" in sentence and next(iter(variable)) in sentence and "restart the kernel" in sentence


def test_the_first_code_cell_is_the_same_in_both_flavors(tiny_course: BuiltCourse) -> None:
    for flavor in FLAVORS:
        raw = json.loads(tiny_course.notebook(flavor))
        first = next(item for item in raw["cells"] if item["cell_type"] == "code")
        assert first["id"] == "setup"
