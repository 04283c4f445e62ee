"""A submission as the steps that are run: the source's order and provided cells, the student's answers."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from autograder.submission.read import Output, join_names, read
from autograder.submission.statements import parse_code, referenced_names

_TEXT_STUBS = frozenset({"", remove_whitespace("_Type your answer here, replacing this text._")})
_DYNAMIC_LOOKUPS = frozenset({"eval", "exec", "globals", "locals", "vars", "get_ipython"})
"""With one of these a cell can look up names that are not in its code."""

_Position = tuple[int, int, int, int]
"""A place in the order of steps: the index of a cell of the source (-1 is above all of them), one of the
three below, the number of the submitted cell, the part of that cell."""

_BEFORE, _AT, _AFTER = 0, 1, 2


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
    index = index_source(source)
    pieces = classify(submitted.cells, index)
    # Ids are easily copied into any notebook: a file that has only those is another assignment's.
    if not any(piece.matched_by_content for piece in pieces):
        raise StudentError(
            "This file contains nothing of this assignment; check that you submitted the right one."
        )
    placement = Placement(index, pieces)
    flags = _flags(placement)
    if submitted.assignment not in ("", assignment.name):
        flags.append(f"The notebook says that it belongs to {submitted.assignment!r}.")
    manual = [question for question in source.questions if question.manual]
    return MatchedSubmission(
        steps=placement.steps(source),
        repairs=(*submitted.repairs, *_repairs(placement)),
        flags=tuple(flags),
        texts={question.name: _written_answer(question, placement) for question in manual},
        cells=_cells_by_question(source, placement),
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


@dataclass(slots=True)
class Placement:
    """Where the parts of a submission run: in the source's order, whatever order they came in."""

    index: SourceIndex
    pieces: Sequence[Piece]
    answered_names: dict[str, frozenset[str]] = field(init=False)
    """By answer: the names that some part of the submission answers."""

    placed_names: dict[str, frozenset[str]] = field(default_factory=dict)
    """By answer: the names that have a place already."""

    steps_by_position: dict[_Position, GradingStep] = field(default_factory=dict)
    notes: dict[str, list[object]] = field(default_factory=lambda: defaultdict(list))
    """What was repaired: a sentence with ``{}`` → names or numbers for that place."""

    seen_ids: set[str] = field(default_factory=set)
    """Cells of the source that were found."""

    free_cells: list[tuple[int, Piece]] = field(default_factory=list)
    """The student's own cells and texts, each with the cell of the source above it."""

    last_source_index: int = -1
    """The cell of the source that was found last."""

    unanchored: list[_Position] = field(default_factory=list)
    """Own cells since then; they go with the next answer if that was moved."""

    def __post_init__(self) -> None:
        self.answered_names = dict.fromkeys(self.index.answers, frozenset())
        for piece in self.pieces:
            if piece.label.role is Role.ANSWER:
                answer = self.index.answers[piece.label.id]
                self.answered_names[piece.label.id] |= answer.answered_names(piece.code)
        for piece in self.pieces:
            if piece.label.role is Role.ANSWER:
                self._place_answer(piece, self.index.answers[piece.label.id])
            elif piece.label.role is Role.PROVIDED:
                self._place_provided(piece)
            elif piece.label is STUDENT:
                self._place_student_code(piece)
            elif piece.label.id:
                self._advance_to(piece.label.id)
        for name, provided in self.index.provided.items():
            if provided.code.statements and name not in self.seen_ids:
                self.notes["Provided cells were missing and were restored: {}."].append(name)

    def steps(self, source: Source) -> tuple[GradingStep, ...]:
        """Return everything that is run, with the source's provided cells and checks at their places."""
        steps = dict(self.steps_by_position)
        for provided in self.index.provided.values():
            step = GradingStep("provided", provided.cell.id, provided.cell.text)
            steps[provided.index, _AT, 0, 0] = step
        for question in source.questions:
            if question.checks:
                first_check = question.checks[0].cell.id
                step = GradingStep("checks", first_check, question=question.name)
                steps[self.index.positions[first_check], _AT, 0, 0] = step
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
        if piece.cell.kind is not CellType.CODE:
            self.notes["Code in cells of another type was run as code: cell {}."].append(piece.cell.number)
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
                self.notes["Unanswered copies of answer cells were skipped: {}."].append(question)
            return
        if answer.index < self.last_source_index:
            self.notes["Answers were in a different place and ran with their question: {}."].append(question)
            for position in self.unanchored:
                step = self.steps_by_position.pop(position)
                self.steps_by_position[answer.index, _BEFORE, position[2], position[3]] = step
        step = GradingStep("answer", cell_id, piece.code.text, question, piece.cell.number)
        self.steps_by_position[answer.index, _AT, piece.cell.number, piece.part] = step
        self.placed_names[cell_id] = self.placed_names.get(cell_id, frozenset()) | names
        self._advance_to(cell_id)

    def _place_provided(self, piece: Piece) -> None:
        provided = self.index.provided[piece.label.id]
        cell_id = provided.cell.id
        is_same = piece.code.digests == provided.code.digests and piece.code.is_python
        if cell_id in self.seen_ids and not is_same:
            self._place_student_code(piece)
            return
        if cell_id in self.seen_ids:
            self.notes["Provided cells were repeated and ran once: {}."].append(cell_id)
        elif not is_same:
            if not provided.is_fill_in:
                sentence = "Provided cells were changed: {}; your version ran first, then the original."
                self.notes[sentence].append(cell_id)
            # The source's cell runs in any case, after the student's: answers may use what the student
            # added, but nothing that the student changed remains.
            if not piece.code.is_python or not set(piece.code.digests) <= set(provided.code.digests):
                self._add_extra(piece, provided.index, _BEFORE)
        self._advance_to(cell_id)

    def _place_student_code(self, piece: Piece) -> None:
        self.free_cells.append((self.last_source_index, piece))
        if piece.code.statements or not piece.code.is_python:
            self.unanchored.append(self._add_extra(piece, self.last_source_index, _AFTER))

    def _add_extra(self, piece: Piece, index: int, relative: int) -> _Position:
        number, position = piece.cell.number, (index, relative, piece.cell.number, piece.part)
        # The name is made of numbers only: results and messages repeat it.
        step = GradingStep("extra", f"extra-{number}", piece.code.text, number=number)
        self.steps_by_position[position] = step
        return position

    def _advance_to(self, cell_id: str) -> None:
        self.seen_ids.add(cell_id)
        self.last_source_index = self.index.positions[cell_id]
        self.unanchored = []


def _cells_by_question(source: Source, placement: Placement) -> dict[str, tuple[int, ...]]:
    """Return the submitted cells of each question; a student's own belong to the cell above them."""
    begins = [placement.index.positions[question.cell.id] for question in source.questions]
    cells: dict[str, dict[int, None]] = {question.name: {} for question in source.questions}
    last_index = -1
    for piece in placement.pieces:
        last_index = placement.index.positions.get(piece.label.id, last_index)
        count = bisect_right(begins, last_index)
        if count and piece.cell.kind is CellType.CODE and piece.label.role is not Role.CHECK:
            cells[source.questions[count - 1].name][piece.cell.number] = None
    return {name: tuple(numbers) for name, numbers in cells.items()}


def _written_answer(question: Question, placement: Placement) -> str:
    """Return what is between a question and what follows it in the source."""
    begin = placement.index.positions[question.cell.id]
    end = placement.index.positions[question.answers[-1].cell.id]
    code = [step.text for step in placement.steps_by_position.values() if step.question == question.name]
    texts = []
    for index, piece in placement.free_cells:
        if begin <= index <= end and (piece.cell.kind is not CellType.CODE or not code):
            texts.append(piece.cell.text.strip())
    return "\n\n".join(text for text in [*texts, *code] if remove_whitespace(text) not in _TEXT_STUBS)


def _repairs(placement: Placement) -> Iterator[str]:
    """Yield what was repaired, one sentence each."""
    if not any(piece.claimed_id for piece in placement.pieces):
        yield "The cells do not have this assignment's ids; they were recognized by their content."
    yield from _fill_in(placement.notes)
    questions_by_cell: dict[int, dict[str, None]] = defaultdict(dict)
    for answer in placement.index.answers.values():
        question, numbers = answer.question.name, []
        for piece in placement.pieces:
            if piece.label.id == answer.cell.id:
                numbers.append(piece.cell.number)
                questions_by_cell[piece.cell.number][question] = None
        if answer.cell.cell_type is CellType.CODE and len(set(numbers)) > 1:
            yield f"{question} is answered in several cells ({join_names(numbers)})."
        if missing := _missing_names(answer, placement):
            yield f"{question}: no cell defines {join_names(missing)}; it counts as not answered."
    for number, questions in questions_by_cell.items():
        if len(questions) > 1:
            yield f"Cell {number} answers {join_names(questions)}; each part ran with its question."


def _fill_in(notes: Mapping[str, Iterable[object]]) -> Iterator[str]:
    # Sentences are ours and names are the submitter's: as arguments, braces in them have no effect.
    for sentence, names in notes.items():
        yield sentence.format(join_names(names))


def _flags(placement: Placement) -> list[str]:
    """Return what staff should look at, one sentence each."""
    flags = []
    for answer in placement.index.answers.values():
        missing = _missing_names(answer, placement)
        instead = _other_functions(answer, placement) if missing else []
        if instead:
            wanted = f"{answer.question.name} asks for {join_names(missing)}"
            flags.append(f"{wanted}; the cell defines {join_names(instead)}.")
    # nbgrader's ids are written by tools only, so that wrong ones mean that cells were copied or forged.
    notes: dict[str, list[str]] = defaultdict(list)
    cells = [piece.cell for piece in placement.pieces if piece.part == 0 and piece.cell.grade_id]
    positions, counts = placement.index.positions, Counter(cell.grade_id for cell in cells)
    for cell in cells:
        if counts[cell.grade_id] > 1:
            notes["nbgrader ids are on more than one cell: {}."].append(cell.grade_id)
        if cell.grade_id not in positions:
            notes["nbgrader ids are not of this assignment: {}."].append(cell.grade_id)
        elif cell.id in positions and cell.id != cell.grade_id:
            notes["Cell ids and nbgrader ids contradict each other: {}."].append(cell.grade_id)
    return [*flags, *_fill_in(notes)]


def _missing_names(answer: AnswerCell, placement: Placement) -> list[str]:
    """Return the names that an answer asks for and no part of the submission defines there."""
    defined = [piece.code.names for piece in placement.pieces if piece.label.id == answer.cell.id]
    return sorted(answer.stub.names.difference(*defined))


def _other_functions(answer: AnswerCell, placement: Placement) -> list[str]:
    """Return the functions that are where the answer should be."""
    candidates = [piece for piece in placement.pieces if piece.label.id == answer.cell.id]
    for index, piece in placement.free_cells:
        if answer.question_index <= index < answer.checks_index:
            candidates.append(piece)
    names: set[str] = set()
    for piece in candidates:
        for statement in piece.code.statements:
            if statement.is_definition and not statement.call:
                names |= statement.names
    return sorted(names - answer.stub.names)
