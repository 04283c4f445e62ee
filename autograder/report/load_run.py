"""A run as its folder holds it: what all views and exports are made of."""

from dataclasses import dataclass
from pathlib import Path

from autograder.course import Assignment, Course
from autograder.engine import journal, run_folder
from autograder.engine.results import Result
from autograder.report.marks import Mark
from autograder.report.marks import final_marks as marks_of
from autograder.report.roster import load_or_store


@dataclass(frozen=True, slots=True)
class Run:
    """A run, finished or going on."""

    out: Path
    assignment: Assignment
    results: tuple[Result, ...]
    """The last one of each student, in order of their names."""

    marks: tuple[Mark, ...] = ()
    """Who gets which mark, by the roster and the due date; students without a submission too."""

    remarks: tuple[str, ...] = ()
    """What is amiss with the run's journal, one sentence each."""

    def submission(self, result: Result) -> bytes | None:
        """Return the bytes that were graded; None if there were none that could be read."""
        return run_folder.stored_submission(self.out, result.student, result.provenance.submission_sha256)


def load(out: Path, course: Course, roster: Path | None = None) -> Run:
    """Return the run in a folder.

    Args:
        roster: a file that lists the class, which the run then keeps; by default the one that it has.

    Raises:
        StaffError: there is none, it is of no assignment of this course, or the roster is wrong.
    """
    kept = journal.read(out)
    assignment = course.assignment(kept.header.assignment)
    everybody = marks_of(kept.results, load_or_store(out, roster), assignment)
    return Run(out, assignment, kept.results, everybody, kept.remarks)
