"""A graded submission as a notebook for nbgrader: the release with the student's answers and our messages.

It starts from the release, so it has no hidden check. Nothing of the student's in it can run in a
browser: code and outputs are text, prose is shown as it was typed, pictures are PNG or JPEG files.
"""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from autograder.checks import Outcome
from autograder.course import Assignment
from autograder.engine.results import CheckResult, Result
from autograder.errors import StudentError
from autograder.notebook import CellType, Source
from autograder.report.results_json import CHECK_NOT_GRADED
from autograder.report.submission_view import ImageBudget
from autograder.submission.match import GradingStep, match_submission
from autograder.submission.read import Output
from autograder.text import one_line

SUBMISSION_MISSING = "The graded file is no longer in the run's folder; this is the blank release."
FIGURE_OMITTED = "A figure was here, too large or no intact PNG or JPEG file: see the submitted notebook.\n"

_MAX_LENGTH = 600


@dataclass(frozen=True, slots=True)
class SubmittedContent:
    """The parts of a submission that are shown."""

    steps: tuple[GradingStep, ...] = ()
    """The code that ran, in order."""

    written_answers: Mapping[str, str] = field(default_factory=dict)
    """Answers to manually marked questions."""

    outputs: Mapping[int, tuple[Output, ...]] = field(default_factory=dict)
    """Stored outputs of its cells, by their number in the file, from 1."""

    cell_numbers: Mapping[str, int] = field(default_factory=dict)
    """Numbers of its cells by the ids in the file."""

    image_budget: ImageBudget = field(default_factory=ImageBudget)


def read_content(data: bytes | None, source: Source, assignment: Assignment) -> SubmittedContent:
    """Return the content of a submission; nothing if it is missing or cannot be read."""
    if data is None:
        return SubmittedContent()
    try:
        matched = match_submission(data, source, assignment, with_outputs=True)
    except StudentError:
        return SubmittedContent()
    return SubmittedContent(matched.steps, matched.texts, matched.outputs, matched.cell_numbers)


def autograded(
    release: NotebookNode, source: Source, result: Result, content: SubmittedContent
) -> NotebookNode:
    """Return the release with the student's cells and outputs, and our message below each check.

    Args:
        release: nbgrader's release, as students get it.
        source: with literals for facts.
        result: the student's result.
        content: the student's submission.
    """
    checks = {check.id: check for check in result.checks}
    answers, extra_cells = _place_cells(content, source)
    prose = {}
    for question in source.questions:
        if content.written_answers.get(question.name):
            prose[question.answers[0].cell.id] = content.written_answers[question.name]
    nb = deepcopy(release)
    nb.cells = list(extra_cells.get("", ()))
    for cell in deepcopy(release.cells):
        if cell.id in checks:
            cell.outputs = [_check_output(checks[cell.id])]
        elif cell.id in answers:
            cell.source = "\n\n".join(step.text for step in answers[cell.id])
            cell.outputs = _outputs(content, [step.number for step in answers[cell.id]])
        elif cell.id in prose:
            cell.source = literal(prose[cell.id])
        elif cell.cell_type == CellType.CODE:
            cell.outputs = _outputs(content, [content.cell_numbers.get(cell.id, 0)])
        nb.cells += [cell, *extra_cells.get(cell.id, ())]
    return nb


def with_note(nb: NotebookNode, text: str) -> NotebookNode:
    """Return a notebook with a note of the grader's on top."""
    noted = deepcopy(nb)
    noted.cells.insert(0, new_markdown_cell(text, id="note-of-the-grader"))
    return noted


def literal(text: str) -> str:
    """Return Markdown that shows a text as typed; no markup, link or formula in it works."""
    longest = max((len(backticks) for backticks in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _place_cells(
    content: SubmittedContent, source: Source
) -> tuple[dict[str, list[GradingStep]], dict[str, list[NotebookNode]]]:
    """Return the answers by cell, and the student's extra cells by the cell of the source above them."""
    last_checks = {}  # a question's checks run at its first one, and are shown one below the other
    for question in source.questions:
        if question.checks:
            last_checks[question.checks[0].cell.id] = question.checks[-1].cell.id
    answers: dict[str, list[GradingStep]] = {}
    extra_cells: dict[str, list[NotebookNode]] = {}
    above = ""
    for step in content.steps:
        if step.kind == "extra":
            outputs = _outputs(content, [step.number])
            cell = new_code_cell(step.text, id=step.cell.replace(".", "-"), outputs=outputs)
            extra_cells.setdefault(above, []).append(cell)
            continue
        above = last_checks.get(step.cell, step.cell.partition(".")[0])
        if step.kind == "answer":
            answers.setdefault(above, []).append(step)
    return answers, extra_cells


def _outputs(content: SubmittedContent, numbers: Iterable[int]) -> list[NotebookNode]:
    outputs = []
    for number in dict.fromkeys(numbers):
        for output in content.outputs.get(number, ()):
            if output.text:
                outputs.append(_stream(f"{output.text}\n", is_error=output.is_error))
            elif figure := content.image_budget.admit(output.image):
                outputs.append(new_output("display_data", {figure.media_type: figure.base64}))
            else:
                outputs.append(_stream(FIGURE_OMITTED, is_error=False))
    return outputs


def _stream(text: str, *, is_error: bool) -> NotebookNode:
    stream: NotebookNode = new_output("stream", name="stderr" if is_error else "stdout", text=text)
    return stream


def _check_output(check: CheckResult) -> NotebookNode:
    """Return a check's message as its output; formgrader colors what is in ``stderr``."""
    is_ungraded = check.outcome is Outcome.UNGRADED
    sentences = [CHECK_NOT_GRADED] if is_ungraded else [check.student_message, check.hint]
    lines = [f"{check.outcome.value}: {check.title}", *sentences]
    text = "\n".join(one_line(line, _MAX_LENGTH) for line in lines if line)
    return _stream(f"{text}\n", is_error=check.outcome is not Outcome.PASSED and not is_ungraded)
