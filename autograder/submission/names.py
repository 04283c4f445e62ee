"""Names of people, files and folders: how they are compared, and made fit for a path.

Names only help to find who someone is; no mark depends on what is in them.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from autograder.files import RESERVED_NAMES

MAX_NAME_CHARS = 255
"""Longest name that a file system stores; an archive allows 65,535, on which patterns would be slow."""

_DIGEST_CHARS = 6
"""Digits behind names that would be equal."""

_DATE = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
    r"(?:[-_.T ]{0,2}([01]\d|2[0-3])[-_.h:]?([0-5]\d)(?:[-_.:]?([0-5]\d))?[-_.]?\d{0,6})?(?!\d)"
)
_DUPLICATE = re.compile(r"\s*\(\d{1,3}\)$")
"""What a browser adds to a file that is there already: a second download, not a second version."""

_VERSION = re.compile(r"(?:^|[\W_])(?:v|version|attempt|versuch|try|rev)[\W_]*(\d{1,3})$", re.IGNORECASE)
_COPY = re.compile(r"[\W_]*(?:copy|kopie|copie)[\W_]*(\d{0,3})$|[\W_]+copy of$", re.IGNORECASE)
_LAST = re.compile(r"(?:^|[\W_])(?:final|last|latest|new|neu)$", re.IGNORECASE)
_EARLIER = re.compile(r"(?:^|[\W_])(?:old|alt|backup|archive|draft|entwurf)$", re.IGNORECASE)
_MARKS = (_DUPLICATE, _VERSION, _COPY, _LAST, _EARLIER)


def normalized(text: str) -> str:
    """Return a name as it is compared: in upper or lower case, composed or not, it is the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def name_parts(name: str) -> list[str]:
    """Return the parts of a person's name without the marks that platforms leave out."""
    return re.findall(r"\w+", re.sub(r"['’.\-_]", "", normalized(name)))


def joined_parts(name: str) -> str:
    """Return the parts of a person's name as one word, like Canvas writes it."""
    return "".join(name_parts(name))


def words(text: str) -> str:
    """Return the letters and digits of a name, e.g. ``lab44rnn`` of ``Lab 4.4 RNN``."""
    return re.sub(r"[\W_]", "", normalized(text))


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
    dates = list(_DATE.finditer(base))
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
    if _EARLIER.search(name):
        order = (-1, 0)
    return base, order


def _mark_order(pattern: re.Pattern[str], match: re.Match[str]) -> tuple[int, int]:
    if pattern is _COPY:
        return (1, int(match[1] or 1))
    if pattern is _VERSION:
        return (2, int(match[1]))
    return (2, 999) if pattern is _LAST else (0, 0)


def is_date(name: str) -> bool:
    """Return True if a name is a date, with or without a time."""
    return _DATE.fullmatch(name[:MAX_NAME_CHARS]) is not None


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
    plain = unicodedata.normalize("NFC", name.encode("utf-8", errors="replace").decode())
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
