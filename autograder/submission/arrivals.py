"""What arrived below one path: every file once, archives opened, and which file of a person counts.

What a file is by its path is only a claim. Of several files one counts, in this order: a file that can be
read and is of this assignment; an answered one before a blank one; the platform's later attempt; a
notebook before a script; a name like the assignment's; the later upload; a later mark of a copy, version
or date behind that name; more answers; the later change; the shorter path.
"""

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
from autograder.submission.layout import MAIN_KINDS, FileKind, FoundFile, Look, Person
from autograder.submission.names import (
    IGNORED_FOLDERS,
    SIDECARS,
    NamePatterns,
    PlatformName,
    folder_order,
    split_marks,
    stem,
    words,
)
from autograder.submission.peek import Peek
from autograder.submission.read import SUBMIT_NOTEBOOK_HINT

_MAX_ARCHIVES = 2_000
"""Archives in one file on disk that are opened; a class submits one each."""

_MAX_LOOKS = 20
"""Files of one person that are looked into."""

_MAX_LISTED = 3

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
                raise StudentError(f"The archive contains too many archives; {SUBMIT_NOTEBOOK_HINT}.")
            members = archives.list_archive(entry)
        except StudentError as error:
            try:
                is_archive = entry.read(4).startswith(b"PK")
            except StudentError:
                is_archive = True
            # What is only called like an archive may be a notebook all the same.
            yield replace(entry, problem=str(error)) if is_archive else entry, path
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


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several files of a person."""

    file: FoundFile
    seen: Peek
    parsed: PlatformName
    """What the platform wrote into its name, or into that of a folder around it."""

    is_named: bool
    """Whether it is named like the assignment."""

    order: tuple[tuple[int, ...], ...]
    """Marks of copies, versions and dates in its name and in the folders around it."""

    @property
    def rank(self) -> tuple[object, ...]:
        """Return what is larger for a better file."""
        return (
            self.seen.is_readable,
            not self.seen.problem,
            self.seen.answered > 0,
            self.parsed.attempt,
            self.file.kind is FileKind.NOTEBOOK,
            self.is_named,
            self.parsed.upload,
            self.order,
            self.seen.answered,
            self.file.entry.modified_at,
            -len(self.file.entry.parts),
            -len(self.file.entry.name),
            [-ord(char) for char in self.file.entry.display_path(400)],
        )

    def is_before(self, other: "Candidate") -> bool:
        """Return True if the platform says that this is an earlier attempt than another one."""
        is_same_file = self.parsed.file.casefold() == other.parsed.file.casefold()
        is_earlier_upload = is_same_file and self.parsed.upload < other.parsed.upload
        return self.parsed.attempt < other.parsed.attempt or is_earlier_upload


@dataclass(frozen=True, slots=True)
class Choice:
    """The file that counts for a person."""

    file: FoundFile
    seen: Peek | None
    """None if nothing but its name was looked at."""

    others: tuple[Candidate, ...] = ()
    """The files that it was preferred to, best first."""

    problem: str = ""
    repairs: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def choose(person: Person, patterns: NamePatterns, look: Look, *, thorough: bool) -> Choice:
    """Return which of a person's files counts.

    Args:
        thorough: whether to look into the file also if there is no other one.
    """
    candidates = [file for file in person.files if file.kind in MAIN_KINDS and not _is_receipt(person, file)]
    for kind in (FileKind.UNCLEAR, FileKind.DOCUMENT):
        if not candidates:
            candidates = [
                file for file in person.files if file.kind is kind and not _is_receipt(person, file)
            ]
    if not candidates:
        return _nothing(person)
    if len(candidates) == 1 and candidates[0].kind in MAIN_KINDS and not thorough:
        problem = candidates[0].entry.problem
        return Choice(candidates[0], None, problem=problem)
    # Somebody may submit thousands of files; those that are named best are looked into.
    unseen = [_candidate(person, file, Peek(), patterns) for file in candidates]
    unseen.sort(key=lambda candidate: candidate.rank, reverse=True)
    seen = [replace(candidate, seen=look(candidate.file.entry)) for candidate in unseen[:_MAX_LOOKS]]
    best, *others = sorted(seen, key=lambda candidate: candidate.rank, reverse=True)
    others += unseen[_MAX_LOOKS:]
    if not others:
        return Choice(best.file, best.seen, problem=best.seen.problem)
    return Choice(
        best.file,
        best.seen,
        tuple(others),
        best.seen.problem,
        tuple(_repairs(best, others)),
        _flags(best, others),
    )


def _nothing(person: Person) -> Choice:
    """Return what is said to a person who submitted no notebook."""
    order = [
        FileKind.DOCUMENT,
        FileKind.DATA,
        FileKind.UNCLEAR,
        *MAIN_KINDS,
        FileKind.RELEASE,
        FileKind.FOLDER,
    ]
    file = min(person.files, key=lambda file: (order.index(file.kind), file.entry.parts))
    problem = f"No notebook was submitted; {SUBMIT_NOTEBOOK_HINT}."
    if file.kind is FileKind.FOLDER:
        problem = f"No notebook was submitted: the folder is empty; {SUBMIT_NOTEBOOK_HINT}."
    if _is_receipt(person, file):
        problem = f"A text or a link was submitted instead of a file; {SUBMIT_NOTEBOOK_HINT}."
    return Choice(file, None, problem=file.entry.problem or problem)


def _is_receipt(person: Person, file: FoundFile) -> bool:
    parsed = person.attempts.get(file.entry)
    return parsed is not None and parsed.is_receipt


def _candidate(person: Person, file: FoundFile, seen: Peek, patterns: NamePatterns) -> Candidate:
    name = file.entry.parts[-1]
    parsed = person.attempts.get(file.entry) or PlatformName(name)
    if patterns.parse(name, is_folder=False).submitter:
        name = parsed.file  # the platform's part of the name says nothing about copies
    base, mark = split_marks(stem(name))
    plain = words(base)
    is_named = any(plain.startswith(title) for title in patterns.titles)
    order = [folder_order(part) or (0, 0) for part in file.entry.parts[:-1]]
    # Elsewhere a number may be anything; behind the assignment's name it is a version.
    order.append(mark if is_named else (0, 0))
    return Candidate(file, seen, parsed, is_named, (max(order), min(order)))


def _repairs(best: Candidate, others: Sequence[Candidate]) -> list[str]:
    """Return which file was graded of several, for the student."""
    listed = []
    for other in others[:_MAX_LISTED]:
        reason = ""
        if not other.seen.is_readable:
            reason = " (cannot be read)"
        elif other.seen.problem:
            reason = " (of another assignment)"
        elif not other.seen.answered and best.seen.answered:
            reason = " (contains no answers)"
        elif other.is_before(best) or other.order < best.order:
            reason = " (an earlier attempt)"
        elif other.seen.answers_digest == best.seen.answers_digest:
            reason = " (has the same answers)"
        listed.append(f"{other.file.entry.display_path()}{reason}")
    more = f" and {len(others) - _MAX_LISTED} more" if len(others) > _MAX_LISTED else ""
    graded = f"{best.file.entry.display_path()} was graded, not {', '.join(listed)}{more}"
    return [f"{len(others) + 1} files were submitted; {graded}."]


def _flags(best: Candidate, others: Sequence[Candidate]) -> tuple[str, ...]:
    """Return a sentence for staff if a file was passed over that has other answers."""
    passed = []
    for other in others:
        has_answers = other.seen.answered and not other.seen.problem
        if (
            has_answers
            and not other.is_before(best)
            and other.seen.answers_digest != best.seen.answers_digest
        ):
            passed.append(other.file.entry.display_path())
    if not passed:
        return ()
    chosen = best.file.entry.display_path()
    return (f"{chosen} was graded; other files have different answers: {', '.join(passed[:3])}.",)
