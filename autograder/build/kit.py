"""What stands beside every student notebook: the kit, the check vocabulary, requirements."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from autograder import checks
from autograder.course import Assignment
from autograder.errors import Problem
from autograder.files import read_tree
from autograder.notebook import CellType, Source

CHECKS_NAME = "checks.py"
REQUIREMENTS_NAME = "requirements.txt"
_DISTRIBUTIONS = {"IPython": "ipython", "otter": "otter-grader", "PIL": "pillow", "sklearn": "scikit-learn"}
"""Modules whose distribution has another name."""

_BASE_REQUIREMENTS = ("ipykernel", "nbgrader", "otter-grader")
_KIT_SUFFIXES = (".py", ".json", ".csv", ".txt", ".md")


def support_files(assignment: Assignment, source: Source) -> tuple[dict[str, bytes], list[Problem]]:
    """Return the files that ship with the notebook, by path, and what is missing of them."""
    folder = assignment.source / assignment.kit
    label = f"source/{assignment.name}/{assignment.kit}"
    if not (folder / "__init__.py").is_file():
        do = "write the package or mend 'kit' in course_config.py"
        return {}, [Problem(label, "no kit with an __init__.py", do)]
    kit = {f"{assignment.kit}/{name}": data for name, data in read_tree(folder).items()}
    problems = [
        Problem(f"source/{assignment.name}/{name}", "a file that cannot ship with a kit", "move it")
        for name in kit
        if not name.endswith(_KIT_SUFFIXES)
    ]
    problems += _import_problems(assignment, kit)
    files = {**kit, CHECKS_NAME: Path(checks.__file__).read_bytes()}
    wanted = _imports(source, files, assignment.kit)
    files[REQUIREMENTS_NAME] = _requirements(wanted, assignment.root)
    return files, problems


def _import_problems(assignment: Assignment, kit: Mapping[str, bytes]) -> list[Problem]:
    """Find imports of kit modules that do not exist."""
    problems = []
    for name, data in kit.items():
        if not name.endswith(".py"):
            continue
        place = f"source/{assignment.name}/{name}"
        try:
            tree = ast.parse(data)
        except (SyntaxError, ValueError) as error:
            problems.append(Problem(place, f"code that is not Python ({error})", "mend it"))
            continue
        if "autograder" in _imported_modules(data.decode()):
            problems.append(Problem(place, "an import of autograder", "students do not have it"))
        for node in ast.walk(tree):
            for module in _kit_modules(node, assignment.kit):
                path = module.replace(".", "/")
                if not {f"{path}.py", f"{path}/__init__.py"} & set(kit):
                    found = f"an import of {module}, which does not exist"
                    do = f"add {path}.py to source/{assignment.name}/"
                    problems.append(Problem(f"{place}:{getattr(node, 'lineno', 1)}", found, do))
    return problems


def _kit_modules(node: ast.AST, kit: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names if alias.name.split(".")[0] == kit]
    if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{kit}."):
        return [node.module]
    return []


def _imports(source: Source, files: Mapping[str, bytes], kit: str) -> set[str]:
    code = [cell.text for cell in source.cells if cell.cell_type is CellType.CODE]
    code += [data.decode() for name, data in files.items() if name.endswith(".py")]
    found = {module for text in code for module in _imported_modules(text)}
    return found - set(sys.stdlib_module_names) - {kit, "checks", "autograder"}


def _imported_modules(text: str) -> Iterable[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def _requirements(modules: Iterable[str], root: Path) -> bytes:
    """Return ``requirements.txt`` with the versions that the course itself is tested with."""
    versions = _versions(root / "pyproject.toml")
    names = {*_BASE_REQUIREMENTS, *(_DISTRIBUTIONS.get(module, module) for module in modules)}
    lines = [versions.get(name, name) for name in sorted(names, key=str.lower)]
    return ("\n".join(lines) + "\n").encode()


def _versions(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    project = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {})
    wanted = [*project.get("dependencies", [])]
    for group in project.get("optional-dependencies", {}).values():
        wanted += group
    return {re.split(r"[\s\[<>=!~;]", line, maxsplit=1)[0]: line for line in wanted}
