"""A run as its folder holds it, and the same run without names: what all pages and exports are made of.

The account of a run names every file that arrived, with one label, and what staff should know of them.

An anonymized run leaves out whatever could identify a person: names, ids, times, file names, and
every text that a student's code had a part in. A pseudonym is a keyed digest of the student's name
in the run: it stays the same, and means nothing without the key in the run's folder.
"""

import hashlib
import hmac
import re
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from autograder.course import Assignment, Course
from autograder.engine import journal
from autograder.engine.results import Provenance, Result
from autograder.errors import StaffError
from autograder.files import replace_file
from autograder.report import roster
from autograder.report.marks import Mark, final_marks
from autograder.report.roster import Roster
from autograder.submission.arrivals import Label
from autograder.submission.discover import Intake, LabeledFile, StudentSubmission
from autograder.text import one_line

ACCOUNT_NAME = "files.json"
KEY = "pseudonyms.key"

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


def load_account(out: Path) -> Account | None:
    """Return the account of a run; None if it has none, as runs of earlier versions.

    Raises:
        StaffError: the file is damaged.
    """
    path = out / ACCOUNT_NAME
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Account)
    except msgspec.MsgspecError as error:
        raise StaffError(f"{path}: is damaged ({error}); delete it, or run `course grade` again") from error


def store_account(out: Path, account: Account) -> Account:
    """Write the account of a run, and return it.

    Raises:
        StaffError: the folder cannot be written.
    """
    replace_file(out / ACCOUNT_NAME, msgspec.json.encode(account))
    return account


def without_people(account: Account, deleted: Set[str], mentions: re.Pattern[str]) -> Account:
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


def expected_table(marks: Sequence[Mark]) -> Table:
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


@dataclass(frozen=True, slots=True)
class Run:
    """A run, finished or still going on."""

    out: Path
    assignment: Assignment
    results: tuple[Result, ...]
    """The last one of each student, sorted by name."""

    marks: tuple[Mark, ...] = ()
    """Final marks, also of students on the roster who submitted nothing."""

    remarks: tuple[str, ...] = ()
    """What is wrong with the run's journal, one sentence each."""

    account: Account | None = None
    """What became of every file; unknown for runs of earlier versions, and left out without names."""

    unfinished: str = ""
    """How many submissions are graded, and why not all; empty for a finished run."""

    def submission(self, result: Result) -> bytes | None:
        """Return the bytes that were graded; None if they are missing or unreadable."""
        return journal.stored_submission(self.out, result.student, result.provenance.submission_sha256)


def load(out: Path, course: Course, roster_path: Path | None = None) -> Run:
    """Return the run in a folder.

    Args:
        out: the run's folder.
        course: the course that the run's assignment belongs to.
        roster_path: a class list to copy into the run; by default the one that is there.

    Raises:
        StaffError: there is no run, its assignment is not in this course, or the roster is wrong.
    """
    snapshot = journal.read(out)
    assignment = course.assignment(snapshot.header.assignment)
    marks = final_marks(snapshot.results, roster.load_or_store(out, roster_path), assignment)
    arrived = load_account(out)
    unfinished = _unfinished(out, snapshot.results, arrived)
    return Run(out, assignment, snapshot.results, marks, snapshot.remarks, arrived, unfinished)


def _unfinished(out: Path, results: Sequence[Result], arrived: Account | None) -> str:
    """Return a sentence about a run that is in progress or was interrupted; nothing if it is finished."""
    students = {result.student for result in results}
    total = len(arrived.students) if arrived else 0
    graded = len(students.intersection(arrived.students)) if arrived else len(students)
    count = f"{graded} of {total} submissions are graded" if total else f"{graded} submissions are graded"
    if journal.is_locked(out):
        return f"{count}; the run is in progress."
    if graded < total:
        return f"{count}; the run was interrupted: the same `course grade` command resumes it."
    return ""


def anonymize(run: Run) -> Run:
    """Return a run with pseudonyms, sorted by them so that the order reveals nothing.

    Raises:
        StaffError: the key cannot be written.
    """
    path = run.out / KEY
    if not path.is_file():
        replace_file(path, secrets.token_bytes(32))
    key = path.read_bytes()
    results = [_anonymize_result(result, key) for result in run.results]
    marks = []
    for mark in run.marks:
        if mark.result:
            marks.append(Mark(_anonymize_result(mark.result, key), None, mark.lateness))
    results.sort(key=lambda result: result.student)
    marks.sort(key=lambda mark: mark.label)
    return replace(run, results=tuple(results), marks=tuple(marks), account=None)


def _anonymize_result(result: Result, key: bytes) -> Result:
    # A name from a file system may hold bytes that are not UTF-8, as surrogates.
    digest = hmac.new(key, result.student.encode("utf-8", errors="surrogatepass"), hashlib.sha256)
    return replace(
        result,
        student=f"student-{digest.hexdigest()[:10]}",
        submission="",
        # Messages quote values and errors of the student's code; hints come from the source.
        checks=tuple(replace(check, message="") for check in result.checks),
        provenance=replace(result.provenance, submission_sha256=""),
        repairs=(),
        flags=(),
        staff_marks={name: replace(mark, reason="") for name, mark in result.staff_marks.items()},
        name="",
        ids={},
        members=(),
        submitted_at="",
    )
