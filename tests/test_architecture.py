"""The import graph is the one that the package's docstring draws."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "autograder"
ORDER = [
    "errors",
    "lateness",
    "course",
    "facts",
    "problems",
    "notebook",
    "source",
    "misconceptions",
    "checks",
    "grade",
    "compile",
    "report",
    "calibrate",
    "sample",
    "traces",
    "progress",
    "recipes",
    "cluster",
    "classroom",
    "regrade",
    "bundle",
    "validate",
    "mutants",
    "peers",
    "agreement",
    "bench",
    "doctor",
    "demo",
    "cli",
]


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("autograder"):
            module = node.module.removeprefix("autograder").strip(".")
            found |= {module.split(".")[0]} if module else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("autograder.")]
            found |= {name.split(".")[1] for name in names}
    return found


def files(part: str) -> list[Path]:
    folder = PACKAGE / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{part}.py"]


@pytest.mark.parametrize("part", ORDER)
def test_a_part_imports_only_from_those_above_it(part: str) -> None:
    allowed = set(ORDER[: ORDER.index(part)]) | {part}
    for path in files(part):
        assert imported(path) <= allowed, path.name


def test_compile_and_grade_meet_only_above_both() -> None:
    assert not any("grade" in imported(path) for path in files("compile"))


def test_the_docstring_draws_every_part_in_this_order() -> None:
    text = ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))) or ""
    places = [text.index(f"\n{part}") for part in ORDER]
    assert places == sorted(places)
    parts = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert parts - {"__init__", "__main__"} == set(ORDER)


def test_the_vocabulary_stands_alone() -> None:
    assert imported(PACKAGE / "checks.py") == set()
