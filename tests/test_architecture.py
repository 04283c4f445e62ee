"""The import graph is the one that the package's docstring draws, and the code keeps its bounds."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from tools import code_size

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "autograder"
ORDER = [
    "errors",
    "files",
    "text",
    "limits",
    "lateness",
    "course",
    "headings",
    "notebook",
    "notebook_file",
    "authoring",
    "facts",
    "known_answers",
    "checks",
    "build",
    "sandbox",
    "submission",
    "models",
    "engine",
    "report",
    "platforms",
    "quality",
    "commands",
]
FORBIDDEN = {("engine", "build"), ("report", "build"), ("models", "sandbox")}
"""Pairs (importer, imported) that the order alone would allow."""

MAX_FILE_LINES = 450
MAX_FUNCTION_LINES = 50


def module_name(path: Path) -> str:
    """Return the dotted name below the package, e.g. ``engine.wire``; a package's is its folder."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(path: Path) -> set[str]:
    """Return the modules of the package that a file imports, e.g. ``{"engine.wire", "text"}``."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "autograder":
            module = node.module.removeprefix("autograder").strip(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}".strip(".")
                names.add(inner if inner in MODULES else module)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("autograder."):
                    names.add(alias.name.removeprefix("autograder."))
    return names - {""}


def parts_of(modules: Iterable[str]) -> set[str]:
    """Return the top-level rooms or modules of dotted names."""
    return {module.split(".")[0] for module in modules}


@pytest.mark.parametrize("part", ORDER)
def test_a_part_imports_only_from_those_above_it(part: str) -> None:
    allowed = set(ORDER[: ORDER.index(part)]) | {part}
    for module, path in MODULES.items():
        if module.split(".")[0] == part:
            assert parts_of(imported(path)) <= allowed, module


def test_rooms_that_must_not_know_each_other_do_not() -> None:
    for module, path in MODULES.items():
        for importer, other in FORBIDDEN:
            if module.split(".")[0] == importer:
                assert other not in parts_of(imported(path)), module


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: imported(path) & MODULES.keys() for module, path in MODULES.items()}
    finished: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " -> ".join((*above, module))
        if module not in finished:
            for other in sorted(graph[module]):
                visit(other, (*above, module))
            finished.add(module)

    for module in graph:
        visit(module, ())


def test_the_docstring_draws_every_part_in_this_order() -> None:
    text = ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))) or ""
    places = [text.index(f"\n{part}") for part in ORDER]
    assert places == sorted(places)
    assert parts_of(MODULES) - {"", "__main__"} == set(ORDER)


def test_the_vocabulary_stands_alone() -> None:
    for module, path in MODULES.items():
        if module.split(".")[0] == "checks":
            assert parts_of(imported(path)) <= {"checks"}, module


def test_no_public_class_or_module_name_stands_twice() -> None:
    names = [module.split(".")[-1] for module in MODULES if module and not module.endswith("__main__")]
    for path in MODULES.values():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                names.append(node.name)
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_files_stay_short() -> None:
    for path in MODULES.values():
        assert path.read_text(encoding="utf-8").count("\n") <= MAX_FILE_LINES, path.name


def test_processes_that_run_submissions_do_not_load_the_configurations_library() -> None:
    code = "import sys, autograder.engine.zygote; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_grading_does_not_load_what_only_builds_and_exports_need() -> None:
    code = "import sys, autograder.commands.grade_class as _; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert {"nbformat", "nbclient", "nbgrader", "otter", "tensorflow"} & set(done.stdout.split()) == set()


def test_functions_stay_short() -> None:
    longest = [place for path in MODULES.values() for place in code_size.shape_of(path).longest]
    assert [place for place in longest if place[0] > MAX_FUNCTION_LINES] == []


def test_code_is_plain_and_commented() -> None:
    package = code_size.total([code_size.shape_of(path) for path in MODULES.values()])
    assert package.comments >= 0.03 * package.code
    assert package.comprehensions <= 0.025 * package.lines
    assert package.conditionals <= 0.015 * package.lines
