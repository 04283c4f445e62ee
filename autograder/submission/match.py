"""A submission as the steps that are run: the source's order and provided cells, the student's answers."""

import ast
import functools
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, Literal

import msgspec

from autograder.course import Assignment
from autograder.errors import StudentError
from autograder.files import MEBIBYTE
from autograder.notebook import TEXT_STUB, Answer, Cell, CellType, Check, Question, Source
from autograder.sandbox import reader
from autograder.submission.classify import (
    AnswerCell,
    Piece,
    SourceIndex,
    classify,
    grade_id_flags,
    index_source,
    is_written,
)
from autograder.submission.peek import foreign_problem
from autograder.submission.read import Output, fill_in, join_names, read
from autograder.submission.statements import Code, parse_code, referenced_names

_DYNAMIC_LOOKUPS = frozenset({"eval", "exec", "globals", "locals", "vars", "get_ipython"})
"""With one of these a cell can look up names that are not in its code."""

_MAX_MATCHED_BYTES, _MAX_OUTPUT_BYTES = 4 * MEBIBYTE, 64 * MEBIBYTE
"""Bytes of a matched submission, without and with its stored outputs."""

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

    cells: Mapping[str, Sequence[int]]
    """By question, the numbers of the submitted code cells from it to the next one, without checks."""

    cell_numbers: Mapping[str, int]
    """Numbers of the submitted cells by the id that the file gives them; of equal ids the first."""

    outputs: Mapping[int, tuple[Output, ...]]
    """By number, what the file stores below its cells; empty unless asked for."""


def match_submission(
    data: bytes, source: Source, assignment: Assignment, *, with_outputs: bool = False
) -> MatchedSubmission:
    """Have the reader read a submission and match it to the source.

    Args:
        data: the file, of any content.
        source: with literals for facts, as students got it.
        assignment: the assignment of the source.
        with_outputs: whether to decode the stored outputs, for those who read about the submission.

    Raises:
        StudentError: it cannot be read, or nothing in it belongs to the assignment.
        StaffError: the reader failed.
    """
    return reader.read(
        f"{__name__}:match_file",
        data,
        MatchedSubmission,
        shared=released(source),
        limits=reader.ReadLimits(answer_bytes=(_MAX_OUTPUT_BYTES if with_outputs else _MAX_MATCHED_BYTES)),
        assignment=assignment.name,
        title=assignment.title,
        with_outputs=with_outputs,
        display_only_cells=list(assignment.grading.display_only_cells),
    )


@functools.lru_cache(maxsize=8)
def released(source: Source) -> tuple[str, str]:
    """Return how the reader gets a source: without solutions, and hidden checks without their code."""

    def as_released(cell: Cell) -> Cell:
        return replace(cell, text=texts.get(cell.id, cell.text))

    def check_as_released(check: Check) -> Check:
        return replace(check, cell=as_released(check.cell), code=texts.get(check.cell.id, check.code))

    texts = {}
    for answer in source.answers():
        is_code = answer.cell.cell_type is CellType.CODE
        texts[answer.cell.id] = answer.stub() if is_code else TEXT_STUB
    for check in source.checks():
        if check.hidden:
            function = check.function()
            texts[check.cell.id] = f"def {function.name}({ast.unparse(function.args)}): ..."
    questions = []
    for question in source.questions:
        answers = tuple(Answer(as_released(answer.cell), ()) for answer in question.answers)
        checks = tuple(map(check_as_released, question.checks))
        questions.append(replace(question, answers=answers, checks=checks))
    released_source = replace(source, cells=tuple(map(as_released, source.cells)), questions=tuple(questions))
    return f"{__name__}:load_source", msgspec.json.encode(released_source).decode()


# What follows runs in the reader.


def load_source(payload: str) -> Source:
    """Return a source, indexed for all submissions that are matched to it."""
    source = msgspec.json.decode(payload, type=Source)
    index_source(source)
    return source


def match_file(
    file: IO[bytes],
    source: Source,
    *,
    assignment: str,
    title: str = "",
    with_outputs: bool = False,
    display_only_cells: Collection[str] = (),
) -> MatchedSubmission:
    """Read a submission and match it to a source, in one pass over the file.

    Raises:
        StudentError: it cannot be read, or nothing in it belongs to the assignment.
    """
    submitted = read(file.read(), with_outputs=with_outputs)
    index = index_source(source)
    pieces = classify(submitted.cells, index)
    if problem := foreign_problem(submitted.cells, submitted.assignment, source, assignment, title):
        raise StudentError(problem)
    # Ids are easily copied into any notebook: a file that has only those is another assignment's.
    if not any(piece.matched_by_content for piece in pieces):
        raise StudentError(
            f"This file is not {title or assignment!r}: only its cell ids are from this assignment; "
            "submit the right file."
        )
    placement = Placement(source, index, pieces)
    repairs, flags = _repairs_and_flags(placement)
    flags += grade_id_flags(submitted.cells, index)
    if submitted.assignment not in ("", assignment):
        flags.append(f"The notebook says that it belongs to {submitted.assignment!r}.")
    manual = [question for question in source.questions if question.manual]
    return MatchedSubmission(
        steps=prune_display_cells(placement.steps(), display_only_cells),
        repairs=(*submitted.repairs, *repairs),
        flags=tuple(flags),
        texts={question.name: placement.written_answer(question) for question in manual},
        cells=placement.cells_by_question(),
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


class Placement:
    """Where the parts of a submission run: in the source's order, whatever order they came in."""

    def __init__(self, source: Source, index: SourceIndex, pieces: Sequence[Piece]) -> None:
        """Find a place for each part."""
        self.source = source
        self.index = index
        self.pieces = pieces
        self.pieces_by_answer: dict[str, list[Piece]] = {name: [] for name in index.answers}
        self.notes: dict[str, list[object]] = defaultdict(list)
        """What was repaired: a sentence with ``{}`` → names or numbers for that place."""

        self._steps: dict[_Position, GradingStep] = {}
        """The student's; ``steps`` adds the source's."""

        self._free_cells: list[tuple[int, Piece]] = []
        """The student's own cells and texts, each with the cell of the source above it."""

        self._answered_names: dict[str, frozenset[str]] = dict.fromkeys(index.answers, frozenset())
        """By answer: the names that some part of the submission answers."""

        self._placed_names: dict[str, frozenset[str]] = {}
        """By answer: the names that have a place already."""

        self._seen_ids: set[str] = set()
        """Cells of the source that were found."""

        self._last_index = -1
        """The cell of the source that was found last."""

        self._unanchored: list[_Position] = []
        """Own cells since then; they go with the next answer if that was moved."""

        for piece in pieces:
            if answer := index.answers.get(piece.source_id):
                self.pieces_by_answer[answer.cell.id].append(piece)
                self._answered_names[answer.cell.id] |= answer.answered_names(piece.code)
                if answer.cell.cell_type is CellType.CODE and piece.cell.kind is not CellType.CODE:
                    sentence = (
                        "These cells are not code cells but contain answers, so they were run as code: {}."
                    )
                    self.notes[sentence].append(piece.cell.number)
        for piece in pieces:
            self._place(piece)
        for name, code in index.provided.items():
            if code.statements and name not in self._seen_ids:
                self.notes["Provided cells were missing and were restored: {}."].append(name)

    def steps(self) -> tuple[GradingStep, ...]:
        """Return everything that is run, with the source's provided cells and checks at their places."""
        steps = dict(self._steps)
        for name, code in self.index.provided.items():
            steps[self.index.positions[name], _AT, 0, 0] = GradingStep("provided", name, code.text)
        for question in self.source.questions:
            if question.checks:
                first_check = question.checks[0].cell.id
                step = GradingStep("checks", first_check, question=question.name)
                steps[self.index.positions[first_check], _AT, 0, 0] = step
        counts: Counter[str] = Counter()
        ordered = []
        for _, step in sorted(steps.items()):
            counts[step.cell] += 1
            if counts[step.cell] > 1:
                step = replace(step, cell=f"{step.cell}.{counts[step.cell]}")
            ordered.append(step)
        return tuple(ordered)

    def cells_by_question(self) -> dict[str, list[int]]:
        """Return the submitted cells of each question; a student's own belong to the cell above them."""
        begins = [self.index.positions[question.cell.id] for question in self.source.questions]
        cells: dict[str, list[int]] = {question.name: [] for question in self.source.questions}
        last_index = -1
        for piece in self.pieces:
            last_index = self.index.positions.get(piece.source_id, last_index)
            count = bisect_right(begins, last_index)
            if count and piece.cell.kind is CellType.CODE and piece.source_id not in self.index.first_checks:
                numbers = cells[self.source.questions[count - 1].name]
                if piece.cell.number not in numbers[-1:]:
                    numbers.append(piece.cell.number)
        return cells

    def written_answer(self, question: Question) -> str:
        """Return what is between a question and what follows it in the source."""
        begin = self.index.positions[question.cell.id]
        end = self.index.positions[question.answers[-1].cell.id]
        code = [step.text for step in self._steps.values() if step.question == question.name]
        texts = []
        for index, piece in self._free_cells:
            if begin <= index <= end and (piece.cell.kind is not CellType.CODE or not code):
                texts.append(piece.cell.text.strip())
        return "\n\n".join(text for text in [*texts, *code] if is_written(text))

    def definitions_near(self, answer: AnswerCell) -> list[str]:
        """Return what is defined where an answer should be, other than what it asks for."""
        candidates = list(self.pieces_by_answer[answer.cell.id])
        candidates += [piece for index, piece in self._free_cells if index in answer.span]
        names: set[str] = set()
        for piece in candidates:
            for statement in piece.code.statements:
                if statement.is_definition and not statement.call:
                    names |= statement.names
        return sorted(names - answer.stub.names)

    def _place(self, piece: Piece) -> None:
        source_id = piece.source_id
        if self._is_own(piece):
            self._free_cells.append((self._last_index, piece))
            if piece.code.statements or not piece.code.is_python:
                self._unanchored.append(self._add_extra(piece, self._last_index, _AFTER))
            return
        if source_id in self.index.answers:
            self._place_answer(piece, self.index.answers[source_id])
        elif source_id in self.index.provided:
            self._place_provided(piece, self.index.provided[source_id])
        if source_id in self.index.positions:
            self._seen_ids.add(source_id)
            self._last_index = self.index.positions[source_id]
            self._unanchored = []

    def _is_own(self, piece: Piece) -> bool:
        """Return True if a part is the student's own, or a copy that must not replace what it is like."""
        source_id = piece.source_id
        if source_id in self.index.provided:
            is_same = piece.code.digests == self.index.provided[source_id].digests
            return source_id in self._seen_ids and not (is_same and piece.code.is_python)
        if source_id in self._placed_names:
            # A later definition of the same names, e.g. an experiment, must not replace what is graded.
            answer = self.index.answers[source_id]
            names = piece.code.names & answer.stub.names
            return self._last_index >= answer.span.stop and names <= self._placed_names[source_id]
        return not source_id

    def _place_answer(self, piece: Piece, answer: AnswerCell) -> None:
        cell_id, question = answer.cell.id, answer.question.name
        index = self.index.positions[cell_id]
        if answer.cell.cell_type is not CellType.CODE:
            self._free_cells.append((index, piece))
            return
        names = piece.code.names & answer.stub.names
        if piece.code.is_part_of(answer.stub) and names <= self._answered_names[cell_id]:
            # The stub is left in a copy of the cell; run last, it would undo the answer.
            if self._answered_names[cell_id]:
                self.notes["Unanswered copies of answer cells were skipped: {}."].append(question)
            return
        if index < self._last_index:
            self.notes["Answers were in a different place and ran with their question: {}."].append(question)
            for position in self._unanchored:
                step = self._steps.pop(position)
                self._steps[index, _BEFORE, position[2], position[3]] = step
        step = GradingStep("answer", cell_id, piece.code.text, question, piece.cell.number)
        self._steps[index, _AT, piece.cell.number, piece.part] = step
        self._placed_names[cell_id] = self._placed_names.get(cell_id, frozenset()) | names

    def _place_provided(self, piece: Piece, provided: Code) -> None:
        cell_id = piece.source_id
        if cell_id in self._seen_ids:
            self.notes["Provided cells were repeated and ran once: {}."].append(cell_id)
            return
        if piece.code.is_python and piece.code.digests == provided.digests:
            return
        # A provided cell may only hold places to fill in, like ``guess = None``.
        placeholders = parse_code("\n".join(f"{name} = None" for name in provided.names))
        if not provided.is_part_of(placeholders):
            sentence = "Provided cells were changed: {}; your version ran first, then the original."
            self.notes[sentence].append(cell_id)
        # The source's cell runs in any case, after the student's: answers may use what the student
        # added, but nothing that the student changed remains.
        if not piece.code.is_part_of(provided):
            self._add_extra(piece, self.index.positions[cell_id], _BEFORE)

    def _add_extra(self, piece: Piece, index: int, relative: int) -> _Position:
        number, position = piece.cell.number, (index, relative, piece.cell.number, piece.part)
        # The name is made of numbers only: results and messages repeat it.
        step = GradingStep("extra", f"extra-{number}", piece.code.text, number=number)
        self._steps[position] = step
        return position


def _repairs_and_flags(placement: Placement) -> tuple[list[str], list[str]]:
    """Return what was repaired, and what staff should look at, one sentence each."""
    repairs, flags = list(fill_in(placement.notes)), []
    if not any(piece.claimed_id for piece in placement.pieces):
        repairs.insert(
            0, "The cells do not have this assignment's ids; they were recognized by their content."
        )
    prose = set(placement.index.prose.values())
    changed = [piece.claimed_id for piece in placement.pieces if not piece.matched_by_content]
    if other_texts := sorted(prose.intersection(changed)):
        flags.append(
            f"Some texts are not those of this release: {join_names(other_texts)}; the file may have been "
            "made from an earlier release. Questions that are new or changed count as not answered."
        )
    questions_by_cell: dict[int, dict[str, None]] = defaultdict(dict)
    for name, answer in placement.index.answers.items():
        question, numbers, missing = answer.question.name, set(), answer.stub.names
        for piece in placement.pieces_by_answer[name]:
            numbers.add(piece.cell.number)
            missing -= piece.code.names
            questions_by_cell[piece.cell.number][question] = None
        if answer.cell.cell_type is CellType.CODE and len(numbers) > 1:
            repairs.append(f"{question} is answered in several cells ({join_names(sorted(numbers))}).")
        if missing:
            repairs.append(
                f"{question}: no cell defines {join_names(sorted(missing))}; it counts as not answered."
            )
            if instead := placement.definitions_near(answer):
                wanted = f"{question} asks for {join_names(sorted(missing))}"
                flags.append(f"{wanted}; the cell defines {join_names(instead)}.")
    for number, questions in questions_by_cell.items():
        if len(questions) > 1:
            repairs.append(f"Cell {number} answers {join_names(questions)}; each part ran with its question.")
    return repairs, flags
