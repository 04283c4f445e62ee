"""The otter flavour: ``otter assign`` does the work, this gives and takes its files."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml
from nbformat import NotebookNode

from autograder.compile import tool
from autograder.compile.folder import read_tree, write_tree, zipped
from autograder.compile.translation import Stamp, check_code, node, notebook
from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.notebook import dump, load
from autograder.source import Cell, Check, Kind, Source

_INIT = Cell("otter-init", Kind.CODE, "import otter\n\ngrader = otter.Notebook()")


def build(
    source: Source, assignment: Assignment, stamp: Stamp, files: Mapping[str, bytes], work: Path
) -> tuple[dict[str, bytes], bytes]:
    """Return the files that students get, and the autograder zip.

    Args:
        source: with literals for facts.
        files: what stands beside the notebook: kit, checks, requirements.
        work: an empty folder.
    """
    name = assignment.notebook.name
    write_tree(work, {**files, name: dump(master(source, assignment, stamp, files))})
    tool.run("otter", "assign", "--no-run-tests", "--no-pdfs", name, "made", folder=work)
    made = read_tree(work / "made" / "student")
    made[name] = dump(_named(load(made[name]), source))
    zips = list((work / "made" / "autograder").glob("*.zip"))
    if len(zips) != 1:
        raise StaffError(f"otter assign made {len(zips)} autograder zips instead of one")
    return {**made, "requirements.txt": files["requirements.txt"]}, repack(zips[0].read_bytes())


def master(source: Source, assignment: Assignment, stamp: Stamp, files: Mapping[str, bytes]) -> NotebookNode:
    """Return the notebook that otter assign reads: ours with its settings on top."""
    beside = sorted({path.partition("/")[0] for path in files} - {"requirements.txt"})
    return notebook([_config(beside), *_cells(source, assignment.kit)], stamp)


def repack(data: bytes) -> bytes:
    """Return a zip with the same files in order of their names and without times."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        return zipped({name: old.read(name) for name in old.namelist()})


def _config(beside: list[str]) -> NotebookNode:
    settings = {
        "init_cell": False,
        "run_tests": False,
        "requirements": "requirements.txt",
        "files": beside,
        "tests": {"files": True, "ok_format": False},
        "export_cell": {"pdf": False, "run_tests": False},
        "generate": {"show_stdout": False, "show_hidden": False},
    }
    text = "# ASSIGNMENT CONFIG\n" + yaml.safe_dump(settings, sort_keys=True)
    return node(Cell("assignment-config", Kind.RAW, text))


def _cells(source: Source, kit: str) -> Iterator[NotebookNode]:
    checks = {check.cell.id: check for check in source.checks()}
    yield node(_INIT, editable=False, deletable=False)
    for cell in source.cells:
        check = checks.get(cell.id)
        yield node(cell, _test(check, kit) if check else None)


def _test(check: Check, kit: str) -> str:
    settings = {"points": check.points, "hidden": check.hidden, "failure_message": check.title}
    config = yaml.safe_dump(settings, sort_keys=True, width=10_000, allow_unicode=True)
    return f'""" # BEGIN TEST CONFIG\n{config}""" # END TEST CONFIG\n{check_code(check, kit)}'


def _named(student: NotebookNode, source: Source) -> NotebookNode:
    """Give every cell that otter added a name in place of its random id."""
    known = {cell.id for cell in source.cells} | {_INIT.id}
    answers = {question.name: question.answers[0].cell.id for question in source.questions}
    manual = iter([answers[question.name] for question in source.questions if question.manual])
    export = iter(("export-instructions", "export", "export-end"))
    for number, cell in enumerate(student.cells):
        if cell.id in known:
            continue
        check = re.fullmatch(r'grader\.check\("(\w+)"\)', cell.source)
        if check:
            cell.id = f"{check[1]}-check".replace("_", "-")
        elif "otter_answer_cell" in cell.metadata.get("tags", []):
            cell.id = next(manual)
        elif re.fullmatch(r"<!-- (BEGIN|END) QUESTION -->\s*(<!-- .*)?", cell.source, re.DOTALL):
            cell.id = f"otter-mark-{number}"
        elif (name := next(export, None)) is not None:
            cell.id = name
        else:
            raise StaffError(f"otter assign added a cell that is not known here: {cell.source[:60]!r}")
    return student
