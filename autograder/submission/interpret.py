"""A submitted file, read and matched to the source in one step."""

from autograder.course import Assignment
from autograder.notebook import Source
from autograder.submission.match import MatchedSubmission, match
from autograder.submission.read import read_submission


def match_submission(data: bytes, source: Source, assignment: Assignment) -> MatchedSubmission:
    """Read a submission and match it to the source; all repairs of both are in the result.

    Raises:
        StudentError: it cannot be read, or nothing in it belongs to the assignment.
    """
    submitted = read_submission(data)
    return match(submitted.cells, source).with_file_messages(submitted, assignment.name)
