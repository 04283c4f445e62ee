"""Known answers to a question, wrong and right, with the verdict that each must get.

One file each in ``source/<lab>/misconceptions/``: its docstring is TOML, the code below it is
what a student would write into the question's answer cell.
"""

import ast
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from autograder.course import Assignment
from autograder.errors import AuthorError

FOLDER = "misconceptions"


@dataclass(frozen=True, slots=True)
class Misconception:
    """One known answer."""

    name: str
    """The file's, without ending, e.g. ``q6_no_mask``; right ones begin with ``right_``."""

    question: str
    belief: str
    """What somebody who writes this takes for true."""

    fails: tuple[str, ...]
    """Ids of the checks that must not pass; all others of the question must."""

    kind: str
    """What catches it: shape, behaviour, types, params …; empty for a right one."""

    says: str
    """A part of the message."""

    differs: str
    """Where ``docs/differences.md`` explains other points of otter or nbgrader; mostly empty."""

    code: str

    @property
    def right(self) -> bool:
        """Return whether it is another way to be right."""
        return not self.fails


def load(assignment: Assignment) -> tuple[Misconception, ...]:
    """Read all known answers of an assignment, by name.

    Raises:
        AuthorError: files that do not say what they are, all at once.
    """
    found, problems = [], []
    for path in sorted((assignment.source / FOLDER).glob("*.py")):
        try:
            found.append(_read(path.stem, path.read_text(encoding="utf-8")))
        except (SyntaxError, tomllib.TOMLDecodeError, KeyError, IndexError) as error:
            problems.append(f"{FOLDER}/{path.name}: {error}; begin with question, belief and fails as TOML")
    if problems:
        raise AuthorError(problems)
    return tuple(found)


def dealt(known: Sequence[Misconception]) -> tuple[Mapping[str, Misconception], ...]:
    """Deal known answers into notebooks: each once, at most one to a question, by question."""
    by_question: dict[str, list[Misconception]] = {}
    for one in known:
        by_question.setdefault(one.question, []).append(one)
    rows = zip_longest(*by_question.values())
    return tuple({one.question: one for one in row if one} for row in rows)


def _read(name: str, text: str) -> Misconception:
    head = ast.get_docstring(ast.parse(text), clean=False)
    facts = tomllib.loads(head or "")
    return Misconception(
        name,
        facts["question"],
        facts["belief"],
        tuple(facts["fails"]),
        facts.get("kind", ""),
        facts.get("says", ""),
        facts.get("differs", ""),
        text.split('"""\n', 2)[2],
    )
