"""The conversation between a check and a submission, and why it can be replayed.

A check runs in the grader and calls the answers of a submission, which run in a sandboxed process.
The two never talk to each other: the supervisor passes every message on and enforces every
deadline. Frames in order::

    supervisor                     grader      trainer      submission process
     1  names ───────────────────────────────────────────────▶   the check's parameters
     2    ◀──────────────────────────────────────────── kinds    e.g. "function", "missing"
     3  check, answers ─────────────▶                            the check starts
     4    ◀── job ──────────────────┤                            0 or more: the check trains
     5  job ────────────────────────────────────▶                a model that it built itself
     6    ◀─────── facts, arrays, key, cost_s ──┤                and the grader gets the reply
     7    ◀── call, args, kwargs ───┤                            the check calls an answer
     8  call, args, kwargs, limit_s ─────────────────────────▶   which may send jobs too
     9    ◀────────────────────────── value, args │ raised ──┤   untrusted
    10  value, args │ raised ───────▶                            7 to 10 for every call
    11    ◀── verdict ──────────────┤                            outcome, message, hint, is_unreadable

If the submission's process dies in 8, the grader gets ``gone`` instead of 10, and the check ends
without a verdict. ``run_check`` runs 3 to 11; ``session`` asks 1 and is the ``call_answer`` of 8.

A check is deterministic: the grader sets the same seed before each check, so equal replies give
equal next steps. A conversation is therefore known by the digest of all that the supervisor sent
in it, and its next step can come from one of two places:

* From the ``VerdictCache``, if any submission had the same conversation so far. Then the grader is
  not asked at all. In a class where many answers are right, each model is built once and each
  architecture is trained once.
* From the grader. A grader that has not heard the conversation so far (the earlier steps came from
  the cache, or it died and was replaced) first gets all messages again. It must take the same
  steps as before. If it does not, the check is not deterministic, and no verdict of it can be
  trusted: the check stays ungraded.

A model that the submission chose can occupy the grader in C, or need more memory than it has. If
the grader fails twice after it was given one, that is not a fault of ours that another run would
not have: a person looks at the answer. The same holds for a model whose training takes too long.
"""

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import replace

from autograder.checks import Outcome
from autograder.engine import values
from autograder.engine.wire import Message, encode
from autograder.engine.worker import (
    CheckStep,
    GraderError,
    GraderStoppedError,
    TrainingBudget,
    VerdictCache,
    Worker,
)

MODEL_STOPS_GRADER = {
    "outcome": Outcome.REVIEW.value,
    "message": "The grader cannot use the model within its limits, so a person will look at it",
    "hint": "",
}
"""The verdict on an answer whose model the grader did not survive twice."""

TRAINING_TOO_LONG = {
    "outcome": Outcome.REVIEW.value,
    "message": "Training the model takes longer than the grader may wait, so a person will look at it",
    "hint": "",
}
"""The verdict on an answer whose model takes too long to train."""


def digest(previous: bytes, message: Message) -> bytes:
    """Return the digest of a conversation that is one message longer."""
    return hashlib.sha256(previous + encode(message)).digest()


class CheckSession:
    """One conversation with a check."""

    def __init__(self, worker: Worker, cache: VerdictCache, opening: Message, budget: TrainingBudget) -> None:
        self._worker = worker
        self._budget = budget
        self._budgets: list[TrainingBudget] = []
        """What was left for trainings before each of the check's frames."""

        self._cache = cache
        self._sent = [opening]
        self._digest = digest(b"", opening)
        self._steps: list[Message] = []
        """The check's frames, one after each message in ``_sent``."""

        self._acknowledged = 0
        """How many messages in ``_sent`` the grader has; 0 while it is not running this check."""

    def next_step(self) -> CheckStep:
        """Return the check's next step.

        Raises:
            GraderError: the grader failed twice.
        """
        self._budgets.append(replace(self._budget))
        step = self._cache.get(self._digest)
        if step is None:
            step = self._from_grader()
            verdict = step.frame.get("verdict", {})
            # Not cached: what failed once in the grader or the trainer may succeed the next time.
            if verdict != MODEL_STOPS_GRADER and verdict.get("outcome") != Outcome.UNGRADED.value:
                self._cache.put(self._digest, step)
        elif "verdict" in step.frame:
            # Another worker's grader came to this verdict. Ours may be in the middle of the check.
            self.abort()
        is_within = True
        for cost_s in step.train_s:
            is_within &= self._budget.charge(cost_s)
        if not is_within:
            self.abort()
            step = CheckStep({"verdict": dict(TRAINING_TOO_LONG)})
        self._steps.append(step.frame)
        return step

    def reply(self, reply: Message) -> None:
        """Answer the call of the last step; the reply is sent when the grader is next asked."""
        self._sent.append(reply)
        self._digest = digest(self._digest, reply)

    def abort(self) -> None:
        """End the check in the grader if it is running there."""
        # Called where the check is over anyway. A grader that fails now is replaced at the next use.
        if self._acknowledged:
            with contextlib.suppress(GraderError):
                self._worker.ask_grader({"gone": True}, replace(self._budget))
            self._acknowledged = 0

    def _from_grader(self) -> CheckStep:
        try:
            return self._replay()
        except GraderError:
            self._acknowledged = 0  # a new grader has heard nothing yet
        try:
            return self._replay()
        except GraderStoppedError:
            if not any(values.holds_model(message.get("value")) for message in self._sent):
                raise
            self._acknowledged = 0
            return CheckStep({"verdict": dict(MODEL_STOPS_GRADER)})

    def _replay(self) -> CheckStep:
        """Send the grader every message that it does not have yet."""
        # Between two checks is the only time at which the grader may be replaced without a replay.
        if not self._acknowledged:
            self._worker.recycle_grader()
        for message in self._sent[self._acknowledged :]:
            # A training that is repeated here costs what it did before.
            step = self._worker.ask_grader(message, replace(self._budgets[self._acknowledged]))
            earlier = self._steps[self._acknowledged : self._acknowledged + 1]
            self._acknowledged = 0 if "verdict" in step.frame else self._acknowledged + 1
            # Frames are compared as bytes, since arrays and NaN have no plain equality.
            if earlier and encode(earlier[0]) != encode(step.frame):
                self.abort()
                raise GraderError("given the same replies, the check made a different call than before")
        return step


def run_check(session: CheckSession, call_answer: Callable[[Message], Message]) -> Message:
    """Run a check to its end and return its verdict.

    Args:
        call_answer: passes a call on to the submission and returns the reply; what it raises ends
            the check.

    Raises:
        GraderError: the grader failed twice.
    """
    while True:
        step = session.next_step()
        if "verdict" in step.frame:
            verdict: Message = step.frame["verdict"]
            return verdict
        try:
            reply = call_answer(step.frame)
        except Exception:  # whatever it is, the grader must not wait for a reply any more
            session.abort()
            raise
        session.reply(reply)
