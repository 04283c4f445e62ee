"""What files for learning systems have in common: whose marks are in them, and whose are not."""

from collections.abc import Callable, Iterator

from autograder.report.load_run import Run
from autograder.report.marks import Mark, join_names
from autograder.report.marks import mark_remarks as remarks_on_marks
from autograder.report.spreadsheet import escape_formula


def display_name(mark: Mark) -> str:
    """Return a person's name to be read by people; the system goes by numbers."""
    from_platform = mark.result.name if mark.result else ""
    return (mark.student.name if mark.student else "") or from_platform or mark.label


def safe_id(number: str) -> str:
    """Return a number of a platform, or nothing if a spreadsheet would compute it."""
    return number if escape_formula(number) == number else ""


def remarks(run: Run, is_identifiable: Callable[[Mark], bool], system: str) -> tuple[str, ...]:
    """Return what is not in a file, one sentence each."""
    return tuple(_remarks(run, is_identifiable, system))


def _remarks(run: Run, is_identifiable: Callable[[Mark], bool], system: str) -> Iterator[str]:
    yield from remarks_on_marks(run.marks)
    if out := [mark.label for mark in run.marks if not is_identifiable(mark)]:
        yield f"Left out, for {system} could not know who it is: {join_names(out)}."
    if open_ := [mark.label for mark in run.marks if mark.result and mark.result.ungraded_checks]:
        yield f"Empty, for not everything is graded: {join_names(open_)}."
    if by_hand := sorted({question for result in run.results for question in result.manual}):
        yield f"Without the points that people give: {join_names(by_hand)}."
