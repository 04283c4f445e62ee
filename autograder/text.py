"""Text that students control, made safe to show."""

import unicodedata

from autograder.patterns import ANSI_ESCAPE, MAX_CHARS, NO_ASCII_WORD


def one_line(text: object, max_chars: int) -> str:
    """Return text on one line, without control, format and bidi characters, cut to a length."""
    # Cut before the work: the text may be a gigabyte, and nothing is shown beyond the limit.
    # The exact type, since a subclass could run the student's code here.
    if type(text) is not str:
        return ""
    return _shorten(" ".join(_replace_unprintable(text[: 4 * max_chars]).split()), max_chars)


def multi_line(text: object, max_chars: int, max_lines: int) -> str:
    """Return text on its lines, without control, format and bidi characters, cut to a length.

    Terminal colors are removed; of a line that was overwritten, the last state is kept.

    Args:
        max_lines: lines to return; a last line says how many more there were.
    """
    if type(text) is not str:
        return ""
    raw, rows = text[: 4 * max_chars], []
    for line in raw.replace("\r\n", "\n").strip("\n").split("\n"):
        row = ANSI_ESCAPE.sub("", _shorten(line, MAX_CHARS))
        last_state = row.rstrip("\r").rpartition("\r")[2].expandtabs(4)
        rows.append(_replace_unprintable(last_state).rstrip())
    shown = _shorten("\n".join(rows[:max_lines]), max_chars)
    if len(rows) > max_lines:
        shown += f"\n… {len(rows) - max_lines} more lines"
    return shown


def identifier(text: object, max_chars: int = 60) -> str:
    """Return a Python identifier made from any value."""
    if type(text) is str:
        name = NO_ASCII_WORD.sub("", text[:max_chars])
        if name.isidentifier():
            return name
    return "object"


def _shorten(text: str, max_chars: int) -> str:
    return text if len(text) <= max_chars else f"{text[: max_chars - 1]}…"


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
