"""What a source asks for and gives, in the form in which submissions are compared with it."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from autograder.notebook import Answer, Cell, CellType, Question, Source
from autograder.submission.statements import Code, Statement, parse_code

_OTTER_CALLS = frozenset({"grader.check", "grader.check_all", "grader.export", "otter.Notebook"})


@dataclass(frozen=True, slots=True)
class AnswerCell:
    """An answer cell of the source."""

    cell: Cell
    question: Question
    index: int
    """Where it stands among the cells of the source."""

    question_index: int
    """Where its question begins."""

    checks_index: int
    """Where the checks of its question begin; behind all cells if there are none."""

    stub: Code
    """What students were given; its names are asked for."""

    def answered_names(self, code: Code) -> frozenset[str]:
        """Return which of the names that are asked for some code defines otherwise than the stub."""
        if not code.is_python:
            return code.names & self.stub.names
        own = (statement.names for statement in code.statements if statement.digest not in self.stub.digests)
        return frozenset().union(*own) & self.stub.names

    def is_blank(self, code: Code) -> bool:
        """Return whether code is what students were given, or nothing."""
        return code.is_python and set(code.digests) <= set(self.stub.digests)


@dataclass(frozen=True, slots=True)
class ProvidedCell:
    """A code cell of the source that is no answer and no check."""

    cell: Cell
    index: int
    code: Code

    @property
    def is_fill_in(self) -> bool:
        """Return whether it only holds places to fill in, like ``guess = None``."""
        return all(shape in _placeholder_digests(self.code.names) for shape in self.code.digests)


@dataclass(frozen=True, slots=True)
class SourceIndex:
    """A source, by what may be found in a submission."""

    positions: Mapping[str, int]
    """Cell ids in the order of the source."""

    answers: Mapping[str, AnswerCell]
    provided: Mapping[str, ProvidedCell]
    checks: Mapping[str, str]
    """Cells of checks, also those that only otter's flavour has → the question's first check."""

    check_names: Mapping[str, str]
    """Names of questions and of check functions → the question's first check."""

    check_digests: frozenset[str]
    prose: Mapping[str, str]
    """What Markdown cells say, without white space → their id."""

    provided_by_digests: Mapping[tuple[str, ...], str]
    """What given cells mean → their id."""

    def answers_defining(self, names: frozenset[str]) -> tuple[AnswerCell, ...]:
        """Return the answers that ask for one of the names, in order."""
        return tuple(asked for asked in self.answers.values() if asked.stub.names & names)

    def is_check(self, statement: Statement) -> bool:
        """Return whether a statement belongs to a check, and not to a student."""
        return (
            statement.digest in self.check_digests
            or statement.call in _OTTER_CALLS
            or not statement.names.isdisjoint(self.check_names)
        )


@functools.lru_cache(maxsize=8)
def index_source(source: Source) -> SourceIndex:
    """Return the catalogue of a source, made once."""
    index = {cell.id: number for number, cell in enumerate(source.cells)}
    answers = {asked.cell.id: asked for asked in _answer_cells(source, index)}
    checks, names = _index_checks(source)
    given = {
        cell.id: ProvidedCell(cell, index[cell.id], parse_code(cell.text))
        for cell in source.cells
        if cell.cell_type is CellType.CODE and cell.id not in answers and cell.id not in checks
    }
    texts = [cell for cell in source.cells if cell.cell_type is CellType.MARKDOWN and cell.id not in answers]
    return SourceIndex(
        MappingProxyType(index),
        MappingProxyType(answers),
        MappingProxyType(given),
        MappingProxyType(checks),
        MappingProxyType(names),
        frozenset(shape for check in source.checks() for shape in parse_code(check.code).digests),
        MappingProxyType({remove_whitespace(cell.text): cell.id for cell in texts}),
        MappingProxyType({given[name].code.digests: name for name in reversed(given)}),
    )


def remove_whitespace(text: str) -> str:
    """Return text without white space."""
    return "".join(text.split())


def _answer_cells(source: Source, index: Mapping[str, int]) -> list[AnswerCell]:
    return [
        AnswerCell(
            answer.cell,
            question,
            index[answer.cell.id],
            index[question.cell.id],
            min((index[check.cell.id] for check in question.checks), default=len(index)),
            _stub_code(answer),
        )
        for question in source.questions
        for answer in question.answers
    ]


def _stub_code(answer: Answer) -> Code:
    return parse_code(answer.stub() if answer.cell.cell_type is CellType.CODE else "")


def _index_checks(source: Source) -> tuple[dict[str, str], dict[str, str]]:
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
def _placeholder_digests(names: frozenset[str]) -> frozenset[str]:
    return frozenset(parse_code(f"{name} = None").digests[0] for name in names)
