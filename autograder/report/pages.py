"""The files of a run for people and platforms; its pages ``feedback.html`` and ``report.html``.

A page is self-contained. Nothing runs in a student's page; in the staff's page one script,
``sort.js``, sorts a table, and the page's policy allows no other. Every text passes ``_sanitize``
on its way into a page and is escaped after that, even where a template forgets to ask for it.
"""

import base64
import hashlib
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder import known_answers
from autograder.checks import Outcome
from autograder.engine.journal import folder_name
from autograder.engine.misconceptions import misconception_message
from autograder.engine.results import CheckResult, GradingStatus, Result
from autograder.files import MEBIBYTE, replace_file
from autograder.notebook import Source
from autograder.report import results_json, similarity, summary
from autograder.report.load_run import Account, Run
from autograder.report.marks import display_names, total
from autograder.report.similarity import MAX_PAIRS, SimilarPair
from autograder.report.submission_view import Figure, StoredOutputs, SubmissionView, view_submission
from autograder.text import NO_ASCII_ALPHANUMERICS, QUESTION_NUMBER, multi_line, one_line

FEEDBACK = "feedback.html"
REPORT = "report.html"

_MAX_LENGTH = 700
_MAX_FIXES = 3
_MAX_FILES = 2_000
"""Files that the report lists; all of them are in the run's ``files.json``."""

_TEMPLATES = Path(__file__).parent / "templates"
_EMPTY: Mapping[str, Any] = MappingProxyType({})

OUTCOME_TEXTS: Mapping[Outcome, str] = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "not right yet",
    Outcome.ERRORED: "stopped with an error",
    Outcome.BLOCKED: "could not start",
    Outcome.REVIEW: "staff will look at it",
    Outcome.UNGRADED: "not graded because of a grader error",
}


def write_reports(
    run: Run,
    source: Source,
    out: Path | None = None,
    *,
    written: Mapping[str, Mapping[str, str]] = _EMPTY,
) -> None:
    """Write the files of the class and of every student.

    Args:
        run: if a student has two results, the later one counts.
        source: with literals for facts, as in the release.
        out: output directory; by default the run's folder.
        written: the answers of the students whose files are up to date there, by question.

    Raises:
        AuthorError: a known answer lacks a key.
        StaffError: the disk is full or read-only; each file is the previous or the complete new one.
    """
    out = out or run.out
    # Of two results of one student the later one counts, as in the journal.
    latest = {result.student: result for result in run.results}
    results = [latest[student] for student in sorted(latest)]
    names = display_names(run.marks)
    answers = dict(written)
    for result in results:
        if result.student not in written:
            name = names.get(result.student, "")
            answers[result.student] = write_student(run, result, source, out, name=name).answers
    similar_pairs: Sequence[SimilarPair] = ()
    if len(answers) > 1:
        references = similarity.reference_answers(source, known_answers.load(run.assignment))
        similar_pairs = similarity.similar_pairs(answers, references)
    replace_file(out / summary.GRADES_NAME, summary.dump_grades(run.marks))
    page = report(
        sorted(results, key=lambda result: names.get(result.student, result.student)),
        title=run.assignment.title,
        headings=_headings(source),
        names=names,
        unfinished=run.unfinished,
        similar_pairs=similar_pairs,
        answers=answers,
        account=run.account,
    )
    replace_file(out / REPORT, page)


def write_student(
    run: Run, result: Result, source: Source, out: Path | None = None, *, name: str = ""
) -> SubmissionView:
    """Write one student's files: ``results.json`` and ``feedback.html``, and ``results.staff.json``.

    All are readable by staff only; a student may get the first two.

    Args:
        run: where the submission is stored.
        result: the student's result.
        source: with literals for facts, as in the release.
        out: output directory; by default the run's folder.
        name: the person's name if it is known.

    Returns:
        The submission's answers and outputs, as far as the run has stored it.

    Raises:
        StaffError: the disk is full or read-only; each file is the previous or the complete new one.
    """
    folder = (out or run.out) / folder_name(result.student)
    view = view_submission(run.submission(result), source, run.assignment)
    replace_file(folder / results_json.NAME, results_json.dump(result))
    replace_file(folder / results_json.STAFF_NAME, results_json.dump_for_staff(result))
    page = feedback(
        result,
        title=run.assignment.title,
        headings=_headings(source),
        stored_outputs=view.stored_outputs,
        name=name,
        answers=view.answers,
    )
    replace_file(folder / FEEDBACK, page)
    return view


def _headings(source: Source) -> dict[str, str]:
    return {question.name: question.title for question in source.questions}


def feedback(
    result: Result,
    *,
    title: str,
    headings: Mapping[str, str] = _EMPTY,
    stored_outputs: Mapping[str, StoredOutputs] = _EMPTY,
    name: str = "",
    answers: Mapping[str, str] = _EMPTY,
) -> bytes:
    """Return the page that a student reads: what to fix first, then each check, no hidden value.

    Args:
        result: the student's result.
        title: the assignment's.
        headings: titles by question, where they have one.
        stored_outputs: outputs in the submission itself, by question.
        name: the person's name if it is known.
        answers: the student's code, by question.
    """
    shown = result.for_student()
    return render(
        "feedback.html.j2",
        result=shown,
        fixes=first_fixes(shown),
        answers=answers,
        title=title,
        headings=headings,
        stored_outputs=stored_outputs,
        name=name,
    )


class Fix(NamedTuple):
    """One thing to fix."""

    question: str
    points: float
    """Points of the question's checks that did not pass."""

    sentence: str
    """What its first check found, a visible one if possible."""


def first_fixes(result: Result) -> list[Fix]:
    """Return where a student gains most, at most three questions; nothing that people have marked.

    Args:
        result: as its student may read it.
    """
    failures: dict[str, list[CheckResult]] = defaultdict(list)
    for check in result.checks:
        is_lost = check.has_score and check.outcome is not Outcome.PASSED
        if is_lost and check.question not in result.staff_marks:
            failures[check.question].append(check)
    fixes = []
    for question, checks in failures.items():
        first = min(checks, key=lambda check: check.hidden)
        sentence = first.message
        if first.outcome is not Outcome.BLOCKED:
            sentence = f"{first.title}: {first.message}" if first.message else first.title
        fixes.append(Fix(question, sum(check.points for check in checks), sentence))
    fixes.sort(key=lambda fix: -fix.points)
    return fixes[:_MAX_FIXES]


def report(
    results: Sequence[Result],
    *,
    title: str,
    headings: Mapping[str, str] = _EMPTY,
    names: Mapping[str, str] = _EMPTY,
    unfinished: str = "",
    similar_pairs: Sequence[SimilarPair] = (),
    answers: Mapping[str, Mapping[str, str]] = _EMPTY,
    account: Account | None = None,
) -> bytes:
    """Return the page that staff read: the class, its questions and checks, every student.

    Args:
        results: one of each student, in the order of the table.
        title: the assignment's.
        headings: titles by question, where they have one.
        names: people's names by student, where they are known.
        unfinished: why there are no results of some students yet; empty if all are graded.
        similar_pairs: pairs with unexplained similarities, see ``similarity``.
        answers: code by student and question, shown for similar pairs.
        account: what became of every file.
    """
    flagged = summary.group_by_flag(results)
    # The policy admits exactly the script with this digest; anything injected is refused.
    script = Markup((_TEMPLATES / "sort.js").read_text(encoding="utf-8"))
    return render(
        "report.html.j2",
        results=results,
        title=title,
        headings=headings,
        names=names,
        unfinished=unfinished,
        points=max((result.points for result in results), default=0.0),
        flagged=flagged,
        flagged_count=len({result.student for group in flagged.values() for result in group}),
        similar_pairs=similar_pairs,
        max_pairs=MAX_PAIRS,
        answers=answers,
        account=account,
        max_files=_MAX_FILES,
        script=script,
        script_sha256=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _sanitize(value: Any) -> Any:
    """Return what Jinja then escapes: one line without control characters, or trusted markup."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return one_line(value, _MAX_LENGTH)
    return value


def question_title(name: str, headings: Mapping[str, str] = _EMPTY) -> str:
    """Return a question's name for people: ``q3`` as ``Question 3``, with its heading."""
    number = QUESTION_NUMBER.sub(r"Question \1", name)
    return f"{number}: {headings[name]}" if headings.get(name) else number


def with_period(text: str) -> str:
    """Return a text that ends like a sentence."""
    return text if text[-1:] in ("", *".!?…:") else f"{text}."


# StrictUndefined: a name that a template misspells is an error and not an empty text.
ENVIRONMENT = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_sanitize,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters.update(
    anchor=lambda name: "question-" + NO_ASCII_ALPHANUMERICS.sub("-", name),
    # Escaped here, because _sanitize would join the lines of a text that is not yet markup.
    code=lambda text, length=6_000, lines=120: escape(multi_line(text, length, lines)),
    # Markup, because base64 needs no escaping and is far longer than _MAX_LENGTH.
    data_uri=lambda figure: Markup(f"data:{figure.media_type};base64,{figure.base64}"),
    # Quoted as bytes: a student's name may be a file name that is not UTF-8.
    link=lambda student: f"./{quote(os.fsencode(folder_name(student)), safe='')}/{FEEDBACK}",
    mebibytes=lambda size_bytes: f"{size_bytes / MEBIBYTE:,.0f}",
    mean=lambda values: fmean(values) if values else None,
    median=lambda values: median(values) if values else None,
    misconception=misconception_message,
    number=summary.format_points,
    percent=lambda share: f"{100 * share:.0f} %",
    question=question_title,
    sentence=lambda text: with_period(one_line(text, _MAX_LENGTH - 1)),
    short=one_line,
    outcome_text=OUTCOME_TEXTS.__getitem__,
)
ENVIRONMENT.tests["figure"] = lambda part: isinstance(part, Figure)
ENVIRONMENT.globals.update(Outcome=Outcome, GradingStatus=GradingStatus, summary=summary, total=total)


def render(template: str, **values: Any) -> bytes:
    """Return a page made from one of the templates."""
    return ENVIRONMENT.get_template(template).render(values).encode("utf-8")
