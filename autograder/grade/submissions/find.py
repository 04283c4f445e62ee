"""Who handed in what: one submission per student, from any of the forms in which classes hand in.

A file is one student's; an archive is one student's or a class's; in a folder each file and each
subfolder is one student's; nbgrader's ``submitted/<student>/<assignment>/`` is known, and so are
the names that Canvas, Moodle and Gradescope write. Of several attempts the last one counts; a
group's submission is found once for each member.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from autograder.course import Assignment
from autograder.errors import StaffError, StudentError
from autograder.grade.folders import TAKEN
from autograder.grade.submissions import listing, naming
from autograder.grade.submissions.choice import (
    Choice,
    choose,
    is_gradable,
    is_ours,
    is_released,
    is_submission,
)
from autograder.grade.submissions.listing import Entry
from autograder.grade.submissions.naming import Sender
from autograder.grade.submissions.read import HAND_IN
from autograder.grade.text import one_line

_Owned = tuple[Sender, list[Entry]]


@dataclass(frozen=True, slots=True)
class Found:
    """What one student handed in."""

    student: str
    """The name of the file or folder, fit for a path, and unique."""

    path: str
    """Where it was found, relative to the path that was named."""

    entry: Entry
    sender: Sender
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
    handed = [(sender, *_counted(entries, assignment)) for sender, entries in _handed_in(paths, assignment)]
    handed.sort(key=lambda one: (safe_name(one[0].student).casefold(), one[1].entry.parts))
    names = _unique(safe_name(sender.student) for sender, _, _ in handed)
    return [
        Found(name, _shown(choice.entry), choice.entry, _timed(sender, choice.entry), choice.problem, notes)
        for name, (sender, choice, notes) in zip(names, handed, strict=True)
    ]


def _timed(sender: Sender, graded: Entry) -> Sender:
    """Return the sender with the mark of the file that counts."""
    return replace(sender, late_mark=naming.is_late(graded))


def _handed_in(paths: Sequence[Path], assignment: Assignment) -> list[_Owned]:
    """Return the files of each student; those of one number on a platform belong together."""
    found: dict[object, _Owned] = {}
    for path in dict.fromkeys(paths):
        owners = _owners(path, assignment)
        if not owners:
            raise StaffError(f"{path}: no submission in it; name a notebook, an archive or a folder of them")
        for sender, entries in owners:
            number = next(((key, sender.ids[key]) for key in ("canvas", "moodle") if key in sender.ids), None)
            key = number or (path, len(found))
            found[key] = (sender, [*found[key][1], *entries]) if key in found else (sender, entries)
    return list(found.values())


def find_one(folder: Path, student: str, assignment: Assignment) -> Found:
    """Return the submission of the one student to whom everything in a folder belongs."""
    nothing = Entry(("nothing",), folder, problem=f"Nothing was handed in; {HAND_IN}.")
    choice = choose(listing.in_folder(folder) or [nothing], assignment)
    return Found(
        safe_name(student),
        _shown(choice.entry),
        choice.entry,
        Sender(student),
        choice.problem,
        choice.repairs,
    )


def _counted(entries: Sequence[Entry], assignment: Assignment) -> tuple[Choice, tuple[str, ...]]:
    last, attempts = naming.last_attempts(entries)
    choice = choose(last, assignment)
    return choice, (*attempts, *choice.repairs)


def _owners(path: Path, assignment: Assignment) -> list[_Owned]:
    """Return the files of each student."""
    if not path.exists():
        raise StaffError(f"{path}: does not exist; name a notebook, an archive or a folder of them")
    place = path.resolve()
    if place.is_dir():
        submitted = place / "submitted" if (place / "submitted").is_dir() else place
        tree = _tree(submitted, assignment)
        return tree or _by_student(listing.in_folder(place), _named(path, assignment), assignment)
    entry = Entry((place.name,), place)
    alone = Sender(_named(path, assignment), ids={"student": _named(path, assignment)})
    if place.suffix.lower() != ".zip":
        if student := naming.of_system(place.name):
            return [(naming.sender(student, [entry], 0), [entry])]
        return [(alone, [entry])]
    try:
        inside = [_below(found, 1) for found in listing.in_archive(entry)]
    except StudentError as error:
        return [(alone, [Entry(entry.parts, place, problem=str(error))])]
    return _by_student(inside, _named(path, assignment), assignment, packed=True)


def _tree(submitted: Path, assignment: Assignment) -> list[_Owned]:
    """Return nbgrader's students; a course's other assignments are passed over."""
    folders = [student for student in sorted(submitted.iterdir()) if not student.is_symlink()]
    found = {student.name: student / assignment.name for student in folders}
    owned = []
    for student, folder in found.items():
        if folder.is_dir() and not folder.is_symlink():
            entries = [_above(entry, (student, assignment.name)) for entry in listing.in_folder(folder)]
            stamp = naming.stamp(entries)
            owned.append((Sender(student, ids={"student": student}, handed_in=stamp), entries))
    return owned


def _by_student(
    entries: Sequence[Entry], container: str, assignment: Assignment, *, packed: bool = False
) -> list[_Owned]:
    """Return the files of each student in a folder or an archive.

    Args:
        container: what the folder or archive is called; the student's name if it is one student's.
    """
    shared = _shared(entries, assignment) if packed else 0
    inner = [(entry.parts[shared:], entry) for entry in entries]
    alone = [(naming.sender(container, [], 0), list(entries))]
    if any(is_released(parts, assignment) for parts, _ in inner):
        return alone
    if packed and _of_one_student([parts for parts, _ in inner], assignment):
        return alone
    owners: dict[str, list[Entry]] = {}
    for parts, entry in inner:
        if is_submission(parts, assignment) or (len(parts) > 1 and not is_ours(parts, assignment)):
            owner = container if _says_nothing(parts, assignment) else _head(parts)
            owners.setdefault(owner, []).append(entry)
    said = [naming.from_gradescope(entry) for parts, entry in inner if parts == (naming.METADATA,)]
    return [
        (sender, files)
        for owner, files in owners.items()
        for sender in (said and said[0].get(owner)) or [naming.sender(owner, files, shared)]
    ]


def _of_one_student(paths: Sequence[tuple[str, ...]], assignment: Assignment) -> bool:
    """Return whether an archive is one student's; a learning system's archive is a class's."""
    if any(naming.of_system(parts[0]) for parts in paths):
        return False
    graded = [parts for parts in paths if is_gradable(parts, assignment)]
    return len(graded) <= 1 or any(_says_nothing(parts, assignment) for parts in paths)


def _shared(entries: Sequence[Entry], assignment: Assignment) -> int:
    """Return how many folders an archive has around everything in it."""
    wanted = [entry.parts[:-1] for entry in entries if is_submission(entry.parts, assignment)]
    count = 0
    while wanted and all(len(parts) > count and parts[count] == wanted[0][count] for parts in wanted):
        if naming.of_system(wanted[0][count]):
            break
        count += 1
    return count


def _says_nothing(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return whether the topmost name is that of the assignment, and so nobody's."""
    return (PurePosixPath(parts[0]).stem if len(parts) == 1 else parts[0]) == assignment.name


def _head(parts: tuple[str, ...]) -> str:
    return naming.of_system(parts[0]) or (PurePosixPath(parts[0]).stem if len(parts) == 1 else parts[0])


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


def safe_name(name: str) -> str:
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
