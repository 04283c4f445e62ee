"""Rules that a source notebook must follow before anything is made of it.

Each rule yields problems; ``check`` collects all of them. ``notebook`` has already reported what
the file format and the order of the blocks require. The rules of a check cell are those under
which otter, nbgrader and a grader with proxies agree.
"""

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterator

from autograder import checks, notebook
from autograder.build.release_parts import EXPORT_IDS, INIT_ID, SUBMISSION_ID
from autograder.build.substitute_facts import CODE_ROOTS
from autograder.course import Assignment
from autograder.errors import Problem, name_hint
from autograder.headings import headings
from autograder.notebook import BEGIN_SOLUTION, END_SOLUTION, Answer, CellType, Check, Question, Source

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TODO = re.compile(r"# TODO\(([^)]*)\): \S")
_STATEMENT_START = re.compile(r"^\s*[^\s#]", re.MULTILINE)
_LIBRARY_IMPORT = re.compile(r"(?:import|from) (checks|keras|tensorflow)\b")
_TYPED_POINTS = re.compile(r"^#{1,6}[ \t].*?(\d[\d.,]*[ \t]*(points?|pts?)\b)", re.IGNORECASE)
_NUMBERED = re.compile(r"q\d+(_\d+)*[a-z]?")
_POINTS_OF = re.compile(r"\{\{ *POINTS\.(\w+) *\}\}")
_OTTER_ONLY = r"# (SEED|(BEGIN |END )?IGNORE)\s*$|(?i:^\s*##?\s*ignore\b)"
_MARKERS = (
    (r"(?i)(BEGIN|END) SOLUTION", f"put {BEGIN_SOLUTION} or {END_SOLUTION} alone on a line of its own"),
    (r"(BEGIN|END) (HIDDEN TESTS|MARK SCHEME)|### (HASHED )?AUTOTEST", "nbgrader acts on it; delete it"),
    (r"# ?SOLUTION\b", "otter acts on it and nbgrader does not; use a solution region"),
    (r"(BEGIN|END) PROMPT", "nbgrader would release it; write the stub outside the region"),
    (_OTTER_ONLY, "otter acts on it and nbgrader does not; delete it"),
    (r"^\s*```otter", "use a raw cell"),
    (r"ASSIGNMENT CONFIG", "the build writes it from course_config.py; delete it"),
)
"""Text that a line must not contain, and what to do; the first match is reported."""

_NOT_REVEALING_KEYWORDS = {"hint", "what", "tolerance", "rtol"}
_MIN_ITEMS = 3
_MIN_LARGE_INT = 100
_MAX_TITLE_CHARS = 70
"""With the outcome before it, a line of 80 characters, which students see in full."""


Finding = tuple[ast.AST, str, str]
"""A node of a check, what was found there, and what to do."""


def check(source: Source, assignment: Assignment) -> list[Problem]:
    """Return everything that is wrong with ``source``, in the order of the cells."""
    problems = [*cell_problems(source), *marker_problems(source), *name_problems(source)]
    if not assignment.kit:  # a kit may be what imports Keras without noise
        problems += import_problems(source)
    for question in source.questions:
        problems += question_problems(source, question)
        for answer in question.answers:
            if not question.manual:
                problems += answer_problems(source, question, answer)
        for graded_check in question.checks:
            problems += check_problems(source, question, graded_check, assignment.kit)
    order = {cell.id: number for number, cell in enumerate(source.cells)}
    return sorted(problems, key=lambda problem: order.get(problem.location.rpartition(", id ")[2], -1))


def cell_problems(source: Source) -> Iterator[Problem]:
    """Check ids and code of every cell, and that required cells exist."""
    code_ids = {cell.id for cell in source.cells if cell.cell_type is CellType.CODE}
    if "setup" not in code_ids:
        fix = "add `import checks` to the cell with the imports, or write such a cell at the top"
        yield Problem(source.label, "no code cell that imports checks", fix)
    # otter and the build add cells with these ids.
    reserved_ids = {question.otter_check_id for question in source.questions}
    reserved_ids |= {INIT_ID, *EXPORT_IDS, SUBMISSION_ID}
    for cell in source.cells:
        if cell.id in reserved_ids:
            fix = "use a different one; the release needs this id for a cell of its own"
            yield source.problem(cell, f"the id {cell.id!r}", fix)
        if cell.cell_type is CellType.CODE:
            try:
                ast.parse(cell.text)
            except SyntaxError as error:
                found = f"code that is not plain Python ({error.msg})"
                fix = "fix it; lines that begin with % or ! are not Python"
                yield source.problem(cell, found, fix, error.lineno or 1)


def import_problems(source: Source) -> Iterator[Problem]:
    """Find an import of Keras above that of the checks, which imports it without noise on stderr."""
    for cell in source.cells:
        for number, line in enumerate(cell.text.split("\n"), 1):
            library = _LIBRARY_IMPORT.match(line)
            if cell.cell_type is not CellType.CODE or library is None:
                continue
            if library[1] == "checks":
                return
            fix = "write `import checks` above it: that keeps TensorFlow's messages out of the notebook"
            yield source.problem(cell, f"{line.strip()!r} above `import checks`", fix, number)
            return


def marker_problems(source: Source) -> Iterator[Problem]:
    """Find misplaced solution markers, markers of other tools, and points typed into a heading."""
    answer_ids = {answer.cell.id for answer in source.answers()}
    for cell in source.cells:
        if cell.cell_type is CellType.RAW:
            continue
        for number, line in enumerate(cell.text.split("\n"), 1):
            text = line.strip()
            if text in (BEGIN_SOLUTION, END_SOLUTION):
                if cell.id not in answer_ids:  # in an answer, an unpaired marker is already reported
                    found = f"{text!r} outside the solution block of a question"
                    yield source.problem(cell, found, "move it there or delete it", number)
                continue
            for pattern, fix in _MARKERS:
                if re.search(pattern, line):
                    yield source.problem(cell, repr(text), fix, number)
                    break
            typed_points = _TYPED_POINTS.match(line)
            if typed_points and cell.cell_type is CellType.MARKDOWN:
                fix = "write {{ POINTS.q1 }} points (or another question, or total), or leave the points out"
                yield source.problem(cell, f"{typed_points[1]!r} in a heading", fix, number)


def name_problems(source: Source) -> Iterator[Problem]:
    """Check that the names of questions and checks are valid and unique."""
    questions = Counter(question.name for question in source.questions)
    for question in source.questions:
        if questions[question.name] > 1:
            yield source.problem(question.cell, f"two questions named {question.name!r}", "rename one")
        if not _NAME.fullmatch(question.name) or question.name == "total":
            fix = "use lowercase letters, digits and underscores, e.g. q2; total is reserved"
            yield source.problem(question.cell, f"the name {question.name!r}", fix)
    asked_in: dict[str, str] = {}
    for question in source.questions:
        for answer in question.answers:
            for name in _function_names(answer):
                first = asked_in.setdefault(name, question.name)
                if first != question.name:
                    found = f"{name}, which {first} also asks for"
                    fix = "rename one: the later definition would replace the other"
                    yield source.problem(answer.cell, found, fix)
    # otter silently drops one of two checks with the same name.
    functions = Counter(graded_check.function().name for graded_check in source.checks())
    for graded_check in source.checks():
        name, line = graded_check.function().name, graded_check.first_line
        if functions[name] > 1:
            yield source.problem(graded_check.cell, f"two checks named {name!r}", "rename one", line)


def question_problems(source: Source, question: Question) -> Iterator[Problem]:
    """Check that a question is complete and that its heading speaks of it."""
    cell = question.cell
    yield from heading_problems(source, question)
    if CellType.MARKDOWN not in [prompt.cell_type for prompt in question.prompt]:
        yield source.problem(cell, "a question without a prompt", "add a Markdown cell that asks it")
    if not question.answers:
        fix = f"add a code cell with {BEGIN_SOLUTION!r} … {END_SOLUTION!r} in a function"
        yield source.problem(cell, "a question without an answer cell", fix)
    if question.manual:
        yield from manual_question_problems(source, question)
        return
    if question.declared_points is not None:
        found = f"points: {question.declared_points:g} for a question with checks"
        fix = "delete the line: the question has the sum of the points of its checks"
        yield source.problem(cell, found, fix)
    # True also without any check.
    if all(graded_check.hidden for graded_check in question.checks):
        found = "no visible check" if question.checks else "no check"
        fix = "add one: otherwise students see every answer pass, right or wrong"
        yield source.problem(cell, f"a question with {found}", fix)
    for graded_check in question.checks:
        if graded_check.points <= 0:
            yield source.problem(graded_check.cell, f"points: {graded_check.points:g}", "use more than 0")


def heading_problems(source: Source, question: Question) -> Iterator[Problem]:
    """Find a heading above the answer with the number or the points of another question."""
    for cell in question.prompt:
        if cell.cell_type is not CellType.MARKDOWN:
            continue
        for heading in headings(cell.text):
            named = {heading.question, *_POINTS_OF.findall(heading.text)} - {"", "total"}
            # A question that is named by a word, such as ``padding``, may have any number.
            if not _NUMBERED.fullmatch(question.name):
                named.discard(heading.question)
            for name in sorted(named - {question.name}):
                found = f"{name} in the heading of {question.name}: {heading.text!r}"
                yield source.problem(cell, found, "use the same name in the heading and in the question")


def manual_question_problems(source: Source, question: Question) -> Iterator[Problem]:
    """Check a question that people grade: points, one Markdown answer, no checks."""
    cell = question.cell
    if not question.declared_points:
        fix = "add a line such as points: 4 to the question's settings"
        yield source.problem(cell, "a manual question without points", fix)
    if question.checks:
        yield source.problem(cell, "a manual question with checks", "delete them or manual: true")
    if [answer.cell.cell_type for answer in question.answers] not in ([], [CellType.MARKDOWN]):
        fix = "answer it in exactly one Markdown cell"
        yield source.problem(cell, "a manual question that is answered in code", fix)


def answer_problems(source: Source, question: Question, answer: Answer) -> Iterator[Problem]:
    """Check the solution regions of an answer cell and the stub that they leave."""
    cell = answer.cell
    if cell.cell_type is not CellType.CODE:
        fix = "use a code cell, or set manual: true if students write prose"
        yield source.problem(cell, f"an answer in a {cell.cell_type} cell", fix)
        return
    if not answer.regions:
        fix = f"put what students write between {BEGIN_SOLUTION} and {END_SOLUTION}"
        yield source.problem(cell, "an answer cell without a solution region", fix)
    try:
        ast.parse(cell.text)
    except SyntaxError:
        return  # already reported
    bodies = _function_bodies(cell.text)
    lines = cell.text.split("\n")
    for region in answer.regions:
        line = region.begin
        if not any(first <= line and region.end <= last for first, last in bodies):
            yield source.problem(cell, "a solution region outside a def", "move it into the function", line)
        if not _STATEMENT_START.search("\n".join(lines[line : region.end - 1])):
            yield source.problem(cell, "an empty solution region", "write the solution into it", line)
        todo = _todo_above(lines[: line - 1])  # ``authoring`` adds one where there is none
        if todo and todo != question.name:
            yield source.problem(
                cell, f"TODO({todo}) in {question.name}", f"write TODO({question.name})", line
            )
    try:
        ast.parse(answer.stub())
    except SyntaxError as error:
        found = f"a solution region that leaves invalid Python when it is removed ({error.msg})"
        line = answer.regions[0].begin if answer.regions else 1
        yield source.problem(cell, found, "put only complete statements into it", line)


def _function_bodies(text: str) -> list[tuple[int, int]]:
    """Return the first and last line of each function below its signature and docstring."""
    tree = ast.parse(text)
    # A function ends where the next statement starts: comments in between belong to it.
    ends = [node.lineno - 1 for node in tree.body[1:]] + [text.count("\n") + 1]
    bodies = []
    for node, end in zip(tree.body, ends, strict=True):
        if not isinstance(node, ast.FunctionDef):
            continue
        # Students need the docstring, so a region must not take it away; without a part of the
        # signature, the stub would not be Python.
        header_end = node.lineno
        if ast.get_docstring(node) is not None:
            header_end = node.body[0].end_lineno or 0
        bodies.append((header_end + 1, end))
    return bodies


def _todo_above(lines: list[str]) -> str:
    """Return the question in the last TODO of the comment lines directly above a region."""
    for line in reversed(lines):
        if not line.strip().startswith("#"):
            break
        todo = _TODO.match(line.strip())
        if todo:
            return todo[1]
    return ""


def check_problems(source: Source, question: Question, check: Check, kit: str) -> Iterator[Problem]:
    """Check one check cell."""
    function = check.function()
    findings = [
        *title_findings(function, check.title),
        *parameter_findings(function, question),
        *name_findings(function, kit, source.uses_pandas),
        *body_findings(function),
    ]
    if check.hidden:
        findings += printed_values(function)
    for node, found, fix in findings:
        line = getattr(node, "lineno", 1) + check.first_line - 1
        yield source.problem(check.cell, found, fix, line)


def title_findings(function: ast.FunctionDef, title: str) -> Iterator[Finding]:
    """The docstring is the title in every report."""
    if not function.name.startswith("check_"):
        yield function, f"def {function.name}", "call it check_…"
    if not title:
        yield function, "a check without a title", "add a docstring that says what is right"
    elif re.search(r'["\\\n<>]', title):  # otter copies it into a string in its file
        yield function, f"the title {title!r}", 'use one line without ", \\, < and >'
    elif len(title) > _MAX_TITLE_CHARS:
        fix = f"use at most {_MAX_TITLE_CHARS}: `nbgrader validate` cuts long lines"
        yield function, f"a title of {len(title)} characters", fix


def parameter_findings(function: ast.FunctionDef, question: Question) -> Iterator[Finding]:
    """A check takes functions of its own question, so an error in q6 never costs q7."""
    arguments = function.args
    # The grader passes proxies by position; it has nothing to put into other parameters.
    extra = [*arguments.posonlyargs, *arguments.kwonlyargs, *arguments.defaults]
    if extra or arguments.vararg or arguments.kwarg or function.decorator_list:
        fix = "take plain parameters only, named after the functions that it checks"
        yield function, "a check with defaults, * or decorators", fix
    functions = set()
    for answer in question.answers:
        functions |= set(_function_names(answer))
    for argument in arguments.args:
        if functions and argument.arg not in functions:
            fix = f"take only functions that {question.name} asks for: {', '.join(sorted(functions))}"
            yield function, f"the parameter {argument.arg!r}", fix


def _function_names(answer: Answer) -> list[str]:
    # By pattern: an answer cell that is not Python is reported elsewhere.
    return re.findall(r"^def (\w+)", answer.cell.text, re.MULTILINE)


def name_findings(function: ast.FunctionDef, kit: str, uses_pandas: bool) -> Iterator[Finding]:
    """A check runs in four places: its names must mean the same in each."""
    names = {*notebook.MODULES, kit, "checks", *CODE_ROOTS, *dir(builtins)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.ExceptHandler)) and node is not function:
            names.add(node.name or "")
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id not in names:
            fix = "compute it in the check, or make it a parameter if it is an answer"
            yield node, f"the name {node.id!r}, which the check does not define", fix
        elif isinstance(node, ast.Name) and node.id == "pd" and not uses_pandas:
            fix = "write `import pandas as pd` below `import checks`: students need pandas then"
            yield node, "the name 'pd' in a notebook without pandas", fix


def body_findings(function: ast.FunctionDef) -> Iterator[Finding]:
    """A check runs in four places: its bytes must be equal in each."""
    parameters = {argument.arg for argument in function.args.args}
    for node in ast.walk(function):
        if isinstance(node, ast.JoinedStr):
            fix = "join strings with + instead: Python versions write f-strings differently"
            yield node, "an f-string in a check", fix
        elif isinstance(node, ast.Assert):
            fix = "use a function of checks, e.g. checks.equal: its message tells students what differs"
            yield node, "an assert in a check", fix
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node, "an import in a check", "delete it: the build adds the imports"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in parameters:
            name = ast.unparse(node.func)
            yield node, f"a direct call to {name}", f"write checks.call({name}, …)"
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "checks":
            vocabulary = vars(checks.hidden)  # the same functions as the visible one
            if node.attr not in vocabulary:
                found = f"checks.{node.attr}, which is not in the vocabulary"
                yield node, found, name_hint(node.attr, vocabulary)


def printed_values(function: ast.FunctionDef) -> Iterator[Finding]:
    """Find values on the lines of a hidden check that otter would print."""
    fix = "assign it to a name on the line above: otter prints this line if the check fails"
    for statement in ast.walk(function):
        if not isinstance(statement, (ast.Expr, ast.Assign, ast.Return, ast.AugAssign)):
            continue
        calls = [ast.unparse(node.func) for node in ast.walk(statement) if isinstance(node, ast.Call)]
        if any(name.startswith("checks.") for name in calls):
            for node in _revealing_values(statement):
                yield node, f"the hidden value {ast.unparse(node)}", fix


def _revealing_values(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the values that reveal more than a small size or a word would."""
    if isinstance(node, ast.keyword) and node.arg in _NOT_REVEALING_KEYWORDS:
        return
    if isinstance(node, ast.Subscript):
        # These become literals; an index into anything else is only a position.
        if ast.unparse(node.value) in ("EXPECTED", "THRESHOLDS"):
            yield node
        else:
            yield from _revealing_values(node.value)
        return
    if isinstance(node, (ast.List, ast.Tuple, ast.Dict)):
        # A few zeros and ones reveal nothing, whatever their order.
        values = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant)]
        if len(values) >= _MIN_ITEMS and not set(values) <= {None, 0, 1}:  # False is 0, True is 1
            yield node
            return
    if isinstance(node, ast.Constant):
        value = node.value
        is_sentence = isinstance(value, str) and " " in value
        is_fraction = isinstance(value, float) and value not in (0.0, 1.0)
        if is_sentence or is_fraction or (isinstance(value, int) and abs(value) >= _MIN_LARGE_INT):
            yield node
    for child in ast.iter_child_nodes(node):
        yield from _revealing_values(child)
