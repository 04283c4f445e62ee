"""Values of hidden checks that prose gives away: in a prompt, in the title of a check, or in a hint.

In a release nobody can tell them from what an author says on purpose, so the source is asked: a value
that a hidden check compares with, and that stands in no code that students see, must not be readable.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.errors import Problem
from autograder.notebook import Cell, CellType, Check, Source

_MIN_DIGITS = 3
"""Digits of a number without zeros at its ends; a shorter one stands in prose by chance."""

_MIN_ITEMS = 3
"""Items of a list; a shorter one counts only in the prose of its own question."""

_SHOWN_KEYWORDS = frozenset({"hint", "what"})
"""Arguments of the vocabulary whose texts students read."""

_BETWEEN_ITEMS = r"['\"]?,\s*['\"]?"


@dataclass(frozen=True, slots=True)
class _HiddenValue:
    code: str
    pattern: re.Pattern[str]
    is_short: bool = False


def exposed_values(source: Source) -> Iterator[Problem]:
    """Yield each value of a hidden check that students can read in prose.

    Args:
        source: as its author wrote it, with names such as ``LAB.units`` for public numbers.
    """
    everywhere = list(_prose(source.cells, source.checks()))
    hidden_ids = {check.cell.id for check in source.checks() if check.hidden}
    stubs = {answer.cell.id: answer.stub() for answer in source.answers()}
    shown_code = []
    for cell in source.cells:
        if cell.cell_type is CellType.CODE and cell.id not in hidden_ids:
            shown_code.append(stubs.get(cell.id, cell.text))
    code = _plain("\n".join(shown_code))
    for question in source.questions:
        nearby = list(_prose(question.prompt, question.checks))
        for check in filter(lambda check: check.hidden, question.checks):
            for value in _hidden_values(check):
                for cell, first_line, text in nearby if value.is_short else everywhere:
                    match = value.pattern.search(text)
                    if match and not value.pattern.search(code):
                        found = f"{value.code} of the hidden check {check.cell.id} in text that students read"
                        line = first_line + text[: match.start()].count("\n")
                        fix = "remove it, or use a different value in the hidden check"
                        yield source.problem(cell, found, fix, line)


def _hidden_values(check: Check) -> Iterator[_HiddenValue]:
    body = ast.Module(check.function().body[1:], [])
    not_compared = {id(node) for node in _shown_texts(check)}
    for node in ast.walk(body):
        if isinstance(node, ast.Subscript):
            not_compared.add(id(node.slice))  # a position, or the name of an entry
        elif isinstance(node, ast.Dict):
            not_compared.update(map(id, node.keys))
    for node in ast.walk(body):
        if isinstance(node, (ast.List, ast.Tuple)):
            items = [ast.unparse(item) for item in node.elts if isinstance(item, (ast.Constant, ast.UnaryOp))]
            if len(items) == len(node.elts) > 1:
                pattern = _BETWEEN_ITEMS.join(re.escape(_plain(item).strip("'\"")) for item in items)
                yield _HiddenValue(ast.unparse(node), _whole(pattern), len(items) < _MIN_ITEMS)
        elif isinstance(node, ast.Constant) and id(node) not in not_compared:
            value, text = node.value, repr(node.value)
            if isinstance(value, str) and len(value.split()) > 1:
                yield _HiddenValue(text, _whole(r"\s+".join(map(re.escape, value.split()))))
            elif type(value) in (int, float) and len(re.sub(r"\D", "", text).strip("0")) >= _MIN_DIGITS:
                yield _HiddenValue(text, _whole(re.escape(text)))


def _prose(cells: Iterable[Cell], checks: Iterable[Check]) -> Iterator[tuple[Cell, int, str]]:
    """Yield what students read: the cell, the first line and the text."""
    for cell in cells:
        if cell.cell_type is CellType.MARKDOWN:
            yield cell, 1, _plain(cell.text)
    for check in checks:
        yield check.cell, check.first_line + 1, _plain(check.title)
        for node in _shown_texts(check):
            yield check.cell, check.first_line - 1 + node.lineno, _plain(str(node.value))


def _shown_texts(check: Check) -> Iterator[ast.Constant]:
    for node in ast.walk(check.function()):
        if isinstance(node, ast.keyword) and node.arg in _SHOWN_KEYWORDS:
            yield from (inner for inner in ast.walk(node.value) if isinstance(inner, ast.Constant))


def _plain(text: str) -> str:
    """Return text with ``10_000`` and ``10,000`` as ``10000``."""
    return re.sub(r"(?<=\d)[_,](?=\d{3}(?!\d))", "", text)


def _whole(pattern: str) -> re.Pattern[str]:
    """Compile a pattern that is neither part of a longer number nor of a word."""
    return re.compile(rf"(?<![\w.]){pattern}(?!\w|\.\d)")
