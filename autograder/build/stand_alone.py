"""What makes the folder of one flavor stand alone: a README, its requirements, a list of its parts.

``python -m checks``, in the folder, compares a student's notebook with that list.
"""

import contextlib
import json
import re
import tomllib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.build.release_parts import CHECKS_NAME, PreparedSource
from autograder.checks.preflight import RELEASE_NAME
from autograder.notebook import TEXT_STUB, CellType, Question

Flavor = Literal["otter", "nbgrader"]

README_NAME = "README.md"
REQUIREMENTS_NAME = "requirements.txt"
ABOUT_NAME = "about.md"
"""What the README says of this lab alone; a file next to the source notebook, which may be missing."""

_DISTRIBUTIONS = {"IPython": "ipython", "PIL": "pillow", "sklearn": "scikit-learn"}
"""Modules whose distribution has a different name."""

_OWN_DISTRIBUTION = "rnn-course"

_FLAVOR_REQUIREMENTS = {
    "otter": ("", ("ipykernel", "otter-grader")),
    "nbgrader": (
        "# nbgrader is not needed: the notebook does not import it, and a hub has it.\n",
        ("ipykernel",),
    ),
}
"""A comment, and what a flavor needs in addition to what notebook and kit import."""


def flavor_files(prepared: PreparedSource, flavor: Flavor) -> dict[str, bytes]:
    """Return the files of one flavor that are not made by its tool, by path."""
    assignment = prepared.assignment
    files = {REQUIREMENTS_NAME: requirements(prepared, flavor), README_NAME: readme(prepared, flavor)}
    present = sorted(prepared.files)
    if flavor == "otter":
        present += [f"tests/{question.name}.py" for question in prepared.source.questions if question.checks]
    release = {
        **prepared.identity(),
        "title": assignment.title,
        "notebook": assignment.notebook.name,
        "files": present,
        "questions": [_parts(question, flavor) for question in prepared.source.questions],
        "hidden_checks": 0,
    }
    if flavor == "nbgrader":
        release["hidden_checks"] = sum(check.hidden for check in prepared.source.checks())
    text = json.dumps(release, indent=1, ensure_ascii=False)
    files[f"{CHECKS_NAME}/{RELEASE_NAME}"] = f"{text}\n".encode()
    return files


def _parts(question: Question, flavor: Flavor) -> dict[str, Any]:
    """Return the cells of a question that must be in a notebook; of hidden checks, nothing."""
    prompts = [cell.text.strip() for cell in question.prompt if cell.cell_type is CellType.MARKDOWN]
    answers, checks = [], []
    for answer in question.answers:
        is_code = answer.cell.cell_type is CellType.CODE
        text = answer.stub() if is_code else TEXT_STUB
        answers.append({"id": answer.cell.id, "is_code": is_code, "text": text.strip()})
    if flavor == "otter" and question.checks:
        checks = [{"id": question.otter_check_id, "first_line": f'grader.check("{question.name}")'}]
    elif flavor == "nbgrader":
        for check in question.checks:
            if not check.hidden:
                checks.append({"id": check.cell.id, "first_line": check.code.strip().partition("\n")[0]})
    return {
        "name": question.name,
        "prompt": prompts[-1].partition("\n")[0] if prompts else "",
        "answers": answers,
        "checks": checks,
    }


def requirements(prepared: PreparedSource, flavor: Flavor) -> bytes:
    """Return ``requirements.txt`` with the versions that the course itself is tested with."""
    text, tools = _FLAVOR_REQUIREMENTS[flavor]
    project_path = prepared.assignment.root / "pyproject.toml"
    lines: list[str] = []
    if project_path.is_file():
        project = tomllib.loads(project_path.read_text(encoding="utf-8")).get("project", {})
        lines += project.get("dependencies", [])
        for group in project.get("optional-dependencies", {}).values():
            lines += group
    else:
        # A course of its own: the versions that the installed package is tested with.
        with contextlib.suppress(metadata.PackageNotFoundError):
            for line in metadata.requires(_OWN_DISTRIBUTION) or ():
                lines.append(line.partition(";")[0].strip())
    # "keras>=3.15,<3.16" and "psycopg[binary]" by the name in front.
    versions = {re.split(r"[\s\[<>=!~;]", line, maxsplit=1)[0]: line for line in lines}
    names = {_DISTRIBUTIONS.get(module, module) for module in prepared.modules}.union(tools)
    for name in sorted(names, key=str.lower):
        text += versions.get(name, name) + "\n"
    return text.encode()


def readme(prepared: PreparedSource, flavor: Flavor) -> bytes:
    """Return the page for students, with what the lab's author adds to it."""
    assignment = prepared.assignment
    about = assignment.source / ABOUT_NAME
    values = {
        "title": assignment.title,
        "notebook": assignment.notebook.name,
        "kit": assignment.kit,
        "due": f"{assignment.due:%B} {assignment.due.day}, {assignment.due.year}",
        "about": about.read_text(encoding="utf-8").strip() if about.is_file() else "",
    }
    return f"{_render('README.md.j2', flavor, values)}\n".encode()


def submission_text(prepared: PreparedSource, flavor: Flavor) -> str:
    """Return what the last text of a notebook says about handing it in."""
    return _render("submission.md.j2", flavor, {"notebook": prepared.assignment.notebook.name})


def _render(name: str, flavor: Flavor, values: Mapping[str, str]) -> str:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    return templates.get_template(name).render(values, flavor=flavor).strip()
