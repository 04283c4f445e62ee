"""The submissions that wait to be graded; each leaves the line once, with one result."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import StaffError
from autograder.grade.engine import OnResult
from autograder.grade.folders import keep_submission
from autograder.grade.marking import handed_in, ungraded
from autograder.grade.recipe import Recipe
from autograder.grade.record import from_plain
from autograder.grade.results import Result
from autograder.grade.run import header_of
from autograder.grade.sandbox.layers import Isolation
from autograder.grade.submissions import Found
from autograder.grade.versions import versions
from autograder.grade.workshop import Place

MOST_TURNS = 3
"""How often a submission is handed to a worker that ends meanwhile."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A submission that waits."""

    one: Found
    ended: int = 0
    """How many workers have ended while they graded it."""


class Line:
    """Who waits, and how many have no result yet; used within one event loop."""

    def __init__(self, recipe: Recipe, found: Sequence[Found], on_result: OnResult, out: Path | None) -> None:
        self._header = header_of(recipe)
        self._place = Place(recipe, versions(), Isolation(frozenset()))
        """Of what nobody graded."""

        self._on_result = on_result
        self._out = out
        self._left = len(found)
        self._waiting: asyncio.Queue[Turn] = asyncio.Queue()
        for one in found:
            self._waiting.put_nowait(Turn(one))
        self.finished = asyncio.Event()
        if not found:
            self.finished.set()

    async def next(self) -> tuple[Turn, bytes | None]:
        """Return who is next and what the file holds, which is kept; wait if there is nobody.

        Raises:
            StaffError: what is graded cannot be kept.
        """
        while True:
            turn = await self._waiting.get()
            try:
                data = turn.one.data
            except StaffError as error:
                self._leave(ungraded(turn.one, str(error), self._place))
                continue
            if self._out is not None and data is not None:
                keep_submission(self._out, turn.one.student, data)
            return turn, data

    def finish(self, turn: Turn, data: bytes | None, answer: object) -> None:
        """Take a worker's answer for what it says, if it is the result of this submission.

        Raises:
            StaffError: what ``on_result`` raised.
        """
        blank = ungraded(
            turn.one, "its worker answered with something else than its result", self._place, data
        )
        try:
            result = handed_in(from_plain(_plain(answer)), turn.one)
        except (KeyError, TypeError, ValueError, AttributeError):
            result = blank
        self._leave(result if self._header.holds(result) and _of_the_same(result, blank) else blank)

    def put_back(self, turn: Turn) -> None:
        """Have a submission wait again whose worker ended; not for ever, and behind all others."""
        ended = turn.ended + 1
        if ended < MOST_TURNS:
            self._waiting.put_nowait(Turn(turn.one, ended))
        else:
            self._leave(
                ungraded(turn.one, f"its worker ended {ended} times while it was graded", self._place)
            )

    def _leave(self, result: Result) -> None:
        self._on_result(result)
        self._left -= 1
        if not self._left:
            self.finished.set()


def _plain(answer: object) -> dict[str, object]:
    if not isinstance(answer, bytes):
        raise TypeError("an answer is bytes")
    plain = json.loads(answer)["result"]
    return dict(plain)


def _of_the_same(result: Result, blank: Result) -> bool:
    """Say whether a result answers for the same submission and the same checks as another."""

    def asked(one: Result) -> object:
        checks = [(check.id, check.question, check.points, check.hidden) for check in one.checks]
        return one.student, one.submission, one.provenance.submission_sha256, one.manual, checks

    return asked(result) == asked(blank)
