"""What platforms write into names: who handed in, and at which attempt.

Canvas      ``lovelaceada_LATE_12345_67890_lab-2.ipynb``: the sortable name in lower case without
            blanks and marks, ``LATE``, the user's number, the upload's, the file; a file handed in
            again under its name gets ``-1``, ``-2``. Anonymous: ``anon_x7Kp2_67890_lab.ipynb``.
            (Canvas LMS, ``lib/content_zipper.rb``: ``get_filename``, ``add_upload_submission``.)
Moodle      ``Ada Lovelace_12345_assignsubmission_file_/lab.ipynb``, or without the folder; the
            number is the participant's in this assignment. A group's files bear its name in
            place of the student's, or, from older versions, before it: ``Group A-Ada Lovelace``.
            (Moodle, ``mod/assign/classes/downloader.php``: ``get_student_prefix``.)
Gradescope  ``submission_456/lab.ipynb``; who that is stands in ``submission_metadata.yml``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import yaml

from autograder.errors import StudentError
from autograder.grade.submissions.listing import Entry
from autograder.grade.text import one_line
from autograder.lateness import moment

METADATA = "submission_metadata.yml"
TIMESTAMP = "timestamp.txt"

_LARGEST_METADATA = 64 * 2**20
_NAMES = (
    re.compile(r"(?:(?P<late>LATE)_)?(?P<who>anon_[1-9A-Za-z]{5})_(?P<upload>\d{2,})_(?P<file>.+)"),
    re.compile(r"(?P<who>.+?)_(?P<moodle>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?"),
    re.compile(
        r"(?P<who>[^_]+)(?:_(?P<late>LATE))?_(?!\d{4}_\d\d_\d\dT)"  # that is what otter calls an export
        r"(?P<canvas>\d{2,})_(?P<upload>\d{2,})_(?P<file>.+)"
    ),
    re.compile(r"(?P<who>submission_\d+)"),  # Gradescope
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who handed something in and when, as far as names and the platform tell."""

    student: str
    """A name for what is written; need not be fit for a path."""

    name: str = ""
    """The person's, or the group's, as the platform writes it."""

    ids: Mapping[str, str] = field(default_factory=dict)
    """What else is known: ``canvas``, ``moodle``, ``id``, ``email``, or the ``student`` of a folder."""

    handed_in: str = ""
    """Date and time with a zone, e.g. ``2027-01-29T23:59:00+00:00``; empty if unknown."""

    late_mark: bool = False
    """Whether the platform marked it as late."""

    members: tuple[str, ...] = ()
    """Names of all who handed this in together; empty for one."""


class _Parts(NamedTuple):
    """A name that a platform wrote."""

    who: str
    system: str
    """``canvas``, ``moodle`` or empty."""

    number: str
    late: bool
    upload: int
    file: str


def of_system(name: str) -> str:
    """Return the student in a name that a platform wrote; empty if none did."""
    found = _parts(name)
    return "_".join(filter(None, (found.who, found.number))) if found else ""


def own_name(name: str) -> str:
    """Return what a student called a file, without what a platform wrote around it."""
    found = _parts(name)
    return _attempt(found.file)[0] if found and found.file else name


def sender(name: str, entries: Sequence[Entry], depth: int) -> Sender:
    """Return who handed in some files.

    Args:
        name: the student's by the name of the folder or file.
        depth: at which part of the entries' paths a platform's name may stand.
    """
    found = [parts for entry in entries if (parts := _parts(entry.parts[depth]))]
    if not found or not found[0].system:
        return Sender(name, ids={} if found else {"student": name})
    return Sender(name, found[0].who, {found[0].system: found[0].number})


def is_late(entry: Entry) -> bool:
    """Return whether a platform marked a file, or what it is in, as late."""
    return any(found.late for part in entry.parts if (found := _parts(part)))


def last_attempts(entries: Sequence[Entry]) -> tuple[list[Entry], tuple[str, ...]]:
    """Return the files of the last attempt, and a sentence about those before it.

    Of files that bear the same name but for Canvas' ``-1``, ``-2``, the highest number counts, and
    of two with the same number the later upload.
    """
    alike: dict[str, list[tuple[int, int, Entry]]] = {}
    for entry in entries:
        found = _parts(entry.name)
        if found and found.upload:
            plain, number = _attempt(found.file)
            alike.setdefault(plain.casefold(), []).append((number, found.upload, entry))
        else:
            alike.setdefault("/".join(entry.parts), []).append((0, 0, entry))
    kept, sentences = [], []
    for files in alike.values():
        *before, last = sorted(files, key=lambda file: file[:2])
        kept.append(last[2])
        others = dict.fromkeys(_shown(one[2]) for one in before if one[:2] != last[:2])
        if others:
            count = f"{len(others) + 1} attempts were handed in"
            sentences.append(f"{count}; the last counts, {_shown(last[2])}, not {', '.join(others)}.")
    return kept, tuple(sentences)


def stamp(entries: Sequence[Entry]) -> str:
    """Return when nbgrader collected a submission, by the file it writes; empty if none is readable.

    Like nbgrader, a time without a zone is taken as UTC.
    """
    for entry in entries:
        if entry.name == TIMESTAMP and len(entry.parts) == 3:
            try:
                text = entry.read(100).decode("ascii", errors="replace").strip()
            except StudentError:
                return ""
            at = moment(text) or moment(f"{text} UTC")
            return at.isoformat() if at else ""
    return ""


def from_gradescope(entry: Entry) -> dict[str, list[Sender]]:
    """Return who handed in each folder of a Gradescope export; several for a group.

    Keys are Ruby's symbols (``:submitters``). What is not as expected counts as not said.
    """
    try:
        data = entry.read(_LARGEST_METADATA)
        found = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (StudentError, yaml.YAMLError, ValueError, RecursionError):
        return {}
    table = found if isinstance(found, dict) else {}
    return {str(folder): _submitters(str(folder), said) for folder, said in table.items()}


def _submitters(folder: str, said: Any) -> list[Sender]:
    said = said if isinstance(said, dict) else {}
    listed = said.get(":submitters")
    people = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    names = [_text(one.get(":name")) or _text(one.get(":email")) for one in people]
    at = said.get(":created_at")
    stamped = at if isinstance(at, datetime) and at.tzinfo else moment(_text(at))
    return [
        Sender(
            "_".join(filter(None, (name or folder, _text(one.get(":sid")) or folder.split("_")[-1]))),
            _text(one.get(":name")),
            {key: text for key in ("id", "email") if (text := _text(one.get(_SYMBOLS[key])))},
            stamped.isoformat() if stamped else "",
            members=tuple(names) if len(people) > 1 else (),
        )
        for one, name in zip(people, names, strict=True)
    ]


_SYMBOLS = {"id": ":sid", "email": ":email"}


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, (str, int)) else ""


def _parts(name: str) -> _Parts | None:
    for pattern in _NAMES:
        if match := pattern.fullmatch(name):
            said = match.groupdict()
            system = next((one for one in ("canvas", "moodle") if said.get(one)), "")
            upload, file = int(said.get("upload") or 0), said.get("file") or ""
            return _Parts(match["who"], system, said.get(system) or "", bool(said.get("late")), upload, file)
    return None


def _attempt(file: str) -> tuple[str, int]:
    """Return a file's name without Canvas' number, and the number; 0 for the first."""
    path = PurePosixPath(file)
    found = re.fullmatch(r"(.+)-(\d{1,3})", path.stem)
    return (f"{found[1]}{path.suffix}", int(found[2])) if found else (file, 0)


def _shown(entry: Entry) -> str:
    return one_line("/".join(entry.parts), 80)
