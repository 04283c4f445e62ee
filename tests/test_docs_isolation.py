"""Each promise of ``docs/isolation.md`` names a test that exists and runs on every imitated machine."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROMISES = re.findall(
    r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \| `(test_\w+)` \|$",
    (ROOT / "docs" / "isolation.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
PLACES = {
    node.name: (path, node)
    for path in (ROOT / "tests").rglob("test_*.py")
    for node in ast.parse(path.read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef)
}


def test_the_page_has_promises() -> None:
    assert len(PROMISES) == 13


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise[-1])
def test_a_promise_is_held_by_a_test_on_each_machine(promise: tuple[str, ...]) -> None:
    path, function = PLACES[promise[-1]]
    if path.parent.name == "sandbox" and path.name != "test_reader.py":
        assert "on" in [argument.arg for argument in function.args.args]
        assert "params=list(MACHINES)" in path.read_text(encoding="utf-8")
