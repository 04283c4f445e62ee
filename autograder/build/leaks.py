"""The leak check: nothing that only the instructor knows is anywhere in a release.

The scanner watches the statements of solutions, hidden checks and ``expected.py`` that given
code, kit and vocabulary do not contain as well; the values of hidden checks; and the outputs of
the executed solution. It searches every text in the bytes of a release, however it is spelled
or packed.
"""

import ast
import base64
import binascii
import html
import io
import json
import math
import re
import textwrap
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from autograder.errors import Problem
from autograder.files import NotebookNode
from autograder.notebook import CellType, Check, Source

_MIN_STATEMENT_CHARS = 6
"""A normalized statement shorter than this says nothing (``pass``)."""

_MIN_SUBSTRING_CHARS = 16
"""A normalized text of this length is searched within lines, a shorter one only as a whole line."""

_MIN_TEXT_CHARS = 12
_PHRASE_WORDS = 6
_MIN_LINE_CHARS = 24
_IMAGE_PREFIX_CHARS = 120
_MIN_NUMBERS = 3
_MIN_LARGE_INT = 1_000
_MIN_DIGITS = 4

_MAX_DEPTH = 8
"""What is packed or encoded more often than this is refused."""

_MAX_MEMBER_BYTES = 64 * 1024 * 1024
_IMAGE_SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8")
_PACKED_SIGNATURES = (b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"PK\x03\x04")
"""Files of gzip, bzip2, xz, 7-Zip and zip start with these."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One thing that must not be in a release."""

    description: str
    """For messages, e.g. ``a statement of q2-answer:9``."""

    origin: str
    """The cell or file that contains it."""

    normalized_texts: frozenset[str] = frozenset()
    """Normalized texts, each of which gives it away."""

    statement: str = ""
    """A statement as ``ast.unparse`` writes it."""

    pattern: "re.Pattern[str] | None" = None
    """A number or several, in text whose digits are not grouped."""

    def is_in(self, text: "Text") -> bool:
        """Return True if ``text`` contains it."""
        # Equal meaning in other parentheses, spaces or line breaks unparses to equal text.
        if self.statement and self.statement in text.statements:
            return True
        if self.pattern is not None:
            return self.pattern.search(text.without_digit_grouping) is not None
        for normalized in self.normalized_texts:
            if len(normalized) >= _MIN_SUBSTRING_CHARS and normalized in text.normalized:
                return True
            if normalized in text.lines:
                return True
        return False


@dataclass(frozen=True)
class Text:
    """A text, and the forms in which it is searched."""

    raw: str

    @cached_property
    def normalized(self) -> str:
        """The text without white space, escapes and kinds of quotes."""
        return _normalize(self.raw)

    @cached_property
    def lines(self) -> frozenset[str]:
        """Its normalized lines."""
        return frozenset(map(_normalize, re.split(r"\\n|\n|;", self.raw)))

    @cached_property
    def without_digit_grouping(self) -> str:
        """The text with ``10_000`` and ``10,000`` as ``10000``."""
        return re.sub(r"(?<=\d)[_,](?=\d{3}(?!\d))", "", self.raw)

    @cached_property
    def statements(self) -> frozenset[str]:
        """Its statements as ``ast.unparse`` writes them; none if it is not Python."""
        # Parsing is the slow part, and prose is not worth it.
        if not re.search(r"[=(:]|return|import", self.raw):
            return frozenset()
        try:
            return frozenset(statement for statement, _, _ in _statements(textwrap.dedent(self.raw)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return frozenset()


class Fragment(NamedTuple):
    """A text that a release contains."""

    location: str
    """A path, then ``!member`` of a zip file, ``#cell`` of a notebook, ``.key`` of JSON."""

    text: str


@dataclass(frozen=True, slots=True)
class LeakScanner:
    """The secrets of an assignment, and how many more are not secret because students see them."""

    secrets: tuple[Secret, ...]
    public_count: int
    problems: tuple[Problem, ...] = field(default=())
    """Answers without any secret statement."""

    def scan(self, files: Mapping[str, bytes], label: str) -> list[Problem]:
        """Return every secret that ``files`` contain, once per place."""
        problems: list[Problem] = []
        descriptions: dict[str, list[str]] = {}  # the flavors share most of their texts
        for name, data in sorted(files.items()):
            location = f"{label}/{name}"
            for item in (Fragment(f"{location} (its name)", location), *_texts(location, data)):
                if isinstance(item, Problem):
                    problems.append(item)
                    continue
                if item.text not in descriptions:
                    text = Text(item.text)
                    found = [secret.description for secret in self.secrets if secret.is_in(text)]
                    descriptions[item.text] = found
                for description in descriptions[item.text]:
                    fix = "remove it from the source of this release"
                    problems.append(Problem(item.location, description, fix))
        return list(dict.fromkeys(problems))


def leak_scanner(
    source: Source, files: Mapping[str, bytes], expected: str, solution: NotebookNode | None
) -> LeakScanner:
    """Collect what a release must not contain.

    Args:
        source: with literals for facts.
        files: the files that ship next to the notebook; they are public.
        expected: the text of ``expected.py``.
        solution: the executed solution, for its outputs.
    """
    code = list(_public_code(source, files))
    prose = [Text(cell.text) for cell in source.cells if cell.cell_type is CellType.MARKDOWN]
    # What only the title of a check says is public: every report shows it.
    statements = [*_solution_secrets(source), *_statement_secrets(expected, "expected.py")]
    values: list[Secret] = []
    for check in source.checks():
        if check.hidden:
            title, *_, last = check.function().body
            first_line = check.first_line + (title.end_lineno or 0)
            last_line = check.first_line - 1 + (last.end_lineno or 0)
            statements += _statement_secrets(check.cell.text, check.cell.id, first_line, last_line)
            values += _value_secrets(check)
    if solution is not None:
        values += _output_secrets(solution)
    # A statement is public only through code; a number or a text also through prose.
    secrets = [secret for secret in statements if not any(map(secret.is_in, code))]
    secrets += [secret for secret in values if not any(map(secret.is_in, [*code, *prose]))]
    public_count = len(statements) + len(values) - len(secrets)
    origins = {secret.origin for secret in secrets}
    problems = []
    for answer in source.answers():
        if answer.cell.id not in origins:
            found = "an answer whose statements are all in code that students see"
            fix = "remove them from the kit and the given code"
            problems.append(source.problem(answer.cell, found, fix))
    return LeakScanner(tuple(secrets), public_count, tuple(problems))


def _public_code(source: Source, files: Mapping[str, bytes]) -> Iterator[Text]:
    """Yield code that students see, without comments and docstrings: a mention there is not code."""
    stubs = {answer.cell.id: answer.stub() for answer in source.answers()}
    hidden = {check.cell.id for check in source.checks() if check.hidden}
    codes = [data.decode() for name, data in files.items() if name.endswith(".py")]
    for cell in source.cells:
        if cell.cell_type is CellType.CODE and cell.id not in hidden:
            codes.append(stubs.get(cell.id, cell.text))
    for code in codes:
        tree = ast.parse(code)
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                node.value = ast.Constant(...)
        yield Text(ast.unparse(tree))


def _solution_secrets(source: Source) -> Iterator[Secret]:
    for answer in source.answers():
        if answer.cell.cell_type is CellType.MARKDOWN:
            # Prose has no statements: each run of a few consecutive words is watched.
            words = answer.cell.text.split()
            for first in range(max(1, len(words) - _PHRASE_WORDS + 1)):
                phrase = _normalize(" ".join(words[first : first + _PHRASE_WORDS]))
                yield Secret(f"words of {answer.cell.id}", answer.cell.id, frozenset({phrase}))
        for region in answer.regions:
            yield from _statement_secrets(answer.cell.text, answer.cell.id, region.begin, region.end)


def _statement_secrets(
    code: str, origin: str, first_line: int = 1, last_line: float = math.inf
) -> Iterator[Secret]:
    """Yield the statements on some lines of valid code."""
    for statement, raw, line in _statements(code):
        texts = {_normalize(statement), _normalize(raw)}
        if first_line <= line <= last_line and min(map(len, texts)) >= _MIN_STATEMENT_CHARS:
            yield Secret(f"a statement of {origin}:{line}", origin, frozenset(texts), statement)


def _statements(code: str) -> Iterator[tuple[str, str, int]]:
    """Yield each statement as ``ast.unparse`` writes it, as its author wrote it, and its line.

    Of a compound statement only the head counts; the statements of its body follow separately.
    Docstrings and other bare constants are not statements here.
    """
    lines = code.split("\n")
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.stmt):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        statement = ast.unparse(node)
        last_line = node.end_lineno or node.lineno
        body = getattr(node, "body", None)
        if body:  # the head only; decorators come first in the unparsed text
            statement = next(line for line in statement.split("\n") if not line.startswith("@"))
            last_line = max(node.lineno, body[0].lineno - 1)
        if statement.rstrip(":") not in ("try", "else", "finally"):
            yield statement, "\n".join(lines[node.lineno - 1 : last_line]), node.lineno


def _value_secrets(check: Check) -> Iterator[Secret]:
    """Yield the long texts, distinctive numbers and lists of numbers in the body of a check."""
    origin = check.cell.id
    for node in ast.walk(ast.Module(check.function().body[1:], [])):
        line = getattr(node, "lineno", 1) + check.first_line - 1
        description = f"a value of {origin}:{line}"
        pattern = ""
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and len(_normalize(node.value)) >= _MIN_TEXT_CHARS:
                yield Secret(description, origin, frozenset({_normalize(node.value)}))
            if is_distinctive(node.value):
                pattern = re.escape(repr(node.value))
        elif isinstance(node, (ast.List, ast.Tuple)):
            values: list[Any] = [getattr(element, "value", None) for element in node.elts]
            are_numbers = set(map(type, values)) <= {int, float}
            if are_numbers and sum(abs(value) > _MIN_NUMBERS for value in values) >= _MIN_NUMBERS:
                inside = ast.unparse(node).strip("()[]").replace(" ", "")
                pattern = re.escape(inside).replace(",", r",\s*")
        if pattern:
            # Neither part of a longer number nor of a name.
            yield Secret(description, origin, pattern=re.compile(rf"(?<![\w.]){pattern}(?![\w]|\.\d)"))


def is_distinctive(value: object) -> bool:
    """Return True if a number hardly occurs by chance: four digits or more, not a power of ten."""
    if type(value) is int:
        return abs(value) >= _MIN_LARGE_INT and str(value).strip("0") not in ("1", "-1")
    if type(value) is float:
        mantissa = repr(value).partition("e")[0]
        return len(mantissa.strip("-0").replace(".", "").rstrip("0")) >= _MIN_DIGITS
    return False


def _output_secrets(solution: NotebookNode) -> Iterator[Secret]:
    """Yield the lines and the pictures that the executed solution printed."""
    for cell in solution.cells:
        for output in cell.get("outputs", ()):
            bundle = output.get("data") or {"text/plain": output.get("text", "")}
            for mime_type, content in bundle.items():
                text = "".join(content) if isinstance(content, list) else str(content)
                normalized = list(map(_normalize, text.split("\n")))
                if mime_type.startswith("image/"):
                    normalized = [_normalize(text)[:_IMAGE_PREFIX_CHARS]]
                for line in normalized:
                    if len(line) >= _MIN_LINE_CHARS:
                        yield Secret(f"an output of {cell.id}", cell.id, frozenset({line}))


def _normalize(text: str) -> str:
    """Return text without white space, escapes, grouping of digits and kinds of quotes."""
    text = re.sub(r"\\+[nrt]", "", text)  # escaped once or more often, as in JSON within JSON
    text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
    text = re.sub(r"[\s\\\u2060\u200b\u00a0]", "", text)
    return re.sub(r"(?<=\d)_(?=\d)", "", text).replace('"', "'")


def _refusal(location: str, found: str) -> Problem:
    return Problem(location, found, "ship only text, notebooks, pictures and zip files")


def _texts(location: str, data: bytes, depth: int = 0) -> Iterator[Fragment | Problem]:
    """Yield every text in the content of a file, also what is packed or encoded in it."""
    if depth > _MAX_DEPTH:
        yield _refusal(location, "a text that is packed or encoded too many times")
        return
    is_zip = zipfile.is_zipfile(io.BytesIO(data))  # True also for a zip file behind a picture
    if is_zip:
        yield from _zip_texts(location, data, depth)
    text = _decode(data)
    if text is None:
        yield Fragment(location, data.decode("latin-1"))  # a picture's comments
        if not is_zip and not data.startswith(_IMAGE_SIGNATURES):
            yield _refusal(location, "bytes that are not UTF-8 text")
        return
    value = _parse_json(text)
    if value is not None:
        # A notebook is searched string by string, so that a message can name the cell.
        yield from _json_texts(location, value, depth)
    else:
        yield from _string_texts(location, text, depth)


def _decode(data: bytes) -> str | None:
    """Return UTF-8 text; ``None`` for everything else, even if its bytes are valid UTF-8."""
    # The bytes of a tar file of texts are valid UTF-8, and so are those of UTF-16 without a mark.
    if b"\0" in data or data.startswith(_PACKED_SIGNATURES):
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


class _Object(tuple[tuple[str, Any], ...]):
    """The items of a JSON object; a dict would lose the first of two equal keys."""

    __slots__ = ()


def _parse_json(text: str) -> object:
    """Return the value of a text that is a JSON object, array or string, otherwise ``None``."""
    if not text.lstrip().startswith(("{", "[", '"')):
        return None
    try:
        return json.loads(text, object_pairs_hook=_Object)
    except (ValueError, RecursionError):
        return None


def _json_texts(location: str, value: object, depth: int) -> Iterator[Fragment | Problem]:
    if isinstance(value, _Object):
        for key, item in value:
            yield from _string_texts(location, key, depth)
            yield from _json_texts(f"{location}.{key}", item, depth)
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        for text in ("".join(value), *value):  # the lines of one text, or texts of their own
            yield from _string_texts(location, text, depth)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            inner = f"{location}[{number}]"
            if isinstance(item, _Object) and "id" in dict(item):  # a cell of a notebook
                inner = f"{location.removesuffix('.cells')}#{dict(item)['id']}"
            yield from _json_texts(inner, item, depth)
    else:
        yield from _string_texts(location, str(value), depth)


def _string_texts(location: str, text: str, depth: int) -> Iterator[Fragment | Problem]:
    """Yield a text, and every text that it becomes when it is unescaped or decoded."""
    yield Fragment(location, text)
    unescaped = {"HTML": html.unescape(text), "URL": urllib.parse.unquote(text)}
    for name, plain in unescaped.items():
        if plain != text:
            yield from _texts(f"{location} ({name})", plain.encode("utf-8", "replace"), depth + 1)
    value = _parse_json(text)
    if value is not None:
        yield from _json_texts(f"{location} (JSON)", value, depth + 1)
    for alphabet, only_with in (("A-Za-z0-9+/", ""), ("A-Za-z0-9_-", "-_")):
        # Encoders break lines, e.g. after 76 characters.
        unwrapped = re.sub(rf"(?<=[{alphabet}]{{32}})\s+", "", text)
        for run in re.findall(rf"[{alphabet}]{{32,}}", unwrapped):
            # Without its own two characters, a run of the second alphabet is a piece of one of the first.
            if not only_with or set(run) & set(only_with):
                yield from _base64_texts(f"{location} (base64)", run, depth + 1)


def _base64_texts(location: str, run: str, depth: int) -> Iterator[Fragment | Problem]:
    """Yield what a run of letters and digits encodes; most are only a long name or a digest."""
    for start in range(4):  # other letters may come directly before it
        digits = run[start:]
        try:
            data = base64.b64decode(digits + "=" * (-len(digits) % 4), b"-_")
        except binascii.Error:
            continue
        if data.startswith(_IMAGE_SIGNATURES):
            # Read from another letter, a picture looks like nothing, and one with many zeros like a tar file.
            yield from _texts(location, data, depth)
            return
        is_packed = data.startswith(_PACKED_SIGNATURES) or zipfile.is_zipfile(io.BytesIO(data))
        # Every second byte of a text in UTF-16 is zero, and so are many of a tar file.
        if is_packed or _decode(data) is not None or 3 * data.count(0) > len(data):
            yield from _texts(location, data, depth)


def _zip_texts(location: str, data: bytes, depth: int) -> Iterator[Fragment | Problem]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield Fragment(f"{location}!(comment)", archive.comment.decode("latin-1"))
            for info in archive.infolist():
                inner = f"{location}!{info.filename}"
                yield Fragment(f"{inner} (its name)", inner)
                yield Fragment(f"{inner} (comment)", (info.comment + info.extra).decode("latin-1"))
                # The size is checked before reading: a small archive can expand to gigabytes.
                if info.file_size > _MAX_MEMBER_BYTES or info.flag_bits & 1:
                    yield _refusal(inner, "a member of a zip file that is too large or encrypted")
                else:
                    yield from _texts(inner, archive.read(info), depth + 1)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, zlib.error, EOFError):
        yield _refusal(location, "a zip file that cannot be read")
