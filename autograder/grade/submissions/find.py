"""Who handed in what: one submission per student, from any of the forms in which classes hand in.

A file is one student's; an archive is one student's or a class's; in a folder each file and each
subfolder is one student's; and nbgrader's ``submitted/<student>/<assignment>/`` is known.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.course import Assignment
from autograder.errors import StaffError, StudentError
from autograder.grade.folders import TAKEN
from autograder.grade.submissions import listing
from autograder.grade.submissions.choice import (
    Choice,
    choose,
    is_gradable,
    is_ours,
    is_released,
    is_submission,
)
from autograder.grade.submissions.listing import Entry
from autograder.grade.submissions.read import HAND_IN
from autograder.grade.text import one_line

_SYSTEMS = (
    re.compile(r"(?P<who>.+?)_(?P<id>\d+)_assignsubmission_"),  # Moodle
    re.compile(r"(?P<who>[^_]+)(?:_LATE)?_(?P<id>\d{2,})_\d{2,}_"),  # Canvas
)


@dataclass(frozen=True, slots=True)
class Found:
    """What one student handed in."""

    student: str
    """The name of the file or folder, fit for a path, and unique."""

    path: str
    """Where it was found, relative to the path that was named."""

    entry: Entry
    problem: str = ""
    """Why it cannot be read, as a sentence for the student."""

    repairs: tuple[str, ...] = ()
    """What was decided in finding it, one sentence each."""

    @property
    def data(self) -> bytes | None:
        """Read the file, anew each time, for a class may hand in gigabytes; None if there is a problem.

        Raises:
            StaffError: it cannot be read any more.
        """
        try:
            return None if self.problem else self.entry.read()
        except StudentError as error:
            raise StaffError(f"{self.entry.file}: changed since it was found: {error}") from error


def find(paths: Sequence[Path], assignment: Assignment) -> list[Found]:
    """Return one submission per student, in order of their names.

    Raises:
        StaffError: a path does not exist, or holds no submission.
    """
    handed: list[tuple[str, Choice]] = []
    for path in dict.fromkeys(paths):
        owners = _owners(path, assignment)
        if not owners:
            raise StaffError(f"{path}: no submission in it; name a notebook, an archive or a folder of them")
        handed += [(student, choose(entries, assignment)) for student, entries in owners.items()]
    handed.sort(key=lambda pair: (_safe(pair[0]).casefold(), pair[1].entry.parts))
    names = _unique(_safe(student) for student, _ in handed)
    return [
        Found(name, _shown(choice.entry), choice.entry, choice.problem, choice.repairs)
        for name, (_, choice) in zip(names, handed, strict=True)
    ]


def find_one(folder: Path, student: str, assignment: Assignment) -> Found:
    """Return the submission of the one student to whom everything in a folder belongs."""
    nothing = Entry(("nothing",), folder, problem=f"Nothing was handed in; {HAND_IN}.")
    choice = choose(listing.in_folder(folder) or [nothing], assignment)
    return Found(_safe(student), _shown(choice.entry), choice.entry, choice.problem, choice.repairs)


def _owners(path: Path, assignment: Assignment) -> Mapping[str, list[Entry]]:
    """Return the files of each student."""
    if not path.exists():
        raise StaffError(f"{path}: does not exist; name a notebook, an archive or a folder of them")
    place = path.resolve()
    if place.is_dir():
        submitted = place / "submitted" if (place / "submitted").is_dir() else place
        tree = _tree(submitted, assignment)
        return tree or _by_student(listing.in_folder(place), _named(path, assignment), assignment)
    entry = Entry((place.name,), place)
    if place.suffix.lower() != ".zip":
        return {_named(path, assignment): [entry]}
    try:
        inside = [_below(found, 1) for found in listing.in_archive(entry)]
    except StudentError as error:
        return {_named(path, assignment): [Entry(entry.parts, place, problem=str(error))]}
    return _by_student(inside, _named(path, assignment), assignment, packed=True)


def _tree(submitted: Path, assignment: Assignment) -> dict[str, list[Entry]]:
    """Return nbgrader's students; a course's other assignments are passed over."""
    folders = [student for student in sorted(submitted.iterdir()) if not student.is_symlink()]
    found = {student.name: student / assignment.name for student in folders}
    return {
        student: [_above(entry, (student, assignment.name)) for entry in listing.in_folder(folder)]
        for student, folder in found.items()
        if folder.is_dir() and not folder.is_symlink()
    }


def _by_student(
    entries: Sequence[Entry], container: str, assignment: Assignment, *, packed: bool = False
) -> dict[str, list[Entry]]:
    """Return the files of each student in a folder or an archive.

    Args:
        container: what the folder or archive is called; the student's name if it is one student's.
    """
    shared = _shared(entries, assignment) if packed else 0
    inner = [(entry.parts[shared:], entry) for entry in entries]
    if any(is_released(parts, assignment) for parts, _ in inner):
        return {container: list(entries)}
    if packed and _of_one_student([parts for parts, _ in inner], assignment):
        return {container: list(entries)}
    owners: dict[str, list[Entry]] = {}
    for parts, entry in inner:
        if is_submission(parts, assignment) or (len(parts) > 1 and not is_ours(parts, assignment)):
            owner = container if _says_nothing(parts, assignment) else _head(parts)
            owners.setdefault(owner, []).append(entry)
    return owners


def _of_one_student(paths: Sequence[tuple[str, ...]], assignment: Assignment) -> bool:
    """Return whether an archive is one student's; a learning system's archive is a class's."""
    if any(_of_system(parts) for parts in paths):
        return False
    graded = [parts for parts in paths if is_gradable(parts, assignment)]
    return len(graded) <= 1 or any(_says_nothing(parts, assignment) for parts in paths)


def _shared(entries: Sequence[Entry], assignment: Assignment) -> int:
    """Return how many folders an archive has around everything in it."""
    wanted = [entry.parts[:-1] for entry in entries if is_submission(entry.parts, assignment)]
    count = 0
    while wanted and all(len(parts) > count and parts[count] == wanted[0][count] for parts in wanted):
        if _of_system(wanted[0][count:]):
            break
        count += 1
    return count


def _says_nothing(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return whether the topmost name is that of the assignment, and so nobody's."""
    return (PurePosixPath(parts[0]).stem if len(parts) == 1 else parts[0]) == assignment.name


def _head(parts: tuple[str, ...]) -> str:
    return _of_system(parts) or (PurePosixPath(parts[0]).stem if len(parts) == 1 else parts[0])


def _of_system(parts: tuple[str, ...]) -> str:
    """Return the student, as learning management systems write it; empty if none did."""
    matches = (pattern.match(parts[0]) for pattern in _SYSTEMS)
    return next((f"{match['who']}_{match['id']}" for match in matches if match), "")


def _named(path: Path, assignment: Assignment) -> str:
    """Return the nearest name that is not the assignment's."""
    absolute = path.absolute()
    names = [absolute.name if absolute.is_dir() else absolute.stem, *(p.name for p in absolute.parents)]
    return next((name for name in names if name and name != assignment.name), assignment.name)


def _below(entry: Entry, count: int) -> Entry:
    return Entry(entry.parts[count:], entry.file, entry.members, entry.problem)


def _above(entry: Entry, folders: tuple[str, ...]) -> Entry:
    return Entry((*folders, *entry.parts), entry.file, entry.members, entry.problem)


def _shown(entry: Entry) -> str:
    return one_line("/".join(entry.parts).encode("utf-8", errors="replace").decode(), 200)


def _safe(name: str) -> str:
    """Return a name that is one plain part of a path on every system."""
    plain = unicodedata.normalize("NFC", name.encode("utf-8", errors="replace").decode())
    plain = "".join(char if char.isalnum() or char in " ._@+-'" else "_" for char in plain)
    return " ".join(plain.split()).strip(" .-+@'")[:60].strip(" .") or "student"


def _unique(names: Iterable[str]) -> Iterator[str]:
    taken = {name.casefold() for name in TAKEN}
    for name in names:
        number, free = 1, name
        while free.casefold() in taken:
            number += 1
            free = f"{name}-{number}"
        taken.add(free.casefold())
        yield free
