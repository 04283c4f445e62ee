"""The probable misconception behind a wrong answer, inferred from what the checks reported.

A wrong answer leaves a **signature**: which checks did not pass and what each of them said. An
answer with the same signature as known wrong answers gets their misconception, if they all share
one. The code of an answer is never looked at. A student reads a misconception only if it follows
from what the student reads anyway: what visible checks said, and which hidden ones did not pass.
``course validate`` writes the signatures of the known answers to
``calibration/<assignment>.signatures.json`` and measures how often this is right.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from autograder import known_answers
from autograder.checks import Outcome
from autograder.course import Assignment
from autograder.engine.results import CheckResult, Result
from autograder.errors import AuthorError
from autograder.known_answers import KnownAnswer

_NOT_PASSED = "not passed"
_DECIMAL = re.compile(r"\d+\.\d+")

Signature = Mapping[str, str]
"""The outcome and message of each check that did not pass, by the check's id."""


@dataclass(frozen=True, slots=True)
class KnownSignature:
    """The signature of a known wrong answer."""

    name: str
    question: str
    misconception: str
    """A sentence, e.g. ``Every network ends in a sigmoid.``"""

    signature: Signature


def compute_signature(checks: Iterable[CheckResult], question: str) -> Signature:
    """Return the signature of an answer to one question.

    What a hidden check measured (an accuracy, say) depends on the dataset and is left out.
    """
    signature = {}
    for check in checks:
        if check.question == question and check.outcome is not Outcome.PASSED:
            message = _DECIMAL.sub("…", check.message) if check.hidden else check.message
            signature[check.id] = f"{check.outcome}: {message}"
    return signature


def diagnose(
    checks: Sequence[CheckResult], known_signatures: Sequence[KnownSignature], *, for_student: bool = False
) -> dict[str, str]:
    """Return the misconception behind each wrong answer that resembles known ones, by question.

    Args:
        for_student: whether the student reads it; then what hidden checks found does not count.
    """
    if for_student:
        hidden = {check.id for check in checks if check.hidden}
        known_signatures = without_hidden_findings(known_signatures, hidden)
    misconceptions = {}
    for question in dict.fromkeys(check.question for check in checks):
        signature = compute_signature(checks, question)
        if for_student:
            signature = _without_findings(signature, hidden)
        if misconception := infer_misconception(signature, question, known_signatures):
            misconceptions[question] = misconception
    return misconceptions


def without_hidden_findings(
    known_signatures: Iterable[KnownSignature], hidden: Set[str]
) -> list[KnownSignature]:
    """Return signatures that say of the hidden checks, given by id, only that they did not pass."""
    masked = []
    for known in known_signatures:
        masked.append(replace(known, signature=_without_findings(known.signature, hidden)))
    return masked


def _without_findings(signature: Signature, hidden: Set[str]) -> Signature:
    return {check: _NOT_PASSED if check in hidden else text for check, text in signature.items()}


def infer_misconception(
    signature: Signature, question: str, known_signatures: Iterable[KnownSignature]
) -> str:
    """Return the one misconception of all known answers with this signature; empty if there is none.

    A signature without any finding says nothing.
    """
    misconceptions = set()
    has_finding = any(text != _NOT_PASSED for text in signature.values())
    for known in known_signatures:
        if has_finding and (known.question, known.signature) == (question, signature):
            misconceptions.add(known.misconception)
    return misconceptions.pop() if len(misconceptions) == 1 else ""


def misconception_message(misconception: str) -> str:
    """Return the sentence that a student reads about a misconception."""
    return (
        f"A possible misconception: “{misconception}” This is a common assumption, but it does not hold here."
    )


def load_signatures(assignment: Assignment) -> tuple[KnownSignature, ...]:
    """Return the known wrong answers with their signatures; none before the first ``course validate``.

    Raises:
        AuthorError: the file is damaged.
    """
    path = _path(assignment)
    if not path.is_file():
        return ()
    try:
        signatures = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, str]])
    except msgspec.DecodeError as error:
        raise AuthorError(
            f"calibration/{path.name}: damaged ({error}); run `course validate {assignment.name}`"
        ) from error
    known = []
    for answer in known_answers.load(assignment):
        if answer.name in signatures:
            signature = signatures[answer.name]
            known.append(KnownSignature(answer.name, answer.question, answer.misconception, signature))
    return tuple(known)


def compute_signatures(
    answers: Sequence[KnownAnswer], results: Mapping[str, Result]
) -> tuple[KnownSignature, ...]:
    """Return the signatures of the known wrong answers.

    Args:
        results: results of the known answers, by name.
    """
    known = []
    for answer in answers:
        if answer.has_misconception:
            signature = compute_signature(results[answer.name].checks, answer.question)
            known.append(KnownSignature(answer.name, answer.question, answer.misconception, signature))
    return tuple(known)


def write_signatures(assignment: Assignment, signatures: Sequence[KnownSignature]) -> None:
    """Write the signatures to the assignment's calibration."""
    path = _path(assignment)
    path.parent.mkdir(exist_ok=True)
    plain = {known.name: dict(known.signature) for known in signatures}
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def evaluate_signatures(signatures: Sequence[KnownSignature]) -> Iterator[str]:
    """Yield a Markdown table of how often the misconception of a known wrong answer is inferred.

    An answer's own signature is left out where the table says so: then only another answer with
    the same misconception can lead to it.
    """
    counts = Counter(known.misconception for known in signatures)
    shared = [known for known in signatures if counts[known.misconception] > 1]
    alone = [known for known in signatures if counts[known.misconception] == 1]
    rows = (
        ("all, compared with all signatures", signatures, False),
        ("another answer shares the misconception, compared with all other signatures", shared, True),
        ("the only one with its misconception, compared with all other signatures", alone, True),
    )
    yield "| wrong answers | right misconception | no misconception | another misconception |"
    yield "|---|---|---|---|"
    for label, cases, leave_one_out in rows:
        right = silent = 0
        for case in cases:
            others = [known for known in signatures if not leave_one_out or known is not case]
            inferred = infer_misconception(case.signature, case.question, others)
            right += inferred == case.misconception
            silent += not inferred
        yield f"| {label}: {len(cases)} | {right} | {silent} | {len(cases) - right - silent} |"


def _path(assignment: Assignment) -> Path:
    return assignment.calibration.with_suffix(".signatures.json")
