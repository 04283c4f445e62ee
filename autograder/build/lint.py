"""What a source notebook must look like before anything is made of it.

Each rule yields problems; ``check`` collects those of all rules. What the file format and the
order of the blocks demand is found earlier, in ``source``.
"""

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator

from autograder.build import check_rules
from autograder.course import Assignment
from autograder.errors import Problem
from autograder.notebook import BEGIN_SOLUTION, END_SOLUTION, Answer, Cell, CellType, Question, Source

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MAX_ID_CHARS = 64
_TODO = re.compile(r"# TODO\(([^)]*)\): \S")
_TOOL_MARKERS = (
    (r"(BEGIN|END) (HIDDEN TESTS|MARK SCHEME)", "nbgrader acts on it; delete it"),
    (r"### (HASHED )?AUTOTEST", "nbgrader acts on it; delete it"),
    (r"# ?SOLUTION\b", "otter acts on it and nbgrader does not; use a solution region"),
    (r"(BEGIN|END) PROMPT", "nbgrader would release it; write the stub outside the region"),
    (r"# SEED\s*$", "otter acts on it and nbgrader does not; delete it"),
    (r"(?i)^\s*##?\s*ignore\b", "otter acts on it and nbgrader does not; delete it"),
    (r"# (BEGIN |END )?IGNORE\s*$", "otter acts on it and nbgrader does not; delete it"),
    (r"^\s*```otter", "use a raw cell"),
    (r"ASSIGNMENT CONFIG", "the build writes it from course_config.py; delete it"),
)


def check(source: Source, assignment: Assignment) -> list[Problem]:
    """Return everything that is wrong with ``source``, in the order of the cells."""
    problems = [
        *_ids(source),
        *_required_cells(source),
        *_code(source),
        *_markers(source),
        *_names(source),
        *_points(source, assignment),
    ]
    for question in source.questions:
        problems += _question(source, question)
        for answer in question.answers:
            problems += _answer(source, question, answer)
        for one in question.checks:
            problems += check_rules.problems(source, question, one, assignment.kit)
    order = {cell.id: number for number, cell in enumerate(source.cells)}
    return sorted(problems, key=lambda problem: order.get(_cell_id(problem), -1))


def _cell_id(problem: Problem) -> str:
    return problem.location.partition("#")[2].partition(":")[0]


def _ids(source: Source) -> Iterator[Problem]:
    for cell in source.cells:
        if cell.id and (not SLUG.fullmatch(cell.id) or len(cell.id) > _MAX_ID_CHARS):
            do = "use lower-case words joined by hyphens, e.g. pad-reviews"
            yield Problem(source.location(cell), f"the id {cell.id!r}", do)
        if cell.id in _reserved_ids(source):
            yield Problem(
                source.location(cell), f"the id {cell.id!r}", "use another; otter's flavour needs it"
            )


def _reserved_ids(source: Source) -> set[str]:
    checks = {f"{question.name.replace('_', '-')}-check" for question in source.questions}
    return {*checks, "otter-init", "export", "export-instructions", "export-end"}


def _required_cells(source: Source) -> Iterator[Problem]:
    code = {cell.id for cell in source.cells if cell.cell_type is CellType.CODE}
    for wanted in ("setup", "parameters"):
        if wanted not in code:
            do = f"give one code cell the id {wanted!r}"
            yield Problem(source.label, f"no {wanted} cell", do)


def _code(source: Source) -> Iterator[Problem]:
    for cell in source.cells:
        if cell.cell_type is not CellType.CODE:
            continue
        try:
            ast.parse(cell.text)
        except SyntaxError as error:
            found = f"code that is not plain Python ({error.msg})"
            yield Problem(source.location(cell, error.lineno or 1), found, "mend it")


def _markers(source: Source) -> Iterator[Problem]:
    known = {
        (answer.cell.id, line)
        for answer in source.answers()
        for region in answer.regions
        for line in (region.begin, region.end)
    }
    answers = {answer.cell.id for answer in source.answers()}
    for cell in source.cells:
        for number, line in enumerate(cell.text.split("\n"), 1):
            if cell.cell_type is CellType.RAW or (cell.id, number) in known:
                continue
            yield from _marker(source, cell, number, line, in_answer=cell.id in answers)


def _marker(source: Source, cell: Cell, number: int, line: str, *, in_answer: bool) -> Iterator[Problem]:
    place = source.location(cell, number)
    exact = line.strip() in (BEGIN_SOLUTION, END_SOLUTION)
    if exact and not in_answer:
        found = f"{line.strip()!r} outside the solution block of a question"
        yield Problem(place, found, "move it there or delete it")
    elif not exact and re.search(r"(?i)(BEGIN|END) SOLUTION", line):
        do = f"put {BEGIN_SOLUTION} or {END_SOLUTION} alone on a line of its own"
        yield Problem(place, f"{line.strip()!r}", do)
    for pattern, do in _TOOL_MARKERS:
        if not exact and re.search(pattern, line):
            yield Problem(place, f"{line.strip()!r}", do)
            break


def _names(source: Source) -> Iterator[Problem]:
    counts = Counter(question.name for question in source.questions)
    for question in source.questions:
        place = source.location(question.cell)
        if counts[question.name] > 1:
            yield Problem(place, f"two questions named {question.name!r}", "rename one")
        if not _NAME.fullmatch(question.name):
            do = "use lower-case letters, digits and underscores, e.g. q2"
            yield Problem(place, f"the name {question.name!r}", do)
    functions = Counter(one.function().name for one in source.checks())
    for one in source.checks():
        name = one.function().name
        if functions[name] > 1:
            found = f"two checks named {name!r}"
            yield Problem(source.location(one.cell, one.first_line), found, "rename one")


def _points(source: Source, assignment: Assignment) -> Iterator[Problem]:
    total = sum(question.points for question in source.questions)
    if not math.isclose(total, assignment.points):
        found = f"{total:g} points in all, {assignment.points} in course_config.py"
        yield Problem(source.label, found, "change the points of a check or the total")
    for question in source.questions:
        declared = question.declared_points
        if question.manual and not declared:
            do = "add points: 4 to the question"
            yield Problem(source.location(question.cell), "a manual question without points", do)
        elif declared is not None and not math.isclose(declared, question.points):
            found = f"points: {declared:g}, but the checks add up to {question.points:g}"
            yield Problem(source.location(question.cell), found, "delete the line or mend it")
    for one in source.checks():
        if one.points <= 0:
            yield Problem(source.location(one.cell), f"points: {one.points:g}", "use more than 0")


def _question(source: Source, question: Question) -> Iterator[Problem]:
    place = source.location(question.cell)
    if not any(cell.cell_type is CellType.MARKDOWN for cell in question.prompt):
        yield Problem(place, "a question without a prompt", "add a Markdown cell that asks it")
    if not question.answers:
        do = "add '# BEGIN SOLUTION', an answer cell and '# END SOLUTION'"
        yield Problem(place, "a question without an answer cell", do)
    if question.manual:
        yield from _manual(source, question)
    elif all(one.hidden for one in question.checks):
        found = "no visible check" if question.checks else "no check"
        do = "add one: students would be told that they passed, whatever they wrote"
        yield Problem(place, f"a question with {found}", do)


def _manual(source: Source, question: Question) -> Iterator[Problem]:
    place = source.location(question.cell)
    if question.checks:
        yield Problem(place, "a manual question with checks", "delete them or manual: true")
    if [answer.cell.cell_type for answer in question.answers] not in ([], [CellType.MARKDOWN]):
        do = "answer it in exactly one Markdown cell"
        yield Problem(place, "a manual question that is answered in code", do)


def _answer(source: Source, question: Question, answer: Answer) -> Iterator[Problem]:
    cell = answer.cell
    if question.manual:
        return
    if cell.cell_type is not CellType.CODE:
        do = "use a code cell, or manual: true for a sentence to write"
        yield Problem(source.location(cell), f"an answer in a {cell.cell_type} cell", do)
        return
    if not answer.regions:
        do = f"put what students write between {BEGIN_SOLUTION} and {END_SOLUTION}"
        yield Problem(source.location(cell), "an answer cell without a solution region", do)
    bodies = _function_bodies(cell.text)
    lines = cell.text.split("\n")
    for region in answer.regions:
        place = source.location(cell, region.begin)
        if not any(first <= region.begin and region.end <= last for first, last in bodies):
            yield Problem(place, "a solution region outside a def", "move it into the function")
        if not any(map(_is_statement, lines[region.begin : region.end - 1])):
            yield Problem(place, "an empty solution region", "write the solution into it")
        yield from _todo(source, question, cell, lines[: region.begin - 1], region.begin)
    yield from _stub(source, answer)


def _function_bodies(text: str) -> list[tuple[int, int]]:
    """Return the lines of each function below its signature and docstring."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []
    ends = [node.lineno - 1 for node in tree.body[1:]] + [text.count("\n") + 1]
    return [
        (_header_end(node) + 1, end)
        for node, end in zip(tree.body, ends, strict=True)
        if isinstance(node, ast.FunctionDef)
    ]


def _header_end(function: ast.FunctionDef) -> int:
    head: list[ast.AST] = [*ast.walk(function.args)]
    head += [function.returns] if function.returns else []
    if ast.get_docstring(function) is not None:
        head.append(function.body[0])
    return max([function.lineno, *(getattr(node, "end_lineno", 0) for node in head)])


def _is_statement(line: str) -> bool:
    return bool(line.strip()) and not line.strip().startswith("#")


def _todo(
    source: Source, question: Question, cell: Cell, lines_above: list[str], line: int
) -> Iterator[Problem]:
    """Check the comment lines that stand directly above a region for its TODO."""
    marked = None
    for text in reversed(lines_above):
        if not text.strip().startswith("#"):
            break
        marked = marked or _TODO.match(text.strip())
    if marked is None:
        do = f"add the line '# TODO({question.name}): …' above it"
        yield Problem(source.location(cell, line), "a solution region without a TODO", do)
    elif marked[1] != question.name:
        do = f"write TODO({question.name})"
        yield Problem(source.location(cell, line), f"TODO({marked[1]}) in {question.name}", do)


def _stub(source: Source, answer: Answer) -> Iterator[Problem]:
    try:
        ast.parse(answer.stub())
    except SyntaxError as error:
        found = f"a region without which the cell is not Python ({error.msg})"
        line = answer.regions[0].begin if answer.regions else 1
        yield Problem(source.location(answer.cell, line), found, "let it hold whole statements")
