"""What a student handed in, by question: the code of the answers, and what the notebook showed there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from autograder.course import Assignment
from autograder.errors import StudentError
from autograder.grade.submissions import Output, interpret, outputs
from autograder.report.figures import Figure, remade
from autograder.source import Source

MOST_TEXTS = 12
"""Of one question."""

LONGEST_TEXTS = 12_000
"""Characters of all texts of one question."""

LARGEST_PICTURES = 550_000
"""Bytes of all pictures of one student; a page stays below 1 MB."""


MOST_PICTURES = 24
"""Of one student, opened at all; a small file can hold many that are slow to open."""


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
    room, shown = _Room(), {}
    for question, cells in matched.cells.items():
        below = [output for number in cells for output in stored.get(number, ())]
        shown[question] = _shown(below, room)
    return Work(answers, shown)


@dataclass(slots=True)
class _Room:
    """What one student's page still takes."""

    size_bytes: int = LARGEST_PICTURES
    pictures: int = MOST_PICTURES

    def figure(self, output: Output) -> Figure | None:
        """Return an output as a picture if it is one and fits."""
        if not output.png or not self.pictures:
            return None
        self.pictures -= 1
        figure = remade(output.png)
        if figure is None or len(figure.png) > self.size_bytes:
            return None
        self.size_bytes -= len(figure.png)
        return figure


def _shown(below: Iterable[Output], room: _Room) -> Shown:
    parts: list[Output | Figure] = []
    texts, characters, left_out = 0, 0, 0
    for output in below:
        if figure := room.figure(output):
            parts.append(figure)
        elif output.text and texts < MOST_TEXTS and characters + len(output.text) <= LONGEST_TEXTS:
            parts.append(output)
            texts, characters = texts + 1, characters + len(output.text)
        else:
            left_out += 1
    return Shown(tuple(parts), left_out)
