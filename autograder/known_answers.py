"""Known answers to a question, wrong and right, with the verdict that each must get.

One file each in ``source/<lab>/known_answers/`` or a folder in it: its docstring is TOML, the code
below it is what a student would write into the question's answer cell. ``idioms/`` holds answers as
public notebooks and tutorials write them. Nobody knows what their authors believed, so they test
the misconceptions that are inferred and lead to none.
"""

import ast
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from autograder.course import ABOUT_KEYS, Assignment, problem_text
from autograder.errors import AuthorError, name_hint
from autograder.notebook import Source

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
    """Ids of the checks that a person must decide: the answer rests on code of its own, or returns a
    value that no check can read."""

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

    @classmethod
    def read(cls, path: Path) -> "KnownAnswer":
        """Read a known answer.

        Raises:
            SyntaxError, ValueError: it is not Python below a docstring in TOML with these keys.
        """
        text = path.read_text(encoding="utf-8-sig")  # some editors begin with a mark
        tree = ast.parse(text)
        settings = tomllib.loads(ast.get_docstring(tree, clean=False) or "")
        # Everything below the docstring, comments included.
        end = tree.body[0].end_lineno if settings else 0
        code = "\n".join(text.split("\n")[end:])
        return TypeAdapter(cls).validate_python({**settings, "name": path.stem, "code": code})

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
    answers: list[KnownAnswer] = []
    problems, names = [], set()
    folder = assignment.source / FOLDER
    for path in sorted(folder.rglob("*.py"), key=lambda path: (path.stem, path)):
        place = path.relative_to(folder.parent)
        if path.stem in names:
            problems.append(f"{place}: another known answer has this name; rename one of them")
        names.add(path.stem)
        try:
            answers.append(KnownAnswer.read(path))
        except ValidationError as error:
            for problem in error.errors():
                key = problem["loc"][:1] if problem["type"] not in ABOUT_KEYS else ()
                problems.append(": ".join(map(str, (place, *key, problem_text(problem, KnownAnswer)))))
        except (SyntaxError, ValueError) as error:  # of Python, TOML and UTF-8
            fix = "write a docstring in TOML and an answer in Python below it"
            problems.append(f"{place}: cannot be read: {error}; {fix}")
    if problems:
        raise AuthorError(problems)
    return tuple(answer for answer in answers if question in ("", answer.question))


def require_names(answers: Iterable[KnownAnswer], source: Source) -> None:
    """Refuse known answers that name a question or a check that the source notebook lacks.

    Raises:
        AuthorError: all such names, each with the most similar one that exists.
    """
    questions = [question.name for question in source.questions]
    checks = [check.cell.id for check in source.checks()]
    problems = []
    for answer in answers:
        if answer.question not in questions:
            hint = name_hint(answer.question, questions)
            problems.append(f"{answer.name}: no question {answer.question!r}; {hint}")
        for check_id in (*answer.failing_checks, *answer.review_checks, *answer.undecided_checks):
            if check_id not in checks:
                problems.append(f"{answer.name}: no check {check_id!r}; {name_hint(check_id, checks)}")
    if problems:
        raise AuthorError(problems)


def batched(answers: Sequence[KnownAnswer]) -> tuple[Mapping[str, KnownAnswer], ...]:
    """Distribute known answers over notebooks: each once, at most one per question in a notebook."""
    by_question: dict[str, list[KnownAnswer]] = {}
    for answer in answers:
        by_question.setdefault(answer.question, []).append(answer)
    notebooks = []
    for row in zip_longest(*by_question.values()):
        notebooks.append({answer.question: answer for answer in row if answer})
    return tuple(notebooks)
