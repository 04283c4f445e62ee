"""What both flavours share: cells as notebook nodes, and checks with their imports."""

import ast
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from autograder.files import NOTEBOOK_FORMAT, to_notebook_node
from autograder.notebook import MODULES, Cell, CellType, Check

STUB = "..."
TEXT_STUB = "_Type your answer here, replacing this text._"
METADATA_KEY = "course"
"""Where a notebook's metadata says which release it is."""


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """Which release of which assignment a notebook belongs to."""

    assignment: str
    release: str
    """Digest of everything that the release was made from."""


def make_notebook(cells: Iterable[NotebookNode], release_info: ReleaseInfo) -> NotebookNode:
    """Return a notebook that says what it is and nothing about where it was made."""
    return to_notebook_node(
        {
            "cells": list(cells),
            "metadata": {
                METADATA_KEY: {"assignment": release_info.assignment, "release": release_info.release},
                "kernelspec": {
                    "display_name": "Python 3 (ipykernel)",
                    "language": "python",
                    "name": "python3",
                },
                "language_info": {"name": "python"},
            },
            "nbformat": NOTEBOOK_FORMAT[0],
            "nbformat_minor": NOTEBOOK_FORMAT[1],
        }
    )


def make_cell(cell: Cell, text: str | None = None, **metadata: Any) -> NotebookNode:
    """Return a cell as a notebook holds it."""
    if cell.tags:
        metadata = {"tags": list(cell.tags), **metadata}
    raw: dict[str, Any] = {
        "cell_type": str(cell.cell_type),
        "id": cell.id,
        "metadata": metadata,
        "source": cell.text if text is None else text,
    }
    if cell.cell_type is CellType.CODE:
        raw |= {"execution_count": None, "outputs": []}
    if cell.attachments:
        raw["attachments"] = json.loads(cell.attachments)
    return to_notebook_node(raw)


def check_code(check: Check, kit: str) -> str:
    """Return a check whose ``def`` imports what it uses, so that it runs anywhere."""
    function = check.function()
    lines = check.code.rstrip("\n").split("\n")
    title = function.body[0]
    indent = " " * title.col_offset
    imports = [indent + line for line in _imports(check, function, kit)]
    end = title.end_lineno or 0
    return "\n".join([*lines[:end], *imports, *lines[end:]])


def _imports(check: Check, function: ast.FunctionDef, kit: str) -> list[str]:
    used = {inner.id for inner in ast.walk(function) if isinstance(inner, ast.Name)}
    vocabulary = "from checks import hidden as checks" if check.hidden else "import checks"
    modules = {**MODULES, kit: f"import {kit}"}
    return [vocabulary, *(line for name, line in sorted(modules.items()) if name in used)]
