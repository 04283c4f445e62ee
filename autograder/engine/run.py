"""A run: submissions in, results out; resumes where an earlier one stopped."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from autograder.engine.grade_submission import with_submitter
from autograder.engine.journal import Header, Journal, Key
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result, RunListener
from autograder.engine.run_folder import store_submission
from autograder.engine.versions import versions
from autograder.engine.worker_pool import StartBackend
from autograder.errors import StaffError
from autograder.submission.archives import FileEntry
from autograder.submission.discover import StudentSubmission


def grade(
    plan: GradingPlan,
    submissions: Sequence[StudentSubmission],
    out: Path,
    start: StartBackend,
    listener: RunListener,
    *,
    force: bool = False,
) -> tuple[Result, ...]:
    """Grade submissions into a journal; those that it holds already are not graded again.

    Args:
        start: begins the work of the workers; not called if there is none.
        force: grade also what is finished.

    Returns:
        The results of all submissions that were named, in their order.

    Raises:
        StaffError: the journal cannot be gone on with, or nobody can grade.
    """
    with Journal.open(out, run_header(plan)) as journal:
        results = {} if force else _finished_results(submissions, journal)
        new = _group_by_file([one for one in submissions if one.student not in results])

        def store_result(result: Result) -> None:
            for one in new[result.student]:
                if one.student != result.student:
                    _store_copy(one, out)
                own = with_submitter(replace(result, student=one.student), one)
                journal.append(own)
                results[one.student] = own
                listener.on_graded(own)

        students = [one.student for alike in new.values() for one in alike]
        listener.on_start(len(results), students, journal.remarks)
        if new:
            with start(len(new)) as workers:
                workers.grade([alike[0] for alike in new.values()], store_result, out=out)
    return tuple(results[one.student] for one in submissions)


def run_header(plan: GradingPlan) -> Header:
    """Return what a run grades against."""
    digests = plan.source_sha256, plan.kit_sha256, plan.config_sha256
    isolation = plan.assignment.grading.isolation.value
    return Header(plan.assignment.name, *digests, plan.dataset, isolation, versions())


def _finished_results(submissions: Sequence[StudentSubmission], journal: Journal) -> dict[str, Result]:
    """Return the results that are there; what is told of who handed in may be newer."""
    results, done = {}, journal.finished_results
    for one in submissions:
        known = done.get(Key(one.student, _sha256(one)))
        if known is None:
            continue
        if (told := with_submitter(known, one)) != known:
            journal.append(told)
        results[one.student] = told
    return results


def _group_by_file(submissions: Sequence[StudentSubmission]) -> dict[str, list[StudentSubmission]]:
    """Return what is to be graded by the student in whose name; a group's files are graded once."""
    alike: dict[FileEntry, list[StudentSubmission]] = {}
    for one in submissions:
        alike.setdefault(one.entry, []).append(one)
    return {same[0].student: same for same in alike.values()}


def _store_copy(submission: StudentSubmission, out: Path) -> None:
    try:
        data = submission.data
    except StaffError:
        return  # gone by now; whoever handed it in too has it kept
    if data is not None:
        store_submission(out, submission.student, data)


def _sha256(submission: StudentSubmission) -> str:
    """Return the digest of what was handed in; nothing if it cannot be read any more."""
    try:
        data = submission.data
    except StaffError:
        return ""
    return hashlib.sha256(submission.problem.encode() if data is None else data).hexdigest()
