"""A run: submissions in, results out; resumes where an earlier one stopped."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from autograder.errors import StaffError
from autograder.grade.engine import Start
from autograder.grade.folders import keep_submission
from autograder.grade.journal import Header, Journal, Key
from autograder.grade.marking import handed_in
from autograder.grade.recipe import Recipe
from autograder.grade.results import Result
from autograder.grade.submissions import Found
from autograder.grade.submissions.listing import Entry
from autograder.grade.versions import versions


class Told:
    """Is told how a run goes; this one lets it pass."""

    def began(self, known: int, new: Sequence[str], remarks: Sequence[str]) -> None:
        """Hear how many are finished already, who is to be graded, in order, and what is amiss."""

    def graded(self, result: Result) -> None:
        """Hear of a submission that is finished and kept."""


def grade(
    recipe: Recipe,
    found: Sequence[Found],
    out: Path,
    start: Start,
    told: Told,
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
    with Journal.open(out, header_of(recipe)) as journal:
        results = {} if force else _finished(found, journal)
        new = _once([one for one in found if one.student not in results])

        def keep(result: Result) -> None:
            for one in new[result.student]:
                if one.student != result.student:
                    _keep_copy(one, out)
                own = handed_in(replace(result, student=one.student), one)
                journal.append(own)
                results[one.student] = own
                told.graded(own)

        students = [one.student for alike in new.values() for one in alike]
        told.began(len(results), students, journal.remarks)
        if new:
            with start(len(new)) as workers:
                workers.grade([alike[0] for alike in new.values()], keep, out=out)
    return tuple(results[one.student] for one in found)


def header_of(recipe: Recipe) -> Header:
    """Return what a run grades against."""
    digests = recipe.source_sha256, recipe.kit_sha256, recipe.config_sha256
    isolation = recipe.assignment.grading.isolation.value
    return Header(recipe.assignment.name, *digests, recipe.dataset, isolation, versions())


def _finished(found: Sequence[Found], journal: Journal) -> dict[str, Result]:
    """Return the results that are there; what is told of who handed in may be newer."""
    results, done = {}, journal.done
    for one in found:
        known = done.get(Key(one.student, _sha256(one)))
        if known is None:
            continue
        if (told := handed_in(known, one)) != known:
            journal.append(told)
        results[one.student] = told
    return results


def _once(found: Sequence[Found]) -> dict[str, list[Found]]:
    """Return what is to be graded by the student in whose name; a group's files are graded once."""
    alike: dict[Entry, list[Found]] = {}
    for one in found:
        alike.setdefault(one.entry, []).append(one)
    return {same[0].student: same for same in alike.values()}


def _keep_copy(one: Found, out: Path) -> None:
    try:
        data = one.data
    except StaffError:
        return  # gone by now; whoever handed it in too has it kept
    if data is not None:
        keep_submission(out, one.student, data)


def _sha256(one: Found) -> str:
    """Return the digest of what was handed in; nothing if it cannot be read any more."""
    try:
        data = one.data
    except StaffError:
        return ""
    return hashlib.sha256(one.problem.encode() if data is None else data).hexdigest()
