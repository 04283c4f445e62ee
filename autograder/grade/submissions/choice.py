"""Which of a student's files is the submission."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from autograder.course import Assignment
from autograder.errors import StudentError
from autograder.grade.submissions import listing
from autograder.grade.submissions.listing import Entry
from autograder.grade.submissions.naming import own_name
from autograder.grade.submissions.read import HAND_IN, take_apart, unreadable
from autograder.grade.text import one_line
from autograder.source import read as read_source

_MOST = 20
"""Files of one student that are looked into."""

_HEAD = 64
_OTHERS = (
    ".7z", ".doc", ".docx", ".gz", ".htm", ".html", ".json", ".md", ".odt", ".pages", ".pdf", ".png",
    ".jpg", ".rar", ".rtf", ".tar", ".tgz", ".txt",
)  # fmt: skip
"""Endings of what students hand in by mistake."""

_HIDDEN = ("__MACOSX", "__pycache__")
_OURS = ("checks.py", "__zip_filename__")


@dataclass(frozen=True, slots=True)
class Choice:
    """The file that is graded."""

    entry: Entry
    problem: str
    """Why it cannot be, as a sentence for the student."""

    repairs: tuple[str, ...]


def is_ours(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return whether a path is one that every release has, and so no student's work."""
    return (
        any(part.startswith(".") or part in _HIDDEN or part == assignment.kit for part in parts)
        or parts[-1] in _OURS
        or ("tests" in parts and parts[-1].endswith(".py"))
    )


def is_released(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return whether a path is what stands beside a released notebook, and so one student's folder."""
    return parts[0] == assignment.kit if len(parts) > 1 else parts[0] in _OURS


def is_gradable(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return whether a path is that of a notebook, a script or an archive."""
    return is_submission(parts, assignment) and (_kind(parts[-1]) != 2 or parts[-1].lower().endswith(".zip"))


def is_submission(parts: tuple[str, ...], assignment: Assignment) -> bool:
    """Return whether a path may be what a student hands in, readable or not."""
    return not is_ours(parts, assignment) and _kind(parts[-1]) is not None


def choose(entries: Sequence[Entry], assignment: Assignment) -> Choice:
    """Return the best of one student's files: notebooks before scripts, the assignment's name first."""
    packed, problems = _without_archives(entries, assignment)
    found = sorted(packed, key=lambda entry: _rank(entry, assignment))[:_MOST]
    if not found:
        problem = problems[0] if problems else f"No notebook was handed in; {HAND_IN}."
        return Choice(entries[0], problem, ())
    checked = {entry: _problem(entry) for entry in found}
    good = [entry for entry in found if not checked[entry]] or found[:1]
    kind = _kind(good[0].name)
    rivals = [entry for entry in good if _kind(entry.name) == kind]
    rank = _rank(rivals[0], assignment)[:2]
    best = [entry for entry in rivals if _rank(entry, assignment)[:2] == rank]
    chosen = max(best, key=lambda entry: _likeness(entry, assignment)) if len(best) > 1 else best[0]
    return Choice(chosen, checked[chosen], tuple(_mention(chosen, rivals)))


def _mention(chosen: Entry, rivals: Sequence[Entry]) -> Iterator[str]:
    others = [one_line("/".join(entry.parts), 80) for entry in rivals if entry is not chosen]
    if others:
        name = one_line("/".join(chosen.parts), 80)
        yield f"{len(rivals)} files were handed in; {name} was graded, not {', '.join(others[:3])}."


def _without_archives(entries: Sequence[Entry], assignment: Assignment) -> tuple[list[Entry], list[str]]:
    """Return files that may be graded, those in archives too, and what is wrong with archives."""
    files, problems = [], []
    for entry in entries:
        if not is_submission(entry.parts, assignment):
            problems += [entry.problem] if entry.problem else []
        elif entry.name.lower().endswith(".zip") and not entry.problem and _is_archive(entry):
            try:
                inner, more = _without_archives(listing.in_archive(entry), assignment)
            except StudentError as error:
                inner, more = [], [str(error)]
            files += inner
            problems += more
        else:
            files.append(entry)
    return files, problems


def _is_archive(entry: Entry) -> bool:
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
    return 2 if name.endswith(".zip") or PurePosixPath(name).suffix in _OTHERS else None


def _rank(entry: Entry, assignment: Assignment) -> tuple[int, int, int, tuple[str, ...]]:
    stem = PurePosixPath(own_name(entry.name)).stem
    if stem == assignment.name:
        named = 0
    elif stem.startswith(assignment.name) or assignment.name in entry.parts[:-1]:
        named = 1
    else:
        named = 2
    return _kind(entry.name) or 0, named, len(entry.parts), entry.parts


def _problem(entry: Entry) -> str:
    try:
        data = entry.read()
    except StudentError as error:
        return str(error)
    if problem := unreadable(data[:_HEAD], len(data)):
        return problem
    if _kind(entry.name) == 2 and not data.lstrip().startswith(b"{"):
        return f"The file is no notebook; {HAND_IN}."
    return ""


def _likeness(entry: Entry, assignment: Assignment) -> tuple[bool, int]:
    """Return how much a notebook seems to be of the assignment, by what it says of itself."""
    try:
        submitted = take_apart(entry.read())
        known = {cell.id for cell in read_source(assignment.notebook.read_bytes(), "")[0]}
    except (StudentError, OSError):
        return False, 0
    return submitted.assignment == assignment.name, sum(cell.id in known for cell in submitted.cells)
