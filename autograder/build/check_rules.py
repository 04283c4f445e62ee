"""What a check cell must look like, so that otter, nbgrader and a grader with proxies agree."""

import ast
import builtins
import re
from collections.abc import Iterator
from typing import Protocol

from autograder import checks
from autograder.errors import Problem, name_hint
from autograder.notebook import MODULES, Check, Question, Source

_IGNORED_KEYWORDS = {"hint", "what", "tolerance"}
_MIN_ITEMS = 3
_MIN_LARGE_INT = 100
_MAX_TITLE_CHARS = 70
"""With the outcome before it, a line of 80 characters, which students see whole."""


def problems(source: Source, question: Question, check: Check, kit: str) -> Iterator[Problem]:
    """Yield what is wrong with one check of a question."""
    function = check.function()

    def problem_at(node: ast.AST, found: str, fix: str) -> Problem:
        line = getattr(node, "lineno", 1) + check.first_line - 1
        return Problem(source.location(check.cell, line), found, fix)

    prefix = question.name.replace("_", "-") + "-"
    if not check.cell.id.startswith(prefix):
        do = f"begin the id with {prefix}"
        yield Problem(source.location(check.cell), f"the check {check.cell.id!r}", do)
    if not function.name.startswith("check_"):
        yield problem_at(function, f"def {function.name}", "call it check_…")
    yield from _title(check, function, problem_at)
    yield from _parameters(question, function, problem_at)
    yield from _body(check, function, kit, problem_at)


def _title(check: Check, function: ast.FunctionDef, problem_at: "_ProblemFactory") -> Iterator[Problem]:
    title = check.title
    if not title:
        yield problem_at(function, "a check without a title", "add a docstring that says what is right")
    elif re.search(r'["\\\n<>]', title):
        do = 'use one line without ", \\, < and >'
        yield problem_at(function, f"the title {title!r}", do)
    elif len(title) > _MAX_TITLE_CHARS:
        do = f"use at most {_MAX_TITLE_CHARS}: `nbgrader validate` cuts long lines"
        yield problem_at(function, f"a title of {len(title)} characters", do)


def _parameters(
    question: Question, function: ast.FunctionDef, problem_at: "_ProblemFactory"
) -> Iterator[Problem]:
    arguments = function.args
    asked = {name for answer in question.answers for name in _function_names(answer.cell.text)}
    plain = [argument.arg for argument in arguments.args]
    extra = (
        arguments.posonlyargs,
        arguments.kwonlyargs,
        arguments.defaults,
        arguments.vararg,
        arguments.kwarg,
        function.decorator_list,
    )
    if any(extra):
        yield problem_at(function, "a check with defaults, * or decorators", "name functions only")
    for name in plain:
        if name not in asked:
            do = f"take only functions that {question.name} asks for: {', '.join(sorted(asked))}"
            yield problem_at(function, f"the parameter {name!r}", do)


def _function_names(text: str) -> set[str]:
    try:
        return {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    except SyntaxError:
        return set()


def _body(
    check: Check, function: ast.FunctionDef, kit: str, problem_at: "_ProblemFactory"
) -> Iterator[Problem]:
    parameters = {argument.arg for argument in function.args.args}
    allowed = {*parameters, *MODULES, kit, "checks", "LAB", "EXPECTED", "THRESHOLDS", *dir(builtins)}
    bound = _assigned_names(function)
    for node in ast.walk(function):
        if isinstance(node, ast.JoinedStr):
            do = "join texts with +: Python versions write f-strings differently"
            yield problem_at(node, "an f-string in a check", do)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield problem_at(node, "an import in a check", "the build adds the imports")
        elif isinstance(node, ast.Name) and node.id not in {*allowed, *bound}:
            yield problem_at(node, f"the name {node.id!r}", "pass it in or compute it in the check")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in parameters:
            name = ast.unparse(node.func)
            yield problem_at(node, f"a direct call of {name}", f"write checks.call({name}, …)")
        elif _is_unknown_check(node):
            assert isinstance(node, ast.Attribute)
            found = f"checks.{node.attr}, which is not in the vocabulary"
            yield problem_at(node, found, name_hint(node.attr, vars(checks.hidden)))
    if check.hidden:
        yield from _shown_literals(function, problem_at)


def _is_unknown_check(node: ast.AST) -> bool:
    if not isinstance(node, ast.Attribute) or ast.unparse(node.value) != "checks":
        return False
    return node.attr not in vars(checks.hidden)


def _assigned_names(function: ast.FunctionDef) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.ExceptHandler)) and node is not function:
            names.add(node.name or "")
    return names


def _shown_literals(function: ast.FunctionDef, problem_at: "_ProblemFactory") -> Iterator[Problem]:
    """Find literals on the lines of a hidden check that otter would print."""
    for statement in ast.walk(function):
        if not isinstance(statement, (ast.Expr, ast.Assign, ast.Return, ast.AugAssign)):
            continue
        if any(map(_is_checks_call, ast.walk(statement))):
            for node in _revealing_literals(statement):
                do = "give it a name on the line above: otter prints this line when it fails"
                yield problem_at(node, f"the hidden value {ast.unparse(node)}", do)


def _is_checks_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("checks.")


def _revealing_literals(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the literals that give away more than a small size or a word would."""
    if isinstance(node, ast.keyword) and node.arg in _IGNORED_KEYWORDS:
        return
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("EXPECTED", "THRESHOLDS"):
        yield node
        return
    if isinstance(node, ast.Subscript):
        yield from _revealing_literals(node.value)
        return
    if isinstance(node, (ast.List, ast.Tuple, ast.Dict)):
        values = list(_constants(node))
        if len(values) >= _MIN_ITEMS and any(map(_is_unusual, values)):
            yield node
            return
    if isinstance(node, ast.Constant) and _is_revealing(node.value):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _revealing_literals(child)


def _constants(node: ast.expr | None) -> Iterator[object]:
    """Yield the constants that a display holds, also in displays inside it."""
    if isinstance(node, ast.Constant):
        yield node.value
    elif isinstance(node, (ast.List, ast.Tuple)):
        for element in node.elts:
            yield from _constants(element)
    elif isinstance(node, ast.Dict):
        for part in (*node.keys, *node.values):
            yield from _constants(part)


def _is_unusual(value: object) -> bool:
    return value not in (None, True, False, 0, 1, -1)


def _is_revealing(value: object) -> bool:
    if isinstance(value, str):
        return " " in value
    if isinstance(value, float):
        return value not in (0.0, 1.0)
    return isinstance(value, int) and abs(value) >= _MIN_LARGE_INT


class _ProblemFactory(Protocol):
    """Makes a problem of a node of a check."""

    def __call__(self, node: ast.AST, found: str, fix: str) -> Problem: ...  # pragma: no cover
