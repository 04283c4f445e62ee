"""What a source asks for and gives, in the form in which submissions are compared with it."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from autograder.grade.submissions.statements import Code, Statement, code
from autograder.source import Answer, Cell, Kind, Question, Source

_OTTER_CALLS = frozenset({"grader.check", "grader.check_all", "grader.export", "otter.Notebook"})


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer cell of the source."""

    cell: Cell
    question: Question
    index: int
    """Where it stands among the cells of the source."""

    begins: int
    """Where its question begins."""

    checks: int
    """Where the checks of its question begin; behind all cells if there are none."""

    stub: Code
    """What students were given; its names are asked for."""

    def answered(self, part: Code) -> frozenset[str]:
        """Return which of the names that are asked for some code defines otherwise than the stub."""
        if not part.python:
            return part.names & self.stub.names
        own = (statement.names for statement in part.statements if statement.shape not in self.stub.shape)
        return frozenset().union(*own) & self.stub.names

    def blank(self, part: Code) -> bool:
        """Return whether code is what students were given, or nothing."""
        return part.python and set(part.shape) <= set(self.stub.shape)


@dataclass(frozen=True, slots=True)
class Given:
    """A code cell of the source that is no answer and no check."""

    cell: Cell
    index: int
    code: Code

    @property
    def invites(self) -> bool:
        """Return whether it only holds places to fill in, like ``guess = None``."""
        return all(shape in _placeholders(self.code.names) for shape in self.code.shape)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A source, by what may be found in a submission."""

    index: Mapping[str, int]
    """Cell ids in the order of the source."""

    answers: Mapping[str, Asked]
    given: Mapping[str, Given]
    checks: Mapping[str, str]
    """Cells of checks, also those that only otter's flavour has → the question's first check."""

    check_names: Mapping[str, str]
    """Names of questions and of check functions → the question's first check."""

    check_shapes: frozenset[str]
    prose: Mapping[str, str]
    """What Markdown cells say, without white space → their id."""

    shapes: Mapping[tuple[str, ...], str]
    """What given cells mean → their id."""

    def asks(self, names: frozenset[str]) -> tuple[Asked, ...]:
        """Return the answers that ask for one of the names, in order."""
        return tuple(asked for asked in self.answers.values() if asked.stub.names & names)

    def is_check(self, statement: Statement) -> bool:
        """Return whether a statement belongs to a check, and not to a student."""
        return (
            statement.shape in self.check_shapes
            or statement.call in _OTTER_CALLS
            or not statement.names.isdisjoint(self.check_names)
        )


@functools.lru_cache(maxsize=8)
def catalogue(source: Source) -> Catalogue:
    """Return the catalogue of a source, made once."""
    index = {cell.id: number for number, cell in enumerate(source.cells)}
    answers = {asked.cell.id: asked for asked in _asked(source, index)}
    checks, names = _checks(source)
    given = {
        cell.id: Given(cell, index[cell.id], code(cell.text))
        for cell in source.cells
        if cell.kind is Kind.CODE and cell.id not in answers and cell.id not in checks
    }
    texts = [cell for cell in source.cells if cell.kind is Kind.MARKDOWN and cell.id not in answers]
    return Catalogue(
        MappingProxyType(index),
        MappingProxyType(answers),
        MappingProxyType(given),
        MappingProxyType(checks),
        MappingProxyType(names),
        frozenset(shape for check in source.checks() for shape in code(check.code).shape),
        MappingProxyType({squeezed(cell.text): cell.id for cell in texts}),
        MappingProxyType({given[name].code.shape: name for name in reversed(given)}),
    )


def squeezed(text: str) -> str:
    """Return text without white space."""
    return "".join(text.split())


def _asked(source: Source, index: Mapping[str, int]) -> list[Asked]:
    return [
        Asked(
            answer.cell,
            question,
            index[answer.cell.id],
            index[question.cell.id],
            min((index[check.cell.id] for check in question.checks), default=len(index)),
            _stub(answer),
        )
        for question in source.questions
        for answer in question.answers
    ]


def _stub(answer: Answer) -> Code:
    return code(answer.stub() if answer.cell.kind is Kind.CODE else "")


def _checks(source: Source) -> tuple[dict[str, str], dict[str, str]]:
    """Return check cells and check names, each with the first check of its question."""
    cells, names = {}, {}
    for question in source.questions:
        for check in question.checks:
            first = question.checks[0].cell.id
            cells[check.cell.id] = first
            cells[f"{question.name}-check".replace("_", "-")] = first
            names[check.function().name] = names[question.name] = first
    return cells, names


@functools.lru_cache(maxsize=64)
def _placeholders(names: frozenset[str]) -> frozenset[str]:
    return frozenset(code(f"{name} = None").shape[0] for name in names)
