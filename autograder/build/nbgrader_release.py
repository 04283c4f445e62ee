"""The nbgrader flavour: ``nbgrader generate_assignment`` does the work in a temporary course."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.build import run_tool
from autograder.build.cells import STUB, TEXT_STUB, ReleaseInfo, check_code, make_cell, make_notebook
from autograder.course import Assignment, Course
from autograder.files import dump_notebook, load_notebook, read_tree, write_tree
from autograder.notebook import Cell, CellType, Check, Question, Source

CONFIG_NAME = "nbgrader_config.py"
GRADEBOOK = "gradebook.db"
EXCHANGE = "exchange"
"""Where ``nbgrader release_assignment`` and ``list`` look on a machine of one's own."""

READ_ONLY_CELLS = ("setup", "parameters")
"""Provided cells that nbgrader restores before it grades; students may change the others."""


@dataclass(frozen=True, slots=True)
class NbgraderOutput:
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
    release_info: ReleaseInfo,
    files: Mapping[str, bytes],
    work_dir: Path,
) -> NbgraderOutput:
    """Return the files that students get, and those that nbgrader grades with.

    Args:
        source: with literals for facts.
        files: what stands beside the notebook: kit, checks, requirements.
        work: an empty folder, which becomes the temporary course.
    """
    name = assignment.notebook.name
    translated = dump_notebook(make_notebook(_cells(source, assignment.kit), release_info))
    inputs = {**files, name: translated}
    write_tree(work_dir / "source" / assignment.name, inputs)
    (work_dir / CONFIG_NAME).write_text(config_text(course), encoding="utf-8")
    run_tool.run("nbgrader", "generate_assignment", assignment.name, "--create", folder=work_dir)
    release = read_tree(work_dir / "release" / assignment.name)
    release[name] = dump_notebook(load_notebook(release[name]))
    return NbgraderOutput(inputs, release, (work_dir / GRADEBOOK).read_bytes())


def settings(course: Course) -> dict[str, dict[str, Any]]:
    """Return nbgrader's settings as ``{class: {trait: value}}``, derived from the course."""
    timeouts = [assignment.build_cell_timeout_s for assignment in course.assignments.values()]
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
    roles = _nbgrader_cells(source, kit)
    for cell in source.cells:
        if cell.id in roles:
            yield roles[cell.id]
        elif cell.cell_type is not CellType.RAW:
            yield _locked_cell(cell) if cell.id in READ_ONLY_CELLS else make_cell(cell)


def _nbgrader_cells(source: Source, kit: str) -> dict[str, NotebookNode]:
    """Return the cells that nbgrader must know, by id."""
    known = {}
    for question in source.questions:
        for cell in question.prompt:
            if cell.cell_type is CellType.MARKDOWN:
                known[cell.id] = _locked_cell(cell)
        for answer in question.answers:
            known[answer.cell.id] = _answer_cell(question, answer.cell)
        for check in question.checks:
            known[check.cell.id] = _test_cell(check, kit)
    return known


def _locked_cell(cell: Cell) -> NotebookNode:
    return make_cell(cell, nbgrader=_metadata(cell, locked=True))


def _answer_cell(question: Question, cell: Cell) -> NotebookNode:
    if question.manual:
        metadata = _metadata(cell, grade=True, solution=True, points=question.points)
    else:
        metadata = _metadata(cell, solution=True)
    return make_cell(cell, nbgrader=metadata)


def _test_cell(check: Check, kit: str) -> NotebookNode:
    metadata = _metadata(check.cell, grade=True, locked=True, points=check.points)
    code = check_code(check, kit)
    body, run = code.rsplit("\n", 1)
    lines = [*body.rstrip("\n").split("\n"), "", "", "import checks", "", run]
    if check.hidden:
        intro = f"# A hidden check, {check.points:g} points: it runs when your work is graded."
        lines = [intro, "### BEGIN HIDDEN TESTS", *lines, "### END HIDDEN TESTS"]
    text = "\n".join(lines)
    return make_cell(check.cell, text, nbgrader=metadata, tags=["raises-exception"])


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
