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

from autograder.notebook import TEXT_STUB, Cell, CellType, Question, Source
from autograder.submission.read import SubmittedCell, fill_in
from autograder.submission.statements import Code, Statement, parse_code

_CHECK_CALLS = frozenset(
    {"checks.run", "grader.check", "grader.check_all", "grader.export", "otter.Notebook"}
)
_OTTER_CHECK = re.compile(r"grader\.check\(\s*+[\"'](\w++)[\"']")
_OTTER_TAG = "otter_answer_cell"
_SOME_CHECK = "(check)"
"""Stands for the id of a check when only that it is one is known."""

_MIN_SIMILARITY = 0.6
"""Share of the lines, or of the characters of a single line, that a cell has in common with its original."""


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
            # In an earlier release, the stub may have had another signature or docstring.
            if statement.digest not in self.stub.digests and not statement.is_stub:
                names |= statement.names
        return self.stub.names & names


@dataclass(frozen=True, slots=True)
class SourceIndex:
    """A source, by what may be found in a submission."""

    positions: dict[str, int]
    """Cell ids in the order of the source."""

    answers: dict[str, AnswerCell] = field(default_factory=dict)
    provided: dict[str, Code] = field(default_factory=dict)
    """Code cells that are neither answers nor checks."""

    provided_by_digests: dict[tuple[str, ...], str] = field(default_factory=dict)
    """Digests of the statements of provided cells → their id."""

    first_checks: dict[str, str] = field(default_factory=dict)
    """Ids of check cells, also of those that only otter's release has → the question's first check."""

    check_names: dict[str, str] = field(default_factory=dict)
    """Names of questions and of check functions → the question's first check."""

    prose: dict[str, str] = field(default_factory=dict)
    """Text of Markdown cells without white space → their id."""

    def has_cell(self, name: str) -> bool:
        """Return True if a submitted cell with this id or name would be one of the source's."""
        return name in (*self.answers, *self.provided, *self.first_checks, *self.prose.values())

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
    index.first_checks[_SOME_CHECK] = _SOME_CHECK
    for question in source.questions:
        end = len(source.cells)
        if question.checks:
            first_check = question.checks[0].cell.id
            end = index.positions[first_check]
            index.first_checks[question.otter_check_id] = first_check
            index.check_names[question.name] = first_check
            for check in question.checks:
                index.first_checks[check.cell.id] = first_check
                index.check_names[check.function().name] = first_check
        span = range(index.positions[question.cell.id], end)
        for answer in question.answers:
            stub = parse_code(answer.stub() if answer.cell.cell_type is CellType.CODE else "")
            index.answers[answer.cell.id] = AnswerCell(answer.cell, question, span, stub)
    for cell in source.cells:
        if cell.id in index.answers or cell.id in index.first_checks:
            continue
        if cell.cell_type is CellType.MARKDOWN:
            index.prose[remove_whitespace(cell.text)] = cell.id
        elif cell.cell_type is CellType.CODE:
            code = index.provided[cell.id] = parse_code(cell.text)
            if code.digests:
                index.provided_by_digests.setdefault(code.digests, cell.id)
    return index


def remove_whitespace(text: str) -> str:
    """Return text without white space."""
    return "".join(text.split())


def is_written(text: str) -> bool:
    """Return True if an answer of prose is not as students got it."""
    return remove_whitespace(text) not in ("", remove_whitespace(TEXT_STUB))


@dataclass(frozen=True, slots=True)
class Piece:
    """A submitted cell, or a part of one that holds several."""

    cell: SubmittedCell
    code: Code
    source_id: str = ""
    """The cell of the source that it is; empty if it is the student's own."""

    part: int = 0
    claimed_id: str = ""
    """The cell of the source that its id or its metadata names."""

    matched_by_content: bool = False
    """Whether its content, and not only its claim, is of the assignment."""


def classify(cells: Sequence[SubmittedCell], index: SourceIndex) -> list[Piece]:
    """Return the parts of a submission in order, each with the cell of the source that it is."""
    drafts = []
    # For each answer and provided cell, the numbers of the submitted cells that are meant to be it. A cell
    # is meant as an answer if it claims to be it, or if that is the only answer in it; a name of this answer
    # in any other cell is then the student's own.
    owners: dict[str, set[int]] = defaultdict(set)
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
    return _rescue_unknown(pieces, index)


def _split_cell(draft: Piece, index: SourceIndex, taken_ids: Set[str]) -> list[Piece]:
    """Return the parts of a cell that holds several things, or the cell as one part.

    Args:
        draft: the cell.
        index: the source.
        taken_ids: cells of the source that only other submitted cells are meant to be.
    """
    ids = _identify_statements(draft, index, taken_ids)
    found_ids = set(ids) - {""}
    if len(found_ids) > 1 or (found_ids == {_SOME_CHECK} and "" in ids):
        pieces, first = [], 0
        for part, (source_id, group) in enumerate(itertools.groupby(ids)):
            end = first + len(list(group))
            code = parse_code(draft.code.extract_text(first, end))
            pieces.append(replace(draft, code=code, source_id=source_id, part=part, matched_by_content=True))
            first = end
        return pieces
    source_id = found_ids.pop() if found_ids else index.prose.get(remove_whitespace(draft.cell.text), "")
    is_content = source_id != ""
    # Code in a text cell is believed to be an answer only, and prose in a code cell is the student's own.
    believed_ids = {*index.answers, *index.prose.values()}
    if draft.cell.kind is CellType.CODE:
        believed_ids = {*index.answers, *index.provided, *index.first_checks}
    if not is_content and draft.claimed_id in believed_ids:
        source_id = draft.claimed_id
    if source_id in index.first_checks:
        names = [*sorted(draft.code.names), *_OTTER_CHECK.findall(draft.cell.text)]
        first_checks = [index.check_names[name] for name in names if name in index.check_names]
        source_id = [*first_checks, index.first_checks.get(draft.claimed_id, _SOME_CHECK)][0]
    return [replace(draft, source_id=source_id, matched_by_content=is_content)]


def _identify_statements(draft: Piece, index: SourceIndex, taken_ids: Set[str]) -> list[str]:
    """Return for each statement the cell of the source that it is of, by content; empty if of none."""
    statements, digests = draft.code.statements, draft.code.digests
    if not draft.code.is_divisible:
        source_id = _answer_defining(draft.code.names, draft, index, taken_ids)
        return [source_id] * max(len(statements), 1)
    ids: list[str] = []
    lengths = sorted({len(key) for key in index.provided_by_digests}, reverse=True)
    while len(ids) < len(statements):
        statement, rest = statements[len(ids)], digests[len(ids) :]
        # The statements of a provided cell, the longest that follows here.
        span = next((rest[:length] for length in lengths if rest[:length] in index.provided_by_digests), ())
        provided_id = index.provided_by_digests.get(span, "")
        if provided_id and (span == digests or provided_id not in taken_ids):
            ids += [provided_id] * len(span)
        elif index.is_check(statement):
            ids.append(_SOME_CHECK)
        else:
            ids.append(_answer_defining(statement.names, draft, index, taken_ids))
    _add_what_serves(ids, statements, index)
    return ids


def _add_what_serves(ids: list[str], statements: Sequence[Statement], index: SourceIndex) -> None:
    """Give what serves a check or an answer in the same cell the id of that."""
    for number, statement in enumerate(statements):
        # Imports of the tool go with the checks that they serve.
        is_import = statement.is_definition and statement.names and statement.names <= {"checks", "otter"}
        if is_import and not ids[number] and _SOME_CHECK in ids:
            ids[number] = _SOME_CHECK
    # What a student adds to an answer goes with it: definitions with the answer below them, everything
    # else with the answer above.
    for number in reversed(range(len(ids) - 1)):
        if not ids[number] and statements[number].is_definition and ids[number + 1] in index.answers:
            ids[number] = ids[number + 1]
    for number in range(1, len(ids)):
        if not ids[number] and ids[number - 1] in index.answers:
            ids[number] = ids[number - 1]


def _answer_defining(names: frozenset[str], draft: Piece, index: SourceIndex, taken_ids: Set[str]) -> str:
    """Return the answer that defines one of the names, the claimed one first; empty if none does."""
    ids = [answer.cell.id for answer in index.answers_defining(names)]
    if draft.claimed_id in ids:
        return draft.claimed_id
    return next((name for name in ids if name not in taken_ids), "")


def _rescue_unknown(pieces: Sequence[Piece], index: SourceIndex) -> list[Piece]:
    """Find own code that must be a missing cell, by its likeness or its place."""
    found_ids = {piece.source_id for piece in pieces}
    rescued, last_index = [], -1
    for piece in pieces:
        source_id = piece.source_id
        if not source_id and not piece.claimed_id:
            if piece.code.statements:
                source_id = _most_similar_provided(piece.code, index, found_ids)
            if not source_id and _OTTER_TAG in piece.cell.tags:
                # otter's tag says that this is some answer; which one, only the cells around it tell.
                for name, answer in index.answers.items():
                    if last_index in answer.span and name not in found_ids:
                        source_id = name
                        break
            if source_id:
                found_ids.add(source_id)
                piece = replace(piece, source_id=source_id, matched_by_content=True)
        last_index = index.positions.get(source_id, last_index)
        rescued.append(piece)
    return rescued


def _most_similar_provided(code: Code, index: SourceIndex, found_ids: Set[str]) -> str:
    """Return the missing provided cell that code nearly is; empty if there is none."""
    from rapidfuzz.distance import Indel  # takes .2 s to import, and few submissions need it

    best_id, best_ratio = "", 0.0
    for name, provided in index.provided.items():
        if name not in found_ids:
            first: Sequence[str] = provided.text.strip().split("\n")
            second: Sequence[str] = code.text.strip().split("\n")
            if len(first) == len(second) == 1:
                first, second = provided.text, code.text
            ratio = Indel.normalized_similarity(first, second, score_cutoff=_MIN_SIMILARITY)
            if ratio > best_ratio:
                best_id, best_ratio = name, ratio
    return best_id


def grade_id_flags(cells: Sequence[SubmittedCell], index: SourceIndex) -> Iterator[str]:
    """Yield what is wrong with nbgrader's ids of cells, one sentence each, for staff."""
    # They are written by tools only, so that wrong ones mean that cells were copied or forged.
    notes: dict[str, list[str]] = defaultdict(list)
    counts = Counter(cell.grade_id for cell in cells)
    for cell in cells:
        if cell.grade_id and counts[cell.grade_id] > 1:
            notes["Several cells have the same nbgrader id: {}."].append(cell.grade_id)
        if cell.grade_id and cell.grade_id not in index.positions:
            notes["Some nbgrader ids do not belong to this assignment: {}."].append(cell.grade_id)
        elif cell.grade_id and cell.id in index.positions and cell.id != cell.grade_id:
            notes["Cell ids and nbgrader ids contradict each other: {}."].append(cell.grade_id)
    return fill_in(notes)
