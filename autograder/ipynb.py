"""Notebook files as bytes, written in exactly one way."""

import json
from typing import Any, cast

from nbformat import NotebookNode, from_dict
from nbformat.v4.rwbase import split_lines

FORMAT = (4, 5)


def dump(notebook: NotebookNode) -> bytes:
    """Return the one spelling of a notebook, which is also nbformat's: no tool rewrites it."""
    lines = split_lines(to_notebook_node(json.loads(json.dumps(notebook))))
    return (json.dumps(lines, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def load(data: bytes) -> NotebookNode:
    """Read a notebook that one of our tools wrote; sources become text."""
    notebook = to_notebook_node(json.loads(data))
    for cell in notebook.cells:
        cell.source = join_source(cell.source)
    return notebook


def to_notebook_node(raw: Any) -> NotebookNode:
    """Return plain dicts and lists as a notebook or a part of one."""
    return cast(NotebookNode, from_dict(raw))


def join_source(source: Any) -> str:
    """Return a cell's source as text, which the format also allows as a list of lines."""
    return source if isinstance(source, str) else "".join(map(str, source))
