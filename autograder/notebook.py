"""The source notebook, parsed: cells, questions, answers and checks.

``read`` takes the file apart, ``parse`` finds the questions. Both collect every problem and
go on as well as they can; what they return is complete only if there are none.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, cast

import yaml
from nbformat import NotebookNode, from_dict
from nbformat.v4.rwbase import split_lines

from autograder.errors import Problem, name_hint

FORMAT = (4, 5)
"""The version of the notebook format that we read and write: 4.5 has cell ids."""

MODULES = {"np": "import numpy as np", "keras": "import keras"}
"""Modules that a check may use beside the vocabulary and the kit, and their imports."""

BEGIN_SOLUTION = "# BEGIN SOLUTION"
END_SOLUTION = "# END SOLUTION"

_CONFIG_BEGIN = '""" # BEGIN TEST CONFIG'
_CONFIG_END = '""" # END TEST CONFIG'
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+)$", re.MULTILINE)
_QUESTION_KEYS = {"name": str, "points": (int, float), "manual": bool}
_CHECK_KEYS = {"points": (int, float), "hidden": bool}


class CellType(StrEnum):
    """The type of a cell."""

    CODE = "code"
    MARKDOWN = "markdown"
    RAW = "raw"


class BlockMarker(StrEnum):
    """The first line of a raw cell, which opens or closes a block."""

    QUESTION = "# BEGIN QUESTION"
    SOLUTION = "# BEGIN SOLUTION"
    TESTS = "# BEGIN TESTS"
    END_QUESTION = "# END QUESTION"
    END_SOLUTION = "# END SOLUTION"
    END_TESTS = "# END TESTS"

    @property
    def is_begin(self) -> bool:
        """Return whether a block starts here."""
        return " BEGIN " in self.value

    @property
    def end(self) -> "BlockMarker":
        """Return the mark that closes the block that this one opens."""
        return BlockMarker(self.value.replace("BEGIN", "END"))


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the source."""

    id: str
    cell_type: CellType
    text: str
    tags: tuple[str, ...] = ()
    attachments: str = ""
    """The attachments of a Markdown cell as JSON; empty without."""


@dataclass(frozen=True, slots=True)
class Region:
    """The lines of an answer that only the solution has."""

    begin: int
    """Line of the opening marker, from 1."""

    end: int
    """Line of the closing marker."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A cell that the student completes."""

    cell: Cell
    regions: tuple[Region, ...]

    def stub(self) -> str:
        """Return the code as students get it: ``...`` for each region."""
        lines = self.cell.text.split("\n")
        for region in reversed(self.regions):
            indent = re.match(r"\s*", lines[region.begin - 1])
            lines[region.begin - 1 : region.end] = [f"{indent.group() if indent else ''}..."]
        return "\n".join(lines)

    def solution(self) -> str:
        """Return the code with its solutions and without the markers."""
        marks = {n for region in self.regions for n in (region.begin, region.end)}
        lines = self.cell.text.split("\n")
        return "\n".join(line for n, line in enumerate(lines, 1) if n not in marks)


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
        """The functions of the vocabulary that decide, by name, e.g. ``("compiled", "output")``."""
        called = {
            node.func.attr
            for node in ast.walk(self.function())
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func.value) == "checks"
        }
        return tuple(sorted(called - {"call", "attempt"}))

    @property
    def title(self) -> str:
        """Return the docstring: what every report calls this check."""
        return ast.get_docstring(self.function()) or ""


@cache
def _parse_function(code: str) -> ast.FunctionDef:
    node = ast.parse(code).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, how it is answered, and how the answer is checked."""

    name: str
    cell: Cell
    """The raw cell that opens it."""

    manual: bool
    declared_points: float | None
    prompt: tuple[Cell, ...]
    answers: tuple[Answer, ...]
    checks: tuple[Check, ...]

    @property
    def title(self) -> str:
        """Return the first heading of its prompt without its number and points; empty if it has none."""
        found = (_HEADING.search(cell.text) for cell in self.prompt if cell.cell_type is CellType.MARKDOWN)
        heading = next((match[1] for match in found if match), "")
        heading = re.sub(r"\s*\([\d.]+ points?\)$", "", re.sub(r"[*`]", "", heading).strip())
        return re.sub(rf"^{re.escape(self.name)}\b[.:]?\s*", "", heading, flags=re.IGNORECASE)

    @property
    def points(self) -> float:
        """Return what the question is worth."""
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
        """Return where a problem is, for a message."""
        return f"{self.label}#{cell.id}:{line}"

    def checks(self) -> Iterator[Check]:
        """Yield the checks of all questions in order."""
        for question in self.questions:
            yield from question.checks

    def answers(self) -> Iterator[Answer]:
        """Yield the answers of all questions in order."""
        for question in self.questions:
            yield from question.answers


def parse_cells(data: bytes, label: str) -> tuple[tuple[Cell, ...], list[Problem]]:
    """Take a notebook file apart into cells and check what its format must be."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        return (), [Problem(label, f"no notebook ({error})", "save it as .ipynb again")]
    if not isinstance(raw, dict) or not isinstance(raw.get("cells"), list):
        return (), [Problem(label, "JSON that is no notebook", "save it as .ipynb again")]
    problems = _format_problems(raw, label)
    cells = []
    for number, cell in enumerate(raw["cells"], 1):
        try:
            cells.append(_parse_cell(cell, f"{label}#{_cell_id(cell, number)}:1", problems))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            found = f"a cell that does not follow the format ({error!r})"
            problems.append(Problem(f"{label}#{number}:1", found, "write the cell again"))
    problems += _duplicate_ids(cells, label)
    return tuple(cells), problems


def parse_questions(cells: Sequence[Cell], label: str) -> tuple[Source, list[Problem]]:
    """Find the questions among the cells."""
    reader = _QuestionParser(label)
    for cell in cells:
        reader.add_cell(cell)
    reader.finish()
    return Source(label, tuple(cells), tuple(reader.questions)), reader.problems


_NOTEBOOK_METADATA = {"kernelspec": {"name", "display_name", "language"}, "language_info": {"name"}}
_CELL_METADATA = {"tags"}


def _format_problems(raw: dict[str, Any], label: str) -> list[Problem]:
    problems = []
    version = (raw.get("nbformat"), raw.get("nbformat_minor"))
    if version != (4, 5):
        found = f"notebook format {version[0]}.{version[1]}"
        problems.append(Problem(label, found, "save it as 4.5, which has cell ids"))
    metadata = raw.get("metadata", {})
    for key, value in metadata.items():
        if key not in _NOTEBOOK_METADATA:
            problems.append(Problem(label, f"notebook metadata {key!r}", "delete it"))
        elif set(value) - _NOTEBOOK_METADATA[key]:
            extra = ", ".join(sorted(set(value) - _NOTEBOOK_METADATA[key]))
            problems.append(Problem(label, f"metadata {key} with {extra}", "delete that part"))
    if metadata.get("kernelspec", {}).get("language") != "python":
        do = 'add {"kernelspec": {"name": "python3", "language": "python", "display_name": …}}'
        problems.append(Problem(label, "no Python kernel in the metadata", do))
    return problems


def _cell_id(raw: Any, number: int) -> str:
    found = raw.get("id") if isinstance(raw, dict) else None
    return found if isinstance(found, str) else str(number)


def _parse_cell(raw: dict[str, Any], location: str, problems: list[Problem]) -> Cell:
    metadata = dict(raw["metadata"])
    tags = metadata.get("tags", [])
    for key in sorted(set(metadata) - _CELL_METADATA):
        problems.append(Problem(location, f"cell metadata {key!r}", "delete it"))
    if raw.get("outputs"):
        problems.append(Problem(location, "a stored output", "clear all outputs and save"))
    if raw.get("execution_count") is not None:
        problems.append(Problem(location, "an execution count", "clear all outputs and save"))
    if not isinstance(raw.get("id"), str):
        problems.append(Problem(location, "a cell without an id", "give it one, e.g. pad-reviews"))
    attachments = raw.get("attachments") or {}
    return Cell(
        str(raw.get("id", "")),
        CellType(raw["cell_type"]),
        join_source(raw["source"]),
        tuple(str(tag) for tag in tags),
        json.dumps(attachments, sort_keys=True) if attachments else "",
    )


def _duplicate_ids(cells: Iterable[Cell], label: str) -> list[Problem]:
    seen: set[str] = set()
    problems = []
    for cell in cells:
        if cell.id in seen:
            problems.append(Problem(f"{label}#{cell.id}:1", "this id twice", "rename one cell"))
        seen.add(cell.id)
    return problems


class _QuestionParser:
    """Reads cells in order and keeps which blocks are open (a question, and one inside it)."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.problems: list[Problem] = []
        self.questions: list[Question] = []
        self.open_blocks: list[tuple[BlockMarker, Cell]] = []
        self.draft = _Draft()

    def add_cell(self, cell: Cell) -> None:
        if cell.cell_type is CellType.RAW:
            self._handle_marker(cell)
        elif not self.open_blocks:
            return
        elif self.open_blocks[-1][0] is BlockMarker.QUESTION:
            self._add_prompt_cell(cell)
        elif self.open_blocks[-1][0] is BlockMarker.SOLUTION:
            self.draft.answers.append(Answer(cell, self._find_regions(cell)))
        elif check := self._parse_check(cell):
            self.draft.checks.append(check)

    def finish(self) -> None:
        for mark, cell in self.open_blocks:
            self._add_problem(cell, f"{mark.value!r} that is never closed", f"add {mark.end.value!r}")

    def _add_problem(self, cell: Cell, found: str, fix: str, line: int = 1) -> None:
        self.problems.append(Problem(f"{self.label}#{cell.id}:{line}", found, fix))

    def _handle_marker(self, cell: Cell) -> None:
        first = cell.text.split("\n")[0].strip()
        if first not in list(BlockMarker):
            do = name_hint(first, BlockMarker)
            self._add_problem(cell, f"a raw cell that starts with {first!r}", do)
            return
        mark = BlockMarker(first)
        if mark.is_begin:
            self._open_block(mark, cell)
        elif self.open_blocks and self.open_blocks[-1][0].end is mark:
            self._close_block()
        else:
            found = f"{mark.value!r} with no such block open"
            self._add_problem(cell, found, "delete it or open the block above")
        if mark is not BlockMarker.QUESTION and cell.text.strip() != first:
            self._add_problem(cell, "text below the mark", "delete it", 2)

    def _open_block(self, marker: BlockMarker, cell: Cell) -> None:
        inside = [opened for opened, _ in self.open_blocks]
        if marker is BlockMarker.QUESTION and inside:
            self._add_problem(cell, "a question inside another block", "close that block first")
            self.open_blocks.clear()
        elif marker is not BlockMarker.QUESTION and inside != [BlockMarker.QUESTION]:
            where = f"inside {inside[-1].value!r}" if inside else "outside a question"
            self._add_problem(cell, f"{marker.value!r} {where}", "move it")
            return
        self.open_blocks.append((marker, cell))
        if marker is BlockMarker.QUESTION:
            self.draft = _Draft(cell, self._parse_config(cell, cell.text, _QUESTION_KEYS, 1))
            self.draft.blocks = []
        elif marker in self.draft.blocks:
            self._add_problem(cell, f"a second {marker.value!r} in this question", "join the two blocks")
        elif marker is BlockMarker.SOLUTION and BlockMarker.TESTS in self.draft.blocks:
            self._add_problem(cell, "a solution below its tests", "move it above '# BEGIN TESTS'")
        if marker is not BlockMarker.QUESTION:
            self.draft.blocks.append(marker)

    def _close_block(self) -> None:
        mark, _ = self.open_blocks.pop()
        if mark is BlockMarker.QUESTION:
            self._finish_question()

    def _add_prompt_cell(self, cell: Cell) -> None:
        if self.draft.blocks:
            found = "a cell after the solution that is no check"
            self._add_problem(cell, found, "move it above the solution or below '# END QUESTION'")
        self.draft.prompt.append(cell)

    def _finish_question(self) -> None:
        draft = self.draft
        assert draft.cell is not None
        name = draft.config.get("name")
        if not isinstance(name, str):
            self._add_problem(draft.cell, "a question without a name", "add name: q1")
            name = draft.cell.id
        self.questions.append(
            Question(
                name,
                draft.cell,
                draft.config.get("manual", False),
                draft.config.get("points"),
                tuple(draft.prompt),
                tuple(draft.answers),
                tuple(draft.checks),
            )
        )

    def _parse_config(self, cell: Cell, text: str, keys: dict[str, Any], first_line: int) -> dict[str, Any]:
        try:
            settings = yaml.safe_load(text) or {}
        except yaml.YAMLError as error:
            line = getattr(getattr(error, "problem_mark", None), "line", 0)
            found = f"settings that cannot be read ({getattr(error, 'problem', 'not YAML')})"
            self._add_problem(cell, found, "write key: value", first_line + line)
            return {}
        if not isinstance(settings, dict):
            self._add_problem(cell, "settings that are not key: value", "write key: value", first_line)
            return {}
        good = {}
        for key, value in settings.items():
            if key not in keys:
                self._add_problem(cell, f"unknown key {key!r}", name_hint(str(key), keys), first_line)
            elif not isinstance(value, keys[key]) or (isinstance(value, bool) and keys[key] is not bool):
                self._add_problem(cell, f"{key}: {value!r}", f"write {_type_name(keys[key])}", first_line)
            else:
                good[key] = value
        return good

    def _find_regions(self, cell: Cell) -> tuple[Region, ...]:
        regions, begin = [], 0
        for number, line in enumerate(cell.text.split("\n"), 1):
            if line.strip() == BEGIN_SOLUTION:
                if begin:
                    found = f"{BEGIN_SOLUTION!r} inside a region"
                    self._add_problem(cell, found, "close the first region above", number)
                begin = begin or number
            elif line.strip() == END_SOLUTION:
                if not begin:
                    do = f"delete it or add {BEGIN_SOLUTION!r} above"
                    self._add_problem(cell, f"{END_SOLUTION!r} with no region open", do, number)
                    continue
                regions.append(Region(begin, number))
                begin = 0
        if begin:
            self._add_problem(
                cell, f"{BEGIN_SOLUTION!r} that is never closed", f"add {END_SOLUTION!r}", begin
            )
        return tuple(regions)

    def _parse_check(self, cell: Cell) -> Check | None:
        if cell.cell_type is not CellType.CODE:
            self._add_problem(cell, f"a {cell.cell_type} cell among the checks", "move it out of the tests")
            return None
        lines = cell.text.split("\n")
        if lines[0] != _CONFIG_BEGIN or _CONFIG_END not in lines:
            do = f"begin with {_CONFIG_BEGIN}, points: …, {_CONFIG_END}"
            self._add_problem(cell, "a check without its settings", do)
            return None
        end = lines.index(_CONFIG_END)
        config = self._parse_config(cell, "\n".join(lines[1:end]), _CHECK_KEYS, 2)
        if "points" not in config:
            self._add_problem(cell, "a check without points", "add points: 2 to its settings")
        code = "\n".join(lines[end + 1 :])
        problem = check_cell_problem(code)
        if problem:
            line, found, do = problem
            self._add_problem(cell, found, do, end + 1 + line)
            return None
        hidden = config.get("hidden", False)
        return Check(cell, config.get("points", 0), hidden, code, end + 2)


class _Draft:
    """A question that is being read."""

    def __init__(self, cell: Cell | None = None, config: dict[str, Any] | None = None) -> None:
        self.cell = cell
        self.config = config or {}
        self.blocks: list[BlockMarker] = []
        self.prompt: list[Cell] = []
        self.answers: list[Answer] = []
        self.checks: list[Check] = []


def _type_name(kind: object) -> str:
    if kind is bool:
        return "true or false"
    return "a text" if kind is str else "a number"


def check_cell_problem(code: str) -> tuple[int, str, str] | None:
    """Return line, finding and advice if code is not one ``def`` and one ``checks.run``."""
    try:
        body = ast.parse(code).body
    except SyntaxError as error:
        return error.lineno or 1, f"code that is not Python ({error.msg})", "mend it"
    do = "write one def check_…(…) and one checks.run(check_…)"
    if not body or not isinstance(body[0], ast.FunctionDef):
        return 1, "a check that does not start with its def", do
    if len(body) != 2 or ast.unparse(body[1]) != f"checks.run({body[0].name})":
        line = body[1].lineno if len(body) > 1 else 1
        return line, "something else than checks.run below the def", do
    return None


def dump(notebook: NotebookNode) -> bytes:
    """Return the one spelling of a notebook, which is also nbformat's: no tool rewrites it."""
    lines = split_lines(to_notebook_node(json.loads(json.dumps(notebook))))
    return (json.dumps(lines, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def load(data: bytes) -> NotebookNode:
    """Read a notebook that one of our tools wrote; sources become text."""
    notebook = to_notebook_node(json.loads(data))
    for cell in notebook.cells:
        cell.source = join_source(cell.source)
    return notebook


def to_notebook_node(raw: Any) -> NotebookNode:
    """Return plain dicts and lists as a notebook or a part of one."""
    return cast(NotebookNode, from_dict(raw))


def join_source(source: Any) -> str:
    """Return a cell's source as text, which the format also allows as a list of lines."""
    return source if isinstance(source, str) else "".join(map(str, source))
