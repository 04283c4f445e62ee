"""What each part of a submission is: an answer, a given cell, a check, prose, or the student's own.

What a cell defines is believed before its id: ids and names in metadata are copied along with
cells, get lost in Colab, and can be anything.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import Enum, auto

from autograder.grade.submissions.catalogue import Catalogue, squeezed
from autograder.grade.submissions.read import SubmittedCell
from autograder.grade.submissions.statements import Code, code
from autograder.source import Kind

_NOTHING = code("")
_OTTER_CHECK = re.compile(r"grader\.check\(\s*[\"'](\w+)[\"']")
_OTTER_TAG = "otter_answer_cell"
_ALIKE = 0.6
_MOST_LINES = 200
_LONGEST_LINE = 500


class Role(Enum):
    """What a part of a submission is."""

    ANSWER = auto()
    GIVEN = auto()
    CHECK = auto()
    PROSE = auto()
    OWN = auto()


@dataclass(frozen=True, slots=True)
class Label:
    """What a part is, and the cell of the source that it belongs to."""

    role: Role
    id: str = ""
    """For a check, the first one of its question."""


OWN = Label(Role.OWN)


@dataclass(frozen=True, slots=True)
class Piece:
    """A submitted cell, or a part of one that holds several."""

    cell: SubmittedCell
    code: Code
    label: Label = OWN
    part: int = 0
    claim: str = ""
    """The cell of the source that its id or its metadata names."""

    alike: bool = False
    """Whether its content, and not only its claim, is of the assignment."""


def pieces(cells: Sequence[SubmittedCell], known: Catalogue) -> tuple[Piece, ...]:
    """Return the parts of a submission in order, each with its label."""
    drafts = [_draft(cell, known) for cell in cells]
    homes = _homes(drafts, known)
    found = [piece for draft in drafts for piece in _divided(draft, known, homes)]
    return tuple(_recovered(found, known))


def _draft(cell: SubmittedCell, known: Catalogue) -> Piece:
    claims = (name for name in (cell.id, cell.grade_id) if _claimable(name, known))
    claim = next(claims, "")
    part = code(cell.text)
    if cell.kind is not Kind.CODE:
        asked = known.answers.get(claim)
        is_code = asked.cell.kind is Kind.CODE if asked else part.python and bool(known.asks(part.names))
        part = part if is_code else _NOTHING
    return Piece(cell, part, claim=claim)


def _claimable(name: str, known: Catalogue) -> bool:
    return any(name in there for there in (known.answers, known.given, known.checks, known.prose.values()))


def _homes(drafts: Sequence[Piece], known: Catalogue) -> Mapping[str, set[int]]:
    """Return by answer and given cell the submitted cells that are meant to be it.

    A cell is meant as an answer if it claims to be it, or if that is the only answer in it;
    a name of this answer in any other cell is then the student's own.
    """
    homes: dict[str, set[int]] = {name: set() for name in (*known.answers, *known.given)}
    for draft in drafts:
        asks = known.asks(draft.code.names)
        for asked in asks:
            if (draft.claim == asked.cell.id or len(asks) == 1) and asked.answered(draft.code):
                homes[asked.cell.id].add(draft.cell.number)
        given = known.shapes.get(draft.code.shape) or draft.claim
        if given in known.given:
            homes[given].add(draft.cell.number)
    return homes


def _divided(draft: Piece, known: Catalogue, homes: Mapping[str, set[int]]) -> Iterator[Piece]:
    """Yield the parts of a cell that holds several things, or the whole of it."""
    labels = _labels(draft, known, homes)
    found = list(dict.fromkeys(label for label in labels if label.role is not Role.OWN))
    mixed = len(found) > 1 or (found and found[0].role is Role.CHECK and OWN in labels)
    if not mixed:
        yield _whole(draft, found[0] if found else None, known)
        return
    for part, (first, end, label) in enumerate(_groups(draft.code, labels)):
        yield replace(draft, code=code(draft.code.part(first, end)), label=label, part=part, alike=True)


def _labels(draft: Piece, known: Catalogue, homes: Mapping[str, set[int]]) -> list[Label]:
    """Return one label per statement."""
    part = draft.code
    if not part.divisible:
        label = _by_names(draft, part.names, known, homes)
        return [label] * max(len(part.statements), 1)
    labels = []
    for statement in part.statements:
        if known.is_check(statement):
            labels.append(Label(Role.CHECK))
        else:
            labels.append(_by_names(draft, statement.names, known, homes))
    checks = sum(label.role is Role.CHECK for label in labels)
    for number, statement in enumerate(part.statements):
        if checks and statement.defines and statement.names <= {"checks", "otter"} and statement.names:
            labels[number] = Label(Role.CHECK)
    for first, end, name in _runs(part.shape, known):
        whole = end - first == len(labels)
        if whole or not homes[name] or draft.cell.number in homes[name]:
            labels[first:end] = [Label(Role.GIVEN, name)] * (end - first)
    return labels


def _by_names(draft: Piece, names: frozenset[str], known: Catalogue, homes: Mapping[str, set[int]]) -> Label:
    for asked in sorted(known.asks(names), key=lambda asked: asked.cell.id != draft.claim):
        name = asked.cell.id
        if draft.claim == name or not homes[name] or draft.cell.number in homes[name]:
            return Label(Role.ANSWER, name)
    return OWN


def _runs(shape: tuple[str, ...], known: Catalogue) -> Iterator[tuple[int, int, str]]:
    """Yield where the statements of a whole given cell stand one after the other."""
    lengths = sorted({len(given) for given in known.shapes}, reverse=True)
    first = 0
    while first < len(shape):
        ends = (first + length for length in lengths if first + length <= len(shape))
        end = next((end for end in ends if shape[first:end] in known.shapes), 0)
        if end:
            yield first, end, known.shapes[shape[first:end]]
        first = end or first + 1


def _groups(part: Code, labels: Sequence[Label]) -> Iterator[tuple[int, int, Label]]:
    """Yield runs of statements with one label.

    What a student adds to an answer goes with it: definitions with the answer below them,
    everything else with the answer above.
    """
    joined = list(labels)
    for number in reversed(range(len(joined) - 1)):
        below = joined[number + 1]
        if labels[number] is OWN and part.statements[number].defines and below.role is Role.ANSWER:
            joined[number] = below
    for number in range(1, len(joined)):
        if joined[number] is OWN and joined[number - 1].role is Role.ANSWER:
            joined[number] = joined[number - 1]
    first = 0
    for number in range(1, len(joined) + 1):
        if number == len(joined) or joined[number] != joined[first]:
            yield first, number, joined[first]
            first = number


def _whole(draft: Piece, found: Label | None, known: Catalogue) -> Piece:
    """Return a cell that holds one thing, by its content or else by its claim."""
    label = found or _claimed(draft, known)
    if label.role is Role.CHECK:
        label = Label(Role.CHECK, _check_of(draft, known))
    said = squeezed(draft.cell.text) in known.prose
    return replace(draft, label=label, alike=found is not None or said)


def _claimed(draft: Piece, known: Catalogue) -> Label:
    claim, cell = draft.claim, draft.cell
    said = known.prose.get(squeezed(cell.text))
    if said:
        return Label(Role.PROSE, said)
    if claim in known.answers:
        return Label(Role.ANSWER, claim)
    if cell.kind is not Kind.CODE:
        return Label(Role.PROSE, claim) if claim in known.prose.values() else OWN
    if claim in known.given:
        return Label(Role.GIVEN, claim)
    return Label(Role.CHECK) if claim in known.checks else OWN


def _check_of(draft: Piece, known: Catalogue) -> str:
    """Return the first check of the question whose check this is; empty if it says none."""
    match = _OTTER_CHECK.search(draft.cell.text)
    names = [*draft.code.names, match[1] if match else ""]
    named = next((known.check_names[name] for name in names if name in known.check_names), "")
    return named or known.checks.get(draft.claim, "")


def _recovered(found: Sequence[Piece], known: Catalogue) -> Iterator[Piece]:
    """Yield the pieces; own code becomes what is nowhere else and what it looks like or stands for."""
    there = {piece.label.id for piece in found}
    lost = {name: given.cell.text for name, given in known.given.items() if name not in there}
    above = -1
    for piece in found:
        if piece.label is OWN and not piece.claim:
            label = _given_like(piece, lost) or _otter_answer(piece, above, there, known)
            lost.pop(label.id, None)
            there.add(label.id)
            found_as = replace(piece, label=label, alike=label is not OWN)
        else:
            found_as = piece
        above = known.index.get(found_as.label.id, above)
        yield found_as


def _given_like(piece: Piece, lost: Mapping[str, str]) -> Label | None:
    """Return the given cell that own code is nearly, among those that are nowhere."""
    if not piece.code.statements or not lost:
        return None
    ratios = {name: _likeness(text, piece.code.text) for name, text in lost.items()}
    name = max(ratios, key=lambda name: ratios[name])
    return Label(Role.GIVEN, name) if ratios[name] >= _ALIKE else None


def _otter_answer(piece: Piece, above: int, there: set[str], known: Catalogue) -> Label:
    """Return the answer whose place a cell has that otter made for one."""
    if _OTTER_TAG in piece.cell.tags:
        for name, asked in known.answers.items():
            if asked.begins <= above < asked.checks and name not in there:
                return Label(Role.ANSWER, name)
    return OWN


def _likeness(left: str, right: str) -> float:
    """Return how much of two texts is the same, from 0 to 1; 0 if it is little, or if they are long."""
    first, second = left.strip().split("\n"), right.strip().split("\n")
    if max(len(first), len(second)) > _MOST_LINES:
        return 0.0
    if len(first) == len(second) == 1:
        first, second = list(left[:_LONGEST_LINE]), list(right[:_LONGEST_LINE])
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
        return 0.0
    return matcher.ratio()
