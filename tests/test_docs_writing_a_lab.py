"""What docs/writing-a-lab.md says is so: a reader who follows it gets what it prints."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.commands.cli import course
from autograder.course import Assignment
from autograder.notebook_file import read_cells

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "writing-a-lab.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
CONSOLES = [body for language, body in BLOCKS if language == "console"]
CELLS = [(language, body.strip()) for language, body in BLOCKS if language in ("markdown", "python")]
KNOWN_ANSWER = CELLS.pop()[1]


def test_its_commands_exist_with_their_options() -> None:
    lines = re.findall(r"^\$ course ([\w-]+)(.*)", "\n".join(CONSOLES), re.M)
    assert {name for name, _ in lines} == {"new", "build", "validate", "grade"}
    for name, rest in lines:
        options = {option for parameter in course.commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= options
    assert set(re.findall(r"`course ([\w-]+)", TEXT)) <= set(course.commands)


def test_every_key_of_the_configuration_that_it_names_exists() -> None:
    table = TEXT.split("## What may be missing")[1].split("\n## ")[0]
    keys = set(re.findall(r'`"(\w+)":', table)) | set(
        re.findall(r"^\| `(\w+)` \| `course_config", table, re.M)
    )
    assert keys == {"lab", "kit", "build_cell_timeout_s"}
    assert keys <= set(Assignment.__dataclass_fields__)


def append_cells(path: Path) -> None:
    """Append the cells of the page as Colab would, which writes no ids and its own metadata."""
    raw = json.loads(path.read_bytes())
    for number, (language, source) in enumerate(CELLS):
        cell = {"cell_type": "markdown", "metadata": {"id": f"x{number}"}, "source": source}
        if language == "python":
            cell |= {"cell_type": "code", "outputs": [], "execution_count": number}
        raw["cells"].append(cell)
    raw |= {"nbformat_minor": 0, "metadata": {"colab": {"provenance": []}, "kernelspec": {"name": "python3"}}}
    path.write_text(json.dumps(raw))


def run(command: str, folder: Path) -> str:
    """Run a command of the page in ``folder`` and return what it prints."""
    arguments = shlex.split(command)
    if arguments[0] == "course":
        # Imports NumPy alone in the processes that grade, which is enough for this lab.
        arguments[:1] = [sys.executable, "-m", "tests.support.numpy_course"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def check_printed(expected: list[str], printed: str) -> None:
    """Every line of the page is printed, in this order."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    for line in expected:
        pattern = ".+".join(map(re.escape, " ".join(line.split()).split("…")))
        fitting = [number for number, actual in enumerate(lines) if re.fullmatch(pattern, actual)]
        assert fitting, f"{line}\nis not in\n{printed}"
        del lines[: fitting[0] + 1]


@pytest.mark.slow
def test_a_reader_who_follows_it_gets_what_it_prints(tmp_path: Path) -> None:
    steps = [step.splitlines() for body in CONSOLES for step in re.split(r"^\$ ", body, flags=re.M)[1:]]
    notebook = tmp_path / "source" / "lab_5_1" / "lab_5_1.ipynb"
    builds = 0
    for command, *expected in steps:
        builds += command.startswith("course build")
        if command.startswith("course build") and builds == 2:
            append_cells(notebook)
        if command.startswith("course build") and builds == 3:
            (notebook.parent / "known_answers" / "q3_only_centered.py").write_text(f"{KNOWN_ANSWER}\n")
        before = notebook.read_bytes() if notebook.is_file() else b""
        check_printed(expected, run(command, tmp_path))
        assert before in (b"", notebook.read_bytes())
    assert builds == 3
    assert len(read_cells(notebook.read_bytes(), "").cells) == 14
