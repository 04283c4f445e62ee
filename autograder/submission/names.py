"""Names of people, files and folders: how they are compared, and made fit for a path.

Names only help to find who someone is; no mark depends on what is in them.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from re import Match

from autograder.files import RESERVED_NAMES
from autograder.patterns import (
    COPY,
    DATE,
    DUPLICATE,
    EARLIER,
    LAST,
    MAX_CHARS,
    NAME_MARK,
    NO_ALPHANUMERIC,
    VERSION,
    WORD,
    BoundedPattern,
)

MAX_NAME_CHARS = 255
"""Longest name that a file system stores; an archive allows 65,535, on which patterns would be slow."""

_DIGEST_CHARS = 6
"""Digits behind names that would be equal."""

_MARKS = (DUPLICATE, VERSION, COPY, LAST, EARLIER)


def normalized(text: str) -> str:
    """Return a name as it is compared: in upper or lower case, composed or not, it is the same."""
    # Cut first: the time of composing grows with the square of the marks on one letter.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text[:MAX_CHARS]).casefold())


def name_parts(name: str) -> list[str]:
    """Return the parts of a person's name without the marks that platforms leave out."""
    return [match[0] for match in WORD.finditer(NAME_MARK.sub("", normalized(name)))]


def joined_parts(name: str) -> str:
    """Return the parts of a person's name as one word, like Canvas writes it."""
    return "".join(name_parts(name))


def words(text: str) -> str:
    """Return the letters and digits of a name, e.g. ``lab44rnn`` of ``Lab 4.4 RNN``."""
    return NO_ALPHANUMERIC.sub("", normalized(text))


def stem(name: str) -> str:
    """Return the name of a file without its ending, also without that of ``lab.ipynb.txt``."""
    before, ending, _ = name[:MAX_NAME_CHARS].partition(".ipynb")
    return before if ending else PurePosixPath(name[:MAX_NAME_CHARS] or "-").stem


@lru_cache(maxsize=65_536)
def split_marks(name: str) -> tuple[str, tuple[int, ...]]:
    """Return the stem of a file without marks of copies, versions and dates, and their order.

    Later ones compare as larger. A duplicate ``(1)`` is no version, and neither is a bare number,
    which may be a student's or a group's.
    """
    base, order = name[:MAX_NAME_CHARS], (0, 0)
    dates = list(DATE.finditer(base))
    if dates:
        digits = "".join(group or "00" for group in dates[-1].groups())
        order = (3, int(digits))
        base = base[: dates[-1].start()] + base[dates[-1].end() :]
        base = base.strip(" _-.")
    for _ in range(3):
        for pattern in _MARKS:
            if (match := pattern.search(base)) and match.start() > 0:
                base = base[: match.start()].rstrip(" _-.")
                order = max(order, _mark_order(pattern, match))
    if EARLIER.search(name):
        order = (-1, 0)
    return base, order


def _mark_order(pattern: BoundedPattern, match: Match[str]) -> tuple[int, int]:
    if pattern is COPY:
        return (1, int(match[1] or 1))
    if pattern is VERSION:
        return (2, int(match[1]))
    return (2, 999) if pattern is LAST else (0, 0)


def is_date(name: str) -> bool:
    """Return True if a name is a date, with or without a time."""
    return DATE.fullmatch(name[:MAX_NAME_CHARS]) is not None


def folder_order(name: str) -> tuple[int, ...] | None:
    """Return the order of a folder among attempts; None if its name does not say that it is one."""
    if name.isdigit() and len(name) < 4:
        return (2, int(name))
    base, order = split_marks(f"x {name}")
    return order if base == "x" else None


def safe_name(name: str) -> str:
    """Return a name that is one plain part of a path on every system."""
    # Folders are made of this name, and it is printed: separators, control characters, bidirectional
    # marks, leading dots and spreadsheet formulas (``=``, ``+``, ``-``, ``@``) must not get through.
    plain = unicodedata.normalize("NFC", name[:MAX_CHARS].encode("utf-8", errors="replace").decode())
    plain = "".join(char if char.isalnum() or char in " ._@+-'" else "_" for char in plain)
    return " ".join(plain.split()).strip(" .-+@'")[:60].strip(" .") or "student"


def unique_names(names: Sequence[str], identities: Sequence[str]) -> list[str]:
    """Return a safe name for each person, no two of them equal on any file system.

    People whose names would be equal all get a digest of their identity, and none of them the
    plain name: who is called so must not depend on who else is there.

    Args:
        names: as they were found.
        identities: what tells the people apart, e.g. their paths.
    """
    safe = [safe_name(name) for name in names]
    counts: dict[str, int] = {normalized(name): 1 for name in RESERVED_NAMES}
    for name in safe:
        counts[normalized(name)] = counts.get(normalized(name), 0) + 1
    taken: set[str] = {name for name, count in counts.items() if count == 1}
    unique = []
    for name, identity in zip(safe, identities, strict=True):
        if counts[normalized(name)] > 1:
            base, digest = name, identity
            while name == base or normalized(name) in taken:
                digest = hashlib.sha256(digest.encode("utf-8", errors="surrogatepass")).hexdigest()
                name = f"{base}-{digest[:_DIGEST_CHARS]}"
            taken.add(normalized(name))
        unique.append(name)
    return unique
