"""What is said about a submission: repairs to its author, flags to staff."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from autograder.grade.submissions.catalogue import Asked, Catalogue
from autograder.grade.submissions.labels import Piece, Role
from autograder.grade.submissions.order import Order
from autograder.grade.submissions.read import SubmittedCell
from autograder.grade.text import one_line
from autograder.source import Kind

_SHOWN = 6


def repairs(known: Catalogue, pieces: Sequence[Piece], found: Order) -> Iterator[str]:
    """Yield what was put right, one sentence each."""
    if not any(piece.claim for piece in pieces):
        yield "The cells have no ids of this assignment; they were recognised by what they hold."
    if found.changed:
        names = _listed(found.changed)
        yield f"Given cells were changed: {names}; your version ran first, then the original."
    lost = [name for name, given in known.given.items() if name not in found.seen and given.code.statements]
    if lost:
        yield f"Given cells were missing and were put back: {_listed(lost)}."
    if found.repeated:
        yield f"Given cells stood more than once and ran once: {_listed(found.repeated)}."
    if found.moved:
        yield f"Answers stood at another place and ran with their question: {_listed(found.moved)}."
    yield from _about_cells(known, pieces)
    if found.blank:
        yield f"Unanswered copies of answer cells were left out: {_listed(found.blank)}."
    for asked in known.answers.values():
        if missing := _missing(asked, pieces):
            yield f"{asked.question.name}: no cell defines {_listed(missing)}; it counts as not answered."


def flags(known: Catalogue, pieces: Sequence[Piece], found: Order) -> Iterator[str]:
    """Yield what staff should look at, one sentence each."""
    for asked in known.answers.values():
        missing = _missing(asked, pieces)
        instead = _instead(asked, pieces, found) if missing else []
        if instead:
            wanted = f"{asked.question.name} asks for {_listed(missing)}"
            yield f"{wanted}; the cell defines {_listed(instead)}."
    yield from _about_grade_ids(known, [piece.cell for piece in pieces if piece.part == 0])


def _about_cells(known: Catalogue, pieces: Sequence[Piece]) -> Iterator[str]:
    by_cell: dict[int, list[str]] = {}
    by_answer: dict[str, set[int]] = {}
    for piece in pieces:
        if piece.label.role is Role.ANSWER:
            question = known.answers[piece.label.id].question.name
            by_cell.setdefault(piece.cell.number, []).append(question)
            by_answer.setdefault(piece.label.id, set()).add(piece.cell.number)
    for number, questions in by_cell.items():
        if len(set(questions)) > 1:
            yield f"Cell {number} answers {_listed(questions)}; each part ran at the place of its question."
    for name, numbers in by_answer.items():
        asked = known.answers[name]
        if len(numbers) > 1 and asked.cell.kind is Kind.CODE:
            cells = _listed(map(str, sorted(numbers)))
            yield f"{asked.question.name} is answered in several cells ({cells})."
    retyped = [piece.cell.number for piece in pieces if _is_retyped(piece, known)]
    if retyped:
        cells = _listed(map(str, retyped))
        yield f"Code stood in a cell of another type and was taken as code: cell {cells}."


def _is_retyped(piece: Piece, known: Catalogue) -> bool:
    if piece.label.role is not Role.ANSWER or piece.part:
        return False
    return known.answers[piece.label.id].cell.kind is Kind.CODE and piece.cell.kind is not Kind.CODE


def _missing(asked: Asked, pieces: Sequence[Piece]) -> list[str]:
    """Return the names that an answer asks for and no part of the submission defines there."""
    own = [piece.code.names for piece in pieces if piece.label.id == asked.cell.id]
    return sorted(asked.stub.names.difference(*own))


def _instead(asked: Asked, pieces: Sequence[Piece], found: Order) -> list[str]:
    """Return the functions that stand where the answer should."""
    there = [piece for piece in pieces if piece.label.id == asked.cell.id]
    there += [piece for index, piece in found.zone if asked.begins <= index < asked.checks]
    names = {name for piece in there for name in _functions(piece)}
    return sorted(one_line(name, 60) for name in names - asked.stub.names)


def _functions(piece: Piece) -> Iterator[str]:
    for statement in piece.code.statements:
        if statement.defines and not statement.call:
            yield from statement.names


def _about_grade_ids(known: Catalogue, cells: Sequence[SubmittedCell]) -> Iterator[str]:
    counts = Counter(cell.grade_id for cell in cells if cell.grade_id)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        yield f"nbgrader names stand on more than one cell: {_listed(twice)}."
    foreign = [name for name in counts if name not in known.index]
    if foreign:
        yield f"nbgrader names are not of this assignment: {_listed(foreign)}."
    both = [(cell.id, cell.grade_id) for cell in cells if cell.id in known.index]
    other = [name for own, name in both if name in known.index and name != own]
    if other:
        yield f"Ids and nbgrader names contradict each other: {_listed(other)}."


def _listed(names: Iterable[str]) -> str:
    found = [one_line(name, 60) for name in dict.fromkeys(names)]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more
