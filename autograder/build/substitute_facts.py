"""Names of facts become literals: ``LAB.width`` is 3 in every release.

The source says ``LAB.width``, ``EXPECTED["rows"]`` and ``THRESHOLDS["fit"]`` in code, and
``{{ LAB.width }}``, ``{{ LAB.length:, }}``, ``{{ POINTS.q1 }}`` (also ``POINTS.q1_to_q6``, the sum) or
``{{ DUE.date }}`` in prose; students get the values.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from autograder.course import Assignment
from autograder.errors import Problem
from autograder.facts import Facts, compute_facts, unmeasured_datasets
from autograder.notebook import Cell, CellType, Source

CODE_ROOTS = ("LAB", "EXPECTED", "THRESHOLDS")
PROSE_ROOTS = (*CODE_ROOTS, "POINTS", "DUE")
LOW_THRESHOLD, HIGH_THRESHOLD = 0.0, 1e9
"""The thresholds of ``at_least`` and ``at_most`` in a build without calibration."""

NOT_MEASURED = "not measured"
"""What prose says in place of a threshold for a dataset that was left out of the calibration."""

_ATTRIBUTE_ROOTS = ("LAB", "POINTS", "DUE")
_LOAD_FACTS_LINE = re.compile(
    r"from autograder\.facts import load_facts|LAB, EXPECTED, THRESHOLDS = load_facts\(.*\)"
)
_LOAD_FACTS_FIX = "write exactly LAB, EXPECTED, THRESHOLDS = load_facts(…) and import nothing else from it"
_AUTOGRADER_USE = re.compile(r"^\s*(from|import) autograder\b|\bload_facts\b", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+[.\[][^{}]*?)\s*\}\}")
_FORMATTED = re.compile(r"(.*?[\w\]])\s*:([^\]]*)")


class _UnknownFactError(Exception):
    """A name that is not a fact; its arguments are what was found and what to do."""


@dataclass(frozen=True, slots=True)
class _Span:
    """One place in a text that names a fact."""

    start: int
    end: int
    root: str
    """E.g. ``EXPECTED``; empty for prose that names nothing."""

    expression: str
    """The constant part, e.g. ``EXPECTED["by"]`` of ``EXPECTED["by"][kind]``."""

    format_spec: str | None = None
    """A format specification (prose); ``None`` in code."""

    tail: str = ""
    """The text after the constant part, e.g. ``[kind]``; it is not changed."""

    in_fstring: bool = False


@dataclass(frozen=True, slots=True)
class FactSubstitution:
    """Replaces facts by their values."""

    facts: Facts
    assignment: str
    calibrated: bool = True
    """Without calibration every answer that runs passes a threshold."""

    points: Mapping[str, float] = field(default_factory=dict)
    """Points by the name of the question, of questions in a row, and of all as ``total``."""

    due: datetime | None = None
    unmeasured_datasets: Sequence[str] = ()
    """Datasets without any threshold; prose about them says so."""

    def apply(self, source: Source) -> tuple[tuple[Cell, ...], list[Problem]]:
        """Return the cells of ``source`` with literals for facts, and all unknown names."""
        problems: list[Problem] = []
        cells = []
        for cell in source.cells:
            text = cell.text
            if cell.cell_type is CellType.MARKDOWN:
                text = self._substitute(source, cell, _prose_spans(text), problems)
            elif cell.cell_type is CellType.CODE:
                lines = self._substitute(source, cell, _code_spans(text), problems).split("\n")
                remaining = [line for line in lines if not _LOAD_FACTS_LINE.fullmatch(line.strip())]
                text = "\n".join(remaining)
                if len(remaining) < len(lines):
                    text = text.lstrip("\n")
                # Students do not have this package.
                if _AUTOGRADER_USE.search(text):
                    found = "a use of autograder that would be released"
                    problems.append(source.problem(cell, found, _LOAD_FACTS_FIX))
            cells.append(replace(cell, text=text))
        return tuple(cells), problems

    def _substitute(self, source: Source, cell: Cell, spans: Iterator[_Span], problems: list[Problem]) -> str:
        pieces, start = [], 0
        for span in spans:
            try:
                literal = self._literal(span, cell.text)
            except _UnknownFactError as error:
                line = cell.text.count("\n", 0, span.start) + 1
                problems.append(Problem(source.location(cell, line), *error.args))
                continue
            pieces += [cell.text[start : span.start], literal]
            start = span.end
        return "".join([*pieces, cell.text[start:]])

    def _literal(self, span: _Span, text: str) -> str:
        name = " ".join(text[span.start : span.end].split())
        if span.in_fstring:
            # Python 3.11 does not say where in an f-string a name is.
            fix = "give it a name on a line of its own first"
            raise _UnknownFactError(f"{span.expression} inside an f-string", fix)
        # Low for a lower limit, high for an upper one: every answer that runs passes.
        if span.root == "THRESHOLDS" and not self.calibrated:
            return repr(HIGH_THRESHOLD if "checks.at_most(" in text else LOW_THRESHOLD)
        if span.root == "THRESHOLDS" and span.format_spec is not None:
            for dataset in self.unmeasured_datasets:
                if span.expression.endswith(f"[{dataset!r}]"):
                    return NOT_MEASURED
        value = self._value(span, name)
        if span.expression == span.root or not _is_plain(value):
            example = "LAB.width" if span.root == "LAB" else f'{span.root}["rows"]'
            fix = f"name each value that you mean, e.g. {example}"
            raise _UnknownFactError(f"{name}, which cannot become a literal", fix)
        if span.format_spec is None:
            literal = f"{value:_}" if type(value) is int and abs(value) >= 10_000 else repr(value)
            # In parentheses, since 2 ** -1 binds differently.
            return (f"({literal})" if literal.startswith("-") else literal) + span.tail
        try:
            return format(value, span.format_spec)
        except (ValueError, TypeError) as error:
            found = f"the format {span.format_spec!r} for {name}"
            raise _UnknownFactError(found, f"write a different one ({error})") from error

    def _value(self, span: _Span, name: str) -> Any:
        due = {"date": f"{self.due:%B} {self.due.day}, {self.due.year}"} if self.due else {}
        namespaces = (SimpleNamespace(**self.points), SimpleNamespace(**due))
        roots = dict(zip(PROSE_ROOTS, (*self.facts, *namespaces), strict=True))
        if span.root not in roots:
            raise _UnknownFactError(f"{name} in prose", f"use {', '.join(PROSE_ROOTS)}")
        try:
            # eval: a name from the author's notebook, followed by constant attributes and keys only.
            return eval(span.expression, roots)
        except (AttributeError, KeyError, IndexError, TypeError) as error:
            fix = {
                "LAB": "add it to course_config.py or fix the name",
                "EXPECTED": "add it to expected.py or fix the name",
                "THRESHOLDS": f"run `course calibrate {self.assignment}` (or build with --uncalibrated)",
                "POINTS": f"use one of {', '.join(name for name in self.points if '_to_' not in name)}",
                "DUE": "use DUE.date",
            }[span.root]
            raise _UnknownFactError(f"the unknown name {name}", fix) from error


def make_substitution(source: Source, assignment: Assignment, *, calibrated: bool) -> FactSubstitution:
    """Return what replaces the facts of an assignment in its source."""
    facts = compute_facts(assignment)
    unmeasured = unmeasured_datasets(assignment, facts.thresholds)
    points = points_by_question(source)
    return FactSubstitution(facts, assignment.name, calibrated, points, assignment.due, unmeasured)


def points_by_question(source: Source) -> dict[str, float]:
    """Return the points of each question, of all of them as ``total``, and sums as ``q1_to_q6``."""
    points = {question.name: question.points for question in source.questions}
    by_question = list(points.items())
    for start, (first, total) in enumerate(by_question):
        for last, more in by_question[start + 1 :]:
            total += more
            points[f"{first}_to_{last}"] = total
    points["total"] = sum(question.points for question in source.questions)
    for name, value in points.items():
        points[name] = int(value) if value == int(value) else value  # prose says 8, not 8.0
    return points


def _code_spans(text: str) -> Iterator[_Span]:
    """Yield the facts in code in order; none if it is not Python, which ``lint`` reports."""
    if not any(root in text for root in CODE_ROOTS):
        return
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    # The substitution goes through the text once, and children of a node may come in another order.
    chains = sorted(_fact_chains(tree), key=lambda chain: (chain[0].lineno, chain[0].col_offset))
    for node, fstring in chains:
        root, constant = _split_chain(node)
        outer = fstring or node
        start = _offset(text, outer.lineno, outer.col_offset)
        if fstring:
            yield _Span(start, start, root, ast.unparse(node), in_fstring=True)
            continue
        end = _offset(text, node.end_lineno or 0, node.end_col_offset or 0)
        # The rest of the chain is computed by the code: {"a": 1}[kind].
        constant_end = _offset(text, constant.end_lineno or 0, constant.end_col_offset or 0)
        tail = text[constant_end:end]
        yield _Span(start, end, root, ast.unparse(constant), tail=tail)


def _fact_chains(
    node: ast.AST, fstring: ast.JoinedStr | None = None
) -> Iterator[tuple[ast.expr, ast.JoinedStr | None]]:
    """Yield the outermost chains that start at a fact, each with the f-string around it."""
    if isinstance(node, ast.expr) and _split_chain(node)[0] in CODE_ROOTS:
        yield node, fstring
        return
    if isinstance(node, ast.JoinedStr):
        fstring = fstring or node
    for child in ast.iter_child_nodes(node):
        yield from _fact_chains(child, fstring)


def _split_chain(node: ast.expr) -> tuple[str, ast.expr]:
    """Return the root of a chain and the node at which its constant part ends.

    ``EXPECTED["by"][kind]`` has the root ``EXPECTED`` and the constant part ``EXPECTED["by"]``. The
    root is empty if the chain does not start at a name that is read.
    """
    links = []
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        links.append(node)
        node = node.value
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return "", node
    root = node.id
    constant: ast.expr = node
    for link in reversed(links):
        is_key = isinstance(link, ast.Subscript) and isinstance(link.slice, ast.Constant)
        is_attribute = isinstance(link, ast.Attribute) and root in _ATTRIBUTE_ROOTS
        if not is_key and not is_attribute:
            break  # from here on the chain is computed when the code runs
        constant = link
    return root, constant


def _offset(text: str, line: int, column_bytes: int) -> int:
    """Return the index in ``text`` of a position of ``ast``, whose columns count UTF-8 bytes."""
    rows = text.split("\n")
    before = sum(len(row) + 1 for row in rows[: line - 1])
    return before + len(rows[line - 1].encode()[:column_bytes].decode())


def _prose_spans(text: str) -> Iterator[_Span]:
    for match in _PLACEHOLDER.finditer(text):
        name, format_spec = match[1], ""
        formatted = _FORMATTED.fullmatch(name)
        if formatted:
            name, format_spec = formatted[1], formatted[2].strip()
        try:
            node = ast.parse(name, mode="eval").body
        except SyntaxError:
            node = ast.Constant(None)
        root, constant = _split_chain(node)
        if constant is not node:
            root = ""  # a call or a sum: prose can only name a fact
        yield _Span(match.start(), match.end(), root, ast.unparse(constant), format_spec)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(key) and _is_plain(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or type(value) in (int, float, str, bool)
