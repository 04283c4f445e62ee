"""A run as its folder holds it: what all views and exports are made of."""

from dataclasses import dataclass
from pathlib import Path

from autograder.course import Assignment, Course
from autograder.grade import folders, journal
from autograder.grade.results import Result


@dataclass(frozen=True, slots=True)
class Run:
    """A run, finished or going on."""

    out: Path
    assignment: Assignment
    results: tuple[Result, ...]
    """The last one of each student, in order of their names."""

    def submission(self, result: Result) -> bytes | None:
        """Return the bytes that were graded; None if there were none that could be read."""
        return folders.kept_submission(self.out, result.student, result.provenance.submission_sha256)


def load(out: Path, course: Course) -> Run:
    """Return the run in a folder.

    Raises:
        StaffError: there is none, its journal is damaged, or it is of no assignment of this course.
    """
    header, results = journal.read(out)
    return Run(out, course.assignment(header.assignment), results)
