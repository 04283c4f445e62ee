"""The code of a cell as top-level statements, also where it is IPython's and not Python's."""

import ast
import hashlib
import re
import symtable
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

_MAGIC = re.compile(r"^(\s*)(?:[%!?].*|[\w.]+\?{1,2}[ \t]*)$", re.MULTILINE)
_MAGIC_ASSIGNMENT = re.compile(r"^(\s*[\w., \t]+=[ \t]*)[%!].*$", re.MULTILINE)
_DEFINITION_LINE = re.compile(r"^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*=[^=]", re.MULTILINE)
_MAX_STATEMENTS = 1_000
"""Statements of a cell that is looked into; the lab has 150 in all its cells together."""

_MAX_CACHED_CHARS = 10_000
"""Characters of a cell that is remembered: most cells of a class are the given ones."""

_WARNINGS_LOCK = threading.Lock()
"""Filters of warnings are the whole process's, and submissions are read in threads."""

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, or several that share a line."""

    first_line: int
    """Line in the cell, from 1; a decorator belongs to what it decorates."""

    last_line: int
    names: frozenset[str]
    """What it defines in the notebook's namespace."""

    digest: str
    """Digest of its meaning: comments, layout and quotes do not count."""

    is_definition: bool
    """Whether it only defines something and does no work of its own."""

    call: str
    """The function that an expression calls, e.g. ``grader.check``; empty for all else."""


@dataclass(frozen=True, slots=True)
class Code:
    """A cell's code as far as it can be understood."""

    text: str
    statements: tuple[Statement, ...]
    """Empty if it is only comments, or no Python."""

    names: frozenset[str]
    is_python: bool
    is_divisible: bool
    """Whether statements may be run apart; a ``%%`` magic holds a cell together."""

    @property
    def digests(self) -> tuple[str, ...]:
        """Return what two cells share that mean the same."""
        return tuple(statement.digest for statement in self.statements)

    def extract_text(self, first: int, end: int) -> str:
        """Return the text of statements ``first`` to ``end - 1``, with the comments right above."""
        lines = self.text.split("\n")
        begin = self.statements[first].first_line - 1
        top = self.statements[first - 1].last_line if first else 0
        while begin > top and lines[begin - 1].strip():
            begin -= 1
        return "\n".join(lines[begin : self.statements[end - 1].last_line])


def parse_code(text: str) -> Code:
    """Take a cell apart; whatever stands in it, this returns."""
    return _parse_code_cached(text) if len(text) < _MAX_CACHED_CHARS else _parse_code(text)


@lru_cache(maxsize=1024)
def _parse_code_cached(text: str) -> Code:
    return _parse_code(text)


def _parse_code(text: str) -> Code:
    try:
        statements = tuple(_group_statements(_parse_ast(text), text.split("\n")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        names = frozenset(first or second for first, second in _DEFINITION_LINE.findall(text))
        return Code(text, (), names, is_python=False, is_divisible=False)
    names = frozenset(name for statement in statements for name in statement.names)
    return Code(text, statements, names, is_python=True, is_divisible=not text.lstrip().startswith("%%"))


def referenced_names(text: str) -> set[str]:
    """Return the names that a cell looks up in the notebook; all its words if it is no Python."""
    try:
        with _ignore_warnings():
            return set(_symbol_references(symtable.symtable(text, "cell", "exec")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(re.findall(r"\w+", text))


def _symbol_references(table: symtable.SymbolTable) -> Iterator[str]:
    outermost = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (outermost or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _symbol_references(inner)


@contextmanager
def _ignore_warnings() -> Iterator[None]:
    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _parse_ast(text: str) -> list[ast.stmt]:
    with _ignore_warnings():
        try:
            tree = ast.parse(text).body
        except SyntaxError:
            tree = ast.parse(_MAGIC_ASSIGNMENT.sub(r"\1None", _MAGIC.sub(r"\1None", text))).body
    if len(tree) > _MAX_STATEMENTS:
        raise ValueError("too many statements for one cell")
    return tree


def _group_statements(tree: Sequence[ast.stmt], lines: Sequence[str]) -> Iterator[Statement]:
    """Yield statements, those on one line together."""
    group: list[ast.stmt] = []
    for before, node in pairwise([None, *tree]):
        if before is not None and node is not None and _first_line(node) > (before.end_lineno or 0):
            yield _make_statement(group, lines)
            group = []
        if node is not None:
            group.append(node)
    if group:
        yield _make_statement(group, lines)


def _make_statement(nodes: Sequence[ast.stmt], lines: Sequence[str]) -> Statement:
    first, last = _first_line(nodes[0]), nodes[-1].end_lineno or 0
    names = frozenset(name for node in nodes for name in _bound_names(node))
    defines = all(_is_definition(node) for node in nodes)
    return Statement(
        first, last, names, _digest(nodes, lines[first - 1 : last]), defines, _called_name(nodes[0])
    )


def _first_line(node: ast.stmt) -> int:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.lineno


def _digest(nodes: Sequence[ast.stmt], lines: Sequence[str]) -> str:
    meaning = "\n".join(map(ast.dump, nodes))
    if meaning == "Expr(value=Constant(value=None))":
        meaning = "\n".join(lines).strip()
    return hashlib.sha256(meaning.encode("utf-8", errors="replace")).hexdigest()


def _bound_names(node: ast.AST) -> Iterator[str]:
    """Yield what a statement binds at the level of the notebook."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from _bound_names(target)
    elif not isinstance(node, ast.expr) or isinstance(node, (ast.Tuple, ast.List, ast.Starred)):
        for child in ast.iter_child_nodes(node):
            yield from _bound_names(child)


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return not any(isinstance(inner, ast.Call) for inner in ast.walk(node))
    return isinstance(node, _DEFINITIONS)


def _called_name(node: ast.stmt) -> str:
    if isinstance(node, ast.Assign):
        value: ast.AST = node.value
    elif isinstance(node, ast.Expr):
        value = node.value
    else:
        return ""
    steps: list[str] = []
    value = value.func if isinstance(value, ast.Call) else value
    while isinstance(value, ast.Attribute):
        steps.append(value.attr)
        value = value.value
    return ".".join([value.id, *reversed(steps)]) if isinstance(value, ast.Name) and steps else ""
