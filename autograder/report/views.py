"""The files that a run leaves for people and platforms; all of it is derived from its results."""

from pathlib import Path

from autograder import misconceptions
from autograder.grade.folders import folder_name, replace_file
from autograder.grade.results import Result
from autograder.report import gradebook, gradescope, pages, similarity
from autograder.report.gradebook import summary_table
from autograder.report.marks import alone as marks_alone
from autograder.report.runs import Run
from autograder.report.work import Work, work_of
from autograder.source import Source

__all__ = ["summary_table", "write_student", "write_views"]


def write_views(run: Run, source: Source, out: Path | None = None) -> None:
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
    known = similarity.references(source, misconceptions.load(run.assignment))
    replace_file(out / gradebook.NAME, gradebook.dump(run.marks or marks_alone(latest)))
    page = pages.report(
        latest,
        title=run.assignment.title,
        headings=_headings(source),
        alike=similarity.pairs(answers, known),
        answers=answers,
    )
    replace_file(out / pages.REPORT, page)


def write_student(run: Run, result: Result, source: Source, out: Path | None = None) -> Work:
    """Write ``results.json`` and ``feedback.html`` of one student; only staff may read them.

    Returns:
        What the student handed in, as far as it was kept.

    Raises:
        StaffError: the disk is full or read-only; each file is as it was or whole.
    """
    folder = (out or run.out) / folder_name(result.student)
    work = work_of(run.submission(result), source, run.assignment)
    page = pages.feedback(result, title=run.assignment.title, headings=_headings(source), shown=work.shown)
    replace_file(folder / gradescope.NAME, gradescope.dump(result))
    replace_file(folder / pages.FEEDBACK, page)
    return work


def _headings(source: Source) -> dict[str, str]:
    return {question.name: question.title for question in source.questions}
