"""What each part of a submission is: an answer, a provided cell, a check, prose, or the student's own.

What a cell defines is believed before its id: ids and names in metadata are copied along with cells,
get lost in Colab, and can be anything. Points, flags and outputs that a cell claims are not even read.
"""

import functools
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from enum import Enum, auto

from autograder.notebook import Cell, CellType, Question, Source
from autograder.submission.read import SubmittedCell, fill_in
from autograder.submission.statements import Code, Statement, parse_code

_CHECK_CALLS = frozenset(
    {"checks.run", "grader.check", "grader.check_all", "grader.export", "otter.Notebook"}
)
_OTTER_CHECK = re.compile(r"grader\.check\(\s*+[\"'](\w++)[\"']")
_OTTER_TAG = "otter_answer_cell"

# Comparing two texts takes quadratic time, so that it is only done up to these lengths.
_MIN_SIMILARITY = 0.6
_MAX_LINES = 200
_MAX_LINE_CHARS = 500


class Role(Enum):
    """What a part of a submission is."""

    ANSWER = auto()
    PROVIDED = auto()
    """A code cell of the source that is neither an answer nor a check."""

    CHECK = auto()
    PROSE = auto()
    STUDENT = auto()


@dataclass(frozen=True, slots=True)
class AnswerCell:
    """An answer cell of the source."""

    cell: Cell
    question: Question
    span: range
    """Positions in the source from the beginning of its question to the checks."""

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


@dataclass(frozen=True, slots=True)
class SourceIndex:
    """A source, by what may be found in a submission."""

    positions: dict[str, int]
    """Cell ids in the order of the source."""

    roles: dict[str, Role] = field(default_factory=dict)
    """By cell id; also check cells that only otter's release has."""

    answers: dict[str, AnswerCell] = field(default_factory=dict)
    provided: dict[str, Code] = field(default_factory=dict)
    provided_by_digests: dict[tuple[str, ...], str] = field(default_factory=dict)
    """Digests of the statements of provided cells → their id."""

    first_checks: dict[str, str] = field(default_factory=dict)
    """Ids of check cells → the question's first check."""

    check_names: dict[str, str] = field(default_factory=dict)
    """Names of questions and of check functions → the question's first check."""

    prose: dict[str, str] = field(default_factory=dict)
    """Text of Markdown cells without white space → their id."""

    def answers_defining(self, names: frozenset[str]) -> list[AnswerCell]:
        """Return the answers that ask for one of the names, in order."""
        return [answer for answer in self.answers.values() if answer.stub.names & names]

    def is_check(self, statement: Statement) -> bool:
        """Return True if a statement belongs to a check, and not to a student."""
        # It then never runs: checks are the source's, whatever a submission has under their names.
        return statement.call in _CHECK_CALLS or not statement.names.isdisjoint(self.check_names)


@functools.lru_cache(maxsize=8)
def index_source(source: Source) -> SourceIndex:
    """Return the index of a source; it is built once, shared by threads and never changed."""
    index = SourceIndex({cell.id: number for number, cell in enumerate(source.cells)})
    for question in source.questions:
        end = len(source.cells)
        if question.checks:
            first_check = question.checks[0].cell.id
            end = index.positions[first_check]
            index.first_checks[f"{question.name}-check".replace("_", "-")] = first_check
            index.check_names[question.name] = first_check
            for check in question.checks:
                index.first_checks[check.cell.id] = first_check
                index.check_names[check.function().name] = first_check
        span = range(index.positions[question.cell.id], end)
        for answer in question.answers:
            stub = parse_code(answer.stub() if answer.cell.cell_type is CellType.CODE else "")
            index.answers[answer.cell.id] = AnswerCell(answer.cell, question, span, stub)
    index.roles.update(dict.fromkeys(index.first_checks, Role.CHECK))
    index.roles.update(dict.fromkeys(index.answers, Role.ANSWER))
    for cell in source.cells:
        if cell.id not in index.roles and cell.cell_type is CellType.MARKDOWN:
            index.roles[cell.id] = Role.PROSE
            index.prose[remove_whitespace(cell.text)] = cell.id
        elif cell.id not in index.roles and cell.cell_type is CellType.CODE:
            index.roles[cell.id] = Role.PROVIDED
            code = index.provided[cell.id] = parse_code(cell.text)
            if code.digests:
                index.provided_by_digests.setdefault(code.digests, cell.id)
    return index


def remove_whitespace(text: str) -> str:
    """Return text without white space."""
    return "".join(text.split())


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


def classify(cells: Sequence[SubmittedCell], index: SourceIndex) -> list[Piece]:
    """Return the parts of a submission in order, each with its label."""
    drafts = []
    # For each answer and provided cell, the numbers of the submitted cells that are meant to be it. A cell
    # is meant as an answer if it claims to be it, or if that is the only answer in it; a name of this answer
    # in any other cell is then the student's own.
    owners: dict[str, set[int]] = defaultdict(set)
    for cell in cells:
        claimed_id = next(filter(index.roles.__contains__, (cell.id, cell.grade_id)), "")
        code = parse_code(cell.text)
        if cell.kind is not CellType.CODE:
            # An editor may have changed the cell's type; prose that happens to parse is not code.
            is_code = code.is_python and index.answers_defining(code.names) != []
            if answer := index.answers.get(claimed_id):
                is_code = answer.cell.cell_type is CellType.CODE
            if not is_code:
                code = parse_code("")
        drafts.append(Piece(cell, code, claimed_id=claimed_id))
        answers = index.answers_defining(code.names)
        for answer in answers:
            # A claim counts only together with content: a blank cell with the right id owns nothing.
            is_meant = claimed_id == answer.cell.id or len(answers) == 1
            if is_meant and answer.answered_names(code):
                owners[answer.cell.id].add(cell.number)
        provided_id = index.provided_by_digests.get(code.digests, claimed_id)
        if provided_id in index.provided:
            owners[provided_id].add(cell.number)
    pieces: list[Piece] = []
    for draft in drafts:
        taken_ids = {name for name, numbers in owners.items() if draft.cell.number not in numbers}
        pieces += _split_cell(draft, index, taken_ids)
    return _rescue_unlabeled(pieces, index)


def _split_cell(draft: Piece, index: SourceIndex, taken_ids: Set[str]) -> list[Piece]:
    """Return the parts of a cell that holds several things, or the cell as one part.

    Args:
        draft: the cell.
        index: the source.
        taken_ids: cells of the source that only other submitted cells are meant to be.
    """
    labels = _label_statements(draft, index, taken_ids)
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
    # Code in a text cell is believed to be an answer only, and prose in a code cell is the student's own.
    believed = {Role.ANSWER, Role.PROSE}
    if draft.cell.kind is CellType.CODE:
        believed = {Role.ANSWER, Role.PROVIDED, Role.CHECK}
    role, is_content = index.roles.get(draft.claimed_id, Role.STUDENT), True
    if content_labels:
        label = content_labels.pop()
    elif prose_id := index.prose.get(remove_whitespace(draft.cell.text)):
        label = Label(Role.PROSE, prose_id)
    else:
        label, is_content = Label(role, draft.claimed_id) if role in believed else STUDENT, False
    if label.role is Role.CHECK:
        names = [*sorted(draft.code.names), *_OTTER_CHECK.findall(draft.cell.text)]
        first_checks = [index.check_names[name] for name in names if name in index.check_names]
        label = Label(Role.CHECK, [*first_checks, index.first_checks.get(draft.claimed_id, "")][0])
    return [replace(draft, label=label, matched_by_content=is_content)]


def _label_statements(draft: Piece, index: SourceIndex, taken_ids: Set[str]) -> list[Label]:
    """Return one label per statement, by content."""
    statements, digests = draft.code.statements, draft.code.digests
    if not draft.code.is_divisible:
        label = _label_by_names(draft, draft.code.names, index, taken_ids)
        return [label] * max(len(statements), 1)
    labels: list[Label] = []
    lengths = sorted({len(key) for key in index.provided_by_digests}, reverse=True)
    while len(labels) < len(statements):
        statement, rest = statements[len(labels)], digests[len(labels) :]
        # The statements of a provided cell, the longest that follows here.
        span = next((rest[:length] for length in lengths if rest[:length] in index.provided_by_digests), ())
        provided_id = index.provided_by_digests.get(span, "")
        if provided_id and (span == digests or provided_id not in taken_ids):
            labels += [Label(Role.PROVIDED, provided_id)] * len(span)
        elif index.is_check(statement):
            labels.append(_CHECK)
        else:
            labels.append(_label_by_names(draft, statement.names, index, taken_ids))
    _label_additions(labels, statements)
    return labels


def _label_additions(labels: list[Label], statements: Sequence[Statement]) -> None:
    """Give what serves a check or an answer in the same cell the label of that."""
    for number, statement in enumerate(statements):
        # Imports of the tool go with the checks that they serve.
        is_import = statement.is_definition and statement.names and statement.names <= {"checks", "otter"}
        if is_import and labels[number] is STUDENT and _CHECK in labels:
            labels[number] = _CHECK
    # What a student adds to an answer goes with it: definitions with the answer below them, everything
    # else with the answer above.
    for number in reversed(range(len(labels) - 1)):
        is_addition = labels[number] is STUDENT and statements[number].is_definition
        if is_addition and labels[number + 1].role is Role.ANSWER:
            labels[number] = labels[number + 1]
    for number in range(1, len(labels)):
        if labels[number] is STUDENT and labels[number - 1].role is Role.ANSWER:
            labels[number] = labels[number - 1]


def _label_by_names(draft: Piece, names: frozenset[str], index: SourceIndex, taken_ids: Set[str]) -> Label:
    """Return the answer that defines one of the names, the claimed one first."""
    ids = [answer.cell.id for answer in index.answers_defining(names)]
    if draft.claimed_id in ids:
        return Label(Role.ANSWER, draft.claimed_id)
    return next((Label(Role.ANSWER, name) for name in ids if name not in taken_ids), STUDENT)


def _rescue_unlabeled(pieces: Sequence[Piece], index: SourceIndex) -> list[Piece]:
    """Label own code that must be a missing cell, by its likeness or its place."""
    found_ids = {piece.label.id for piece in pieces}
    rescued, last_index = [], -1
    for piece in pieces:
        label = piece.label
        if label is STUDENT and not piece.claimed_id:
            if piece.code.statements:
                label = _most_similar_provided(piece.code, index, found_ids)
            if label is STUDENT and _OTTER_TAG in piece.cell.tags:
                # otter's tag says that this is some answer; which one, only the cells around it tell.
                for name, answer in index.answers.items():
                    if last_index in answer.span and name not in found_ids:
                        label = Label(Role.ANSWER, name)
                        break
            if label is not STUDENT:
                found_ids.add(label.id)
                piece = replace(piece, label=label, matched_by_content=True)
        last_index = index.positions.get(label.id, last_index)
        rescued.append(piece)
    return rescued


def _most_similar_provided(code: Code, index: SourceIndex, found_ids: Set[str]) -> Label:
    """Return the missing provided cell that code nearly is; the student's own if there is none."""
    best, best_ratio = STUDENT, 0.0
    for name, provided in index.provided.items():
        first, second = provided.text.strip().split("\n"), code.text.strip().split("\n")
        if name in found_ids or max(len(first), len(second)) > _MAX_LINES:
            continue
        if len(first) == len(second) == 1:
            first, second = list(provided.text[:_MAX_LINE_CHARS]), list(code.text[:_MAX_LINE_CHARS])
        matcher = SequenceMatcher(None, first, second, autojunk=False)
        # The two bounds take linear time, and what is really something else rarely gets past them.
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= _MIN_SIMILARITY:
            ratio = matcher.ratio()
            if ratio >= _MIN_SIMILARITY and ratio > best_ratio:
                best, best_ratio = Label(Role.PROVIDED, name), ratio
    return best


def grade_id_flags(cells: Sequence[SubmittedCell], index: SourceIndex) -> Iterator[str]:
    """Yield what is wrong with nbgrader's ids of cells, one sentence each, for staff."""
    # They are written by tools only, so that wrong ones mean that cells were copied or forged.
    notes: dict[str, list[str]] = defaultdict(list)
    counts = Counter(cell.grade_id for cell in cells)
    for cell in cells:
        if cell.grade_id and counts[cell.grade_id] > 1:
            notes["nbgrader ids are on more than one cell: {}."].append(cell.grade_id)
        if cell.grade_id and cell.grade_id not in index.positions:
            notes["nbgrader ids are not of this assignment: {}."].append(cell.grade_id)
        elif cell.grade_id and cell.id in index.positions and cell.id != cell.grade_id:
            notes["Cell ids and nbgrader ids contradict each other: {}."].append(cell.grade_id)
    return fill_in(notes)
