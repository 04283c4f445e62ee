"""The files next to every student notebook: the kit, the check vocabulary, requirements."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from autograder import checks
from autograder.course import Assignment
from autograder.errors import Problem
from autograder.files import read_tree
from autograder.notebook import CellType, Source

REQUIREMENTS_NAME = "requirements.txt"
_CHECKS_NAME = "checks"
_DISTRIBUTIONS = {"IPython": "ipython", "otter": "otter-grader", "PIL": "pillow", "sklearn": "scikit-learn"}
"""Modules whose distribution has a different name."""

_BASE_REQUIREMENTS = ("ipykernel", "nbgrader", "otter-grader")
_KIT_SUFFIXES = (".py", ".json", ".csv", ".txt", ".md")


def support_files(assignment: Assignment, source: Source) -> tuple[dict[str, bytes], list[Problem]]:
    """Return the files that ship with the notebook, by path, and what is wrong with them."""
    folder = assignment.source / assignment.kit
    label = f"source/{assignment.name}"
    if not (folder / "__init__.py").is_file():
        fix = "write the package or fix 'kit' in course_config.py"
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
    files = kit | in_folder(_CHECKS_NAME, read_tree(Path(checks.__file__).parent))
    code: list[str | bytes] = [data for name, data in files.items() if name.endswith(".py")]
    code += [cell.text for cell in source.cells if cell.cell_type is CellType.CODE]
    modules = _installed_modules(code) - {assignment.kit, _CHECKS_NAME, "autograder"}
    files[REQUIREMENTS_NAME] = _requirements(modules, assignment.root / "pyproject.toml")
    return files, problems


def in_folder(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return ``files`` with their paths below ``folder``."""
    return {f"{folder}/{name}": data for name, data in files.items()}


def _import_problems(
    location: str, data: bytes, assignment: Assignment, kit: Mapping[str, bytes]
) -> Iterator[Problem]:
    """Find code that is not Python, and imports of modules that students will not have."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError) as error:
        yield Problem(location, f"code that is not Python ({error})", "fix it")
        return
    for module, line in _imports(tree):
        package = module.split(".")[0]
        path = module.replace(".", "/")
        if package == "autograder":
            yield Problem(location, "an import of autograder", "remove it: students do not have it")
        elif package == assignment.kit and not {f"{path}.py", f"{path}/__init__.py"} & kit.keys():
            found = f"an import of {module}, which does not exist"
            yield Problem(f"{location}:{line}", found, f"add {path}.py to source/{assignment.name}/")


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the modules that code imports by their full names, and the lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno


def _installed_modules(texts: Iterable[str | bytes]) -> set[str]:
    """Return the modules that texts of code import and that are not part of Python."""
    modules = set()
    for text in texts:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue  # reported with its place by the rules
        for module, _ in _imports(tree):
            modules.add(module.split(".")[0])
    return modules - set(sys.stdlib_module_names)


def _requirements(modules: Iterable[str], project_path: Path) -> bytes:
    """Return ``requirements.txt`` with the versions that the course itself is tested with."""
    requirements = []
    if project_path.is_file():
        project = tomllib.loads(project_path.read_text(encoding="utf-8")).get("project", {})
        requirements += project.get("dependencies", [])
        for group in project.get("optional-dependencies", {}).values():
            requirements += group
    # "keras>=3.15,<3.16" and "psycopg[binary]" by the name in front.
    versions = {}
    for line in requirements:
        versions[re.split(r"[\s\[<>=!~;]", line, maxsplit=1)[0]] = line
    names = {_DISTRIBUTIONS.get(module, module) for module in modules}.union(_BASE_REQUIREMENTS)
    text = ""
    for name in sorted(names, key=str.lower):
        text += versions.get(name, name) + "\n"
    return text.encode()
