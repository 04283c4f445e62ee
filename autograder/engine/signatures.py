"""The traces of the known wrong answers: ``calibration/<assignment>.traces.json``.

``course validate`` writes them, ``course grade`` compares with them, and how well that works
is measured here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from autograder import known_answers
from autograder.course import Assignment
from autograder.engine.misconceptions import KnownSignature, Signature, compute_signature, infer_misconception
from autograder.engine.results import Result
from autograder.errors import AuthorError
from autograder.known_answers import KnownAnswer


def load(assignment: Assignment) -> tuple[KnownSignature, ...]:
    """Return the known wrong answers with their traces; none before the first ``course validate``.

    Raises:
        AuthorError: the file is damaged.
    """
    path = _path(assignment)
    if not path.is_file():
        return ()
    try:
        found: dict[str, Signature] = {
            name: {str(check): str(said) for check, said in traced.items()}
            for name, traced in json.loads(path.read_bytes()).items()
        }
    except (ValueError, AttributeError) as error:
        raise AuthorError(
            f"calibration/{path.name}: damaged ({error}); run `course validate {assignment.name}`"
        ) from error
    wrong = [one for one in known_answers.load(assignment) if one.name in found]
    return tuple(KnownSignature(one.name, one.question, one.misconception, found[one.name]) for one in wrong)


def compute(answers: Sequence[KnownAnswer], results: Mapping[str, Result]) -> tuple[KnownSignature, ...]:
    """Return the traces that known wrong answers have left."""
    return tuple(
        KnownSignature(
            one.name,
            one.question,
            one.misconception,
            compute_signature(results[one.name].checks, one.question),
        )
        for one in answers
        if not one.is_right
    )


def write(assignment: Assignment, signatures: Sequence[KnownSignature]) -> None:
    """Keep the traces."""
    path = _path(assignment)
    path.parent.mkdir(exist_ok=True)
    found = {one.name: dict(one.signature) for one in signatures}
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def evaluate(signatures: Sequence[KnownSignature]) -> Iterator[str]:
    """Yield, as Markdown, how often the belief behind a known wrong answer is named.

    Its own trace is left out: only another answer from the same belief can lead to it.
    """
    shared = [
        one for one in signatures if sum(other.misconception == one.misconception for other in signatures) > 1
    ]
    alone = [one for one in signatures if one not in shared]
    yield "| wrong answers | right belief | no belief | another belief |"
    yield "|---|---|---|---|"
    yield _row("all, compared with all traces", [(one, signatures) for one in signatures])
    for what, some in (("another answer shares the belief", shared), ("the only one of its belief", alone)):
        left_out = [(one, [other for other in signatures if other is not one]) for one in some]
        yield _row(f"{what}, compared with all traces but its own", left_out)


def _row(label: str, pairs: Sequence[tuple[KnownSignature, Sequence[KnownSignature]]]) -> str:
    named = [
        (
            one.misconception,
            infer_misconception(one.signature, [other for other in rules if other.question == one.question]),
        )
        for one, rules in pairs
    ]
    right = sum(belief == found for belief, found in named)
    silent = sum(not found for _, found in named)
    return f"| {label}: {len(named)} | {right} | {silent} | {len(named) - right - silent} |"


def _path(assignment: Assignment) -> Path:
    return assignment.calibration.with_suffix(".traces.json")
