"""What a student handed in, by question: the code of the answers, and what the notebook showed there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from autograder.course import Assignment
from autograder.errors import StudentError
from autograder.grade.submissions import Output, interpret, outputs
from autograder.report.figures import Figure, Room
from autograder.source import Source

MOST_TEXTS = 12
"""Of one question."""

LONGEST_TEXTS = 12_000
"""Characters of all texts of one question."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a notebook had stored at one question when it was handed in."""

    parts: tuple[Output | Figure, ...] = ()
    left_out: int = 0
    """Outputs that did not fit into the page, or were no pictures."""

    @property
    def figures(self) -> int:
        """Return how many pictures there are."""
        return sum(isinstance(part, Figure) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Work:
    """What a student handed in."""

    answers: Mapping[str, str] = field(default_factory=dict)
    """The code of the answer cells by question; nothing where they are as released."""

    shown: Mapping[str, Shown] = field(default_factory=dict)
    """By question; only what the file itself holds, never what grading saw."""


NOTHING = Work()


def work_of(data: bytes | None, source: Source, assignment: Assignment) -> Work:
    """Take a submission apart for those who read about it; nothing if it cannot be read.

    Args:
        data: the bytes that were graded; None if they are gone.
        source: with literals for facts, as students got it.
    """
    if data is None:
        return NOTHING
    try:
        matched, stored = interpret(data, source, assignment), outputs(data)
    except StudentError:
        return NOTHING
    answers: dict[str, str] = {}
    for step in matched.steps:
        if step.kind == "answer":
            answers[step.question] = f"{answers.get(step.question, '')}{step.text}\n"
    room, shown = Room(), {}
    for question, cells in matched.cells.items():
        below = [output for number in cells for output in stored.get(number, ())]
        shown[question] = _shown(below, room)
    return Work(answers, shown)


def _shown(below: Iterable[Output], room: Room) -> Shown:
    parts: list[Output | Figure] = []
    texts, characters, left_out = 0, 0, 0
    for output in below:
        if figure := room.figure(output.png):
            parts.append(figure)
        elif output.text and texts < MOST_TEXTS and characters + len(output.text) <= LONGEST_TEXTS:
            parts.append(output)
            texts, characters = texts + 1, characters + len(output.text)
        else:
            left_out += 1
    return Shown(tuple(parts), left_out)
