"""What platforms write into names: who submitted, and which attempt it is.

The names are data (``platforms.toml``), each with the place where the platform defines it; a course
adds one of its own (``submission_pattern`` in ``course_config.py``). A student chooses the end of
these names (the file), and where platforms allow it the start (the display name). They only help to
find a row of the class list; no mark depends on them.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograder.course import PATTERN_IDS, Assignment
from autograder.patterns import NO_DIGIT, NUMBERED_FILE, BoundedPattern, bounded
from autograder.submission.names import MAX_NAME_CHARS, is_date, words

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
            spellings.append(r"[\W_]*".join(map(re.escape, re.findall(r"[^\W\d_]+|\d+", title))))
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
