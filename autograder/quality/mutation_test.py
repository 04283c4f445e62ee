"""``course mutation-test``: the solution with one small change each; no mutant may pass all checks.

A change that alters nothing a check could see is listed with its reason in
``source/<lab>/equivalent_mutants.toml``, by the statement before and after it.
"""

import ast
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from autograder.build.compile import prepare
from autograder.course import Assignment
from autograder.engine.plan import grading_plan
from autograder.engine.results import Result
from autograder.engine.run import grade_notebooks
from autograder.errors import AuthorError
from autograder.notebook import CellType, Source
from autograder.quality import sample

EQUIVALENT_FILE = "equivalent_mutants.toml"

_OPPOSITES: tuple[tuple[type[ast.AST], type[ast.AST]], ...] = (
    (ast.Add, ast.Sub),
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
    (ast.Eq, ast.NotEq),
    (ast.In, ast.NotIn),
    (ast.Is, ast.IsNot),
    (ast.And, ast.Or),
)
_OPERATOR_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    **dict(_OPPOSITES),
    **{right: left for left, right in _OPPOSITES},
}

_STRING_SWAPS = {
    "accuracy": "mae",
    "adam": "sgd",
    "binary_crossentropy": "mse",
    "int32": "float32",
    "lstm": "gru",
    "mae": "accuracy",
    "mse": "mae",
    "post": "pre",
    "relu": "tanh",
    "sigmoid": "tanh",
}

_ATTRIBUTE_SWAPS = {
    "GRU": "LSTM",
    "GlobalAveragePooling1D": "GlobalMaxPooling1D",
    "LSTM": "GRU",
    "SimpleRNN": "GRU",
    "max": "min",
    "min": "max",
    "tanh": "sin",
    "zeros": "ones",
}

Change = dict[str, object]
"""New values for some attributes of one node of the syntax tree."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """The solution's answer with one change."""

    name: str
    """Its number within the cell, e.g. ``q2-answer-007``."""

    cell: str
    before: str
    """The statement that was changed, on one line."""

    after: str
    code: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Return its key in the list of equivalent mutants."""
        return self.cell, self.before, self.after


def run_mutation_test(assignment: Assignment, console: Console, *, workers: int) -> int:
    """Grade all mutants and print which survive; return the exit code.

    Raises:
        AuthorError: the assignment or the list of equivalent mutants is wrong.
        StaffError: it has not been built, or this machine cannot grade.
    """
    prepared = prepare(assignment)
    plan = grading_plan(assignment, prepared.source, prepared.files)
    reasons = load_equivalent_mutants(assignment)
    release, texts = sample.read_release(assignment, "otter"), sample.solution_answers(plan.source)
    mutants = {mutant.name: mutant for mutant in generate_mutants(plan.source)}
    notebooks = {}
    for mutant in mutants.values():
        notebooks[mutant.name] = sample.fill_answers(release, {**texts, mutant.cell: mutant.code})
    surviving = survivors(mutants, grade_notebooks(plan, notebooks, console, workers=workers))
    unexpected = [mutant for mutant in surviving if mutant.key not in reasons]
    console.quiet = False  # what follows is the result, which --quiet shows too
    for mutant in unexpected:
        line = f"{mutant.name} survives: {mutant.before}  ->  {mutant.after}"
        console.print(line, soft_wrap=True, markup=False)
    unused = reasons.keys() - {mutant.key for mutant in surviving}
    for key in sorted(unused):
        console.print(f"{EQUIVALENT_FILE}: no mutant survives as {key}; remove the entry", markup=False)
    equivalent = len(surviving) - len(unexpected)
    console.print(
        f"{assignment.name}: {len(mutants)} mutants; {equivalent} equivalent, "
        f"{len(mutants) - len(surviving)} of the other {len(mutants) - equivalent} caught"
    )
    return 2 if unexpected or unused else 0


def generate_mutants(source: Source) -> Iterator[Mutant]:
    """Yield every mutant of every code answer, without repetitions."""
    for answer in source.answers():
        if answer.cell.cell_type is CellType.CODE:
            yield from _cell_mutants(answer.cell.id, answer.solution())


def survivors(mutants_by_name: Mapping[str, Mutant], results: Mapping[str, Result]) -> list[Mutant]:
    """Return the mutants that got all points."""
    full = {name for name, result in results.items() if result.earned == result.points}
    return [mutant for name, mutant in mutants_by_name.items() if name in full]


def load_equivalent_mutants(assignment: Assignment) -> dict[tuple[str, str, str], str]:
    """Return the listed reasons by the key of the mutant.

    Raises:
        AuthorError: the list cannot be read.
    """
    path = assignment.source / EQUIVALENT_FILE
    if not path.is_file():
        return {}
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]
        return {(row["cell"], row["before"], row["after"]): row["reason"] for row in rows}
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise AuthorError(
            f"{EQUIVALENT_FILE}: {error}; give each mutant cell, before, after, reason"
        ) from error


def _cell_mutants(cell: str, text: str) -> Iterator[Mutant]:
    tree = _strip_docstrings(ast.parse(text))
    unchanged = ast.unparse(tree)
    next_parameters: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            # The first parameter follows the last.
            names = [argument.arg for argument in node.args.args]
            next_parameters.update(zip(names, [*names[1:], *names[:1]], strict=True))
    # Two changes can give the same code, e.g. both swaps of two equal arguments.
    seen = {unchanged}
    for node in ast.walk(tree):
        # A list: all changes must be computed before the first of them is made.
        for change in list(_changes(node, next_parameters)):
            # The tree is changed in place, printed and restored; copying it would be far slower.
            original = {name: getattr(node, name) for name in change}
            for name, value in change.items():
                setattr(node, name, value)
            code = ast.unparse(tree)
            for name, value in original.items():
                setattr(node, name, value)
            if code not in seen:
                seen.add(code)
                before, after = _difference(unchanged, code)
                yield Mutant(f"{cell}-{len(seen) - 1:03}", cell, before, after, code)


def _strip_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return tree


def _difference(before: str, after: str) -> tuple[str, str]:
    """Return the lines in which two texts differ."""
    old, new = before.splitlines(), after.splitlines()
    # Common lines at the start, then at the end, belong to other statements.
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return " / ".join(map(str.strip, old)), " / ".join(map(str.strip, new))


def _changes(node: ast.AST, next_parameters: Mapping[str, str]) -> Iterator[Change]:  # noqa: C901  a kind of node each
    match node:
        case ast.BinOp() | ast.BoolOp() if type(node.op) in _OPERATOR_SWAPS:
            yield {"op": _OPERATOR_SWAPS[type(node.op)]()}
        case ast.Compare() if type(node.ops[0]) in _OPERATOR_SWAPS:
            yield {"ops": [_OPERATOR_SWAPS[type(node.ops[0])](), *node.ops[1:]]}
        case ast.UnaryOp(op=ast.USub()):
            yield {"op": ast.UAdd()}
        case ast.IfExp():
            yield {"body": node.orelse, "orelse": node.body}
        case ast.Name(ctx=ast.Load()) if node.id in next_parameters:
            yield {"id": next_parameters[node.id]}
        # Before int: in Python, True is an int.
        case ast.Constant(value=bool()):
            yield {"value": not node.value}
        case ast.Constant(value=int(value)):
            yield {"value": value + 1}
            if value:
                yield {"value": value - 1}
        case ast.Constant(value=float(value)):
            yield {"value": 2 * value}
        case ast.Constant(value=str(text)):
            yield {"value": _STRING_SWAPS.get(text, f"{text}x")}
        case ast.Attribute() if node.attr in _ATTRIBUTE_SWAPS:
            yield {"attr": _ATTRIBUTE_SWAPS[node.attr]}
        case ast.Slice():
            for end in ("lower", "upper"):
                if getattr(node, end) is not None:
                    yield {end: None}
        case ast.Return() if node.value is not None:
            yield {"value": None}
        case ast.comprehension() if node.ifs:
            yield {"ifs": []}
        case ast.Call():
            yield from _deletions("keywords", node.keywords)
            if len(node.args) > 1:
                yield {"args": [node.args[1], node.args[0], *node.args[2:]]}
        case ast.List() | ast.Tuple() if len(node.elts) > 1:
            yield from _deletions("elts", node.elts)
        case ast.FunctionDef() | ast.For() | ast.If() | ast.While() | ast.With() if len(node.body) > 1:
            yield from _deletions("body", node.body)


def _deletions(name: str, items: Sequence[ast.AST]) -> Iterator[Change]:
    for index in range(len(items)):
        yield {name: [*items[:index], *items[index + 1 :]]}
