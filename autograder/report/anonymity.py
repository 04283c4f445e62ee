"""A run without persons: who knows only these results cannot tell whose they are.

Left out is what could name somebody: names, numbers, times, file names, and every text that a
student's code had a part in. A pseudonym is a keyed digest of the student's name in the run: the
same at each time, and nothing without the key, which stays in the run's folder.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from autograder.engine.results import Result
from autograder.files import replace_file
from autograder.report.load_run import Run
from autograder.report.marks import Mark

KEY = "pseudonyms.key"


def anonymize(run: Run) -> Run:
    """Return a run with pseudonyms.

    Raises:
        StaffError: the key cannot be written.
    """
    key = _key(run.out)
    results = [_anonymize_result(result, key) for result in run.results]
    return replace(run, results=_sorted_results(results), marks=_sorted_marks(run.marks, key))


def _sorted_results(results: Sequence[Result]) -> tuple[Result, ...]:
    return tuple(sorted(results, key=lambda result: result.student))


def _sorted_marks(marks: Sequence[Mark], key: bytes) -> tuple[Mark, ...]:
    hidden = [
        Mark(_anonymize_result(mark.result, key), None, mark.lateness)
        for mark in marks
        if mark.result is not None
    ]
    return tuple(sorted(hidden, key=lambda mark: mark.label))


def _anonymize_result(result: Result, key: bytes) -> Result:
    return replace(
        result,
        student=_pseudonym(result.student, key),
        submission="",
        checks=tuple(replace(check, message="") for check in result.checks),
        provenance=replace(result.provenance, submission_sha256=""),
        repairs=(),
        flags=(),
        name="",
        ids={},
        members=(),
        submitted_at="",
    )


def _pseudonym(student: str, key: bytes) -> str:
    digest = hmac.new(key, student.encode("utf-8", errors="surrogatepass"), hashlib.sha256)
    return f"student-{digest.hexdigest()[:10]}"


def _key(out: Path) -> bytes:
    path = out / KEY
    if not path.is_file():
        replace_file(path, secrets.token_bytes(32))
    return path.read_bytes()
