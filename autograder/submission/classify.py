"""What each part of a submission is: an answer, a provided cell, a check, prose, or the student's own.

What a cell defines is believed before its id: ids and names in metadata are copied along with cells,
get lost in Colab, and can be anything. Points, flags and outputs that a cell claims are not even read.
"""

import functools
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import Enum, auto

from autograder.notebook import Cell, CellType, Question, Source
from autograder.submission.read import SubmittedCell
from autograder.submission.statements import Code, Statement, parse_code

_OTTER_CALLS = frozenset({"grader.check", "grader.check_all", "grader.export", "otter.Notebook"})
_OTTER_CHECK = re.compile(r"grader\.check\(\s*+[\"'](\w++)[\"']")
_OTTER_TAG = "otter_answer_cell"

# Comparing two texts takes quadratic time, so that it is only done up to these lengths.
_MIN_SIMILARITY = 0.6
_MAX_LINES = 200
_MAX_LINE_CHARS = 500


@dataclass(frozen=True, slots=True)
class AnswerCell:
    """An answer cell of the source."""

    cell: Cell
    question: Question
    index: int
    """Its place among the cells of the source, from 0."""

    question_index: int
    """Where its question begins."""

    checks_index: int
    """Where the checks of its question begin; behind all cells if there are none."""

    stub: Code
    """What students were given; an answer must define its names."""

    def answered_names(self, code: Code) -> frozenset[str]:
        """Return which of the names that are asked for some code defines other than as the stub does."""
        if not code.is_python:
            return code.names & self.stub.names
        names: set[str] = set()
        for statement in code.statements:
            if statement.digest not in self.stub.digests:
                names |= statement.names
        return self.stub.names & names

    def is_blank(self, code: Code) -> bool:
        """Return True if code is what students were given, or nothing."""
        return code.is_python and set(code.digests) <= set(self.stub.digests)


@dataclass(frozen=True, slots=True)
class ProvidedCell:
    """A code cell of the source that is neither an answer nor a check."""

    cell: Cell
    index: int
    code: Code

    @property
    def is_fill_in(self) -> bool:
        """Return True if it only holds places to fill in, like ``guess = None``."""
        placeholders = {parse_code(f"{name} = None").digests[0] for name in self.code.names}
        return set(self.code.digests) <= placeholders


@dataclass(frozen=True, slots=True)
class SourceIndex:
    """A source, by what may be found in a submission."""

    positions: dict[str, int]
    """Cell ids in the order of the source."""

    answers: dict[str, AnswerCell]
    provided: dict[str, ProvidedCell]
    checks: dict[str, str]
    """Ids of check cells, also those that only otter's release has → the question's first check."""

    check_names: dict[str, str]
    """Names of questions and of check functions → the question's first check."""

    check_digests: set[str]
    prose: dict[str, str]
    """Text of Markdown cells without white space → their id."""

    provided_by_digests: dict[tuple[str, ...], str]
    """Digests of the statements of provided cells → their id."""

    def has_cell(self, name: str) -> bool:
        """Return True if a submitted cell with this id or name would be one of the source's."""
        ids = itertools.chain(self.answers, self.provided, self.checks, self.prose.values())
        return name in ids

    def answers_defining(self, names: frozenset[str]) -> list[AnswerCell]:
        """Return the answers that ask for one of the names, in order."""
        return [answer for answer in self.answers.values() if answer.stub.names & names]

    def is_check(self, statement: Statement) -> bool:
        """Return True if a statement belongs to a check, and not to a student."""
        # It then never runs: checks are the source's, whatever a submission has under their names.
        return (
            statement.digest in self.check_digests
            or statement.call in _OTTER_CALLS
            or not statement.names.isdisjoint(self.check_names)
        )


@functools.lru_cache(maxsize=8)
def index_source(source: Source) -> SourceIndex:
    """Return the index of a source; it is built once, shared by threads and never changed."""
    positions = {cell.id: number for number, cell in enumerate(source.cells)}
    index = SourceIndex(positions, {}, {}, {}, {}, set(), {}, {})
    for question in source.questions:
        checks_index = len(positions)
        for check in question.checks:
            first_check = question.checks[0].cell.id
            checks_index = min(checks_index, positions[check.cell.id])
            index.checks[check.cell.id] = first_check
            index.checks[f"{question.name}-check".replace("_", "-")] = first_check
            index.check_names[check.function().name] = first_check
            index.check_names[question.name] = first_check
            index.check_digests.update(parse_code(check.code).digests)
        for answer in question.answers:
            cell, begin = answer.cell, positions[question.cell.id]
            stub = parse_code(answer.stub() if cell.cell_type is CellType.CODE else "")
            index.answers[cell.id] = AnswerCell(cell, question, positions[cell.id], begin, checks_index, stub)
    for cell in source.cells:
        if cell.id in index.answers or cell.id in index.checks:
            continue
        if cell.cell_type is CellType.MARKDOWN:
            index.prose[remove_whitespace(cell.text)] = cell.id
        elif cell.cell_type is CellType.CODE:
            code = parse_code(cell.text)
            index.provided[cell.id] = ProvidedCell(cell, positions[cell.id], code)
            if code.digests:
                index.provided_by_digests.setdefault(code.digests, cell.id)
    return index


def remove_whitespace(text: str) -> str:
    """Return text without white space."""
    return "".join(text.split())


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
_CHECK = Label(Role.CHECK)


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


_Owners = Mapping[str, set[int]]
"""For each answer and provided cell, the numbers of the submitted cells that are meant to be it."""


def classify(cells: Sequence[SubmittedCell], index: SourceIndex) -> list[Piece]:
    """Return the parts of a submission in order, each with its label."""
    drafts = []
    for cell in cells:
        claimed_id = next(filter(index.has_cell, (cell.id, cell.grade_id)), "")
        code = parse_code(cell.text)
        if cell.kind is not CellType.CODE:
            # An editor may have changed the cell's type; prose that happens to parse is not code.
            is_code = code.is_python and index.answers_defining(code.names) != []
            if answer := index.answers.get(claimed_id):
                is_code = answer.cell.cell_type is CellType.CODE
            if not is_code:
                code = parse_code("")
        drafts.append(Piece(cell, code, claimed_id=claimed_id))
    owners = _find_owners(drafts, index)
    pieces: list[Piece] = []
    for draft in drafts:
        pieces += _split_cell(draft, index, owners)
    return _rescue_unlabeled(pieces, index)


def _find_owners(drafts: Sequence[Piece], index: SourceIndex) -> _Owners:
    """Return which submitted cells are meant to be which cells of the source.

    A cell is meant as an answer if it claims to be it, or if that is the only answer in it;
    a name of this answer in any other cell is then the student's own.
    """
    owners: dict[str, set[int]] = {name: set() for name in (*index.answers, *index.provided)}
    for draft in drafts:
        answers = index.answers_defining(draft.code.names)
        for answer in answers:
            # A claim counts only together with content: a blank cell with the right id owns nothing.
            is_meant = draft.claimed_id == answer.cell.id or len(answers) == 1
            if is_meant and answer.answered_names(draft.code):
                owners[answer.cell.id].add(draft.cell.number)
        provided_id = index.provided_by_digests.get(draft.code.digests, draft.claimed_id)
        if provided_id in index.provided:
            owners[provided_id].add(draft.cell.number)
    return owners


def _split_cell(draft: Piece, index: SourceIndex, owners: _Owners) -> list[Piece]:
    """Return the parts of a cell that holds several things, or the cell as one part."""
    labels = _label_statements(draft, index, owners)
    content_labels = set(labels) - {STUDENT}
    is_check = content_labels == {_CHECK}
    if len(content_labels) > 1 or (is_check and STUDENT in labels):
        pieces, first = [], 0
        for part, (label, group) in enumerate(itertools.groupby(labels)):
            end = first + len(list(group))
            code = parse_code(draft.code.extract_text(first, end))
            pieces.append(replace(draft, code=code, label=label, part=part, matched_by_content=True))
            first = end
        return pieces
    is_content = content_labels != set() or remove_whitespace(draft.cell.text) in index.prose
    label = content_labels.pop() if content_labels else _label_by_claim(draft, index)
    if label.role is Role.CHECK:
        names = [*sorted(draft.code.names), *_OTTER_CHECK.findall(draft.cell.text)]
        first_checks = [index.check_names[name] for name in names if name in index.check_names]
        label = Label(Role.CHECK, [*first_checks, index.checks.get(draft.claimed_id, "")][0])
    return [replace(draft, label=label, matched_by_content=is_content)]


def _label_statements(draft: Piece, index: SourceIndex, owners: _Owners) -> list[Label]:
    """Return one label per statement, by content."""
    statements = draft.code.statements
    if not draft.code.is_divisible:
        return [_label_by_names(draft, draft.code.names, index, owners)] * max(len(statements), 1)
    labels = []
    for statement in statements:
        is_check = index.is_check(statement)
        labels.append(_CHECK if is_check else _label_by_names(draft, statement.names, index, owners))
    if _CHECK in labels:
        for number, statement in enumerate(statements):
            # Imports of the tool go with the checks that they serve.
            if statement.is_definition and statement.names and statement.names <= {"checks", "otter"}:
                labels[number] = _CHECK
    _label_provided(labels, draft, index, owners)
    # What a student adds to an answer goes with it: definitions with the answer below them, everything
    # else with the answer above.
    for number in reversed(range(len(labels) - 1)):
        is_addition = labels[number] is STUDENT and statements[number].is_definition
        if is_addition and labels[number + 1].role is Role.ANSWER:
            labels[number] = labels[number + 1]
    for number in range(1, len(labels)):
        if labels[number] is STUDENT and labels[number - 1].role is Role.ANSWER:
            labels[number] = labels[number - 1]
    return labels


def _label_provided(labels: list[Label], draft: Piece, index: SourceIndex, owners: _Owners) -> None:
    """Relabel the statements of provided cells: those of one cell one after the other, longest first."""
    digests, first = draft.code.digests, 0
    lengths = sorted({len(key) for key in index.provided_by_digests}, reverse=True)
    while first < len(digests):
        end = first + 1
        for length in lengths:
            name = index.provided_by_digests.get(digests[first : first + length], "")
            if name and first + length <= len(digests):
                end = first + length
                if length == len(labels) or _may_be(name, draft, owners):
                    labels[first:end] = [Label(Role.PROVIDED, name)] * length
                break
        first = end


def _label_by_names(draft: Piece, names: frozenset[str], index: SourceIndex, owners: _Owners) -> Label:
    """Return the answer that defines one of the names, the claimed one first."""
    answers = index.answers_defining(names)
    for answer in sorted(answers, key=lambda answer: answer.cell.id != draft.claimed_id):
        if draft.claimed_id == answer.cell.id or _may_be(answer.cell.id, draft, owners):
            return Label(Role.ANSWER, answer.cell.id)
    return STUDENT


def _may_be(cell_id: str, draft: Piece, owners: _Owners) -> bool:
    """Return True unless only other submitted cells are meant to be a cell of the source."""
    return not owners[cell_id] or draft.cell.number in owners[cell_id]


def _label_by_claim(draft: Piece, index: SourceIndex) -> Label:
    """Return the label of a cell whose code is of no cell of the source: by its prose, or by its claim."""
    if prose_id := index.prose.get(remove_whitespace(draft.cell.text)):
        return Label(Role.PROSE, prose_id)
    # Code in a text cell is believed to be an answer only, and prose in a code cell is the student's own.
    roles = [(Role.ANSWER, set(index.answers)), (Role.PROSE, set(index.prose.values()))]
    if draft.cell.kind is CellType.CODE:
        roles[1:] = [(Role.PROVIDED, set(index.provided)), (Role.CHECK, set(index.checks))]
    for role, ids in roles:
        if draft.claimed_id in ids:
            return Label(role, draft.claimed_id)
    return STUDENT


def _rescue_unlabeled(pieces: Sequence[Piece], index: SourceIndex) -> list[Piece]:
    """Label own code that must be a missing cell, by its likeness or its place."""
    found_ids = {piece.label.id for piece in pieces}
    missing = {name: cell.cell.text for name, cell in index.provided.items() if name not in found_ids}
    rescued, last_index = [], -1
    for piece in pieces:
        if piece.label is STUDENT and not piece.claimed_id:
            label = STUDENT
            if piece.code.statements:
                label = _most_similar_provided(piece.code, missing)
            if label is STUDENT and _OTTER_TAG in piece.cell.tags:
                # otter's tag says that this is some answer; which one, only the cells around it tell.
                for name, answer in index.answers.items():
                    if answer.question_index <= last_index < answer.checks_index and name not in found_ids:
                        label = Label(Role.ANSWER, name)
                        break
            if label is not STUDENT:
                missing.pop(label.id, None)
                found_ids.add(label.id)
                piece = replace(piece, label=label, matched_by_content=True)
        last_index = index.positions.get(piece.label.id, last_index)
        rescued.append(piece)
    return rescued


def _most_similar_provided(code: Code, missing: Mapping[str, str]) -> Label:
    """Return the missing provided cell that code nearly is; the student's own if there is none."""
    best, best_ratio = STUDENT, 0.0
    for name, text in missing.items():
        first, second = text.strip().split("\n"), code.text.strip().split("\n")
        if max(len(first), len(second)) > _MAX_LINES:
            continue
        if len(first) == len(second) == 1:
            first, second = list(text[:_MAX_LINE_CHARS]), list(code.text[:_MAX_LINE_CHARS])
        matcher = SequenceMatcher(None, first, second, autojunk=False)
        # The two bounds take linear time, and what is really something else rarely gets past them.
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= _MIN_SIMILARITY:
            ratio = matcher.ratio()
            if ratio >= _MIN_SIMILARITY and ratio > best_ratio:
                best, best_ratio = Label(Role.PROVIDED, name), ratio
    return best
