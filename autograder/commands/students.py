"""What is done to single students of a run: ``course regrade``, ``explain``, ``mark``, ``delete-student``."""

import html
import math
import re
from collections.abc import Iterable, Iterator, Sequence
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
from autograder.errors import StaffError, name_hint
from autograder.files import RESERVED_NAMES, replace_file
from autograder.report import exports, load_run, roster, summary
from autograder.report.explain import MAX_CALLS, format_call
from autograder.report.marks import find_student
from autograder.report.pages import render, write_reports
from autograder.report.submission_view import view_submission
from autograder.text import one_line

_MAX_REASON_LENGTH = 600
_MIN_SEARCHED_LENGTH = 4
"""Characters; shorter names occur in any file."""

_MIN_SEARCHED_DIGITS = 5
"""Digits; shorter numbers occur in any file."""


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
    console.quiet = False  # each line is a result, which --quiet shows too
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
    path = out / folder_name(result.student) / f"explain-{question}.html"
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
            raise StaffError(f"no question {question!r}; {name_hint(question, possible)}")
        marks = dict(result.staff_marks)
        if points is None:
            if question not in marks:
                raise StaffError(
                    f"{result.student} has no mark by staff for {question}; there is nothing to undo"
                )
            del marks[question]
        else:
            if not (math.isfinite(points) and 0 <= points <= possible[question]):
                raise StaffError(f"{question} can get 0 to {possible[question]:g} points, not {points:g}")
            if not why.strip():
                raise StaffError('a mark needs a reason that the student reads; add --why "…"')
            marks[question] = StaffMark(points, one_line(why, _MAX_REASON_LENGTH))
        marked = replace(result, staff_marks=marks)
        source = prepare(run.assignment).source
        open_journal.append(marked)
    write_reports(load_run.load(out, course), source)
    return marked


def _find_result(run: load_run.Run, student: str) -> Result:
    result = find_student(run.marks, student, run.out)[0].result
    if result is None:
        raise StaffError(f"{run.out}: {student} submitted nothing; grade a file of this student first")
    return result


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
                f"{out / folder_name(result.student)}: the graded submission is missing or could not be "
                "read when it was graded; run `course grade` again with the student's file"
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


def delete_student(course: Course, out: Path, student: str) -> tuple[str, ...]:
    """Delete a student from a run's journal, roster and folders, and rewrite its pages and tables.

    Args:
        student: what names the person, or the label of a group for all of its members.

    Returns:
        What still mentions the student, with what to do, one sentence each.

    Raises:
        AuthorError: the assignment does not compile.
        StaffError: there is no such student, the run is in progress, or it cannot be written.
    """
    run = load_run.load(out, course)
    source = prepare(run.assignment).source
    deleted = find_student(run.marks, student, out)
    # The submission of a group stays as long as another member's mark rests on it.
    others = {mark.result.student for mark in run.marks if mark.result and mark not in deleted}
    texts, labels = set(), set()
    for mark in deleted:
        texts |= {mark.row.student, mark.row.name, mark.row.email, mark.row.id, mark.row.canvas_id}
        if mark.result and mark.result.student not in others:
            labels.add(mark.result.student)
            texts |= {mark.result.student, mark.result.name, *mark.result.ids.values()}
            journal.remove_student(out, mark.result.student, mark.result.name)
            delete_student_folder(out, mark.result.student)
    mentions = _mention_pattern(texts)
    if run.account:
        others |= set(
            load_run.store_account(out, load_run.without_people(run.account, labels, mentions)).students
        )
    rows = [mark.student for mark in deleted if mark.student]
    if rows:
        remaining = tuple(row for row in roster.read(out / roster.NAME) if row not in rows)
        replace_file(out / roster.NAME, roster.dump(remaining))
    for name, _ in exports.FORMATS.values():
        if name != summary.GRADES_NAME and (out / name).is_file():
            (out / name).unlink()  # made again on request only, and has the name until then
    write_reports(load_run.load(out, course), source)
    return tuple(dict.fromkeys(_remaining_mentions(out, others, mentions)))


def _mention_pattern(texts: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of names and numbers as whole words, family name first or not."""
    patterns = ["(?!)"]  # matches nothing
    for text in texts:
        if len(text) >= (_MIN_SEARCHED_DIGITS if text.isdigit() else _MIN_SEARCHED_LENGTH):
            words = re.findall(r"[^\W_]+", text)
            for start in range(len(words)):
                patterns.append(r"[\W_]{1,4}".join((*words[start:], *words[:start])))
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(patterns)})(?![^\W_])", re.IGNORECASE)


def _remaining_mentions(out: Path, others: Iterable[str], mentions: re.Pattern[str]) -> Iterator[str]:
    """Yield what to do about each file that still mentions a student who was deleted."""
    folders = {folder_name(student) for student in others}
    for path in sorted(out.rglob("*")):
        relative = path.relative_to(out)
        # What is made from the results repeats what a student's folder has.
        if not path.is_file() or path.is_symlink() or relative.as_posix() in RESERVED_NAMES:
            continue
        data = path.read_bytes()
        text = html.unescape(data.decode("utf-8", errors="replace"))
        text = re.sub(r"\\u([0-9a-f]{4})", lambda escape: chr(int(escape[1], 16)), text)
        if relative.parts[0] in folders:
            if mentions.search(text):
                folder = out / relative.parts[0]
                yield f"{folder}: another student's submission mentions this student; it was left unchanged."
        elif mentions.search(f"{relative}\n{text}"):
            advice = "delete it by hand"
            if data.startswith(b"SQLite format 3\0"):
                advice = "run `nbgrader db student remove` in the folder of nbgrader's course"
            yield f"{path} still mentions the student: {advice}."
