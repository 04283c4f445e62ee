"""What a student may read of a check, as sentences on one line each; control characters are gone."""

from autograder.checks import Outcome
from autograder.engine.results import CheckResult, Result
from autograder.report.gradebook import format_points
from autograder.report.pages import OUTCOME_TEXTS
from autograder.report.results_json import CHECK_NOT_GRADED
from autograder.text import one_line

_MAX_LENGTH = 300


def check_sentences(check: CheckResult) -> list[str]:
    """Return what became of a check and its hint; nothing of one that passed.

    Whatever is returned may hold text of the student's.
    """
    if check.outcome is Outcome.PASSED:
        return []
    if check.outcome is Outcome.UNGRADED:
        return [CHECK_NOT_GRADED]
    word = OUTCOME_TEXTS[check.outcome]
    told = one_line(check.student_message, _MAX_LENGTH)
    sentences = [f"{word}: {told}" if told else word]
    if check.hint:
        sentences.append(f"Hint: {one_line(check.hint, _MAX_LENGTH)}")
    return [_with_period(f"{text[:1].upper()}{text[1:]}") for text in sentences]


def title(check: CheckResult) -> str:
    """Return the title of a check."""
    return one_line(check.title, 200)


def points(result: Result, question: str) -> str:
    """Return the points of a question, e.g. ``2.5 of 6 points``."""
    earned, possible = result.marks()[question], result.questions()[question][1]
    return (
        "not graded yet" if earned is None else f"{format_points(earned)} of {format_points(possible)} points"
    )


def _with_period(text: str) -> str:
    return text if text[-1] in ".!?…:" else f"{text}."
