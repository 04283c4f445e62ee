"""The code of a cell as top-level statements, also where it is IPython's and not Python's.

Code is parsed and compared here, and never run.
"""

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

# These patterns run on a student's text while others wait. ``\s`` would also match line ends, so that a
# run of blank lines is tried from each of them; within a line, possessive quantifiers (``++``) keep a
# match that almost succeeds from being tried again.
_MAGIC = re.compile(r"^([ \t\f]*+)(?:[%!?].*|[\w.]++\?{1,2}[ \t]*)$", re.MULTILINE)
_MAGIC_ASSIGNMENT = re.compile(r"^([\w., \t\f]++=[ \t]*+)[%!].*$", re.MULTILINE)
_DEFINITION_LINE = re.compile(
    r"^(?:(?:async[ \t]++)?def|class)[ \t]++(\w+)|^(\w++)[ \t]*+=[^=]", re.MULTILINE
)

_MAX_STATEMENTS = 1_000
"""Statements of a cell that are looked at one by one; the lab has 150 in all its cells together."""

_MAX_CACHED_CHARS = 10_000
"""Characters of a cell that is cached: most cells of a class are the provided ones."""

_WARNINGS_LOCK = threading.Lock()
"""Warning filters belong to the whole process, and submissions are read in threads."""

_NAMED_BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_DEFINITIONS = (*_NAMED_BLOCKS, ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)

# What Python's parser raises on code made to break it: ValueError for null characters, RecursionError and
# MemoryError ("too many nested parentheses", "parser stack overflow") for deep nesting.
_PARSE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, or several that share a line."""

    last_line: int
    """Line in the cell, from 1."""

    names: frozenset[str]
    """What it defines in the notebook's namespace."""

    digest: str
    """Digest of its meaning: comments, layout and quotes do not count."""

    is_definition: bool
    """Whether it only defines something and calls nothing."""

    is_stub: bool
    """Whether it is a function that does nothing, like that of a released answer cell."""

    call: str
    """The dotted name that an expression or the value of an assignment consists of or calls, e.g.
    ``grader.check``; empty for all else."""


@dataclass(frozen=True, slots=True)
class Code:
    """A cell's code as far as it can be understood."""

    text: str
    statements: tuple[Statement, ...]
    """Empty if it is only comments, or not Python."""

    names: frozenset[str]
    is_python: bool
    is_divisible: bool
    """Whether statements may be run apart; a ``%%`` magic holds a cell together."""

    @property
    def digests(self) -> tuple[str, ...]:
        """Return what is equal for two cells that mean the same."""
        return tuple(statement.digest for statement in self.statements)

    def is_part_of(self, other: "Code") -> bool:
        """Return True if it has only statements that the other code has."""
        return self.is_python and set(self.digests) <= set(other.digests)

    def extract_text(self, first: int, end: int) -> str:
        """Return the text of statements ``first`` to ``end - 1`` with all comments above each of them.

        Cut at any statements, the parts have every comment of the cell once: a comment goes with the
        statement below it, and those at the end of the cell go with the last statement.
        """
        lines = self.text.split("\n")
        cuts = [0, *(statement.last_line for statement in self.statements)]
        cuts[-1] = len(lines)
        return "\n".join(lines[cuts[first] : cuts[end]]).strip("\n")


def parse_code(text: str) -> Code:
    """Return a cell's code as statements; for any text at all, this raises nothing."""
    return _parse_code(text) if len(text) < _MAX_CACHED_CHARS else _parse_code.__wrapped__(text)


# One cache for all students: what it returns cannot be changed, and long texts stay out of it.
@lru_cache(maxsize=1024)
def _parse_code(text: str) -> Code:
    try:
        with _ignore_warnings():
            try:
                nodes = ast.parse(text).body
            except SyntaxError:
                # Magics become None on the same line, so that line numbers stay those of the cell.
                python = _MAGIC_ASSIGNMENT.sub(r"\1None", _MAGIC.sub(r"\1None", text))
                nodes = ast.parse(python).body
        if len(nodes) > _MAX_STATEMENTS:
            raise ValueError("too many statements for one cell")
        statements = _statements(nodes, text.split("\n"))
    except _PARSE_ERRORS:
        names = frozenset(block or variable for block, variable in _DEFINITION_LINE.findall(text))
        return Code(text, (), names, is_python=False, is_divisible=False)
    names = frozenset().union(*(statement.names for statement in statements))
    return Code(text, statements, names, is_python=True, is_divisible=not text.lstrip().startswith("%%"))


def referenced_names(text: str) -> set[str]:
    """Return the names that a cell looks up in the notebook; all its words if it is not Python."""
    try:
        with _ignore_warnings():
            tables = [symtable.symtable(text, "cell", "exec")]
    except _PARSE_ERRORS:
        return set(re.findall(r"\w+", text))
    names = set()
    while tables:
        table = tables.pop()
        is_outermost = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (is_outermost or symbol.is_global()):
                names.add(symbol.get_name())
        tables += table.get_children()
    return names


@contextmanager
def _ignore_warnings() -> Iterator[None]:
    """Keep a student's invalid escapes from printing a SyntaxWarning on the instructor's terminal."""
    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _statements(nodes: Sequence[ast.stmt], lines: Sequence[str]) -> tuple[Statement, ...]:
    """Return statements in order, those on one line as one: text can only be cut between lines."""
    groups: list[list[ast.stmt]] = []
    for node in nodes:
        # A decorator belongs to what it decorates.
        first_line = min([node.lineno, *(above.lineno for above in getattr(node, "decorator_list", ()))])
        if not groups or first_line > (groups[-1][-1].end_lineno or 0):
            groups.append([])
        groups[-1].append(node)
    statements = []
    for group in groups:
        last_line, meaning = group[-1].end_lineno or 0, "\n".join(map(ast.dump, group))
        if meaning == "Expr(value=Constant(value=None))":
            # A magic was replaced by None; only its text tells it from other magics.
            meaning = "\n".join(lines[group[0].lineno - 1 : last_line]).strip()
        digest = hashlib.sha256(meaning.encode("utf-8", errors="replace")).hexdigest()
        names: set[str] = set()
        is_definition = True
        for node in group:
            names.update(_bound_names(node))
            is_assignment = isinstance(node, (ast.Assign, ast.AnnAssign))
            has_call = is_assignment and any(isinstance(inner, ast.Call) for inner in ast.walk(node))
            is_definition &= isinstance(node, _DEFINITIONS) and not has_call
        value = group[0].value if isinstance(group[0], (ast.Assign, ast.Expr)) else None
        if isinstance(value, ast.Call):
            value = value.func
        call = ast.unparse(value) if isinstance(value, ast.Attribute) else ""
        is_stub = all(map(_does_nothing, group))
        statements.append(Statement(last_line, frozenset(names), digest, is_definition, is_stub, call))
    return tuple(statements)


def _does_nothing(node: ast.AST) -> bool:
    """Return True for a function of ``pass``, ``...``, texts and ``return None``, or of a placeholder."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    for inner in node.body:
        if isinstance(inner, ast.Return):
            is_nothing = inner.value is None or ast.unparse(inner.value) in ("None", "...")
        elif isinstance(inner, ast.Raise):
            is_nothing = "NotImplementedError" in ast.dump(inner)
        else:
            is_text = isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant)
            is_nothing = is_text or isinstance(inner, ast.Pass)
        if not is_nothing:
            return False
    return True


def _bound_names(node: ast.AST) -> Iterator[str]:
    """Yield what a statement binds at the level of the notebook."""
    if isinstance(node, _NAMED_BLOCKS):
        yield node.name
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif not isinstance(node, ast.expr) or isinstance(node, (ast.Tuple, ast.List, ast.Starred)):
        for child in ast.iter_child_nodes(node):
            yield from _bound_names(child)
