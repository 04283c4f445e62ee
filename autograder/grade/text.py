"""Text that students control, made fit to be shown."""

import re
import unicodedata

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
"""What a terminal takes for a command: colours, titles, moves of the cursor."""


def one_line(text: object, longest: int) -> str:
    """Return text on one line, without control, format and bidi characters, cut to a length."""
    raw = text if type(text) is str else ""
    shown = " ".join(_plain(raw[: 4 * longest]).split())
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def lines(text: object, longest: int, most: int) -> str:
    """Return text on its lines, without control, format and bidi characters, cut to a length.

    Colours of a terminal are taken out; of a line that was written over, the last state is kept.

    Args:
        most: lines; how many more there were stands below them.
    """
    raw = _ESCAPE.sub("", text[: 4 * longest]) if type(text) is str else ""
    rows = [_row(row) for row in raw.replace("\r\n", "\n").strip("\n").split("\n")]
    shown = "\n".join(rows[:most])
    shown = shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
    return shown if len(rows) <= most else f"{shown}\n… {len(rows) - most} more lines"


def identifier(text: object, longest: int = 60) -> str:
    """Return a name that is a Python identifier, whatever was handed in."""
    name = re.sub(r"\W", "", text[:longest] if type(text) is str else "", flags=re.ASCII)
    return name if name.isidentifier() else "object"


def _row(row: str) -> str:
    last = row.rstrip("\r").rpartition("\r")[2].expandtabs(4)
    return _plain(last).rstrip()


def _plain(text: str) -> str:
    """Return text with blanks for what is not to be shown; most has nothing of it, which is seen at once."""
    return text if text.isprintable() else "".join(char if _printable(char) else " " for char in text)


def _printable(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
