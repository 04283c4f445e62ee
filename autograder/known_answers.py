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

FOLDER = "known_answers"


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """One known answer."""

    name: str
    """The file's, without ending, e.g. ``q6_no_mask``; right ones begin with ``right_``."""

    question: str
    misconception: str
    """What somebody who writes this takes for true."""

    failing_checks: tuple[str, ...]
    """Ids of the checks that must not pass; all others of the question must."""

    undecided_checks: tuple[str, ...]
    """Ids of checks that it passes or fails by chance: its training is unstable, so the accuracy
    depends on the seed and on the kind of CPU. Either verdict is accepted."""

    kind: str
    """What catches it: shape, behaviour, types, params …; empty for a right one."""

    message_part: str
    """A part of the message."""

    known_difference: str
    """Where ``docs/differences.md`` explains other points of otter or nbgrader; mostly empty."""

    code: str

    @property
    def is_right(self) -> bool:
        """Return whether it is another way to be right."""
        return not self.failing_checks


def load(assignment: Assignment) -> tuple[KnownAnswer, ...]:
    """Read all known answers of an assignment, by name.

    Raises:
        AuthorError: files that do not say what they are, all at once.
    """
    found, problems = [], []
    for path in sorted((assignment.source / FOLDER).glob("*.py")):
        try:
            found.append(_parse(path.stem, path.read_text(encoding="utf-8")))
        except (SyntaxError, tomllib.TOMLDecodeError, KeyError, IndexError) as error:
            problems.append(
                f"{FOLDER}/{path.name}: {error}; begin with question, misconception, failing_checks as TOML"
            )
    if problems:
        raise AuthorError(problems)
    return tuple(found)


def batched(answers: Sequence[KnownAnswer]) -> tuple[Mapping[str, KnownAnswer], ...]:
    """Deal known answers into notebooks: each once, at most one to a question, by question."""
    by_question: dict[str, list[KnownAnswer]] = {}
    for one in answers:
        by_question.setdefault(one.question, []).append(one)
    rows = zip_longest(*by_question.values())
    return tuple({one.question: one for one in row if one} for row in rows)


def _parse(name: str, text: str) -> KnownAnswer:
    head = ast.get_docstring(ast.parse(text), clean=False)
    facts = tomllib.loads(head or "")
    return KnownAnswer(
        name,
        facts["question"],
        facts["misconception"],
        tuple(facts["failing_checks"]),
        tuple(facts.get("undecided_checks", ())),
        facts.get("kind", ""),
        facts.get("message_part", ""),
        facts.get("known_difference", ""),
        text.split('"""\n', 2)[2],
    )
