"""``course demo``: the solution, run as a student would, with all its checks."""

import html
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from autograder.compile import Prepared, prepare
from autograder.compile.folder import write_tree
from autograder.compile.solutions import draft
from autograder.course import Assignment
from autograder.errors import AuthorError
from autograder.source import Check, Question

_NO_TEXT = "No description has been provided for this image"


def show(assignment: Assignment, console: Console) -> None:
    """Execute the solution with visible and hidden checks, print points, write the page.

    Variables of the environment win over those of the configuration, so that
    ``RNNLAB_REVIEWS=/data/imdb.npz course demo`` runs it on the real reviews.

    Raises:
        AuthorError: a cell of the solution raises or writes to stderr, or a check does not pass.
    """
    prepared = prepare(assignment)
    notebook = draft(prepared.source, hidden_checks=True)
    _execute(notebook, prepared, assignment, console)
    page = assignment.root / "var" / "demo" / f"{assignment.name}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(_described(HTMLExporter().from_notebook_node(notebook)[0], notebook), encoding="utf-8")
    printed = {cell.id: _printed(cell) for cell in notebook.cells}
    console.print(_table(assignment, prepared.source.questions, printed))
    console.print(f"The executed notebook, with its figures: {page.relative_to(assignment.root)}")
    failed = {check.cell.id for check in prepared.source.checks() if not _passed(check, printed)}
    failed |= {cell.id for cell in notebook.cells if _spoilt(cell)}
    problems = [
        f"{prepared.source.place(cell)}: the solution does not pass: {printed[cell.id]}"
        for cell in prepared.source.cells
        if cell.id in failed
    ]
    if problems:
        raise AuthorError(problems)


def _execute(notebook: NotebookNode, prepared: Prepared, assignment: Assignment, console: Console) -> None:
    with tempfile.TemporaryDirectory(prefix="demo-") as folder, Progress(console=console) as progress:
        write_tree(Path(folder), prepared.files)
        task = progress.add_task("Running the solution", total=len(notebook.cells))
        client = NotebookClient(
            notebook,
            timeout=assignment.cell_timeout_s,
            kernel_name="python3",
            allow_errors=True,
            resources={"metadata": {"path": folder}},
            on_cell_complete=lambda **_: progress.advance(task),
        )
        client.execute(env={**assignment.environment, **os.environ}, stderr=subprocess.DEVNULL)
        progress.update(task, completed=len(notebook.cells))


def _described(page: str, notebook: NotebookNode) -> str:
    """Give each figure the text that its output carries; nbconvert leaves it out."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    for output in outputs:
        if "image/png" in output.get("data", {}):
            alt = output.metadata.get("image/png", {}).get("alt", _NO_TEXT)
            page = page.replace(f'"{_NO_TEXT}"', f'"{html.escape(alt)}"', 1)
    return page


def _printed(cell: NotebookNode) -> str:
    texts = [
        output.get("text", "") or "\n".join(output.get("traceback", ())) for output in cell.get("outputs", ())
    ]
    return "".join(texts).strip()


def _spoilt(cell: NotebookNode) -> bool:
    outputs = cell.get("outputs", ())
    return any(output.output_type == "error" or output.get("name") == "stderr" for output in outputs)


def _passed(check: Check, printed: Mapping[str, str]) -> bool:
    return f"passed: {check.title}" in printed[check.cell.id]


def _table(assignment: Assignment, questions: tuple[Question, ...], printed: Mapping[str, str]) -> Table:
    table = Table(title=f"{assignment.title}: the solution")
    for name in ("question", "checks passed", "points", "of"):
        table.add_column(name, justify="left" if name == "question" else "right")
    earned = 0.0
    for question in questions:
        passed = [check for check in question.checks if _passed(check, printed)]
        points = sum(check.points for check in passed)
        earned += points
        count = f"{len(passed)} of {len(question.checks)}"
        table.add_row(question.name, count, f"{points:g}", f"{question.points:g}")
    table.add_section()
    table.add_row("total", "", f"{earned:g}", f"{assignment.points:g}")
    return table
