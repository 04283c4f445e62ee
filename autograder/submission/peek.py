"""A look into one file while a class is taken in: what it is, of which assignment, how much is answered.

Nothing else looks into a file to find out who submitted what. ``peek`` is a pure function from bytes
to plain data, so that it can run where untrusted bytes are read.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import IO, Any

import yaml

from autograder.errors import StudentError
from autograder.lateness import parse_datetime
from autograder.notebook import CellType, Source
from autograder.submission.classify import SourceIndex, index_source, is_written, remove_whitespace
from autograder.submission.names import GRADESCOPE_METADATA, NBGRADER_TIMESTAMP, Submitter
from autograder.submission.read import SUBMIT_NOTEBOOK_HINT, SubmittedCell, get_list, get_value, read
from autograder.submission.statements import parse_code
from autograder.text import one_line

MAX_METADATA_BYTES = 64 * 2**20
_MAX_TITLE_CHARS = 80


@dataclass(frozen=True, slots=True)
class Peek:
    """What was seen in a file."""

    problem: str = ""
    """Why it is no submission of this assignment, as a sentence for the student; empty if it is one."""

    is_readable: bool = True
    answered: int = 0
    """Answers that differ from what students got; 0 in a blank copy."""

    answers_digest: str = ""
    """Equal for two files with the same answers."""

    timestamp: str = ""
    """What is in a file that nbgrader writes; empty for all others."""

    submitters: Mapping[str, tuple[Submitter, ...]] = field(default_factory=dict)
    """By folder, the people whom Gradescope's metadata names; empty in all other files."""


def peek(name: str, data: bytes, source: Source, assignment: str, title: str) -> Peek:
    """Return what is in a file; for any bytes at all, this raises nothing.

    Args:
        name: its name, which decides how it is read.
        data: its content, or the first megabytes of it.
        source: the questions of the assignment, as students got them.
        assignment: the name of the assignment that is graded.
        title: its title.
    """
    if name == GRADESCOPE_METADATA:
        return Peek(submitters=_gradescope_submitters(data))
    if name == NBGRADER_TIMESTAMP:
        # Who reads it knows time zones; the reader has no files.
        return Peek(timestamp=data[:100].decode("ascii", errors="replace").strip())
    is_script = PurePosixPath(name).suffix.lower() == ".py" or ".ipynb" in name.lower()
    try:
        submitted = read(data)
    except StudentError as error:
        return Peek(str(error), is_readable=False)
    # A text of prose would pass for a script.
    if not is_script and not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return Peek(f"This is not a notebook; {SUBMIT_NOTEBOOK_HINT}.", is_readable=False)
    if problem := foreign_problem(submitted.cells, submitted.assignment, source, assignment, title):
        return Peek(problem)
    answered, digest = _answers(submitted.cells, index_source(source))
    return Peek(answered=answered, answers_digest=digest)


def peek_file(file: IO[bytes], source: Source, *, name: str, assignment: str, title: str) -> Peek:
    """Return what is in a file; this is what the reader runs."""
    return peek(name, file.read(), source, assignment, title)


def foreign_problem(
    cells: Sequence[SubmittedCell], claim: str, source: Source, assignment: str, title: str
) -> str:
    """Return which assignment was expected and what a file seems to be; empty if it is of this one.

    It is of this one if its metadata says so, or if it has a name that an answer defines, a given
    cell, or a prompt. The checks of otter and nbgrader look alike in all assignments and say nothing.

    Args:
        claim: the assignment that the file says it belongs to; empty if it does not say.
    """
    if claim == assignment:
        return ""
    index = index_source(source)
    seems, names = claim, frozenset[str]()
    for answer in index.answers.values():
        names |= answer.stub.names
    for cell in cells:
        if cell.kind is CellType.CODE:
            code = parse_code(cell.text)
            # Cells that only import look alike in all assignments.
            lines = [line for line in cell.text.split("\n") if line.strip()]
            only_imports = all(line.startswith(("import ", "from ", "#")) for line in lines)
            is_given = code.digests in index.provided_by_digests and not only_imports
            if code.names & names or is_given:
                return ""
        elif cell.text.strip() and remove_whitespace(cell.text) in index.prose:
            return ""
        elif not seems and cell.text.lstrip().startswith("#"):
            seems = one_line(cell.text.lstrip("# \t\r\n").partition("\n")[0], _MAX_TITLE_CHARS)
    found = f"it seems to be {seems!r}" if seems else "it contains nothing of this assignment"
    return f"This file is not {title or assignment!r}: {found}; submit the right file."


def _answers(cells: Sequence[SubmittedCell], index: SourceIndex) -> tuple[int, str]:
    """Return how many answers are not as students got them, and a digest of these."""
    answered: dict[str, set[str]] = {}
    for cell in cells:
        code = parse_code(cell.text)
        for answer in index.answers_defining(code.names):
            if answer.answered_names(code):
                answered.setdefault(answer.cell.id, set()).update(code.digests or (cell.text,))
        # What people mark has no names; its cell is known by its id only.
        written = index.answers.get(cell.id) or index.answers.get(cell.grade_id)
        if written and not written.stub.names and is_written(cell.text):
            answered.setdefault(written.cell.id, set()).add(cell.text)
    texts = [f"{name}\0{digest}" for name, digests in answered.items() for digest in digests]
    digest = hashlib.sha256("\0".join(sorted(texts)).encode("utf-8", errors="replace"))
    return len(answered), digest.hexdigest()


def _gradescope_submitters(data: bytes) -> dict[str, tuple[Submitter, ...]]:
    """Return who submitted each folder of a Gradescope export; several for a group.

    Keys of the file are Ruby's symbols (``:submitters``). Whatever has another form is ignored.
    """
    # The safe loader builds plain data only: a tag in the file names no class. libyaml's is the same
    # loader in C, without which a class of a thousand takes minutes.
    try:
        table = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    submitters: dict[str, tuple[Submitter, ...]] = {}
    for folder, metadata in (table if isinstance(table, dict) else {}).items():
        created = get_value(metadata, ":created_at")
        if not (isinstance(created, datetime) and created.tzinfo):
            created = parse_datetime(_text(created))
        submitted_at = created.isoformat() if created else ""
        people = [person for person in get_list(metadata, ":submitters") if isinstance(person, dict)]
        names = tuple(_text(person.get(":name")) or _text(person.get(":email")) for person in people)
        members = names if len(names) > 1 else ()
        for person, name in zip(people, names, strict=True):
            ids = {"id": _text(person.get(":sid")), "email": _text(person.get(":email"))}
            student = f"{name or folder}_{ids['id'] or str(folder).split('_')[-1]}"
            ids = {key: value for key, value in ids.items() if value}
            submitter = Submitter(student, _text(person.get(":name")), ids, submitted_at, members=members)
            submitters[str(folder)] = (*submitters.get(str(folder), ()), submitter)
    return submitters


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, (str, int)) else ""
