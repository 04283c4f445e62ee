"""A run as other systems read it: one file for each format.

``canvas.csv``: the columns before the assignment's are those of Canvas' own export. It identifies a
student by the first of ``ID``, ``SIS User ID`` and ``SIS Login ID`` that it knows, and reads the name
only where none is given; the assignment by the number after its title, or else by the exact title.
(Canvas LMS, ``lib/gradebook_importer.rb``, ``lib/gradebook_exporter.rb``.)

``moodle.csv``: a grading worksheet of the assignment. Moodle identifies a student by the number in
``Identifier``, which belongs to this assignment alone and is in the names of downloaded files. It
requires the columns ``Grade`` and ``Last modified (grade)``, ignores names, and skips empty grades;
the column names are those of an English Moodle.
(Moodle, ``mod/assign/feedback/offline/importgradeslib.php`` and ``locallib.php``.)

``junit.xml``: a suite for each student, a case for each check. A failed or blocked check is a
``failure`` (skipped cases would look as if all were well), an errored or ungraded one an ``error``,
and one on which a person must decide is ``skipped``. A question that staff marked is one case.
GitLab shows the text of these elements, other systems their ``message``. There are no times.

``summary.md``: points and sentences in GitHub's Markdown, for a job's summary or a comment.

``feedback-canvas.zip``, ``feedback-moodle.zip``: see ``feedback_archives``.

``annotations.txt``: lines that GitHub Actions shows with a run when a step prints them, one for each
question that lost points. (GitHub, "Workflow commands for GitHub Actions"; ``escapeData`` and
``escapeProperty`` in its toolkit.) GitHub shows ten errors of a step.

What a student reads there is the same as on the feedback page: hints, but no hidden value.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from markupsafe import Markup

from autograder.checks import Outcome
from autograder.engine.results import CheckResult, Result
from autograder.errors import StaffError
from autograder.files import replace_file
from autograder.report import feedback_archives, summary
from autograder.report.feedback_archives import canvas_place, moodle_place
from autograder.report.load_run import Run
from autograder.report.marks import Mark, join_names, mark_remarks
from autograder.report.pages import ENVIRONMENT, OUTCOME_TEXTS, render, with_period
from autograder.report.results_json import CHECK_IN_REVIEW, CHECK_NOT_GRADED, lost_checks, staff_sentence
from autograder.report.roster import dump_csv, escape_formula
from autograder.report.summary import format_points
from autograder.text import MARKDOWN_CHARACTER, REFERENCE, one_line

NBGRADER = "nbgrader"
"""The format that ``platforms.nbgrader_gradebook`` writes, because it needs the build."""

MAX_LENGTH = 60_000
"""Characters of ``summary.md``; a comment on GitHub holds 65,536."""

_TRUNCATED = "\n\nThe rest does not fit here; the run's pages have all of it.\n"
_JOINER = "\u2060"  # invisible, and not a break: to a machine, the text around it is not one word


def export(run: Run, name: str, out: Path | None = None) -> Path:
    """Write a run in a format and return the file.

    Args:
        run: what to write.
        name: a key of ``FORMATS``.
        out: output directory; by default the run's folder.

    Raises:
        StaffError: there is no such format, nobody could be identified, or the file cannot be written.
    """
    if name not in FORMATS:
        raise StaffError(f"no format {name!r}; use one of: {', '.join([*FORMATS, NBGRADER])}")
    file_name, dump = FORMATS[name]
    path = (out or run.out) / file_name
    replace_file(path, dump(run))
    return path


def remarks(run: Run, name: str) -> tuple[str, ...]:
    """Return what the user of an export should know about its marks, one sentence each."""
    sentences = [*filter(None, [run.unfinished]), *mark_remarks(run.marks)]
    identify = {"canvas": _canvas_ids, "moodle": _moodle_identifier}.get(name)
    if identify:
        omitted = [mark.label for mark in run.marks if not identify(mark)]
        ungraded = [mark.label for mark in run.marks if mark.result and mark.result.ungraded_checks]
        review = [mark.label for mark in run.marks if mark.result and mark.result.review_checks]
        manual = {question for result in run.results for question in result.unmarked_questions}
        for reason, names in (
            (f"Omitted because {name.title()} could not identify them", omitted),
            ("Empty because not everything is graded", ungraded),
            ("Empty because a person must decide; see report.html", review),
            ("Without the points for manually graded questions", sorted(manual)),
        ):
            if names:
                sentences.append(f"{reason}: {join_names(names)}.")
    if name in FEEDBACK_PLACES and (names := feedback_archives.omitted(run, FEEDBACK_PLACES[name])):
        sentences.append(f"Omitted because their names on the platform are unknown: {join_names(names)}.")
    return tuple(sentences)


def dump_canvas(run: Run) -> bytes:
    """Return the bytes of ``canvas.csv``.

    Raises:
        StaffError: no student has an id in Canvas, a school's number or a login.
    """
    assignment = run.assignment
    title = f"{assignment.title} ({assignment.canvas_id})" if assignment.canvas_id else assignment.title
    rows = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", escape_formula(title)],
        ["    Points Possible", "", "", "", "", _max_points(run)],
    ]
    for mark in run.marks:
        ids = _canvas_ids(mark)
        if ids:
            section = escape_formula(mark.row.section)
            # Ungraded work is an empty cell: Canvas would record a zero.
            rows.append([_name(mark), *ids, section, format_points(mark.complete_total)])
    if len(rows) == 2:
        raise StaffError(f"{run.out}: no student has an id for Canvas; add a class list with --roster")
    return dump_csv(rows)


def _canvas_ids(mark: Mark) -> tuple[str, ...]:
    """Return a student's ids in Canvas, the school and the login; nothing if all are unknown."""
    ids = mark.result.ids if mark.result else {}
    canvas_id, school_id = mark.row.canvas_id or ids.get("canvas", ""), mark.row.id
    if not mark.student:  # the roster refuses ids that a spreadsheet would evaluate, a platform does not
        school_id = ids.get("id", "")
        if escape_formula(school_id) != school_id:
            school_id = ""
    if mark.unmatched_reason or not any((canvas_id, school_id, mark.row.student)):
        return ()
    return canvas_id, school_id, mark.row.student


def dump_moodle(run: Run) -> bytes:
    """Return the bytes of ``moodle.csv``.

    Raises:
        StaffError: no student has a number in Moodle.
    """
    rows = [
        ["Identifier", "Full name", "Email address", "Grade", "Maximum Grade", "Last modified (grade)"],
    ]
    max_points = _max_points(run)
    for mark in run.marks:
        identifier = _moodle_identifier(mark)
        if identifier:
            email, points = escape_formula(mark.row.email), format_points(mark.complete_total)
            rows.append([identifier, _name(mark), email, points, max_points, "-"])
    if len(rows) == 1:
        raise StaffError(f"{run.out}: no student has a moodle_id; add a class list with --roster")
    return dump_csv(rows)


def _moodle_identifier(mark: Mark) -> str:
    """Return Moodle's identifier of a participant; nothing if the number is unknown."""
    number = mark.row.moodle_id
    if not number and not mark.row.group and mark.result:  # the file of a group has the group's number
        number = mark.result.ids.get("moodle", "")
    return f"Participant {number}" if number and not mark.unmatched_reason else ""


def _max_points(run: Run) -> str:
    """Return the points of all questions that the run has results for, hand-graded ones included."""
    return format_points(sum(summary.question_points(run.results).values()))


def _name(mark: Mark) -> str:
    """Return a person's name for people to read; the systems go by ids."""
    return escape_formula(mark.name or mark.label)


def dump_junit(run: Run) -> bytes:
    """Return the bytes of ``junit.xml``."""
    results = []
    for result in _for_students(run).results:
        checks = [check for check in result.checks if check.question not in result.staff_marks]
        for question in result.staff_marks:
            earned, points = result.questions()[question]
            outcome = Outcome.PASSED if earned >= points else Outcome.FAILED
            message = staff_sentence(result, question)
            checks.append(
                CheckResult(f"{question}-staff", question, "marked by staff", False, points, outcome, message)
            )
        results.append(replace(result, checks=tuple(checks)))
    return render("junit.xml.j2", run=replace(run, results=tuple(results)), sentences=_sentences)


def dump_markdown(run: Run) -> bytes:
    """Return the bytes of ``summary.md``, a section for each student."""
    text = _render("summary.md.j2", run, _escape_markdown)
    if len(text) > MAX_LENGTH:
        # Whole paragraphs: a table or a list that is cut would take the next line for its own.
        text = text[: MAX_LENGTH - len(_TRUNCATED)].rpartition("\n\n")[0] + _TRUNCATED
    return text.encode("utf-8")


def _escape_markdown(text: str) -> str:
    """Return text in which no character means anything to Markdown or HTML, and nothing is a link.

    A character reference never structures Markdown, but GitHub looks for mentions and links in the
    text that it decodes to; so an invisible joiner splits what would be one.
    """
    split = REFERENCE.sub(_JOINER, one_line(text, MAX_LENGTH))
    return MARKDOWN_CHARACTER.sub(lambda character: f"&#{ord(character[0])};", split)


def dump_annotations(run: Run) -> bytes:
    """Return the bytes of ``annotations.txt``; none if every point is earned."""
    return _render("annotations.txt.j2", run, _escape_command).encode("utf-8")


def _escape_command(text: str) -> str:
    """Return text that cannot begin a new command, e.g. ``::add-mask::``."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> Markup:
    return Markup(_escape_command(text).replace(":", "%3A").replace(",", "%2C"))


def _render(template: str, run: Run, escape: Callable[[str], str]) -> str:
    """Return a text made from a template, in which all that is not trusted markup passes ``escape``."""

    def finalize(value: Any) -> Any:
        is_escaped = isinstance(value, Markup) or not isinstance(value, str)
        return value if is_escaped else Markup(escape(value))

    functions = {"lost_checks": lost_checks, "points": _points, "escape_property": _escape_property}
    page = ENVIRONMENT.overlay(finalize=finalize).get_template(template)
    return page.render(functions, run=_for_students(run), sentences=_sentences, staff_sentence=staff_sentence)


def _for_students(run: Run) -> Run:
    return replace(run, results=tuple(result.for_student() for result in run.results))


def _points(result: Result, question: str) -> str:
    earned, possible = result.marks()[question], result.questions()[question][1]
    if earned is None:
        is_in_review = any(check.question == question for check in result.review_checks)
        return "staff will look at it" if is_in_review else "not graded yet"
    return f"{format_points(earned)} of {format_points(possible)} points"


def _sentences(check: CheckResult) -> list[str]:
    """Return outcome and hint of a check that did not pass, one line each.

    They may contain text of the student's: each format escapes them in its own way.
    """
    if check.outcome is Outcome.UNGRADED:
        return [CHECK_NOT_GRADED]
    if check.outcome is Outcome.REVIEW:
        return [CHECK_IN_REVIEW, *filter(None, [with_period(one_line(check.message, 300))])]
    sentence = OUTCOME_TEXTS[check.outcome].capitalize()
    message = one_line(check.message, 300)
    if message:
        sentence += f": {message}"
    sentences = [with_period(sentence)]
    if check.hint:
        sentences.append(with_period(f"Hint: {one_line(check.hint, 300)}"))
    return sentences


FEEDBACK_PLACES: Mapping[str, feedback_archives.PlaceOf] = {
    "feedback-canvas": canvas_place,
    "feedback-moodle": moodle_place,
}
"""Formats made of the pages in the run's folder, and where these are in the archive."""

FORMATS: Mapping[str, tuple[str, Callable[[Run], bytes]]] = {
    "csv": (summary.GRADES_NAME, lambda run: summary.dump_grades(run.marks)),
    "junit": ("junit.xml", dump_junit),
    "markdown": ("summary.md", dump_markdown),
    "annotations": ("annotations.txt", dump_annotations),
    "canvas": ("canvas.csv", dump_canvas),
    "moodle": ("moodle.csv", dump_moodle),
    "feedback-canvas": ("feedback-canvas.zip", lambda run: feedback_archives.dump(run, canvas_place)),
    "feedback-moodle": ("feedback-moodle.zip", lambda run: feedback_archives.dump(run, moodle_place)),
}
"""File name and content of each format."""
