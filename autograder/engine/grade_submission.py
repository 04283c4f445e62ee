"""Grade one submission: whatever it contains and whatever happens, there is a result."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace

from autograder.checks import Outcome
from autograder.engine import session
from autograder.engine.misconceptions import diagnose
from autograder.engine.plan import SEED
from autograder.engine.results import CheckResult, Provenance, Result, unrun_checks
from autograder.engine.session import OnCall
from autograder.engine.worker import GradingContext, Worker
from autograder.errors import StaffError, StudentError
from autograder.sandbox.reader import DefectError
from autograder.submission.discover import StudentSubmission
from autograder.submission.match import match_submission

MAX_ATTEMPTS = 3
"""How often a submission is graded if the worker's own processes die or do not start."""

OnPartial = Callable[[Result, frozenset[str]], None]
"""Receives the result so far and the ids of the checks that have not been reached."""


def grade_with_retries(
    submission: StudentSubmission, data: bytes | None, worker: Worker, on_partial: OnPartial | None = None
) -> Result:
    """Grade one submission.

    Args:
        data: the content of the submission's file; None if it cannot be read.
        on_partial: called after each check; what it raises ends the grading.
    """
    reason = f"the worker's own processes ended {MAX_ATTEMPTS} times during grading"
    for _ in range(MAX_ATTEMPTS):
        try:
            worker.ensure_started()
        except StaffError as error:
            reason = str(error)
            continue
        try:
            result = _grade_once(submission, data, worker, on_partial)
        except DefectError as error:
            return ungraded_result(submission, str(error), worker.context, data)
        # If the zygote died, the submission's processes died with it, and the session took that for
        # the submission's own fault. Such a result must never count; that the zygote is alive
        # after the last check proves that it was alive all the time.
        if worker.is_alive():
            return result
    return ungraded_result(submission, reason, worker.context, data)


def ungraded_result(
    submission: StudentSubmission, reason: str, context: GradingContext, data: bytes | None = None
) -> Result:
    """Return the result of a submission that could not be graded because of a grader error."""
    empty = _empty_result(submission, submission_sha256(submission.problem or reason, data), context)
    checks = unrun_checks(context.plan.source, Outcome.UNGRADED, reason)
    return replace(empty, checks=tuple(checks.values()), flags=(reason,))


def _grade_once(
    submission: StudentSubmission, data: bytes | None, worker: Worker, on_partial: OnPartial | None
) -> Result:
    begin, plan = time.monotonic(), worker.plan
    empty = _empty_result(submission, submission_sha256(submission.problem, data), worker.context)
    try:
        if data is None:
            raise StudentError(submission.problem)
        matched = match_submission(data, plan.source, plan.assignment)
    except StudentError as error:
        checks = tuple(unrun_checks(plan.source, Outcome.BLOCKED, str(error)).values())
        return replace(
            empty, checks=checks, flags=(str(error), *submission.flags), wall_s=time.monotonic() - begin
        )
    so_far = unrun_checks(plan.source, Outcome.UNGRADED, "It was not reached yet")
    unreached = set(so_far)

    def on_check(check: CheckResult) -> None:
        so_far[check.id] = check
        unreached.discard(check.id)
        if on_partial:
            on_partial(replace(empty, checks=tuple(so_far.values())), frozenset(unreached))

    report = session.run(matched.steps, worker, on_check=on_check)
    return replace(
        empty,
        checks=report.checks,
        misconceptions=diagnose(report.checks, plan.known_signatures),
        repairs=(*submission.repairs, *matched.repairs, *report.remarks),
        flags=(*submission.flags, *matched.flags, *report.flags),
        wall_s=time.monotonic() - begin,
        train_s=report.train_s,
        peak_bytes=report.peak_bytes,
    )


def regrade_submission(
    previous: Result, data: bytes, worker: Worker, *, question: str = "", on_call: OnCall = session.ignore
) -> Result:
    """Grade a submission again, against the same source.

    Args:
        previous: its result; everything outside the question is kept.
        question: the only question whose checks run; empty for all.
        on_call: called after each call of an answer.

    Raises:
        StaffError: the worker's own processes ended during grading.
    """
    begin, plan = time.monotonic(), worker.plan
    try:
        matched = match_submission(data, plan.source, plan.assignment)
    except StudentError:
        return previous
    # All cells run, since a question may use what another defined; only these checks run.
    ids = frozenset(check.id for check in previous.checks if question in ("", check.question))
    report = session.run(matched.steps, worker, only=ids, on_call=on_call)
    if not worker.is_alive():
        raise StaffError("the worker's own processes ended during grading; run the same command again")
    new = {check.id: check for check in report.checks if check.id in ids}
    checks = tuple(new.get(check.id, check) for check in previous.checks)
    flags = (*matched.flags, *report.flags)
    if question:
        flags = (*previous.flags, *flags)
    return replace(
        previous,
        checks=checks,
        misconceptions=diagnose(checks, plan.known_signatures),
        flags=tuple(dict.fromkeys(flags)),
        provenance=_provenance(previous.provenance.submission_sha256, worker.context),
        wall_s=time.monotonic() - begin,
    )


def with_submitter(result: Result, submission: StudentSubmission) -> Result:
    """Return a result with the submitter's data and the time of submission."""
    submitter = submission.submitter
    return replace(
        result,
        name=submitter.name,
        ids=submitter.ids,
        members=submitter.members,
        submitted_at=submitter.submitted_at,
        late_mark=submitter.late_mark,
    )


def _empty_result(submission: StudentSubmission, sha256: str, context: GradingContext) -> Result:
    plan = context.plan
    result = Result(
        submission.student,
        submission.path,
        plan.assignment.name,
        checks=(),
        provenance=_provenance(sha256, context),
        manual={question.name: question.points for question in plan.source.questions if question.manual},
    )
    return with_submitter(result, submission)


def submission_sha256(problem: str, data: bytes | None) -> str:
    """Return the digest of a submission; of the reason why if it cannot be read."""
    return hashlib.sha256(problem.encode() if data is None else data).hexdigest()


def _provenance(sha256: str, context: GradingContext) -> Provenance:
    plan = context.plan
    return Provenance(
        submission_sha256=sha256,
        **plan.digests(),
        versions=context.versions,
        isolation=context.isolation.level,
        missing_layers=tuple(context.isolation.missing),
        dataset=plan.dataset,
        seed=SEED,
    )
