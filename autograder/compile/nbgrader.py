"""The nbgrader flavour: ``nbgrader generate_assignment`` does the work in a temporary course."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.compile import tool
from autograder.compile.folder import read_tree, write_tree
from autograder.compile.translation import STUB, TEXT_STUB, Stamp, check_code, node, notebook
from autograder.course import Assignment, Course
from autograder.notebook import dump, load
from autograder.source import Cell, Check, Kind, Question, Source

CONFIG_NAME = "nbgrader_config.py"
GRADEBOOK = "gradebook.db"
EXCHANGE = "exchange"
"""Where ``nbgrader release_assignment`` and ``list`` look on a machine of one's own."""

READ_ONLY = ("setup", "parameters")
"""Provided cells that nbgrader restores before it grades; students may change the others."""


@dataclass(frozen=True, slots=True)
class Made:
    """What nbgrader made of one assignment."""

    source: dict[str, bytes]
    """The translated source with everything beside it, for nbgrader's own course tree."""

    release: dict[str, bytes]
    gradebook: bytes
    """An SQLite file that knows this assignment and no student."""


def build(
    source: Source,
    course: Course,
    assignment: Assignment,
    stamp: Stamp,
    files: Mapping[str, bytes],
    work: Path,
) -> Made:
    """Return the files that students get, and those that nbgrader grades with.

    Args:
        source: with literals for facts.
        files: what stands beside the notebook: kit, checks, requirements.
        work: an empty folder, which becomes the temporary course.
    """
    name = assignment.notebook.name
    translated = dump(notebook(_cells(source, assignment.kit), stamp))
    inputs = {**files, name: translated}
    write_tree(work / "source" / assignment.name, inputs)
    (work / CONFIG_NAME).write_text(config_text(course), encoding="utf-8")
    tool.run("nbgrader", "generate_assignment", assignment.name, "--create", folder=work)
    release = read_tree(work / "release" / assignment.name)
    release[name] = dump(load(release[name]))
    return Made(inputs, release, (work / GRADEBOOK).read_bytes())


def settings(course: Course) -> dict[str, dict[str, Any]]:
    """Return nbgrader's settings as ``{class: {trait: value}}``, derived from the course."""
    timeouts = [assignment.cell_timeout_s for assignment in course.assignments.values()]
    return {
        "ClearSolutions": {"code_stub": {"python": STUB}, "text_stub": TEXT_STUB},
        "CourseDirectory": {"course_id": course.id},
        "Execute": {"timeout": max(timeouts)},
        "IgnorePattern": {"enabled": True, "pattern": r"[\s\S]"},
    }


def config_text(course: Course) -> str:
    """Return ``nbgrader_config.py`` for the folder that is nbgrader's course."""
    lines = ['"""Made from course_config.py by `course build`; change that file."""', ""]
    lines += ["from pathlib import Path", "", "c = get_config()  # noqa: F821"]
    lines.append(f'c.Exchange.root = str(Path(__file__).resolve().parent / "{EXCHANGE}")')
    for name, traits in settings(course).items():
        lines += [f"c.{name}.{trait} = {value!r}" for trait, value in traits.items()]
    return "\n".join(lines) + "\n"


def _cells(source: Source, kit: str) -> Iterator[NotebookNode]:
    roles = _roles(source, kit)
    for cell in source.cells:
        if cell.id in roles:
            yield roles[cell.id]
        elif cell.kind is not Kind.RAW:
            yield _locked(cell) if cell.id in READ_ONLY else node(cell)


def _roles(source: Source, kit: str) -> dict[str, NotebookNode]:
    """Return the cells that nbgrader must know, by id."""
    known = {}
    for question in source.questions:
        for cell in question.prompt:
            if cell.kind is Kind.MARKDOWN:
                known[cell.id] = _locked(cell)
        for answer in question.answers:
            known[answer.cell.id] = _answer(question, answer.cell)
        for check in question.checks:
            known[check.cell.id] = _test(check, kit)
    return known


def _locked(cell: Cell) -> NotebookNode:
    return node(cell, nbgrader=_metadata(cell, locked=True))


def _answer(question: Question, cell: Cell) -> NotebookNode:
    if question.manual:
        metadata = _metadata(cell, grade=True, solution=True, points=question.points)
    else:
        metadata = _metadata(cell, solution=True)
    return node(cell, nbgrader=metadata)


def _test(check: Check, kit: str) -> NotebookNode:
    metadata = _metadata(check.cell, grade=True, locked=True, points=check.points)
    code = check_code(check, kit)
    body, run = code.rsplit("\n", 1)
    lines = [*body.rstrip("\n").split("\n"), "", "", "import checks", "", run]
    if check.hidden:
        intro = f"# A hidden check, {check.points:g} points: it runs when your work is graded."
        lines = [intro, "### BEGIN HIDDEN TESTS", *lines, "### END HIDDEN TESTS"]
    text = "\n".join(lines)
    return node(check.cell, text, nbgrader=metadata, tags=["raises-exception"])


def _metadata(cell: Cell, **values: Any) -> dict[str, Any]:
    base = {
        "grade": False,
        "grade_id": cell.id,
        "locked": False,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    return base | values
