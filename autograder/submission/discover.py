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
from autograder.files import RESERVED_NAMES
from autograder.submission import archives, platform_names
from autograder.submission.archives import FileEntry
from autograder.submission.platform_names import Submitter
from autograder.submission.read import SUBMIT_NOTEBOOK_HINT
from autograder.submission.select_file import (
    SelectedFile,
    is_gradable,
    is_release_file,
    is_release_layout,
    is_submission,
    select_file,
)
from autograder.text import one_line

_StudentFiles = tuple[Submitter, list[FileEntry]]


@dataclass(frozen=True, slots=True)
class StudentSubmission:
    """What one student handed in."""

    student: str
    """The name of the file or folder, fit for a path, and unique."""

    path: str
    """Where it was found, relative to the path that was named."""

    entry: FileEntry
    submitter: Submitter
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


def find_submissions(paths: Sequence[Path], assignment: Assignment) -> list[StudentSubmission]:
    """Return one submission per student, in order of their names.

    Raises:
        StaffError: a path does not exist, or holds no submission.
    """
    handed = [
        (sender, *_select_last_attempt(entries, assignment))
        for sender, entries in _files_by_student(paths, assignment)
    ]
    handed.sort(key=lambda one: (safe_name(one[0].student).casefold(), one[1].entry.parts))
    names = _unique_names(safe_name(sender.student) for sender, _, _ in handed)
    return [
        StudentSubmission(
            name,
            _display_path(choice.entry),
            choice.entry,
            _with_late_mark(sender, choice.entry),
            choice.problem,
            notes,
        )
        for name, (sender, choice, notes) in zip(names, handed, strict=True)
    ]


def _with_late_mark(submitter: Submitter, entry: FileEntry) -> Submitter:
    """Return the sender with the mark of the file that counts."""
    return replace(submitter, late_mark=platform_names.is_late(entry))


def _files_by_student(paths: Sequence[Path], assignment: Assignment) -> list[_StudentFiles]:
    """Return the files of each student; those of one number on a platform belong together."""
    found: dict[object, _StudentFiles] = {}
    for path in dict.fromkeys(paths):
        owners = _files_in_path(path, assignment)
        if not owners:
            raise StaffError(f"{path}: no submission in it; name a notebook, an archive or a folder of them")
        for sender, entries in owners:
            number = next(((key, sender.ids[key]) for key in ("canvas", "moodle") if key in sender.ids), None)
            key = number or (path, len(found))
            found[key] = (sender, [*found[key][1], *entries]) if key in found else (sender, entries)
    return list(found.values())


def find_submission(folder: Path, student: str, assignment: Assignment) -> StudentSubmission:
    """Return the submission of the one student to whom everything in a folder belongs."""
    nothing = FileEntry(("nothing",), folder, problem=f"Nothing was handed in; {SUBMIT_NOTEBOOK_HINT}.")
    choice = select_file(archives.list_folder(folder) or [nothing], assignment)
    return StudentSubmission(
        safe_name(student),
        _display_path(choice.entry),
        choice.entry,
        Submitter(student),
        choice.problem,
        choice.repairs,
    )


def _select_last_attempt(
    entries: Sequence[FileEntry], assignment: Assignment
) -> tuple[SelectedFile, tuple[str, ...]]:
    last, attempts = platform_names.last_attempts(entries)
    choice = select_file(last, assignment)
    return choice, (*attempts, *choice.repairs)


def _files_in_path(path: Path, assignment: Assignment) -> list[_StudentFiles]:
    """Return the files of each student."""
    if not path.exists():
        raise StaffError(f"{path}: does not exist; name a notebook, an archive or a folder of them")
    place = path.resolve()
    if place.is_dir():
        submitted = place / "submitted" if (place / "submitted").is_dir() else place
        tree = _nbgrader_files(submitted, assignment)
        return tree or _group_by_student(
            archives.list_folder(place), _container_name(path, assignment), assignment
        )
    entry = FileEntry((place.name,), place)
    alone = Submitter(_container_name(path, assignment), ids={"student": _container_name(path, assignment)})
    if place.suffix.lower() != ".zip":
        if student := platform_names.student_from_platform_name(place.name):
            return [(platform_names.identify_submitter(student, [entry], 0), [entry])]
        return [(alone, [entry])]
    try:
        inside = [_strip_folders(found, 1) for found in archives.list_archive(entry)]
    except StudentError as error:
        return [(alone, [FileEntry(entry.parts, place, problem=str(error))])]
    return _group_by_student(inside, _container_name(path, assignment), assignment, is_archive=True)


def _nbgrader_files(submitted: Path, assignment: Assignment) -> list[_StudentFiles]:
    """Return nbgrader's students; a course's other assignments are passed over."""
    folders = [student for student in sorted(submitted.iterdir()) if not student.is_symlink()]
    found = {student.name: student / assignment.name for student in folders}
    owned = []
    for student, folder in found.items():
        if folder.is_dir() and not folder.is_symlink():
            entries = [
                _prepend_folders(entry, (student, assignment.name)) for entry in archives.list_folder(folder)
            ]
            stamp = platform_names.nbgrader_timestamp(entries)
            owned.append((Submitter(student, ids={"student": student}, submitted_at=stamp), entries))
    return owned


def _group_by_student(
    entries: Sequence[FileEntry], container: str, assignment: Assignment, *, is_archive: bool = False
) -> list[_StudentFiles]:
    """Return the files of each student in a folder or an archive.

    Args:
        container: what the folder or archive is called; the student's name if it is one student's.
    """
    shared = _common_depth(entries, assignment) if is_archive else 0
    inner = [(entry.parts[shared:], entry) for entry in entries]
    alone = [(platform_names.identify_submitter(container, [], 0), list(entries))]
    if any(is_release_layout(parts, assignment) for parts, _ in inner):
        return alone
    if is_archive and _is_single_student([parts for parts, _ in inner], assignment):
        return alone
    owners: dict[str, list[FileEntry]] = {}
    for parts, entry in inner:
        if is_submission(parts, assignment) or (len(parts) > 1 and not is_release_file(parts, assignment)):
            owner = container if _is_assignment_name(parts, assignment) else _student_name(parts)
            owners.setdefault(owner, []).append(entry)
    said = [
        platform_names.gradescope_submitters(entry)
        for parts, entry in inner
        if parts == (platform_names.METADATA,)
    ]
    return [
        (sender, files)
        for owner, files in owners.items()
        for sender in (said and said[0].get(owner))
        or [platform_names.identify_submitter(owner, files, shared)]
    ]


def _is_single_student(paths: Sequence[tuple[str, ...]], assignment: Assignment) -> bool:
    """Return whether an archive is one student's; a learning system's archive is a class's."""
    if any(platform_names.student_from_platform_name(parts[0]) for parts in paths):
        return False
    graded = [parts for parts in paths if is_gradable(parts, assignment)]
    return len(graded) <= 1 or any(_is_assignment_name(parts, assignment) for parts in paths)


def _common_depth(entries: Sequence[FileEntry], assignment: Assignment) -> int:
    """Return how many folders an archive has around everything in it."""
    wanted = [entry.parts[:-1] for entry in entries if is_submission(entry.parts, assignment)]
    count = 0
    while wanted and all(len(parts) > count and parts[count] == wanted[0][count] for parts in wanted):
        if platform_names.student_from_platform_name(wanted[0][count]):
            break
        count += 1
    return count


def _is_assignment_name(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return whether the topmost name is that of the assignment, and so nobody's."""
    return (PurePosixPath(parts[0]).stem if len(parts) == 1 else parts[0]) == assignment.name


def _student_name(parts: tuple[str, ...]) -> str:
    return platform_names.student_from_platform_name(parts[0]) or (
        PurePosixPath(parts[0]).stem if len(parts) == 1 else parts[0]
    )


def _container_name(path: Path, assignment: Assignment) -> str:
    """Return the nearest name that is not the assignment's."""
    absolute = path.absolute()
    names = [absolute.name if absolute.is_dir() else absolute.stem, *(p.name for p in absolute.parents)]
    return next((name for name in names if name and name != assignment.name), assignment.name)


def _strip_folders(entry: FileEntry, count: int) -> FileEntry:
    return FileEntry(entry.parts[count:], entry.file, entry.members, entry.problem)


def _prepend_folders(entry: FileEntry, folders: tuple[str, ...]) -> FileEntry:
    return FileEntry((*folders, *entry.parts), entry.file, entry.members, entry.problem)


def _display_path(entry: FileEntry) -> str:
    return one_line("/".join(entry.parts).encode("utf-8", errors="replace").decode(), 200)


def safe_name(name: str) -> str:
    """Return a name that is one plain part of a path on every system."""
    plain = unicodedata.normalize("NFC", name.encode("utf-8", errors="replace").decode())
    plain = "".join(char if char.isalnum() or char in " ._@+-'" else "_" for char in plain)
    return " ".join(plain.split()).strip(" .-+@'")[:60].strip(" .") or "student"


def _unique_names(names: Iterable[str]) -> Iterator[str]:
    taken = {name.casefold() for name in RESERVED_NAMES}
    for name in names:
        number, free = 1, name
        while free.casefold() in taken:
            number += 1
            free = f"{name}-{number}"
        taken.add(free.casefold())
        yield free
