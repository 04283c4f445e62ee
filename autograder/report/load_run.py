"""A run as its folder holds it, and the same run without names: what all pages and exports are made of.

An anonymized run leaves out whatever could identify a person: names, ids, times, file names, and
every text that a student's code had a part in. A pseudonym is a keyed digest of the student's name
in the run: it stays the same, and means nothing without the key in the run's folder.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course import Assignment, Course
from autograder.engine import journal
from autograder.engine.results import Result
from autograder.files import replace_file
from autograder.report import account, roster
from autograder.report.account import Account
from autograder.report.marks import Mark, final_marks

KEY = "pseudonyms.key"


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
    arrived = account.load(out)
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
