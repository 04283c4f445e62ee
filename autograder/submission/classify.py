"""What each part of a submission is: an answer, a provided cell, a check, prose, or the student's own.

What a cell defines is believed before its id: ids and names in metadata are copied along with cells,
get lost in Colab, and can be anything. Points, flags and outputs that a cell claims are not even read.
"""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
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
        names = code.names
        if code.is_python:
            stub_digests = self.stub.digests
            own = (statement.names for statement in code.statements if statement.digest not in stub_digests)
            names = frozenset().union(*own)
        return names & self.stub.names

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
        ids = (self.answers, self.provided, self.checks, self.prose.values())
        return any(name in group for group in ids)

    def answers_defining(self, names: frozenset[str]) -> list[AnswerCell]:
        """Return the answers that ask for one of the names, in order."""
        return [answer for answer in self.answers.values() if answer.stub.names & names]

    def is_check(self, statement: Statement) -> bool:
        """Return True if a statement belongs to a check, and not to a student."""
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
            cell, question_index = answer.cell, positions[question.cell.id]
            stub = parse_code(answer.stub() if cell.cell_type is CellType.CODE else "")
            index.answers[cell.id] = AnswerCell(
                cell, question, positions[cell.id], question_index, checks_index, stub
            )
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


def classify(cells: Sequence[SubmittedCell], source_index: SourceIndex) -> list[Piece]:
    """Return the parts of a submission in order, each with its label."""
    drafts = []
    for cell in cells:
        claims = (name for name in (cell.id, cell.grade_id) if source_index.has_cell(name))
        claimed_id, code = next(claims, ""), parse_code(cell.text)
        if cell.kind is not CellType.CODE:
            # An editor may have changed the cell's type; prose that happens to parse is no code.
            answer = source_index.answers.get(claimed_id)
            if answer:
                is_code = answer.cell.cell_type is CellType.CODE
            else:
                is_code = code.is_python and bool(source_index.answers_defining(code.names))
            code = code if is_code else parse_code("")
        drafts.append(Piece(cell, code, claimed_id=claimed_id))
    owners = _owners(drafts, source_index)
    pieces: list[Piece] = []
    for draft in drafts:
        pieces += _split_cell(draft, source_index, owners)
    return _rescue_unlabeled(pieces, source_index)


def _owners(drafts: Sequence[Piece], source_index: SourceIndex) -> Mapping[str, set[int]]:
    """Return, for each answer and provided cell, the submitted cells that are meant to be it.

    A cell is meant as an answer if it claims to be it, or if that is the only answer in it;
    a name of this answer in any other cell is then the student's own.
    """
    owners: dict[str, set[int]] = {name: set() for name in (*source_index.answers, *source_index.provided)}
    for draft in drafts:
        answers = source_index.answers_defining(draft.code.names)
        for answer in answers:
            # A claim counts only together with content: a blank cell with the right id owns nothing.
            is_meant = draft.claimed_id == answer.cell.id or len(answers) == 1
            if is_meant and answer.answered_names(draft.code):
                owners[answer.cell.id].add(draft.cell.number)
        provided_id = source_index.provided_by_digests.get(draft.code.digests, draft.claimed_id)
        if provided_id in source_index.provided:
            owners[provided_id].add(draft.cell.number)
    return owners


def _split_cell(draft: Piece, source_index: SourceIndex, owners: Mapping[str, set[int]]) -> list[Piece]:
    """Return the parts of a cell that holds several things, or the cell as one part."""
    labels = _label_statements(draft, source_index, owners)
    content_labels = list(dict.fromkeys(label for label in labels if label is not STUDENT))
    is_check = content_labels != [] and content_labels[0].role is Role.CHECK
    if len(content_labels) > 1 or (is_check and STUDENT in labels):
        pieces = []
        for part, (first, end, label) in enumerate(_group_by_label(draft.code, labels)):
            code = parse_code(draft.code.extract_text(first, end))
            pieces.append(replace(draft, code=code, label=label, part=part, matched_by_content=True))
        return pieces
    label = content_labels[0] if content_labels else _label_by_claim(draft, source_index)
    if label.role is Role.CHECK:
        match = _OTTER_CHECK.search(draft.cell.text)
        names = [*sorted(draft.code.names), match[1] if match else ""]
        first_checks = [source_index.check_names[name] for name in names if name in source_index.check_names]
        first_checks.append(source_index.checks.get(draft.claimed_id, ""))
        label = Label(Role.CHECK, first_checks[0])
    is_prose = remove_whitespace(draft.cell.text) in source_index.prose
    return [replace(draft, label=label, matched_by_content=bool(content_labels) or is_prose)]


def _label_statements(draft: Piece, source_index: SourceIndex, owners: Mapping[str, set[int]]) -> list[Label]:
    """Return one label per statement, by content."""
    statements = draft.code.statements
    if not draft.code.is_divisible:
        return [_label_by_names(draft, draft.code.names, source_index, owners)] * max(len(statements), 1)
    labels = []
    for statement in statements:
        if source_index.is_check(statement):
            labels.append(Label(Role.CHECK))
        else:
            labels.append(_label_by_names(draft, statement.names, source_index, owners))
    if Label(Role.CHECK) in labels:
        for number, statement in enumerate(statements):
            # Imports of the tool go with the checks that they serve.
            if statement.is_definition and statement.names and statement.names <= {"checks", "otter"}:
                labels[number] = Label(Role.CHECK)
    _label_provided(labels, draft, source_index, owners)
    return labels


def _label_provided(
    labels: list[Label], draft: Piece, source_index: SourceIndex, owners: Mapping[str, set[int]]
) -> None:
    """Relabel the statements of provided cells: those of one cell one after the other, longest first."""
    digests = draft.code.digests
    lengths = sorted({len(key) for key in source_index.provided_by_digests}, reverse=True)
    first = 0
    while first < len(digests):
        end = first + 1
        for length in lengths:
            name = source_index.provided_by_digests.get(digests[first : first + length], "")
            if name and first + length <= len(digests):
                end = first + length
                if length == len(labels) or _may_be(name, draft, owners):
                    labels[first:end] = [Label(Role.PROVIDED, name)] * length
                break
        first = end


def _label_by_names(
    draft: Piece, names: frozenset[str], source_index: SourceIndex, owners: Mapping[str, set[int]]
) -> Label:
    """Return the answer that defines one of the names, the claimed one first."""
    answers = source_index.answers_defining(names)
    for answer in sorted(answers, key=lambda answer: answer.cell.id != draft.claimed_id):
        if draft.claimed_id == answer.cell.id or _may_be(answer.cell.id, draft, owners):
            return Label(Role.ANSWER, answer.cell.id)
    return STUDENT


def _may_be(cell_id: str, draft: Piece, owners: Mapping[str, set[int]]) -> bool:
    """Return True unless only other submitted cells are meant to be a cell of the source."""
    return not owners[cell_id] or draft.cell.number in owners[cell_id]


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


def _label_by_claim(draft: Piece, source_index: SourceIndex) -> Label:
    """Return the label of a cell whose code is of no cell of the source: by its prose, or by its claim."""
    claim = draft.claimed_id
    prose_id = source_index.prose.get(remove_whitespace(draft.cell.text))
    if prose_id:
        return Label(Role.PROSE, prose_id)
    if claim in source_index.answers:
        return Label(Role.ANSWER, claim)
    if draft.cell.kind is not CellType.CODE:
        return Label(Role.PROSE, claim) if claim in source_index.prose.values() else STUDENT
    if claim in source_index.provided:
        return Label(Role.PROVIDED, claim)
    return Label(Role.CHECK) if claim in source_index.checks else STUDENT


def _rescue_unlabeled(pieces: Sequence[Piece], source_index: SourceIndex) -> list[Piece]:
    """Label own code that must be a missing cell, by its likeness or its place."""
    found_ids = {piece.label.id for piece in pieces}
    missing = {name: cell.cell.text for name, cell in source_index.provided.items() if name not in found_ids}
    rescued, last_index = [], -1
    for piece in pieces:
        if piece.label is STUDENT and not piece.claimed_id:
            label = _most_similar_provided(piece.code, missing)
            if label is STUDENT and _OTTER_TAG in piece.cell.tags:
                # otter's tag says that this is some answer; which one, only the cells around it tell.
                for name, answer in source_index.answers.items():
                    if answer.question_index <= last_index < answer.checks_index and name not in found_ids:
                        label = Label(Role.ANSWER, name)
                        break
            if label is not STUDENT:
                missing.pop(label.id, None)
                found_ids.add(label.id)
                piece = replace(piece, label=label, matched_by_content=True)
        last_index = source_index.positions.get(piece.label.id, last_index)
        rescued.append(piece)
    return rescued


def _most_similar_provided(code: Code, missing: Mapping[str, str]) -> Label:
    """Return the missing provided cell that code nearly is; the student's own if there is none."""
    best, best_ratio = STUDENT, 0.0
    for name, text in missing.items() if code.statements else ():
        ratio = _similarity(text, code.text)
        if ratio >= _MIN_SIMILARITY and ratio > best_ratio:
            best, best_ratio = Label(Role.PROVIDED, name), ratio
    return best


def _similarity(left: str, right: str) -> float:
    """Return how much of two texts is the same, from 0 to 1; 0 if it is little, or if they are long."""
    first, second = left.strip().split("\n"), right.strip().split("\n")
    if max(len(first), len(second)) > _MAX_LINES:
        return 0.0
    if len(first) == len(second) == 1:
        first, second = list(left[:_MAX_LINE_CHARS]), list(right[:_MAX_LINE_CHARS])
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    # The two bounds take linear time and are rarely reached by what is really something else.
    if matcher.real_quick_ratio() < _MIN_SIMILARITY or matcher.quick_ratio() < _MIN_SIMILARITY:
        return 0.0
    return matcher.ratio()
