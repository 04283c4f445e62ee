"""What a student may read of a check, as sentences on one line each; control characters are gone."""

from autograder.checks import Outcome
from autograder.grade.results import CheckResult, Result
from autograder.grade.text import one_line
from autograder.report.gradebook import number
from autograder.report.gradescope import OURS
from autograder.report.pages import WORDS

_LONGEST = 300


def of_check(check: CheckResult) -> list[str]:
    """Return what became of a check and its hint; nothing of one that passed.

    Whatever is returned may hold text of the student's.
    """
    if check.outcome is Outcome.PASSED:
        return []
    if check.outcome is Outcome.UNGRADED:
        return [OURS]
    word = WORDS[check.outcome]
    told = one_line(check.told, _LONGEST)
    sentences = [f"{word}: {told}" if told else word]
    if check.hint:
        sentences.append(f"Hint: {one_line(check.hint, _LONGEST)}")
    return [_ended(f"{text[:1].upper()}{text[1:]}") for text in sentences]


def title(check: CheckResult) -> str:
    """Return the title of a check."""
    return one_line(check.title, 200)


def points(result: Result, question: str) -> str:
    """Return the points of a question, e.g. ``2.5 of 6 points``."""
    earned, possible = result.marks()[question], result.questions()[question][1]
    return "not graded yet" if earned is None else f"{number(earned)} of {number(possible)} points"


def _ended(text: str) -> str:
    return text if text[-1] in ".!?…:" else f"{text}."
