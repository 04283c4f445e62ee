"""Texts on which a regular expression takes longest, made from its own parse tree, and who searches them.

python -m tests.support.worst_cases     searches every pattern of the package; one line before each
"""

import ast
import re
import re._constants as sre
import re._parser as parser
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import autograder
from autograder.checks import answers
from autograder.course import load_course
from autograder.submission.names import MAX_NAME_CHARS, NamePatterns
from autograder.text import MAX_CHARS, BoundedPattern

PACKAGE = Path(autograder.__file__).parent
TINY_COURSE = Path(__file__).parents[1] / "tiny_assignment"
LENGTH = 400_000
AUTHOR_ONLY = ("authoring", "build", "course", "headings", "notebook")
"""Parts that see nothing but what a course's author wrote."""

FUNCTIONS = {
    "bounded",
    *(f"re.{name}" for name in ("compile", "search", "match", "fullmatch", "sub", "subn", "split")),
}
FUNCTIONS |= {f"re.{name}" for name in ("findall", "finditer")}
"""Those whose first argument is a pattern."""

REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
GROUPS = (sre.ASSERT, sre.ASSERT_NOT, sre.ATOMIC_GROUP)
CATEGORIES = {
    sre.CATEGORY_DIGIT: "1",
    sre.CATEGORY_SPACE: " ",
    sre.CATEGORY_WORD: "a",
    sre.CATEGORY_NOT_DIGIT: "a",
    sre.CATEGORY_NOT_SPACE: "a",
    sre.CATEGORY_NOT_WORD: "-",
}


@cache
def find_patterns() -> tuple[tuple[str, re.Pattern[Any], bool], ...]:
    """Return where each pattern of the package stands, the pattern, and whether it is a bounded one."""
    return tuple(_patterns())


def _patterns() -> Iterator[tuple[str, re.Pattern[Any], bool]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if not place.startswith(AUTHOR_ONLY):
            for call in _calls(path):
                if call.args and isinstance(call.args[0], ast.Constant):
                    yield place, _compiled(call), "bounded" in ast.unparse(call.func)
    for pattern, _ in answers._ERROR_HINTS:
        yield "checks/answers.py", re.compile(pattern), False


def made_at_run_time() -> set[tuple[str, str]]:
    """Return the files and arguments of patterns that are not written out where they are used."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for call in _calls(path):
            if call.args and not isinstance(call.args[0], ast.Constant):
                found.add((path.relative_to(PACKAGE).as_posix(), ast.unparse(call.args[0])))
    return {(place, text) for place, text in found if not place.startswith(AUTHOR_ONLY)}


def _calls(path: Path) -> Iterator[ast.Call]:
    """Yield the calls in a file whose first argument is a pattern."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in FUNCTIONS:
            yield node


def _compiled(call: ast.Call) -> re.Pattern[Any]:
    flags = 0
    for node in ast.walk(call):
        if isinstance(node, ast.Attribute) and node.attr.isupper() and ast.unparse(node.value) == "re":
            flags |= getattr(re, node.attr)
    return re.compile(ast.literal_eval(call.args[0]), flags)


def worst_cases(regex: re.Pattern[Any], length: int) -> Iterator[Any]:
    """Yield texts that almost match: each repeated part many times, behind what stands before it."""
    tree = parser.parse(regex.pattern, regex.flags & re.VERBOSE)
    texts: dict[str, None] = {}
    for head, unit in [("", "a"), ("", "\n"), ("", "\ud83d"), *_repeated_parts(tree, "")]:
        for repeated in {unit, head + unit}:
            start = head if repeated == unit else ""
            body = repeated * max(1, (length - len(start) - 1) // max(1, len(repeated)))
            texts |= dict.fromkeys((f"{start}{body}\0", f"{start}{body}"[:length]))
    for text in texts:
        yield text.encode("latin-1", errors="replace") if isinstance(regex.pattern, bytes) else text


def _repeated_parts(tree: Any, head: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before each part that may be repeated, and the part."""
    for operation, argument in tree:
        if operation in REPEATS:
            _, most, part = argument
            for unit in _samples(part):
                if most is sre.MAXREPEAT or most > 100:
                    yield head, unit or "a"
            yield from _repeated_parts(part, head)
        elif operation is sre.BRANCH:
            for part in argument[1]:
                yield from _repeated_parts(part, head)
        elif operation is sre.SUBPATTERN:
            yield from _repeated_parts(argument[-1], head)
        elif operation in GROUPS:
            yield from _repeated_parts(argument[-1] if isinstance(argument, tuple) else argument, head)
        head += next(iter(_samples([(operation, argument)])))


def _samples(tree: Any) -> list[str]:
    """Return some short texts that a tree matches: one of each branch, where there are several."""
    texts = [""]
    for operation, argument in tree:
        parts = [""]
        if operation is sre.LITERAL:
            parts = [chr(argument)]
        elif operation is sre.NOT_LITERAL:
            parts = ["a" if argument != ord("a") else "b"]
        elif operation is sre.ANY:
            parts = ["a"]
        elif operation is sre.IN:
            parts = _members(argument)
        elif operation is sre.BRANCH:
            parts = [text for part in argument[1] for text in _samples(part)[:2]]
        elif operation is sre.SUBPATTERN:
            parts = _samples(argument[-1])
        elif operation is sre.ATOMIC_GROUP:
            parts = _samples(argument)
        elif operation in REPEATS:
            parts = [text * max(1, argument[0]) for text in _samples(argument[2])]
        texts = [text + part for part in parts[:6] for text in texts[:2]]
    return texts


def _members(members: Any) -> list[str]:
    """Return some characters of a class."""
    if members[0][0] is sre.NEGATE:
        excluded = re.compile(f"[{''.join(map(_spelled, members[1:]))}]")
        return [char for char in "a1 -\n_" if not excluded.match(char)][:3] or ["\x01"]
    chars = []
    for kind, value in members:
        if kind is sre.LITERAL:
            chars.append(chr(value))
        elif kind is sre.RANGE:
            chars.append(chr(value[0]))
        else:
            chars.append(CATEGORIES[value])
    return chars[:3]


def _spelled(member: tuple[Any, Any]) -> str:
    kind, value = member
    if kind is sre.LITERAL:
        return re.escape(chr(value))
    if kind is sre.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    return {"1": r"\d", " ": r"\s", "a": r"\w", "-": r"\W"}[CATEGORIES[value]]


# Hints look into the text of an exception, of which the wire brings 300 characters.
LENGTHS = {"checks/answers.py": MAX_CHARS}


def search(regex: re.Pattern[Any], text: Any) -> None:
    """Have a pattern look for a match at every place, for one of the whole text, and for several."""
    regex.search(text)
    regex.fullmatch(text)
    regex.sub(text[:0], text, count=1_000)


def main() -> None:
    """Search every pattern's worst cases; whoever waits sees by the last line which one hangs."""
    for place, regex, is_bounded in find_patterns():
        print(f"{place}: {regex.pattern!r}", flush=True)
        for text in worst_cases(regex, LENGTHS.get(place, LENGTH)):
            search(regex, text)
            if is_bounded:
                pattern = BoundedPattern(regex)
                assert pattern.sub("", text) == regex.sub("", text[:MAX_CHARS])
                assert pattern.fullmatch(text) is None
    names = NamePatterns(load_course(TINY_COURSE).assignment("tiny"))
    for entry in names._patterns:
        print(f"platforms.toml: {entry.regex.regex.pattern!r}", flush=True)
        for length in (LENGTH, MAX_NAME_CHARS):
            for text in worst_cases(entry.regex.regex, length):
                names.parse(text, is_folder=True)
                names.without_title(text)


if __name__ == "__main__":
    sys.exit(main())
