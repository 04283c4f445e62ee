"""Text that students control, made fit to be shown."""

import re
import unicodedata


def one_line(text: object, longest: int) -> str:
    """Return text on one line, without control, format and bidi characters, cut to a length."""
    raw = text if type(text) is str else ""
    shown = "".join(char if _printable(char) else " " for char in raw[: 4 * longest])
    shown = " ".join(shown.split())
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def block(text: object, longest: int, most_lines: int = 200) -> str:
    """Return text with its line ends and indentation, otherwise as ``one_line`` does."""
    raw = text if type(text) is str else ""
    lines = raw[: 4 * longest].replace("\t", "    ").splitlines()
    shown = "\n".join(
        "".join(char if _printable(char) else " " for char in line).rstrip() for line in lines[:most_lines]
    )
    return shown if len(shown) <= longest and len(lines) <= most_lines else f"{shown[: longest - 1]}…"


def identifier(text: object, longest: int = 60) -> str:
    """Return a name that is a Python identifier, whatever was handed in."""
    name = re.sub(r"\W", "", text[:longest] if type(text) is str else "", flags=re.ASCII)
    return name if name.isidentifier() else "object"


def _printable(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
