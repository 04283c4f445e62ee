"""Known answers to a question, wrong and right, with the verdict that each must get.

One file each in ``source/<lab>/known_answers/``: its docstring is TOML, the code below it is
what a student would write into the question's answer cell.
"""

import ast
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from pydantic import ConfigDict, TypeAdapter

from autograder.course import Assignment
from autograder.errors import AuthorError

FOLDER = "known_answers"


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """One known answer."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    """Name of the file without its ending, e.g. ``q6_no_mask``; right ones begin with ``right_``."""

    code: str
    question: str
    misconception: str
    """What a student who writes this believes."""

    failing_checks: tuple[str, ...]
    """Ids of the checks that must not pass; all others of the question must pass."""

    undecided_checks: tuple[str, ...] = ()
    """Ids of checks that it passes or fails by chance: its training is unstable, so the accuracy
    depends on the seed and on the kind of CPU. Either verdict is accepted."""

    kind: str = ""
    """What detects it: shape, behavior, types, params …; empty for a right answer."""

    message_part: str = ""
    """Text that the message to the student must contain."""

    known_difference: str = ""
    """Heading in ``docs/differences.md`` that explains why otter or nbgrader give other points."""

    @property
    def is_right(self) -> bool:
        """Return True if the answer is right, though not written as the solution is."""
        return not self.failing_checks


def load(assignment: Assignment) -> tuple[KnownAnswer, ...]:
    """Read all known answers of an assignment, ordered by name.

    Raises:
        AuthorError: all files that cannot be read as a known answer.
    """
    adapter = TypeAdapter(KnownAnswer)
    answers, problems = [], []
    for path in sorted((assignment.source / FOLDER).glob("*.py")):
        try:
            text = path.read_text(encoding="utf-8")
            settings = tomllib.loads(ast.get_docstring(ast.parse(text), clean=False) or "")
            # Everything after the line that closes the docstring, comments included.
            code = text.split('"""\n', 2)[2]
            answers.append(adapter.validate_python({**settings, "name": path.stem, "code": code}))
        except (SyntaxError, ValueError, IndexError) as error:  # TOML and pydantic raise ValueErrors
            problems.append(
                f"{FOLDER}/{path.name}: {error}; begin with question, misconception, failing_checks as TOML"
            )
    if problems:
        raise AuthorError(problems)
    return tuple(answers)


def batched(answers: Sequence[KnownAnswer]) -> tuple[Mapping[str, KnownAnswer], ...]:
    """Distribute known answers over notebooks: each once, at most one per question in a notebook."""
    by_question: dict[str, list[KnownAnswer]] = {}
    for answer in answers:
        by_question.setdefault(answer.question, []).append(answer)
    notebooks = []
    for row in zip_longest(*by_question.values()):
        notebooks.append({answer.question: answer for answer in row if answer})
    return tuple(notebooks)
