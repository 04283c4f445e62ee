"""The proof of a build: before a release is written, the grader has graded it.

The solution gets every point and the blank release none. Each check can fail: stand-ins of four kinds
take the place of all answers, and a check that passes for each of them looks at nothing.
"""

import ast
from collections.abc import Iterator, Mapping

from rich.console import Console

from autograder.build.release_parts import PreparedSource
from autograder.checks import Outcome
from autograder.engine.plan import grading_plan
from autograder.engine.results import CheckResult, Result
from autograder.engine.run import grade_notebooks
from autograder.errors import AuthorError, Problem, StaffError
from autograder.notebook import Check, Source
from autograder.quality import sample
from autograder.quality.sample import BLANK, SOLUTION

_STAND_INS = {
    "None": "None",
    "the first argument": "next(iter((*args, *kwargs.values())), None)",
    "zeros": "_stand_in(solution(*args, **kwargs), empty=True)",
    "values off by one": "_stand_in(solution(*args, **kwargs), empty=False)",
}
"""What each kind of stand-in returns, in words and as an expression of ``args`` and ``kwargs``."""

# Runs in the student's process, like the solution that it is made from. What it does not know, such
# as a model, becomes the text "stand-in": that is a wrong answer too.
_STAND_IN_CODE = '''
def _stand_in(value, empty):
    """Return a value of the same type that is not the answer."""
    if isinstance(value, dict):
        return {} if empty else {key: _stand_in(item, empty) for key, item in value.items()}
    if isinstance(value, tuple):  # a function that returns several values
        return tuple(_stand_in(item, empty) for item in value)
    if isinstance(value, (list, set)):
        return type(value)() if empty else type(value)(_stand_in(item, empty) for item in value)
    if isinstance(value, str):
        return "" if empty else value + "?"
    try:
        return value * 0 if empty else value + 1
    except Exception:
        return "stand-in"


def _replaced(solution):
    def answer(*args, **kwargs):
        return {expression}

    return answer
'''


def prove(prepared: PreparedSource, release: bytes, console: Console, *, workers: int = 2) -> str:
    """Grade the solution, the blank release and the stand-ins; return what was proven, in words.

    Args:
        prepared: the source of the release.
        release: the released notebook, of either flavor.
        console: shows progress.
        workers: submissions that are graded at the same time.

    Raises:
        AuthorError: a check that the solution does not pass, or that cannot fail; all at once.
        StaffError: this machine cannot grade.
    """
    source = prepared.source
    notebooks = {BLANK: release, SOLUTION: sample.fill_answers(release, sample.solution_answers(source))}
    for words, expression in _STAND_INS.items():
        texts = {}
        for answer in source.answers():
            if not answer.regions:
                continue
            lines = [answer.solution(), _STAND_IN_CODE.replace("{expression}", expression)]
            for node in ast.parse(lines[0]).body:
                if isinstance(node, ast.FunctionDef):
                    lines.append(f"{node.name} = _replaced({node.name})")
            texts[answer.cell.id] = "\n".join(lines)
        notebooks[f"returning {words}"] = sample.fill_answers(release, texts)
    plan = grading_plan(prepared.assignment, source, prepared.files)
    results = grade_notebooks(plan, notebooks, console, workers=workers)
    problems = list(_problems(source, results))
    if problems:
        raise AuthorError(problems)
    points = sum(check.points for check in source.checks())
    solved, blank = results[SOLUTION].earned, results[BLANK].earned
    return f"solution {solved:g} of {points:g}, blank {blank:g} of {points:g}"


def _problems(source: Source, results: Mapping[str, Result]) -> Iterator[Problem]:
    """Yield each check that the solution fails, that the blank release passes or that cannot fail."""
    by_name: dict[str, dict[str, CheckResult]] = {}
    for name, result in results.items():
        by_name[name] = {check.id: check for check in result.checks}
    for check in source.checks():
        solved = by_name[SOLUTION][check.cell.id]
        if solved.outcome is Outcome.UNGRADED:
            raise StaffError(f"{source.location(check.cell)}: could not be graded ({solved.message})")
        if solved.outcome is not Outcome.PASSED:
            found = f"a check that the solution does not pass ({solved.outcome.value}: {solved.message})"
            yield _problem(source, check, found, "correct the solution or the check")
        elif by_name[BLANK][check.cell.id].outcome is Outcome.PASSED:
            found = "a check that the release passes before anything is answered"
            yield _problem(source, check, found, "call the answer with checks.call")
        else:
            passed = [
                words
                for words in _STAND_INS
                if by_name[f"returning {words}"][check.cell.id].outcome is Outcome.PASSED
            ]
            # ``checks.call`` alone refuses None, so a check that compares nothing passes all the others.
            if len(passed) == len(_STAND_INS) or (len(passed) == len(_STAND_INS) - 1 and not check.kinds):
                found = f"a check that passes for answers that return {', '.join(passed)}"
                yield _problem(
                    source, check, found, "compare what checks.call returns with the expected value"
                )


def _problem(source: Source, check: Check, found: str, fix: str) -> Problem:
    return source.problem(check.cell, found, fix, check.first_line)
