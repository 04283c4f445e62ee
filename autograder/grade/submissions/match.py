"""A submission as the steps that are run: the source's order and given cells, the student's answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from autograder.errors import StudentError
from autograder.grade.submissions import notes
from autograder.grade.submissions.catalogue import Catalogue, catalogue, squeezed
from autograder.grade.submissions.labels import Piece, Role, pieces
from autograder.grade.submissions.order import Order, Step, order, steps
from autograder.grade.submissions.read import Submitted, SubmittedCell
from autograder.source import Kind, Question, Source

_TEXT_STUBS = frozenset({"", squeezed("_Type your answer here, replacing this text._")})


@dataclass(frozen=True, slots=True)
class Matched:
    """A submission in the order of the source."""

    steps: tuple[Step, ...]
    repairs: tuple[str, ...]
    """What was put right, one sentence each, for the student."""

    flags: tuple[str, ...]
    """What staff should look at, one sentence each."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """Answers to the questions that people mark, by question; empty if there is none."""

    cells: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """By question, the submitted code cells from it to the next one, by number; no checks."""

    def noting(self, submitted: Submitted, assignment: str) -> "Matched":
        """Return this with what was repaired in reading, and a flag for another assignment's file."""
        flags = self.flags
        if submitted.assignment not in ("", assignment):
            flags += (f"The notebook says that it belongs to {submitted.assignment!r}.",)
        return replace(self, repairs=submitted.repairs + self.repairs, flags=flags)


def match(cells: Sequence[SubmittedCell], source: Source) -> Matched:
    """Return what to run for a submission.

    Args:
        source: with literals for facts, as students got it.

    Raises:
        StudentError: nothing in the submission belongs to this source.
    """
    known = catalogue(source)
    found = pieces(cells, known)
    if not any(piece.alike for piece in found):
        problem = "Nothing in the file belongs to this assignment; check that you handed in the right one."
        raise StudentError(problem)
    placed = order(known, found)
    manual = [question for question in source.questions if question.manual]
    return Matched(
        steps(placed, source),
        tuple(notes.repairs(known, found, placed)),
        tuple(notes.flags(known, found, placed)),
        MappingProxyType({question.name: _text(question, known, placed) for question in manual}),
        MappingProxyType(_cells(source, known, found)),
    )


def _cells(source: Source, known: Catalogue, found: Sequence[Piece]) -> dict[str, tuple[int, ...]]:
    """Return which submitted cells stand at which question; own cells belong to what is above them."""
    begins = {known.index[question.cell.id]: question.name for question in source.questions}
    numbers: dict[str, dict[int, None]] = {name: {} for name in begins.values()}
    current = ""
    for piece in found:
        index = known.index.get(piece.label.id)
        if index is not None:
            current = next((begins[place] for place in reversed(begins) if place <= index), "")
        if current and piece.cell.kind is Kind.CODE and piece.label.role is not Role.CHECK:
            numbers[current][piece.cell.number] = None
    return {name: tuple(there) for name, there in numbers.items()}


def _text(question: Question, known: Catalogue, placed: Order) -> str:
    """Return what stands between a question and what follows it in the source."""
    begins, ends = known.index[question.cell.id], known.index[question.answers[-1].cell.id]
    own = [piece.cell for index, piece in placed.zone if begins <= index <= ends]
    code = [step.text for step in placed.places.values() if step.question == question.name]
    texts = [cell.text.strip() for cell in own if cell.kind is not Kind.CODE or not code]
    return "\n\n".join(text for text in [*texts, *code] if squeezed(text) not in _TEXT_STUBS)
