"""What a cell defines, and which of that is not written yet; nothing of it runs."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_MAX_CHARS = 1_000_000
"""What is longer is not looked at."""


@dataclass(frozen=True)
class WrittenCode:
    """What a cell defines."""

    problem: str = ""
    """Why it is not Python; empty if it is."""

    names: tuple[tuple[str, str], ...] = ()
    """Each name that it defines, and what is lacking there; empty if it has code of its own."""


def parse_written(text: str) -> WrittenCode:
    """Return what a code cell defines, for any text at all."""
    if len(text) > _MAX_CHARS:
        return WrittenCode("it is too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an unusual \ in a text
            tree = ast.parse(text)
    except SyntaxError as error:
        # A student may have added a magic, such as %%time, which only IPython understands.
        without_magics = re.sub(r"^([ \t]*)[%!].*$", r"\1pass", text, flags=re.MULTILINE)
        if without_magics != text:
            return parse_written(without_magics)
        names = re.findall(r"^def\s+(\w+)", text, re.MULTILINE)
        place = f"line {error.lineno}: {error.msg}" if error.lineno else error.msg
        return WrittenCode(place, tuple((name, "") for name in names))
    except (ValueError, RecursionError, MemoryError):  # a null byte, or nested too deeply
        return WrittenCode("it cannot be read")
    names = []
    for node in _outside_functions(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names.append((node.name, _what_is_missing(node, node.body)))
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    names.append((target.id, _what_is_missing(node, [node])))
    return WrittenCode("", tuple(names))


def _outside_functions(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a cell, also those in a ``try`` or an ``if``."""
    for node in body:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for part in ("body", "orelse", "finalbody"):
                yield from _outside_functions(getattr(node, part, ()))


def _what_is_missing(definition: ast.AST, body: Sequence[ast.stmt]) -> str:
    """Return what a definition lacks; empty if it has code of its own."""
    nodes = list(ast.walk(definition))
    in_index: set[ast.AST] = set()  # x[..., 0] is code
    for node in nodes:
        if isinstance(node, ast.Subscript):
            in_index.update(ast.walk(node.slice))
    for node in nodes:
        if isinstance(node, ast.Constant) and node.value is ... and node not in in_index:
            return "still has ..."
    for node in body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_placeholder = isinstance(node, ast.Raise) and "NotImplementedError" in ast.dump(node)
        if not (isinstance(node, ast.Pass) or is_text or is_placeholder):
            return ""
    return "has no code yet"
