"""The executed solution: what staff publish, with its figures and the visible checks only.

Training gives other weights on other processors, so the notebook is executed again only when
something that it is made of has changed; the digest of that stands beside it.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder.build.cells import make_cell
from autograder.course import Assignment
from autograder.errors import AuthorError, Problem
from autograder.files import NOTEBOOK_FORMAT, digest, dump_notebook, read_tree, to_notebook_node, write_tree
from autograder.notebook import Answer, Cell, CellType, Check, Source

MANIFEST = "MANIFEST.json"


def draft(source: Source, *, hidden_checks: bool = False) -> NotebookNode:
    """Return the solution that is to be executed: answered, hidden checks only if asked for."""
    return to_notebook_node(
        {
            "cells": list(_cells(source, hidden_checks)),
            "metadata": {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            },
            "nbformat": NOTEBOOK_FORMAT[0],
            "nbformat_minor": NOTEBOOK_FORMAT[1],
        }
    )


def inputs_digest(solution: NotebookNode, assignment: Assignment, files: Mapping[str, bytes]) -> str:
    """Return the digest of everything that the executed notebook is made of."""
    environment = json.dumps(dict(assignment.environment), sort_keys=True).encode()
    return digest({**files, "draft.ipynb": dump_notebook(solution), "environment.json": environment})


def is_up_to_date(folder: Path, inputs: str) -> bool:
    """Return whether ``folder`` holds the solution of these inputs, unchanged."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    files = {name: data for name, data in read_tree(folder).items() if name != MANIFEST}
    return bool(manifest == {"inputs": inputs, "outputs": digest(files)})


def execute(
    solution: NotebookNode, source: Source, assignment: Assignment, files: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Run the solution in a kernel of its own and return the files to publish.

    Raises:
        AuthorError: a cell raises, takes longer than ``cell_timeout_s`` or writes to stderr.
    """
    with tempfile.TemporaryDirectory(prefix="solution-") as work:
        write_tree(Path(work), files)
        run = to_notebook_node(json.loads(json.dumps(solution)))
        client = NotebookClient(
            run,
            timeout=assignment.build_cell_timeout_s,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": work}},
        )
        try:
            client.execute(
                stderr=subprocess.DEVNULL, env={**os.environ, **assignment.environment, "PYTHONHASHSEED": "0"}
            )
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise AuthorError(_failure_message(run, source, error)) from error
    noisy = [str(problem) for problem in _stderr_problems(run, source)]
    if noisy:
        raise AuthorError(noisy)
    run.metadata = solution.metadata
    made = {assignment.notebook.name: dump_notebook(run)}
    manifest = {"inputs": inputs_digest(solution, assignment, files), "outputs": digest(made)}
    return {**made, MANIFEST: (json.dumps(manifest, indent=1) + "\n").encode()}


def _cells(source: Source, hidden_checks: bool) -> Iterator[NotebookNode]:
    answers: dict[str, Answer] = {answer.cell.id: answer for answer in source.answers()}
    checks: dict[str, Check] = {check.cell.id: check for check in source.checks()}
    for cell in source.cells:
        if cell.id in answers:
            yield make_cell(cell, answers[cell.id].solution())
        elif cell.id in checks:
            if hidden_checks or not checks[cell.id].hidden:
                yield make_cell(cell, checks[cell.id].code)
        elif cell.cell_type is not CellType.RAW:
            yield make_cell(cell)


def _failure_message(notebook: NotebookNode, source: Source, error: Exception) -> str:
    last = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
    cells = {cell.id: cell for cell in source.cells}
    for cell in reversed(notebook.cells):
        if cell.cell_type == "code" and cell.execution_count is not None:
            place = source.location(cells[cell.id])
            return f"{place}: the solution stops here: {last}; mend the cell or the answer"
    return f"{source.label}: the solution stops before its first cell: {last}"


def _stderr_problems(notebook: NotebookNode, source: Source) -> Iterator[Problem]:
    cells: dict[str, Cell] = {cell.id: cell for cell in source.cells}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                first = output.text.strip().split("\n")[0][:100]
                found = f"output on stderr ({first})"
                do = "print it or keep it quiet: nbgrader takes it for an error"
                yield Problem(source.location(cells[cell.id]), found, do)
