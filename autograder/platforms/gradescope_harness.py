"""Grades one submission in Gradescope's container.

Run as ``python -m autograder.platforms.gradescope_harness ROOT ASSIGNMENT``.

``ROOT`` holds ``source/`` (the unpacked bundle), ``submission/``, ``results/`` and
``submission_metadata.json``. After each check ``results/results.json`` is replaced by the results
so far, so that the platform finds a complete file whenever it stops this process. An exception
ends the process and leaves the file unchanged.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from autograder.build.compile import prepare
from autograder.course import load_course
from autograder.engine.grade_submission import grade_with_retries
from autograder.engine.plan import grading_plan
from autograder.engine.results import Result
from autograder.engine.run import CGROUP_ROOT, GRADER_OVERHEAD_BYTES, memory_limit_bytes, start_engine
from autograder.engine.zygote_client import early_start
from autograder.files import MEBIBYTE, replace_file
from autograder.limits import Limits
from autograder.report import results_json
from autograder.submission.discover import find_submission
from autograder.text import one_line

MIN_MEMORY_BYTES = 512 * MEBIBYTE
"""Memory that a submission gets in any case; an honest one needs less."""

_MAX_NAME_CHARS = 60
_MAX_LOG_LINE_CHARS = 300


def grade(root: Path, name: str) -> Result:
    """Grade the submission below ``root``, write its results and return them.

    Raises:
        CourseError: it could not be graded; the results so far have been written.
    """
    assignment = load_course(root / "source").assignment(name)
    results_path = root / "results" / results_json.NAME
    submitter = submitter_names(root / "submission_metadata.json")
    submission = find_submission(root / "submission", submitter, assignment)
    prepared = prepare(assignment)
    plan = grading_plan(assignment, prepared.source, prepared.files)

    def save_partial(result: Result, unreached: frozenset[str]) -> None:
        replace_file(results_path, results_json.dump(result, unreached))

    with start_engine(replace(plan, limits=fit_to_container(plan.limits))) as engine:
        result = grade_with_retries(submission, submission.data, engine.workers[0], save_partial)
    replace_file(results_path, results_json.dump(result))
    return result


def fit_to_container(limits: Limits, *, cgroup_root: Path = CGROUP_ROOT) -> Limits:
    """Return limits under which a submission and our own processes fit into this container.

    If the container's limit were reached first, the kernel would kill any of its processes, and
    the grader is the largest.
    """
    available = memory_limit_bytes(cgroup_root) - GRADER_OVERHEAD_BYTES
    return replace(limits, memory_bytes=min(limits.memory_bytes, max(MIN_MEMORY_BYTES, available)))


def submitter_names(metadata: Path) -> str:
    """Return the names of the submitters, or their e-mail addresses, as Gradescope gives them.

    Source: Gradescope, "Submission Metadata" (``users``, several for a group).
    """
    try:
        names = []
        for user in json.loads(metadata.read_bytes())["users"]:
            email = one_line(user.get("email"), _MAX_NAME_CHARS)
            names.append(one_line(user.get("name"), _MAX_NAME_CHARS) or email)
        return ", ".join(filter(None, names)) or "student"
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        # The name is shown to staff only: without it the submission is graded all the same.
        return "student"


def main(root: str, name: str) -> None:
    """Grade, and print a summary for staff."""
    with early_start():
        result = grade(Path(root), name)
    print(f"{result.earned:g} of {result.points:g} points, {result.status.value}, {result.wall_s:.0f} s")
    print(f"isolation: {result.provenance.isolation}, without {list(result.provenance.missing_layers)}")
    for flag in result.flags:
        print(one_line(flag, _MAX_LOG_LINE_CHARS))
    for check in result.checks:
        cost = f"{check.wall_s:.1f} s, {check.peak_bytes / MEBIBYTE:.0f} MiB"
        print(one_line(f"{check.id}: {check.outcome.value}, {cost}. {check.message}", _MAX_LOG_LINE_CHARS))


if __name__ == "__main__":
    main(*sys.argv[1:])
