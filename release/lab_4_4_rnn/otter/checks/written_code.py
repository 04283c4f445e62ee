"""Which functions a cell defines, and which of them are not written yet; nothing of it runs."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

_MAX_CHARS = 1_000_000
"""What is longer is not looked at."""


@dataclass(frozen=True)
class WrittenCode:
    """What a cell defines."""

    problem: str = ""
    """Why it is not Python; empty if it is."""

    functions: tuple[tuple[str, str], ...] = ()
    """The name of each function, and what it lacks; empty if it has code of its own."""


def parse_written(text: str) -> WrittenCode:
    """Return what a code cell defines, for any text at all."""
    if len(text) > _MAX_CHARS:
        return WrittenCode("it is too long")
    try:
        tree = _parse(text)
    except SyntaxError as error:
        # A student may have added a magic, such as %%time, which only IPython understands.
        without_magics = re.sub(r"^(\s*)[%!].*$", r"\1pass", text, flags=re.MULTILINE)
        if without_magics != text:
            return parse_written(without_magics)
        names = re.findall(r"^def\s+(\w+)", text, re.MULTILINE)
        place = f"line {error.lineno}: {error.msg}" if error.lineno else error.msg
        return WrittenCode(place, tuple((name, "") for name in names))
    except (ValueError, RecursionError, MemoryError):  # a null byte, or nested too deeply
        return WrittenCode("it cannot be read")
    functions = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions.append((node.name, _what_is_missing(node)))
    return WrittenCode("", tuple(functions))


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an unusual \ in a text
        return ast.parse(text)


def _what_is_missing(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return what a function lacks; empty if it has code of its own."""
    for node in ast.walk(function):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...:
            return "still has ..."
    if all(isinstance(node, ast.Pass) or _is_text(node) for node in function.body):
        return "has no code yet"
    return ""


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
