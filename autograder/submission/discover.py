"""Who submitted what: one submission per student, from any of the forms in which classes submit.

A file is one student's; an archive is one student's or a class's; in a folder each file and each
subfolder is one student's; nbgrader's ``submitted/<student>/<assignment>/`` is recognized, and so are
the names that Canvas, Moodle and Gradescope write. Of several attempts the last one counts; a
group's submission is listed once for each member.
"""

import unicodedata
from collections.abc import Sequence
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
    CHECKS_FOLDER,
    ZIP_NAME_FILE,
    FileKind,
    file_kind,
    select_file,
)

_StudentFiles = tuple[Submitter, list[FileEntry]]


@dataclass(frozen=True, slots=True)
class StudentSubmission:
    """What one student submitted."""

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
        """Read the file, each time again, for a class may submit gigabytes; None if there is a problem.

        Raises:
            StaffError: it can no longer be read.
        """
        if self.problem:
            return None
        try:
            return self.entry.read()
        except StudentError as error:
            raise StaffError(f"{self.entry.file}: changed since it was found: {error}") from error


def find_submissions(paths: Sequence[Path], assignment: Assignment) -> list[StudentSubmission]:
    """Return one submission per student, in order of their names.

    Raises:
        StaffError: a path does not exist, or contains no submission.
    """
    by_student: dict[object, _StudentFiles] = {}
    for path in dict.fromkeys(paths):
        students = _files_in_path(path, assignment)
        if not students:
            hint = "name a notebook, an archive or a folder of them"
            raise StaffError(f"{path}: contains no submission; {hint}")
        for submitter, entries in students:
            # Names are not unique in a class; only a platform's number says that two are one person.
            numbers = [(key, submitter.ids[key]) for key in ("canvas", "moodle") if key in submitter.ids]
            student = numbers[0] if numbers else (path, len(by_student))
            _, earlier_entries = by_student.get(student, (submitter, []))
            by_student[student] = (submitter, [*earlier_entries, *entries])
    submissions = []
    for submitter, entries in by_student.values():
        last_entries, notes = platform_names.last_attempts(entries)
        submission = _submission(submitter, last_entries, assignment)
        submissions.append(replace(submission, repairs=(*notes, *submission.repairs)))
    submissions.sort(key=lambda submission: (submission.student.casefold(), submission.entry.parts))
    # Not every file system tells names apart that differ only in case.
    taken = {name.casefold() for name in RESERVED_NAMES}
    for position, submission in enumerate(submissions):
        number, name = 1, submission.student
        while name.casefold() in taken:
            number += 1
            name = f"{submission.student}-{number}"
        taken.add(name.casefold())
        submissions[position] = replace(submission, student=name)
    return submissions


def find_submission(folder: Path, student: str, assignment: Assignment) -> StudentSubmission:
    """Return the submission of the one student to whom everything in a folder belongs."""
    nothing = FileEntry(("nothing",), folder, problem=f"Nothing was submitted; {SUBMIT_NOTEBOOK_HINT}.")
    submission = _submission(Submitter(student), archives.list_folder(folder) or [nothing], assignment)
    return replace(submission, submitter=Submitter(student))


def _submission(
    submitter: Submitter, entries: Sequence[FileEntry], assignment: Assignment
) -> StudentSubmission:
    """Return the submission among a student's files; its name is not unique yet."""
    selected = select_file(entries, assignment)
    entry = selected.entry
    submitter = replace(submitter, late_mark=platform_names.is_late(entry))
    name, path = safe_name(submitter.student), entry.display_path(200)
    return StudentSubmission(name, path, entry, submitter, selected.problem, selected.repairs)


def _files_in_path(path: Path, assignment: Assignment) -> list[_StudentFiles]:
    """Return the files of each student below one path."""
    if not path.exists():
        raise StaffError(f"{path}: does not exist; name a notebook, an archive or a folder of them")
    location, absolute = path.resolve(), path.absolute()
    # The assignment's name is nobody's: what is called like it gets the name of the folder around it.
    names = [absolute.name if absolute.is_dir() else absolute.stem]
    names += [parent.name for parent in absolute.parents if parent.name]
    container = next((name for name in names if name != assignment.name), assignment.name)
    if location.is_dir():
        entries = archives.list_folder(location)
        return _nbgrader_files(location, assignment) or _group_by_student(entries, container, assignment)
    entry = FileEntry((location.name,), location)
    if location.suffix.lower() == ".zip":
        try:
            members = [replace(member, parts=member.parts[1:]) for member in archives.list_archive(entry)]
        except StudentError as error:
            entry = replace(entry, problem=str(error))
        else:
            return _group_by_student(members, container, assignment, is_archive=True)
    elif student := platform_names.student_from_platform_name(location.name):
        return [(platform_names.identify_submitter(student, [entry], 0), [entry])]
    return [(Submitter(container, ids={"student": container}), [entry])]


def _nbgrader_files(folder: Path, assignment: Assignment) -> list[_StudentFiles]:
    """Return nbgrader's students; a course's other assignments are skipped."""
    submitted = folder / "submitted"
    students = []
    for student in sorted((submitted if submitted.is_dir() else folder).iterdir()):
        # A link could lead to another student's files or to the source.
        location = student / assignment.name
        if location.is_dir() and not student.is_symlink() and not location.is_symlink():
            entries = []
            for entry in archives.list_folder(location):
                entries.append(replace(entry, parts=(student.name, assignment.name, *entry.parts)))
            stamp = platform_names.nbgrader_timestamp(entries)
            submitter = Submitter(student.name, ids={"student": student.name}, submitted_at=stamp)
            students.append((submitter, entries))
    return students


def _group_by_student(
    entries: Sequence[FileEntry], container: str, assignment: Assignment, *, is_archive: bool = False
) -> list[_StudentFiles]:
    """Return the files of each student in a folder or an archive.

    Args:
        entries: all files in it.
        container: the name of the folder or archive; the student's if everything is one student's.
        assignment: the assignment that is graded.
        is_archive: whether it is an archive, which may have folders around everything in it.
    """
    depth = _common_depth(entries, assignment) if is_archive else 0
    # A file above the common folders, such as a table of the platform's, is nobody's.
    inner = [entry for entry in entries if len(entry.parts) > depth]
    paths = [entry.parts[depth:] for entry in inner]
    if _is_single_student(paths, assignment, is_archive=is_archive):
        return [(platform_names.identify_submitter(container, [], 0), list(entries))]
    submitters: dict[str, list[Submitter]] = {}
    files_by_name: dict[str, list[FileEntry]] = {}
    for parts, entry in zip(paths, inner, strict=True):
        # Only here does the platform write it; further down, a student may have packed one.
        if parts == (platform_names.METADATA,):
            submitters |= platform_names.gradescope_submitters(entry)
        kind, name = file_kind(parts, assignment), _top_name(parts)
        if kind <= FileKind.UNGRADABLE or (kind is FileKind.DATA and len(parts) > 1):
            if name == assignment.name:
                name = container
            else:
                name = platform_names.student_from_platform_name(parts[0]) or name
            files_by_name.setdefault(name, []).append(entry)
    students = []
    for name, files in files_by_name.items():
        owner = platform_names.identify_submitter(name, files, depth)
        students += [(submitter, files) for submitter in submitters.get(name) or [owner]]
    return students


def _is_single_student(paths: Sequence[tuple[str, ...]], assignment: Assignment, *, is_archive: bool) -> bool:
    """Return True if everything in a folder or an archive is one student's."""
    folders: set[str] = set()
    files: set[str] = set()
    for parts in paths:
        names = folders if len(parts) > 1 else files
        names.add(parts[0])
    if folders & {assignment.kit, CHECKS_FOLDER} or ZIP_NAME_FILE in files:
        return True
    if not is_archive or any(map(platform_names.student_from_platform_name, folders | files)):
        return False
    gradable = [parts for parts in paths if file_kind(parts, assignment) <= FileKind.ARCHIVE]
    return len(gradable) <= 1 or assignment.name in map(_top_name, paths)


def _common_depth(entries: Sequence[FileEntry], assignment: Assignment) -> int:
    """Return how many folders an archive has around all submissions in it."""
    folders = []
    for entry in entries:
        if file_kind(entry.parts, assignment) <= FileKind.UNGRADABLE:
            folders.append(entry.parts[:-1])
    depth = 0
    for names in zip(*folders, strict=False):
        if len(set(names)) > 1 or platform_names.student_from_platform_name(names[0]):
            break
        depth += 1
    return depth


def _top_name(parts: tuple[str, ...]) -> str:
    """Return the name of the topmost folder, or of the file without its ending."""
    return parts[0] if len(parts) > 1 else PurePosixPath(parts[0]).stem


def safe_name(name: str) -> str:
    """Return a name that is one plain part of a path on every system."""
    # Folders are made of this name, and it is printed: separators, control characters, bidirectional
    # marks, leading dots and spreadsheet formulas (``=``, ``+``, ``-``, ``@``) must not get through.
    plain = unicodedata.normalize("NFC", name.encode("utf-8", errors="replace").decode())
    plain = "".join(char if char.isalnum() or char in " ._@+-'" else "_" for char in plain)
    return " ".join(plain.split()).strip(" .-+@'")[:60].strip(" .") or "student"
