"""Count the package's code the way the architecture test bounds it: ``python tools/code_size.py``.

A line of code is one that is neither blank nor only a comment, and not part of a docstring.
"""

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "autograder"

_NOT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(slots=True)
class Shape:
    """What one module, or the whole package, is made of."""

    code: int = 0
    lines: int = 0
    """Lines of the file, blank ones and docstrings included."""

    comments: int = 0
    functions: int = 0
    called_once: int = 0
    """Private functions and methods with exactly one use in their module."""

    comprehensions: int = 0
    conditionals: int = 0
    longest: list[tuple[int, str]] = field(default_factory=list)
    """Length in lines and place of each function, e.g. ``(12, "course.py:40 load_course")``."""


def shape_of(path: Path) -> Shape:  # noqa: C901  one branch a kind of node
    """Measure one module."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    shape = Shape(lines=text.count("\n"))
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            shape.comments += 1
        elif token.type not in _NOT_CODE:
            code.update(range(token.start[0], token.end[0] + 1))
    shape.code = len(code - set(_docstring_lines(tree)))

    private: set[str] = set()
    uses: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            shape.functions += 1
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            shape.longest.append((length, f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}"))
            if node.name.startswith("_") and not node.name.startswith("__"):
                private.add(node.name)
        elif isinstance(node, ast.Name):
            uses[node.id] += 1
        elif isinstance(node, ast.Attribute):
            uses[node.attr] += 1
        elif isinstance(node, _COMPREHENSIONS):
            shape.comprehensions += 1
        elif isinstance(node, ast.IfExp):
            shape.conditionals += 1
    shape.called_once = sum(uses[name] == 1 for name in private)
    return shape


def _docstring_lines(tree: ast.Module) -> Iterator[int]:
    """Yield the lines of texts that are statements: docstrings, also those under a field."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def total(shapes: Iterator[Shape] | list[Shape]) -> Shape:
    """Add modules up."""
    result = Shape()
    for shape in shapes:
        result.code += shape.code
        result.lines += shape.lines
        result.comments += shape.comments
        result.functions += shape.functions
        result.called_once += shape.called_once
        result.comprehensions += shape.comprehensions
        result.conditionals += shape.conditionals
        result.longest += shape.longest
    result.longest.sort(reverse=True)
    return result


def main() -> None:
    """Print one line for each room and one for the package."""
    rooms: dict[str, list[Shape]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).parts
        room = parts[0] if len(parts) > 1 else "(root)"
        rooms.setdefault(room, []).append(shape_of(path))
    print(f"{'room':12} files   code  comments/100  functions  once %  compr/1000  cond/1000  longest")
    everything: list[Shape] = []
    for room, shapes in rooms.items():
        everything += shapes
        print(f"{room:12} {_row(shapes)}")
    print(f"{'package':12} {_row(everything)}")


def _row(shapes: list[Shape]) -> str:
    sums = total(shapes)
    return (
        f"{len(shapes):5} {sums.code:6} {100 * sums.comments / sums.code:13.1f} {sums.functions:10} "
        f"{100 * sums.called_once / max(1, sums.functions):7.0f} "
        f"{1000 * sums.comprehensions / sums.lines:11.1f} {1000 * sums.conditionals / sums.lines:10.1f}  "
        f"{sums.longest[0] if sums.longest else ''}"
    )


if __name__ == "__main__":
    main()
