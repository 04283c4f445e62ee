"""Names of people, files and folders: how they are compared, made fit for a path, and written by platforms.

Names only help to find a row of the class list; no mark depends on them. A student chooses the end of a
platform's name (the file), and where platforms allow it the start (the display name).

How platforms write names is data (``platforms.toml``), each with the place where the platform defines
it; a course adds one of its own (``submission_pattern`` in ``course_config.py``).
"""

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from autograder.course import PATTERN_IDS, Assignment
from autograder.files import RESERVED_NAMES
from autograder.text import (
    COPY,
    DATE,
    DUPLICATE,
    EARLIER,
    LAST,
    LETTERS_OR_DIGITS,
    MAX_CHARS,
    NAME_MARK,
    NO_ALPHANUMERIC,
    NO_DIGIT,
    NUMBERED_FILE,
    VERSION,
    WORD,
    BoundedPattern,
    bounded,
)

MAX_NAME_CHARS = 255
"""Longest name that a file system stores; an archive allows 65,535, on which patterns would be slow."""

_DIGEST_CHARS = 6

GRADESCOPE_METADATA = "submission_metadata.yml"
NBGRADER_TIMESTAMP = "timestamp.txt"

_DATA: Mapping[str, Any] = MappingProxyType(
    tomllib.loads((Path(__file__).parent / "platforms.toml").read_text(encoding="utf-8"))
)
LEVELS = frozenset(_DATA["folders"]["levels"])
"""Folders that are nobody's, in lower case."""

IGNORED_FOLDERS = frozenset(_DATA["folders"]["ignored"])
SIDECARS = frozenset(_DATA["files"]["sidecars"])
"""Files that platforms and systems put next to submissions, in lower case."""
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
                if pattern is COPY:
                    order = max(order, (1, int(match[1] or 1)))
                elif pattern is VERSION:
                    order = max(order, (2, int(match[1])))
                elif pattern is LAST:
                    order = max(order, (2, 999))
    if EARLIER.search(name):
        order = (-1, 0)
    return base, order


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


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who submitted something and when, as far as names and the platform say."""

    student: str
    """A name for reports; it may be unfit for a path."""

    name: str = ""
    """The person's or the group's name as the platform writes it."""

    ids: Mapping[str, str] = field(default_factory=dict)
    """Other identifiers: ``canvas``, ``moodle``, ``id``, ``email``, or the ``student`` of a folder."""

    submitted_at: str = ""
    """Date and time with a zone, e.g. ``2027-01-29T23:59:00+00:00``; empty if unknown."""

    late_mark: bool = False
    """Whether the platform marked it as late."""

    members: tuple[str, ...] = ()
    """Names of all members of the group that submitted this; empty for one student."""


@dataclass(frozen=True, slots=True)
class PlatformName:
    """What a platform wrote into the name of a file or a folder."""

    file: str
    """The student's own name for it; all of the name if no platform wrote any of it."""

    submitter: Submitter | None = None
    """Who that is; None if no platform wrote the name."""

    late: bool = False
    attempt: int = 0
    """Larger for a later attempt; 0 if the name has no number or time of it."""

    upload: tuple[int, int] = (0, 0)
    """Larger for a later upload of a file with the same name: Canvas' ``-2`` and its number."""

    is_receipt: bool = False
    """Whether the platform wrote the file itself, e.g. a text that was typed in."""

    is_shared: bool = False
    """Whether the name is believed only if the names next to it have the same form."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    regex: BoundedPattern
    folder: bool = False
    shared: bool = False


class NamePatterns:
    """How the files of one assignment may be named."""

    def __init__(self, assignment: Assignment) -> None:
        """Compile the platforms' patterns and the course's own."""
        titles = {assignment.name, assignment.title, assignment.title.partition(":")[0]}
        self.titles = frozenset(map(words, titles)) - {""}
        """How the assignment is called, in letters and digits only."""

        spellings = []
        for title in sorted(titles, key=len, reverse=True):  # the longest first: one may begin another
            parts = [re.escape(match[0]) for match in LETTERS_OR_DIGITS.finditer(title)]
            spellings.append(r"[\W_]*".join(parts))
        title = f"(?i:{'|'.join(spellings)})"
        self._around_title = bounded(rf"{title}[\W_]+(?=.)|(?<=.)[\W_]+{title}$")
        self.modules = frozenset({assignment.kit, "checks", "tests"} - {""})
        """Folders in every release; in older ones ``checks`` is a file."""

        self._own = bounded(assignment.submission_pattern) if assignment.submission_pattern else None
        self._patterns = []
        for entry in _DATA["pattern"]:
            regex = entry["regex"].replace("{assignment}", title)
            self._patterns.append(
                _Pattern(bounded(regex), entry.get("folder", False), entry.get("shared", False))
            )
        self._parse_once = lru_cache(maxsize=65_536)(self._parse)

    def without_title(self, name: str) -> str:
        """Return the name of a file without the assignment's, e.g. ``ada`` of ``lab_4_4_rnn_ada``."""
        match = self._around_title.search(name[:MAX_NAME_CHARS])
        if match is None or (match.start() > 0 and match.end() < len(name)):
            return name
        return name[: match.start()] + name[match.end() :]

    def is_level(self, name: str) -> bool:
        """Return True if a folder stands between people and files and says nothing."""
        plain = name.casefold().strip()
        return plain in LEVELS or is_date(plain) or words(name) in self.titles

    def parse_own(self, path: tuple[str, ...]) -> PlatformName | None:
        """Return what the course's own pattern says of a whole path; None if it does not match."""
        text = "/".join(path)
        if self._own is None or len(text) > 4 * MAX_NAME_CHARS:
            return None
        match = self._own.fullmatch(text)
        return _parsed(match.groupdict(default=""), path[-1]) if match else None

    def parse(self, name: str, *, is_folder: bool) -> PlatformName:
        """Return the parts of the name of a file or a folder, which may be anything."""
        return self._parse_once(name, is_folder)

    def _parse(self, name: str, is_folder: bool) -> PlatformName:
        if len(name) <= MAX_NAME_CHARS:
            for pattern in self._patterns:
                match = pattern.regex.fullmatch(name)
                if match and (is_folder or not pattern.folder):
                    return _parsed(match.groupdict(default=""), name, is_shared=pattern.shared)
        return PlatformName(name)


def believed(names: Iterable[PlatformName]) -> bool:
    """Return True if at least half of the names next to each other have a platform's form."""
    found = [parsed.submitter is not None for parsed in names]
    return 2 * sum(found) >= len(found)


def _parsed(groups: Mapping[str, str], name: str, *, is_shared: bool = False) -> PlatformName:
    ids = {key: groups[key] for key in PATTERN_IDS if groups.get(key)}
    who = groups.get("who") or " ".join(filter(None, (groups.get("first"), groups.get("last"))))
    # A login is a name for reports already; a platform's number only tells people of one name apart.
    numbers = [value for key, value in ids.items() if key not in ("student", "email")]
    student = ids.get("student") or ids.get("email") or "_".join(filter(None, (who, *numbers)))
    # A name without a number is the platform's own, such as "anon_x7Kp2": nobody is called that.
    submitter = Submitter(student, who if ids else "", ids)
    file, number = groups.get("file") or name, 0
    # Canvas: "lab-2.ipynb" is the third upload of "lab.ipynb".
    if groups.get("upload") and (numbered := NUMBERED_FILE.fullmatch(file)):
        file, number = f"{numbered[1]}{numbered[3] or ''}", int(numbered[2])
    at = NO_DIGIT.sub("", groups.get("at") or "")
    return PlatformName(
        file=file,
        submitter=submitter,
        late=bool(groups.get("late")),
        attempt=_number(groups, "attempt") or int(at or 0),
        upload=(number, _number(groups, "upload")),
        is_receipt=bool(groups.get("receipt")),
        is_shared=is_shared,
    )


def _number(groups: Mapping[str, str], key: str) -> int:
    digits = NO_DIGIT.sub("", groups.get(key) or "")
    return int(digits or 0)
