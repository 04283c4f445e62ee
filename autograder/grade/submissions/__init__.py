"""From bytes that students hand in to the steps that are run; nothing is executed here.

find         who handed in what                  choice       which of a student's files it is
naming       what platforms write into names
listing      what folders and archives hold      read         a file → cells
script       exported ``.py`` files → cells      match        cells → steps
catalogue    what the source asks for and gives  statements   cells as top-level statements
labels       what belongs to which cell          order        where it runs
demonstrations  what of it need not run          outputs      what was stored below the cells
notes        what is said about it

Everything in a submission is a claim: ids, names and metadata help to find what belongs
where, and never say what it is worth.
"""

from autograder.course import Assignment
from autograder.grade.submissions.demonstrations import needed
from autograder.grade.submissions.find import Found, find, find_one
from autograder.grade.submissions.match import Matched, match
from autograder.grade.submissions.order import Step
from autograder.grade.submissions.outputs import Output, outputs
from autograder.grade.submissions.read import SubmittedCell, read, take_apart
from autograder.source import Source

__all__ = [
    "Found",
    "Matched",
    "Output",
    "Step",
    "SubmittedCell",
    "find",
    "find_one",
    "interpret",
    "match",
    "needed",
    "outputs",
    "read",
]


def interpret(data: bytes, source: Source, assignment: Assignment) -> Matched:
    """Read a submission and match it to the source; all repairs of both are in the result.

    Raises:
        StudentError: it cannot be read, or nothing in it belongs to the assignment.
    """
    submitted = take_apart(data)
    return match(submitted.cells, source).noting(submitted, assignment.name)
