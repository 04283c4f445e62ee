"""Tables of comma-separated values that are safe to open and lose nothing.

A spreadsheet takes a cell for a formula that begins with ``=``, ``+``, ``-`` or ``@``, also behind
a separator at which it splits cells. Such a place gets an apostrophe, which ``original`` takes
away again; what has apostrophes there already gets one more, so that every text comes back.
(OWASP, "CSV Injection".)
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA_STARTS = "=+\\-@＝＋－＠"
_FORMULA = rf"(^|[;,|\t\r\n])([^\S\t\r\n]*){{0}}('*[{_FORMULA_STARTS}])"
_UNESCAPED, _ESCAPED = re.compile(_FORMULA.format("")), re.compile(_FORMULA.format("'"))


def escape_formula(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return re.sub(r"^('*[\t\r\n])", r"'\1", _UNESCAPED.sub(r"\1\2'\3", text))


def unescape_formula(cell: str) -> str:
    """Return the text that ``inert`` was given."""
    return _ESCAPED.sub(r"\1\2\3", re.sub(r"^'('*[\t\r\n])", r"\1", cell))


def dump_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table as UTF-8, lines ending as RFC 4180 wants them."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(rows)
    return file.getvalue().encode("utf-8", errors="replace")
