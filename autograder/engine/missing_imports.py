"""Imports that fail cost their line, not their cell.

Where a notebook was written, other libraries are installed than where it is graded. So a cell's import
that fails is skipped, and its name stands for a ``MissingLibrary``, which explains itself when it is
used. An import that the student's own ``try`` or ``with`` may handle is left alone, and so is one
in a function, whose error is raised when the function is called.
"""

import ast
from typing import Any, NoReturn

INPUT = "input()"
"""What stands among a cell's skipped imports if it asked for input."""

_ADVICE = "do without it or, if it is a file of your own, copy its code into the notebook"

_USES = """call iter next getitem setitem delitem contains len bool enter exit mro_entries instancecheck
    eq ne lt le gt ge neg pos invert abs add radd sub rsub mul rmul matmul rmatmul truediv rtruediv
    floordiv rfloordiv mod rmod pow rpow and rand or ror xor rxor lshift rlshift rshift rrshift
    int float index format"""
"""Special methods that use a value."""


class MissingLibrary:
    """What the name of a skipped import stands for: whatever is done with it raises its sentence."""

    __slots__ = ("_sentence",)

    def __init__(self, sentence: str) -> None:
        object.__setattr__(self, "_sentence", sentence)

    def __repr__(self) -> str:
        return f"<{self._sentence}>"

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)  # or ``hasattr`` would raise for every protocol of Python
        self._explain()

    def _explain(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise ModuleNotFoundError(self._sentence)

    __setattr__ = _explain
    __hash__ = object.__hash__


for _use in _USES.split():
    setattr(MissingLibrary, f"__{_use}__", MissingLibrary._explain)


def explain_import_error(error: ImportError, wanted: str = "") -> str:
    """Return a sentence for the student about an import that failed.

    Args:
        wanted: dotted name of what the import names, if it is known.
    """
    # Python's own text for a name that a module lacks holds a path of this machine.
    if isinstance(error, ModuleNotFoundError) and error.name and "." not in error.name:
        return f"{error.name} is not installed where the notebook is graded; {_ADVICE}"
    return f"{wanted or error.name} cannot be imported where the notebook is graded; {_ADVICE}"


def guard_imports(tree: ast.Module) -> None:
    """Let a cell's own imports, also below ``if``, call ``get_ipython().skip_import`` if they fail."""
    bodies = [tree.body]
    while bodies:
        body = bodies.pop()
        guarded: list[ast.stmt] = []
        for statement in body:
            if isinstance(statement, ast.If):
                bodies += [statement.body, statement.orelse]
            is_import = isinstance(statement, ast.Import)
            is_import |= (
                isinstance(statement, ast.ImportFrom)
                and not statement.level
                and statement.module != "__future__"
            )
            guarded += _guard(statement) if is_import else [statement]
        body[:] = guarded


def _guard(statement: Any) -> list[ast.stmt]:
    """Return an import as one guarded import for each name that it binds."""
    guarded: list[ast.stmt] = []
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            single: ast.stmt = ast.Import([alias])
            wanted, name = alias.name, alias.asname or alias.name.partition(".")[0]
        else:
            single = ast.ImportFrom(statement.module, [alias], 0)
            wanted, name = f"{statement.module}.{alias.name}", alias.asname or alias.name
        guard = (
            f"try:\n {ast.unparse(single)}\n"
            f"except ImportError:\n get_ipython().skip_import({wanted!r}, {name!r})"
        )
        guarded += ast.parse(guard).body
    for new in guarded:
        for node in ast.walk(new):
            ast.copy_location(node, statement)
    return guarded
