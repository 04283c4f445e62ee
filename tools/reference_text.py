"""Docstrings as Markdown, for the generated pages of ``docs/reference/``."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence

_SECTIONS = {"Args": "", "Raises": "", "Returns": "", "Source": "Source: "}
"""Headings of a docstring's sections, and what stands before their text."""


def markdown(text: str) -> str:
    """Return a docstring's text as one paragraph of Markdown."""
    text = " ".join(inspect.cleandoc(text).split())
    return re.sub(r"``(.+?)``", r"`\1`", text)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    for row in rows:
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |")
    return "\n".join(lines)


def field_docs(model: type) -> dict[str, str]:
    """Return the docstring below each field or member of a class."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(tree, ast.ClassDef)
    docs: dict[str, str] = {}
    name = ""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and name:
            docs[name] = str(node.value.value)
            name = ""
        else:
            name = ""
    return docs


def docstring(text: str) -> Iterator[str]:
    """Yield the paragraphs of a docstring in Google's style as Markdown; its sections become lists."""
    section = ""
    for block in inspect.cleandoc(text).split("\n\n"):
        first, _, rest = block.partition("\n")
        heading = first.removesuffix(":")
        if first.endswith(":") and heading in _SECTIONS:
            section = heading
            block = rest
        if section in ("Args", "Raises"):
            verb = "Raises " if section == "Raises" else ""
            yield "\n".join(f"- {verb}{markdown(entry)}" for entry in _entries(block))
        else:
            yield _SECTIONS.get(section, "") + markdown(block)


def _entries(block: str) -> Iterator[str]:
    """Yield the entries of a section, ``name: text``, with the lines that continue them."""
    entry: list[str] = []
    for line in textwrap.dedent(block).splitlines():
        if not line.startswith(" ") and entry:
            yield _named(" ".join(entry))
            entry = []
        entry.append(line.strip())
    if entry:
        yield _named(" ".join(entry))


def _named(entry: str) -> str:
    name, _, text = entry.partition(": ")
    return f"``{name}``: {text}"


def replace_block(text: str, name: str, content: str) -> str:
    """Return a page in which what stands between the marks of ``name`` is ``content``."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{content}\n{end}{after}"
