"""CSV tables that are safe to open in a spreadsheet program.

A spreadsheet evaluates a cell as a formula if it begins with ``=``, ``+``, ``-`` or ``@``, also
after a separator at which it splits cells. An apostrophe before that character turns the cell
into text; if there are apostrophes already, one more is added, so that no two texts look the same
afterwards. (OWASP, "CSV Injection".)
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

# Full-width signs too: some spreadsheets normalize them before they look for a formula.
_FORMULA = re.compile(r"(^|[;,|\t\r\n])([^\S\t\r\n]*)('*[=+\-@＝＋－＠])")
_LEADING_CONTROL = re.compile(r"^('*[\t\r\n])")


def escape_formula(text: str) -> str:
    """Return text that no spreadsheet evaluates as a formula."""
    return _LEADING_CONTROL.sub(r"'\1", _FORMULA.sub(r"\1\2'\3", text))


def dump_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table as UTF-8 with the line ends of RFC 4180."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(rows)
    return file.getvalue().encode("utf-8", errors="replace")
