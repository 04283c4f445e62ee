"""A submission as the steps that are run: the source's order and provided cells, the student's answers."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Literal

from autograder.course import Assignment
from autograder.errors import StudentError
from autograder.notebook import CellType, Question, Source
from autograder.submission.classify import (
    STUDENT,
    AnswerCell,
    Piece,
    Role,
    SourceIndex,
    classify,
    index_source,
    remove_whitespace,
)
from autograder.submission.read import Output, read
from autograder.submission.statements import parse_code, referenced_names
from autograder.text import one_line

_TEXT_STUBS = frozenset({"", remove_whitespace("_Type your answer here, replacing this text._")})
_DYNAMIC_LOOKUPS = frozenset({"eval", "exec", "globals", "locals", "vars", "get_ipython"})
"""With one of these a cell can look up names that are not in its code."""

_MAX_NAMES = 6
"""Names in one sentence."""


@dataclass(frozen=True, slots=True)
class GradingStep:
    """One thing to do."""

    kind: Literal["provided", "answer", "extra", "checks"]
    cell: str
    """Unique: the id in the source, copies with ``.2``; a student's own cell is ``extra-<number>``."""

    text: str = ""
    """The code to run; empty for checks."""

    question: str = ""
    """Of an answer and of checks."""

    number: int = field(default=0, compare=False)
    """The submitted cell that it is from, counted from 1; 0 for the source's own."""


@dataclass(frozen=True, slots=True)
class MatchedSubmission:
    """A submission in the order of the source, with all that later readers need of the file."""

    steps: tuple[GradingStep, ...]
    repairs: tuple[str, ...]
    """What was repaired, one sentence each, for the student."""

    flags: tuple[str, ...]
    """What staff should look at, one sentence each."""

    texts: Mapping[str, str]
    """Answers to the questions that people mark, by question; empty if there is none."""

    cells: Mapping[str, tuple[int, ...]]
    """By question, the numbers of the submitted code cells from it to the next one, without checks."""

    cell_numbers: Mapping[str, int]
    """Numbers of the submitted cells by the id that the file gives them; of equal ids the first."""

    outputs: Mapping[int, tuple[Output, ...]]
    """By number, what the file stores below its cells; empty unless asked for."""


def match_submission(
    data: bytes, source: Source, assignment: Assignment, *, with_outputs: bool = False
) -> MatchedSubmission:
    """Read a submission and match it to the source, in one pass over the file.

    Args:
        data: the file, of any content.
        source: with literals for facts, as students got it.
        assignment: the assignment of the source.
        with_outputs: whether to decode the stored outputs, for those who read about the submission.

    Raises:
        StudentError: it cannot be read, or nothing in it belongs to the assignment.
    """
    submitted = read(data, with_outputs=with_outputs)
    source_index = index_source(source)
    pieces = classify(submitted.cells, source_index)
    # Ids are easily copied into any notebook: a file that has only those is another assignment's.
    if not any(piece.matched_by_content for piece in pieces):
        raise StudentError(
            "This file contains nothing of this assignment; check that you submitted the right one."
        )
    placement = Placement(source_index)
    placement.place(pieces)
    flags = _flags(source_index, pieces, placement)
    if submitted.assignment not in ("", assignment.name):
        flags.append(f"The notebook says that it belongs to {submitted.assignment!r}.")
    return MatchedSubmission(
        steps=placement.steps(source),
        repairs=(*submitted.repairs, *_repairs(source_index, pieces, placement)),
        flags=tuple(flags),
        texts={
            question.name: _written_answer(question, source_index, placement)
            for question in source.questions
            if question.manual
        },
        cells=_cells_by_question(source, source_index, pieces),
        cell_numbers={cell.id: cell.number for cell in reversed(submitted.cells)},
        outputs={cell.number: cell.outputs for cell in submitted.cells if cell.outputs},
    )


def prune_display_cells(
    steps: Sequence[GradingStep], display_only_cells: Collection[str]
) -> tuple[GradingStep, ...]:
    """Return the steps without display-only cells that define no name used by another step.

    Args:
        steps: all steps of a submission.
        display_only_cells: ids of provided cells that only show something.
    """
    unused = [step for step in steps if step.kind == "provided" and step.cell in display_only_cells]
    used_names: set[str] = set()
    for step in steps:
        if step not in unused:
            used_names |= referenced_names(step.text)
    if used_names & _DYNAMIC_LOOKUPS:
        return tuple(steps)
    # A display-only cell that is used brings those that it uses itself, until nothing changes.
    while needed := [step for step in unused if parse_code(step.text).names & used_names]:
        for step in needed:
            unused.remove(step)
            used_names |= referenced_names(step.text)
    return tuple(step for step in steps if step not in unused)


class RelativePosition(IntEnum):
    """Where a step is relative to a cell of the source."""

    BEFORE = 0
    AT = 1
    AFTER = 2


@dataclass(frozen=True, slots=True, order=True)
class StepPosition:
    """A step's place; places compare in the order in which steps run."""

    index: int
    """A cell of the source; -1 is above all of them."""

    relative: RelativePosition = RelativePosition.AT
    number: int = 0
    part: int = 0


@dataclass(slots=True)
class Placement:
    """Where the parts of a submission run: in the source's order, whatever order they came in."""

    source_index: SourceIndex
    steps_by_position: dict[StepPosition, GradingStep] = field(default_factory=dict)
    answered_names: dict[str, frozenset[str]] = field(default_factory=dict)
    """By answer: the names that some part of the submission answers."""

    placed_names: dict[str, frozenset[str]] = field(default_factory=dict)
    """By answer: the names that have a place already."""

    changed_cells: list[str] = field(default_factory=list)
    """Provided cells that the student changed."""

    repeated_cells: list[str] = field(default_factory=list)
    """Provided cells that the file has more than once."""

    moved_questions: list[str] = field(default_factory=list)
    """Questions whose answer was elsewhere."""

    blank_questions: list[str] = field(default_factory=list)
    """Questions of which an unanswered copy was skipped."""

    seen_ids: set[str] = field(default_factory=set)
    """Cells of the source that were found."""

    free_cells: list[tuple[int, Piece]] = field(default_factory=list)
    """The student's own cells and texts, each with the cell of the source above it."""

    last_source_index: int = -1
    """The cell of the source that was found last."""

    unanchored: list[StepPosition] = field(default_factory=list)
    """Own cells since then; they go with the next answer if that was moved."""

    def place(self, pieces: Sequence[Piece]) -> None:
        """Place the parts of a submission one after the other."""
        self.answered_names = dict.fromkeys(self.source_index.answers, frozenset())
        for piece in pieces:
            if piece.label.role is Role.ANSWER:
                answer = self.source_index.answers[piece.label.id]
                self.answered_names[piece.label.id] |= answer.answered_names(piece.code)
        for piece in pieces:
            if piece.label.role is Role.ANSWER:
                self._place_answer(piece, self.source_index.answers[piece.label.id])
            elif piece.label.role is Role.PROVIDED:
                self._place_provided(piece)
            elif piece.label is STUDENT:
                self._place_student_code(piece)
            elif piece.label.id:
                self._advance_to(piece.label.id)

    def steps(self, source: Source) -> tuple[GradingStep, ...]:
        """Return everything that is run, with the source's provided cells and checks at their places."""
        steps = dict(self.steps_by_position)
        for provided in self.source_index.provided.values():
            step = GradingStep("provided", provided.cell.id, provided.cell.text)
            steps[StepPosition(provided.index)] = step
        for question in source.questions:
            if question.checks:
                first_check = question.checks[0].cell.id
                position = StepPosition(self.source_index.positions[first_check])
                steps[position] = GradingStep("checks", first_check, question=question.name)
        counts: Counter[str] = Counter()
        ordered = []
        for position in sorted(steps):
            step = steps[position]
            counts[step.cell] += 1
            if counts[step.cell] > 1:
                step = replace(step, cell=f"{step.cell}.{counts[step.cell]}")
            ordered.append(step)
        return tuple(ordered)

    def _place_answer(self, piece: Piece, answer: AnswerCell) -> None:
        cell_id, question = answer.cell.id, answer.question.name
        if answer.cell.cell_type is not CellType.CODE:
            self.free_cells.append((answer.index, piece))
            self._advance_to(cell_id)
            return
        names = piece.code.names & answer.stub.names
        is_below_checks = self.last_source_index >= answer.checks_index
        if cell_id in self.placed_names and is_below_checks and names <= self.placed_names[cell_id]:
            # A later definition of the same names, e.g. an experiment, must not replace what is graded.
            self._place_student_code(piece)
            return
        if answer.is_blank(piece.code) and names <= self.answered_names[cell_id]:
            # The stub is left in a copy of the cell; run last, it would undo the answer.
            self._advance_to(cell_id)
            if self.answered_names[cell_id]:
                self.blank_questions.append(question)
            return
        if answer.index < self.last_source_index:
            self.moved_questions.append(question)
            for position in self.unanchored:
                step = self.steps_by_position.pop(position)
                position = replace(position, index=answer.index, relative=RelativePosition.BEFORE)
                self.steps_by_position[position] = step
        step = GradingStep("answer", cell_id, piece.code.text, question, piece.cell.number)
        self.steps_by_position[_position(piece, answer.index, RelativePosition.AT)] = step
        self.placed_names[cell_id] = self.placed_names.get(cell_id, frozenset()) | names
        self._advance_to(cell_id)

    def _place_provided(self, piece: Piece) -> None:
        provided = self.source_index.provided[piece.label.id]
        cell_id = provided.cell.id
        is_same = piece.code.digests == provided.code.digests and piece.code.is_python
        if cell_id in self.seen_ids and not is_same:
            self._place_student_code(piece)
            return
        if cell_id in self.seen_ids:
            self.repeated_cells.append(cell_id)
        elif not is_same:
            if not provided.is_fill_in:
                self.changed_cells.append(cell_id)
            # The source's cell runs in any case, after the student's: answers may use what the student
            # added, but nothing that the student changed remains.
            if not piece.code.is_python or not set(piece.code.digests) <= set(provided.code.digests):
                position = _position(piece, provided.index, RelativePosition.BEFORE)
                self.steps_by_position[position] = _extra_step(piece)
        self._advance_to(cell_id)

    def _place_student_code(self, piece: Piece) -> None:
        self.free_cells.append((self.last_source_index, piece))
        if piece.code.statements or not piece.code.is_python:
            position = _position(piece, self.last_source_index, RelativePosition.AFTER)
            self.steps_by_position[position] = _extra_step(piece)
            self.unanchored.append(position)

    def _advance_to(self, cell_id: str) -> None:
        self.seen_ids.add(cell_id)
        self.last_source_index = self.source_index.positions[cell_id]
        self.unanchored = []


def _position(piece: Piece, index: int, relative: RelativePosition) -> StepPosition:
    return StepPosition(index, relative, piece.cell.number, piece.part)


def _extra_step(piece: Piece) -> GradingStep:
    return GradingStep("extra", f"extra-{piece.cell.number}", piece.code.text, number=piece.cell.number)


def _cells_by_question(
    source: Source, source_index: SourceIndex, pieces: Sequence[Piece]
) -> dict[str, tuple[int, ...]]:
    """Return the submitted cells of each question; a student's own belong to the cell above them."""
    first_cells = {question.cell.id: question.name for question in source.questions}
    question_at, name = {}, ""
    for cell_id in source_index.positions:
        name = first_cells.get(cell_id, name)
        question_at[cell_id] = name
    numbers: dict[str, list[int]] = {question.name: [] for question in source.questions}
    name = ""
    for piece in pieces:
        name = question_at.get(piece.label.id, name)
        if name and piece.cell.kind is CellType.CODE and piece.label.role is not Role.CHECK:
            numbers[name].append(piece.cell.number)
    return {name: tuple(dict.fromkeys(cells)) for name, cells in numbers.items()}


def _written_answer(question: Question, source_index: SourceIndex, placement: Placement) -> str:
    """Return what is between a question and what follows it in the source."""
    begin = source_index.positions[question.cell.id]
    end = source_index.positions[question.answers[-1].cell.id]
    code = [step.text for step in placement.steps_by_position.values() if step.question == question.name]
    texts = []
    for index, piece in placement.free_cells:
        if begin <= index <= end and (piece.cell.kind is not CellType.CODE or not code):
            texts.append(piece.cell.text.strip())
    return "\n\n".join(text for text in [*texts, *code] if remove_whitespace(text) not in _TEXT_STUBS)


def _repairs(source_index: SourceIndex, pieces: Sequence[Piece], placement: Placement) -> Iterator[str]:
    """Yield what was repaired, one sentence each."""
    if not any(piece.claimed_id for piece in pieces):
        yield "The cells do not have the ids of this assignment; they were recognized by their content."
    if placement.changed_cells:
        names = _join_names(placement.changed_cells)
        yield f"Provided cells were changed: {names}; your version ran first, then the original."
    provided = {name for name, cell in source_index.provided.items() if cell.code.statements}
    if missing := [name for name in source_index.positions if name in provided - placement.seen_ids]:
        yield f"Provided cells were missing and were restored: {_join_names(missing)}."
    if placement.repeated_cells:
        names = _join_names(placement.repeated_cells)
        yield f"Provided cells were there more than once and ran once: {names}."
    if placement.moved_questions:
        names = _join_names(placement.moved_questions)
        yield f"Answers were in a different place and ran with their question: {names}."
    yield from _cell_repairs(source_index, pieces)
    if placement.blank_questions:
        yield f"Unanswered copies of answer cells were skipped: {_join_names(placement.blank_questions)}."
    for answer in source_index.answers.values():
        if names_missing := _missing_names(answer, pieces):
            names = _join_names(names_missing)
            yield f"{answer.question.name}: no cell defines {names}; it counts as not answered."


def _cell_repairs(source_index: SourceIndex, pieces: Sequence[Piece]) -> Iterator[str]:
    """Yield how answers were spread over cells, and which were in a cell of the wrong type."""
    questions_by_cell: dict[int, list[str]] = {}
    cells_by_answer: dict[str, set[int]] = {}
    retyped = []
    for piece in pieces:
        if piece.label.role is Role.ANSWER:
            answer = source_index.answers[piece.label.id]
            questions_by_cell.setdefault(piece.cell.number, []).append(answer.question.name)
            if answer.cell.cell_type is CellType.CODE:
                cells_by_answer.setdefault(piece.label.id, set()).add(piece.cell.number)
                if piece.cell.kind is not CellType.CODE and not piece.part:
                    retyped.append(str(piece.cell.number))
    for number, questions in questions_by_cell.items():
        if len(set(questions)) > 1:
            yield f"Cell {number} answers {_join_names(questions)}; each part ran with its question."
    for cell_id, numbers in cells_by_answer.items():
        if len(numbers) > 1:
            cells = _join_names(map(str, sorted(numbers)))
            yield f"{source_index.answers[cell_id].question.name} is answered in several cells ({cells})."
    if retyped:
        yield f"Code in a cell of another type was run as code: cell {_join_names(retyped)}."


def _flags(source_index: SourceIndex, pieces: Sequence[Piece], placement: Placement) -> list[str]:
    """Return what staff should look at, one sentence each."""
    flags = []
    for answer in source_index.answers.values():
        missing = _missing_names(answer, pieces)
        instead = _other_functions(answer, pieces, placement) if missing else []
        if instead:
            wanted = f"{answer.question.name} asks for {_join_names(missing)}"
            flags.append(f"{wanted}; the cell defines {_join_names(instead)}.")
    # nbgrader's names are written by tools only, so that wrong ones mean that cells were copied or forged.
    cells = [piece.cell for piece in pieces if piece.part == 0 and piece.cell.grade_id]
    positions, counts = source_index.positions, Counter(cell.grade_id for cell in cells)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        flags.append(f"nbgrader ids are on more than one cell: {_join_names(repeated)}.")
    foreign = [name for name in counts if name not in positions]
    if foreign:
        flags.append(f"nbgrader ids are not of this assignment: {_join_names(foreign)}.")
    contradicting = []
    for cell in cells:
        if cell.grade_id in positions and cell.id in positions and cell.id != cell.grade_id:
            contradicting.append(cell.grade_id)
    if contradicting:
        flags.append(f"Cell ids and nbgrader ids contradict each other: {_join_names(contradicting)}.")
    return flags


def _missing_names(answer: AnswerCell, pieces: Sequence[Piece]) -> list[str]:
    """Return the names that an answer asks for and no part of the submission defines there."""
    defined = [piece.code.names for piece in pieces if piece.label.id == answer.cell.id]
    return sorted(answer.stub.names.difference(*defined))


def _other_functions(answer: AnswerCell, pieces: Sequence[Piece], placement: Placement) -> list[str]:
    """Return the functions that are where the answer should be."""
    candidates = [piece for piece in pieces if piece.label.id == answer.cell.id]
    for index, piece in placement.free_cells:
        if answer.question_index <= index < answer.checks_index:
            candidates.append(piece)
    names: set[str] = set()
    for piece in candidates:
        for statement in piece.code.statements:
            if statement.is_definition and not statement.call:
                names |= statement.names
    return sorted(one_line(name, 60) for name in names - answer.stub.names)


def _join_names(names: Iterable[str]) -> str:
    """Return names for a sentence: printable, each once, and not too many."""
    shown = [one_line(name, 60) for name in dict.fromkeys(names)]
    more = f" and {len(shown) - _MAX_NAMES} more" if len(shown) > _MAX_NAMES else ""
    return ", ".join(shown[:_MAX_NAMES]) + more
