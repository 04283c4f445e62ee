"""Known answers to a question, wrong and right, with the verdict that each must get.

One file each in ``source/<lab>/known_answers/`` or a folder in it: its docstring is TOML, the code
below it is what a student would write into the question's answer cell. ``idioms/`` holds answers as
public notebooks and tutorials write them. Nobody knows what their authors believed, so they test
the misconceptions that are inferred and lead to none.
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
    """Name of the file without its ending, e.g. ``q6_no_mask``; unique in all folders."""

    code: str
    question: str
    """The question that it answers, e.g. ``q6``."""

    failing_checks: tuple[str, ...]
    """Ids of the checks that must not pass; all others of the question must pass."""

    misconception: str = ""
    """What a student who writes this believes, or how a right answer is written."""

    truth: str = ""
    """What is true instead of the misconception, in a sentence that gives no code away."""

    true_beliefs: tuple[str, ...] = ()
    """Misconceptions of other known answers that are true of this idiom, so naming them is right."""

    seen: str = ""
    """Where people write so, in place of a misconception: makes the answer an idiom."""

    review_checks: tuple[str, ...] = ()
    """Ids of the checks that a person must decide, since the answer rests on code of its own."""

    undecided_checks: tuple[str, ...] = ()
    """Ids of checks that it passes or fails by chance: its training is unstable, so the accuracy
    depends on the seed and on the kind of CPU. Either verdict is accepted."""

    kind: str = ""
    """What detects it: shape, behavior, types, params …; empty for a right answer."""

    message_part: str = ""
    """Text that the message to the student must contain."""

    known_difference: str = ""
    """Heading in ``docs/differences.md`` that explains why otter or nbgrader give other points."""

    def __post_init__(self) -> None:
        """Refuse an answer that nobody could look up."""
        if bool(self.misconception) == bool(self.seen):
            raise ValueError("set either misconception or seen (where people write code like this), not both")

    @property
    def is_right(self) -> bool:
        """Return True if the answer is right, though not written as the solution is."""
        return not self.failing_checks and not self.review_checks

    @property
    def has_misconception(self) -> bool:
        """Return True if the answer is wrong because of a misconception that feedback may name."""
        return bool(self.failing_checks and self.misconception)


def load(assignment: Assignment, question: str = "") -> tuple[KnownAnswer, ...]:
    """Read the known answers of an assignment, or to one of its questions, ordered by name.

    Raises:
        AuthorError: all files that cannot be read as a known answer, or that have the name of another.
    """
    adapter = TypeAdapter(KnownAnswer)
    answers: list[KnownAnswer] = []
    problems, names = [], set()
    folder = assignment.source / FOLDER
    for path in sorted(folder.rglob("*.py"), key=lambda path: (path.stem, path)):
        place = path.relative_to(folder.parent)
        if path.stem in names:
            problems.append(f"{place}: another known answer has this name; rename one of them")
        names.add(path.stem)
        try:
            text = path.read_text(encoding="utf-8")
            settings = tomllib.loads(ast.get_docstring(ast.parse(text), clean=False) or "")
            # Everything after the line that closes the docstring, comments included.
            code = text.split('"""\n', 2)[2]
            answers.append(adapter.validate_python({**settings, "name": path.stem, "code": code}))
        except (SyntaxError, ValueError, IndexError) as error:  # TOML and pydantic raise ValueErrors
            problems.append(
                f"{place}: {error}; write question, misconception and failing_checks in TOML in its docstring"
            )
    if problems:
        raise AuthorError(problems)
    return tuple(answer for answer in answers if question in ("", answer.question))


def batched(answers: Sequence[KnownAnswer]) -> tuple[Mapping[str, KnownAnswer], ...]:
    """Distribute known answers over notebooks: each once, at most one per question in a notebook."""
    by_question: dict[str, list[KnownAnswer]] = {}
    for answer in answers:
        by_question.setdefault(answer.question, []).append(answer)
    notebooks = []
    for row in zip_longest(*by_question.values()):
        notebooks.append({answer.question: answer for answer in row if answer})
    return tuple(notebooks)
