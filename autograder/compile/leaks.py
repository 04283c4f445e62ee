"""The leak check: nothing that only the instructor knows stands anywhere in a release.

Watched are the statements of solutions, hidden checks and ``expected.py`` that given code, kit
and vocabulary do not also hold; the values of hidden checks; and the outputs of the executed
solution. They are looked for in every text that the bytes of a release hold, however it is
spelt or packed (``layers``).
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nbformat import NotebookNode

from autograder.compile.layers import layers, squeeze
from autograder.problems import Problem
from autograder.source import Answer, Check, Kind, Source

_SHORTEST = 6
"""A squeezed statement below this many characters says nothing (``pass``)."""

_DISTINCT = 16
"""From here on a squeezed statement is looked for inside lines, else as a whole line."""

_LONG_TEXT = 12
_WORDS = 6
_LONG_LINE = 24
_PICTURE = 120
_MANY = 3
_LARGE = 1_000
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Watched:
    """One thing that must not be in a release."""

    what: str
    """For messages, e.g. ``a statement of q2-answer:9``."""

    origin: str
    """The cell or file that it is from."""

    shapes: frozenset[str] = frozenset()
    """Squeezed texts, any of which gives it away."""

    normal: str = ""
    """A statement as Python would write it."""

    pattern: "re.Pattern[str] | None" = None
    """A number, in text whose digits are not grouped."""

    def is_in(self, text: "Text") -> bool:
        """Return whether ``text`` holds it."""
        if self.normal and self.normal in text.statements:
            return True
        if self.pattern is not None:
            return self.pattern.search(text.ungrouped) is not None
        return any(
            shape in text.squeezed if len(shape) >= _DISTINCT else shape in text.lines
            for shape in self.shapes
        )


@dataclass(frozen=True)
class Text:
    """A text, and the forms in which it is searched."""

    raw: str

    @cached_property
    def squeezed(self) -> str:
        """Return it without spaces, escapes and kinds of quotes."""
        return squeeze(self.raw)

    @cached_property
    def lines(self) -> frozenset[str]:
        """Return its lines, each squeezed."""
        return frozenset(squeeze(line) for line in re.split(r"\\n|\n|;", self.raw))

    @cached_property
    def ungrouped(self) -> str:
        """Return it with ``10_000`` and ``10,000`` as ``10000``."""
        return re.sub(r"(?<=\d)[_,](?=\d{3}(?!\d))", "", self.raw)

    @cached_property
    def statements(self) -> frozenset[str]:
        """Return its statements as Python would write them; none if it is not Python."""
        if not re.search(r"[=(:]|return|import", self.raw):
            return frozenset()
        try:
            return frozenset(normal for normal, _, _ in statements(self.raw))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return frozenset()


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched, and what is not because students see it anyway."""

    watched: tuple[Watched, ...]
    public: int
    problems: tuple[Problem, ...] = field(default=())
    """Answers of which nothing is left to watch."""

    def problems_in(self, files: Mapping[str, bytes], label: str) -> list[Problem]:
        """Return every watched thing that ``files`` hold, once per place."""
        do = "take it out of what this release is made from"
        readable = "ship only text, notebooks and archives that can be looked into"
        problems: list[Problem] = []
        found: dict[str, tuple[str, ...]] = {}
        for name, data in sorted(files.items()):
            for layer in layers(f"{label}/{name}", data):
                if layer.unreadable:
                    problems.append(Problem(layer.place, layer.unreadable, readable))
                    continue
                if layer.text not in found:
                    found[layer.text] = self._found(layer.text)
                problems += [Problem(layer.place, what, do) for what in found[layer.text]]
        return list(dict.fromkeys(problems))

    def _found(self, text: str) -> tuple[str, ...]:
        forms = Text(text)
        return tuple(one.what for one in self.watched if one.is_in(forms))


def watch(
    source: Source,
    files: Mapping[str, bytes],
    expected: str,
    solution: NotebookNode | None,
) -> Watch:
    """Collect what a release must not hold.

    Args:
        source: with literals for facts.
        files: what ships beside the notebook; it is public.
        expected: the text of ``expected.py``.
        solution: the executed solution, for its outputs.
    """
    given = [Text(_bare(text)) for text in _given(source, files)]
    prose = [Text(cell.text) for cell in source.cells if cell.kind is Kind.MARKDOWN]
    secret = [*_solutions(source), *_hidden(source), *_python(expected, "expected.py", 0)]
    values = [*_values(source), *(_outputs(solution) if solution else ())]
    watched = [one for one in secret if not _known(one, given)]
    watched += [one for one in values if not _known(one, [*given, *prose])]
    public = len(secret) + len(values) - len(watched)
    return Watch(tuple(watched), public, tuple(_unwatched(source, watched)))


def _known(one: Watched, texts: Iterable[Text]) -> bool:
    return any(one.is_in(text) for text in texts)


def _given(source: Source, files: Mapping[str, bytes]) -> Iterator[str]:
    answers = {answer.cell.id: answer for answer in source.answers()}
    hidden = {check.cell.id for check in source.checks() if check.hidden}
    for cell in source.cells:
        if cell.id in answers and cell.kind is Kind.CODE:
            yield answers[cell.id].stub()
        elif cell.kind is Kind.CODE and cell.id not in hidden:
            yield cell.text
    for name, data in files.items():
        if name.endswith(".py"):
            yield data.decode()


def _bare(code: str) -> str:
    """Return code without comments and docstrings: what stands there is no reason to know it."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(...)
    return ast.unparse(tree)


def _unwatched(source: Source, watched: Iterable[Watched]) -> Iterator[Problem]:
    origins = {one.origin for one in watched}
    for answer in source.answers():
        if answer.cell.id not in origins:
            found = "an answer of which every statement stands in text that students see"
            do = "take it out of kit and given code"
            yield Problem(source.place(answer.cell), found, do)


def _solutions(source: Source) -> Iterator[Watched]:
    for answer in source.answers():
        if answer.cell.kind is Kind.MARKDOWN:
            yield from _sentences(answer)
            continue
        lines = answer.cell.text.split("\n")
        for region in answer.regions:
            code = "\n".join(lines[region.begin : region.end - 1])
            yield from _python(code, answer.cell.id, region.begin)


def _sentences(answer: Answer) -> Iterator[Watched]:
    """Yield every few words in a row of an answer in prose."""
    words = answer.cell.text.split()
    what = f"words of {answer.cell.id}"
    for first in range(max(1, len(words) - _WORDS + 1)):
        shape = squeeze(" ".join(words[first : first + _WORDS]))
        yield Watched(what, answer.cell.id, frozenset({shape}))


def _hidden(source: Source) -> Iterator[Watched]:
    for check in source.checks():
        if check.hidden:
            body = check.function().body[1:]
            code = "\n".join(check.code.split("\n")[_head(check) : body[-1].end_lineno])
            yield from _python(code, check.cell.id, check.first_line + _head(check) - 1)


def _head(check: Check) -> int:
    """Return how many lines of a check's code its signature and title take."""
    return check.function().body[0].end_lineno or 0


def _python(code: str, origin: str, lines_above: int) -> Iterator[Watched]:
    for normal, raw, line in statements(code):
        shapes = {squeeze(normal), squeeze(raw)}
        if min(map(len, shapes)) >= _SHORTEST:
            what = f"a statement of {origin}:{line + lines_above}"
            yield Watched(what, origin, frozenset(shapes), normal)


def statements(code: str) -> Iterator[tuple[str, str, int]]:
    """Yield each statement as Python writes it, as it stands, and its line.

    Of a compound statement only the head counts; its body follows by itself. Docstrings and
    bare constants are no statements.
    """
    code = _dedented(code)
    lines = code.split("\n")
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.stmt):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        body = getattr(node, "body", None)
        normal = ast.unparse(node)
        end = node.end_lineno or node.lineno
        if body:
            normal = next(row for row in normal.split("\n") if not row.startswith("@"))
            end = max(node.lineno, body[0].lineno - 1)
        if normal.rstrip(":") not in ("try", "else", "finally"):
            yield normal, "\n".join(lines[node.lineno - 1 : end]), node.lineno


def _dedented(code: str) -> str:
    """Shift code to the left by the indent of its first line of code."""
    first = next((row for row in code.split("\n") if row.strip() and row.strip()[0] != "#"), "")
    indent = len(first) - len(first.lstrip())
    rows = (row[min(indent, len(row) - len(row.lstrip())) :] for row in code.split("\n"))
    return "\n".join(rows)


def _values(source: Source) -> Iterator[Watched]:
    for check in source.checks():
        if check.hidden:
            body = ast.Module(check.function().body[1:], [])
            for node in ast.walk(body):
                line = getattr(node, "lineno", 1) + check.first_line - 1
                what = f"a value of {check.cell.id}:{line}"
                yield from _value(node, what, check.cell.id)


def _value(node: ast.AST, what: str, origin: str) -> Iterator[Watched]:
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, str) and len(squeeze(value)) >= _LONG_TEXT:
            yield Watched(what, origin, frozenset({squeeze(value)}))
        elif type(value) in (int, float) and _distinct(value):
            number = re.escape(repr(value))
            yield Watched(what, origin, pattern=re.compile(rf"(?<![\w.]){number}(?![\w]|\.\d)"))
    elif isinstance(node, (ast.List, ast.Tuple)) and _plain_numbers(node):
        inside = ast.unparse(node).strip("()[]").replace(" ", "")
        pattern = re.escape(inside).replace(",", r",\s*")
        yield Watched(what, origin, pattern=re.compile(rf"(?<![\w.]){pattern}(?![\w]|\.\d)"))


def _distinct(value: object) -> bool:
    if isinstance(value, int):
        return abs(value) >= _LARGE and str(value).strip("0") not in ("1", "-1")
    mantissa = repr(value).partition("e")[0]
    return len(mantissa.strip("-0").replace(".", "").rstrip("0")) >= _DIGITS


def _plain_numbers(node: ast.List | ast.Tuple) -> bool:
    numbers = [
        element.value
        for element in node.elts
        if isinstance(element, ast.Constant) and type(element.value) in (int, float)
    ]
    large = [number for number in numbers if abs(number) > _MANY]  # type: ignore[arg-type]
    return len(numbers) == len(node.elts) >= _MANY and len(large) >= _MANY


def _outputs(solution: NotebookNode) -> Iterator[Watched]:
    for cell in solution.cells:
        for output in cell.get("outputs", ()):
            yield from _output(output, cell.id)


def _output(output: Mapping[str, object], origin: str) -> Iterator[Watched]:
    what = f"an output of {origin}"
    data = output.get("data")
    bundle = dict(data) if isinstance(data, Mapping) else {"text/plain": output.get("text", "")}
    for kind, content in bundle.items():
        text = content if isinstance(content, str) else "".join(map(str, _listed(content)))
        if str(kind).startswith("image/"):
            yield Watched(what, origin, frozenset({squeeze(text)[:_PICTURE]}))
            continue
        for line in text.split("\n"):
            if len(squeeze(line)) >= _LONG_LINE:
                yield Watched(what, origin, frozenset({squeeze(line)}))


def _listed(content: object) -> Iterable[object]:
    return content if isinstance(content, list) else [json.dumps(content)]
