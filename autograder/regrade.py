"""``course regrade`` and ``course appeal``: what a run graded, once more, from the bytes that it kept."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from autograder.course import Course
from autograder.errors import StaffError, StudentError
from autograder.grade import journal
from autograder.grade.engine import started
from autograder.grade.folders import folder_name, replace_file
from autograder.grade.marking import graded_again
from autograder.grade.recipe import Recipe
from autograder.grade.results import CheckResult, Result
from autograder.grade.run import header_of
from autograder.grade.session import Listener, Message
from autograder.grade.submissions import interpret
from autograder.recipes import recipe_of
from autograder.report import appeal, runs
from autograder.report.runs import Run
from autograder.report.views import write_views
from autograder.source import Question


def regrade(
    course: Course, out: Path, students: Sequence[str], console: Console, *, question: str = ""
) -> int:
    """Grade students of a run once more and print what changed; return the exit code.

    Args:
        question: the only one whose checks run again; empty for all.

    Raises:
        StaffError: a student or the question is not there, what was graded is gone, or the
            run was graded before a change of source or versions.
    """
    past = runs.load(out, course)
    chosen = [_result(past, student) for student in students]
    data = [_data(past, result) for result in chosen]
    recipe = _recipe(past)
    if question:
        _question(recipe, question)
    ungraded = 0
    with journal.Journal.open(out, header_of(recipe)) as kept, started(recipe) as engine:
        for result, content in zip(chosen, data, strict=True):
            again = graded_again(result, content, engine.workshops[0], question=question)
            kept.append(again)
            ungraded += len(again.ungraded)
            for line in _changes(result, again):
                console.print(line, markup=False, soft_wrap=True)
    now = runs.load(out, course)
    write_views(now, recipe.source)
    return 2 if ungraded else 0


def show(course: Course, out: Path, student: str, question: str) -> Path:
    """Run the checks of one question again and write a page of all that they saw, for staff.

    No mark changes.

    Raises:
        StaffError: as for ``regrade``.
    """
    past = runs.load(out, course)
    result = _result(past, student)
    data, recipe = _data(past, result), _recipe(past)
    asked = _question(recipe, question)
    calls = _Calls()
    with started(recipe) as engine:
        again = graded_again(result, data, engine.workshops[0], question=question, listener=calls)
    seen = [
        appeal.Seen(
            check,
            _check(result, check.cell.id),
            _check(again, check.cell.id),
            tuple(calls.of.get(check.cell.id, ())),
        )
        for check in asked.checks
    ]
    path = out / folder_name(student) / f"appeal-{question}.html"
    answers = _answers(data, recipe, question)
    replace_file(path, appeal.page(result, question, answers, seen, title=past.assignment.title))
    return path


class _Calls(Listener):
    """Keeps what each check asked, by its id."""

    def __init__(self) -> None:
        self.of: dict[str, list[appeal.Call]] = {}

    def called(self, check: str, call: Message, reply: Message) -> None:
        self.of.setdefault(check, []).append(appeal.call(call, reply))


def _recipe(past: Run) -> Recipe:
    header = journal.read(past.out).header
    recipe = recipe_of(past.assignment, header.dataset)
    if other := journal.differences(header, header_of(recipe)):
        raise StaffError(
            f"{past.out}: was graded before a change of {other}; grade the class again with `course grade`"
        )
    return recipe


def _question(recipe: Recipe, name: str) -> Question:
    known = {question.name: question for question in recipe.source.questions if question.checks}
    if name not in known:
        raise StaffError(f"no question {name!r} that is graded by checks; known: {', '.join(known)}")
    return known[name]


def _result(past: Run, student: str) -> Result:
    known = {result.student: result for result in past.results}
    if student not in known:
        close = difflib.get_close_matches(student, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it holds {len(known)} students"
        raise StaffError(f"{past.out}: no student {student!r}; {hint}")
    return known[student]


def _data(past: Run, result: Result) -> bytes:
    data = past.submission(result)
    if data is None:
        raise StaffError(
            f"{past.out / folder_name(result.student)}: what was graded is not there any more, or could not "
            "be read; name the student's file to `course grade` again"
        )
    return data


def _check(result: Result, name: str) -> CheckResult:
    return next(check for check in result.checks if check.id == name)


def _answers(data: bytes, recipe: Recipe, question: str) -> list[str]:
    try:
        steps = interpret(data, recipe.source, recipe.assignment).steps
    except StudentError:
        return []
    return [step.text for step in steps if step.question == question and step.kind == "answer"]


def _changes(before: Result, after: Result) -> Iterator[str]:
    yield f"{after.student}: {before.earned:g} → {after.earned:g} of {after.points:g}"
    for old, new in zip(before.checks, after.checks, strict=True):
        if old.outcome is not new.outcome:
            yield f"  {new.id}: {old.outcome.value} → {new.outcome.value}"
