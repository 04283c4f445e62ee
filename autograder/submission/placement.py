"""Where each part of a submission runs: in the source's order, whatever order it came in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Literal

from autograder.notebook import CellType, Source
from autograder.submission.classify import STUDENT, Piece, Role
from autograder.submission.source_index import AnswerCell, SourceIndex


@dataclass(frozen=True, slots=True)
class GradingStep:
    """One thing to do."""

    kind: Literal["provided", "answer", "extra", "checks"]
    cell: str
    """Unique: the id in the source, copies with ``.2``; a student's own cell is ``extra-<number>``."""

    text: str = ""
    """The code to run; empty for checks."""

    question: str = ""
    """Of an answer and of checks."""

    number: int = field(default=0, compare=False)
    """The submitted cell that it is from, counted from 1; 0 for what the source gives."""


class RelativePosition(IntEnum):
    """Where a step stands relative to a cell of the source."""

    BEFORE = 0
    AT = 1
    AFTER = 2


@dataclass(frozen=True, slots=True, order=True)
class StepPosition:
    """A step's place; places compare in the order in which steps run."""

    index: int
    """A cell of the source; -1 is above all of them."""

    relative: RelativePosition = RelativePosition.AT
    number: int = 0
    part: int = 0


@dataclass(slots=True)
class Placement:
    """Takes the parts of a submission one after the other and keeps where they belong."""

    source_index: SourceIndex
    answered_names: dict[str, frozenset[str]]
    """By answer: the names that some part of the submission answers."""

    steps_by_position: dict[StepPosition, GradingStep] = field(default_factory=dict)
    changed_cells: list[str] = field(default_factory=list)
    """Given cells that the student changed."""

    repeated_cells: list[str] = field(default_factory=list)
    """Given cells that stand more than once."""

    moved_questions: list[str] = field(default_factory=list)
    """Questions whose answer stood elsewhere."""

    blank_questions: list[str] = field(default_factory=list)
    """Questions of which an unanswered copy was left out."""

    placed_names: dict[str, frozenset[str]] = field(default_factory=dict)
    """By answer: the names that have a place already."""

    seen_ids: set[str] = field(default_factory=set)
    """Cells of the source that were found."""

    free_cells: list[tuple[int, Piece]] = field(default_factory=list)
    """The student's own cells and texts, each with the cell of the source above it."""

    last_source_index: int = -1
    """The cell of the source that was found last."""

    unanchored: list[StepPosition] = field(default_factory=list)
    """Own cells since then."""

    def add(self, piece: Piece) -> None:
        """Place the next part."""
        if piece.label.role is Role.ANSWER:
            self._place_answer(piece, self.source_index.answers[piece.label.id])
        elif piece.label.role is Role.PROVIDED:
            self._place_provided(piece)
        elif piece.label is STUDENT:
            self._place_student_code(piece)
        elif piece.label.id:
            self._advance_to(piece.label.id)

    def _place_answer(self, piece: Piece, answer: AnswerCell) -> None:
        name, question = answer.cell.id, answer.question.name
        if answer.cell.cell_type is not CellType.CODE:
            self.free_cells.append((answer.index, piece))
            self._advance_to(name)
            return
        names = piece.code.names & answer.stub.names
        if (
            name in self.placed_names
            and self.last_source_index >= answer.checks_index
            and names <= self.placed_names[name]
        ):
            self._place_student_code(piece)
            return
        if answer.is_blank(piece.code) and names <= self.answered_names[name]:
            self._advance_to(name)
            self.blank_questions += [question] if self.answered_names[name] else []
            return
        if answer.index < self.last_source_index:
            self.moved_questions.append(question)
            for place in self.unanchored:
                step = self.steps_by_position.pop(place)
                self.steps_by_position[
                    replace(place, index=answer.index, relative=RelativePosition.BEFORE)
                ] = step
        self._insert(
            piece,
            StepPosition(answer.index),
            GradingStep("answer", name, piece.code.text, question, piece.cell.number),
        )
        self.placed_names[name] = self.placed_names.get(name, frozenset()) | names
        self._advance_to(name)

    def _place_provided(self, piece: Piece) -> None:
        given = self.source_index.provided[piece.label.id]
        name = given.cell.id
        same = piece.code.digests == given.code.digests and piece.code.is_python
        if name in self.seen_ids and not same:
            self._place_student_code(piece)
            return
        if name in self.seen_ids:
            self.repeated_cells.append(name)
        elif not same:
            if not given.is_fill_in:
                self.changed_cells.append(name)
            if not piece.code.is_python or not set(piece.code.digests) <= set(given.code.digests):
                self._insert(piece, StepPosition(given.index, RelativePosition.BEFORE), _extra_step(piece))
        self._advance_to(name)

    def _place_student_code(self, piece: Piece) -> None:
        self.free_cells.append((self.last_source_index, piece))
        if piece.code.statements or not piece.code.is_python:
            self.unanchored.append(
                self._insert(
                    piece, StepPosition(self.last_source_index, RelativePosition.AFTER), _extra_step(piece)
                )
            )

    def _insert(self, piece: Piece, position: StepPosition, step: GradingStep) -> StepPosition:
        position = replace(position, number=piece.cell.number, part=piece.part)
        self.steps_by_position[position] = step
        return position

    def _advance_to(self, name: str) -> None:
        self.seen_ids.add(name)
        self.last_source_index = self.source_index.positions[name]
        self.unanchored = []


def place_pieces(source_index: SourceIndex, pieces: Sequence[Piece]) -> Placement:
    """Return where all parts of a submission belong."""
    answered: dict[str, frozenset[str]] = dict.fromkeys(source_index.answers, frozenset())
    for piece in pieces:
        if piece.label.role is Role.ANSWER:
            name = piece.label.id
            answered[name] |= source_index.answers[name].answered_names(piece.code)
    found = Placement(source_index, answered)
    for piece in pieces:
        found.add(piece)
    return found


def build_steps(placement: Placement, source: Source) -> tuple[GradingStep, ...]:
    """Return everything that is run, with the given cells and the checks at their places."""
    places = dict(placement.steps_by_position)
    for given in placement.source_index.provided.values():
        places[StepPosition(given.index)] = GradingStep("provided", given.cell.id, given.cell.text)
    for question in source.questions:
        if question.checks:
            first = question.checks[0].cell.id
            places[StepPosition(placement.source_index.positions[first])] = GradingStep(
                "checks", first, question=question.name
            )
    return tuple(_with_unique_ids(places[place] for place in sorted(places)))


def _extra_step(piece: Piece) -> GradingStep:
    return GradingStep("extra", f"extra-{piece.cell.number}", piece.code.text, number=piece.cell.number)


def _with_unique_ids(steps: Iterable[GradingStep]) -> Iterator[GradingStep]:
    """Yield steps with unique names."""
    counts: dict[str, int] = {}
    for step in steps:
        counts[step.cell] = counts.get(step.cell, 0) + 1
        count = counts[step.cell]
        yield step if count == 1 else replace(step, cell=f"{step.cell}.{count}")
