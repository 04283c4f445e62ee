"""Who submitted what: one submission per student, from any of the forms in which classes submit.

A file is one student's; an archive is one student's or a class's; in a folder each file and each
subfolder is one student's; nbgrader's ``submitted/<student>/<assignment>/`` is recognized, and so are
the names that Canvas, Moodle and Gradescope write. Of several attempts the last one counts; a
group's submission is listed once for each member.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path, PurePosixPath

from autograder.course import Assignment
from autograder.errors import StaffError, StudentError
from autograder.files import RESERVED_NAMES
from autograder.notebook import parse_cells
from autograder.submission import archives
from autograder.submission.archives import FileEntry
from autograder.submission.platform_names import (
    GRADESCOPE_METADATA,
    NBGRADER_TIMESTAMP,
    Submitter,
    gradescope_submitters,
    last_attempts,
    nbgrader_timestamp,
    parse_name,
)
from autograder.submission.read import SUBMIT_NOTEBOOK_HINT, read, unreadable_reason

_CHECKS_MODULE = "checks"
"""The vocabulary of the checks: a folder next to every released notebook, in older releases a file."""

_ZIP_NAME_FILE = "__zip_filename__"
"""A file that ``grader.export()`` puts into its zip."""

_MAX_FILES = 20
"""Files of one student that are opened."""

_IGNORED_FOLDERS = ("__MACOSX", "__pycache__")
_UNGRADABLE_SUFFIXES = (
    ".7z", ".doc", ".docx", ".gz", ".htm", ".html", ".json", ".md", ".odt", ".pages", ".pdf", ".png",
    ".jpg", ".rar", ".rtf", ".tar", ".tgz", ".txt",
)  # fmt: skip

_StudentFiles = tuple[Submitter, list[FileEntry]]


class _FileKind(IntEnum):
    """What a file is by its path, which is only a claim, best first."""

    NOTEBOOK = 0
    SCRIPT = 1
    ARCHIVE = 2
    UNGRADABLE = 3
    """Submitted by mistake: its student gets a result that says so."""

    DATA = 4
    """Not meant as a submission."""

    RELEASE = 5
    """In every release, or written by a tool: not a student's work."""


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
        last_entries, notes = last_attempts(entries)
        submission = _select_submission(submitter, last_entries, assignment)
        late_mark = any(parse_name(part).late for part in submission.entry.parts)
        submitter, repairs = replace(submitter, late_mark=late_mark), (*notes, *submission.repairs)
        submissions.append(replace(submission, submitter=submitter, repairs=repairs))
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
    return _select_submission(Submitter(student), archives.list_folder(folder) or [nothing], assignment)


def _files_in_path(path: Path, assignment: Assignment) -> list[_StudentFiles]:
    """Return the files of each student below one path."""
    if not path.exists():
        raise StaffError(f"{path}: does not exist; name a notebook, an archive or a folder of them")
    location, absolute = path.resolve(), path.absolute()
    # The assignment's name is nobody's: what is called like it gets the name of the folder around it.
    names = [absolute.name if absolute.is_dir() else absolute.stem]
    names += [parent.name for parent in absolute.parents if parent.name]
    container = next((name for name in names if name != assignment.name), assignment.name)
    entry = FileEntry((location.name,), location)
    if location.is_dir():
        students = _nbgrader_files(location, assignment)
        return students or _group_by_student(archives.list_folder(location), container, assignment)
    if location.suffix.lower() == ".zip":
        try:
            members = [replace(member, parts=member.parts[1:]) for member in archives.list_archive(entry)]
            return _group_by_student(members, container, assignment, is_archive=True)
        except StudentError as error:
            return [(_named_by_folder(container), [replace(entry, problem=str(error))])]
    return [(parse_name(location.name).submitter or _named_by_folder(container), [entry])]


def _named_by_folder(name: str) -> Submitter:
    """Return the submitter of a file or a folder whose name no platform wrote."""
    return Submitter(name, ids={"student": name})


def _nbgrader_files(folder: Path, assignment: Assignment) -> list[_StudentFiles]:
    """Return nbgrader's students; a course's other assignments are skipped."""
    submitted = folder / "submitted"
    students = []
    for student in sorted((submitted if submitted.is_dir() else folder).iterdir()):
        # A link could lead to another student's files or to the source.
        location = student / assignment.name
        if location.is_dir() and not student.is_symlink() and not location.is_symlink():
            entries, submitter = [], _named_by_folder(student.name)
            for entry in archives.list_folder(location):
                # nbgrader writes it next to the notebook; one further down was packed by the student.
                if entry.parts == (NBGRADER_TIMESTAMP,):
                    submitter = replace(submitter, submitted_at=nbgrader_timestamp(entry))
                entries.append(replace(entry, parts=(student.name, assignment.name, *entry.parts)))
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
        return [(_named_by_folder(container), list(entries))]
    submitters: dict[str, list[Submitter]] = {}
    files_by_name: dict[str, list[FileEntry]] = {}
    for parts, entry in zip(paths, inner, strict=True):
        # Only here does the platform write it; further down, a student may have packed one.
        if parts == (GRADESCOPE_METADATA,):
            submitters |= gradescope_submitters(entry)
        kind, name = _file_kind(parts, assignment), _top_name(parts)
        if kind <= _FileKind.UNGRADABLE or (kind is _FileKind.DATA and len(parts) > 1):
            if submitter := parse_name(parts[0]).submitter:
                name = submitter.student
                submitters.setdefault(name, [submitter])
            elif name == assignment.name:
                name = container
            files_by_name.setdefault(name, []).append(entry)
    students = []
    for name, files in files_by_name.items():
        for submitter in submitters.get(name, [_named_by_folder(name)]):
            students.append((submitter, files))
    return students


def _is_single_student(paths: Sequence[tuple[str, ...]], assignment: Assignment, *, is_archive: bool) -> bool:
    """Return True if everything in a folder or an archive is one student's."""
    names = {parts[0] for parts in paths}
    if _ZIP_NAME_FILE in names or any(_is_released_module(name, assignment) for name in names):
        return True
    if not is_archive or any(parse_name(name).submitter for name in names):
        return False
    gradable = [parts for parts in paths if _file_kind(parts, assignment) <= _FileKind.ARCHIVE]
    return len(gradable) <= 1 or assignment.name in map(_top_name, paths)


def _common_depth(entries: Sequence[FileEntry], assignment: Assignment) -> int:
    """Return how many folders an archive has around all submissions in it."""
    folders = []
    for entry in entries:
        if _file_kind(entry.parts, assignment) <= _FileKind.UNGRADABLE:
            folders.append(entry.parts[:-1])
    depth = 0
    for names in zip(*folders, strict=False):
        if len(set(names)) > 1 or parse_name(names[0]).submitter:
            break
        depth += 1
    return depth


def _top_name(parts: tuple[str, ...]) -> str:
    """Return the name of the topmost folder, or of the file without its ending."""
    return parts[0] if len(parts) > 1 else PurePosixPath(parts[0]).stem


def _is_released_module(name: str, assignment: Assignment) -> bool:
    """Return True if a file or a folder is called like a module that ships with every release."""
    return name.removesuffix(".py") in (assignment.kit, _CHECKS_MODULE)


def _file_kind(parts: tuple[str, ...], assignment: Assignment) -> _FileKind:
    """Return what a file is by its path."""
    for part in parts:
        if part.startswith(".") or part in _IGNORED_FOLDERS or part == assignment.kit:
            return _FileKind.RELEASE
    name = parts[-1].lower()
    is_released = "tests" in parts or any(_is_released_module(part, assignment) for part in parts)
    if name == _ZIP_NAME_FILE or (name.endswith(".py") and is_released):
        return _FileKind.RELEASE
    # Browsers and mail programs write "lab.ipynb.txt" and "lab.ipynb (1)".
    if ".ipynb" in name:
        return _FileKind.NOTEBOOK
    if name.endswith(".py"):
        return _FileKind.SCRIPT
    if name.endswith(".zip"):
        return _FileKind.ARCHIVE
    return _FileKind.UNGRADABLE if PurePosixPath(name).suffix in _UNGRADABLE_SUFFIXES else _FileKind.DATA


def _select_submission(
    submitter: Submitter, entries: Sequence[FileEntry], assignment: Assignment
) -> StudentSubmission:
    """Return the best of one student's files: notebooks before scripts, the assignment's name first.

    The student's name in it is not unique yet.
    """
    student = safe_name(submitter.student)
    files = _gradable_files(entries, assignment)
    if not files:
        problem = f"No notebook was submitted; {SUBMIT_NOTEBOOK_HINT}."
        return StudentSubmission(student, entries[0].display_path(200), entries[0], submitter, problem)
    ranks = {}
    for entry in files:
        kind = min(_file_kind(entry.parts, assignment), _FileKind.ARCHIVE)
        stem = PurePosixPath(parse_name(entry.name).file).stem
        is_close = stem.startswith(assignment.name) or assignment.name in entry.parts[:-1]
        ranks[entry] = (kind, stem != assignment.name, not is_close, len(entry.parts), entry.parts)
    # A student may submit thousands of files, and each that is looked into may take 200 MB.
    files = sorted(files, key=ranks.__getitem__)[:_MAX_FILES]
    file_problems = {entry: _file_problem(entry, assignment) for entry in files}
    readable = [entry for entry in files if not file_problems[entry]] or files[:1]
    # Files of the best kind compete by name; what they contain decides only between equal names.
    rivals = [entry for entry in readable if ranks[entry][0] == ranks[readable[0]][0]]
    best = [entry for entry in rivals if ranks[entry][:3] == ranks[rivals[0]][:3]]
    selected = _most_similar(best, assignment) if len(best) > 1 else best[0]
    repairs: tuple[str, ...] = ()
    if others := [entry.display_path() for entry in rivals if entry is not selected]:
        graded = f"{selected.display_path()} was graded, not {', '.join(others[:3])}"
        repairs = (f"{len(rivals)} files were submitted; {graded}.",)
    path, problem = selected.display_path(200), file_problems[selected]
    return StudentSubmission(student, path, selected, submitter, problem, repairs)


def _gradable_files(entries: Sequence[FileEntry], assignment: Assignment) -> list[FileEntry]:
    """Return what may be graded, also in archives; what cannot be opened is there with its problem."""
    files = []
    for entry in entries:
        kind = _file_kind(entry.parts, assignment)
        try:
            if not entry.problem and kind is _FileKind.ARCHIVE and entry.read(4).startswith(b"PK"):
                # list_archive limits the depth, so this recursion ends.
                files += _gradable_files(archives.list_archive(entry), assignment)
            elif entry.problem or kind <= _FileKind.UNGRADABLE:
                files.append(entry)
        except StudentError as error:
            files.append(replace(entry, problem=str(error)))
    return files


def _file_problem(entry: FileEntry, assignment: Assignment) -> str:
    """Return why a file cannot be graded; empty if it may be."""
    try:
        data = entry.read()
    except StudentError as error:
        return str(error)
    # The ending is a claim too: a notebook named .txt or .json is read all the same.
    is_named_otherwise = _file_kind(entry.parts, assignment) >= _FileKind.ARCHIVE
    if is_named_otherwise and not unreadable_reason(data) and not data.lstrip().startswith(b"{"):
        return f"This is not a notebook; {SUBMIT_NOTEBOOK_HINT}."
    return unreadable_reason(data)


def _most_similar(entries: Sequence[FileEntry], assignment: Assignment) -> FileEntry:
    """Return the file that is most likely of the assignment, by what the files say of themselves.

    Their claims only choose among files of one student, who may submit whichever they like.
    """
    source_ids = {cell.id for cell in parse_cells(assignment.notebook.read_bytes(), "")[0]}

    def likeness(entry: FileEntry) -> tuple[bool, int]:
        try:
            submitted = read(entry.read())
        except StudentError:
            return False, 0
        cell_count = sum(cell.id in source_ids for cell in submitted.cells)
        return submitted.assignment == assignment.name, cell_count

    return max(entries, key=likeness)


def safe_name(name: str) -> str:
    """Return a name that is one plain part of a path on every system."""
    # Folders are made of this name, and it is printed: separators, control characters, bidirectional
    # marks, leading dots and spreadsheet formulas (``=``, ``+``, ``-``, ``@``) must not get through.
    plain = unicodedata.normalize("NFC", name.encode("utf-8", errors="replace").decode())
    plain = "".join(char if char.isalnum() or char in " ._@+-'" else "_" for char in plain)
    return " ".join(plain.split()).strip(" .-+@'")[:60].strip(" .") or "student"
