"""The source notebook, parsed: cells, questions, answer cells and checks.

``authoring`` reads the file and marks the questions that it finds by their headings; the parser
here sees raw cells around every question. It reports all problems; what it returns is complete
only if there are none.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import yaml

from autograder.errors import Problem, name_hint
from autograder.headings import Heading, headings

MODULES = {"np": "import numpy as np", "keras": "import keras", "pd": "import pandas as pd"}
"""Modules that a check may use in addition to the vocabulary and the kit, and their imports."""

_PANDAS_IMPORT = re.compile(r"^[ \t]*+(import|from) pandas\b", re.MULTILINE)

BEGIN_SOLUTION = "# BEGIN SOLUTION"
END_SOLUTION = "# END SOLUTION"
"""These two mark a region of an answer cell, and as raw cells the answer cells of a question."""

BEGIN_QUESTION, END_QUESTION = "# BEGIN QUESTION", "# END QUESTION"
BEGIN_TESTS, END_TESTS = "# BEGIN TESTS", "# END TESTS"
BLOCKS = {BEGIN_QUESTION: END_QUESTION, BEGIN_SOLUTION: END_SOLUTION, BEGIN_TESTS: END_TESTS}
"""The first lines of raw cells that open a block, and of those that close it."""

TEXT_STUB = "_Type your answer here, replacing this text._"
"""What students get in place of an answer of prose."""

CHECK_BEGIN = re.compile(r"\s*(\"\"\"|''')[ \t]*#[ \t]*BEGIN TEST CONFIG[ \t]*$", re.MULTILINE)
"""How the text of a check cell begins."""

_CONFIG_END = re.compile(r"(\"\"\"|''')[ \t]*#[ \t]*END TEST CONFIG[ \t]*")
_MAX_PLACE_CHARS = 50
# Exact types: a bool is an int to isinstance, but "points: true" is a mistake.
_SETTINGS: dict[str, tuple[tuple[type, ...], str]] = {
    "name": ((str,), "a string"),
    "points": ((int, float), "a number"),
    "manual": ((bool,), "true or false"),
    "hidden": ((bool,), "true or false"),
}


class CellType(StrEnum):
    """The type of a cell."""

    CODE = "code"
    MARKDOWN = "markdown"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the source."""

    id: str
    cell_type: CellType
    text: str
    tags: tuple[str, ...] = ()
    attachments: str = ""
    """The attachments of a Markdown cell as JSON; empty if it has none."""

    added_lines: tuple[int, ...] = ()
    """Lines of ``text`` that are not in the file, from 1."""

    def place(self, line: int = 1, question: str = "") -> str:
        """Return where a line of this cell is, in words that lead to it in an editor."""
        lines = [text.strip() for text in self.text.split("\n")]
        kind, first_lines = f"{self.cell_type} cell".replace("markdown", "Markdown"), lines
        if CHECK_BEGIN.match(self.text):
            # The first line is the same in every check.
            kind, first_lines = "check cell", [text for text in lines if text.startswith("def ")] + lines
        elif BEGIN_SOLUTION in lines and self.cell_type is CellType.CODE:
            kind = "answer cell"
        first_line = next(filter(None, first_lines), "")
        if len(first_line) > _MAX_PLACE_CHARS:
            first_line = f"{first_line[:_MAX_PLACE_CHARS]}…"
        line_in_file = line - sum(added < line for added in self.added_lines)
        place = f"{kind} `{first_line}`, line {line_in_file}, id {self.id or 'none'}"
        return f"{question}, {place}" if question else place


@dataclass(frozen=True, slots=True)
class Region:
    """Lines of an answer cell that only the solution contains."""

    begin: int
    """Line of the opening marker, from 1."""

    end: int
    """Line of the closing marker."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A cell that students complete."""

    cell: Cell
    regions: tuple[Region, ...]

    def stub(self) -> str:
        """Return the code that students get, with ``...`` for each region."""
        lines = self.cell.text.split("\n")
        for region in reversed(self.regions):
            first_line = lines[region.begin - 1]
            indent = first_line[: len(first_line) - len(first_line.lstrip())]
            lines[region.begin - 1 : region.end] = [f"{indent}..."]
        return "\n".join(lines)

    def solution(self) -> str:
        """Return the code with the solution and without the markers."""
        lines = self.cell.text.split("\n")
        return "\n".join(line for line in lines if line.strip() not in (BEGIN_SOLUTION, END_SOLUTION))


@dataclass(frozen=True, slots=True)
class Check:
    """One graded test cell."""

    cell: Cell
    points: float
    hidden: bool
    code: str
    """The cell's text below its configuration."""

    first_line: int
    """Where ``code`` starts in the cell, from 1."""

    def function(self) -> ast.FunctionDef:
        """Return the parsed ``def`` of the check."""
        return _parse_function(self.code)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the vocabulary functions that decide, by name, e.g. ``("compiled", "output")``."""
        names = set()
        for node in ast.walk(self.function()):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "checks":
                names.add(node.attr)
        return tuple(sorted(names - {"call", "attempt", "as_array"}))

    @property
    def title(self) -> str:
        """Return the docstring, under which every report lists this check."""
        return ast.get_docstring(self.function()) or ""


@cache
def _parse_function(code: str) -> ast.FunctionDef:
    node = ast.parse(code).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


@dataclass(frozen=True, slots=True)
class Question:
    """A question: its prompt, its answer cells and its checks."""

    name: str
    cell: Cell
    """The raw cell that opens it."""

    manual: bool
    declared_points: float | None
    prompt: tuple[Cell, ...]
    answers: tuple[Answer, ...]
    checks: tuple[Check, ...]

    def cells(self) -> tuple[Cell, ...]:
        """Return the cells of prompt, answers and checks."""
        answers = [answer.cell for answer in self.answers]
        return (self.cell, *self.prompt, *answers, *(check.cell for check in self.checks))

    @property
    def otter_check_id(self) -> str:
        """Return the id of the cell that runs the checks in otter's flavor."""
        return f"{self.name}-check".replace("_", "-")

    @property
    def title(self) -> str:
        """Return the question's heading without number and points; empty if there is none."""
        found: list[Heading] = []
        for cell in self.prompt:
            if cell.cell_type is CellType.MARKDOWN:
                found += headings(cell.text)
        # The cell may begin with the heading of a section.
        own = [heading for heading in found if heading.question == self.name]
        return next((heading.title(self.name) for heading in own + found), "")

    @property
    def points(self) -> float:
        """Return the points of the question."""
        if self.manual:
            return self.declared_points or 0
        return sum(check.points for check in self.checks)


@dataclass(frozen=True, slots=True)
class Source:
    """A source notebook."""

    label: str
    """How messages name the file, e.g. ``source/lab/lab.ipynb``."""

    cells: tuple[Cell, ...]
    questions: tuple[Question, ...]

    def location(self, cell: Cell, line: int = 1) -> str:
        """Return the place of a problem, as messages name it."""
        for question in self.questions:
            if cell.id == question.cell.id and question.prompt:
                cell = question.prompt[0]  # an author knows the heading; the raw cell may not be in the file
            if cell in question.cells():
                return f"{self.label}: {cell.place(line, question.name)}"
        return f"{self.label}: {cell.place(line)}"

    def problem(self, cell: Cell, found: str, fix: str, line: int = 1) -> Problem:
        """Return a problem with a line of a cell."""
        return Problem(self.location(cell, line), found, fix)

    @property
    def uses_pandas(self) -> bool:
        """Return True if a code cell imports pandas, which students need then."""
        code = [cell.text for cell in self.cells if cell.cell_type is CellType.CODE]
        return any(map(_PANDAS_IMPORT.search, code))

    def checks(self) -> Iterator[Check]:
        """Yield the checks of all questions in order."""
        for question in self.questions:
            yield from question.checks

    def answers(self) -> Iterator[Answer]:
        """Yield the answers of all questions in order."""
        for question in self.questions:
            yield from question.answers


def parse_questions(cells: Sequence[Cell], label: str) -> tuple[Source, list[Problem]]:
    """Find the questions among the cells."""
    parser = _QuestionParser(label)
    for cell in cells:
        parser.add_cell(cell)
    for marker, cell in parser.open_blocks:
        parser.add_problem(cell, f"{marker!r} that is never closed", f"add {BLOCKS[marker]!r}")
    return Source(label, tuple(cells), tuple(parser.questions)), parser.problems


class _QuestionParser:
    """Reads cells in order. At most two blocks are open: a question, and one block inside it."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.problems: list[Problem] = []
        self.questions: list[Question] = []
        self.open_blocks: list[tuple[str, Cell]] = []
        """The marker and the raw cell of each block that is not closed yet."""

        self.question_name = ""
        """For messages; empty outside of questions."""

        self.contents: dict[str, list[Cell]] = {}
        """The cells in each block of the last question, by the marker that opens the block."""

    def add_problem(self, cell: Cell, found: str, fix: str, line: int = 1) -> None:
        name = "" if cell.cell_type is CellType.RAW else self.question_name
        self.problems.append(Problem(f"{self.label}: {cell.place(line, name)}", found, fix))

    def add_cell(self, cell: Cell) -> None:
        if cell.cell_type is CellType.RAW:
            self._handle_marker(cell)
        elif self.open_blocks:
            block, _ = self.open_blocks[-1]
            if block == BEGIN_QUESTION and len(self.contents) > 1:
                found = "a cell after the answer that is not a check"
                self.add_problem(cell, found, "move it above the answer or below the question")
            self.contents[block].append(cell)

    def _handle_marker(self, cell: Cell) -> None:
        marker = cell.text.split("\n")[0].strip()
        if marker == BEGIN_QUESTION:
            # Forget blocks that were never closed, or every later cell would be reported too.
            if self.open_blocks:
                self.add_problem(cell, "a question inside another block", "close that block first")
            self.open_blocks = [(marker, cell)]
            self.contents = {marker: []}
            name = re.search(r"^name:[ \t]*(\w+)", cell.text, re.MULTILINE)
            self.question_name = name[1] if name else ""
            return  # its settings are below the marker
        if marker in BLOCKS:
            self._open_inner_block(marker, cell)
        elif self.open_blocks and BLOCKS[self.open_blocks[-1][0]] == marker:
            _, first_cell = self.open_blocks.pop()
            if marker == END_QUESTION:
                self._add_question(first_cell)
                self.question_name = ""
        elif marker in BLOCKS.values():
            begin = next(begin for begin, end in BLOCKS.items() if end == marker)
            found, fix = f"{marker!r} without a matching {begin!r}", f"delete it or add {begin!r} above"
            self.add_problem(cell, found, fix)
        else:
            hint = name_hint(marker, [*BLOCKS, *BLOCKS.values()])
            self.add_problem(cell, f"a raw cell that starts with {marker!r}", hint)
            return
        if cell.text.strip() != marker:
            self.add_problem(cell, "text below the marker", "delete it", 2)

    def _open_inner_block(self, marker: str, cell: Cell) -> None:
        if [opened for opened, _ in self.open_blocks] != [BEGIN_QUESTION]:
            place = f"inside {self.open_blocks[-1][0]!r}" if self.open_blocks else "outside a question"
            self.add_problem(cell, f"{marker!r} {place}", "move it")
            return
        if marker in self.contents:
            self.add_problem(cell, f"a second {marker!r} in this question", "join the two blocks")
        elif marker == BEGIN_SOLUTION and BEGIN_TESTS in self.contents:
            self.add_problem(cell, "a solution below its tests", "move it above '# BEGIN TESTS'")
        self.open_blocks.append((marker, cell))
        self.contents.setdefault(marker, [])

    def _add_question(self, first_cell: Cell) -> None:
        config = self._parse_config(first_cell, first_cell.text, ("name", "points", "manual"), 1)
        if "name" not in config:
            self.add_problem(first_cell, "a question without a name", "add a line such as name: q1")
        answers = []
        for cell in self.contents.get(BEGIN_SOLUTION, ()):
            answers.append(Answer(cell, self._find_regions(cell)))
        checks = list(filter(None, map(self._parse_check, self.contents.get(BEGIN_TESTS, ()))))
        question = Question(
            config.get("name", first_cell.id),
            first_cell,
            config.get("manual", False),
            config.get("points"),
            tuple(self.contents[BEGIN_QUESTION]),
            tuple(answers),
            tuple(checks),
        )
        self.questions.append(question)

    def _parse_config(self, cell: Cell, text: str, keys: tuple[str, ...], first_line: int) -> dict[str, Any]:
        """Return the settings in YAML that are valid; the others become problems."""
        try:
            settings = yaml.safe_load(text) or {}
        except yaml.YAMLError as error:
            line = getattr(getattr(error, "problem_mark", None), "line", 0)
            found = f"settings that cannot be read ({getattr(error, 'problem', 'not YAML')})"
            self.add_problem(cell, found, "write key: value", first_line + line)
            return {}
        if not isinstance(settings, dict):
            self.add_problem(cell, "settings that are not key: value", "write key: value", first_line)
            return {}
        valid = {}
        for key, value in settings.items():
            if key not in keys:
                self.add_problem(cell, f"unknown key {key!r}", name_hint(str(key), keys), first_line)
                continue
            types, expected = _SETTINGS[key]
            if type(value) in types:
                valid[key] = value
            else:
                self.add_problem(cell, f"{key}: {value!r}", f"write {expected}", first_line)
        return valid

    def _find_regions(self, cell: Cell) -> tuple[Region, ...]:
        regions, begin = [], 0
        for number, line in enumerate(cell.text.split("\n"), 1):
            if line.strip() == BEGIN_SOLUTION and begin:
                fix = "close the first region above"
                self.add_problem(cell, f"{BEGIN_SOLUTION!r} inside a region", fix, number)
            elif line.strip() == BEGIN_SOLUTION:
                begin = number
            elif line.strip() == END_SOLUTION and begin:
                regions.append(Region(begin, number))
                begin = 0
            elif line.strip() == END_SOLUTION:
                fix = f"delete it or add {BEGIN_SOLUTION!r} above"
                self.add_problem(cell, f"{END_SOLUTION!r} without a matching {BEGIN_SOLUTION!r}", fix, number)
        if begin:
            self.add_problem(cell, f"{BEGIN_SOLUTION!r} never closed", f"add {END_SOLUTION!r}", begin)
        return tuple(regions)

    def _parse_check(self, cell: Cell) -> Check | None:
        if cell.cell_type is not CellType.CODE:
            self.add_problem(cell, f"a {cell.cell_type} cell among the checks", "move it out of the tests")
            return None
        lines = cell.text.split("\n")
        begin = CHECK_BEGIN.match(cell.text)
        ends = [number for number, line in enumerate(lines) if _CONFIG_END.fullmatch(line)]
        if begin is None or not ends:
            fix = 'begin with """ # BEGIN TEST CONFIG, points: …, """ # END TEST CONFIG'
            self.add_problem(cell, "a check without its settings", fix)
            return None
        first, end = begin[0].count("\n") + 1, ends[0]
        config = self._parse_config(cell, "\n".join(lines[first:end]), ("points", "hidden"), first + 1)
        if "points" not in config:
            self.add_problem(cell, "a check without points", "add a line such as points: 2 to its settings")
        code = "\n".join(lines[end + 1 :])
        try:
            body = ast.parse(code).body
        except SyntaxError as error:
            line = end + 1 + (error.lineno or 1)
            self.add_problem(cell, f"code that is not Python ({error.msg})", "fix it", line)
            return None
        fix = "write one def check_…(…) and one checks.run(check_…)"
        if not body or not isinstance(body[0], ast.FunctionDef):
            self.add_problem(cell, "a check that does not start with its def", fix, end + 2)
            return None
        if len(body) != 2 or ast.unparse(body[1]) != f"checks.run({body[0].name})":
            line = end + 1 + body[-1].lineno
            self.add_problem(cell, "something other than checks.run below the def", fix, line)
            return None
        return Check(cell, config.get("points", 0), config.get("hidden", False), code, end + 2)
