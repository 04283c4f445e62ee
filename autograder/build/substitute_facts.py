"""Names of facts become literals: ``LAB.width`` is 3 in every release.

The source says ``LAB.width``, ``EXPECTED["rows"]`` and ``THRESHOLDS["fit"]`` in code and
``{{ LAB.width }}`` or ``{{ LAB.length:, }}`` in prose; students get the values.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.errors import Problem
from autograder.facts import Facts
from autograder.notebook import Cell, CellType, Source

ROOTS = ("LAB", "EXPECTED", "THRESHOLDS")
LOW_THRESHOLD, HIGH_THRESHOLD = 0.0, 1e9
"""The bars of ``at_least`` and ``at_most`` in a build that was not calibrated."""

_LOAD_FACTS_LINE = re.compile(
    r"from autograder\.facts import load_facts|LAB, EXPECTED, THRESHOLDS = load_facts\(.*\)"
)
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+[.\[][^{}]*?)\s*\}\}")


class _UnknownFactError(Exception):
    """The name of a fact that does not exist, with what to do."""

    def __init__(self, found: str, fix: str) -> None:
        super().__init__(found)
        self.found, self.fix = found, fix


@dataclass(frozen=True, slots=True)
class FactSubstitution:
    """Replaces facts by their values."""

    facts: Facts
    assignment: str
    calibrated: bool = True
    """Without calibration every answer that runs passes a bar."""

    def apply(self, source: Source) -> tuple[tuple[Cell, ...], list[Problem]]:
        """Return the cells of ``source`` with literals for facts, and all unknown names."""
        problems: list[Problem] = []
        return tuple(self._cell(cell, source, problems) for cell in source.cells), problems

    def _cell(self, cell: Cell, source: Source, problems: list[Problem]) -> Cell:
        if cell.cell_type is CellType.RAW:
            return cell
        spans = _code_spans if cell.cell_type is CellType.CODE else _prose_spans
        pieces, start = [], 0
        for span in spans(cell.text):
            try:
                literal = self._literal(span, cell.text)
            except _UnknownFactError as error:
                line = cell.text.count("\n", 0, span.start) + 1
                problems.append(Problem(source.location(cell, line), error.found, error.fix))
                continue
            pieces += [cell.text[start : span.start], literal]
            start = span.end
        text = "".join([*pieces, cell.text[start:]])
        if cell.cell_type is CellType.CODE:
            text = _without_load_facts(text)
            problems += _autograder_uses(source, cell, text)
        return replace(cell, text=text)

    def _literal(self, span: "_Span", text: str) -> str:
        if span.in_fstring:
            found = f"{span.name} inside an f-string"
            raise _UnknownFactError(found, "give it a name on a line of its own first")
        if span.root == "THRESHOLDS" and not self.calibrated:
            return repr(HIGH_THRESHOLD if "checks.at_most(" in text else LOW_THRESHOLD)
        value = self._value(span)
        if not span.steps or not _is_plain(value):
            do = f"name each value that you mean, e.g. {_example(span.root)}"
            raise _UnknownFactError(f"{span.name}, of which no literal can be made", do)
        if span.format_spec is None:
            return _literal_source(value) + span.tail
        try:
            return format(value, span.format_spec)
        except (ValueError, TypeError) as error:
            found = f"the format {span.format_spec!r} for {span.name}"
            raise _UnknownFactError(found, f"write another ({error})") from error

    def _value(self, span: "_Span") -> Any:
        roots: Mapping[str, Any] = dict(zip(ROOTS, self.facts, strict=True))
        if span.root not in roots:
            raise _UnknownFactError(f"{span.name} in prose", f"use {', '.join(ROOTS)}")
        value = roots[span.root]
        for step in span.steps:
            try:
                value = getattr(value, str(step)) if span.root == "LAB" else value[step]
            except (AttributeError, KeyError, IndexError, TypeError) as error:
                raise _UnknownFactError(f"the unknown name {span.name}", self._advice(span)) from error
        return value

    def _advice(self, span: "_Span") -> str:
        if span.root == "THRESHOLDS":
            return f"run `course calibrate {self.assignment}` (or build with --uncalibrated)"
        place = "course_config.py" if span.root == "LAB" else "expected.py"
        return f"add it to {place} or mend the name"


@dataclass(frozen=True, slots=True)
class _Span:
    """One place in a text where a fact is named."""

    start: int
    end: int
    root: str
    steps: tuple[str | int, ...]
    name: str
    format_spec: str | None = None
    """A format specification (prose); ``None`` in code."""

    tail: str = ""
    """What follows the constant part, e.g. ``[kind]``; kept as it is."""

    in_fstring: bool = False
    """Whether it stands inside an f-string, where it cannot be replaced."""


def _code_spans(text: str) -> Iterator[_Span]:
    if not any(root in text for root in ROOTS):
        return
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    starts = _line_starts(text)
    chains = sorted(_chains(tree), key=lambda found: (found[0].lineno, found[0].col_offset))
    for node, text_node in chains:
        root, steps, constant = _steps(node)
        if text_node:
            begin = _offset(text, starts, text_node.lineno, text_node.col_offset)
            yield _Span(begin, begin, root, steps, ast.unparse(node), in_fstring=True)
            continue
        begin = _offset(text, starts, node.lineno, node.col_offset)
        end = _offset(text, starts, node.end_lineno or 0, node.end_col_offset or 0)
        kept = _offset(text, starts, constant.end_lineno or 0, constant.end_col_offset or 0)
        name = " ".join(text[begin:end].split())
        yield _Span(begin, end, root, steps, name, tail=text[kept:end])


def _chains(
    node: ast.AST, fstring: ast.JoinedStr | None = None
) -> Iterator[tuple[ast.expr, ast.JoinedStr | None]]:
    """Yield the outermost chains that start at a fact, each with the f-string around it."""
    if isinstance(node, (ast.Attribute, ast.Subscript, ast.Name)) and _root(node):
        yield node, fstring
        return
    if isinstance(node, ast.JoinedStr):
        fstring = fstring or node
    for child in ast.iter_child_nodes(node):
        yield from _chains(child, fstring)


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    known = isinstance(node, ast.Name) and node.id in ROOTS and isinstance(node.ctx, ast.Load)
    return node.id if known and isinstance(node, ast.Name) else ""


def _steps(node: ast.expr) -> tuple[str, tuple[str | int, ...], ast.expr]:
    """Return the root, its constant steps, and the node at which the constant part ends."""
    if isinstance(node, ast.Name):
        return node.id, (), node
    assert isinstance(node, (ast.Attribute, ast.Subscript))
    root, steps, constant = _steps(node.value)
    if constant is not node.value:
        return root, steps, constant
    if isinstance(node, ast.Attribute) and root == "LAB":
        return root, (*steps, node.attr), node
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        key = node.slice.value
        return (root, (*steps, key), node) if isinstance(key, (str, int)) else (root, steps, constant)
    return root, steps, constant


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _offset(text: str, starts: Sequence[int], line: int, column_bytes: int) -> int:
    row = text[starts[line - 1] : starts[line] - 1]
    return starts[line - 1] + len(row.encode()[:column_bytes].decode())


def _prose_spans(text: str) -> Iterator[_Span]:
    for match in _PLACEHOLDER.finditer(text):
        name, form = _split_format(match[1])
        try:
            node = ast.parse(name, mode="eval").body
            root, steps, constant = _steps(node) if _is_name_chain(node) else ("", (), node)
        except SyntaxError:
            root, steps, constant, node = "", (), ast.Name(""), ast.Name("x")
        if constant is not node:
            root = ""
        yield _Span(match.start(), match.end(), root, steps, match[0], format_spec=form)


def _is_name_chain(node: ast.expr) -> bool:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return isinstance(node, ast.Name)


def _split_format(placeholder: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.*?[\w\]])\s*:([^\]]*)", placeholder)
    return (match[1], match[2].strip()) if match else (placeholder, "")


def _without_load_facts(text: str) -> str:
    lines = [line for line in text.split("\n") if not _LOAD_FACTS_LINE.fullmatch(line.strip())]
    return "\n".join(lines).lstrip("\n") if len(lines) != text.count("\n") + 1 else text


def _autograder_uses(source: Source, cell: Cell, text: str) -> Iterator[Problem]:
    """Find uses of this package, which students do not have."""
    if re.search(r"^\s*(from|import) autograder\b|\bload_facts\b", text, re.MULTILINE):
        do = "write exactly LAB, EXPECTED, THRESHOLDS = load_facts(…) and import nothing else of it"
        yield Problem(source.location(cell), "a use of autograder that would be released", do)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(key) and _is_plain(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or type(value) in (int, float, str, bool)


def _literal_source(value: Any) -> str:
    if type(value) is int and abs(value) >= 10_000:
        return f"{value:_}" if value > 0 else f"({value:_})"
    if type(value) in (int, float) and value < 0:
        return f"({value!r})"
    return repr(value)


def _example(root: str) -> str:
    return "LAB.width" if root == "LAB" else f'{root}["rows"]'
