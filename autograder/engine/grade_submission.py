"""One submission graded: whatever it holds and whatever happens, there is a result."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace

from autograder.checks import Outcome
from autograder.engine import session
from autograder.engine.misconceptions import diagnose
from autograder.engine.plan import SEED, GradingPlan
from autograder.engine.results import CheckResult, Provenance, Result
from autograder.engine.worker import GradingContext, Worker
from autograder.errors import StaffError, StudentError
from autograder.submission.discover import StudentSubmission
from autograder.submission.display_cells import prune_display_cells
from autograder.submission.interpret import match_submission

OnProgress = Callable[[Result, frozenset[str]], None]
"""Told what is known so far, and the ids of the checks that are not reached yet."""

MAX_ATTEMPTS = 3
"""How often a submission is graded whose worker's own processes end meanwhile, or do not start."""


def grade_with_retries(
    submission: StudentSubmission,
    data: bytes | None,
    worker: Worker,
    on_progress: OnProgress | None = None,
) -> Result:
    """Grade one submission.

    Args:
        data: what the submission's file holds; None if it cannot be read.
        on_progress: told after each check; what it raises ends the grading.
    """
    why = f"its worker's own processes ended {MAX_ATTEMPTS} times while it was graded"
    for _ in range(MAX_ATTEMPTS):
        try:
            worker.ensure_started()
        except StaffError as error:
            why = str(error)
            continue
        result = _grade_once(submission, data, worker, on_progress)
        if worker.is_alive():
            return result
    return ungraded_result(submission, why, worker.context, data)


def ungraded_result(
    submission: StudentSubmission, reason: str, context: GradingContext, data: bytes | None = None
) -> Result:
    """Return the result of a submission that we could not grade: it counts for nobody."""
    blank = _empty_result(submission, _sha256(submission.problem or reason, data), context)
    return replace(blank, checks=_all_checks(context.plan, Outcome.UNGRADED, reason), flags=(reason,))


def _grade_once(
    submission: StudentSubmission, data: bytes | None, worker: Worker, on_progress: OnProgress | None
) -> Result:
    begin, recipe = time.monotonic(), worker.plan
    blank = _empty_result(submission, _sha256(submission.problem, data), worker.context)
    try:
        if data is None:
            raise StudentError(submission.problem)
        matched = match_submission(data, recipe.source, recipe.assignment)
    except StudentError as error:
        checks = _all_checks(recipe, Outcome.BLOCKED, str(error))
        return replace(blank, checks=checks, flags=(str(error),), wall_s=time.monotonic() - begin)
    steps = prune_display_cells(matched.steps, recipe.assignment.grading.display_only_cells)
    unreached = _all_checks(recipe, Outcome.UNGRADED, "It was not reached yet")
    listener = _Progress(blank, unreached, on_progress) if on_progress else None
    report = session.run(steps, worker, listener=listener)
    return replace(
        blank,
        checks=report.checks,
        misconceptions=diagnose(report.checks, recipe.known_signatures),
        repairs=(*submission.repairs, *matched.repairs),
        flags=(*matched.flags, *report.flags),
        wall_s=time.monotonic() - begin,
        train_s=report.train_s,
        peak_bytes=report.peak_bytes,
    )


def regrade_submission(
    previous: Result,
    data: bytes,
    worker: Worker,
    *,
    question: str = "",
    listener: session.Listener | None = None,
) -> Result:
    """Grade a submission once more, against the same source.

    Args:
        earlier: its result; it keeps what is not of the question.
        question: the only one whose checks run; empty for all.
        listener: as for ``session.run``.

    Raises:
        StaffError: the worker's own processes ended meanwhile.
    """
    begin, recipe = time.monotonic(), worker.plan
    try:
        matched = match_submission(data, recipe.source, recipe.assignment)
    except StudentError:
        return previous
    asked = {check.id for check in previous.checks if question in ("", check.question)}
    steps = prune_display_cells(matched.steps, recipe.assignment.grading.display_only_cells)
    report = session.run(steps, worker, only=frozenset(asked), listener=listener)
    if not worker.is_alive():
        raise StaffError("the worker's own processes ended meanwhile; give the same command again")
    fresh = {check.id: check for check in report.checks if check.id in asked}
    checks = tuple(fresh.get(check.id, check) for check in previous.checks)
    kept = previous.flags if question else ()
    return replace(
        previous,
        checks=checks,
        misconceptions=diagnose(checks, recipe.known_signatures),
        flags=tuple(dict.fromkeys((*kept, *matched.flags, *report.flags))),
        provenance=_provenance(previous.provenance.submission_sha256, worker.context),
        wall_s=time.monotonic() - begin,
    )


def with_submitter(result: Result, submission: StudentSubmission) -> Result:
    """Return a result with what is known of who handed in, and when."""
    sender = submission.submitter
    return replace(
        result,
        name=sender.name,
        ids=sender.ids,
        members=sender.members,
        submitted_at=sender.submitted_at,
        late_mark=sender.late_mark,
    )


def _empty_result(submission: StudentSubmission, submission_sha256: str, context: GradingContext) -> Result:
    recipe = context.plan
    manual = {question.name: question.points for question in recipe.source.questions if question.manual}
    provenance = _provenance(submission_sha256, context)
    name = recipe.assignment.name
    return with_submitter(
        Result(submission.student, submission.path, name, (), provenance, manual=manual), submission
    )


class _Progress(session.Listener):
    """Makes one partial result of all checks that are over."""

    def __init__(self, empty: Result, pending: tuple[CheckResult, ...], on_progress: OnProgress) -> None:
        self._empty, self._pending, self._on_progress = empty, pending, on_progress
        self._finished: dict[str, CheckResult] = {}

    def on_check_done(self, result: CheckResult) -> None:
        self._finished[result.id] = result
        checks = tuple(self._finished.get(one.id, one) for one in self._pending)
        left = frozenset(one.id for one in self._pending) - self._finished.keys()
        self._on_progress(replace(self._empty, checks=checks), left)


def _sha256(problem: str, data: bytes | None) -> str:
    return hashlib.sha256(problem.encode() if data is None else data).hexdigest()


def _all_checks(plan: GradingPlan, outcome: Outcome, message: str) -> tuple[CheckResult, ...]:
    return tuple(
        replace(session.empty_check_result(check, question), outcome=outcome, message=message)
        for question in plan.source.questions
        for check in question.checks
    )


def _provenance(submission_sha256: str, context: GradingContext) -> Provenance:
    recipe = context.plan
    return Provenance(
        submission_sha256=submission_sha256,
        source_sha256=recipe.source_sha256,
        kit_sha256=recipe.kit_sha256,
        config_sha256=recipe.config_sha256,
        versions=context.versions,
        isolation=context.isolation.level,
        missing_layers=tuple(context.isolation.missing),
        dataset=recipe.dataset,
        seed=SEED,
    )
