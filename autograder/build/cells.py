"""What both flavors share: cells as notebook nodes, and checks with their imports."""

import ast
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from autograder.course import Assignment
from autograder.files import NOTEBOOK_FORMAT, NotebookNode, to_notebook_node
from autograder.notebook import MODULES, Cell, CellType, Check, Source

STUB = "..."
TEXT_STUB = "_Type your answer here, replacing this text._"
METADATA_KEY = "course"
"""The key in a notebook's metadata that says which release it belongs to."""


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """Which release of which assignment a notebook belongs to."""

    assignment: str
    release: str
    """Digest of everything that the release was made from."""


@dataclass(frozen=True, slots=True)
class PreparedSource:
    """A source without problems, ready for the tools."""

    assignment: Assignment
    source: Source
    """With literals for facts."""

    files: dict[str, bytes]
    """The files that ship next to the notebook: kit, checks, requirements."""

    release_info: ReleaseInfo
    thresholds: str
    """``calibrated``, ``uncalibrated`` (built with low thresholds) or ``none``."""


def make_notebook(cells: Iterable[NotebookNode], release_info: ReleaseInfo | None = None) -> NotebookNode:
    """Return a notebook whose metadata say nothing about where and when it was made."""
    metadata: dict[str, Any] = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    if release_info:
        metadata[METADATA_KEY] = asdict(release_info)
    return to_notebook_node(
        {
            "cells": list(cells),
            "metadata": metadata,
            "nbformat": NOTEBOOK_FORMAT[0],
            "nbformat_minor": NOTEBOOK_FORMAT[1],
        }
    )


def make_cell(cell: Cell, text: str | None = None, **metadata: Any) -> NotebookNode:
    """Return a cell in the notebook format, if given with a different text."""
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
    """Return a check whose ``def`` imports what it uses.

    otter's tests are modules of their own: the notebook's ``np`` is a NameError there.
    """
    function = check.function()
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    imports = ["from checks import hidden as checks" if check.hidden else "import checks"]
    for name, line in sorted({**MODULES, kit: f"import {kit}"}.items()):
        if name in used:
            imports.append(line)
    # Below the title: a docstring must remain the first statement.
    title = function.body[0]
    title_end = title.end_lineno or 0
    lines = check.code.rstrip("\n").split("\n")
    lines[title_end:title_end] = [" " * title.col_offset + line for line in imports]
    return "\n".join(lines)
