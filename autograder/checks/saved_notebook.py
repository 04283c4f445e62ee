"""A notebook's file as plain cells, whatever is in the file; nothing of it runs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

METADATA_KEY = "course"
"""The key in a notebook's metadata that says which release it belongs to."""

_MAX_BYTES = 100_000_000
_MAX_LISTED = 5


class UnusableNotebookError(Exception):
    """There is no notebook to look at; the message says where, what was found and what to do."""


@dataclass(frozen=True)
class SavedCell:
    """What matters of one cell."""

    names: frozenset[str]
    """Its id, and the name that nbgrader gives it; editors drop or replace either."""

    is_code: bool
    text: str


@dataclass(frozen=True)
class SavedNotebook:
    """What matters of a notebook's file."""

    assignment: str
    """The lab that its metadata names; empty if an editor dropped that."""

    release: str
    cells: tuple[SavedCell, ...]


def listed(names: Sequence[str]) -> str:
    """Return names for a sentence, the first few of many."""
    shown = list(names[:_MAX_LISTED])
    if len(names) > _MAX_LISTED:
        shown.append(f"and {len(names) - _MAX_LISTED} more")
    return ", ".join(shown)


def notebooks_in(folder: Path) -> list[str]:
    """Return the names of the notebooks in a folder."""
    try:
        return sorted(path.name for path in folder.glob("*.ipynb"))
    except OSError:
        return []


def read_notebook(path: Path) -> SavedNotebook:
    """Return the cells of a notebook's file.

    Raises:
        UnusableNotebookError: it is not a notebook, or cannot be read.
    """
    data = _read_bytes(path)
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnusableNotebookError(f"{path.name}: {_why_not_json(data, error)}.") from None
    cells = _mapping(raw).get("cells")
    if not isinstance(cells, list):
        found = "there are no cells in it"
        if "worksheets" in _mapping(raw):
            found = "it has a format that was replaced in 2015"
        raise UnusableNotebookError(f"{path.name}: {found}; open your notebook in Jupyter and save it.")
    claim = _mapping(_mapping(_mapping(raw).get("metadata")).get(METADATA_KEY))
    saved_cells = []
    for cell in filter(lambda cell: isinstance(cell, dict), cells):
        metadata, text = _mapping(cell.get("metadata")), cell.get("source")
        ids = (cell.get("id"), metadata.get("id"), _mapping(metadata.get("nbgrader")).get("grade_id"))
        if isinstance(text, list):
            text = "".join(_text(line) for line in text)
        names = frozenset(name for name in ids if isinstance(name, str))
        saved_cells.append(SavedCell(names, cell.get("cell_type") == "code", _text(text)))
    return SavedNotebook(_text(claim.get("assignment")), _text(claim.get("release")), tuple(saved_cells))


def _read_bytes(path: Path) -> bytes:
    """Return the content of a file that may be a notebook."""
    try:
        if path.is_dir():
            found = "this is a folder; name the notebook in it"
        elif not path.exists():
            names = listed(notebooks_in(path.absolute().parent)) or "none"
            found = f"there is no such file (notebooks in that folder: {names}); correct the name"
        elif not path.is_file():
            found = "this is not a file; name your notebook"
        elif path.suffix.lower() != ".ipynb":
            found = "this is not a notebook; name the file that ends with .ipynb"
        elif path.stat().st_size > _MAX_BYTES:
            megabytes = path.stat().st_size // 1_000_000
            found = f"the file has {megabytes} MB, which is too much; clear the outputs and save it"
        elif data := path.read_bytes().strip():
            return data
        else:
            found = "the file is empty; save the notebook in its window, or use another copy"
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        found = f"the file cannot be read ({getattr(error, 'strerror', None) or error}); check its name"
    raise UnusableNotebookError(f"{path}: {found}.")


def _why_not_json(data: bytes, error: ValueError | RecursionError) -> str:
    if data.startswith(b"PK"):
        return "this is a zip with another name; unpack it and name the notebook in it"
    if data.startswith(b"<"):
        return "this is a web page; download the notebook itself"
    if re.search(rb"^(<<<<<<<|>>>>>>>) ", data, re.MULTILINE):
        return "git left a conflict in it (a line starts with <<<<<<<); choose one of the two versions"
    if not data.startswith((b"{", b"\xef\xbb\xbf{")):
        return "what is in it is not a notebook; use another copy"
    place = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
    return f"the file is damaged or cut off{place}; save the notebook again, or use another copy"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
