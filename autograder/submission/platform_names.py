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
from autograder.lateness import parse_datetime
from autograder.submission.archives import FileEntry
from autograder.text import one_line

METADATA = "submission_metadata.yml"
TIMESTAMP = "timestamp.txt"

_MAX_METADATA_BYTES = 64 * 2**20
_NAME_PATTERNS = (
    re.compile(r"(?:(?P<late>LATE)_)?(?P<who>anon_[1-9A-Za-z]{5})_(?P<upload>\d{2,})_(?P<file>.+)"),
    re.compile(r"(?P<who>.+?)_(?P<moodle>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?"),
    re.compile(
        r"(?P<who>[^_]+)(?:_(?P<late>LATE))?_(?!\d{4}_\d\d_\d\dT)"  # that is what otter calls an export
        r"(?P<canvas>\d{2,})_(?P<upload>\d{2,})_(?P<file>.+)"
    ),
    re.compile(r"(?P<who>submission_\d+)"),  # Gradescope
)


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who handed something in and when, as far as names and the platform tell."""

    student: str
    """A name for what is written; need not be fit for a path."""

    name: str = ""
    """The person's, or the group's, as the platform writes it."""

    ids: Mapping[str, str] = field(default_factory=dict)
    """What else is known: ``canvas``, ``moodle``, ``id``, ``email``, or the ``student`` of a folder."""

    submitted_at: str = ""
    """Date and time with a zone, e.g. ``2027-01-29T23:59:00+00:00``; empty if unknown."""

    late_mark: bool = False
    """Whether the platform marked it as late."""

    members: tuple[str, ...] = ()
    """Names of all who handed this in together; empty for one."""


class _PlatformName(NamedTuple):
    """A name that a platform wrote."""

    student: str
    platform: str
    """``canvas``, ``moodle`` or empty."""

    number: str
    late: bool
    upload: int
    file: str


def student_from_platform_name(name: str) -> str:
    """Return the student in a name that a platform wrote; empty if none did."""
    found = _parse_name(name)
    return "_".join(filter(None, (found.student, found.number))) if found else ""


def original_name(name: str) -> str:
    """Return what a student called a file, without what a platform wrote around it."""
    found = _parse_name(name)
    return _split_attempt(found.file)[0] if found and found.file else name


def identify_submitter(name: str, entries: Sequence[FileEntry], depth: int) -> Submitter:
    """Return who handed in some files.

    Args:
        name: the student's by the name of the folder or file.
        depth: at which part of the entries' paths a platform's name may stand.
    """
    found = [parts for entry in entries if (parts := _parse_name(entry.parts[depth]))]
    if not found or not found[0].platform:
        return Submitter(name, ids={} if found else {"student": name})
    return Submitter(name, found[0].student, {found[0].platform: found[0].number})


def is_late(entry: FileEntry) -> bool:
    """Return whether a platform marked a file, or what it is in, as late."""
    return any(found.late for part in entry.parts if (found := _parse_name(part)))


def last_attempts(entries: Sequence[FileEntry]) -> tuple[list[FileEntry], tuple[str, ...]]:
    """Return the files of the last attempt, and a sentence about those before it.

    Of files that bear the same name but for Canvas' ``-1``, ``-2``, the highest number counts, and
    of two with the same number the later upload.
    """
    alike: dict[str, list[tuple[int, int, FileEntry]]] = {}
    for entry in entries:
        found = _parse_name(entry.name)
        if found and found.upload:
            plain, number = _split_attempt(found.file)
            alike.setdefault(plain.casefold(), []).append((number, found.upload, entry))
        else:
            alike.setdefault("/".join(entry.parts), []).append((0, 0, entry))
    kept, sentences = [], []
    for files in alike.values():
        *before, last = sorted(files, key=lambda file: file[:2])
        kept.append(last[2])
        others = dict.fromkeys(_display_path(one[2]) for one in before if one[:2] != last[:2])
        if others:
            count = f"{len(others) + 1} attempts were handed in"
            sentences.append(f"{count}; the last counts, {_display_path(last[2])}, not {', '.join(others)}.")
    return kept, tuple(sentences)


def nbgrader_timestamp(entries: Sequence[FileEntry]) -> str:
    """Return when nbgrader collected a submission, by the file it writes; empty if none is readable.

    Like nbgrader, a time without a zone is taken as UTC.
    """
    for entry in entries:
        if entry.name == TIMESTAMP and len(entry.parts) == 3:
            try:
                text = entry.read(100).decode("ascii", errors="replace").strip()
            except StudentError:
                return ""
            at = parse_datetime(text) or parse_datetime(f"{text} UTC")
            return at.isoformat() if at else ""
    return ""


def gradescope_submitters(entry: FileEntry) -> dict[str, list[Submitter]]:
    """Return who handed in each folder of a Gradescope export; several for a group.

    Keys are Ruby's symbols (``:submitters``). What is not as expected counts as not said.
    """
    try:
        data = entry.read(_MAX_METADATA_BYTES)
        found = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (StudentError, yaml.YAMLError, ValueError, RecursionError):
        return {}
    table = found if isinstance(found, dict) else {}
    return {str(folder): _folder_submitters(str(folder), said) for folder, said in table.items()}


def _folder_submitters(folder: str, metadata: Any) -> list[Submitter]:
    metadata = metadata if isinstance(metadata, dict) else {}
    listed = metadata.get(":submitters")
    people = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    names = [_text(one.get(":name")) or _text(one.get(":email")) for one in people]
    at = metadata.get(":created_at")
    stamped = at if isinstance(at, datetime) and at.tzinfo else parse_datetime(_text(at))
    return [
        Submitter(
            "_".join(filter(None, (name or folder, _text(one.get(":sid")) or folder.split("_")[-1]))),
            _text(one.get(":name")),
            {key: text for key in ("id", "email") if (text := _text(one.get(_RUBY_KEYS[key])))},
            stamped.isoformat() if stamped else "",
            members=tuple(names) if len(people) > 1 else (),
        )
        for one, name in zip(people, names, strict=True)
    ]


_RUBY_KEYS = {"id": ":sid", "email": ":email"}


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, (str, int)) else ""


def _parse_name(name: str) -> _PlatformName | None:
    for pattern in _NAME_PATTERNS:
        if match := pattern.fullmatch(name):
            said = match.groupdict()
            system = next((one for one in ("canvas", "moodle") if said.get(one)), "")
            upload, file = int(said.get("upload") or 0), said.get("file") or ""
            return _PlatformName(
                match["who"], system, said.get(system) or "", bool(said.get("late")), upload, file
            )
    return None


def _split_attempt(file: str) -> tuple[str, int]:
    """Return a file's name without Canvas' number, and the number; 0 for the first."""
    path = PurePosixPath(file)
    found = re.fullmatch(r"(.+)-(\d{1,3})", path.stem)
    return (f"{found[1]}{path.suffix}", int(found[2])) if found else (file, 0)


def _display_path(entry: FileEntry) -> str:
    return one_line("/".join(entry.parts), 80)
