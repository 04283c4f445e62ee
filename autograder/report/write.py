"""The files of a run for people and platforms, all of them derived from its results."""

from pathlib import Path

from autograder import known_answers
from autograder.engine.results import Result
from autograder.engine.run_folder import folder_name
from autograder.files import replace_file
from autograder.notebook import Source
from autograder.report import gradebook, pages, results_json, similarity
from autograder.report.load_run import Run
from autograder.report.marks import Mark
from autograder.report.submission_view import SubmissionView, view_submission


def write_reports(run: Run, source: Source, out: Path | None = None) -> None:
    """Write the files of the class and of every student.

    Args:
        run: if a student has two results, the later one counts.
        source: with literals for facts, as in the release.
        out: output directory; by default the run's folder.

    Raises:
        AuthorError: a known answer lacks a key.
        StaffError: the disk is full or read-only; each file is the previous or the complete new one.
    """
    out = out or run.out
    # Of two results of one student the later one counts, as in the journal.
    results = tuple({result.student: result for result in run.results}.values())
    answers = {result.student: write_student(run, result, source, out).answers for result in results}
    references = similarity.reference_answers(source, known_answers.load(run.assignment))
    marks = run.marks or [Mark(result) for result in sorted(results, key=lambda result: result.student)]
    replace_file(out / gradebook.NAME, gradebook.dump(marks))
    page = pages.report(
        results,
        title=run.assignment.title,
        headings=_headings(source),
        similar_pairs=similarity.similar_pairs(answers, references),
        answers=answers,
    )
    replace_file(out / pages.REPORT, page)


def write_student(run: Run, result: Result, source: Source, out: Path | None = None) -> SubmissionView:
    """Write ``results.json`` and ``feedback.html`` of one student, readable by staff only.

    Returns:
        The submission's answers and outputs, as far as the run has stored it.

    Raises:
        StaffError: the disk is full or read-only; each file is the previous or the complete new one.
    """
    folder = (out or run.out) / folder_name(result.student)
    view = view_submission(run.submission(result), source, run.assignment)
    page = pages.feedback(
        result, title=run.assignment.title, headings=_headings(source), stored_outputs=view.stored_outputs
    )
    replace_file(folder / results_json.NAME, results_json.dump(result))
    replace_file(folder / pages.FEEDBACK, page)
    return view


def _headings(source: Source) -> dict[str, str]:
    return {question.name: question.title for question in source.questions}
