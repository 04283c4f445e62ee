"""What both flavors of a release share: cells, checks with their imports, and the files beside.

These files are the kit and the check vocabulary; ``stand_alone`` adds those of one flavor.
"""

import ast
import functools
import json
import keyword
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from autograder import checks
from autograder.checks.saved_notebook import METADATA_KEY
from autograder.course import CONFIG_NAME, Assignment
from autograder.errors import Problem
from autograder.facts import runs_file
from autograder.files import NOTEBOOK_FORMAT, NotebookNode, read_tree, to_notebook_node
from autograder.notebook import MODULES, Cell, CellType, Check, Source

STUB = "..."
CHECKS_NAME = "checks"
INIT_ID = "otter-init"
EXPORT_IDS = ("export-instructions", "export", "export-end")
"""Cells that otter's flavor has besides those of the source; each question has one more."""

SUBMISSION_ID = "hand-in"
"""The last cell of nbgrader's flavor."""

QUIET_NAME = "quiet.py"
_IMPORT_QUIET = b"""
if sys.argv[:1] != ["-m"]:
    from . import quiet as quiet
"""

_KIT_SUFFIXES = (".py", ".json", ".csv", ".txt", ".md")


@dataclass(frozen=True, slots=True)
class PreparedSource:
    """A source without problems, ready for the tools."""

    assignment: Assignment
    source: Source
    """With literals for facts."""

    files: dict[str, bytes]
    """The files that ship next to the notebook in both flavors: kit and checks."""

    modules: frozenset[str]
    """The modules of other people that notebook, kit and checks import, e.g. ``numpy``."""

    release_id: str
    """Digest of everything that the release is made from, 16 hexadecimal digits."""

    thresholds: str
    """``calibrated``, ``uncalibrated`` (built with low thresholds) or ``none``."""

    remarks: tuple[str, ...] = ()
    """What was left out of the source file, one sentence each."""

    assigned_ids: tuple[str, ...] = ()
    """Ids of cells that the source file does not contain."""

    def identity(self) -> dict[str, str]:
        """Return what the manifest and the metadata of notebooks say of their release."""
        return {"assignment": self.assignment.name, "release": self.release_id}


def make_notebook(cells: Iterable[NotebookNode], prepared: PreparedSource | None = None) -> NotebookNode:
    """Return a notebook whose metadata say nothing about where and when it was made.

    Args:
        prepared: the release that the notebook belongs to, if any.
    """
    metadata: dict[str, Any] = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    if prepared:
        metadata[METADATA_KEY] = prepared.identity()
    major, minor = NOTEBOOK_FORMAT
    raw = {"cells": list(cells), "metadata": metadata, "nbformat": major, "nbformat_minor": minor}
    return to_notebook_node(raw)


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
    for name, line in sorted({**MODULES, kit: f"import {kit}"}.items()):  # without a kit, no name is ""
        if name in used:
            imports.append(line)
    # Below the title: a docstring must remain the first statement.
    title = function.body[0]
    title_end = title.end_lineno or 0
    lines = check.code.rstrip("\n").split("\n")
    lines[title_end:title_end] = [" " * title.col_offset + line for line in imports]
    return "\n".join(lines)


def support_files(
    assignment: Assignment, source: Source
) -> tuple[dict[str, bytes], frozenset[str], list[Problem]]:
    """Return the files that ship with the notebook.

    Returns:
        The files by path; the modules that must be installed for them and the notebook; and what is
        wrong with the files.
    """
    files, problems = _kit_and_checks(assignment)
    files |= runs_file(assignment)
    files |= _quiet_import(assignment, _imported_modules(assignment, source, files), files)
    # Once more: Keras alone does not install TensorFlow.
    return files, _imported_modules(assignment, source, files), problems


def _kit_and_checks(assignment: Assignment) -> tuple[dict[str, bytes], list[Problem]]:
    folder = assignment.source / assignment.kit
    label = f"source/{assignment.name}"
    kit: dict[str, bytes] = {}
    if assignment.kit:
        reason, paths = "", sysconfig.get_paths()
        if not assignment.kit.isidentifier() or keyword.iskeyword(assignment.kit):
            reason = "which Python cannot import"
        elif assignment.kit in {CHECKS_NAME, "autograder", *sys.stdlib_module_names} or (
            PathFinder.find_spec(assignment.kit, [paths["purelib"], paths["platlib"]])
        ):
            reason = "the name of another module, which one of the two would hide"
        if reason:
            place = f"{CONFIG_NAME}: assignments[{assignment.name!r}]['kit']"
            return {}, [Problem(place, f"{assignment.kit!r}, {reason}", "rename the folder and the key")]
        if not (folder / "__init__.py").is_file():
            fix = "create the package or fix 'kit' in course_config.py"
            return {}, [Problem(f"{label}/{assignment.kit}", "no kit with an __init__.py", fix)]
        kit = in_folder(assignment.kit, read_tree(folder))
    problems: list[Problem] = []
    for name, data in kit.items():
        location = f"{label}/{name}"
        if name.endswith(".py"):
            problems += _import_problems(location, data, assignment, kit)
        elif not name.endswith(_KIT_SUFFIXES):
            problems.append(Problem(location, "a file that cannot ship with a kit", "move it"))
    # The copy of this package that students get is the one that grades.
    return kit | in_folder(CHECKS_NAME, read_tree(Path(checks.__file__).parent)), problems


def _imported_modules(assignment: Assignment, source: Source, files: Mapping[str, bytes]) -> frozenset[str]:
    """Return the modules that must be installed for a notebook and the files next to it."""
    code = [data for name, data in files.items() if name.endswith(".py")]
    code += [cell.text.encode() for cell in source.cells if cell.cell_type is CellType.CODE]
    modules: set[str] = set()
    for text in code:
        modules |= {module.split(".")[0] for module, _ in _imports(text)}
    return frozenset(modules - {assignment.kit, CHECKS_NAME, "autograder", *sys.stdlib_module_names})


def _quiet_import(
    assignment: Assignment, modules: frozenset[str], files: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return the files of the vocabulary with which ``import checks`` also imports Keras, quietly.

    TensorFlow writes to stderr when it is imported, and nbgrader takes points away for that. A lab
    without Keras gets none of them, nor one whose kit redirects stderr itself.
    """
    kit = [data for name, data in files.items() if name.startswith(f"{assignment.kit}/")]
    if not {"keras", "tensorflow"} & modules or any(b"dup2(" in data for data in kit):
        return {}
    package = f"{CHECKS_NAME}/__init__.py"
    quiet = (Path(__file__).parent / "templates" / QUIET_NAME).read_bytes()
    return {package: files[package] + _IMPORT_QUIET, f"{CHECKS_NAME}/{QUIET_NAME}": quiet}


def in_folder(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return ``files`` with their paths below ``folder``."""
    return {f"{folder}/{name}": data for name, data in files.items()}


def _import_problems(
    location: str, data: bytes, assignment: Assignment, kit: Mapping[str, bytes]
) -> Iterator[Problem]:
    """Find code that is not Python, and imports of modules that students will not have."""
    try:
        ast.parse(data)
    except (SyntaxError, ValueError) as error:
        yield Problem(location, f"code that is not Python ({error})", "fix it")
    for module, line in _imports(data):
        package = module.split(".")[0]
        path = module.replace(".", "/")
        if package == "autograder":
            yield Problem(location, "an import of autograder", "remove it: students do not have it")
        elif package == assignment.kit and not {f"{path}.py", f"{path}/__init__.py"} & kit.keys():
            found = f"an import of {module}, which does not exist"
            yield Problem(f"{location}:{line}", found, f"add {path}.py to source/{assignment.name}/")


@functools.lru_cache(maxsize=256)  # each file is asked for twice
def _imports(code: bytes) -> tuple[tuple[str, int], ...]:
    """Return the modules that code imports by their full names, and the lines."""
    try:
        tree = ast.parse(code if b"import" in code else b"")
    except (SyntaxError, ValueError):
        return ()  # reported with its place by the rules
    imports = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imports.append((node.module, node.lineno))
    return tuple(imports)
