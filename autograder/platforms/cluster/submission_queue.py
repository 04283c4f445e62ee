"""The submissions that wait to be graded; each leaves the line once, with one result."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.engine.grade_submission import ungraded_result, with_submitter
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result, deserialize
from autograder.engine.run import OnResult, run_header
from autograder.engine.run_folder import store_submission
from autograder.engine.versions import versions
from autograder.engine.worker import GradingContext
from autograder.errors import StaffError
from autograder.sandbox.layers import IsolationStatus
from autograder.submission.discover import StudentSubmission

MAX_ATTEMPTS = 3
"""How often a submission is handed to a worker that ends meanwhile."""


@dataclass(frozen=True, slots=True)
class QueuedSubmission:
    """A submission that waits."""

    submission: StudentSubmission
    lost_workers: int = 0
    """How many workers have ended while they graded it."""


class SubmissionQueue:
    """Who waits, and how many have no result yet; used within one event loop."""

    def __init__(
        self,
        plan: GradingPlan,
        submissions: Sequence[StudentSubmission],
        on_result: OnResult,
        out: Path | None,
    ) -> None:
        self._header = run_header(plan)
        self._context = GradingContext(plan, versions(), IsolationStatus(frozenset()))
        """Of what nobody graded."""

        self._on_result = on_result
        self._out = out
        self._remaining = len(submissions)
        self._queue: asyncio.Queue[QueuedSubmission] = asyncio.Queue()
        for one in submissions:
            self._queue.put_nowait(QueuedSubmission(one))
        self.finished = asyncio.Event()
        if not submissions:
            self.finished.set()

    async def get(self) -> tuple[QueuedSubmission, bytes | None]:
        """Return who is next and what the file holds, which is kept; wait if there is nobody.

        Raises:
            StaffError: what is graded cannot be kept.
        """
        while True:
            turn = await self._queue.get()
            try:
                data = turn.submission.data
            except StaffError as error:
                self._finish(ungraded_result(turn.submission, str(error), self._context))
                continue
            if self._out is not None and data is not None:
                store_submission(self._out, turn.submission.student, data)
            return turn, data

    def finish(self, item: QueuedSubmission, data: bytes | None, answer: object) -> None:
        """Take a worker's answer for what it says, if it is the result of this submission.

        Raises:
            StaffError: what ``on_result`` raised.
        """
        blank = ungraded_result(
            item.submission, "its worker answered with something else than its result", self._context, data
        )
        try:
            result = with_submitter(deserialize(_parse_answer(answer)), item.submission)
        except (KeyError, TypeError, ValueError, AttributeError):
            result = blank
        self._finish(result if self._header.matches(result) and _is_same_submission(result, blank) else blank)

    def requeue(self, item: QueuedSubmission) -> None:
        """Have a submission wait again whose worker ended; not for ever, and behind all others."""
        ended = item.lost_workers + 1
        if ended < MAX_ATTEMPTS:
            self._queue.put_nowait(QueuedSubmission(item.submission, ended))
        else:
            self._finish(
                ungraded_result(
                    item.submission, f"its worker ended {ended} times while it was graded", self._context
                )
            )

    def _finish(self, result: Result) -> None:
        self._on_result(result)
        self._remaining -= 1
        if not self._remaining:
            self.finished.set()


def _parse_answer(answer: object) -> dict[str, object]:
    if not isinstance(answer, bytes):
        raise TypeError("an answer is bytes")
    plain = json.loads(answer)["result"]
    return dict(plain)


def _is_same_submission(result: Result, expected: Result) -> bool:
    """Say whether a result answers for the same submission and the same checks as another."""

    def asked(one: Result) -> object:
        checks = [(check.id, check.question, check.points, check.hidden) for check in one.checks]
        return one.student, one.submission, one.provenance.submission_sha256, one.manual, checks

    return asked(result) == asked(expected)
