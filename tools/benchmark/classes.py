"""The class that everybody grades: right and wrong answers in many styles, in a fixed order."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice

from autograder import known_answers
from autograder.course import Assignment
from autograder.known_answers import KnownAnswer
from autograder.notebook import Source
from autograder.quality import sample

FLAVORS = ("otter", "nbgrader")

Answers = Mapping[str, str]
"""Code by question, where it is not the solution's."""


def answers(assignment: Assignment) -> list[tuple[Answers, Answers]]:
    """Return the answers of a round, in pairs: the solution twice, then always wrong and right.

    Each known wrong answer stands in one notebook; the right ones are taken in turn. Those to one
    question are spread evenly, so that any stretch is a mixture like the whole.
    """
    known = known_answers.load(assignment)
    right: list[Answers] = [{one.question: one.code} for one in known if one.is_right] or [{}]
    wrong = (
        {one.question: one.code} for one in _spread_by_question([one for one in known if not one.is_right])
    )
    return [({}, {}), *zip(wrong, cycle(right), strict=False)]


def _spread_by_question(wrong_answers: Sequence[KnownAnswer]) -> list[KnownAnswer]:
    counts, seen = Counter(one.question for one in wrong_answers), Counter[str]()
    places: dict[str, float] = {}
    for one in wrong_answers:
        places[one.name] = (seen[one.question] + 0.5) / counts[one.question]
        seen[one.question] += 1
    return sorted(wrong_answers, key=lambda one: places[one.name])


def round_size(assignment: Assignment) -> int:
    """Return after how many notebooks every answer was there."""
    return 2 * len(answers(assignment))


def max_distinct_notebooks(assignment: Assignment) -> int:
    """Return how many different notebooks there are at most: every answer in every flavour."""
    return len(FLAVORS) * len({repr(codes) for pair in answers(assignment) for codes in pair})


def mixed_class(
    assignment: Assignment, source: Source, count: int, flavors: tuple[str, ...] = FLAVORS
) -> list[bytes]:
    """Return so many notebooks; they begin anew, in the other flavour, when all were there.

    Args:
        flavours: releases in which the answers stand, in turn.

    Raises:
        StaffError: the assignment has not been built.
    """
    releases = [sample.read_release(assignment, flavour) for flavour in flavors]
    return [
        sample.fill_answers(releases[number % len(releases)], sample.answers_with(source, codes))
        for number, codes in islice(_numbered_answers(answers(assignment)), count)
    ]


def _numbered_answers(pairs: list[tuple[Answers, Answers]]) -> Iterator[tuple[int, Answers]]:
    """Yield all answers again and again, with numbers that alternate within each pair and between pairs."""
    for number, pair in enumerate(cycle(pairs)):
        for place, codes in enumerate(pair):
            yield number + place, codes
