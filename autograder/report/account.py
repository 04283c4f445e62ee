"""The account of a run: every file that arrived, with one label, and what staff should know of them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from autograder.course import Assignment
from autograder.engine.results import Provenance, Result
from autograder.errors import StaffError
from autograder.files import replace_file
from autograder.report.marks import Mark, final_marks
from autograder.report.roster import Roster
from autograder.submission.arrivals import Label
from autograder.submission.discover import Intake, LabeledFile, StudentSubmission
from autograder.text import one_line

NAME = "files.json"

_MAX_NAMED = 5
"""Files that a sentence names; more are only counted."""


@dataclass(frozen=True, slots=True)
class Account:
    """What became of every file."""

    files: tuple[LabeledFile, ...]
    remarks: tuple[str, ...] = ()
    """What staff should look at, one sentence each."""

    students: tuple[str, ...] = ()
    """Everybody who submitted, as the run calls them; unknown for runs of earlier versions."""

    def counts(self) -> str:
        """Return how many files have each label, e.g. ``3 files: 2 graded, 1 ignored``."""
        counts = Counter(file.label for file in self.files)
        listed = [_counted(counts[label], label) for label in Label if counts[label]]
        plural = "s" if len(self.files) != 1 else ""
        return f"{len(self.files)} file{plural}: {', '.join(listed)}."

    def sentences(self) -> Iterator[str]:
        """Yield one sentence for all files with the same label and reason, and the remarks."""
        yield self.counts()
        groups: dict[tuple[Label, str], list[str]] = defaultdict(list)
        for file in self.files:
            if file.label not in (Label.GRADED, Label.CONTAINER):
                groups[file.label, file.reason].append(file.path)
        for (label, reason), paths in sorted(groups.items()):
            because = f" ({reason.rstrip('.')})" if reason else ""
            named = f": {', '.join(paths)}" if len(paths) <= _MAX_NAMED else ""
            yield f"{_counted(len(paths), label)}{because}{named}."
        yield from self.remarks


def _counted(count: int, label: Label) -> str:
    plural = ""
    if count != 1 and label in (Label.EARLIER, Label.CONTAINER):
        plural = "s"
    return f"{count} {label.value}{plural}"


def account_of(intake: Intake) -> Account:
    """Return the account of what was taken in."""
    remarks = list(intake.remarks)
    for submission in intake.submissions:
        remarks += [f"{submission.student}: {flag}" for flag in submission.flags]
    students = tuple(submission.student for submission in intake.submissions)
    return Account(intake.files, tuple(remarks), students)


def load(out: Path) -> Account | None:
    """Return the account of a run; None if it has none, as runs of earlier versions.

    Raises:
        StaffError: the file is damaged.
    """
    path = out / NAME
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Account)
    except msgspec.MsgspecError as error:
        raise StaffError(f"{path}: is damaged ({error}); delete it, or run `course grade` again") from error


def store(out: Path, account: Account) -> Account:
    """Write the account of a run, and return it.

    Raises:
        StaffError: the folder cannot be written.
    """
    replace_file(out / NAME, msgspec.json.encode(account))
    return account


def without(account: Account, deleted: Set[str], mentions: re.Pattern[str]) -> Account:
    """Return an account without the files of some people, and without what else mentions them.

    Args:
        account: of the whole run.
        deleted: the people, as the run calls them.
        mentions: finds them in a text.
    """
    files = []
    for file in account.files:
        is_theirs = file.student in deleted or (not file.student and mentions.search(file.path))
        if not is_theirs:
            files.append(file)
    remarks = tuple(remark for remark in account.remarks if not mentions.search(remark))
    students = tuple(student for student in account.students if student not in deleted)
    return Account(tuple(files), remarks, students)


def expected_marks(
    submissions: Sequence[StudentSubmission], roster: Roster, assignment: Assignment
) -> tuple[Mark, ...]:
    """Return whose marks there would be, before anything is graded."""
    results = []
    provenance = Provenance("", "", "", "", {}, "", (), "", 0)
    for submission in submissions:
        submitter = submission.submitter
        flags = submission.flags
        if submission.problem:
            flags = (*flags, submission.problem)
        results.append(
            Result(
                submission.student,
                submission.path,
                assignment.name,
                checks=(),
                provenance=provenance,
                repairs=submission.repairs,
                flags=flags,
                name=submitter.name,
                ids=submitter.ids,
                members=submitter.members,
                submitted_at=submitter.submitted_at,
                late_mark=submitter.late_mark,
            )
        )
    return final_marks(results, roster, assignment)


def table(marks: Sequence[Mark]) -> Table:
    """Return a row for each person: who, which file counts, and what was decided."""
    rows = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("student", "on the list", "file", "remarks"):
        rows.add_column(heading, overflow="fold")
    for mark in marks:
        path, remarks = "no submission", []
        if mark.result:
            path = mark.result.submission
            remarks = [*mark.flags, *mark.result.repairs]
        elif mark.unmatched_reason:
            remarks = [mark.unmatched_reason]
        sentences = " ".join(f"{remark.rstrip('.')}." for remark in remarks)
        cells = (mark.label, mark.row.name or mark.row.label, path, sentences)
        rows.add_row(*[Text(one_line(cell, 400)) for cell in cells])  # rich would read [red] as markup
    return rows
