"""Which of a student's files is the submission."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import PurePosixPath

from autograder.course import Assignment
from autograder.errors import StudentError
from autograder.notebook import parse_cells
from autograder.submission import archives
from autograder.submission.archives import FileEntry
from autograder.submission.platform_names import original_name
from autograder.submission.read import SUBMIT_NOTEBOOK_HINT, read, unreadable_reason

CHECKS_FOLDER = "checks"
"""The vocabulary of the checks, next to every released notebook."""

ZIP_NAME_FILE = "__zip_filename__"
"""A file that ``grader.export()`` puts into its zip."""

_MAX_FILES = 20
"""Files of one student that are opened."""

_IGNORED_FOLDERS = ("__MACOSX", "__pycache__")
_UNGRADABLE_SUFFIXES = (
    ".7z", ".doc", ".docx", ".gz", ".htm", ".html", ".json", ".md", ".odt", ".pages", ".pdf", ".png",
    ".jpg", ".rar", ".rtf", ".tar", ".tgz", ".txt",
)  # fmt: skip


class FileKind(IntEnum):
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
class SelectedFile:
    """The file that is graded."""

    entry: FileEntry
    problem: str
    """Why it cannot be graded, as a sentence for the student; empty if it can."""

    repairs: tuple[str, ...]


def file_kind(parts: tuple[str, ...], assignment: Assignment) -> FileKind:
    """Return what a file is by its path."""
    for part in parts:
        if part.startswith(".") or part in _IGNORED_FOLDERS or part == assignment.kit:
            return FileKind.RELEASE
    name = parts[-1].lower()
    is_check = name.endswith(".py") and ("tests" in parts or CHECKS_FOLDER in parts)
    if is_check or name == ZIP_NAME_FILE:
        return FileKind.RELEASE
    # Browsers and mail programs write "lab.ipynb.txt" and "lab.ipynb (1)".
    if ".ipynb" in name:
        return FileKind.NOTEBOOK
    if name.endswith(".py"):
        return FileKind.SCRIPT
    if name.endswith(".zip"):
        return FileKind.ARCHIVE
    return FileKind.UNGRADABLE if PurePosixPath(name).suffix in _UNGRADABLE_SUFFIXES else FileKind.DATA


def select_file(entries: Sequence[FileEntry], assignment: Assignment) -> SelectedFile:
    """Return the best of one student's files: notebooks before scripts, the assignment's name first."""
    files, problems = _expand_archives(entries, assignment)
    if not files:
        problem = problems[0] if problems else f"No notebook was submitted; {SUBMIT_NOTEBOOK_HINT}."
        return SelectedFile(entries[0], problem, ())
    ranks = {}
    for entry in files:
        kind = min(file_kind(entry.parts, assignment), FileKind.ARCHIVE)
        stem = PurePosixPath(original_name(entry.name)).stem
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
    others = [entry.display_path() for entry in rivals if entry is not selected]
    repairs = []
    if others:
        graded = f"{selected.display_path()} was graded, not {', '.join(others[:3])}"
        repairs.append(f"{len(rivals)} files were submitted; {graded}.")
    return SelectedFile(selected, file_problems[selected], tuple(repairs))


def _expand_archives(
    entries: Sequence[FileEntry], assignment: Assignment
) -> tuple[list[FileEntry], list[str]]:
    """Return files that may be graded, also those in archives, and what is wrong with archives."""
    files, problems = [], []
    for entry in entries:
        kind = file_kind(entry.parts, assignment)
        if kind > FileKind.UNGRADABLE:
            problems += [entry.problem] if entry.problem else []
            continue
        try:
            if entry.problem or kind is not FileKind.ARCHIVE or not entry.read(4).startswith(b"PK"):
                files.append(entry)
                continue
            members = archives.list_archive(entry)
        except StudentError as error:
            problems.append(str(error))
            continue
        # list_archive limits the depth, so this recursion ends.
        inner_files, inner_problems = _expand_archives(members, assignment)
        files += inner_files
        problems += inner_problems
    return files, problems


def _file_problem(entry: FileEntry, assignment: Assignment) -> str:
    """Return why a file cannot be graded; empty if it may be."""
    try:
        data = entry.read()
    except StudentError as error:
        return str(error)
    reason = unreadable_reason(data)
    # The ending is a claim too: a notebook named .txt or .json is read all the same.
    is_named_otherwise = file_kind(entry.parts, assignment) >= FileKind.ARCHIVE
    if not reason and is_named_otherwise and not data.lstrip().startswith(b"{"):
        return f"This is not a notebook; {SUBMIT_NOTEBOOK_HINT}."
    return reason


def _most_similar(entries: Sequence[FileEntry], assignment: Assignment) -> FileEntry:
    """Return the file that is most likely of the assignment, by what the files say of themselves.

    Their claims only choose among files of one student, who may submit whichever they like.
    """
    try:
        source_ids = {cell.id for cell in parse_cells(assignment.notebook.read_bytes(), "")[0]}
    except OSError:
        return entries[0]
    best, best_score = entries[0], (False, 0)
    for entry in entries:
        try:
            submitted = read(entry.read())
        except StudentError:
            continue
        overlap = sum(cell.id in source_ids for cell in submitted.cells)
        score = (submitted.assignment == assignment.name, overlap)
        if score > best_score:
            best, best_score = entry, score
    return best
