"""One worker's trusted processes: a zygote, its grader and its trainer, replaced when needed."""

import math
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, NamedTuple

from autograder.engine.plan import GradingPlan
from autograder.engine.wire import Channel, Message, WireClosedError, WireError, WireTimeoutError
from autograder.engine.zygote_client import GRADER_ENTRY, TRAINER_ENTRY, Zygote
from autograder.errors import StaffError
from autograder.files import MEBIBYTE
from autograder.sandbox.layers import IsolationStatus
from autograder.sandbox.process import Process

READY_TIMEOUT_S = 60.0
"""Seconds until a submission's process must be ready; no student code runs before that."""

STEP_TIMEOUT_S = 120.0
"""Seconds that a check may take between two calls, not counting trainings."""

MAX_TRAINING_SHARE = 0.5
"""Share of the seconds that are left for trainings that one training may take: what never ends leaves
something for the others."""

MIN_TRAINING_S = 1.0
"""Seconds without which a training is not begun; to stop a trainer and start another takes some time too."""

MAX_CHECKS = 2_000
"""Checks after which the grader is replaced, so that nothing accumulates in it."""

MAX_GROWTH_BYTES = 400 * MEBIBYTE
"""Growth of the grader's memory after which it is replaced."""

CHECKS_PER_MEMORY_SAMPLE = 20
"""Measuring the memory takes longer than many checks do."""

MAX_GRADER_BYTES = 3 * 1024 * MEBIBYTE
MAX_TRAINER_BYTES = 6 * 1024 * MEBIBYTE
"""Resident memory that either may use."""

MAX_CACHED_STEPS = 20_000


class GraderError(Exception):
    """One of our own processes failed; the check stays ungraded."""


class GraderStoppedError(GraderError):
    """The grader died in a check, or did not reply in time."""


@dataclass(frozen=True, slots=True)
class CheckStep:
    """A check's next step: it calls an answer, or comes to a verdict."""

    frame: Message
    train_s: tuple[float, ...] = ()
    """Seconds that each training took that the check requested before this step."""


@dataclass(slots=True)
class TrainingBudget:
    """The seconds of training by the clock that a submission, or its checks, may still cause."""

    left_s: float
    spent_s: float = 0.0

    @property
    def limit_s(self) -> float:
        """Return the seconds that the next training may take."""
        return MAX_TRAINING_SHARE * max(self.left_s, 0.0)

    def charge(self, cost_s: float) -> bool:
        """Charge a training; return False if it takes, or took somebody else, more than it may."""
        limit_s = self.limit_s
        self.left_s -= min(cost_s, limit_s)
        self.spent_s += min(cost_s, limit_s)
        return cost_s <= limit_s


class VerdictCache:
    """Steps by the digest of the conversation before them; shared by all workers of a run.

    The least recently used steps are dropped. That costs time and never changes a mark.
    """

    def __init__(self, max_steps: int = MAX_CACHED_STEPS) -> None:
        self._max_steps = max_steps
        self._steps: OrderedDict[bytes, CheckStep] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes) -> CheckStep | None:
        """Return the step after a conversation, or None."""
        with self._lock:
            if key in self._steps:
                self._steps.move_to_end(key)
            return self._steps.get(key)

    def put(self, key: bytes, step: CheckStep) -> None:
        """Store the step after a conversation."""
        with self._lock:
            self._steps[key] = step
            if len(self._steps) > self._max_steps:
                self._steps.popitem(last=False)


class GradingContext(NamedTuple):
    """What a result depends on, apart from the submission."""

    plan: GradingPlan
    versions: Mapping[str, str]
    """Versions of Python and the libraries, by name."""

    isolation: IsolationStatus


class Worker:
    """The processes that one worker grades with; used by one thread at a time."""

    # Only ``stop`` may be called by another thread, and there is no lock: the worker's thread may
    # be waiting for a process for minutes. ``stop`` cannot see a process that is just being
    # started. So the worker's thread assigns a new process first and looks at ``_stopped`` then,
    # while ``stop`` sets ``_stopped`` first and looks at the processes then. Whatever the order of
    # events, one of the two ends the process.

    def __init__(self, start: Callable[[], Zygote], plan: GradingPlan, cache: VerdictCache) -> None:
        """Start the zygote; the other processes are forked from it when they are needed.

        Raises:
            StaffError: it does not start.
        """
        self.plan = plan
        self.zygote = start()
        self._start = start
        self._stopped = False
        self.cache = cache
        self._grader: Process | None = None
        self._trainer: Process | None = None
        self.submission_process: Process | None = None
        """The submission's process that was started last."""

        self._checks_run = 0
        self._initial_bytes = 0
        """Resident bytes of the grader when it was new."""

    @property
    def context(self) -> GradingContext:
        """Return what the worker's results depend on."""
        return GradingContext(self.plan, self.zygote.versions, self.zygote.isolation)

    def is_alive(self) -> bool:
        """Return True if the zygote still answers; if not, the submission must be graded again."""
        return self.zygote.is_alive()

    def ensure_started(self) -> None:
        """Restart all processes if the zygote is gone.

        Raises:
            StaffError: it does not start.
        """
        if not self._stopped and not self.is_alive():
            self.close()
            self.zygote = self._start()

    def stop(self) -> None:
        """End the processes that the worker's thread waits for, so that it finishes soon."""
        self._stopped = True
        self.zygote.kill()
        for process in (self.submission_process, self._grader, self._trainer):
            if process is not None:
                process.terminate()

    def start_child(self) -> Process:
        """Start a process for one submission.

        Raises:
            GraderError: it could not be started in two attempts.
        """
        reason = "the run was stopped"
        for _ in range(2):
            if self._stopped:
                break
            try:
                process = self.zygote.start_child(self.plan.limits, self.plan.options())
            except (StaffError, OSError) as error:
                reason = str(error)
                continue
            self.submission_process = process
            self._end_if_stopped(process)
            try:
                Channel(process.sock).receive(timeout_s=READY_TIMEOUT_S)
                return process
            except WireError as error:
                process.kill()
                reason = f"it was not ready ({error}); {self.zygote.stderr_tail()}"
        raise GraderError(f"no process could be started for the submission: {reason}")

    def train(self, job: Any, limit_s: float) -> Message:
        """Let the trainer do a job, which may come from a submission; a trainer that dies is replaced.

        Args:
            limit_s: seconds by the clock that the job may take; a stored result must not have taken
                longer either. The reply to a job above it has an infinite ``cost_s``.
        """
        # ``refused`` tells a submission to train by itself, ``broken`` tells the grader that its
        # check cannot be decided.
        reason = f"the training takes longer than the {limit_s:.0f} s that it is allowed"
        too_long = {"refused": reason, "broken": reason, "cost_s": math.inf}
        if limit_s < MIN_TRAINING_S:
            return too_long
        end = time.monotonic() + limit_s
        try:
            try:
                reply = self._train_once(job, limit_s)
            except (WireClosedError, StaffError):
                # A new trainer may do it: the death need not be the fault of this job, since a
                # trainer keeps some memory of earlier ones and has a limit.
                reply = self._train_once(job, end - time.monotonic())
        except WireTimeoutError:
            return too_long
        except (WireError, StaffError) as error:
            reason = f"the trainer stopped ({error})"
            return {"refused": reason, "broken": reason}
        return reply if reply.get("cost_s", 0.0) <= limit_s else too_long

    def _train_once(self, job: Any, timeout_s: float) -> Message:
        if self._trainer is None or not self._trainer.is_alive():
            self._stop_trainer()
            options = {
                "service": self.plan.assignment.grading.trainer_module,
                "cache": str(self.plan.cache),
                "threads": max(1, (os.cpu_count() or 1) // self.plan.workers),
            }
            self._trainer = self.zygote.start_trusted(TRAINER_ENTRY, options, MAX_TRAINER_BYTES)
            self._end_if_stopped(self._trainer)
        channel = Channel(self._trainer.sock)
        try:
            channel.send({"job": job}, timeout_s=STEP_TIMEOUT_S)
            return channel.receive(timeout_s=timeout_s)
        except WireError:
            # After a timeout its reply could still arrive and be taken for that of the next job.
            self._stop_trainer()
            raise

    def ask_grader(self, message: Message, budget: TrainingBudget) -> CheckStep:
        """Send the grader a message and return the check's next step.

        Args:
            budget: is charged for the trainings that the check requests.

        Raises:
            GraderError: there is no grader, or it is a GraderStoppedError; the next call starts a new one.
        """
        # The grader is trusted but can hang: the check works on a model that the submission chose,
        # and one layer with the right numbers keeps TensorFlow busy in C for minutes.
        costs_s: list[float] = []
        deadline = time.monotonic() + STEP_TIMEOUT_S
        try:
            channel = Channel(self._ensure_grader().sock)
        except (WireError, StaffError) as error:
            self.stop_grader()
            raise GraderError(f"the grader does not start ({error})") from None
        try:
            channel.send(message, timeout_s=STEP_TIMEOUT_S)
            while True:
                frame = channel.receive(timeout_s=deadline - time.monotonic())
                if "job" not in frame:
                    return CheckStep(frame, tuple(costs_s))
                begin = time.monotonic()
                reply = self.train(frame["job"], budget.limit_s)
                # The clock of the check stands still while the trainer works.
                deadline += time.monotonic() - begin
                costs_s.append(float(reply.get("cost_s", 0.0)))
                budget.charge(costs_s[-1])
                channel.send(reply, timeout_s=STEP_TIMEOUT_S)
        except WireError as error:
            self.stop_grader()
            kind = GraderError if self._stopped else GraderStoppedError
            raise kind(f"the grader stopped ({error})") from None

    def recycle_grader(self) -> None:
        """Replace the grader if it has run many checks or has grown; only between two checks."""
        self._checks_run += 1
        if self._grader is None or self._checks_run % CHECKS_PER_MEMORY_SAMPLE:
            return
        max_bytes = self._initial_bytes + MAX_GROWTH_BYTES
        if self._checks_run > MAX_CHECKS or self._grader.resident_bytes() > max_bytes:
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

    def _ensure_grader(self) -> Process:
        if self._grader is not None and not self._grader.is_alive():
            self.stop_grader()
        if self._grader is None:
            self._grader = self.zygote.start_trusted(GRADER_ENTRY, self.plan.options(), MAX_GRADER_BYTES)
            self._end_if_stopped(self._grader)
            definitions = [
                {"id": check.cell.id, "code": check.code, "hidden": check.hidden}
                for check in self.plan.source.checks()
            ]
            # It learns the checks only now: what it was forked from also forks submissions.
            channel = Channel(self._grader.sock)
            channel.send({"load": definitions}, timeout_s=STEP_TIMEOUT_S)
            channel.receive(timeout_s=STEP_TIMEOUT_S)
            self._initial_bytes = self._grader.resident_bytes()
        return self._grader

    def _stop_trainer(self) -> None:
        if self._trainer is not None:
            self._trainer.kill()
        self._trainer = None

    def _end_if_stopped(self, process: Process) -> None:
        """End a new process if ``stop`` came too early to see it; it must be assigned already."""
        if self._stopped:
            process.terminate()
