"""The process that a submission runs in, replaced by a fresh one when it dies.

A fresh process first runs the earlier cells again, without those that killed a process. The supervisor
enforces every deadline from outside, and passes the jobs that a submission sends on to the trainer.
"""

import time
from typing import Any

from autograder.engine.missing_imports import INPUT
from autograder.engine.wire import Channel, Message, WireClosedError, WireError, WireTimeoutError
from autograder.engine.worker import GraderError, TrainingBudget, Worker
from autograder.sandbox.process import Process
from autograder.submission.match import GradingStep
from autograder.text import IMPORTED, one_line

GRACE_S = 2.0
"""Seconds after a process's own alarm at which it is killed from outside."""

MAX_REMARKS = 10
"""Remarks about what the cells of one submission did without."""

MAX_LINE_NUMBER = 99_999
"""Largest line number that a message shows; a larger one, which no cell has, was forged."""


class ProcessDiedError(Exception):
    """The submission's process is gone; the message says why, for the submission's author."""


class SubmissionProcess:
    """The process that runs a submission; a fresh one replaces it when it dies."""

    def __init__(self, steps: tuple[GradingStep, ...], worker: Worker) -> None:
        self.steps = steps
        self.steps_done = 0
        self.used_s = 0.0
        """Seconds that the submission's own code has run in all its processes; never reset."""

        self.budget = TrainingBudget(worker.plan.limits.train_s)
        """What is left for its own trainings; never reset."""

        self._replay_budget = TrainingBudget(worker.plan.limits.train_s)
        """The same for those that run again in replays, which cost the submission nothing."""

        self._charged_keys: set[str] = set()
        self.errors: dict[str, str] = {}
        """By question, what its answer cells raised or how they died."""

        self.flags: list[str] = []
        self.remarks: dict[str, None] = {}
        """What its cells did without, one sentence each, as far as no hidden check can have caused it."""

        self.takes_remarks = True
        self.peak_bytes = 0
        self.model_replies: dict[bytes, Message] = {}
        """Models that the current question has built in this process, by the encoded call."""

        self._worker = worker
        self._limits = worker.plan.limits
        self._process: Process | None = None
        self._fatal_steps: dict[int, str] = {}
        """How each step died that killed a process and is left out of replays."""

        self._lost_cells: list[tuple[str, str]] = []
        """Text and death of those that the present process has not been told of."""

        self._replaying = False

    def run_cell(self, number: int) -> None:
        """Run a cell; the process may not survive it."""
        step, limit_s = self.steps[number], self._limits.cell_s
        is_first = bool(step.question) and all(
            step.question != other.question for other in self.steps[:number]
        )
        message = {"cell": step.text, "limit_s": limit_s, "is_first_of_question": is_first}
        try:
            reply = self.exchange(message, limit_s)
        except ProcessDiedError as died:
            # Only the cell's own question loses by it. An extra cell belongs to no question: what it
            # would have defined is missing, and the checks that need it say so.
            self.close()
            self._fatal_steps[number] = str(died)
            self.flags.append(f"{step.question or 'an extra cell'}: a cell {died}")
            if step.question:
                self.errors[step.question] = f"The cell {died}"
        except GraderError:
            self.close()  # the checks below will find the same and stay ungraded
        else:
            error = reply.get("error")
            if self.takes_remarks:
                self._add_remarks(reply.get("skipped"))
            if isinstance(error, dict) and step.question and not self._replaying:
                self.errors[step.question] = _cell_error_message(error)

    def _add_remarks(self, skipped: Any) -> None:
        """Say what a cell did without; all of it is untrusted."""
        for name in skipped if type(skipped) is list else []:
            remark = ""
            if type(name) is str and name == INPUT:
                remark = "input() returned an empty string: nobody can answer it where the notebook is graded"
            elif type(name) is str and IMPORTED.fullmatch(name):
                remark = f"The import of {name} was skipped: it fails where the notebook is graded"
            if remark and len(self.remarks) < MAX_REMARKS:
                self.remarks[remark] = None

    def exchange(self, message: Message, limit_s: float) -> Message:
        """Send a message and return the reply, which is untrusted; do the jobs requested meanwhile.

        Raises:
            ProcessDiedError: the process died, was killed, or sent an invalid message.
            GraderError: no process can be started.
        """
        while self._process is None:
            self._require_time()
            self._start()
        self._require_time()
        message = {**message, "lost_cells": self._lost_cells}
        self._lost_cells = []
        channel = Channel(self._process.sock)
        # The process has an alarm of its own at ``limit_s``, which gives a proper traceback. Code
        # that swallows or disables it is killed from outside ``GRACE_S`` later. The clock of the
        # submission runs only while it has the turn: not while the trainer works.
        end_s = min(self.used_s + limit_s, self._limits.total_s) + GRACE_S
        try:
            reply = self._send_and_receive(channel, message, end_s)
            while "job" in reply:
                reply = self._send_and_receive(channel, self._run_job(reply["job"]), end_s)
        except WireError as error:
            reason = self._death_reason(error, limit_s)
            self.close()
            raise ProcessDiedError(reason) from None
        return reply

    def current_peak_bytes(self) -> int:
        """Return the peak memory of the process that runs now."""
        return self._process.peak_bytes if self._process else 0

    def close(self) -> None:
        """End the process and everything below it."""
        if self._process is not None:
            self.peak_bytes = max(self.peak_bytes, self._process.peak_bytes)
            self._process.kill()
        self._process = None
        self.model_replies.clear()

    def _start(self) -> None:
        """Start a process and run the earlier cells in it, without those that killed one."""
        # A cell may die in the replay that survived the first time (it counts its runs in a file,
        # say). Then it joins the fatal steps, the replay ends without a process, and the loop in
        # ``exchange`` starts the next. Each round removes a step or uses up time, so the loop ends.
        # ``exchange`` and this method call each other, but only one level deep: while a replay
        # runs, there is a process.
        self._process = self._worker.start_child()
        self._lost_cells = []
        self._replaying = True
        try:
            for number, step in enumerate(self.steps[: self.steps_done]):
                if number in self._fatal_steps:
                    self._lost_cells.append((step.text, self._fatal_steps[number]))
                elif step.kind != "checks":
                    self.run_cell(number)
                if self._process is None:
                    break
        finally:
            self._replaying = False

    def _require_time(self) -> None:
        if self.used_s >= self._limits.total_s:
            total_s = f"{self._limits.total_s:g} s"
            raise ProcessDiedError(f"was not run: the {total_s} for the whole notebook were used up")

    def _send_and_receive(self, channel: Channel, message: Message, end_s: float) -> Message:
        """Send a message and return the reply before ``end_s`` on the submission's own clock."""
        begin, left_s = time.monotonic(), end_s - self.used_s
        try:
            channel.send(message, timeout_s=left_s)
            return channel.receive(timeout_s=left_s)
        finally:
            self.used_s += time.monotonic() - begin

    def _run_job(self, job: Any) -> Message:
        budget = self._replay_budget if self._replaying else self.budget
        begin = time.monotonic()
        reply = self._worker.train(job, budget.limit_s)
        # A replay repeats the jobs of the first process, and a restart must cost the student
        # nothing. So a job that was charged before is free in a replay, but only there: a
        # submission could otherwise send one job forever. Whatever is not charged uses up time for
        # the same reason, since the submission's own clock stands still meanwhile.
        if self._replaying or "cost_s" not in reply:
            budget.left_s -= time.monotonic() - begin
        is_repeated = self._replaying and reply.get("key") in self._charged_keys
        if "cost_s" not in reply or is_repeated:
            return reply
        if not self.budget.charge(reply["cost_s"]):
            limit = f"the trainings of one notebook may take {self._limits.train_s:g} s in total"
            self.flags.append(f"a training took too long for the trainer: {limit}")
            return {"refused": limit}
        self._charged_keys.add(reply["key"])
        return reply

    def _death_reason(self, error: WireError, limit_s: float) -> str:
        if self._process is not None and self._process.kill_reason == "memory":
            gibibytes = self._limits.memory_bytes / 2**30
            return f"needed more than {gibibytes:.1f} GiB of memory and was stopped"
        if isinstance(error, WireTimeoutError):
            return f"took longer than {limit_s:g} s and was stopped"
        if isinstance(error, WireClosedError):
            return "terminated its Python process"
        self.flags.append(f"invalid message: {error}")
        return "returned something the grader could not read"


def _cell_error_message(error: Message) -> str:
    """Return a sentence about an exception; all fields are untrusted."""
    name, text = one_line(error.get("name"), 60), one_line(error.get("text"), 300)
    line = error.get("line")
    is_plausible = type(line) is int and 0 < line <= MAX_LINE_NUMBER
    where = f" in line {line}" if is_plausible else ""
    return f"The cell stops with {name or 'an error'}{where}{': ' if text else ''}{text}"
