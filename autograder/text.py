"""Text that students control, made safe to show."""

import re
import unicodedata

_ANSI_ESCAPE = re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
"""What a terminal interprets as a command: colors, titles, cursor movements."""


def one_line(text: object, max_chars: int) -> str:
    """Return text on one line, without control, format and bidi characters, cut to a length."""
    # Cut before the work: the text may be a gigabyte, and nothing is shown beyond the limit.
    # The exact type, since a subclass could run the student's code here.
    raw = text if type(text) is str else ""
    shown = " ".join(_replace_unprintable(raw[: 4 * max_chars]).split())
    return shown if len(shown) <= max_chars else f"{shown[: max_chars - 1]}…"


def multi_line(text: object, max_chars: int, max_lines: int) -> str:
    """Return text on its lines, without control, format and bidi characters, cut to a length.

    Terminal colors are removed; of a line that was overwritten, the last state is kept.

    Args:
        max_lines: lines to return; a last line says how many more there were.
    """
    raw = _ANSI_ESCAPE.sub("", text[: 4 * max_chars]) if type(text) is str else ""
    rows = []
    for row in raw.replace("\r\n", "\n").strip("\n").split("\n"):
        last_state = row.rstrip("\r").rpartition("\r")[2].expandtabs(4)
        rows.append(_replace_unprintable(last_state).rstrip())
    shown = "\n".join(rows[:max_lines])
    shown = shown if len(shown) <= max_chars else f"{shown[: max_chars - 1]}…"
    return shown if len(rows) <= max_lines else f"{shown}\n… {len(rows) - max_lines} more lines"


def identifier(text: object, max_chars: int = 60) -> str:
    """Return a Python identifier made from any value."""
    raw = text[:max_chars] if type(text) is str else ""
    name = re.sub(r"\W", "", raw, flags=re.ASCII)
    return name if name.isidentifier() else "object"


def _replace_unprintable(text: str) -> str:
    """Return text with a space for each character that must not be shown."""
    if text.isprintable():  # almost all text, at the speed of C
        return text
    shown = []
    for char in text:
        # Control, format (bidi marks among them), surrogate, private, unassigned, separators.
        hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        shown.append(" " if hidden else char)
    return "".join(shown)
