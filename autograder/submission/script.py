"""Exported scripts: nbconvert's ``# In[3]:`` and the ``# %%`` of jupytext, VS Code and Spyder."""

import re
from collections.abc import Iterator

_MARKER = re.compile(r"^# In\[[\d ]*\]:[ \t]*$|^#[ \t]*%%+(?:[ \t]+(?P<title>.*))?$")
_HEADER = re.compile(r"\A(?:#!.*\n)?(?:# -\*-.*\n|# coding:.*\n)?\s*(?:# ---\n(?:#.*\n)*?# ---\n)?")
_TEXT = re.compile(r"\[(?:markdown|md)\]", re.IGNORECASE)
_RAW = re.compile(r"\[raw\]", re.IGNORECASE)


def split_cells(text: str) -> Iterator[tuple[str, str]]:
    """Yield the type and the text of each cell; a script without markers is one cell."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = _HEADER.sub("", text, count=1).split("\n")
    starts = [(number, match) for number, line in enumerate(lines) if (match := _MARKER.match(line))]
    if not starts:
        yield "code", "\n".join(lines).strip("\n")
        return
    yield from _code_and_comments(lines[: starts[0][0]])
    ends = [number for number, _ in starts[1:]] + [len(lines)]
    for (number, match), end in zip(starts, ends, strict=True):
        body = lines[number + 1 : end]
        title = match["title"] or ""
        if _TEXT.search(title):
            yield "markdown", _uncomment(body)
        elif not _RAW.search(title):
            yield from _code_and_comments(body)


def _code_and_comments(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield code, then the comments below it: nbconvert's way to write Markdown cells."""
    blocks = re.split(r"\n(?:[ \t]*\n)+", "\n".join(lines).strip("\n"))
    last = max((n for n, block in enumerate(blocks, 1) if not _is_comment(block)), default=0)
    code = "\n\n".join(blocks[:last])
    if code.strip():
        yield "code", _with_blank_lines(lines, code)
    for block in blocks[last:]:
        if block.strip():
            yield "markdown", _uncomment(block.split("\n"))


def _with_blank_lines(lines: list[str], code: str) -> str:
    """Return the code with the blank lines that it has in the file, for they may be in a string."""
    count = sum(1 for line in code.split("\n") if line.strip())
    kept: list[str] = []
    for line in lines:
        if count == 0:
            break
        kept.append(line)
        count -= bool(line.strip())
    return "\n".join(kept).strip("\n")


def _is_comment(block: str) -> bool:
    return all(line.startswith("#") for line in block.split("\n"))


def _uncomment(lines: list[str]) -> str:
    text = "\n".join(lines).strip()
    for quotes in ('"""', "'''"):
        if len(text) >= 6 and text.startswith(quotes) and text.endswith(quotes):
            return text[3:-3].strip()
    return "\n".join(re.sub(r"^# ?", "", line) for line in lines).strip()
