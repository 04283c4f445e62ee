"""Text that students control, made fit to be shown."""

import re
import unicodedata

_ANSI_ESCAPE = re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
"""What a terminal takes for a command: colours, titles, moves of the cursor."""


def one_line(text: object, max_chars: int) -> str:
    """Return text on one line, without control, format and bidi characters, cut to a length."""
    raw = text if type(text) is str else ""
    shown = " ".join(_replace_unprintable(raw[: 4 * max_chars]).split())
    return shown if len(shown) <= max_chars else f"{shown[: max_chars - 1]}…"


def multi_line(text: object, max_chars: int, max_lines: int) -> str:
    """Return text on its lines, without control, format and bidi characters, cut to a length.

    Colours of a terminal are taken out; of a line that was written over, the last state is kept.

    Args:
        most: lines; how many more there were stands below them.
    """
    raw = _ANSI_ESCAPE.sub("", text[: 4 * max_chars]) if type(text) is str else ""
    rows = [_clean_row(row) for row in raw.replace("\r\n", "\n").strip("\n").split("\n")]
    shown = "\n".join(rows[:max_lines])
    shown = shown if len(shown) <= max_chars else f"{shown[: max_chars - 1]}…"
    return shown if len(rows) <= max_lines else f"{shown}\n… {len(rows) - max_lines} more lines"


def identifier(text: object, max_chars: int = 60) -> str:
    """Return a name that is a Python identifier, whatever was handed in."""
    name = re.sub(r"\W", "", text[:max_chars] if type(text) is str else "", flags=re.ASCII)
    return name if name.isidentifier() else "object"


def _clean_row(row: str) -> str:
    last = row.rstrip("\r").rpartition("\r")[2].expandtabs(4)
    return _replace_unprintable(last).rstrip()


def _replace_unprintable(text: str) -> str:
    """Return text with blanks for what is not to be shown; most has nothing of it, which is seen at once."""
    return text if text.isprintable() else "".join(char if _is_printable(char) else " " for char in text)


def _is_printable(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
