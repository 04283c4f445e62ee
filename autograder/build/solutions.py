"""The executed solution, which staff publish: with its figures and the visible checks only.

Training yields different weights on different processors, so the notebook is executed again only
when its inputs have changed; their digest is stored next to it.
"""

import copy
import json
import os
import subprocess
import tempfile
from asyncio import CancelledError
from pathlib import Path

from autograder.build.release_parts import PreparedSource, make_cell, make_notebook
from autograder.course import Assignment
from autograder.errors import AuthorError
from autograder.files import NotebookNode, digest, dump_notebook, read_tree, write_tree
from autograder.notebook import CellType, Source

MANIFEST_NAME = "MANIFEST.json"


def solution_folder(assignment: Assignment) -> Path:
    """Return the folder of the published solution; it need not exist."""
    return assignment.root / "solutions" / assignment.name


def stored(prepared: PreparedSource) -> dict[str, bytes]:
    """Return the files of the published solution; none if it is not the solution of this source."""
    files = read_tree(solution_folder(prepared.assignment))
    published = {name: data for name, data in files.items() if name != MANIFEST_NAME}
    manifest = _manifest(prepared, _draft(prepared.source), published)
    return files if files.get(MANIFEST_NAME) == manifest else {}


def _draft(source: Source) -> NotebookNode:
    """Return the solution before it is executed: answered, and without hidden checks."""
    texts = {answer.cell.id: answer.solution() for answer in source.answers()}
    texts |= {check.cell.id: check.code for check in source.checks()}
    omitted = {check.cell.id for check in source.checks() if check.hidden}
    cells = []
    for cell in source.cells:
        if cell.cell_type is not CellType.RAW and cell.id not in omitted:
            cells.append(make_cell(cell, texts.get(cell.id)))
    return make_notebook(cells)


def _manifest(prepared: PreparedSource, draft: NotebookNode, published: dict[str, bytes]) -> bytes:
    """Return the digests of everything that an executed notebook is made of, and of the result."""
    environment = json.dumps(dict(prepared.assignment.environment), sort_keys=True).encode()
    inputs = {**prepared.files, "draft.ipynb": dump_notebook(draft), "environment.json": environment}
    manifest = {"inputs": digest(inputs), "outputs": digest(published)}
    return (json.dumps(manifest, indent=1) + "\n").encode()


def execute(prepared: PreparedSource) -> dict[str, bytes]:
    """Run the solution in a kernel of its own and return the files to publish.

    Raises:
        AuthorError: a cell raises, takes longer than ``build_cell_timeout_s`` or writes to stderr.
    """
    # Only a build that runs the solution needs a kernel's client; grading imports this module too.
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    assignment, source = prepared.assignment, prepared.source
    # A fixed hash seed: sets and dicts of strings otherwise iterate differently each time.
    environment = {**os.environ, **assignment.environment, "PYTHONHASHSEED": "0"}
    draft = _draft(source)
    executed = copy.deepcopy(draft)  # the client writes into it
    with tempfile.TemporaryDirectory(prefix="solution-") as work_dir:
        write_tree(Path(work_dir), prepared.files)
        client = NotebookClient(
            executed,
            timeout=assignment.build_cell_timeout_s,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,  # how the kernel splits what a cell prints depends on its speed
            resources={"metadata": {"path": work_dir}},
        )
        try:
            # The kernel's own log is of no use to an author; stderr of cells is in their outputs.
            client.execute(stderr=subprocess.DEVNULL, env=environment)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise AuthorError(_failure_message(executed, source, error)) from error
        except (AssertionError, CancelledError):
            # nbclient itself handles Ctrl-C and SIGTERM: it ends the kernel, and then finds none or stops
            # waiting for it.
            raise KeyboardInterrupt from None
    noise = []
    cells = {cell.id: cell for cell in source.cells}
    for cell in executed.cells:
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                first_line = output.text.strip().split("\n")[0][:100]
                fix = "print it or suppress it: nbgrader deducts points for it"
                noise.append(source.problem(cells[cell.id], f"output on stderr ({first_line})", fix))
    if noise:
        raise AuthorError(noise)
    executed.metadata = draft.metadata  # the kernel adds the version of its Python
    published = {assignment.notebook.name: dump_notebook(executed)}
    return {**published, MANIFEST_NAME: _manifest(prepared, draft, published)}


def _failure_message(notebook: NotebookNode, source: Source, error: Exception) -> str:
    reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
    if hasattr(error, "ename") and hasattr(error, "evalue"):  # an exception of the cell
        # All of it: what a check says is several lines long.
        reason = " ".join(f"{error.ename}: {error.evalue}".split())
    # The last cell that was started is the one that failed.
    cells = {cell.id: cell for cell in source.cells}
    for cell in reversed(notebook.cells):
        if cell.cell_type == "code" and cell.execution_count is not None:
            place = source.location(cells[cell.id])
            return f"{place}: the solution stops here: {reason}; fix the cell or the answer"
    return f"{source.label}: the solution stops before its first cell: {reason}"
