"""What files for learning systems have in common: whose marks are in them, and whose are not."""

from collections.abc import Callable, Iterator

from autograder.report.marks import Mark, listed
from autograder.report.marks import remarks as remarks_on_marks
from autograder.report.runs import Run
from autograder.report.spreadsheet import inert


def name(mark: Mark) -> str:
    """Return a person's name to be read by people; the system goes by numbers."""
    from_platform = mark.result.name if mark.result else ""
    return (mark.student.name if mark.student else "") or from_platform or mark.label


def plain(number: str) -> str:
    """Return a number of a platform, or nothing if a spreadsheet would compute it."""
    return number if inert(number) == number else ""


def remarks(run: Run, known: Callable[[Mark], bool], system: str) -> tuple[str, ...]:
    """Return what is not in a file, one sentence each."""
    return tuple(_remarks(run, known, system))


def _remarks(run: Run, known: Callable[[Mark], bool], system: str) -> Iterator[str]:
    yield from remarks_on_marks(run.marks)
    if out := [mark.label for mark in run.marks if not known(mark)]:
        yield f"Left out, for {system} could not know who it is: {listed(out)}."
    if open_ := [mark.label for mark in run.marks if mark.result and mark.result.ungraded]:
        yield f"Empty, for not everything is graded: {listed(open_)}."
    if by_hand := sorted({question for result in run.results for question in result.manual}):
        yield f"Without the points that people give: {listed(by_hand)}."
