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
from autograder.errors import StudentError
from autograder.grade.results import CheckResult, Result
from autograder.grade.submissions import Output, interpret, outputs
from autograder.grade.submissions import read as read_cells
from autograder.grade.submissions.order import Step
from autograder.grade.text import one_line
from autograder.report.figures import Room
from autograder.report.gradescope import OURS
from autograder.source import Kind, Source

LOST = "The file that was graded is no longer in the folder of the run; this is the blank release."

_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Submission:
    """What of a submission is shown."""

    steps: tuple[Step, ...] = ()
    """What was run, in its order."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """Answers to the questions that people mark."""

    outputs: Mapping[int, tuple[Output, ...]] = field(default_factory=dict)
    """What stands below its cells, by their place in the file, from 1."""

    places: Mapping[str, int] = field(default_factory=dict)
    """Of its cells by what the file calls them."""

    room: Room = field(default_factory=Room)


def read(data: bytes | None, source: Source, assignment: Assignment) -> Submission:
    """Return what a submission answers; nothing if it is not there or cannot be read."""
    if data is None:
        return Submission()
    try:
        matched, (cells, _) = interpret(data, source, assignment), read_cells(data)
        places = {cell.id: cell.number for cell in reversed(cells)}
        return Submission(matched.steps, matched.texts, outputs(data), places)
    except StudentError:
        return Submission()


def notebook(release: NotebookNode, source: Source, result: Result, submission: Submission) -> NotebookNode:
    """Return the release as the student left it, with our sentence below each check.

    Args:
        release: nbgrader's flavour, as students get it.
        source: with literals for facts.
    """
    answers, extras = _placed(submission, source)
    told = {check.id: check for check in result.checks}
    prose = {
        question.answers[0].cell.id: submission.texts[question.name]
        for question in source.questions
        if submission.texts.get(question.name)
    }
    made = deepcopy(release)
    made.cells = list(extras.get("", ()))
    for cell in deepcopy(release.cells):
        if cell.id in told:
            cell.outputs = [_told(told[cell.id])]
        elif cell.id in answers:
            cell.source = "\n\n".join(step.text for step in answers[cell.id])
            cell.outputs = _outputs(submission, [step.number for step in answers[cell.id]])
        elif cell.id in prose:
            cell.source = literal(prose[cell.id])
        elif cell.cell_type == Kind.CODE:
            cell.outputs = _outputs(submission, [submission.places.get(cell.id, 0)])
        made.cells += [cell, *extras.get(cell.id, ())]
    return made


def with_note(made: NotebookNode, text: str) -> NotebookNode:
    """Return a notebook with a sentence of ours on top."""
    noted = deepcopy(made)
    noted.cells.insert(0, new_markdown_cell(text, id="note-of-the-grader"))
    return noted


def literal(text: str) -> str:
    """Return Markdown that shows a text as it was typed; no markup, link or formula in it works."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _placed(
    submission: Submission, source: Source
) -> tuple[dict[str, list[Step]], dict[str, list[NotebookNode]]]:
    """Return the answers by cell, and the student's own cells by the cell of the source above them."""
    last = {
        question.checks[0].cell.id: question.checks[-1].cell.id
        for question in source.questions
        if question.checks
    }
    answers: dict[str, list[Step]] = {}
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


def _outputs(submission: Submission, numbers: Sequence[int]) -> list[NotebookNode]:
    below = (output for number in dict.fromkeys(numbers) for output in submission.outputs.get(number, ()))
    return [made for output in below if (made := _output(output, submission.room))]


def _output(output: Output, room: Room) -> NotebookNode | None:
    if output.text:
        return _stream(f"{output.text}\n", error=output.error)
    figure = room.figure(output.png)
    png = base64.b64encode(figure.png).decode("ascii") if figure else ""
    return new_output("display_data", {"image/png": png}) if png else None


def _stream(text: str, *, error: bool) -> NotebookNode:
    made: NotebookNode = new_output("stream", name="stderr" if error else "stdout", text=text)
    return made


def _told(check: CheckResult) -> NotebookNode:
    """Return what a student reads of a check as its output."""
    ungraded = check.outcome is Outcome.UNGRADED
    sentences = [OURS] if ungraded else [check.told, check.hint]
    lines = [f"{check.outcome.value}: {check.title}", *sentences]
    text = "\n".join(one_line(line, _LONGEST) for line in lines if line)
    return _stream(f"{text}\n", error=check.outcome is not Outcome.PASSED and not ungraded)
