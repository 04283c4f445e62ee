"""A graded submission as a notebook for nbgrader: the release, the student's answers, what we tell.

It holds what the release holds, so no hidden check, and nothing of the student's that a browser
would run: code and outputs as text, prose as it was typed.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from autograder.checks import Outcome
from autograder.course import Assignment
from autograder.engine.results import CheckResult, Result
from autograder.errors import StudentError
from autograder.notebook import CellType, Source
from autograder.report.image_budget import ImageBudget
from autograder.report.results_json import CHECK_NOT_GRADED
from autograder.submission.match import GradingStep, match_submission
from autograder.submission.read import Output
from autograder.text import one_line

SUBMISSION_MISSING = (
    "The file that was graded is no longer in the folder of the run; this is the blank release."
)

_MAX_LENGTH = 600


@dataclass(frozen=True, slots=True)
class SubmittedContent:
    """What of a submission is shown."""

    steps: tuple[GradingStep, ...] = ()
    """What was run, in its order."""

    written_answers: Mapping[str, str] = field(default_factory=dict)
    """Answers to the questions that people mark."""

    outputs: Mapping[int, tuple[Output, ...]] = field(default_factory=dict)
    """What stands below its cells, by their place in the file, from 1."""

    cell_numbers: Mapping[str, int] = field(default_factory=dict)
    """Of its cells by what the file calls them."""

    image_budget: ImageBudget = field(default_factory=ImageBudget)


def read_content(data: bytes | None, source: Source, assignment: Assignment) -> SubmittedContent:
    """Return what a submission answers; nothing if it is not there or cannot be read."""
    if data is None:
        return SubmittedContent()
    try:
        matched = match_submission(data, source, assignment, with_outputs=True)
    except StudentError:
        return SubmittedContent()
    return SubmittedContent(matched.steps, matched.texts, matched.outputs, matched.cell_numbers)


def notebook(
    release: NotebookNode, source: Source, result: Result, submission: SubmittedContent
) -> NotebookNode:
    """Return the release as the student left it, with our sentence below each check.

    Args:
        release: nbgrader's flavour, as students get it.
        source: with literals for facts.
    """
    answers, extras = _place_cells(submission, source)
    told = {check.id: check for check in result.checks}
    prose = {
        question.answers[0].cell.id: submission.written_answers[question.name]
        for question in source.questions
        if submission.written_answers.get(question.name)
    }
    made = deepcopy(release)
    made.cells = list(extras.get("", ()))
    for cell in deepcopy(release.cells):
        if cell.id in told:
            cell.outputs = [_check_output(told[cell.id])]
        elif cell.id in answers:
            cell.source = "\n\n".join(step.text for step in answers[cell.id])
            cell.outputs = _outputs(submission, [step.number for step in answers[cell.id]])
        elif cell.id in prose:
            cell.source = literal(prose[cell.id])
        elif cell.cell_type == CellType.CODE:
            cell.outputs = _outputs(submission, [submission.cell_numbers.get(cell.id, 0)])
        made.cells += [cell, *extras.get(cell.id, ())]
    return made


def with_note(nb: NotebookNode, text: str) -> NotebookNode:
    """Return a notebook with a sentence of ours on top."""
    noted = deepcopy(nb)
    noted.cells.insert(0, new_markdown_cell(text, id="note-of-the-grader"))
    return noted


def literal(text: str) -> str:
    """Return Markdown that shows a text as it was typed; no markup, link or formula in it works."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _place_cells(
    submission: SubmittedContent, source: Source
) -> tuple[dict[str, list[GradingStep]], dict[str, list[NotebookNode]]]:
    """Return the answers by cell, and the student's own cells by the cell of the source above them."""
    last = {
        question.checks[0].cell.id: question.checks[-1].cell.id
        for question in source.questions
        if question.checks
    }
    answers: dict[str, list[GradingStep]] = {}
    extras: dict[str, list[NotebookNode]] = {}
    above = ""
    for step in submission.steps:
        if step.kind == "extra":
            name = step.cell.replace(".", "-")
            cell = new_code_cell(step.text, id=name, outputs=_outputs(submission, [step.number]))
            extras.setdefault(above, []).append(cell)
            continue
        above = last.get(step.cell, step.cell.partition(".")[0])
        if step.kind == "answer":
            answers.setdefault(above, []).append(step)
    return answers, extras


def _outputs(submission: SubmittedContent, numbers: Sequence[int]) -> list[NotebookNode]:
    below = (output for number in dict.fromkeys(numbers) for output in submission.outputs.get(number, ()))
    return [made for output in below if (made := _output(output, submission.image_budget))]


def _output(output: Output, image_budget: ImageBudget) -> NotebookNode | None:
    if output.text:
        return _stream(f"{output.text}\n", error=output.is_error)
    figure = image_budget.reencode(output.png)
    png = base64.b64encode(figure.png).decode("ascii") if figure else ""
    return new_output("display_data", {"image/png": png}) if png else None


def _stream(text: str, *, error: bool) -> NotebookNode:
    made: NotebookNode = new_output("stream", name="stderr" if error else "stdout", text=text)
    return made


def _check_output(check: CheckResult) -> NotebookNode:
    """Return what a student reads of a check as its output."""
    ungraded = check.outcome is Outcome.UNGRADED
    sentences = [CHECK_NOT_GRADED] if ungraded else [check.student_message, check.hint]
    lines = [f"{check.outcome.value}: {check.title}", *sentences]
    text = "\n".join(one_line(line, _MAX_LENGTH) for line in lines if line)
    return _stream(f"{text}\n", error=check.outcome is not Outcome.PASSED and not ungraded)
