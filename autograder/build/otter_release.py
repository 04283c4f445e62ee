"""The otter flavour: ``otter assign`` does the work, this gives and takes its files."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml
from nbformat import NotebookNode

from autograder.build import run_tool
from autograder.build.cells import ReleaseInfo, check_code, make_cell, make_notebook
from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.files import dump_notebook, load_notebook, make_zip, read_tree, write_tree
from autograder.notebook import Cell, CellType, Check, Source

_INIT_CELL = Cell("otter-init", CellType.CODE, "import otter\n\ngrader = otter.Notebook()")


def build(
    source: Source,
    assignment: Assignment,
    release_info: ReleaseInfo,
    files: Mapping[str, bytes],
    work_dir: Path,
) -> tuple[dict[str, bytes], bytes]:
    """Return the files that students get, and the autograder zip.

    Args:
        source: with literals for facts.
        files: what stands beside the notebook: kit, checks, requirements.
        work: an empty folder.
    """
    name = assignment.notebook.name
    write_tree(work_dir, {**files, name: dump_notebook(master(source, assignment, release_info, files))})
    run_tool.run("otter", "assign", "--no-run-tests", "--no-pdfs", name, "made", folder=work_dir)
    made = read_tree(work_dir / "made" / "student")
    made[name] = dump_notebook(_assign_cell_ids(load_notebook(made[name]), source))
    zips = list((work_dir / "made" / "autograder").glob("*.zip"))
    if len(zips) != 1:
        raise StaffError(f"otter assign made {len(zips)} autograder zips instead of one")
    return {**made, "requirements.txt": files["requirements.txt"]}, repack(zips[0].read_bytes())


def master(
    source: Source, assignment: Assignment, release_info: ReleaseInfo, files: Mapping[str, bytes]
) -> NotebookNode:
    """Return the notebook that otter assign reads: ours with its settings on top."""
    beside = sorted({path.partition("/")[0] for path in files} - {"requirements.txt"})
    return make_notebook([_config_cell(beside), *_cells(source, assignment.kit)], release_info)


def repack(data: bytes) -> bytes:
    """Return a zip with the same files in order of their names and without times."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        return make_zip({name: old.read(name) for name in old.namelist()})


def _config_cell(support_files: list[str]) -> NotebookNode:
    settings = {
        "init_cell": False,
        "run_tests": False,
        "requirements": "requirements.txt",
        "files": support_files,
        "tests": {"files": True, "ok_format": False},
        "export_cell": {"pdf": False, "run_tests": False},
        "generate": {"show_stdout": False, "show_hidden": False},
    }
    text = "# ASSIGNMENT CONFIG\n" + yaml.safe_dump(settings, sort_keys=True)
    return make_cell(Cell("assignment-config", CellType.RAW, text))


def _cells(source: Source, kit: str) -> Iterator[NotebookNode]:
    checks = {check.cell.id: check for check in source.checks()}
    yield make_cell(_INIT_CELL, editable=False, deletable=False)
    for cell in source.cells:
        check = checks.get(cell.id)
        yield make_cell(cell, _test_source(check, kit) if check else None)


def _test_source(check: Check, kit: str) -> str:
    settings = {"points": check.points, "hidden": check.hidden, "failure_message": check.title}
    config = yaml.safe_dump(settings, sort_keys=True, width=10_000, allow_unicode=True)
    return f'""" # BEGIN TEST CONFIG\n{config}""" # END TEST CONFIG\n{check_code(check, kit)}'


def _assign_cell_ids(student: NotebookNode, source: Source) -> NotebookNode:
    """Give every cell that otter added a name in place of its random id."""
    known = {cell.id for cell in source.cells} | {_INIT_CELL.id}
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
