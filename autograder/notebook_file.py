"""A notebook file as an editor saved it: Jupyter, VS Code or Colab.

What these add (outputs, execution counts, metadata, other minor versions of the format) is left
out and named in one remark; the file itself is never changed.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.errors import Problem
from autograder.files import join_source
from autograder.notebook import BEGIN_SOLUTION, CHECK_BEGIN, Cell, CellType

_KNOWN_METADATA = {"kernelspec": {"name", "display_name", "language"}, "language_info": {"name"}}
_VALID_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What the format allows; nbgrader and otter accept these ids too."""

_OUTPUTS, _COUNTS, _EMPTY = "stored outputs", "execution counts", "empty cells"
_LEFT_OUT = (_OUTPUTS, _COUNTS, _EMPTY)

_GUIDE = "see 'Moving a lab from otter-grader or nbgrader' in docs/writing-a-lab.md"


@dataclass(frozen=True, slots=True)
class SavedFile:
    """The cells of a notebook file, and what was wrong or left out."""

    cells: tuple[Cell, ...]
    """Not empty unless there are problems; the id is empty where the file has none that is usable."""

    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()
    """At most one sentence."""


def read_cells(data: bytes, label: str) -> SavedFile:
    """Return the cells of a notebook file, which messages call ``label``."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        return _refused(label, f"a file that is not a notebook ({error})", "save it as .ipynb again")
    if not isinstance(raw, dict) or not isinstance(raw.get("cells", []), list):
        return _refused(label, "JSON that is not a notebook", "save it as .ipynb again")
    if raw.get("nbformat") != 4:
        found = f"JSON that is not a notebook of format 4 (notebook format {raw.get('nbformat')!r})"
        return _refused(label, found, "open it in Jupyter and save it again")
    metadata: dict[str, Any] = raw["metadata"] if isinstance(raw.get("metadata"), dict) else {}
    language = _language(metadata)
    if language != "python":
        return _refused(label, f"a notebook in {language}", "select a Python kernel and save it again")
    left_out: Counter[str] = Counter()
    cells: list[Cell] = []
    used_ids: set[str] = set()
    problems: list[Problem] = []
    for number, raw_cell in enumerate(raw.get("cells", ()), 1):
        try:
            cell = _parse_cell(raw_cell, used_ids, left_out)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            found = f"a cell that does not follow the format ({error!r})"
            problems.append(Problem(f"{label}: cell {number}", found, "write the cell again"))
            continue
        if cell.text.strip() or cell.attachments:
            cells.append(cell)
        else:
            left_out[_EMPTY] += 1
    if not cells and not problems:
        return _refused(label, "a notebook without cells", "write the lab into it")
    foreign = _foreign_source(raw["cells"], cells, label)
    if foreign:
        return SavedFile((), (foreign,))
    return SavedFile(tuple(cells), tuple(problems), _remarks(label, metadata, left_out))


def _refused(label: str, found: str, fix: str) -> SavedFile:
    return SavedFile((), (Problem(label, found, fix),))


def _language(metadata: Mapping[str, Any]) -> str:
    """Return the language of the notebook; Colab and others name it in one of two places or not at all."""
    for name, key in (("kernelspec", "language"), ("language_info", "name")):
        part = metadata.get(name)
        if isinstance(part, dict) and part.get(key):
            return str(part[key]).lower()
    return "python"


def _parse_cell(raw: dict[str, Any], used_ids: set[str], left_out: Counter[str]) -> Cell:
    """Return a cell of the file and count what is left out; raises built-in errors if it is not one."""
    metadata = raw.get("metadata") or {}
    for key in metadata.keys() - {"tags"}:
        left_out[f"cell metadata {key}"] += 1
    if raw.get("outputs"):
        left_out[_OUTPUTS] += 1
    if raw.get("execution_count"):
        left_out[_COUNTS] += 1
    cell_id = raw.get("id", "")
    if not isinstance(cell_id, str) or not _VALID_ID.fullmatch(cell_id):
        left_out["cells without a usable id"] += 1
        cell_id = ""
    elif cell_id in used_ids:
        left_out[f"the second cell with the id {cell_id}"] += 1
        cell_id = ""
    used_ids.add(cell_id)
    tags = tuple(str(tag) for tag in metadata.get("tags", []))
    attachments = json.dumps(raw["attachments"], sort_keys=True) if raw.get("attachments") else ""
    text = join_source(raw["source"]).replace("\r\n", "\n")
    return Cell(cell_id, CellType(raw["cell_type"]), text, tags, attachments)


def _remarks(label: str, metadata: Mapping[str, Any], left_out: Counter[str]) -> tuple[str, ...]:
    """Return the sentence that says what the build does not take from the file, if anything."""
    parts = []
    for key, value in metadata.items():
        known = _KNOWN_METADATA.get(key, set())
        if not isinstance(value, dict) or set(value) - known or not known:
            parts.append(f"metadata {key}")
    ids: list[str] = []
    for what, count in sorted(left_out.items()):
        (parts if what in _LEFT_OUT or what.startswith("cell metadata") else ids).append(f"{what} ({count})")
    sentences = []
    if parts:
        sentences.append(f"not used: {', '.join(parts)}")
    if ids:
        sentences.append(f"given new ids by the build: {', '.join(ids)}")
    return (f"{label}: {'; '.join(sentences)} (the file is unchanged)",) if sentences else ()


def _foreign_source(raw_cells: list[Any], cells: list[Cell], label: str) -> Problem | None:
    """Return what to do with a source notebook that was written for otter assign or nbgrader alone."""
    tool, answers, tests = "", 0, 0
    for cell in cells:
        text = cell.text
        if "checks.run(" in text:
            return None
        if cell.cell_type is CellType.MARKDOWN:
            continue
        answers += BEGIN_SOLUTION in text
        is_test = CHECK_BEGIN.match(text) is not None
        if is_test or text.lstrip().startswith("# ASSIGNMENT CONFIG"):
            tool = tool or "otter assign"
            tests += is_test
        elif "### BEGIN HIDDEN TESTS" in text or "### BEGIN SOLUTION" in text:
            tool = "nbgrader"
    for raw_cell in raw_cells:
        settings = (raw_cell.get("metadata") or {}).get("nbgrader") if isinstance(raw_cell, dict) else None
        if isinstance(settings, dict) and settings.get("grade") and settings.get("locked"):
            tool = "nbgrader"
            tests += 1
    if not tool:
        return None
    found = f"a source notebook of {tool} ({answers} cells with a solution, {tests} test cells)"
    fix = (
        "its prose, headings, solutions in functions and given cells can stay. Its tests cannot: they read "
        "variables of the notebook, and a check of this course is a function of the answers, so that hidden "
        "checks never run next to a student's code. Put each solution into a function and write each test "
        f"as such a check; {_GUIDE}"
    )
    return Problem(label, found, fix)
