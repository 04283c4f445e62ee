"""``course regrade`` and ``course appeal``: what a run graded, once more, from the bytes that it kept."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from autograder.course import Course
from autograder.engine import journal
from autograder.engine.grade_submission import regrade_submission
from autograder.engine.plan import GradingPlan
from autograder.engine.results import CheckResult, Result
from autograder.engine.run import run_header
from autograder.engine.run_folder import folder_name, replace_file
from autograder.engine.session import Listener, Message
from autograder.engine.worker_pool import start_engine
from autograder.errors import StaffError, StudentError
from autograder.notebook import Question
from autograder.platforms.grading_plan import grading_plan
from autograder.report import explain, load_run
from autograder.report.load_run import Run
from autograder.report.write import write_reports
from autograder.submission.interpret import match_submission


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
    past = load_run.load(out, course)
    chosen = [_find_result(past, student) for student in students]
    data = [_submission_bytes(past, result) for result in chosen]
    recipe = _load_plan(past)
    if question:
        _find_question(recipe, question)
    ungraded = 0
    with journal.Journal.open(out, run_header(recipe)) as kept, start_engine(recipe) as engine:
        for result, content in zip(chosen, data, strict=True):
            again = regrade_submission(result, content, engine.workers[0], question=question)
            kept.append(again)
            ungraded += len(again.ungraded_checks)
            for line in _outcome_changes(result, again):
                console.print(line, markup=False, soft_wrap=True)
    now = load_run.load(out, course)
    write_reports(now, recipe.source)
    return 2 if ungraded else 0


def explain_question(course: Course, out: Path, student: str, question: str) -> Path:
    """Run the checks of one question again and write a page of all that they saw, for staff.

    No mark changes.

    Raises:
        StaffError: as for ``regrade``.
    """
    past = load_run.load(out, course)
    result = _find_result(past, student)
    data, recipe = _submission_bytes(past, result), _load_plan(past)
    asked = _find_question(recipe, question)
    calls = _CallRecorder()
    with start_engine(recipe) as engine:
        again = regrade_submission(result, data, engine.workers[0], question=question, listener=calls)
    seen = [
        explain.CheckRerun(
            check,
            _find_check(result, check.cell.id),
            _find_check(again, check.cell.id),
            tuple(calls.by_check.get(check.cell.id, ())),
        )
        for check in asked.checks
    ]
    path = out / folder_name(student) / f"appeal-{question}.html"
    answers = _answer_texts(data, recipe, question)
    replace_file(path, explain.page(result, question, answers, seen, title=past.assignment.title))
    return path


class _CallRecorder(Listener):
    """Keeps what each check asked, by its id."""

    def __init__(self) -> None:
        self.by_check: dict[str, list[explain.Call]] = {}

    def on_call(self, check: str, call: Message, reply: Message) -> None:
        self.by_check.setdefault(check, []).append(explain.format_call(call, reply))


def _load_plan(run: Run) -> GradingPlan:
    header = journal.read(run.out).header
    recipe = grading_plan(run.assignment, header.dataset)
    if other := journal.differences(header, run_header(recipe)):
        raise StaffError(
            f"{run.out}: was graded before a change of {other}; grade the class again with `course grade`"
        )
    return recipe


def _find_question(plan: GradingPlan, name: str) -> Question:
    known = {question.name: question for question in plan.source.questions if question.checks}
    if name not in known:
        raise StaffError(f"no question {name!r} that is graded by checks; known: {', '.join(known)}")
    return known[name]


def _find_result(run: Run, student: str) -> Result:
    known = {result.student: result for result in run.results}
    if student not in known:
        close = difflib.get_close_matches(student, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it holds {len(known)} students"
        raise StaffError(f"{run.out}: no student {student!r}; {hint}")
    return known[student]


def _submission_bytes(run: Run, result: Result) -> bytes:
    data = run.submission(result)
    if data is None:
        raise StaffError(
            f"{run.out / folder_name(result.student)}: what was graded is not there any more, or could not "
            "be read; name the student's file to `course grade` again"
        )
    return data


def _find_check(result: Result, name: str) -> CheckResult:
    return next(check for check in result.checks if check.id == name)


def _answer_texts(data: bytes, plan: GradingPlan, question: str) -> list[str]:
    try:
        steps = match_submission(data, plan.source, plan.assignment).steps
    except StudentError:
        return []
    return [step.text for step in steps if step.question == question and step.kind == "answer"]


def _outcome_changes(before: Result, after: Result) -> Iterator[str]:
    yield f"{after.student}: {before.earned:g} → {after.earned:g} of {after.points:g}"
    for old, new in zip(before.checks, after.checks, strict=True):
        if old.outcome is not new.outcome:
            yield f"  {new.id}: {old.outcome.value} → {new.outcome.value}"
