"""Headings of Markdown cells, and the questions that they name.

``### Q3. Padding``, ``## **Question 3**`` and ``Exercise 3: Padding`` all name the question ``q3``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_TAG = re.compile(r"<[^<>]*>")
_NUMBER = re.compile(
    r"(?:question|exercise|problem|task|q)[ \t]*#?[ \t]*(\d+(?:\.\d+)*)([a-z]?)(?![\w-])", re.IGNORECASE
)
_SEPARATOR = re.compile(r"^[.:)]?[ \t]*(?:[-–—][ \t]+)?")
_POINTS = re.compile(r"\s*\([^()]* points?\)$")


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading of a Markdown cell."""

    level: int
    """1 for ``#``, 6 for ``######``."""

    text: str
    """Without markup."""

    @property
    def question(self) -> str:
        """Return the name of the question that it opens, e.g. ``q3`` or ``q2_1b``; empty if none."""
        number = _NUMBER.match(self.text)
        return f"q{number[1].replace('.', '_')}{number[2].lower()}" if number else ""

    def title(self, question: str) -> str:
        """Return its text without points and without the number of ``question``."""
        title = _POINTS.sub("", self.text)
        number = re.match(rf"{re.escape(question)}\b", title, re.IGNORECASE) or _NUMBER.match(title)
        if number is None:
            return title
        return _SEPARATOR.sub("", title[number.end() :])


def headings(text: str) -> Iterator[Heading]:
    """Yield the headings of a Markdown text in order, except lines within blocks of code."""
    fence, previous = "", ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        if fence or mark:
            previous = ""
            continue
        heading, underline = _ATX.match(line), _UNDERLINE.match(line)
        if heading:
            yield Heading(len(heading[1]), _plain(heading[2]))
        elif underline and previous.strip():
            yield Heading(1 if underline[1].startswith("=") else 2, _plain(previous))
        previous = "" if heading or underline else line


def _plain(text: str) -> str:
    """Return the text of a heading without tags, emphasis, links and what is in front of its words."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", _TAG.sub("", text))
    return re.sub(r"^[\W_]+(?=\w)", "", re.sub(r"[*`]", "", text)).strip()
