"""What a student handed in, by question: the code of the answers, and what the notebook showed there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from autograder.course import Assignment
from autograder.errors import StudentError
from autograder.notebook import Source
from autograder.report.image_budget import Figure, ImageBudget
from autograder.submission.match import match_submission
from autograder.submission.read import Output

MAX_TEXTS = 12
"""Of one question."""

MAX_TEXT_LENGTH = 12_000
"""Characters of all texts of one question."""


@dataclass(frozen=True, slots=True)
class StoredOutputs:
    """What a notebook had stored at one question when it was handed in."""

    parts: tuple[Output | Figure, ...] = ()
    omitted_count: int = 0
    """Outputs that did not fit into the page, or were no pictures."""

    @property
    def figure_count(self) -> int:
        """Return how many pictures there are."""
        return sum(isinstance(part, Figure) for part in self.parts)


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """What a student handed in."""

    answers: Mapping[str, str] = field(default_factory=dict)
    """The code of the answer cells by question; nothing where they are as released."""

    stored_outputs: Mapping[str, StoredOutputs] = field(default_factory=dict)
    """By question; only what the file itself holds, never what grading saw."""


EMPTY_VIEW = SubmissionView()


def view_submission(data: bytes | None, source: Source, assignment: Assignment) -> SubmissionView:
    """Take a submission apart for those who read about it; nothing if it cannot be read.

    Args:
        data: the bytes that were graded; None if they are gone.
        source: with literals for facts, as students got it.
    """
    if data is None:
        return EMPTY_VIEW
    try:
        matched = match_submission(data, source, assignment, with_outputs=True)
    except StudentError:
        return EMPTY_VIEW
    answers: dict[str, str] = {}
    for step in matched.steps:
        if step.kind == "answer":
            answers[step.question] = f"{answers.get(step.question, '')}{step.text}\n"
    room, shown = ImageBudget(), {}
    for question, cells in matched.cells.items():
        below = [output for number in cells for output in matched.outputs.get(number, ())]
        shown[question] = _stored_outputs(below, room)
    return SubmissionView(answers, shown)


def _stored_outputs(cell_outputs: Iterable[Output], image_budget: ImageBudget) -> StoredOutputs:
    parts: list[Output | Figure] = []
    texts, characters, left_out = 0, 0, 0
    for output in cell_outputs:
        if figure := image_budget.reencode(output.png):
            parts.append(figure)
        elif output.text and texts < MAX_TEXTS and characters + len(output.text) <= MAX_TEXT_LENGTH:
            parts.append(output)
            texts, characters = texts + 1, characters + len(output.text)
        else:
            left_out += 1
    return StoredOutputs(tuple(parts), left_out)
