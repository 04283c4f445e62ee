"""The files that a run leaves for people and platforms; all of it is derived from its results."""

from pathlib import Path

from autograder import known_answers
from autograder.engine.results import Result
from autograder.engine.run_folder import folder_name
from autograder.files import replace_file
from autograder.notebook import Source
from autograder.report import gradebook, pages, results_json, similarity
from autograder.report.gradebook import summary_table
from autograder.report.load_run import Run
from autograder.report.marks import marks_without_roster as marks_alone
from autograder.report.submission_view import SubmissionView, view_submission

__all__ = ["summary_table", "write_reports", "write_student"]


def write_reports(run: Run, source: Source, out: Path | None = None) -> None:
    """Write the files of every student and of the class.

    Args:
        run: of two results of one student, the later counts.
        source: with literals for facts, as students got it.
        out: a folder; by default the run's own.

    Raises:
        AuthorError: a known answer does not say what it is.
        StaffError: the disk is full or read-only; each file is as it was or whole.
    """
    out = out or run.out
    latest = tuple({result.student: result for result in run.results}.values())
    answers = {result.student: write_student(run, result, source, out).answers for result in latest}
    known = similarity.reference_answers(source, known_answers.load(run.assignment))
    replace_file(out / gradebook.NAME, gradebook.dump(run.marks or marks_alone(latest)))
    page = pages.report(
        latest,
        title=run.assignment.title,
        headings=_headings(source),
        similar_pairs=similarity.similar_pairs(answers, known),
        answers=answers,
    )
    replace_file(out / pages.REPORT, page)


def write_student(run: Run, result: Result, source: Source, out: Path | None = None) -> SubmissionView:
    """Write ``results.json`` and ``feedback.html`` of one student; only staff may read them.

    Returns:
        What the student handed in, as far as it was kept.

    Raises:
        StaffError: the disk is full or read-only; each file is as it was or whole.
    """
    folder = (out or run.out) / folder_name(result.student)
    work = view_submission(run.submission(result), source, run.assignment)
    page = pages.feedback(
        result, title=run.assignment.title, headings=_headings(source), stored_outputs=work.stored_outputs
    )
    replace_file(folder / results_json.NAME, results_json.dump(result))
    replace_file(folder / pages.FEEDBACK, page)
    return work


def _headings(source: Source) -> dict[str, str]:
    return {question.name: question.title for question in source.questions}
