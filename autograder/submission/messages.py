"""What is said about a submission: repairs to its author, flags to staff."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from autograder.notebook import CellType
from autograder.submission.classify import Piece, Role
from autograder.submission.placement import Placement
from autograder.submission.read import SubmittedCell
from autograder.submission.source_index import AnswerCell, SourceIndex
from autograder.text import one_line

_MAX_NAMES = 6


def repairs(source_index: SourceIndex, pieces: Sequence[Piece], placement: Placement) -> Iterator[str]:
    """Yield what was put right, one sentence each."""
    if not any(piece.claimed_id for piece in pieces):
        yield "The cells have no ids of this assignment; they were recognised by what they hold."
    if placement.changed_cells:
        names = _join_names(placement.changed_cells)
        yield f"Given cells were changed: {names}; your version ran first, then the original."
    lost = [
        name
        for name, given in source_index.provided.items()
        if name not in placement.seen_ids and given.code.statements
    ]
    if lost:
        yield f"Given cells were missing and were put back: {_join_names(lost)}."
    if placement.repeated_cells:
        yield f"Given cells stood more than once and ran once: {_join_names(placement.repeated_cells)}."
    if placement.moved_questions:
        names = _join_names(placement.moved_questions)
        yield f"Answers were in another place and ran with their question: {names}."
    yield from _cell_repairs(source_index, pieces)
    if placement.blank_questions:
        yield f"Unanswered copies of answer cells were left out: {_join_names(placement.blank_questions)}."
    for asked in source_index.answers.values():
        if missing := _missing_names(asked, pieces):
            yield f"{asked.question.name}: no cell defines {_join_names(missing)}; it counts as not answered."


def flags(source_index: SourceIndex, pieces: Sequence[Piece], placement: Placement) -> Iterator[str]:
    """Yield what staff should look at, one sentence each."""
    for asked in source_index.answers.values():
        missing = _missing_names(asked, pieces)
        instead = _other_functions(asked, pieces, placement) if missing else []
        if instead:
            wanted = f"{asked.question.name} asks for {_join_names(missing)}"
            yield f"{wanted}; the cell defines {_join_names(instead)}."
    yield from _grade_id_flags(source_index, [piece.cell for piece in pieces if piece.part == 0])


def _cell_repairs(source_index: SourceIndex, pieces: Sequence[Piece]) -> Iterator[str]:
    by_cell: dict[int, list[str]] = {}
    by_answer: dict[str, set[int]] = {}
    for piece in pieces:
        if piece.label.role is Role.ANSWER:
            question = source_index.answers[piece.label.id].question.name
            by_cell.setdefault(piece.cell.number, []).append(question)
            by_answer.setdefault(piece.label.id, set()).add(piece.cell.number)
    for number, questions in by_cell.items():
        if len(set(questions)) > 1:
            names = _join_names(questions)
            yield f"Cell {number} answers {names}; each part ran with its question."
    for name, numbers in by_answer.items():
        asked = source_index.answers[name]
        if len(numbers) > 1 and asked.cell.cell_type is CellType.CODE:
            cells = _join_names(map(str, sorted(numbers)))
            yield f"{asked.question.name} is answered in several cells ({cells})."
    retyped = [piece.cell.number for piece in pieces if _is_retyped(piece, source_index)]
    if retyped:
        cells = _join_names(map(str, retyped))
        yield f"Code stood in a cell of another type and was taken as code: cell {cells}."


def _is_retyped(piece: Piece, source_index: SourceIndex) -> bool:
    if piece.label.role is not Role.ANSWER or piece.part:
        return False
    return (
        source_index.answers[piece.label.id].cell.cell_type is CellType.CODE
        and piece.cell.kind is not CellType.CODE
    )


def _missing_names(answer: AnswerCell, pieces: Sequence[Piece]) -> list[str]:
    """Return the names that an answer asks for and no part of the submission defines there."""
    own = [piece.code.names for piece in pieces if piece.label.id == answer.cell.id]
    return sorted(answer.stub.names.difference(*own))


def _other_functions(answer: AnswerCell, pieces: Sequence[Piece], placement: Placement) -> list[str]:
    """Return the functions that stand where the answer should."""
    there = [piece for piece in pieces if piece.label.id == answer.cell.id]
    there += [
        piece for index, piece in placement.free_cells if answer.question_index <= index < answer.checks_index
    ]
    names = {name for piece in there for name in _function_names(piece)}
    return sorted(one_line(name, 60) for name in names - answer.stub.names)


def _function_names(piece: Piece) -> Iterator[str]:
    for statement in piece.code.statements:
        if statement.is_definition and not statement.call:
            yield from statement.names


def _grade_id_flags(source_index: SourceIndex, cells: Sequence[SubmittedCell]) -> Iterator[str]:
    counts = Counter(cell.grade_id for cell in cells if cell.grade_id)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        yield f"nbgrader names stand on more than one cell: {_join_names(twice)}."
    foreign = [name for name in counts if name not in source_index.positions]
    if foreign:
        yield f"nbgrader names are not of this assignment: {_join_names(foreign)}."
    both = [(cell.id, cell.grade_id) for cell in cells if cell.id in source_index.positions]
    other = [name for own, name in both if name in source_index.positions and name != own]
    if other:
        yield f"Ids and nbgrader names contradict each other: {_join_names(other)}."


def _join_names(names: Iterable[str]) -> str:
    found = [one_line(name, 60) for name in dict.fromkeys(names)]
    more = f" and {len(found) - _MAX_NAMES} more" if len(found) > _MAX_NAMES else ""
    return ", ".join(found[:_MAX_NAMES]) + more
