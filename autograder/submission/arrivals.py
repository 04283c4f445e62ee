"""What arrived below one path: every file once, archives opened, and what each is by its path."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath

from autograder.course import Assignment
from autograder.errors import StudentError
from autograder.submission import archives
from autograder.submission.archives import FileEntry
from autograder.submission.layout import FileKind, FoundFile
from autograder.submission.platform_names import IGNORED_FOLDERS, SIDECARS, NamePatterns
from autograder.submission.read import SUBMIT_NOTEBOOK_HINT

_MAX_ARCHIVES = 2_000
"""Archives in one file on disk that are opened; a class submits one each."""

_SYSTEM_FOLDERS = ("__MACOSX", "__pycache__")
_NBGRADER_FOLDERS = frozenset({"source", "release", "autograded", "feedback"})
_UNCLEAR_SUFFIXES = ("", ".bin", ".dat", ".download", ".json", ".nb", ".part", ".tmp", ".txt", ".zip")
_DATA_SUFFIXES = (".csv", ".db", ".ini", ".log", ".npy", ".npz", ".tsv", ".xml", ".yaml", ".yml")

OTHER_ASSIGNMENT = "of another assignment"
FROM_SYSTEM = "written by a platform or a system"


class Label(StrEnum):
    """What became of a file."""

    GRADED = "graded"
    EARLIER = "earlier attempt"
    """Of the same person, and another file counts."""

    RELEASE = "part of a release"
    CONTAINER = "container"
    """An archive whose files have labels of their own."""

    IGNORED = "ignored"
    UNREADABLE = "unreadable"


@dataclass(slots=True)
class Arrivals:
    """The files below one path."""

    files: list[FoundFile] = field(default_factory=list)
    """What may be somebody's."""

    labels: dict[FileEntry, tuple[Label, str]] = field(default_factory=dict)
    """What became of all others, and why."""


def list_path(path: Path) -> list[FileEntry]:
    """Return the file at a path, or all files below it; an empty folder is an entry without a name."""
    if not path.is_dir():
        return [FileEntry((path.name,), path)]
    entries = []
    for entry in archives.list_folder(path):
        # A link could lead to another student's file or to the source. Whoever reads checks again.
        if not entry.problem and not stat.S_ISREG(entry.file.lstat().st_mode):
            entry = replace(entry, problem=f"The file is a link or a device; {SUBMIT_NOTEBOOK_HINT}.")
        entries.append(entry)
    for parent, folders, names in os.walk(path):
        if not folders and not names and Path(parent) != path:
            entries.append(FileEntry((*Path(parent).relative_to(path).parts, ""), Path(parent)))
    return entries


def sort_arrivals(location: Path, assignment: Assignment, patterns: NamePatterns) -> Arrivals:
    """Sort the files at or below a location by what their paths say; every archive is opened once."""
    arrivals, entries = Arrivals(), list_path(location)
    listed: list[tuple[FileEntry, tuple[str, ...]]] = []
    for entry in entries:
        parts = tuple(map(_reread, entry.parts))
        listed += _Expansion(arrivals.labels).expand(replace(entry, parts=parts), parts)
    # The name of an archive around everything is no folder in it.
    if not location.is_dir() and arrivals.labels:
        listed = [(_inside(entry), path[1:]) for entry, path in listed]
        arrivals.labels = {_inside(entry): label for entry, label in arrivals.labels.items()}
    filled = {path[:place] for _, path in listed if path[-1] for place in range(len(path))}
    listed = [(entry, path) for entry, path in listed if path[-1] or path[:-1] not in filled]
    tops = {path[0] for _, path in listed}
    is_course = "submitted" in tops and not tops.isdisjoint(_NBGRADER_FOLDERS)
    others = _other_assignments([path for _, path in listed], assignment)
    for entry, path in listed:
        reason = _ignored_reason(path, others)
        if is_course and path[0] != "submitted":
            reason = "not below submitted/"
        short = tuple(part for part in path[:-1] if not patterns.is_level(part))
        if reason and entry.name:
            arrivals.labels[entry] = (Label.IGNORED, reason)
        elif not reason and (short or path[-1]):
            arrivals.files.append(FoundFile(entry, path, (*short, path[-1]), _kind(path, patterns)))
    return arrivals


class _Expansion:
    """Opens the archives in one file on disk."""

    def __init__(self, labels: dict[FileEntry, tuple[Label, str]]) -> None:
        self._labels = labels
        self._opened = 0

    def expand(self, entry: FileEntry, path: tuple[str, ...]) -> Iterator[tuple[FileEntry, tuple[str, ...]]]:
        """Yield a file, or what is in it, each with its path as if everything were unpacked."""
        if entry.problem or not entry.name.lower().endswith(".zip"):
            yield entry, path
            return
        try:
            self._opened += 1
            if self._opened > _MAX_ARCHIVES:
                raise StudentError(f"There are too many archives in this archive; {SUBMIT_NOTEBOOK_HINT}.")
            members = archives.list_archive(entry)
        except StudentError as error:
            yield _not_opened(entry, str(error)), path
            return
        self._labels[entry] = (Label.CONTAINER, "")
        folder = (*path[:-1], path[-1][:-4])
        if not members:
            yield replace(entry, parts=(*entry.parts, ""), problem=""), (*folder, "")
        # list_archive limits the depth, so this recursion ends.
        for member in members:
            yield from self.expand(member, (*folder, *member.parts[len(entry.parts) :]))


def _inside(entry: FileEntry) -> FileEntry:
    """Return an entry with its path below the archive around everything; that archive keeps its name."""
    return replace(entry, parts=entry.parts[1:] or entry.parts)


def _not_opened(entry: FileEntry, problem: str) -> FileEntry:
    """Return a file that is called like an archive; it may be a notebook all the same."""
    try:
        is_archive = entry.read(4).startswith(b"PK")
    except StudentError:
        is_archive = True
    return replace(entry, problem=problem) if is_archive else entry


def _reread(name: str) -> str:
    """Return a name as UTF-8 where its bytes are: some programs pack names without saying so.

    Others then unpack them in the encoding of old PCs, in which UTF-8 is no word of any language.
    """
    if name.isascii():
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _other_assignments(paths: Sequence[tuple[str, ...]], assignment: Assignment) -> set[str]:
    """Return the names of folders that are other assignments of the course.

    These are the folders under ``source/``, and next to a folder with this assignment's name those
    that contain a notebook with their own name.
    """
    sources = assignment.source.parent
    names = {folder.name for folder in sources.iterdir()} if sources.is_dir() else set[str]()
    parents, siblings = set(), set()
    for path in paths:
        for place, part in enumerate(path[:-1]):
            if part == assignment.name:
                parents.add(path[:place])
            elif path[-1] == f"{part}.ipynb":
                siblings.add(path[: place + 1])
    if parents:
        # Where nbgrader collects, a student may have other assignments only.
        depths = {len(parent) for parent in parents}
        names |= {path[-1] for path in siblings if len(path) - 1 in depths}
    return names - {assignment.name}


def _ignored_reason(path: tuple[str, ...], others: set[str]) -> str:
    """Return why a file is nobody's work; empty if it may be."""
    for part in path[:-1]:
        if part in others:
            return OTHER_ASSIGNMENT
        if part.casefold() in IGNORED_FOLDERS:
            return FROM_SYSTEM
        if part.startswith(".") or part in _SYSTEM_FOLDERS:
            return "hidden"
    return "hidden" if path[-1].startswith(".") else ""


def _kind(path: tuple[str, ...], patterns: NamePatterns) -> FileKind:
    """Return what a file is by its path."""
    name = path[-1].lower()
    if not name:
        return FileKind.FOLDER
    is_released = (
        any(part in patterns.modules for part in path[:-1]) or name.removesuffix(".py") in patterns.modules
    )
    if is_released and name.endswith(".py"):
        return FileKind.RELEASE
    # Browsers and mail programs write "lab.ipynb.txt" and "lab.ipynb (1)".
    if ".ipynb" in name:
        return FileKind.NOTEBOOK
    suffix = PurePosixPath(name).suffix
    if suffix == ".py":
        return FileKind.SCRIPT
    if name in SIDECARS or suffix in _DATA_SUFFIXES:
        return FileKind.DATA
    return FileKind.UNCLEAR if suffix in _UNCLEAR_SUFFIXES else FileKind.DOCUMENT
