"""Where each part of a submission runs: in the source's order, whatever order it came in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Literal

from autograder.grade.submissions.catalogue import Asked, Catalogue
from autograder.grade.submissions.labels import OWN, Piece, Role
from autograder.source import Kind, Source


@dataclass(frozen=True, slots=True)
class Step:
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


class Side(IntEnum):
    """Where a step stands relative to a cell of the source."""

    BEFORE = 0
    AT = 1
    AFTER = 2


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A step's place; places compare in the order in which steps run."""

    index: int
    """A cell of the source; -1 is above all of them."""

    side: Side = Side.AT
    number: int = 0
    part: int = 0


@dataclass(slots=True)
class Order:
    """Takes the parts of a submission one after the other and keeps where they belong."""

    known: Catalogue
    answered: dict[str, frozenset[str]]
    """By answer: the names that some part of the submission answers."""

    places: dict[Place, Step] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    """Given cells that the student changed."""

    repeated: list[str] = field(default_factory=list)
    """Given cells that stand more than once."""

    moved: list[str] = field(default_factory=list)
    """Questions whose answer stood elsewhere."""

    blank: list[str] = field(default_factory=list)
    """Questions of which an unanswered copy was left out."""

    defined: dict[str, frozenset[str]] = field(default_factory=dict)
    """By answer: the names that have a place already."""

    seen: set[str] = field(default_factory=set)
    """Cells of the source that were found."""

    zone: list[tuple[int, Piece]] = field(default_factory=list)
    """The student's own cells and texts, each with the cell of the source above it."""

    anchor: int = -1
    """The cell of the source that was found last."""

    loose: list[Place] = field(default_factory=list)
    """Own cells since then."""

    def take(self, piece: Piece) -> None:
        """Place the next part."""
        if piece.label.role is Role.ANSWER:
            self._answer(piece, self.known.answers[piece.label.id])
        elif piece.label.role is Role.GIVEN:
            self._given(piece)
        elif piece.label is OWN:
            self._own(piece)
        elif piece.label.id:
            self._reached(piece.label.id)

    def _answer(self, piece: Piece, asked: Asked) -> None:
        name, question = asked.cell.id, asked.question.name
        if asked.cell.kind is not Kind.CODE:
            self.zone.append((asked.index, piece))
            self._reached(name)
            return
        names = piece.code.names & asked.stub.names
        if name in self.defined and self.anchor >= asked.checks and names <= self.defined[name]:
            self._own(piece)
            return
        if asked.blank(piece.code) and names <= self.answered[name]:
            self._reached(name)
            self.blank += [question] if self.answered[name] else []
            return
        if asked.index < self.anchor:
            self.moved.append(question)
            for place in self.loose:
                step = self.places.pop(place)
                self.places[replace(place, index=asked.index, side=Side.BEFORE)] = step
        self._put(
            piece, Place(asked.index), Step("answer", name, piece.code.text, question, piece.cell.number)
        )
        self.defined[name] = self.defined.get(name, frozenset()) | names
        self._reached(name)

    def _given(self, piece: Piece) -> None:
        given = self.known.given[piece.label.id]
        name = given.cell.id
        same = piece.code.shape == given.code.shape and piece.code.python
        if name in self.seen and not same:
            self._own(piece)
            return
        if name in self.seen:
            self.repeated.append(name)
        elif not same:
            if not given.invites:
                self.changed.append(name)
            if not piece.code.python or not set(piece.code.shape) <= set(given.code.shape):
                self._put(piece, Place(given.index, Side.BEFORE), _extra(piece))
        self._reached(name)

    def _own(self, piece: Piece) -> None:
        self.zone.append((self.anchor, piece))
        if piece.code.statements or not piece.code.python:
            self.loose.append(self._put(piece, Place(self.anchor, Side.AFTER), _extra(piece)))

    def _put(self, piece: Piece, place: Place, step: Step) -> Place:
        place = replace(place, number=piece.cell.number, part=piece.part)
        self.places[place] = step
        return place

    def _reached(self, name: str) -> None:
        self.seen.add(name)
        self.anchor = self.known.index[name]
        self.loose = []


def order(known: Catalogue, pieces: Sequence[Piece]) -> Order:
    """Return where all parts of a submission belong."""
    answered: dict[str, frozenset[str]] = dict.fromkeys(known.answers, frozenset())
    for piece in pieces:
        if piece.label.role is Role.ANSWER:
            name = piece.label.id
            answered[name] |= known.answers[name].answered(piece.code)
    found = Order(known, answered)
    for piece in pieces:
        found.take(piece)
    return found


def steps(found: Order, source: Source) -> tuple[Step, ...]:
    """Return everything that is run, with the given cells and the checks at their places."""
    places = dict(found.places)
    for given in found.known.given.values():
        places[Place(given.index)] = Step("provided", given.cell.id, given.cell.text)
    for question in source.questions:
        if question.checks:
            first = question.checks[0].cell.id
            places[Place(found.known.index[first])] = Step("checks", first, question=question.name)
    return tuple(_named(places[place] for place in sorted(places)))


def _extra(piece: Piece) -> Step:
    return Step("extra", f"extra-{piece.cell.number}", piece.code.text, number=piece.cell.number)


def _named(found: Iterable[Step]) -> Iterator[Step]:
    """Yield steps with unique names."""
    counts: dict[str, int] = {}
    for step in found:
        counts[step.cell] = counts.get(step.cell, 0) + 1
        count = counts[step.cell]
        yield step if count == 1 else replace(step, cell=f"{step.cell}.{count}")
