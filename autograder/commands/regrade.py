"""``course regrade`` and ``course explain``: rerun checks on the submissions that a run stored."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from autograder.build.compile import prepare
from autograder.course import Course
from autograder.engine import journal
from autograder.engine.grade_submission import regrade_submission
from autograder.engine.plan import GradingPlan, grading_plan
from autograder.engine.results import Result, RunListener
from autograder.engine.run import run_header, start_engine
from autograder.engine.run_folder import folder_name
from autograder.errors import StaffError, StudentError
from autograder.files import replace_file
from autograder.notebook import Question
from autograder.report import explain, load_run
from autograder.report.load_run import Run
from autograder.report.write import write_reports
from autograder.submission.match import match_submission


def regrade(
    course: Course, out: Path, students: Sequence[str], console: Console, *, question: str = ""
) -> int:
    """Regrade students from their stored submissions and print what changed; return the exit code.

    Args:
        question: the only question whose checks run again; empty for all.

    Raises:
        StaffError: a student or the question does not exist, a stored submission is missing, or
            the run was graded before a change of the source or of a version.
    """
    past_run = load_run.load(out, course)
    results = [_find_result(past_run, student) for student in students]
    contents = [_read_submission(past_run, result) for result in results]
    plan = _load_plan(past_run)
    if question:
        _find_question(plan, question)
    ungraded_count = 0
    with journal.Journal.open(out, run_header(plan)) as open_journal, start_engine(plan) as engine:
        for before, content in zip(results, contents, strict=True):
            after = regrade_submission(before, content, engine.workers[0], question=question)
            # The last line of a student counts, so the journal needs no rewriting.
            open_journal.append(after)
            ungraded_count += len(after.ungraded_checks)
            for line in _outcome_changes(before, after):
                console.print(line, markup=False, soft_wrap=True)
    write_reports(load_run.load(out, course), plan.source)
    return 2 if ungraded_count else 0


def explain_question(course: Course, out: Path, student: str, question_name: str) -> Path:
    """Rerun the checks of one question and write a staff-only page of all calls and replies.

    The run's marks are not changed.

    Raises:
        StaffError: as for ``regrade``.
    """
    past_run = load_run.load(out, course)
    result = _find_result(past_run, student)
    content = _read_submission(past_run, result)
    plan = _load_plan(past_run)
    question = _find_question(plan, question_name)
    # A listener sees hidden inputs and expected values: the page is for staff, the run folder private.
    recorder = _CallRecorder()
    with start_engine(plan) as engine:
        rerun = regrade_submission(
            result, content, engine.workers[0], question=question_name, listener=recorder
        )
    before = {check.id: check for check in result.checks}
    after = {check.id: check for check in rerun.checks}
    rows = []
    for check in question.checks:
        name = check.cell.id
        calls = tuple(recorder.calls_by_check.get(name, ()))
        rows.append(explain.CheckRerun(check, before[name], after[name], calls))
    path = out / folder_name(student) / f"explain-{question_name}.html"
    answers = _answer_texts(content, plan, question_name)
    replace_file(path, explain.page(result, question_name, answers, rows, title=past_run.assignment.title))
    return path


class _CallRecorder(RunListener):
    """Collects the calls that each check makes."""

    def __init__(self) -> None:
        self.calls_by_check: dict[str, list[explain.Call]] = {}

    def on_call(self, check: str, call: dict[str, Any], reply: dict[str, Any]) -> None:
        self.calls_by_check.setdefault(check, []).append(explain.format_call(call, reply))


def _load_plan(run: Run) -> GradingPlan:
    """Compile the run's assignment and make sure that it is still what the run was graded with."""
    header = journal.read(run.out).header
    prepared = prepare(run.assignment)
    plan = grading_plan(run.assignment, prepared.source, prepared.files, header.dataset)
    # New checks on old marks, or the reverse, would mix two gradings in one table.
    if changes := journal.differences(header, run_header(plan)):
        raise StaffError(
            f"{run.out}: was graded before a change of {changes}; grade the class again with `course grade`"
        )
    return plan


def _find_question(plan: GradingPlan, name: str) -> Question:
    questions = {question.name: question for question in plan.source.questions if question.checks}
    if name not in questions:
        raise StaffError(f"no question {name!r} that is graded by checks; use one of: {', '.join(questions)}")
    return questions[name]


def _find_result(run: Run, student: str) -> Result:
    results = {result.student: result for result in run.results}
    if student not in results:
        close_names = difflib.get_close_matches(student, results, n=1)
        hint = f"did you mean {close_names[0]!r}?" if close_names else f"it has {len(results)} students"
        raise StaffError(f"{run.out}: no student {student!r}; {hint}")
    return results[student]


def _read_submission(run: Run, result: Result) -> bytes:
    data = run.submission(result)
    # Missing, or with another digest than the bytes that were graded.
    if data is None:
        raise StaffError(
            f"{run.out / folder_name(result.student)}: the graded submission is missing or could not be "
            "read when it was graded; name the student's file to `course grade` again"
        )
    return data


def _answer_texts(content: bytes, plan: GradingPlan, question: str) -> list[str]:
    try:
        steps = match_submission(content, plan.source, plan.assignment).steps
    except StudentError:
        return []
    return [step.text for step in steps if step.question == question and step.kind == "answer"]


def _outcome_changes(before: Result, after: Result) -> Iterator[str]:
    yield f"{after.student}: {before.earned:g} → {after.earned:g} of {after.points:g}"
    for old, new in zip(before.checks, after.checks, strict=True):
        if old.outcome is not new.outcome:
            yield f"  {new.id}: {old.outcome.value} → {new.outcome.value}"
