"""The probable misconception behind a wrong answer, inferred from what the checks reported.

A wrong answer leaves a **signature**: which visible checks did not pass and what each of them said.
What a hidden check said plays no part, or a submission could choose a sentence by hidden inputs. An
answer with the same signature as known wrong answers gets their misconception, if they all share
one and some check said what it found: that a coarse check failed has many reasons. The code of an
answer is never looked at. ``course validate`` writes the signatures of the known answers to
``calibration/<assignment>.signatures.json`` and measures how often this is right, also on idioms,
which have no signature in the file.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from autograder import known_answers
from autograder.checks import Outcome
from autograder.course import Assignment
from autograder.engine.results import CheckResult, Misconception, Result
from autograder.errors import AuthorError
from autograder.known_answers import KnownAnswer
from autograder.text import INCIDENTAL

_VALUE = "found "
"""In a message whose check says what it found, in the answer's value or in a layer's place."""

Signature = Mapping[str, str]
"""The outcome and message of each visible check that did not pass, by the check's id."""


@dataclass(frozen=True, slots=True)
class KnownSignature:
    """The signature of a known wrong answer."""

    name: str
    question: str
    misconception: Misconception
    signature: Signature


def compute_signature(checks: Iterable[CheckResult], question: str) -> Signature:
    """Return the signature of an answer to one question."""
    signature = {}
    for check in checks:
        if check.question == question and not check.hidden and check.outcome is not Outcome.PASSED:
            message = INCIDENTAL.sub("", check.message)
            signature[check.id] = f"{check.outcome}: {message}"
    return signature


def diagnose(
    checks: Sequence[CheckResult], known_signatures: Sequence[KnownSignature]
) -> dict[str, Misconception]:
    """Return the misconception behind each wrong answer that resembles known ones, by question."""
    misconceptions = {}
    for question in dict.fromkeys(check.question for check in checks):
        signature = compute_signature(checks, question)
        if misconception := infer_misconception(signature, question, known_signatures):
            misconceptions[question] = misconception
    return misconceptions


def infer_misconception(
    signature: Signature, question: str, known_signatures: Iterable[KnownSignature]
) -> Misconception | None:
    """Return the one misconception of all known answers with this signature; None if it says too little."""
    if not any(_VALUE in message for message in signature.values()):
        return None
    misconceptions = set()
    for known in known_signatures:
        if (known.question, known.signature) == (question, signature):
            misconceptions.add(known.misconception)
    return misconceptions.pop() if len(misconceptions) == 1 else None


def misconception_message(misconception: Misconception) -> str:
    """Return the sentences that a student reads about a misconception."""
    message = f"A possible misconception: “{misconception.belief}”"
    return f"{message} What is true instead: {misconception.truth}" if misconception.truth else message


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
    return match_signatures(known_answers.load(assignment), signatures)


def compute_signatures(answers: Iterable[KnownAnswer], results: Mapping[str, Result]) -> dict[str, Signature]:
    """Return the signatures of wrong answers, idioms too, by name.

    Args:
        answers: known answers.
        results: results of the known answers, by name.
    """
    signatures = {}
    for answer in answers:
        if answer.failing_checks:
            signatures[answer.name] = compute_signature(results[answer.name].checks, answer.question)
    return signatures


def match_signatures(
    answers: Iterable[KnownAnswer], signatures: Mapping[str, Signature]
) -> tuple[KnownSignature, ...]:
    """Return the known wrong answers that have a signature; idioms are left out."""
    known = []
    for answer in answers:
        if answer.has_misconception and answer.name in signatures:
            misconception = Misconception(answer.misconception, answer.truth)
            signature = signatures[answer.name]
            known.append(KnownSignature(answer.name, answer.question, misconception, signature))
    return tuple(known)


def write_signatures(assignment: Assignment, signatures: Sequence[KnownSignature]) -> None:
    """Write the signatures to the assignment's calibration."""
    path = _path(assignment)
    path.parent.mkdir(exist_ok=True)
    plain = {known.name: dict(known.signature) for known in signatures}
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def evaluate_signatures(answers: Sequence[KnownAnswer], signatures: Mapping[str, Signature]) -> Iterator[str]:
    """Yield, as Markdown, how often a misconception is inferred, and how often it is the right one.

    Each answer is compared with the known ones except itself, so that only another answer with
    the same misconception can lead to it.

    Args:
        answers: known answers, idioms too.
        signatures: of those that are wrong, by name.
    """
    known = match_signatures(answers, signatures)
    counts = Counter(answer.misconception for answer in answers if answer.has_misconception)
    rows: dict[str, Counter[str]] = {}
    for answer in answers:
        if not answer.failing_checks:
            continue
        others = [other for other in known if other.name != answer.name]
        guess = infer_misconception(signatures[answer.name], answer.question, others)
        label, beliefs = "idioms", answer.true_beliefs
        if answer.has_misconception:
            label = "others share the misconception" if counts[answer.misconception] > 1 else "alone with it"
            beliefs = (answer.misconception,)
        verdict = "silent" if guess is None else "right" if guess.belief in beliefs else "wrong"
        rows.setdefault(label, Counter())[verdict] += 1
    total = sum(rows.values(), Counter[str]())
    yield "| wrong answers | right misconception | no misconception | another misconception |"
    yield "|---|---|---|---|"
    for label, row in (*rows.items(), ("all", total)):
        yield f"| {label}: {row.total()} | {row['right']} | {row['silent']} | {row['wrong']} |"


def _path(assignment: Assignment) -> Path:
    return assignment.calibration.with_suffix(".signatures.json")
