"""One submission: its cells run in order, its checks where they stand, and it always ends.

A process that dies costs the cell or the check that it died in; the submission goes on in a
fresh one, without the cells that killed it, and keeps what it has earned.

Once a hidden check has called an answer, whatever the submission says may tell what was asked,
also at a visible check of a later question. Where that matters, the notebook runs once more
with the doubtful checks alone, and its words are taken from there; marks never are.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from autograder.checks import Outcome
from autograder.engine.results import CheckResult
from autograder.engine.wire import Channel, WireClosedError, WireError, WireTimeoutError, encode
from autograder.engine.worker import GraderError, Worker
from autograder.notebook import Check, Question
from autograder.sandbox.process import Process
from autograder.submission.placement import GradingStep
from autograder.text import one_line

Message = dict[str, Any]

GRACE_S = 2.0
"""How much later than its own alarm a process is killed."""

MAX_DEATHS = 2
"""Deaths and time-outs of one question after which its other checks are not tried."""

WITHHELD_MESSAGE = "It did something else here than without the hidden checks, so its words are not shown"


class ProcessDiedError(Exception):
    """The submission's process is gone; the message says why, for its author."""


class Listener:
    """Is told what happens while a submission runs; this one lets it pass."""

    def on_call(self, check: str, call: Message, reply: Message) -> None:
        """Hear what a check asked an answer, and what came back."""

    def on_check_done(self, result: CheckResult) -> None:
        """Hear of a check that is over, without words that may be taken back."""


@dataclass(frozen=True, slots=True)
class SessionReport:
    """What running a submission came to."""

    checks: tuple[CheckResult, ...]
    flags: tuple[str, ...]
    train_s: float
    peak_bytes: int


def run(
    steps: tuple[GradingStep, ...],
    worker: Worker,
    *,
    only: frozenset[str] = frozenset(),
    listener: Listener | None = None,
) -> SessionReport:
    """Run a submission and grade it; whatever it does, there is a report.

    Args:
        only: ids of the checks to run, and no cell below the last of them; empty for all.
        listener: told of what happens; not of what is run again for the sake of words.
    """
    session = _Session(steps, worker, only=only, listener=listener)
    try:
        report = session.run()
    finally:
        session.close()
    return _replace_tainted_messages(report, session) if session.tainted_checks else report


def _replace_tainted_messages(report: SessionReport, session: "_Session") -> SessionReport:
    """Return a report whose doubtful words are those of a run that no hidden check was part of."""
    again = _Session(session.steps, session.worker, only=frozenset(session.tainted_checks))
    again.used_s = session.used_s
    try:
        said = {check.id: check for check in again.run().checks if check.id in again.only}
    finally:
        again.close()
    checks = tuple(_replace_message(check, said.get(check.id, check)) for check in report.checks)
    return replace(report, checks=checks)


def _replace_message(check: CheckResult, rerun: CheckResult) -> CheckResult:
    if rerun.outcome is check.outcome:
        return replace(check, message=rerun.message, hint=rerun.hint)
    return replace(check, message=WITHHELD_MESSAGE, hint="")


class _Session:
    """The process that runs the submission now, how far it is, and what it has used."""

    def __init__(
        self,
        steps: tuple[GradingStep, ...],
        worker: Worker,
        *,
        only: frozenset[str] = frozenset(),
        listener: Listener | None = None,
    ) -> None:
        self.only = only
        """Ids of the checks to run; empty for all."""

        self.worker = worker
        self.listener = listener or Listener()
        self.limits = worker.plan.limits
        self.questions = {question.name: question for question in worker.plan.source.questions}
        self.steps = self._steps_to_run(steps)
        self.process: Process | None = None
        self.steps_done = 0
        """How many steps are done."""

        self.fatal_steps: set[int] = set()
        """Steps that killed the process and are left out from then on."""

        self.errors: dict[str, str] = {}
        """What the answer cells of a question raised, or how they died, by question."""

        self.model_replies: dict[bytes, Message] = {}
        """Models that the question at hand has built in this process, by the call."""

        self.timeouts: Counter[str] = Counter()
        """Calls that used up their time, by question."""

        self.hidden_check_ran = False
        """Whether a hidden check has called an answer."""

        self.tainted_checks: set[str] = set()
        """Checks whose sentences the submission had a hand in after that."""

        self.flags: list[str] = []
        self.used_s = 0.0
        """Seconds that the submission's own code has run; never set back."""

        self.replaying = False
        """Whether cells run again that have run in an earlier process."""

        self.train_s = 0.0
        """Estimated seconds of training that it was charged."""

        self.charged_keys: set[str] = set()
        """Keys of the jobs that these were for."""

        self.uncharged_s = 0.0
        """Seconds by the clock that jobs took which were charged nothing."""

        self.peak_bytes = 0

    def run(self) -> SessionReport:
        results: dict[str, CheckResult] = {}
        for number, step in enumerate(self.steps):
            if step.kind == "checks":
                results |= {one.id: one for one in self._grade_question(self.questions[step.question])}
            else:
                self._run_cell(number, step)
            self.steps_done = number + 1
        missing = [check for check in self._all_checks() if check.id not in results]
        results |= {check.id: replace(check, outcome=Outcome.BLOCKED) for check in missing}
        ordered = tuple(results[check.id] for check in self._all_checks())
        self.close()
        return SessionReport(ordered, tuple(dict.fromkeys(self.flags)), self.train_s, self.peak_bytes)

    def _steps_to_run(self, steps: tuple[GradingStep, ...]) -> tuple[GradingStep, ...]:
        """Return the steps down to the last check that is run."""
        if not self.only:
            return steps
        of = {check.question for check in self._all_checks() if check.id in self.only}
        places = (n for n, step in enumerate(steps) if step.kind == "checks" and step.question in of)
        return steps[: max(places, default=-1) + 1]

    def close(self) -> None:
        """End the submission's processes and see them gone."""
        if self.process is not None:
            self.peak_bytes = max(self.peak_bytes, self.process.peak_bytes)
            self.process.kill()
        self.process = None
        self.model_replies.clear()

    def _all_checks(self) -> Iterator[CheckResult]:
        for question in self.questions.values():
            for check in question.checks:
                yield empty_check_result(check, question)

    def _run_cell(self, number: int, step: GradingStep) -> None:
        """Run a cell; the process need not survive it."""
        try:
            error = self._execute_cell(step)
        except ProcessDiedError as gone:
            self._record_death(number, step, str(gone))
        except GraderError:
            self.close()
        else:
            if error and step.question:
                self.errors[step.question] = error

    def _record_death(self, number: int, step: GradingStep, reason: str) -> None:
        self.close()
        self.fatal_steps.add(number)
        self.flags.append(f"{step.question or 'a cell of its own'}: a cell {reason}")
        if step.question:
            self.errors[step.question] = f"The cell {reason}"

    def _execute_cell(self, step: GradingStep) -> str:
        """Return what a cell raised, as a sentence; empty if nothing."""
        limit_s = self.limits.cell_s
        reply = self._exchange({"cell": step.text, "limit_s": limit_s}, limit_s)
        error = reply.get("error")
        return _cell_error_message(error) if isinstance(error, dict) else ""

    def _ensure_channel(self) -> Channel:
        """Return the wire to a process that has run all steps so far.

        Raises:
            Gone: the time of the whole submission is used up.
            Fault: no process can be started.
        """
        while self.process is None:
            self._check_budget()
            self.process = self.worker.start_child()
            self._replay()
        return Channel(self.process.sock)

    def _replay(self) -> None:
        """Run the cells so far in a fresh process; what they train is charged already."""
        self.replaying = True
        try:
            for number, step in enumerate(self.steps[: self.steps_done]):
                if step.kind != "checks" and number not in self.fatal_steps:
                    self._replay_step(number, step)
        finally:
            self.replaying = False

    def _replay_step(self, number: int, step: GradingStep) -> None:
        if self.process is None:
            return
        try:
            self._execute_cell(step)
        except ProcessDiedError as gone:
            self._record_death(number, step, str(gone))

    def _check_budget(self) -> None:
        if self.used_s >= self.limits.total_s:
            raise ProcessDiedError(
                f"was not run: the {self.limits.total_s:g} s for the whole notebook were used up"
            )

    def _exchange(self, message: Message, limit_s: float) -> Message:
        """Ask the process and return its reply; jobs that it asks for meanwhile are done.

        Raises:
            Gone: it died, was killed, or sent what is no message.
        """
        channel = self._ensure_channel()
        self._check_budget()
        end_s = min(self.used_s + limit_s, self.limits.total_s) + GRACE_S
        try:
            reply = self._send_and_receive(channel, message, end_s)
            while "job" in reply:
                reply = self._send_and_receive(channel, self._run_job(reply["job"]), end_s)
        except WireError as error:
            reason = self._death_reason(error, limit_s)
            self.close()
            raise ProcessDiedError(reason) from None
        return reply

    def _send_and_receive(self, channel: Channel, message: Message, end_s: float) -> Message:
        """Send a message and return what comes back before ``end_s`` of the submission's own seconds."""
        begin, left_s = time.monotonic(), end_s - self.used_s
        try:
            channel.send(message, timeout_s=left_s)
            return channel.receive(timeout_s=left_s)
        finally:
            self.used_s += time.monotonic() - begin

    def _run_job(self, job: Any) -> Message:
        """Have a job done and charge it; one that costs nothing costs the time that it took.

        Training that was charged before is free when cells run again: nobody pays for a restart.
        """
        if self.train_s + self.uncharged_s >= self.limits.train_s:
            return {"refused": f"the {self.limits.train_s:g} s of training for one notebook are used up"}
        begin = time.monotonic()
        reply = self.worker.train(job)
        if "cost_s" not in reply or (self.replaying and reply["key"] in self.charged_keys):
            self.uncharged_s += time.monotonic() - begin
        else:
            self.train_s += reply["cost_s"]
            self.charged_keys.add(reply["key"])
        return reply

    def _death_reason(self, error: WireError, limit_s: float) -> str:
        process = self.process
        if process is not None and process.kill_reason == "memory":
            gibibytes = self.limits.memory_bytes / 2**30
            return f"needed more than {gibibytes:.1f} GiB of memory and was stopped"
        if isinstance(error, WireTimeoutError):
            return f"took longer than {limit_s:g} s and was stopped"
        if isinstance(error, WireClosedError):
            return "ended the process that it ran in"
        self.flags.append(f"what came is no message: {error}")
        return "sent the grader something that is no answer"

    def _grade_question(self, question: Question) -> list[CheckResult]:
        deaths, results = 0, []
        self.model_replies.clear()
        for check in question.checks:
            blank = empty_check_result(check, question)
            if self.only and blank.id not in self.only:
                continue
            if deaths + self.timeouts[question.name] >= MAX_DEATHS:
                told = "It was not run: this question used up its time or ended the process twice before"
                results.append(replace(blank, outcome=Outcome.ERRORED, message=told))
            else:
                begin = time.monotonic()
                result, died = self._check_with_retry(check, question, blank)
                deaths += died
                peak = self.process.peak_bytes if self.process else 0
                results.append(replace(result, wall_s=time.monotonic() - begin, peak_bytes=peak))
            self.listener.on_check_done(self._hide_tainted_message(results[-1]))
        return results

    def _hide_tainted_message(self, result: CheckResult) -> CheckResult:
        """Return a result without the words that another run will replace."""
        return replace(result, message="", hint="") if result.id in self.tainted_checks else result

    def _check_with_retry(
        self, check: Check, question: Question, empty: CheckResult
    ) -> tuple[CheckResult, int]:
        """Run a check, once more in a fresh process if the first dies; return the deaths too."""
        reason = ""
        for deaths in range(MAX_DEATHS):
            try:
                return self._run_check(check, question, empty), deaths
            except ProcessDiedError as gone:
                reason = str(gone)
                self.close()
            except GraderError as fault:
                return replace(empty, outcome=Outcome.UNGRADED, message=str(fault)), deaths
        self.flags.append(f"{question.name}: the answer {reason}")
        return replace(empty, outcome=Outcome.ERRORED, message=f"Your code {reason}"), MAX_DEATHS

    def _run_check(self, check: Check, question: Question, empty: CheckResult) -> CheckResult:
        names = [argument.arg for argument in check.function().args.args]
        reply = self._exchange({"names": names}, self.limits.call_s)
        kinds = _answer_kinds(reply, names)
        if question.name in self.errors and any(kind == "missing" for _, kind in kinds):
            self._mark_tainted(check.cell.id)
            return replace(empty, outcome=Outcome.ERRORED, message=self.errors[question.name])
        self.hidden_check_ran |= check.hidden
        dialogue = self.worker.check_session(check.cell.id, kinds)
        train_s = 0.0
        while True:
            turn = dialogue.next_step()
            train_s += turn.train_s
            if "verdict" in turn.frame:
                self.train_s += train_s
                result = _apply_verdict(empty, turn.frame["verdict"])
                if not check.hidden and result.outcome in (Outcome.FAILED, Outcome.ERRORED):
                    self._mark_tainted(check.cell.id)
                return result
            try:
                reply = self._call_answer(turn.frame, question.name)
            except ProcessDiedError:
                dialogue.abort()
                raise
            self.listener.on_call(check.cell.id, turn.frame, reply)
            dialogue.reply(reply)

    def _mark_tainted(self, check: str) -> None:
        if self.hidden_check_ran:
            self.tainted_checks.add(check)

    def _call_answer(self, call: Message, question: str) -> Message:
        """Have an answer called; a model is not built twice with the same arguments for one question."""
        key = encode(call)
        if key in self.model_replies:
            return self.model_replies[key]
        before_s = self.used_s
        reply = self._exchange({**call, "limit_s": self.limits.call_s}, self.limits.call_s)
        self.timeouts[question] += self.used_s - before_s >= self.limits.call_s
        if set(reply) not in ({"raised"}, {"value", "args"}):
            self.close()
            raise ProcessDiedError("sent the grader something that is no answer")
        if _is_model(reply):
            self.model_replies[key] = reply
        return reply


def _is_model(reply: Message) -> bool:
    value = reply.get("value")
    return type(value) is tuple and value[:1] == ("model",)


def empty_check_result(check: Check, question: Question) -> CheckResult:
    """Return the result of a check before anything is known of it."""
    return CheckResult(
        check.cell.id,
        question.name,
        check.title.splitlines()[0],
        check.hidden,
        check.points,
        Outcome.BLOCKED,
        "It was not run: the question is missing from the notebook",
    )


def _answer_kinds(reply: Message, names: list[str]) -> list[tuple[str, str]]:
    kinds = reply.get("kinds")
    found = kinds if isinstance(kinds, dict) else {}
    return [(name, one_line(found.get(name, "missing"), 100)) for name in names]


def _apply_verdict(empty: CheckResult, verdict: Message) -> CheckResult:
    outcome = Outcome(verdict["outcome"])
    return replace(empty, outcome=outcome, message=verdict["message"], hint=verdict.get("hint", ""))


def _cell_error_message(error: Message) -> str:
    name, text = one_line(error.get("name"), 60), one_line(error.get("text"), 200)
    line = error.get("line")
    where = f" in line {line}" if type(line) is int and 0 < line < 100_000 else ""
    return f"The cell stops with {name or 'an error'}{where}{': ' if text else ''}{text}"
