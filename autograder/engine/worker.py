"""One worker's trusted processes: a zygote, its grader and its trainer, replaced when they must be."""

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from autograder.engine.plan import GradingPlan
from autograder.engine.verdict_cache import CheckStep, VerdictCache, digest
from autograder.engine.wire import Channel, WireClosedError, WireError, encode
from autograder.engine.zygote_client import Zygote
from autograder.errors import StaffError
from autograder.files import MEBIBYTE
from autograder.sandbox.layers import IsolationStatus
from autograder.sandbox.process import Process

Message = dict[str, Any]

READY_TIMEOUT_S = 60.0
"""Seconds that a process may take to get ready for a submission, nothing of which runs yet."""

STEP_TIMEOUT_S = 120.0
"""Seconds that a check may think between two calls, trainings aside."""

TRAINING_TIMEOUT_S = 600.0
"""Seconds that one training may take; a job that is estimated above half of it is refused."""

MAX_CHECKS = 2_000
"""Checks after which the grader is replaced, so that nothing grows in it."""

MAX_GROWTH_BYTES = 400 * MEBIBYTE
"""Memory that the grader may have grown by before it is replaced."""

CHECKS_PER_MEMORY_SAMPLE = 20
"""Measuring its memory takes longer than many a check."""


class GraderError(Exception):
    """One of our own processes failed; the check stays ungraded."""


class GradingContext(NamedTuple):
    """Where a submission is graded, as far as that decides the result."""

    plan: GradingPlan
    versions: Mapping[str, str]
    """Of Python and the libraries, by name."""

    isolation: IsolationStatus


class Worker:
    """What one worker grades with; used by one thread at a time."""

    def __init__(self, start: Callable[[], Zygote], plan: GradingPlan, cache: VerdictCache) -> None:
        """Start the zygote, which the others are started from when they are needed.

        Raises:
            StaffError: it does not start.
        """
        self.plan = plan
        self.zygote = start()
        self._start = start
        self._stopped = False
        self._cache = cache
        self._grader: Process | None = None
        self._trainer: Process | None = None
        self.submission_process: Process | None = None
        """The submission's process that was started last."""

        self._checks_run = 0
        self._initial_bytes = 0
        """Resident bytes of the grader when it was new."""

    @property
    def context(self) -> GradingContext:
        """Return what its results rest on."""
        return GradingContext(self.plan, self.zygote.versions, self.zygote.isolation)

    def is_alive(self) -> bool:
        """Say whether the zygote is as it was when the submission began."""
        return self.zygote.is_alive()

    def ensure_started(self) -> None:
        """Start everything anew if the zygote is gone.

        Raises:
            StaffError: it does not start.
        """
        if not self._stopped and not self.is_alive():
            self.close()
            self.zygote = self._start()

    def stop(self) -> None:
        """End the processes that other threads wait for; they learn of it and come to an end."""
        self._stopped = True
        self.zygote.kill()
        for process in (self.submission_process, self._grader, self._trainer):
            self._terminate_if_stopped(process)

    def _terminate_if_stopped(self, process: Process | None) -> None:
        """End a process that was being started when ``stop`` looked for it."""
        if self._stopped and process is not None:
            process.terminate()

    def start_child(self) -> Process:
        """Start a process for one submission.

        Raises:
            Fault: it cannot be started, also not at the second try.
        """
        reason = "the run is stopped"
        for _ in range(0 if self._stopped else 2):
            try:
                self.submission_process = self.zygote.start_child(self.plan.limits, self.plan.child_options())
            except (StaffError, OSError) as error:
                reason = str(error)
                continue
            self._terminate_if_stopped(self.submission_process)
            try:
                Channel(self.submission_process.sock).receive(timeout_s=READY_TIMEOUT_S)
                return self.submission_process
            except WireError as error:
                self.submission_process.kill()
                reason = f"it was not ready ({error}); {self.zygote.stderr_tail()}"
        raise GraderError(f"no process could be started for the submission: {reason}")

    def check_session(self, check: str, kinds: list[tuple[str, str]]) -> "CheckSession":
        """Begin a check."""
        return CheckSession(self, self._cache, {"check": check, "answers": kinds})

    def train(self, job: Any) -> Message:
        """Have the trainer do a job, which may come from a submission; a trainer that ends is replaced."""
        try:
            try:
                return self._train_once(job)
            except (WireClosedError, StaffError):
                return self._train_once(job)
        except (WireError, StaffError) as error:
            reason = f"the trainer stopped ({error})"
            return {"refused": reason, "broken": reason}

    def _train_once(self, job: Any) -> Message:
        channel = Channel(self._ensure_trainer().sock)
        try:
            channel.send({"job": job}, timeout_s=STEP_TIMEOUT_S)
            return channel.receive(timeout_s=TRAINING_TIMEOUT_S)
        except WireError:
            self._stop_trainer()
            raise

    def ask_grader(self, message: Message) -> tuple[Message, float]:
        """Send the grader a message, and return its next turn and what trainings it cost.

        Raises:
            Fault: the grader is gone or does not come to an end.
        """
        train_s, deadline = 0.0, time.monotonic() + STEP_TIMEOUT_S
        try:
            channel = Channel(self._ensure_grader().sock)
            channel.send(message, timeout_s=STEP_TIMEOUT_S)
            while True:
                frame = channel.receive(timeout_s=deadline - time.monotonic())
                if "job" not in frame:
                    return frame, train_s
                begin = time.monotonic()
                reply = self.train(frame["job"])
                deadline += time.monotonic() - begin
                train_s += float(reply.get("cost_s", 0.0))
                channel.send(reply, timeout_s=STEP_TIMEOUT_S)
        except (WireError, StaffError) as error:
            self.stop_grader()
            raise GraderError(f"the grader stopped ({error})") from None

    def recycle_grader(self) -> None:
        """Replace the grader if it has run many checks or has grown."""
        self._checks_run += 1
        grader = self._grader
        if grader is None or self._checks_run % CHECKS_PER_MEMORY_SAMPLE:
            return
        if self._checks_run > MAX_CHECKS or self._has_grown(grader):
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
        return grader.resident_bytes() > self._initial_bytes + MAX_GROWTH_BYTES

    def _ensure_grader(self) -> Process:
        if self._grader is not None and not self._grader.is_alive():
            self.stop_grader()
        if self._grader is None:
            self._grader = self.zygote.start_grader(self.plan.trusted_options())
            self._terminate_if_stopped(self._grader)
            channel = Channel(self._grader.sock)
            channel.send({"load": self.plan.check_definitions()}, timeout_s=STEP_TIMEOUT_S)
            channel.receive(timeout_s=STEP_TIMEOUT_S)
            self._initial_bytes = self._grader.resident_bytes()
        return self._grader

    def _ensure_trainer(self) -> Process:
        if self._trainer is not None and not self._trainer.is_alive():
            self._stop_trainer()
        if self._trainer is None:
            self._trainer = self.zygote.start_trainer(self.plan.trainer_options())
            self._terminate_if_stopped(self._trainer)
        return self._trainer

    def _stop_trainer(self) -> None:
        if self._trainer is not None:
            self._trainer.kill()
        self._trainer = None


class CheckSession:
    """One check that runs: it says what it wants to know, and is told."""

    def __init__(self, worker: Worker, cache: VerdictCache, request: Message) -> None:
        self._worker = worker
        self._cache = cache
        self._sent = [request]
        self._digest = digest(b"", request)
        self._steps: list[Message] = []
        """What the check has said, one turn after each message."""

        self._acknowledged = 0
        """How many of the messages the grader has; none while nobody had to ask it."""

    def next_step(self) -> CheckStep:
        """Return what the check says next.

        Raises:
            Fault: the grader failed twice.
        """
        turn = self._cache.get(self._digest)
        if turn is None:
            turn = self._from_grader()
            if turn.frame.get("verdict", {}).get("outcome") != "ungraded":
                self._cache.put(self._digest, turn)
        elif "verdict" in turn.frame:
            self.abort()  # another worker came to the verdict; our grader still waits for a reply
        self._steps.append(turn.frame)
        return turn

    def reply(self, reply: Message) -> None:
        """Answer the call that the last turn made."""
        self._sent.append(reply)
        self._digest = digest(self._digest, reply)

    def abort(self) -> None:
        """End a check in the grader, if it is in the middle of it."""
        if self._acknowledged:
            with contextlib.suppress(GraderError):
                self._worker.ask_grader({"gone": True})
            self._acknowledged = 0

    def _from_grader(self) -> CheckStep:
        for last in (False, True):
            try:
                return self._replay()
            except GraderError:
                self._acknowledged = 0
                if last:
                    raise
        raise AssertionError

    def _replay(self) -> CheckStep:
        if not self._acknowledged:
            self._worker.recycle_grader()
        for message in self._sent[self._acknowledged :]:
            frame, train_s = self._worker.ask_grader(message)
            before = self._steps[self._acknowledged : self._acknowledged + 1]
            self._acknowledged = 0 if "verdict" in frame else self._acknowledged + 1
            if before and encode(before[0]) != encode(frame):
                self.abort()
                raise GraderError("the check asks something else than before, for the same replies")
        return CheckStep(frame, train_s)
