"""The class that all graders get: right and wrong answers in many styles, in a fixed order."""

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
    """Return the answers of a round in pairs: the solution twice, then a wrong and a right one each.

    Each known wrong answer is in one notebook; the right ones are repeated in turn. Answers to the
    same question are spread evenly, so that any stretch is a mixture like the whole.
    """
    right: list[Answers] = []
    wrong: list[KnownAnswer] = []
    for answer in known_answers.load(assignment):
        if answer.is_right:
            right.append({answer.question: answer.code})
        else:
            wrong.append(answer)
    wrong_answers = ({answer.question: answer.code} for answer in _spread_by_question(wrong))
    return [({}, {}), *zip(wrong_answers, cycle(right or [{}]), strict=False)]


def _spread_by_question(wrong_answers: Sequence[KnownAnswer]) -> list[KnownAnswer]:
    counts, seen = Counter(answer.question for answer in wrong_answers), Counter[str]()
    places: dict[str, float] = {}
    for answer in wrong_answers:
        places[answer.name] = (seen[answer.question] + 0.5) / counts[answer.question]
        seen[answer.question] += 1
    return sorted(wrong_answers, key=lambda answer: places[answer.name])


def round_size(assignment: Assignment) -> int:
    """Return the number of notebooks that hold every answer once."""
    return 2 * len(answers(assignment))


def max_distinct_notebooks(assignment: Assignment) -> int:
    """Return the largest number of different notebooks: every answer in every flavor."""
    return len(FLAVORS) * len({repr(codes) for pair in answers(assignment) for codes in pair})


def mixed_class(
    assignment: Assignment, source: Source, count: int, flavors: tuple[str, ...] = FLAVORS
) -> list[bytes]:
    """Return ``count`` notebooks; after a whole round they repeat in the other flavor.

    Args:
        flavors: the releases that the answers are filled into, in turn.

    Raises:
        StaffError: the assignment has not been built.
    """
    releases = [sample.read_release(assignment, flavor) for flavor in flavors]
    return [
        sample.fill_answers(releases[number % len(releases)], sample.answers_with(source, codes))
        for number, codes in islice(_numbered_answers(answers(assignment)), count)
    ]


def _numbered_answers(pairs: list[tuple[Answers, Answers]]) -> Iterator[tuple[int, Answers]]:
    """Repeat all answers endlessly, with numbers that alternate within each pair and between pairs."""
    for number, pair in enumerate(cycle(pairs)):
        for place, codes in enumerate(pair):
            yield number + place, codes
