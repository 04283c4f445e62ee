"""What platforms write into names: who submitted, and which attempt it is.

Canvas      ``lovelaceada_LATE_12345_67890_lab-2.ipynb``: the sortable name in lower case without
            blanks and marks, ``LATE``, the user's number, the upload's, the file; a file submitted
            again under its name gets ``-1``, ``-2``. Anonymous: ``anon_x7Kp2_67890_lab.ipynb``.
            (Canvas LMS, ``lib/content_zipper.rb``: ``get_filename``, ``add_upload_submission``.)
Moodle      ``Ada Lovelace_12345_assignsubmission_file_/lab.ipynb``, or without the folder; the
            number is the participant's in this assignment. A group's files have its name in
            place of the student's, or, from older versions, before it: ``Group A-Ada Lovelace``.
            (Moodle, ``mod/assign/classes/downloader.php``: ``get_student_prefix``.)
Gradescope  ``submission_456/lab.ipynb``; ``submission_metadata.yml`` says who that is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import yaml

from autograder.errors import StudentError
from autograder.lateness import parse_datetime
from autograder.submission.archives import FileEntry
from autograder.submission.read import get_list, get_value

GRADESCOPE_METADATA = "submission_metadata.yml"
NBGRADER_TIMESTAMP = "timestamp.txt"

_MAX_METADATA_BYTES = 64 * 2**20
_MAX_NAME_CHARS = 255
"""Longest name that a file system stores; an archive allows 65,535, on which patterns would be slow."""

# A student chooses the end of these names (the file), and where platforms allow it the start (the display
# name). They only help to find a row of the roster; no mark depends on them.
_NAME_PATTERNS = (
    re.compile(r"(?:(?P<late>LATE)_)?(?P<who>anon_[1-9A-Za-z]{5})_(?P<upload>\d{2,})_(?P<file>.+)"),
    re.compile(r"(?P<who>.+?)_(?P<moodle>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?"),
    re.compile(
        r"(?P<who>[^_]+)(?:_(?P<late>LATE))?_(?!\d{4}_\d\d_\d\dT)"  # otter names its exports like this
        r"(?P<canvas>\d{2,})_(?P<upload>\d{2,})_(?P<file>.+)"
    ),
    re.compile(r"(?P<who>submission_\d+)"),  # Gradescope
)


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
    upload: int = 0
    """Canvas' number of the upload; 0 if the name has none."""

    attempt: int = 0
    """Canvas' ``-1`` as a number; 0 for the first attempt."""


def parse_name(name: str) -> PlatformName:
    """Return the parts of the name of a file or a folder, which may be anything."""
    if len(name) > _MAX_NAME_CHARS:
        return PlatformName(name)
    for pattern in _NAME_PATTERNS:
        if match := pattern.fullmatch(name):
            groups = match.groupdict(default="")
            ids = {platform: groups[platform] for platform in ("canvas", "moodle") if groups.get(platform)}
            student = "_".join([groups["who"], *ids.values()])
            # A name without a number is the platform's own, such as "anon_x7Kp2": nobody is called that.
            submitter = Submitter(student, groups["who"] if ids else "", ids)
            file, attempt = groups.get("file") or name, 0
            path = PurePosixPath(groups.get("file", ""))
            if numbered := re.fullmatch(r"(.+)-(\d{1,3})", path.stem):
                file, attempt = f"{numbered[1]}{path.suffix}", int(numbered[2])
            upload = int(groups.get("upload") or 0)
            return PlatformName(file, submitter, bool(groups.get("late")), upload, attempt)
    return PlatformName(name)


def last_attempts(entries: Sequence[FileEntry]) -> tuple[list[FileEntry], tuple[str, ...]]:
    """Return the files of the last attempt, and a sentence about those before it.

    Of files whose names differ only in Canvas' ``-1``, ``-2``, the highest number counts, and
    of two with the same number the later upload.
    """
    attempts: dict[str, list[tuple[int, int, FileEntry]]] = {}
    for entry in entries:
        parsed = parse_name(entry.name)
        name = parsed.file.casefold() if parsed.upload else "/".join(entry.parts)
        attempts.setdefault(name, []).append((parsed.attempt, parsed.upload, entry))
    last_entries, sentences = [], []
    for files in attempts.values():
        *earlier, (attempt, upload, last) = sorted(files, key=lambda file: file[:2])
        last_entries.append(last)
        # Files with the same numbers, or with none, are not attempts; their content decides among them.
        paths = dict.fromkeys(file[2].display_path() for file in earlier if file[:2] != (attempt, upload))
        if paths:
            count = f"{len(paths) + 1} attempts were submitted"
            sentences.append(f"{count}; the last one counts, {last.display_path()}, not {', '.join(paths)}.")
    return last_entries, tuple(sentences)


def nbgrader_timestamp(entry: FileEntry) -> str:
    """Return when nbgrader collected a submission, by the file it writes; empty if it cannot be read.

    Like nbgrader, a time without a zone is taken as UTC.
    """
    try:
        text = entry.read(100).decode("ascii", errors="replace").strip()
    except StudentError:
        return ""
    at = parse_datetime(text) or parse_datetime(f"{text} UTC")
    return at.isoformat() if at else ""


def gradescope_submitters(entry: FileEntry) -> dict[str, list[Submitter]]:
    """Return who submitted each folder of a Gradescope export; several for a group.

    Keys of the file are Ruby's symbols (``:submitters``). Whatever has another form is ignored.
    """
    # The safe loader builds plain data only: a tag in the file names no class. libyaml's is the same
    # loader in C, without which a class of a thousand takes minutes.
    try:
        data = entry.read(_MAX_METADATA_BYTES)
        table = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (StudentError, yaml.YAMLError, ValueError, RecursionError):
        return {}
    submitters: dict[str, list[Submitter]] = {}
    for folder, metadata in (table if isinstance(table, dict) else {}).items():
        created = get_value(metadata, ":created_at")
        if not (isinstance(created, datetime) and created.tzinfo):
            created = parse_datetime(_text(created))
        submitted_at = created.isoformat() if created else ""
        people = [person for person in get_list(metadata, ":submitters") if isinstance(person, dict)]
        names = tuple(_text(person.get(":name")) or _text(person.get(":email")) for person in people)
        members = names if len(names) > 1 else ()
        for person, name in zip(people, names, strict=True):
            ids = {"id": _text(person.get(":sid")), "email": _text(person.get(":email"))}
            student = f"{name or folder}_{ids['id'] or str(folder).split('_')[-1]}"
            ids = {key: value for key, value in ids.items() if value}
            submitter = Submitter(student, _text(person.get(":name")), ids, submitted_at, members=members)
            submitters.setdefault(str(folder), []).append(submitter)
    return submitters


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, (str, int)) else ""
