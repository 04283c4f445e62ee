"""A submission as the steps that are run: the source's order and given cells, the student's answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from autograder.errors import StudentError
from autograder.notebook import CellType, Question, Source
from autograder.submission import messages
from autograder.submission.classify import Piece, Role, classify
from autograder.submission.placement import GradingStep, Placement, build_steps, place_pieces
from autograder.submission.read import SubmittedCell, SubmittedFile
from autograder.submission.source_index import SourceIndex, index_source, remove_whitespace

_TEXT_STUBS = frozenset({"", remove_whitespace("_Type your answer here, replacing this text._")})


@dataclass(frozen=True, slots=True)
class MatchedSubmission:
    """A submission in the order of the source."""

    steps: tuple[GradingStep, ...]
    repairs: tuple[str, ...]
    """What was put right, one sentence each, for the student."""

    flags: tuple[str, ...]
    """What staff should look at, one sentence each."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """Answers to the questions that people mark, by question; empty if there is none."""

    cells: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """By question, the submitted code cells from it to the next one, by number; no checks."""

    def with_file_messages(self, submitted_file: SubmittedFile, assignment: str) -> "MatchedSubmission":
        """Return this with what was repaired in reading, and a flag for another assignment's file."""
        flags = self.flags
        if submitted_file.assignment not in ("", assignment):
            flags += (f"The notebook says that it belongs to {submitted_file.assignment!r}.",)
        return replace(self, repairs=submitted_file.repairs + self.repairs, flags=flags)


def match(cells: Sequence[SubmittedCell], source: Source) -> MatchedSubmission:
    """Return what to run for a submission.

    Args:
        source: with literals for facts, as students got it.

    Raises:
        StudentError: nothing in the submission belongs to this source.
    """
    known = index_source(source)
    found = classify(cells, known)
    if not any(piece.matched_by_content for piece in found):
        problem = "Nothing in the file belongs to this assignment; check that you handed in the right one."
        raise StudentError(problem)
    placed = place_pieces(known, found)
    manual = [question for question in source.questions if question.manual]
    return MatchedSubmission(
        build_steps(placed, source),
        tuple(messages.repairs(known, found, placed)),
        tuple(messages.flags(known, found, placed)),
        MappingProxyType(
            {question.name: _manual_answer_text(question, known, placed) for question in manual}
        ),
        MappingProxyType(_cells_by_question(source, known, found)),
    )


def _cells_by_question(
    source: Source, source_index: SourceIndex, pieces: Sequence[Piece]
) -> dict[str, tuple[int, ...]]:
    """Return which submitted cells stand at which question; own cells belong to what is above them."""
    begins = {source_index.positions[question.cell.id]: question.name for question in source.questions}
    numbers: dict[str, dict[int, None]] = {name: {} for name in begins.values()}
    current = ""
    for piece in pieces:
        index = source_index.positions.get(piece.label.id)
        if index is not None:
            current = next((begins[place] for place in reversed(begins) if place <= index), "")
        if current and piece.cell.kind is CellType.CODE and piece.label.role is not Role.CHECK:
            numbers[current][piece.cell.number] = None
    return {name: tuple(there) for name, there in numbers.items()}


def _manual_answer_text(question: Question, source_index: SourceIndex, placement: Placement) -> str:
    """Return what stands between a question and what follows it in the source."""
    begins, ends = (
        source_index.positions[question.cell.id],
        source_index.positions[question.answers[-1].cell.id],
    )
    own = [piece.cell for index, piece in placement.free_cells if begins <= index <= ends]
    code = [step.text for step in placement.steps_by_position.values() if step.question == question.name]
    texts = [cell.text.strip() for cell in own if cell.kind is not CellType.CODE or not code]
    return "\n\n".join(text for text in [*texts, *code] if remove_whitespace(text) not in _TEXT_STUBS)
