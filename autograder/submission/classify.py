"""What each part of a submission is: an answer, a given cell, a check, prose, or the student's own.

What a cell defines is believed before its id: ids and names in metadata are copied along with
cells, get lost in Colab, and can be anything.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import Enum, auto

from autograder.notebook import CellType
from autograder.submission.read import SubmittedCell
from autograder.submission.source_index import SourceIndex, remove_whitespace
from autograder.submission.statements import Code, parse_code

_NO_CODE = parse_code("")
_OTTER_CHECK = re.compile(r"grader\.check\(\s*[\"'](\w+)[\"']")
_OTTER_TAG = "otter_answer_cell"
_MIN_SIMILARITY = 0.6
_MAX_LINES = 200
_MAX_LINE_CHARS = 500


class Role(Enum):
    """What a part of a submission is."""

    ANSWER = auto()
    PROVIDED = auto()
    CHECK = auto()
    PROSE = auto()
    STUDENT = auto()


@dataclass(frozen=True, slots=True)
class Label:
    """What a part is, and the cell of the source that it belongs to."""

    role: Role
    id: str = ""
    """For a check, the first one of its question."""


STUDENT = Label(Role.STUDENT)


@dataclass(frozen=True, slots=True)
class Piece:
    """A submitted cell, or a part of one that holds several."""

    cell: SubmittedCell
    code: Code
    label: Label = STUDENT
    part: int = 0
    claimed_id: str = ""
    """The cell of the source that its id or its metadata names."""

    matched_by_content: bool = False
    """Whether its content, and not only its claim, is of the assignment."""


def classify(cells: Sequence[SubmittedCell], source_index: SourceIndex) -> tuple[Piece, ...]:
    """Return the parts of a submission in order, each with its label."""
    drafts = [_draft(cell, source_index) for cell in cells]
    homes = _owners(drafts, source_index)
    found = [piece for draft in drafts for piece in _split_cell(draft, source_index, homes)]
    return tuple(_rescue_unlabeled(found, source_index))


def _draft(cell: SubmittedCell, source_index: SourceIndex) -> Piece:
    claims = (name for name in (cell.id, cell.grade_id) if _is_source_id(name, source_index))
    claim = next(claims, "")
    part = parse_code(cell.text)
    if cell.kind is not CellType.CODE:
        asked = source_index.answers.get(claim)
        is_code = (
            asked.cell.cell_type is CellType.CODE
            if asked
            else part.is_python and bool(source_index.answers_defining(part.names))
        )
        part = part if is_code else _NO_CODE
    return Piece(cell, part, claimed_id=claim)


def _is_source_id(name: str, source_index: SourceIndex) -> bool:
    return any(
        name in there
        for there in (
            source_index.answers,
            source_index.provided,
            source_index.checks,
            source_index.prose.values(),
        )
    )


def _owners(drafts: Sequence[Piece], source_index: SourceIndex) -> Mapping[str, set[int]]:
    """Return by answer and given cell the submitted cells that are meant to be it.

    A cell is meant as an answer if it claims to be it, or if that is the only answer in it;
    a name of this answer in any other cell is then the student's own.
    """
    homes: dict[str, set[int]] = {name: set() for name in (*source_index.answers, *source_index.provided)}
    for draft in drafts:
        asks = source_index.answers_defining(draft.code.names)
        for asked in asks:
            if (draft.claimed_id == asked.cell.id or len(asks) == 1) and asked.answered_names(draft.code):
                homes[asked.cell.id].add(draft.cell.number)
        given = source_index.provided_by_digests.get(draft.code.digests) or draft.claimed_id
        if given in source_index.provided:
            homes[given].add(draft.cell.number)
    return homes


def _split_cell(draft: Piece, source_index: SourceIndex, owners: Mapping[str, set[int]]) -> Iterator[Piece]:
    """Yield the parts of a cell that holds several things, or the whole of it."""
    labels = _label_statements(draft, source_index, owners)
    found = list(dict.fromkeys(label for label in labels if label.role is not Role.STUDENT))
    mixed = len(found) > 1 or (found and found[0].role is Role.CHECK and STUDENT in labels)
    if not mixed:
        yield _label_whole_cell(draft, found[0] if found else None, source_index)
        return
    for part, (first, end, label) in enumerate(_group_by_label(draft.code, labels)):
        yield replace(
            draft,
            code=parse_code(draft.code.extract_text(first, end)),
            label=label,
            part=part,
            matched_by_content=True,
        )


def _label_statements(draft: Piece, source_index: SourceIndex, owners: Mapping[str, set[int]]) -> list[Label]:
    """Return one label per statement."""
    part = draft.code
    if not part.is_divisible:
        label = _label_by_names(draft, part.names, source_index, owners)
        return [label] * max(len(part.statements), 1)
    labels = []
    for statement in part.statements:
        if source_index.is_check(statement):
            labels.append(Label(Role.CHECK))
        else:
            labels.append(_label_by_names(draft, statement.names, source_index, owners))
    checks = sum(label.role is Role.CHECK for label in labels)
    for number, statement in enumerate(part.statements):
        if checks and statement.is_definition and statement.names <= {"checks", "otter"} and statement.names:
            labels[number] = Label(Role.CHECK)
    for first, end, name in _find_provided_cells(part.digests, source_index):
        whole = end - first == len(labels)
        if whole or not owners[name] or draft.cell.number in owners[name]:
            labels[first:end] = [Label(Role.PROVIDED, name)] * (end - first)
    return labels


def _label_by_names(
    draft: Piece, names: frozenset[str], source_index: SourceIndex, owners: Mapping[str, set[int]]
) -> Label:
    for asked in sorted(
        source_index.answers_defining(names), key=lambda asked: asked.cell.id != draft.claimed_id
    ):
        name = asked.cell.id
        if draft.claimed_id == name or not owners[name] or draft.cell.number in owners[name]:
            return Label(Role.ANSWER, name)
    return STUDENT


def _find_provided_cells(
    digests: tuple[str, ...], source_index: SourceIndex
) -> Iterator[tuple[int, int, str]]:
    """Yield where the statements of a whole given cell stand one after the other."""
    lengths = sorted({len(given) for given in source_index.provided_by_digests}, reverse=True)
    first = 0
    while first < len(digests):
        ends = (first + length for length in lengths if first + length <= len(digests))
        end = next((end for end in ends if digests[first:end] in source_index.provided_by_digests), 0)
        if end:
            yield first, end, source_index.provided_by_digests[digests[first:end]]
        first = end or first + 1


def _group_by_label(code: Code, labels: Sequence[Label]) -> Iterator[tuple[int, int, Label]]:
    """Yield runs of statements with one label.

    What a student adds to an answer goes with it: definitions with the answer below them,
    everything else with the answer above.
    """
    joined = list(labels)
    for number in reversed(range(len(joined) - 1)):
        below = joined[number + 1]
        if labels[number] is STUDENT and code.statements[number].is_definition and below.role is Role.ANSWER:
            joined[number] = below
    for number in range(1, len(joined)):
        if joined[number] is STUDENT and joined[number - 1].role is Role.ANSWER:
            joined[number] = joined[number - 1]
    first = 0
    for number in range(1, len(joined) + 1):
        if number == len(joined) or joined[number] != joined[first]:
            yield first, number, joined[first]
            first = number


def _label_whole_cell(draft: Piece, content_label: Label | None, source_index: SourceIndex) -> Piece:
    """Return a cell that holds one thing, by its content or else by its claim."""
    label = content_label or _label_by_claim(draft, source_index)
    if label.role is Role.CHECK:
        label = Label(Role.CHECK, _first_check_id(draft, source_index))
    said = remove_whitespace(draft.cell.text) in source_index.prose
    return replace(draft, label=label, matched_by_content=content_label is not None or said)


def _label_by_claim(draft: Piece, source_index: SourceIndex) -> Label:
    claim, cell = draft.claimed_id, draft.cell
    said = source_index.prose.get(remove_whitespace(cell.text))
    if said:
        return Label(Role.PROSE, said)
    if claim in source_index.answers:
        return Label(Role.ANSWER, claim)
    if cell.kind is not CellType.CODE:
        return Label(Role.PROSE, claim) if claim in source_index.prose.values() else STUDENT
    if claim in source_index.provided:
        return Label(Role.PROVIDED, claim)
    return Label(Role.CHECK) if claim in source_index.checks else STUDENT


def _first_check_id(draft: Piece, source_index: SourceIndex) -> str:
    """Return the first check of the question whose check this is; empty if it says none."""
    match = _OTTER_CHECK.search(draft.cell.text)
    names = [*draft.code.names, match[1] if match else ""]
    named = next((source_index.check_names[name] for name in names if name in source_index.check_names), "")
    return named or source_index.checks.get(draft.claimed_id, "")


def _rescue_unlabeled(pieces: Sequence[Piece], source_index: SourceIndex) -> Iterator[Piece]:
    """Yield the pieces; own code becomes what is nowhere else and what it looks like or stands for."""
    there = {piece.label.id for piece in pieces}
    lost = {name: given.cell.text for name, given in source_index.provided.items() if name not in there}
    above = -1
    for piece in pieces:
        if piece.label is STUDENT and not piece.claimed_id:
            label = _match_similar_provided(piece, lost) or _label_otter_answer(
                piece, above, there, source_index
            )
            lost.pop(label.id, None)
            there.add(label.id)
            found_as = replace(piece, label=label, matched_by_content=label is not STUDENT)
        else:
            found_as = piece
        above = source_index.positions.get(found_as.label.id, above)
        yield found_as


def _match_similar_provided(piece: Piece, missing: Mapping[str, str]) -> Label | None:
    """Return the given cell that own code is nearly, among those that are nowhere."""
    if not piece.code.statements or not missing:
        return None
    ratios = {name: _similarity(text, piece.code.text) for name, text in missing.items()}
    name = max(ratios, key=lambda name: ratios[name])
    return Label(Role.PROVIDED, name) if ratios[name] >= _MIN_SIMILARITY else None


def _label_otter_answer(
    piece: Piece, last_index: int, found_ids: set[str], source_index: SourceIndex
) -> Label:
    """Return the answer whose place a cell has that otter made for one."""
    if _OTTER_TAG in piece.cell.tags:
        for name, asked in source_index.answers.items():
            if asked.question_index <= last_index < asked.checks_index and name not in found_ids:
                return Label(Role.ANSWER, name)
    return STUDENT


def _similarity(left: str, right: str) -> float:
    """Return how much of two texts is the same, from 0 to 1; 0 if it is little, or if they are long."""
    first, second = left.strip().split("\n"), right.strip().split("\n")
    if max(len(first), len(second)) > _MAX_LINES:
        return 0.0
    if len(first) == len(second) == 1:
        first, second = list(left[:_MAX_LINE_CHARS]), list(right[:_MAX_LINE_CHARS])
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    if matcher.real_quick_ratio() < _MIN_SIMILARITY or matcher.quick_ratio() < _MIN_SIMILARITY:
        return 0.0
    return matcher.ratio()
