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

_MAX_FILES = 20
"""Files of one student that are opened."""

_UNGRADABLE_SUFFIXES = (
    ".7z", ".doc", ".docx", ".gz", ".htm", ".html", ".json", ".md", ".odt", ".pages", ".pdf", ".png",
    ".jpg", ".rar", ".rtf", ".tar", ".tgz", ".txt", ".zip",
)  # fmt: skip
"""Endings of what students submit by mistake, and of archives that could not be opened."""

_IGNORED_FOLDERS = ("__MACOSX", "__pycache__")
_ZIP_NAME_FILE = "__zip_filename__"
"""A file that ``grader.export()`` puts into its zip."""


class _FileKind(IntEnum):
    """What a file is by its name, best first."""

    NOTEBOOK = 0
    SCRIPT = 1
    OTHER = 2


@dataclass(frozen=True, slots=True)
class SelectedFile:
    """The file that is graded."""

    entry: FileEntry
    problem: str
    """Why it cannot be graded, as a sentence for the student; empty if it can."""

    repairs: tuple[str, ...]


def is_release_file(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return True if a path is one that every release has, and so not a student's work."""
    for part in parts:
        if part.startswith(".") or part in _IGNORED_FOLDERS or part == assignment.kit:
            return True
    if parts[-1].endswith(".py") and ("tests" in parts or "checks" in parts):
        return True
    return parts[-1] == _ZIP_NAME_FILE


def is_release_layout(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return True if a path is next to a notebook in every release: the folder is one student's."""
    if len(parts) == 1:
        return parts[0] == _ZIP_NAME_FILE
    return parts[0] in (assignment.kit, "checks")


def is_gradable(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return True if a path is that of a notebook, a script or an archive."""
    is_other = _file_kind(parts[-1]) is _FileKind.OTHER
    return is_submission(parts, assignment) and (not is_other or parts[-1].lower().endswith(".zip"))


def is_submission(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return True if a path may be what a student submits, readable or not."""
    return not is_release_file(parts, assignment) and _file_kind(parts[-1]) is not None


def select_file(entries: Sequence[FileEntry], assignment: Assignment) -> SelectedFile:
    """Return the best of one student's files: notebooks before scripts, the assignment's name first."""
    files, problems = _expand_archives(entries, assignment)
    files = sorted(files, key=lambda entry: _rank(entry, assignment))[:_MAX_FILES]
    if not files:
        problem = problems[0] if problems else f"No notebook was submitted; {SUBMIT_NOTEBOOK_HINT}."
        return SelectedFile(entries[0], problem, ())
    file_problems = {entry: _file_problem(entry) for entry in files}
    readable = [entry for entry in files if not file_problems[entry]] or files[:1]
    # Files of the best kind compete by name; what they contain decides only between equal names.
    rivals = [entry for entry in readable if _file_kind(entry.name) is _file_kind(readable[0].name)]
    best_rank = _rank(rivals[0], assignment)[:2]
    best = [entry for entry in rivals if _rank(entry, assignment)[:2] == best_rank]
    selected = _most_similar(best, assignment) if len(best) > 1 else best[0]
    repairs: tuple[str, ...] = ()
    if len(rivals) > 1:
        others = [entry.display_path() for entry in rivals if entry is not selected][:3]
        graded = f"{selected.display_path()} was graded, not {', '.join(others)}"
        repairs = (f"{len(rivals)} files were submitted; {graded}.",)
    return SelectedFile(selected, file_problems[selected], repairs)


def _expand_archives(
    entries: Sequence[FileEntry], assignment: Assignment
) -> tuple[list[FileEntry], list[str]]:
    """Return files that may be graded, also those in archives, and what is wrong with archives."""
    files, problems = [], []
    for entry in entries:
        if not is_submission(entry.parts, assignment):
            if entry.problem:
                problems.append(entry.problem)
        elif _is_archive(entry):
            try:
                members = archives.list_archive(entry)
            except StudentError as error:
                problems.append(str(error))
                continue
            # The depth is limited by list_archive, so this recursion ends.
            inner_files, inner_problems = _expand_archives(members, assignment)
            files += inner_files
            problems += inner_problems
        else:
            files.append(entry)
    return files, problems


def _is_archive(entry: FileEntry) -> bool:
    """Return True if a file is to be opened as an archive, be it only to say why it cannot be."""
    if entry.problem or not entry.name.lower().endswith(".zip"):
        return False
    try:
        return entry.read(4).startswith(b"PK")
    except StudentError:
        return True


def _file_kind(name: str) -> _FileKind | None:
    """Return what a file is by its name; None for what nobody means as a submission."""
    name = name.lower()
    # Browsers and mail programs write "lab.ipynb.txt" and "lab.ipynb (1)".
    if ".ipynb" in name:
        return _FileKind.NOTEBOOK
    if name.endswith(".py"):
        return _FileKind.SCRIPT
    return _FileKind.OTHER if PurePosixPath(name).suffix in _UNGRADABLE_SUFFIXES else None


def _rank(entry: FileEntry, assignment: Assignment) -> tuple[int, int, int, tuple[str, ...]]:
    """Return a sort key, best first: kind, closeness of the name, depth, path."""
    stem = PurePosixPath(original_name(entry.name)).stem
    if stem == assignment.name:
        name_rank = 0
    elif stem.startswith(assignment.name) or assignment.name in entry.parts[:-1]:
        name_rank = 1
    else:
        name_rank = 2
    return _file_kind(entry.name) or 0, name_rank, len(entry.parts), entry.parts


def _file_problem(entry: FileEntry) -> str:
    """Return why a file cannot be graded; empty if it may be."""
    try:
        data = entry.read()
    except StudentError as error:
        return str(error)
    if reason := unreadable_reason(data):
        return reason
    # The ending is a claim too: a notebook named .txt or .json is read all the same.
    if _file_kind(entry.name) is _FileKind.OTHER and not data.lstrip().startswith(b"{"):
        return f"This is not a notebook; {SUBMIT_NOTEBOOK_HINT}."
    return ""


def _most_similar(entries: Sequence[FileEntry], assignment: Assignment) -> FileEntry:
    """Return the file that is most likely of the assignment, by what the files say of themselves.

    Their claims only choose among files of one student, who may submit whichever they like.
    """
    try:
        source_cells, _ = parse_cells(assignment.notebook.read_bytes(), "")
    except OSError:
        return entries[0]
    source_ids = {cell.id for cell in source_cells}
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
