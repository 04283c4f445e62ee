"""The traces of the known wrong answers: ``calibration/<assignment>.traces.json``.

``course validate`` writes them, ``course grade`` compares with them, and how well that works
is measured here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from autograder import misconceptions
from autograder.course import Assignment
from autograder.errors import AuthorError
from autograder.grade.diagnosis import Known, Trace, belief_behind, trace
from autograder.grade.results import Result
from autograder.misconceptions import Misconception


def load(assignment: Assignment) -> tuple[Known, ...]:
    """Return the known wrong answers with their traces; none before the first ``course validate``.

    Raises:
        AuthorError: the file is damaged.
    """
    path = _path(assignment)
    if not path.is_file():
        return ()
    try:
        found: dict[str, Trace] = {
            name: {str(check): str(said) for check, said in traced.items()}
            for name, traced in json.loads(path.read_bytes()).items()
        }
    except (ValueError, AttributeError) as error:
        raise AuthorError(
            f"calibration/{path.name}: damaged ({error}); run `course validate {assignment.name}`"
        ) from error
    wrong = [one for one in misconceptions.load(assignment) if one.name in found]
    return tuple(Known(one.name, one.question, one.belief, found[one.name]) for one in wrong)


def traced(known: Sequence[Misconception], results: Mapping[str, Result]) -> tuple[Known, ...]:
    """Return the traces that known wrong answers have left."""
    return tuple(
        Known(one.name, one.question, one.belief, trace(results[one.name].checks, one.question))
        for one in known
        if not one.right
    )


def write(assignment: Assignment, known: Sequence[Known]) -> None:
    """Keep the traces."""
    path = _path(assignment)
    path.parent.mkdir(exist_ok=True)
    found = {one.name: dict(one.trace) for one in known}
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def measured(known: Sequence[Known]) -> Iterator[str]:
    """Yield, as Markdown, how often the belief behind a known wrong answer is named.

    Its own trace is left out: only another answer from the same belief can lead to it.
    """
    shared = [one for one in known if sum(other.belief == one.belief for other in known) > 1]
    alone = [one for one in known if one not in shared]
    yield "| wrong answers | right belief | no belief | another belief |"
    yield "|---|---|---|---|"
    yield _row("all, compared with all traces", [(one, known) for one in known])
    for what, some in (("another answer shares the belief", shared), ("the only one of its belief", alone)):
        left_out = [(one, [other for other in known if other is not one]) for one in some]
        yield _row(f"{what}, compared with all traces but its own", left_out)


def _row(what: str, pairs: Sequence[tuple[Known, Sequence[Known]]]) -> str:
    named = [
        (one.belief, belief_behind(one.trace, [other for other in rules if other.question == one.question]))
        for one, rules in pairs
    ]
    right = sum(belief == found for belief, found in named)
    silent = sum(not found for _, found in named)
    return f"| {what}: {len(named)} | {right} | {silent} | {len(named) - right - silent} |"


def _path(assignment: Assignment) -> Path:
    return assignment.calibration.with_suffix(".traces.json")
