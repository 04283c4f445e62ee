"""The otter flavor, made by ``otter assign``."""

import io
import re
import zipfile
from pathlib import Path

import yaml

from autograder.build.cells import PreparedSource, check_code, make_cell, make_notebook
from autograder.build.kit import REQUIREMENTS_NAME
from autograder.errors import StaffError
from autograder.external_tools import run_tool
from autograder.files import NotebookNode, dump_notebook, load_notebook, make_zip, read_tree, write_tree
from autograder.notebook import Cell, CellType, Source

INIT_ID = "otter-init"
EXPORT_IDS = ("export-instructions", "export", "export-end")


def build(prepared: PreparedSource, work_dir: Path) -> tuple[dict[str, bytes], bytes]:
    """Return the files that students get, and the autograder zip; ``work_dir`` is a new folder."""
    name = prepared.assignment.notebook.name
    write_tree(work_dir, {**prepared.files, name: dump_notebook(master_notebook(prepared))})
    run_tool("otter", "assign", "--no-run-tests", "--no-pdfs", name, "made", folder=work_dir)
    release = read_tree(work_dir / "made" / "student")
    release[name] = dump_notebook(_assign_cell_ids(load_notebook(release[name]), prepared.source))
    release[REQUIREMENTS_NAME] = prepared.files[REQUIREMENTS_NAME]
    # Its name contains the time at which it was made.
    zips = list((work_dir / "made" / "autograder").glob("*.zip"))
    if len(zips) != 1:
        raise StaffError(f"otter assign made {len(zips)} autograder zips; one is expected")
    return release, repack(zips[0].read_bytes())


def master_notebook(prepared: PreparedSource) -> NotebookNode:
    """Return the notebook that otter assign reads: the source with otter's settings on top."""
    support_files = sorted({path.partition("/")[0] for path in prepared.files} - {REQUIREMENTS_NAME})
    settings = {
        "init_cell": False,
        "run_tests": False,
        "requirements": REQUIREMENTS_NAME,
        "files": support_files,  # folders are copied with their content
        # Tests in files survive a renamed notebook and Colab; tests in metadata do not.
        "tests": {"files": True, "ok_format": False},
        "export_cell": {"pdf": False, "run_tests": False},
        "generate": {"show_stdout": False, "show_hidden": False},
    }
    config = "# ASSIGNMENT CONFIG\n" + yaml.safe_dump(settings, sort_keys=True)
    init = Cell(INIT_ID, CellType.CODE, "import otter\n\ngrader = otter.Notebook()")
    cells = [
        make_cell(Cell("assignment-config", CellType.RAW, config)),
        make_cell(init, editable=False, deletable=False),
    ]
    checks = {check.cell.id: check for check in prepared.source.checks()}
    for cell in prepared.source.cells:
        text = None
        if cell.id in checks:
            check = checks[cell.id]
            settings = {"points": check.points, "hidden": check.hidden, "failure_message": check.title}
            # Without a width, YAML would fold a long title into two lines.
            config = yaml.safe_dump(settings, sort_keys=True, width=10_000, allow_unicode=True)
            code = check_code(check, prepared.assignment.kit)
            text = f'""" # BEGIN TEST CONFIG\n{config}""" # END TEST CONFIG\n{code}'
        cells.append(make_cell(cell, text))
    return make_notebook(cells, prepared.release_info)


def repack(data: bytes) -> bytes:
    """Return a zip with the same files in order of their names and without times."""
    # otter stores times and the order of a folder listing: other bytes at every build.
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return make_zip({name: archive.read(name) for name in archive.namelist()})


def _assign_cell_ids(student: NotebookNode, source: Source) -> NotebookNode:
    """Give every cell that otter added a fixed id instead of its random one."""
    # The order in which otter adds cells identifies those without any other mark.
    known_ids = {cell.id for cell in source.cells} | {INIT_ID}
    manual_ids = iter([question.answers[0].cell.id for question in source.questions if question.manual])
    export_ids = iter(EXPORT_IDS)
    for number, cell in enumerate(student.cells):
        if cell.id in known_ids:
            continue
        check = re.fullmatch(r'grader\.check\("(\w+)"\)', cell.source)
        if check:
            cell.id = f"{check[1]}-check".replace("_", "-")
        elif "otter_answer_cell" in cell.metadata.get("tags", []):
            cell.id = next(manual_ids)
        elif re.fullmatch(r"<!-- (BEGIN|END) QUESTION -->\s*(<!-- .*)?", cell.source, re.DOTALL):
            cell.id = f"otter-mark-{number}"
        elif export_id := next(export_ids, None):
            cell.id = export_id
        else:
            raise StaffError(f"otter assign added an unknown cell: {cell.source[:60]!r}")
    return student
