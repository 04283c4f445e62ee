"""Which of a student's files is the submission."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from autograder.course import Assignment
from autograder.errors import StudentError
from autograder.notebook import parse_cells
from autograder.submission import archives
from autograder.submission.archives import FileEntry
from autograder.submission.platform_names import original_name
from autograder.submission.read import SUBMIT_NOTEBOOK_HINT, read_submission, unreadable_reason
from autograder.text import one_line

_MAX_FILES = 20
"""Files of one student that are looked into."""

_HEAD_BYTES = 64
_UNGRADABLE_SUFFIXES = (
    ".7z", ".doc", ".docx", ".gz", ".htm", ".html", ".json", ".md", ".odt", ".pages", ".pdf", ".png",
    ".jpg", ".rar", ".rtf", ".tar", ".tgz", ".txt",
)  # fmt: skip
"""Endings of what students hand in by mistake."""

_IGNORED_FOLDERS = ("__MACOSX", "__pycache__")
_RELEASE_FILES = ("checks.py", "__zip_filename__")


@dataclass(frozen=True, slots=True)
class SelectedFile:
    """The file that is graded."""

    entry: FileEntry
    problem: str
    """Why it cannot be, as a sentence for the student."""

    repairs: tuple[str, ...]


def is_release_file(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return whether a path is one that every release has, and so no student's work."""
    return (
        any(part.startswith(".") or part in _IGNORED_FOLDERS or part == assignment.kit for part in parts)
        or parts[-1] in _RELEASE_FILES
        or ("tests" in parts and parts[-1].endswith(".py"))
    )


def is_release_layout(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return whether a path is what stands beside a released notebook, and so one student's folder."""
    return parts[0] == assignment.kit if len(parts) > 1 else parts[0] in _RELEASE_FILES


def is_gradable(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return whether a path is that of a notebook, a script or an archive."""
    return is_submission(parts, assignment) and (_kind(parts[-1]) != 2 or parts[-1].lower().endswith(".zip"))


def is_submission(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return whether a path may be what a student hands in, readable or not."""
    return not is_release_file(parts, assignment) and _kind(parts[-1]) is not None


def select_file(entries: Sequence[FileEntry], assignment: Assignment) -> SelectedFile:
    """Return the best of one student's files: notebooks before scripts, the assignment's name first."""
    packed, problems = _expand_archives(entries, assignment)
    found = sorted(packed, key=lambda entry: _rank(entry, assignment))[:_MAX_FILES]
    if not found:
        problem = problems[0] if problems else f"No notebook was handed in; {SUBMIT_NOTEBOOK_HINT}."
        return SelectedFile(entries[0], problem, ())
    checked = {entry: _problem(entry) for entry in found}
    good = [entry for entry in found if not checked[entry]] or found[:1]
    kind = _kind(good[0].name)
    rivals = [entry for entry in good if _kind(entry.name) == kind]
    rank = _rank(rivals[0], assignment)[:2]
    best = [entry for entry in rivals if _rank(entry, assignment)[:2] == rank]
    chosen = max(best, key=lambda entry: _id_overlap(entry, assignment)) if len(best) > 1 else best[0]
    return SelectedFile(chosen, checked[chosen], tuple(_report_other_files(chosen, rivals)))


def _report_other_files(selected: FileEntry, rivals: Sequence[FileEntry]) -> Iterator[str]:
    others = [one_line("/".join(entry.parts), 80) for entry in rivals if entry is not selected]
    if others:
        name = one_line("/".join(selected.parts), 80)
        yield f"{len(rivals)} files were handed in; {name} was graded, not {', '.join(others[:3])}."


def _expand_archives(
    entries: Sequence[FileEntry], assignment: Assignment
) -> tuple[list[FileEntry], list[str]]:
    """Return files that may be graded, those in archives too, and what is wrong with archives."""
    files, problems = [], []
    for entry in entries:
        if not is_submission(entry.parts, assignment):
            problems += [entry.problem] if entry.problem else []
        elif entry.name.lower().endswith(".zip") and not entry.problem and _is_archive(entry):
            try:
                inner, more = _expand_archives(archives.list_archive(entry), assignment)
            except StudentError as error:
                inner, more = [], [str(error)]
            files += inner
            problems += more
        else:
            files.append(entry)
    return files, problems


def _is_archive(entry: FileEntry) -> bool:
    try:
        return entry.read(4).startswith(b"PK")
    except StudentError:
        return True


def _kind(name: str) -> int | None:
    """Return 0 for a notebook, 1 for a script, 2 for what cannot be graded, None for the rest."""
    name = name.lower()
    if ".ipynb" in name:
        return 0
    if name.endswith(".py"):
        return 1
    return 2 if name.endswith(".zip") or PurePosixPath(name).suffix in _UNGRADABLE_SUFFIXES else None


def _rank(entry: FileEntry, assignment: Assignment) -> tuple[int, int, int, tuple[str, ...]]:
    stem = PurePosixPath(original_name(entry.name)).stem
    if stem == assignment.name:
        named = 0
    elif stem.startswith(assignment.name) or assignment.name in entry.parts[:-1]:
        named = 1
    else:
        named = 2
    return _kind(entry.name) or 0, named, len(entry.parts), entry.parts


def _problem(entry: FileEntry) -> str:
    try:
        data = entry.read()
    except StudentError as error:
        return str(error)
    if problem := unreadable_reason(data[:_HEAD_BYTES], len(data)):
        return problem
    if _kind(entry.name) == 2 and not data.lstrip().startswith(b"{"):
        return f"The file is no notebook; {SUBMIT_NOTEBOOK_HINT}."
    return ""


def _id_overlap(entry: FileEntry, assignment: Assignment) -> tuple[bool, int]:
    """Return how much a notebook seems to be of the assignment, by what it says of itself."""
    try:
        submitted = read_submission(entry.read())
        known = {cell.id for cell in parse_cells(assignment.notebook.read_bytes(), "")[0]}
    except (StudentError, OSError):
        return False, 0
    return submitted.assignment == assignment.name, sum(cell.id in known for cell in submitted.cells)
