"""One submission graded: whatever it holds and whatever happens, there is a result."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace

from autograder.checks import Outcome
from autograder.errors import StaffError, StudentError
from autograder.grade import session
from autograder.grade.diagnosis import diagnose
from autograder.grade.recipe import SEED, Recipe
from autograder.grade.results import CheckResult, Provenance, Result
from autograder.grade.submissions import Found, interpret, needed
from autograder.grade.workshop import Place, Workshop

OnProgress = Callable[[Result, frozenset[str]], None]
"""Told what is known so far, and the ids of the checks that are not reached yet."""

MOST_STARTS = 3
"""How often a submission is graded whose worker's own processes end meanwhile, or do not start."""


def graded(
    one: Found,
    data: bytes | None,
    workshop: Workshop,
    on_progress: OnProgress | None = None,
) -> Result:
    """Grade one submission.

    Args:
        data: what the submission's file holds; None if it cannot be read.
        on_progress: told after each check; what it raises ends the grading.
    """
    why = f"its worker's own processes ended {MOST_STARTS} times while it was graded"
    for _ in range(MOST_STARTS):
        try:
            workshop.get_ready()
        except StaffError as error:
            why = str(error)
            continue
        result = _graded(one, data, workshop, on_progress)
        if workshop.stands():
            return result
    return ungraded(one, why, workshop.place, data)


def ungraded(one: Found, why: str, place: Place, data: bytes | None = None) -> Result:
    """Return the result of a submission that we could not grade: it counts for nobody."""
    blank = _blank(one, _sha256(one.problem or why, data), place)
    return replace(blank, checks=_all(place.recipe, Outcome.UNGRADED, why), flags=(why,))


def _graded(one: Found, data: bytes | None, workshop: Workshop, on_progress: OnProgress | None) -> Result:
    begin, recipe = time.monotonic(), workshop.recipe
    blank = _blank(one, _sha256(one.problem, data), workshop.place)
    try:
        if data is None:
            raise StudentError(one.problem)
        matched = interpret(data, recipe.source, recipe.assignment)
    except StudentError as error:
        checks = _all(recipe, Outcome.BLOCKED, str(error))
        return replace(blank, checks=checks, flags=(str(error),), wall_s=time.monotonic() - begin)
    steps = needed(matched.steps, recipe.assignment.grading.demonstrations)
    unreached = _all(recipe, Outcome.UNGRADED, "It was not reached yet")
    listener = _Progress(blank, unreached, on_progress) if on_progress else None
    report = session.run(steps, workshop, listener=listener)
    return replace(
        blank,
        checks=report.checks,
        beliefs=diagnose(report.checks, recipe.known),
        repairs=(*one.repairs, *matched.repairs),
        flags=(*matched.flags, *report.flags),
        wall_s=time.monotonic() - begin,
        train_s=report.train_s,
        peak_bytes=report.peak_bytes,
    )


def graded_again(
    earlier: Result,
    data: bytes,
    workshop: Workshop,
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
    begin, recipe = time.monotonic(), workshop.recipe
    try:
        matched = interpret(data, recipe.source, recipe.assignment)
    except StudentError:
        return earlier
    asked = {check.id for check in earlier.checks if question in ("", check.question)}
    steps = needed(matched.steps, recipe.assignment.grading.demonstrations)
    report = session.run(steps, workshop, only=frozenset(asked), listener=listener)
    if not workshop.stands():
        raise StaffError("the worker's own processes ended meanwhile; give the same command again")
    fresh = {check.id: check for check in report.checks if check.id in asked}
    checks = tuple(fresh.get(check.id, check) for check in earlier.checks)
    kept = earlier.flags if question else ()
    return replace(
        earlier,
        checks=checks,
        beliefs=diagnose(checks, recipe.known),
        flags=tuple(dict.fromkeys((*kept, *matched.flags, *report.flags))),
        provenance=_provenance(earlier.provenance.submission_sha256, workshop.place),
        wall_s=time.monotonic() - begin,
    )


def handed_in(result: Result, one: Found) -> Result:
    """Return a result with what is known of who handed in, and when."""
    sender = one.sender
    return replace(
        result,
        name=sender.name,
        ids=sender.ids,
        members=sender.members,
        handed_in=sender.handed_in,
        late_mark=sender.late_mark,
    )


def _blank(one: Found, submission_sha256: str, place: Place) -> Result:
    recipe = place.recipe
    manual = {question.name: question.points for question in recipe.source.questions if question.manual}
    provenance = _provenance(submission_sha256, place)
    name = recipe.assignment.name
    return handed_in(Result(one.student, one.path, name, (), provenance, manual=manual), one)


class _Progress(session.Listener):
    """Makes one partial result of all checks that are over."""

    def __init__(self, blank: Result, unreached: tuple[CheckResult, ...], on_progress: OnProgress) -> None:
        self._blank, self._unreached, self._on_progress = blank, unreached, on_progress
        self._reached: dict[str, CheckResult] = {}

    def done(self, result: CheckResult) -> None:
        self._reached[result.id] = result
        checks = tuple(self._reached.get(one.id, one) for one in self._unreached)
        left = frozenset(one.id for one in self._unreached) - self._reached.keys()
        self._on_progress(replace(self._blank, checks=checks), left)


def _sha256(problem: str, data: bytes | None) -> str:
    return hashlib.sha256(problem.encode() if data is None else data).hexdigest()


def _all(recipe: Recipe, outcome: Outcome, message: str) -> tuple[CheckResult, ...]:
    return tuple(
        replace(session.not_run(check, question), outcome=outcome, message=message)
        for question in recipe.source.questions
        for check in question.checks
    )


def _provenance(submission_sha256: str, place: Place) -> Provenance:
    recipe = place.recipe
    return Provenance(
        submission_sha256=submission_sha256,
        source_sha256=recipe.source_sha256,
        kit_sha256=recipe.kit_sha256,
        config_sha256=recipe.config_sha256,
        versions=place.versions,
        isolation=place.isolation.level,
        missing_layers=tuple(place.isolation.missing),
        dataset=recipe.dataset,
        seed=SEED,
    )
