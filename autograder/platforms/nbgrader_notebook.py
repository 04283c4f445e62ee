"""A graded submission as a notebook for nbgrader: the release with the student's answers and our messages.

It starts from the release, so it has no hidden check. Nothing of the student's in it can run in a
browser: code and outputs are text, prose is shown as it was typed, pictures are PNG or JPEG files.
"""

from collections.abc import Iterable
from copy import deepcopy
from itertools import groupby

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from autograder.checks import Outcome
from autograder.engine.results import CheckResult, Result
from autograder.notebook import CellType, Source
from autograder.report.results_json import CHECK_IN_REVIEW, CHECK_NOT_GRADED, staff_sentence
from autograder.report.submission_view import ImageBudget
from autograder.submission.match import GradingStep, MatchedSubmission
from autograder.text import one_line

FIGURE_OMITTED = "A figure was here; it is too large, or neither a PNG nor a JPEG file.\n"

NOTHING = MatchedSubmission((), (), (), texts={}, cells={}, cell_numbers={}, outputs={})
"""A submission that is missing or cannot be read."""

_MAX_LENGTH = 600


def autograded(
    release: NotebookNode, source: Source, result: Result, submission: MatchedSubmission
) -> NotebookNode:
    """Return the release with the student's cells and outputs, and our message below each check.

    Args:
        release: nbgrader's release, as students get it.
        source: with literals for facts.
        result: the student's result.
        submission: the student's submission, with its outputs.
    """
    checks = {check.id: check for check in result.for_student().checks}
    prose = {}
    for question in source.questions:
        if submission.texts.get(question.name):
            prose[question.answers[0].cell.id] = submission.texts[question.name]
    steps = _steps_by_cell(submission.steps, source)
    images = ImageBudget()
    nb = deepcopy(release)
    nb.cells = [_extra_cell(step, submission, images) for step in steps.get("", ())]
    for cell in deepcopy(release.cells):
        nb.cells.append(cell)
        answers = [step for step in steps.get(cell.id, ()) if step.kind == "answer"]
        if cell.id in checks:
            cell.outputs = [_check_output(checks[cell.id], result)]
        elif answers:
            cell.source = "\n\n".join(step.text for step in answers)
            cell.outputs = _outputs(submission, [step.number for step in answers], images)
        elif cell.id in prose:
            cell.source = literal(prose[cell.id])
        elif cell.cell_type == CellType.CODE:
            cell.outputs = _outputs(submission, [submission.cell_numbers.get(cell.id, 0)], images)
        for step in steps.get(cell.id, ()):
            if step.kind == "extra":
                nb.cells.append(_extra_cell(step, submission, images))
    return nb


def literal(text: str) -> str:
    """Return Markdown that shows a text as typed; no markup, link or formula in it works."""
    longest = max((len(list(run)) for char, run in groupby(text) if char == "`"), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _steps_by_cell(steps: Iterable[GradingStep], source: Source) -> dict[str, list[GradingStep]]:
    """Return answers by cell, and extra cells by the cell of the source above them; ``""`` is the top."""
    last_checks = {}  # a question's checks run at its first one, and are shown one below the other
    for question in source.questions:
        if question.checks:
            last_checks[question.checks[0].cell.id] = question.checks[-1].cell.id
    by_cell: dict[str, list[GradingStep]] = {}
    above = ""
    for step in steps:
        if step.kind != "extra":
            above = last_checks.get(step.cell, step.cell.partition(".")[0])
        by_cell.setdefault(above, []).append(step)
    return by_cell


def _extra_cell(step: GradingStep, submission: MatchedSubmission, images: ImageBudget) -> NotebookNode:
    outputs = _outputs(submission, [step.number], images)
    cell: NotebookNode = new_code_cell(step.text, id=step.cell.replace(".", "-"), outputs=outputs)
    return cell


def _outputs(
    submission: MatchedSubmission, numbers: Iterable[int], images: ImageBudget
) -> list[NotebookNode]:
    outputs = []
    for number in dict.fromkeys(numbers):
        for output in submission.outputs.get(number, ()):
            if output.text:
                outputs.append(_stream(f"{output.text}\n", is_error=output.is_error))
            elif figure := images.admit(output.image):
                outputs.append(new_output("display_data", {figure.media_type: figure.base64}))
            else:
                outputs.append(_stream(FIGURE_OMITTED, is_error=False))
    return outputs


def _stream(text: str, *, is_error: bool) -> NotebookNode:
    stream: NotebookNode = new_output("stream", name="stderr" if is_error else "stdout", text=text)
    return stream


def _check_output(check: CheckResult, result: Result) -> NotebookNode:
    """Return a check's message as its output; formgrader colors what is in ``stderr``."""
    if check.question in result.staff_marks:
        return _stream(f"{staff_sentence(result, check.question)}\n", is_error=False)
    sentences = [check.message, check.hint]
    if check.outcome is Outcome.UNGRADED:
        sentences = [CHECK_NOT_GRADED]
    elif check.outcome is Outcome.REVIEW:
        sentences = [CHECK_IN_REVIEW, check.message]
    lines = [f"{check.outcome.value}: {check.title}", *sentences]
    text = "\n".join(one_line(line, _MAX_LENGTH) for line in lines if line)
    return _stream(f"{text}\n", is_error=check.has_score and check.outcome is not Outcome.PASSED)
