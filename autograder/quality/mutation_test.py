"""``course mutants``: the solution with one small change each; the checks must notice all of them.

A change that alters nothing a check could see is listed with its reason in
``source/<lab>/equivalent_mutants.toml``, by what stood there and what stands there now.
"""

import ast
import copy
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rich.console import Console

from autograder.build.compile import prepare
from autograder.course import Assignment
from autograder.engine.grade_notebooks import grade_notebooks
from autograder.engine.plan import grading_plan
from autograder.engine.results import Result
from autograder.errors import AuthorError
from autograder.notebook import CellType, Source
from autograder.quality import sample

EQUIVALENT_FILE = "equivalent_mutants.toml"

_OPERATOR_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
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

Mutation = Callable[[ast.AST], None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """The solution's answer with one change."""

    name: str
    """Its number within the cell, e.g. ``q2-answer-07``."""

    question: str
    cell: str
    before: str
    """The statement that was changed, on one line."""

    after: str
    code: str


def generate_mutants(source: Source) -> Iterator[Mutant]:
    """Yield every mutant of every code answer, without repetitions."""
    texts = sample.solution_answers(source)
    for question in source.questions:
        for answer in question.answers:
            if answer.cell.cell_type is CellType.CODE:
                yield from _cell_mutants(question.name, answer.cell.id, texts[answer.cell.id])


def survivors(mutants_by_name: Mapping[str, Mutant], results: Mapping[str, Result]) -> list[Mutant]:
    """Return the mutants that got all points."""
    return [
        mutant for name, mutant in mutants_by_name.items() if results[name].earned == results[name].points
    ]


def load_equivalent_mutants(assignment: Assignment) -> dict[tuple[str, str, str], str]:
    """Return the listed reasons by cell, ``before`` and ``after``.

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


def run_mutation_test(assignment: Assignment, console: Console, *, workers: int) -> int:
    """Grade all mutants and print which survive; return the exit code.

    Raises:
        AuthorError: the assignment or the list of equivalent mutants is wrong.
        StaffError: it has not been built, or this machine cannot grade.
    """
    prepared = prepare(assignment)
    recipe = grading_plan(assignment, prepared.source, prepared.files)
    reasons = load_equivalent_mutants(assignment)
    found = {mutant.name: mutant for mutant in generate_mutants(recipe.source)}
    release, texts = sample.read_release(assignment, "otter"), sample.solution_answers(recipe.source)
    notebooks = {
        name: sample.fill_answers(release, {**texts, mutant.cell: mutant.code})
        for name, mutant in found.items()
    }
    alive = survivors(found, grade_notebooks(recipe, notebooks, console, workers=workers))
    unlisted = [mutant for mutant in alive if _key(mutant) not in reasons]
    for mutant in unlisted:
        console.print(
            f"{mutant.name} survives: {mutant.before}  ->  {mutant.after}", soft_wrap=True, markup=False
        )
    unused = reasons.keys() - {_key(mutant) for mutant in alive}
    for key in sorted(unused):
        console.print(f"{EQUIVALENT_FILE}: no mutant survives as {key}; remove the entry", markup=False)
    different = len(found) - (len(alive) - len(unlisted))
    console.print(
        f"{assignment.name}: {len(found)} mutants; {len(alive) - len(unlisted)} equivalent, "
        f"{different - len(unlisted)} of the other {different} noticed"
    )
    return 2 if unlisted or unused else 0


def _key(mutant: Mutant) -> tuple[str, str, str]:
    return mutant.cell, mutant.before, mutant.after


def _cell_mutants(question: str, cell: str, text: str) -> Iterator[Mutant]:
    tree = _strip_docstrings(ast.parse(text))
    seen, others = {ast.unparse(tree)}, dict(_next_parameters(tree))
    for place, node in enumerate(ast.walk(tree)):
        for change in _mutations(node, others):
            changed = copy.deepcopy(tree)
            change(list(ast.walk(changed))[place])
            code = ast.unparse(ast.fix_missing_locations(changed))
            if code in seen:
                continue
            seen.add(code)
            before, after = _difference(ast.unparse(tree), code)
            yield Mutant(f"{cell}-{len(seen) - 1:03}", question, cell, before, after, code)


def _strip_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return tree


def _next_parameters(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each parameter of each function with the one that follows it; the first follows the last."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args]
            yield from zip(names, [*names[1:], *names[:1]], strict=True)


def _difference(before: str, after: str) -> tuple[str, str]:
    """Return the lines in which two texts differ."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return " / ".join(line.strip() for line in old), " / ".join(line.strip() for line in new)


def _mutations(node: ast.AST, next_parameters: Mapping[str, str]) -> Iterator[Mutation]:
    yield from _operator_mutations(node)
    yield from _leaf_mutations(node, next_parameters)
    yield from _structure_mutations(node)
    if isinstance(node, (ast.FunctionDef, ast.For, ast.If, ast.While, ast.With)) and len(node.body) > 1:
        yield from (_delete_item("body", number) for number in range(len(node.body)))


def _operator_mutations(node: ast.AST) -> Iterator[Mutation]:
    match node:
        case ast.BinOp() | ast.BoolOp() if type(node.op) in _OPERATOR_SWAPS:
            yield _set_attribute("op", _OPERATOR_SWAPS[type(node.op)]())
        case ast.Compare() if type(node.ops[0]) in _OPERATOR_SWAPS:
            yield _set_attribute("ops", [_OPERATOR_SWAPS[type(node.ops[0])](), *node.ops[1:]])
        case ast.UnaryOp(op=ast.USub()):
            yield _set_attribute("op", ast.UAdd())
        case ast.IfExp():
            yield _swap_attributes("body", "orelse")


def _leaf_mutations(node: ast.AST, next_parameters: Mapping[str, str]) -> Iterator[Mutation]:
    match node:
        case ast.Name(ctx=ast.Load()) if node.id in next_parameters:
            yield _set_attribute("id", next_parameters[node.id])
        case ast.Constant():
            yield from (_set_attribute("value", value) for value in _alternative_values(node.value))
        case ast.Attribute() if node.attr in _ATTRIBUTE_SWAPS:
            yield _set_attribute("attr", _ATTRIBUTE_SWAPS[node.attr])


def _structure_mutations(node: ast.AST) -> Iterator[Mutation]:
    match node:
        case ast.Slice():
            yield from (
                _set_attribute(end, None) for end in ("lower", "upper") if getattr(node, end) is not None
            )
        case ast.Return() if node.value is not None:
            yield _set_attribute("value", None)
        case ast.comprehension() if node.ifs:
            yield _set_attribute("ifs", [])
        case ast.Call():
            yield from (_delete_item("keywords", number) for number in range(len(node.keywords)))
            if len(node.args) > 1:
                yield _set_attribute("args", [node.args[1], node.args[0], *node.args[2:]])
        case ast.List() | ast.Tuple() if len(node.elts) > 1:
            yield from (_delete_item("elts", number) for number in range(len(node.elts)))


def _alternative_values(value: object) -> Iterator[object]:
    match value:
        case bool():
            yield not value
        case int():
            yield value + 1
            if value:
                yield value - 1
        case float():
            yield 2 * value
        case str():
            yield _STRING_SWAPS.get(value, f"{value}x")


def _set_attribute(name: str, value: object) -> Mutation:
    return lambda node: setattr(node, name, value)


def _swap_attributes(name_a: str, name_b: str) -> Mutation:
    def change(node: ast.AST) -> None:
        first, second = getattr(node, name_a), getattr(node, name_b)
        setattr(node, name_a, second)
        setattr(node, name_b, first)

    return change


def _delete_item(name: str, index: int) -> Mutation:
    def change(node: ast.AST) -> None:
        del getattr(node, name)[index]

    return change
