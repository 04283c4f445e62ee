"""Text that students, platforms and class lists chose: safe to search, and made safe to show.

All other regular expressions that see a submission run in its reader or in its own process, which have
limits of their own.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_CHARS = 4_000
"""Characters of a text that a pattern looks at; what is longer was made to take long."""


@dataclass(frozen=True, slots=True)
class BoundedPattern:
    """A regular expression that sees at most the first 4,000 characters of a text."""

    regex: re.Pattern[str]

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match."""
        return self.regex.search(text[:MAX_CHARS])

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Return the match of all of a text; None if it is longer than what is looked at."""
        return self.regex.fullmatch(text) if len(text) <= MAX_CHARS else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Yield all matches."""
        return self.regex.finditer(text[:MAX_CHARS])

    def sub(self, replacement: str | Callable[[re.Match[str]], str], text: str) -> str:
        """Return the start of a text with a replacement for each match; what is not looked at is left out."""
        return self.regex.sub(replacement, text[:MAX_CHARS])


def bounded(regex: str, flags: int = 0) -> BoundedPattern:
    """Return a compiled pattern."""
    return BoundedPattern(re.compile(regex, flags))


# Quantifiers are possessive (``++``) or followed by what they cannot match, and what begins with one begins
# only where it cannot have begun before: a text that almost matches is not tried in many ways.

ANSI_ESCAPE = bounded(r"\x1b(?:\[[0-9;:?]*+[ -/]*+[@-~]|\][^\x07\x1b]*+(?:\x07|\x1b\\)?|[@-Z\\-_])")
"""What a terminal interprets as a command: colors, titles, cursor movements."""

NO_ASCII_WORD = bounded(r"\W", re.ASCII)
NO_ASCII_ALPHANUMERICS = bounded(r"[^A-Za-z0-9]+")
NO_ALPHANUMERIC = bounded(r"[\W_]")
LETTERS_OR_DIGITS = bounded(r"[^\W\d_]+|\d+")
NO_DIGIT = bounded(r"\D")
PATH_SEPARATOR = bounded(r"[/\\]")
WORD = bounded(r"\w+")
NAME_MARK = bounded(r"['’.\-_]")
"""In a person's name, what platforms leave out."""

DATETIME = bounded(r"\A(\d{4}-\d\d-\d\d[T ][\d:.]+?) ?(Z|[+-]\d\d:?\d\d|[A-Za-z][\w+\-/]*)")

# What names of files and folders say of attempts, and those that say nothing about a person.
DATE = bounded(
    r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
    r"(?:[-_.T ]{0,2}([01]\d|2[0-3])[-_.h:]?([0-5]\d)(?:[-_.:]?([0-5]\d))?[-_.]?\d{0,6})?(?!\d)"
)
DUPLICATE = bounded(r"(?<!\s)\s*+\(\d{1,3}\)$")
"""What a browser adds to a file that is there already: a second download, not a second version."""

VERSION = bounded(r"(?:^|[\W_])(?:v|version|attempt|versuch|try|rev)[\W_]*+(\d{1,3})$", re.IGNORECASE)
COPY = bounded(
    r"(?<![\W_])[\W_]*+(?:copy|kopie|copie)[\W_]*+(\d{0,3})$|(?<![\W_])[\W_]++copy of$", re.IGNORECASE
)
LAST = bounded(r"(?:^|[\W_])(?:final|last|latest|new|neu)$", re.IGNORECASE)
EARLIER = bounded(r"(?:^|[\W_])(?:old|alt|backup|archive|draft|entwurf)$", re.IGNORECASE)
NUMBERED_FILE = bounded(r"\A(.+)-(\d{1,3})(\.[^.]*)?")
# Names that say nothing about a submission or its author.
ANY_FILE = bounded(r"(?:my|the|untitled|notebook|lab|\d++)*+")
ANY_FOLDER = bounded(
    r"(?:my|the|labs?|works?|notebooks?|solutions?|homework|submissions?|assignments?|exercises?|class|students?|"
    r"files?|downloads?|desktop|documents|src|code|uploads?|abgaben?|klasse|all|\d++)*+"
)

# Cells of class lists, and of the tables that we write.
NOBODY = bounded(r"\A(?:\s*+points possible|student, test)", re.IGNORECASE)
"""Rows of Canvas' gradebook that are no student."""

PARTICIPANT = bounded(r"^Participant ", re.IGNORECASE)
SHORTENED_NUMBER = bounded(r"\d([.,]\d+)?E\+\d+")
DIGITS = bounded(r"[0-9]*")
SEPARATOR_LINE = bounded(r'\A"?sep=(.)"?\s*')
"""Excel's own line, which tells it the separator."""

# Full-width signs too: some spreadsheets normalize them before they look for a formula.
FORMULA = bounded(r"(^|[;,|\t\r\n])([^\S\t\r\n]*+)('*+[=+\-@＝＋－＠])")
LEADING_CONTROL = bounded(r"^('*+[\t\r\n])")
NBGRADER_ID = bounded(r"\w[\w .@+-]{0,99}")

# The wire.
DTYPE = bounded(r"[<|][biufU]\d{1,6}|<[mM]8\[(?:Y|M|W|D|h|m|s|ms|us|ns)\]", re.ASCII)
"""A dtype as NumPy writes it: ``<f4``, ``<M8[ns]``."""

# Messages and results.
IMPORTED = bounded(r"[A-Za-z_][\w.]{0,79}+\*?", re.ASCII)
"""What an import names: ``gensim.models``, ``tensorflow_addons.*``."""

INCIDENTAL = bounded(r" in line \d++ of the function|(?<=[a-z])_\d++(?=')")
"""The line of an error, and the number in ``'lstm_3'``: they tell nothing of what a student believes."""

QUESTION_NUMBER = bounded(r"^q(\d\w*)$")
MARKDOWN_CHARACTER = bounded(r"""[]!"#$%&*+/<=>@[\\^_`{|}~]|:(?=\S)|\A-|(?<=\d)[.)](?=\s)""")
REFERENCE = bounded(
    r"(?<=@)|(?<=[#!~$%&^])(?=[\w\"'])|(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\bgh)(?=-)", re.IGNORECASE
)
"""Where GitHub and GitLab find a person, an issue or a link in a text."""


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
