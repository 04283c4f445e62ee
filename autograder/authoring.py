"""The authoring format: what an author writes becomes the cells that ``parse_questions`` reads.

A question begins at its heading and ends at the next heading of the same or a higher level, at the
next question or at a raw cell ``# END QUESTION``. Its answer cells are those with a solution
region, and its check cells follow them. Raw cells that mark these parts, cell ids and TODO lines
are added here where the file has none, so that everything else sees one form.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from autograder.errors import Problem
from autograder.headings import Heading, headings
from autograder.notebook import (
    BEGIN_QUESTION,
    BEGIN_SOLUTION,
    BEGIN_TESTS,
    BLOCKS,
    CHECK_BEGIN,
    END_QUESTION,
    END_SOLUTION,
    END_TESTS,
    Cell,
    CellType,
)
from autograder.notebook_file import read_cells

_NAME_SETTING = re.compile(r"^name:[ \t]*(\w+)[ \t]*$", re.MULTILINE)
_REGION = re.compile(rf"^[ \t]*{BEGIN_SOLUTION}[ \t]*$", re.MULTILINE)
_CHECK_RUN = re.compile(r"^checks\.run\(", re.MULTILINE)
_CHECK_DEF = re.compile(r"^def check_(\w+)", re.MULTILINE)
_CHECKS_IMPORT = re.compile(r"^[ \t]*import ([\w., ]*,[ \t]*)?checks\b", re.MULTILINE)
_FACTS = re.compile(r"\bload_facts\(")
_TODO = re.compile(r"# TODO(\([^)]*\))?:")
_DEFAULT_TODO = "complete this function"
_MAX_SECTION_CHARS = 30
_HASH_CHARS = 6
_EXAMPLE = "### Q1. Two rows"
_RAW_ROLES = {
    BEGIN_SOLUTION: "solution-begin",
    END_SOLUTION: "solution-end",
    BEGIN_TESTS: "tests-begin",
    END_TESTS: "tests-end",
}


@dataclass(frozen=True, slots=True)
class AuthoredSource:
    """The cells of a source notebook in the form that ``parse_questions`` reads."""

    cells: tuple[Cell, ...] = ()
    problems: tuple[Problem, ...] = ()
    """If there are any, the rest of the notebook is not worth reading before they are fixed."""

    remarks: tuple[str, ...] = ()
    """Sentences about what was left out of the file or added to it."""

    assigned_ids: tuple[str, ...] = ()
    """Ids of cells that did not come from the file, without those of raw cells."""

    content: bytes = b""
    """The bytes of the file, or the cells as JSON if the file has more or less: what an editor adds
    when it saves does not make another release."""


def read_source(data: bytes, label: str) -> AuthoredSource:
    """Read a source notebook, which messages call ``label``, as any editor saved it."""
    saved = read_cells(data, label)
    if saved.problems:
        return AuthoredSource(problems=saved.problems, remarks=saved.remarks)
    problems = list(_unpaired_marks(saved.cells, label))
    if problems:
        return AuthoredSource(problems=tuple(problems), remarks=saved.remarks)
    parts = list(_mark_questions(saved.cells, label, problems))
    if problems:
        return AuthoredSource(problems=tuple(problems), remarks=saved.remarks)
    cells = _assign_ids(list(map(_with_todos, parts)))
    file_ids = {cell.id for cell in saved.cells}
    assigned, plain = [], []
    for cell in cells:
        plain.append(asdict(cell))
        if cell.id not in file_ids and cell.cell_type is not CellType.RAW:
            assigned.append(cell.id)
    is_verbatim = cells == saved.cells and not saved.remarks
    content = data if is_verbatim else json.dumps(plain).encode()
    return AuthoredSource(cells, (), saved.remarks, tuple(assigned), content)


@dataclass(frozen=True, slots=True)
class _Part:
    """A cell and its place in the course of the notebook."""

    cell: Cell
    question: str = ""
    """The name of its question; empty outside of questions."""

    role: str = ""
    """``answer``, ``check`` or ``heading`` of its question, or the beginning of a raw cell's id."""


def _unpaired_marks(cells: Sequence[Cell], label: str) -> Iterator[Problem]:
    """Yield each raw mark that is never closed, or closes nothing; never what follows from one.

    ``# END QUESTION`` may close a question that its heading opens.
    """
    open_places: dict[str, str] = {}
    begins = {end: begin for begin, end in BLOCKS.items()}
    name = ""

    def unclosed(marks: Iterable[str]) -> Iterator[Problem]:
        for mark in marks:
            if mark in open_places:
                fix = f"add a raw cell {BLOCKS[mark]!r}"
                yield Problem(open_places.pop(mark), f"{mark!r} that is never closed", fix)

    for cell in cells:
        mark = _raw_mark(cell)
        name = _opened_question(cell) or name
        place = f"{label}: {cell.place(question=name)}"
        if mark == BEGIN_QUESTION:
            # Whatever is still open belongs to the question above.
            yield from unclosed([BEGIN_QUESTION] if BEGIN_QUESTION in open_places else BLOCKS)
            open_places = {mark: place}
        elif mark == END_QUESTION:
            yield from unclosed([BEGIN_SOLUTION, BEGIN_TESTS])
            open_places.clear()
        elif mark in BLOCKS:
            open_places.setdefault(mark, place)
        elif mark in begins and not open_places.pop(begins[mark], None):
            fix = f"delete it or add a raw cell {begins[mark]!r} above"
            yield Problem(place, f"{mark!r} without a matching {begins[mark]!r}", fix)
        yield from _unclosed_region(cell, label, name)
    yield from unclosed([BEGIN_QUESTION] if BEGIN_QUESTION in open_places else BLOCKS)


def _opened_question(cell: Cell) -> str:
    """Return the name of the question that a cell opens; empty if it opens none."""
    if _raw_mark(cell) == BEGIN_QUESTION:
        setting = _NAME_SETTING.search(cell.text)
        return setting[1] if setting else ""
    heading = _question_heading(cell)
    return heading.question if heading else ""


def _unclosed_region(cell: Cell, label: str, question: str) -> Iterator[Problem]:
    """Yield the last solution region of a cell if nothing closes it."""
    begin = 0
    if cell.cell_type is not CellType.CODE:
        return
    for number, line in enumerate(cell.text.split("\n"), 1):
        if line.strip() == BEGIN_SOLUTION:
            begin = begin or number
        elif line.strip() == END_SOLUTION:
            begin = 0
    if begin:
        fix = f"add a line {END_SOLUTION!r} below the solution"
        yield Problem(
            f"{label}: {cell.place(begin, question)}", f"{BEGIN_SOLUTION!r} that is never closed", fix
        )


def _raw_mark(cell: Cell) -> str:
    """Return the first line of a raw cell; empty for other cells."""
    return cell.text.split("\n")[0].strip() if cell.cell_type is CellType.RAW else ""


def _headings(cell: Cell) -> list[Heading]:
    if cell.cell_type is not CellType.MARKDOWN:
        return []
    return [heading for heading in headings(cell.text) if not heading.text.startswith(("BEGIN ", "END "))]


def _question_heading(cell: Cell) -> Heading | None:
    """Return the first heading of a cell that opens a question."""
    return next((heading for heading in _headings(cell) if heading.question), None)


def _is_check(cell: Cell) -> bool:
    if cell.cell_type is not CellType.CODE:
        return False
    return bool(CHECK_BEGIN.match(cell.text) or _CHECK_RUN.search(cell.text))


def _is_answer(cell: Cell) -> bool:
    return cell.cell_type is CellType.CODE and bool(_REGION.search(cell.text)) and not _is_check(cell)


def _mark_questions(cells: Sequence[Cell], label: str, problems: list[Problem]) -> Iterator[_Part]:
    """Yield all cells, and raw cells around the parts of each question that has none."""
    start = 0
    while start < len(cells):
        cell = cells[start]
        heading = _question_heading(cell)
        end = start + 1
        if _raw_mark(cell) == BEGIN_QUESTION:
            while _raw_mark(cells[end - 1]) != END_QUESTION:
                end += 1
            yield from _question(cells[start:end], _opened_question(cell), label, problems)
        elif heading:
            end = _section_end(cells, start, heading)
            section = cells[start:end]
            roles = {part.role for part in _parts(section, heading.question)}
            if roles - {"", "heading"}:
                others = {other.question for other in _headings(cell)} - {heading.question, ""}
                if others:
                    found = f"the headings of {heading.question} and {min(others)} in one cell"
                    fix = "split the cell: each question has its own answer and checks below its heading"
                    problems.append(Problem(f"{label}: {cell.place()}", found, fix))
                yield from _question(section, heading.question, label, problems)
            else:
                yield from map(_Part, section)
        else:
            yield _Part(cell)
            if _is_answer(cell) or _is_check(cell):
                # One problem is enough for all cells up to the next section.
                while (
                    end < len(cells) and not _headings(cells[end]) and _raw_mark(cells[end]) != BEGIN_QUESTION
                ):
                    end += 1
                problems.append(_stray_problem(cells, start, label))
        start = end


def _section_end(cells: Sequence[Cell], start: int, heading: Heading) -> int:
    """Return the index behind the section that ``heading`` opens in the cell ``start``."""
    for number in range(start + 1, len(cells)):
        cell = cells[number]
        if _raw_mark(cell) == END_QUESTION:
            return number + 1
        if _raw_mark(cell) == BEGIN_QUESTION or _question_heading(cell):
            return number
        if any(other.level <= heading.level for other in _headings(cell)):
            return number
    return len(cells)


def _stray_problem(cells: Sequence[Cell], start: int, label: str) -> Problem:
    """Return what to do with an answer or a check that no question contains."""
    kind = "a check cell" if _is_check(cells[start]) else "a cell with a solution region"
    above: list[Heading] = []
    for cell in cells[:start]:
        above += _headings(cell)
    fix = f"add a Markdown cell above this one that begins with the question's heading, e.g. '{_EXAMPLE}'"
    if above:
        marks = "#" * above[-1].level
        fix = (
            f"begin the heading '{marks} {above[-1].text}' with the question's name, e.g. "
            f"'{marks} Q1. {above[-1].text}', or {fix}"
        )
    return Problem(f"{label}: {cells[start].place()}", f"{kind} outside any question", fix)


def _question(cells: Sequence[Cell], name: str, label: str, problems: list[Problem]) -> Iterator[_Part]:
    """Yield the cells of one question with raw cells around its parts, and what follows its last part."""
    begin, end = _raw(f"{BEGIN_QUESTION}\nname: {name}"), _raw(END_QUESTION)
    if _raw_mark(cells[0]) == BEGIN_QUESTION:
        begin, cells = cells[0], cells[1:]
    if _raw_mark(cells[-1]) == END_QUESTION:
        end, cells = cells[-1], cells[:-1]
    parts = _parts(cells, name)
    size = len(parts)
    while size and parts[size - 1].role in ("", "heading"):
        size -= 1
    size = size or len(parts)  # a question without parts is reported by its rules
    yield _Part(begin, name, "begin")
    yield from _with_inner_marks(parts[:size], label, problems)
    yield _Part(end, name, "end")
    for part in parts[size:]:
        yield _Part(part.cell)


def _parts(cells: Sequence[Cell], name: str) -> list[_Part]:
    """Return the cells of a question, without the raw cells around it, each with its role."""
    parts = []
    in_solution = False
    for number, cell in enumerate(cells):
        mark = _raw_mark(cell)
        if mark:
            in_solution = mark == BEGIN_SOLUTION
            role = _RAW_ROLES.get(mark, "raw")
        elif _is_check(cell):
            role = "check"
        elif in_solution or _is_answer(cell):
            role = "answer"
        else:
            role = "heading" if number == 0 and cell.cell_type is CellType.MARKDOWN else ""
        parts.append(_Part(cell, name, role))
    return parts


def _with_inner_marks(parts: list[_Part], label: str, problems: list[Problem]) -> list[_Part]:
    """Return a question with raw cells around its answers and around its checks."""
    marks = {_raw_mark(part.cell) for part in parts}
    if not {BEGIN_SOLUTION, BEGIN_TESTS} & marks:
        problems += _order_problems(parts, label)
    for mark, role in ((BEGIN_SOLUTION, "answer"), (BEGIN_TESTS, "check")):
        places = [number for number, part in enumerate(parts) if part.role == role]
        if places and mark not in marks:
            first, last, name = places[0], places[-1] + 1, parts[0].question
            begin = _Part(_raw(mark), name, _RAW_ROLES[mark])
            end = _Part(_raw(BLOCKS[mark]), name, _RAW_ROLES[BLOCKS[mark]])
            parts = [*parts[:first], begin, *parts[first:last], end, *parts[last:]]
    return parts


def _order_problems(parts: Sequence[_Part], label: str) -> Iterator[Problem]:
    """Yield the first cell of a question that is not where it must be."""
    seen: set[str] = set()
    for part in parts:
        place, name = f"{label}: {part.cell.place(question=part.question)}", part.question
        if part.role == "answer" and "check" in seen:
            fix = "move it above the first check, or begin another question with a heading of its own"
            yield Problem(place, f"an answer cell below a check of {name}", fix)
            return
        if part.role == "" and seen:
            fix = "move it above the answer or below the last check"
            yield Problem(place, f"a cell between the answer and the checks of {name}", fix)
            return
        if part.role in ("answer", "check"):
            seen.add(part.role)


def _raw(text: str) -> Cell:
    return Cell("", CellType.RAW, text)


def _with_todos(part: _Part) -> _Part:
    """Return an answer with a TODO line of its question above every solution region."""
    if part.role != "answer" or not _is_answer(part.cell):
        return part
    lines: list[str] = []
    added = []
    for line in part.cell.text.split("\n"):
        if line.strip() == BEGIN_SOLUTION:
            above = len(lines)
            while above and lines[above - 1].strip().startswith("#") and not _TODO.search(lines[above - 1]):
                above -= 1
            if above and lines[above - 1].strip().startswith("#"):
                # The author's own; without the question's name it gets that.
                lines[above - 1] = lines[above - 1].replace("# TODO:", f"# TODO({part.question}):")
            else:
                indent = line[: len(line) - len(line.lstrip())]
                lines.append(f"{indent}# TODO({part.question}): {_DEFAULT_TODO}")
                added.append(len(lines))
        lines.append(line)
    return replace(part, cell=replace(part.cell, text="\n".join(lines), added_lines=tuple(added)))


def _assign_ids(parts: Sequence[_Part]) -> tuple[Cell, ...]:
    """Return the cells with ids: those of the file where they fit, otherwise names that stay the same."""
    used = set()
    for part in parts:
        used.add(f"{_slug(part.question)}-check")  # otter's flavor needs it
        if _keeps_id(part):
            used.add(part.cell.id)
    required = _required_ids(parts, used)
    section = "top"
    cells = []
    for number, part in enumerate(parts):
        for heading in _headings(part.cell):
            section = _slug(heading.question or heading.text)[:_MAX_SECTION_CHARS].strip("-") or section
        cell = part.cell
        if number in required:
            cell = replace(cell, id=required[number])
        elif not _keeps_id(part):
            base = wanted = _wanted_id(part, section)
            count = 1
            while wanted in used:
                count += 1
                wanted = f"{base}-{count}"
            cell = replace(cell, id=wanted)
        used.add(cell.id)
        cells.append(cell)
    return tuple(cells)


def _keeps_id(part: _Part) -> bool:
    """Return True if a cell's id in the file says all that others must know of it."""
    if part.role in ("answer", "check"):
        return part.cell.id.startswith(f"{_slug(part.question)}-")
    return bool(part.cell.id)


def _required_ids(parts: Sequence[_Part], used: set[str]) -> dict[int, str]:
    """Return the cells, by their place, that must be known as ``setup`` and ``parameters``."""
    required = {}
    for name, pattern in (("setup", _CHECKS_IMPORT), ("parameters", _FACTS)):
        for number, part in enumerate(parts):
            is_given = part.cell.cell_type is CellType.CODE and part.role not in ("answer", "check")
            if name not in used and is_given and number not in required and pattern.search(part.cell.text):
                required[number] = name
                break
    return required


def _wanted_id(part: _Part, section: str) -> str:
    """Return a name for a cell that has none, e.g. ``q3-answer`` or ``reading-data-1f2e3d``."""
    question = _slug(part.question)
    if part.role == "check":
        function = _CHECK_DEF.search(part.cell.text)
        return f"{question}-{_slug(function[1]) if function else 'unnamed'}"
    if part.role == "heading":
        return question
    if part.role:
        return f"{question}-{part.role}"
    digest = hashlib.sha256(part.cell.text.encode()).hexdigest()
    return f"{section}-{digest[:_HASH_CHARS]}"


def _slug(text: str) -> str:
    """Return words in lower case, joined by hyphens."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))
