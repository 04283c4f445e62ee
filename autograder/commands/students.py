"""What is done to single students of a run: ``course regrade``, ``explain``, ``mark``, ``delete-student``."""

import difflib
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from autograder.build.compile import prepare
from autograder.course import Course
from autograder.engine import journal
from autograder.engine.grade_submission import regrade_submission
from autograder.engine.journal import delete_student_folder, folder_name
from autograder.engine.plan import GradingPlan, grading_plan
from autograder.engine.results import Result, StaffMark
from autograder.engine.run import run_header, start_engine
from autograder.errors import StaffError
from autograder.files import replace_file
from autograder.report import account, exports, gradebook, load_run, roster
from autograder.report.explain import MAX_CALLS, format_call
from autograder.report.marks import Mark
from autograder.report.pages import render, write_reports
from autograder.report.submission_view import view_submission
from autograder.text import one_line

_MAX_REASON_LENGTH = 600
_MIN_SEARCHED_LENGTH = 4
"""Characters; shorter names and numbers occur in any file."""


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
    plan, submissions = _load_submissions(course, out, students, question)
    ungraded_count = 0
    with journal.Journal.open(out, run_header(plan)) as open_journal, start_engine(plan) as engine:
        for before, content in submissions:
            after = regrade_submission(before, content, engine.workers[0], question=question)
            # The last line of a student counts, so the journal needs no rewriting.
            after = open_journal.with_staff_marks(after)
            open_journal.append(after)
            ungraded_count += len(after.ungraded_checks)
            lines = [f"{after.student}: {before.earned:g} → {after.earned:g} of {after.points:g}"]
            for old, new in zip(before.checks, after.checks, strict=True):
                if old.outcome is not new.outcome:
                    lines.append(f"  {new.id}: {old.outcome.value} → {new.outcome.value}")
            console.print("\n".join(lines), markup=False, soft_wrap=True)
    write_reports(load_run.load(out, course), plan.source)
    return 2 if ungraded_count else 0


def explain(course: Course, out: Path, student: str, question: str) -> Path:
    """Rerun the checks of one question and write a staff-only page of all calls and replies.

    The run's marks are not changed.

    Raises:
        StaffError: as for ``regrade``.
    """
    plan, [(result, content)] = _load_submissions(course, out, [student], question)
    calls: dict[str, list[tuple[str, str]]] = {}

    # It sees hidden inputs and expected values: the page is for staff, the run folder private.
    def record(check: str, call: dict[str, Any], reply: dict[str, Any]) -> None:
        calls.setdefault(check, []).append(format_call(call, reply))

    with start_engine(plan) as engine:
        rerun = regrade_submission(result, content, engine.workers[0], question=question, on_call=record)
    page = render(
        "explain.html.j2",
        title=plan.assignment.title,
        result=result,
        question=question,
        answer=view_submission(content, plan.source, plan.assignment).answers.get(question, ""),
        codes={check.cell.id: check.code for check in plan.source.checks()},
        new_results={check.id: check for check in rerun.checks},
        calls=calls,
        max_calls=MAX_CALLS,
    )
    path = out / folder_name(student) / f"explain-{question}.html"
    replace_file(path, page)
    return path


def mark(
    course: Course, out: Path, student: str, question: str, *, points: float | None = None, why: str = ""
) -> Result:
    """Set a person's mark for one question and rewrite the pages and tables; it overrides the checks.

    Args:
        points: from 0 to the question's points; None to remove an earlier mark.
        why: the reason, which the student reads.

    Returns:
        The student's result with this mark.

    Raises:
        AuthorError: the assignment does not compile.
        StaffError: the student, the question or the mark does not exist, the points are impossible,
            there is no reason, or the run is in progress.
    """
    header = journal.read(out).header
    with journal.Journal.open(out, header) as open_journal:
        run = load_run.load(out, course)
        result = _find_result(run, student)
        possible = result.possible_points
        if question not in possible:
            raise StaffError(f"no question {question!r}; {_suggest(question, possible, ', '.join(possible))}")
        marks = dict(result.staff_marks)
        if points is None:
            if question not in marks:
                raise StaffError(f"{student} has no mark by staff for {question}; there is nothing to undo")
            del marks[question]
        else:
            if not (math.isfinite(points) and 0 <= points <= possible[question]):
                raise StaffError(f"{question} has 0 to {possible[question]:g} points, not {points:g}")
            if not why.strip():
                raise StaffError('a mark needs a reason that the student reads; add --why "…"')
            marks[question] = StaffMark(points, one_line(why, _MAX_REASON_LENGTH))
        marked = replace(result, staff_marks=marks)
        source = prepare(run.assignment).source
        open_journal.append(marked)
    write_reports(load_run.load(out, course), source)
    return marked


def _find_result(run: load_run.Run, student: str) -> Result:
    results = {result.student: result for result in run.results}
    if student not in results:
        suggestion = _suggest(student, results, f"it has {len(results)} students")
        raise StaffError(f"{run.out}: no student {student!r}; {suggestion}")
    return results[student]


def _suggest(name: str, names: Collection[str], otherwise: str) -> str:
    close_names = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close_names[0]!r}?" if close_names else otherwise


def _load_submissions(
    course: Course, out: Path, students: Sequence[str], question: str
) -> tuple[GradingPlan, list[tuple[Result, bytes]]]:
    """Return what a run was graded with, and the results of some students with what they submitted."""
    run = load_run.load(out, course)
    submissions = []
    for student in students:
        result = _find_result(run, student)
        data = run.submission(result)
        # Missing, or with another digest than the bytes that were graded.
        if data is None:
            raise StaffError(
                f"{out / folder_name(student)}: the graded submission is missing or could not be "
                "read when it was graded; name the student's file to `course grade` again"
            )
        submissions.append((result, data))
    header = journal.read(out).header
    prepared = prepare(run.assignment)
    plan = grading_plan(run.assignment, prepared.source, prepared.files, header.dataset)
    # New checks on old marks, or the reverse, would mix two gradings in one table.
    if changes := journal.differences(header, run_header(plan)):
        raise StaffError(
            f"{out}: was graded before a change of {changes}; grade the class again with `course grade`"
        )
    names = [checked.name for checked in plan.source.questions if checked.checks]
    if question and question not in names:
        raise StaffError(f"no question {question!r} that is graded by checks; use one of: {', '.join(names)}")
    return plan, submissions


def delete_student(course: Course, out: Path, student: str) -> tuple[Path, ...]:
    """Delete a student from a run's journal, roster and folders, and rewrite its pages and tables.

    Args:
        student: the name in ``grades.csv``, or the label in the roster.

    Returns:
        Files in the run's folder that still mention the student.

    Raises:
        AuthorError: the assignment does not compile.
        StaffError: there is no such student, the run is in progress, or it cannot be written.
    """
    run = load_run.load(out, course)
    source = prepare(run.assignment).source
    marks = [mark for mark in run.marks if student and student in (mark.label, mark.row.label)]
    others = {mark.result.student for mark in run.marks if mark.result and mark not in marks}
    if not marks:
        raise StaffError(f"{out}: no student {student!r}; write the name as in {gradebook.NAME}")
    arrived = run.account
    for mark in marks:
        # The submission of a group stays as long as another member's mark rests on it.
        if mark.result and mark.result.student not in others:
            journal.remove_student(out, mark.result.student, mark.result.name)
            delete_student_folder(out, mark.result.student)
            if arrived:
                arrived = account.store(out, account.without_student(arrived, mark.result.student))
    rows = [mark.student for mark in marks if mark.student]
    if rows:
        remaining = tuple(row for row in roster.read(out / roster.NAME) if row not in rows)
        replace_file(out / roster.NAME, roster.dump(remaining))
    for name in (exports.CANVAS_NAME, exports.MOODLE_NAME):
        (out / name).unlink(missing_ok=True)  # made again on request only, and has the name until then
    write_reports(load_run.load(out, course), source)
    return tuple(_files_mentioning(out, marks))


def _files_mentioning(out: Path, marks: Sequence[Mark]) -> Iterator[Path]:
    texts: set[str] = set()
    for mark in marks:
        texts |= {mark.row.label, mark.row.name, mark.row.email, mark.row.id}
        if mark.result:
            texts |= {mark.result.student, mark.result.name, *mark.result.ids.values()}
    searched = [text.encode() for text in texts if len(text) >= _MIN_SEARCHED_LENGTH]
    for path in sorted(out.rglob("*")):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            if any(text in data for text in searched):
                yield path
