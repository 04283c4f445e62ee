"""Each promise of ``docs/isolation.md`` names a test that exists and runs on every imitated machine."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.hostile.attacks import ATTACKS

ROOT = Path(__file__).resolve().parents[1]
PROMISES = re.findall(
    r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \| `(test_\w+)` \|$",
    (ROOT / "docs" / "isolation.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
LEVELS = ("container", "unprivileged", "nothing")
REACHED = re.findall(
    r"^\| (\w[\w ]*: .+?) \| (.+?) \| (.+?) \| (.+?) \|$",
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
    assert len(PROMISES) == 19


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise[-1])
def test_a_promise_is_held_by_a_test_on_each_machine(promise: tuple[str, ...]) -> None:
    path, function = PLACES[promise[-1]]
    if path.parent.name == "sandbox" and path.name != "test_reader.py":
        assert "on" in [argument.arg for argument in function.args.args]
        assert re.search(r"params=list\((MACHINES|LEVELS)\)", path.read_text(encoding="utf-8"))


def test_the_page_says_what_each_attack_reaches() -> None:
    expected = {}
    for name, attack in ATTACKS.items():
        if attack["reached"]:
            reached = [attack["reached"].get(level, ["nothing"]) for level in LEVELS]
            expected[name] = tuple(what if what == "any" else ", ".join(what) for what in reached)
    assert {name: tuple(cells) for name, *cells in REACHED} == expected


def test_the_page_says_how_many_attacks_there_are() -> None:
    text = (ROOT / "docs" / "isolation.md").read_text(encoding="utf-8")
    assert f"makes {len(ATTACKS)} attacks" in text
