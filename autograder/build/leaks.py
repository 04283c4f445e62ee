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

from autograder.build.text_extraction import normalize, texts
from autograder.errors import Problem
from autograder.notebook import Answer, CellType, Check, Source

_MIN_STATEMENT_CHARS = 6
"""A squeezed statement below this many characters says nothing (``pass``)."""

_MIN_SUBSTRING_CHARS = 16
"""From here on a squeezed statement is looked for inside lines, else as a whole line."""

_MIN_TEXT_CHARS = 12
_PHRASE_WORDS = 6
_MIN_LINE_CHARS = 24
_IMAGE_PREFIX_CHARS = 120
_MIN_NUMBERS = 3
_MIN_LARGE_INT = 1_000
_MIN_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Secret:
    """One thing that must not be in a release."""

    description: str
    """For messages, e.g. ``a statement of q2-answer:9``."""

    origin: str
    """The cell or file that it is from."""

    normalized_texts: frozenset[str] = frozenset()
    """Squeezed texts, any of which gives it away."""

    statement: str = ""
    """A statement as Python would write it."""

    pattern: "re.Pattern[str] | None" = None
    """A number, in text whose digits are not grouped."""

    def is_in(self, text: "Text") -> bool:
        """Return whether ``text`` holds it."""
        if self.statement and self.statement in text.statements:
            return True
        if self.pattern is not None:
            return self.pattern.search(text.without_digit_grouping) is not None
        return any(
            shape in text.normalized if len(shape) >= _MIN_SUBSTRING_CHARS else shape in text.lines
            for shape in self.normalized_texts
        )


@dataclass(frozen=True)
class Text:
    """A text, and the forms in which it is searched."""

    raw: str

    @cached_property
    def normalized(self) -> str:
        """Return it without spaces, escapes and kinds of quotes."""
        return normalize(self.raw)

    @cached_property
    def lines(self) -> frozenset[str]:
        """Return its lines, each squeezed."""
        return frozenset(normalize(line) for line in re.split(r"\\n|\n|;", self.raw))

    @cached_property
    def without_digit_grouping(self) -> str:
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
class LeakScanner:
    """What is watched, and what is not because students see it anyway."""

    secrets: tuple[Secret, ...]
    public_count: int
    problems: tuple[Problem, ...] = field(default=())
    """Answers of which nothing is left to watch."""

    def scan(self, files: Mapping[str, bytes], label: str) -> list[Problem]:
        """Return every watched thing that ``files`` hold, once per place."""
        do = "take it out of what this release is made from"
        readable = "ship only text, notebooks and archives that can be looked into"
        problems: list[Problem] = []
        found: dict[str, tuple[str, ...]] = {}
        for name, data in sorted(files.items()):
            for layer in texts(f"{label}/{name}", data):
                if layer.unreadable_reason:
                    problems.append(Problem(layer.location, layer.unreadable_reason, readable))
                    continue
                if layer.text not in found:
                    found[layer.text] = self._secrets_in(layer.text)
                problems += [Problem(layer.location, what, do) for what in found[layer.text]]
        return list(dict.fromkeys(problems))

    def _secrets_in(self, text: str) -> tuple[str, ...]:
        forms = Text(text)
        return tuple(one.description for one in self.secrets if one.is_in(forms))


def leak_scanner(
    source: Source,
    files: Mapping[str, bytes],
    expected: str,
    solution: NotebookNode | None,
) -> LeakScanner:
    """Collect what a release must not hold.

    Args:
        source: with literals for facts.
        files: what ships beside the notebook; it is public.
        expected: the text of ``expected.py``.
        solution: the executed solution, for its outputs.
    """
    given = [Text(_without_docstrings(text)) for text in _public_code(source, files)]
    prose = [Text(cell.text) for cell in source.cells if cell.cell_type is CellType.MARKDOWN]
    secret = [
        *_solution_secrets(source),
        *_hidden_check_secrets(source),
        *_statement_secrets(expected, "expected.py", 0),
    ]
    values = [*_hidden_value_secrets(source), *(_solution_output_secrets(solution) if solution else ())]
    watched = [one for one in secret if not _is_in_any(one, given)]
    watched += [one for one in values if not _is_in_any(one, [*given, *prose])]
    public = len(secret) + len(values) - len(watched)
    return LeakScanner(tuple(watched), public, tuple(_unprotected_answers(source, watched)))


def _is_in_any(secret: Secret, known_texts: Iterable[Text]) -> bool:
    return any(secret.is_in(text) for text in known_texts)


def _public_code(source: Source, files: Mapping[str, bytes]) -> Iterator[str]:
    answers = {answer.cell.id: answer for answer in source.answers()}
    hidden = {check.cell.id for check in source.checks() if check.hidden}
    for cell in source.cells:
        if cell.id in answers and cell.cell_type is CellType.CODE:
            yield answers[cell.id].stub()
        elif cell.cell_type is CellType.CODE and cell.id not in hidden:
            yield cell.text
    for name, data in files.items():
        if name.endswith(".py"):
            yield data.decode()


def _without_docstrings(code: str) -> str:
    """Return code without comments and docstrings: what stands there is no reason to know it."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(...)
    return ast.unparse(tree)


def _unprotected_answers(source: Source, secrets: Iterable[Secret]) -> Iterator[Problem]:
    origins = {one.origin for one in secrets}
    for answer in source.answers():
        if answer.cell.id not in origins:
            found = "an answer of which every statement stands in text that students see"
            do = "take it out of kit and given code"
            yield Problem(source.location(answer.cell), found, do)


def _solution_secrets(source: Source) -> Iterator[Secret]:
    for answer in source.answers():
        if answer.cell.cell_type is CellType.MARKDOWN:
            yield from _phrase_secrets(answer)
            continue
        lines = answer.cell.text.split("\n")
        for region in answer.regions:
            code = "\n".join(lines[region.begin : region.end - 1])
            yield from _statement_secrets(code, answer.cell.id, region.begin)


def _phrase_secrets(answer: Answer) -> Iterator[Secret]:
    """Yield every few words in a row of an answer in prose."""
    words = answer.cell.text.split()
    what = f"words of {answer.cell.id}"
    for first in range(max(1, len(words) - _PHRASE_WORDS + 1)):
        shape = normalize(" ".join(words[first : first + _PHRASE_WORDS]))
        yield Secret(what, answer.cell.id, frozenset({shape}))


def _hidden_check_secrets(source: Source) -> Iterator[Secret]:
    for check in source.checks():
        if check.hidden:
            body = check.function().body[1:]
            code = "\n".join(check.code.split("\n")[_header_line_count(check) : body[-1].end_lineno])
            yield from _statement_secrets(
                code, check.cell.id, check.first_line + _header_line_count(check) - 1
            )


def _header_line_count(check: Check) -> int:
    """Return how many lines of a check's code its signature and title take."""
    return check.function().body[0].end_lineno or 0


def _statement_secrets(code: str, origin: str, lines_above: int) -> Iterator[Secret]:
    for normal, raw, line in statements(code):
        shapes = {normalize(normal), normalize(raw)}
        if min(map(len, shapes)) >= _MIN_STATEMENT_CHARS:
            what = f"a statement of {origin}:{line + lines_above}"
            yield Secret(what, origin, frozenset(shapes), normal)


def statements(code: str) -> Iterator[tuple[str, str, int]]:
    """Yield each statement as Python writes it, as it stands, and its line.

    Of a compound statement only the head counts; its body follows by itself. Docstrings and
    bare constants are no statements.
    """
    code = _dedent(code)
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


def _dedent(code: str) -> str:
    """Shift code to the left by the indent of its first line of code."""
    first = next((row for row in code.split("\n") if row.strip() and row.strip()[0] != "#"), "")
    indent = len(first) - len(first.lstrip())
    rows = (row[min(indent, len(row) - len(row.lstrip())) :] for row in code.split("\n"))
    return "\n".join(rows)


def _hidden_value_secrets(source: Source) -> Iterator[Secret]:
    for check in source.checks():
        if check.hidden:
            body = ast.Module(check.function().body[1:], [])
            for node in ast.walk(body):
                line = getattr(node, "lineno", 1) + check.first_line - 1
                what = f"a value of {check.cell.id}:{line}"
                yield from _value_secrets(node, what, check.cell.id)


def _value_secrets(node: ast.AST, description: str, origin: str) -> Iterator[Secret]:
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, str) and len(normalize(value)) >= _MIN_TEXT_CHARS:
            yield Secret(description, origin, frozenset({normalize(value)}))
        elif type(value) in (int, float) and _is_distinctive(value):
            number = re.escape(repr(value))
            yield Secret(description, origin, pattern=re.compile(rf"(?<![\w.]){number}(?![\w]|\.\d)"))
    elif isinstance(node, (ast.List, ast.Tuple)) and _is_number_sequence(node):
        inside = ast.unparse(node).strip("()[]").replace(" ", "")
        pattern = re.escape(inside).replace(",", r",\s*")
        yield Secret(description, origin, pattern=re.compile(rf"(?<![\w.]){pattern}(?![\w]|\.\d)"))


def _is_distinctive(value: object) -> bool:
    if isinstance(value, int):
        return abs(value) >= _MIN_LARGE_INT and str(value).strip("0") not in ("1", "-1")
    mantissa = repr(value).partition("e")[0]
    return len(mantissa.strip("-0").replace(".", "").rstrip("0")) >= _MIN_DIGITS


def _is_number_sequence(node: ast.List | ast.Tuple) -> bool:
    numbers = [
        element.value
        for element in node.elts
        if isinstance(element, ast.Constant) and type(element.value) in (int, float)
    ]
    large = [number for number in numbers if abs(number) > _MIN_NUMBERS]  # type: ignore[arg-type]
    return len(numbers) == len(node.elts) >= _MIN_NUMBERS and len(large) >= _MIN_NUMBERS


def _solution_output_secrets(solution: NotebookNode) -> Iterator[Secret]:
    for cell in solution.cells:
        for output in cell.get("outputs", ()):
            yield from _output_secrets(output, cell.id)


def _output_secrets(output: Mapping[str, object], origin: str) -> Iterator[Secret]:
    what = f"an output of {origin}"
    data = output.get("data")
    bundle = dict(data) if isinstance(data, Mapping) else {"text/plain": output.get("text", "")}
    for kind, content in bundle.items():
        text = content if isinstance(content, str) else "".join(map(str, _as_list(content)))
        if str(kind).startswith("image/"):
            yield Secret(what, origin, frozenset({normalize(text)[:_IMAGE_PREFIX_CHARS]}))
            continue
        for line in text.split("\n"):
            if len(normalize(line)) >= _MIN_LINE_CHARS:
                yield Secret(what, origin, frozenset({normalize(line)}))


def _as_list(content: object) -> Iterable[object]:
    return content if isinstance(content, list) else [json.dumps(content)]
