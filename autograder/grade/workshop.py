"""One worker's trusted processes: a zygote, its grader and its trainer, replaced when they must be."""

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from autograder.errors import StaffError
from autograder.grade.dialogues import Dialogues, Turn, digest
from autograder.grade.limits import MEBIBYTE
from autograder.grade.processes import Zygote
from autograder.grade.recipe import Recipe
from autograder.grade.sandbox.layers import Isolation
from autograder.grade.sandbox.process import Process
from autograder.grade.wire import Channel, Closed, WireError, encode

Message = dict[str, Any]

READY_S = 60.0
"""Seconds that a process may take to get ready for a submission, nothing of which runs yet."""

TURN_S = 120.0
"""Seconds that a check may think between two calls, trainings aside."""

TRAINING_S = 600.0
"""Seconds that one training may take; a job that is estimated above half of it is refused."""

MOST_CHECKS = 2_000
"""Checks after which the grader is replaced, so that nothing grows in it."""

MOST_GROWTH = 400 * MEBIBYTE
"""Memory that the grader may have grown by before it is replaced."""

CHECKS_BETWEEN_LOOKS = 20
"""Measuring its memory takes longer than many a check."""


class Fault(Exception):  # noqa: N818  the word for what is not the student's doing
    """One of our own processes failed; the check stays ungraded."""


class Place(NamedTuple):
    """Where a submission is graded, as far as that decides the result."""

    recipe: Recipe
    versions: Mapping[str, str]
    """Of Python and the libraries, by name."""

    isolation: Isolation


class Workshop:
    """What one worker grades with; used by one thread at a time."""

    def __init__(self, start: Callable[[], Zygote], recipe: Recipe, dialogues: Dialogues) -> None:
        """Start the zygote, which the others are started from when they are needed.

        Raises:
            StaffError: it does not start.
        """
        self.recipe = recipe
        self.zygote = start()
        self._start = start
        self._stopped = False
        self._dialogues = dialogues
        self._grader: Process | None = None
        self._trainer: Process | None = None
        self.running: Process | None = None
        """The submission's process that was started last."""

        self._checks_run = 0
        self._at_first = 0
        """Resident bytes of the grader when it was new."""

    @property
    def place(self) -> Place:
        """Return what its results rest on."""
        return Place(self.recipe, self.zygote.versions, self.zygote.isolation)

    def stands(self) -> bool:
        """Say whether the zygote is as it was when the submission began."""
        return self.zygote.alive()

    def get_ready(self) -> None:
        """Start everything anew if the zygote is gone.

        Raises:
            StaffError: it does not start.
        """
        if not self._stopped and not self.stands():
            self.close()
            self.zygote = self._start()

    def stop(self) -> None:
        """End the processes that other threads wait for; they learn of it and come to an end."""
        self._stopped = True
        self.zygote.kill()
        for process in (self.running, self._grader, self._trainer):
            self._cut_if_stopped(process)

    def _cut_if_stopped(self, process: Process | None) -> None:
        """End a process that was being started when ``stop`` looked for it."""
        if self._stopped and process is not None:
            process.cut()

    def child(self) -> Process:
        """Start a process for one submission.

        Raises:
            Fault: it cannot be started, also not at the second try.
        """
        reason = "the run is stopped"
        for _ in range(0 if self._stopped else 2):
            try:
                self.running = self.zygote.child(self.recipe.limits, self.recipe.child_options())
            except (StaffError, OSError) as error:
                reason = str(error)
                continue
            self._cut_if_stopped(self.running)
            try:
                Channel(self.running.sock).receive(within_s=READY_S)
                return self.running
            except WireError as error:
                self.running.kill()
                reason = f"it was not ready ({error}); {self.zygote.errors()}"
        raise Fault(f"no process could be started for the submission: {reason}")

    def dialogue(self, check: str, kinds: list[tuple[str, str]]) -> "Dialogue":
        """Begin a check."""
        return Dialogue(self, self._dialogues, {"check": check, "answers": kinds})

    def work(self, job: Any) -> Message:
        """Have the trainer do a job, which may come from a submission; a trainer that ends is replaced."""
        try:
            try:
                return self._worked(job)
            except (Closed, StaffError):
                return self._worked(job)
        except (WireError, StaffError) as error:
            reason = f"the trainer stopped ({error})"
            return {"refused": reason, "broken": reason}

    def _worked(self, job: Any) -> Message:
        channel = Channel(self._running_trainer().sock)
        try:
            channel.send({"job": job}, within_s=TURN_S)
            return channel.receive(within_s=TRAINING_S)
        except WireError:
            self._stop_trainer()
            raise

    def ask_grader(self, message: Message) -> tuple[Message, float]:
        """Send the grader a message, and return its next turn and what trainings it cost.

        Raises:
            Fault: the grader is gone or does not come to an end.
        """
        train_s, deadline = 0.0, time.monotonic() + TURN_S
        try:
            channel = Channel(self._running_grader().sock)
            channel.send(message, within_s=TURN_S)
            while True:
                frame = channel.receive(within_s=deadline - time.monotonic())
                if "job" not in frame:
                    return frame, train_s
                begin = time.monotonic()
                reply = self.work(frame["job"])
                deadline += time.monotonic() - begin
                train_s += float(reply.get("cost_s", 0.0))
                channel.send(reply, within_s=TURN_S)
        except (WireError, StaffError) as error:
            self.stop_grader()
            raise Fault(f"the grader stopped ({error})") from None

    def begin_check(self) -> None:
        """Replace the grader if it has run many checks or has grown."""
        self._checks_run += 1
        grader = self._grader
        if grader is None or self._checks_run % CHECKS_BETWEEN_LOOKS:
            return
        if self._checks_run > MOST_CHECKS or self._has_grown(grader):
            self.stop_grader()

    def stop_grader(self) -> None:
        """End the grader; the next check gets a new one."""
        if self._grader is not None:
            self._grader.kill()
        self._grader, self._checks_run = None, 0

    def close(self) -> None:
        """End all processes."""
        self.stop_grader()
        self._stop_trainer()
        self.zygote.close()

    def _has_grown(self, grader: Process) -> bool:
        return grader.resident_bytes() > self._at_first + MOST_GROWTH

    def _running_grader(self) -> Process:
        if self._grader is not None and not self._grader.alive():
            self.stop_grader()
        if self._grader is None:
            self._grader = self.zygote.grader(self.recipe.trusted_options())
            self._cut_if_stopped(self._grader)
            channel = Channel(self._grader.sock)
            channel.send({"load": self.recipe.codes()}, within_s=TURN_S)
            channel.receive(within_s=TURN_S)
            self._at_first = self._grader.resident_bytes()
        return self._grader

    def _running_trainer(self) -> Process:
        if self._trainer is not None and not self._trainer.alive():
            self._stop_trainer()
        if self._trainer is None:
            self._trainer = self.zygote.trainer(self.recipe.trainer_options())
            self._cut_if_stopped(self._trainer)
        return self._trainer

    def _stop_trainer(self) -> None:
        if self._trainer is not None:
            self._trainer.kill()
        self._trainer = None


class Dialogue:
    """One check that runs: it says what it wants to know, and is told."""

    def __init__(self, workshop: Workshop, known: Dialogues, opening: Message) -> None:
        self._workshop = workshop
        self._known = known
        self._said = [opening]
        self._digest = digest(b"", opening)
        self._turns: list[Message] = []
        """What the check has said, one turn after each message."""

        self._heard = 0
        """How many of the messages the grader has; none while nobody had to ask it."""

    def turn(self) -> Turn:
        """Return what the check says next.

        Raises:
            Fault: the grader failed twice.
        """
        turn = self._known.turn_after(self._digest)
        if turn is None:
            turn = self._asked()
            if turn.frame.get("verdict", {}).get("outcome") != "ungraded":
                self._known.remember(self._digest, turn)
        elif "verdict" in turn.frame:
            self.abandon()  # another worker came to the verdict; our grader still waits for a reply
        self._turns.append(turn.frame)
        return turn

    def tell(self, reply: Message) -> None:
        """Answer the call that the last turn made."""
        self._said.append(reply)
        self._digest = digest(self._digest, reply)

    def abandon(self) -> None:
        """End a check in the grader, if it is in the middle of it."""
        if self._heard:
            with contextlib.suppress(Fault):
                self._workshop.ask_grader({"gone": True})
            self._heard = 0

    def _asked(self) -> Turn:
        for last in (False, True):
            try:
                return self._told()
            except Fault:
                self._heard = 0
                if last:
                    raise
        raise AssertionError

    def _told(self) -> Turn:
        if not self._heard:
            self._workshop.begin_check()
        for message in self._said[self._heard :]:
            frame, train_s = self._workshop.ask_grader(message)
            before = self._turns[self._heard : self._heard + 1]
            self._heard = 0 if "verdict" in frame else self._heard + 1
            if before and encode(before[0]) != encode(frame):
                self.abandon()
                raise Fault("the check asks something else than before, for the same replies")
        return Turn(frame, train_s)
