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
from autograder.grade.results import CheckResult
from autograder.grade.sandbox.process import Process
from autograder.grade.submissions.order import Step
from autograder.grade.text import one_line
from autograder.grade.wire import Channel, Closed, Late, WireError, encode
from autograder.grade.workshop import Fault, Workshop
from autograder.source import Check, Question

Message = dict[str, Any]

GRACE_S = 2.0
"""How much later than its own alarm a process is killed."""

MOST_DEATHS = 2
"""Deaths and time-outs of one question after which its other checks are not tried."""

WITHHELD = "It did something else here than without the hidden checks, so its words are not shown"


class Gone(Exception):  # noqa: N818  what happened, as a sentence
    """The submission's process is gone; the message says why, for its author."""


class Listener:
    """Is told what happens while a submission runs; this one lets it pass."""

    def called(self, check: str, call: Message, reply: Message) -> None:
        """Hear what a check asked an answer, and what came back."""

    def done(self, result: CheckResult) -> None:
        """Hear of a check that is over, without words that may be taken back."""


@dataclass(frozen=True, slots=True)
class Report:
    """What running a submission came to."""

    checks: tuple[CheckResult, ...]
    flags: tuple[str, ...]
    train_s: float
    peak_bytes: int


def run(
    steps: tuple[Step, ...],
    workshop: Workshop,
    *,
    only: frozenset[str] = frozenset(),
    listener: Listener | None = None,
) -> Report:
    """Run a submission and grade it; whatever it does, there is a report.

    Args:
        only: ids of the checks to run, and no cell below the last of them; empty for all.
        listener: told of what happens; not of what is run again for the sake of words.
    """
    session = _Session(steps, workshop, only=only, listener=listener)
    try:
        report = session.run()
    finally:
        session.close()
    return _reworded(report, session) if session.doubtful else report


def _reworded(report: Report, session: "_Session") -> Report:
    """Return a report whose doubtful words are those of a run that no hidden check was part of."""
    again = _Session(session.steps, session.workshop, only=frozenset(session.doubtful))
    again.used_s = session.used_s
    try:
        said = {check.id: check for check in again.run().checks if check.id in again.only}
    finally:
        again.close()
    checks = tuple(_worded(check, said.get(check.id, check)) for check in report.checks)
    return replace(report, checks=checks)


def _worded(check: CheckResult, said: CheckResult) -> CheckResult:
    if said.outcome is check.outcome:
        return replace(check, message=said.message, hint=said.hint)
    return replace(check, message=WITHHELD, hint="")


class _Session:
    """The process that runs the submission now, how far it is, and what it has used."""

    def __init__(
        self,
        steps: tuple[Step, ...],
        workshop: Workshop,
        *,
        only: frozenset[str] = frozenset(),
        listener: Listener | None = None,
    ) -> None:
        self.only = only
        """Ids of the checks to run; empty for all."""

        self.workshop = workshop
        self.listener = listener or Listener()
        self.limits = workshop.recipe.limits
        self.questions = {question.name: question for question in workshop.recipe.source.questions}
        self.steps = self._wanted(steps)
        self.process: Process | None = None
        self.place = 0
        """How many steps are done."""

        self.dead: set[int] = set()
        """Steps that killed the process and are left out from then on."""

        self.errors: dict[str, str] = {}
        """What the answer cells of a question raised, or how they died, by question."""

        self.built: dict[bytes, Message] = {}
        """Models that the question at hand has built in this process, by the call."""

        self.late: Counter[str] = Counter()
        """Calls that used up their time, by question."""

        self.asked = False
        """Whether a hidden check has called an answer."""

        self.doubtful: set[str] = set()
        """Checks whose sentences the submission had a hand in after that."""

        self.flags: list[str] = []
        self.used_s = 0.0
        """Seconds that the submission's own code has run; never set back."""

        self.replaying = False
        """Whether cells run again that have run in an earlier process."""

        self.train_s = 0.0
        """Estimated seconds of training that it was charged."""

        self.charged: set[str] = set()
        """Keys of the jobs that these were for."""

        self.unpaid_s = 0.0
        """Seconds by the clock that jobs took which were charged nothing."""

        self.peak_bytes = 0

    def run(self) -> Report:
        results: dict[str, CheckResult] = {}
        for number, step in enumerate(self.steps):
            if step.kind == "checks":
                results |= {one.id: one for one in self._question(self.questions[step.question])}
            else:
                self._cell(number, step)
            self.place = number + 1
        missing = [check for check in self._all_checks() if check.id not in results]
        results |= {check.id: replace(check, outcome=Outcome.BLOCKED) for check in missing}
        ordered = tuple(results[check.id] for check in self._all_checks())
        self.close()
        return Report(ordered, tuple(dict.fromkeys(self.flags)), self.train_s, self.peak_bytes)

    def _wanted(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
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
        self.built.clear()

    def _all_checks(self) -> Iterator[CheckResult]:
        for question in self.questions.values():
            for check in question.checks:
                yield not_run(check, question)

    def _cell(self, number: int, step: Step) -> None:
        """Run a cell; the process need not survive it."""
        try:
            error = self._run(step)
        except Gone as gone:
            self._died(number, step, str(gone))
        except Fault:
            self.close()
        else:
            if error and step.question:
                self.errors[step.question] = error

    def _died(self, number: int, step: Step, reason: str) -> None:
        self.close()
        self.dead.add(number)
        self.flags.append(f"{step.question or 'a cell of its own'}: a cell {reason}")
        if step.question:
            self.errors[step.question] = f"The cell {reason}"

    def _run(self, step: Step) -> str:
        """Return what a cell raised, as a sentence; empty if nothing."""
        limit_s = self.limits.cell_s
        reply = self._exchange({"cell": step.text, "limit_s": limit_s}, limit_s)
        error = reply.get("error")
        return _told(error) if isinstance(error, dict) else ""

    def _ready(self) -> Channel:
        """Return the wire to a process that has run all steps so far.

        Raises:
            Gone: the time of the whole submission is used up.
            Fault: no process can be started.
        """
        while self.process is None:
            self._check_budget()
            self.process = self.workshop.child()
            self._replay()
        return Channel(self.process.sock)

    def _replay(self) -> None:
        """Run the cells so far in a fresh process; what they train is charged already."""
        self.replaying = True
        try:
            for number, step in enumerate(self.steps[: self.place]):
                if step.kind != "checks" and number not in self.dead:
                    self._replay_step(number, step)
        finally:
            self.replaying = False

    def _replay_step(self, number: int, step: Step) -> None:
        if self.process is None:
            return
        try:
            self._run(step)
        except Gone as gone:
            self._died(number, step, str(gone))

    def _check_budget(self) -> None:
        if self.used_s >= self.limits.total_s:
            raise Gone(f"was not run: the {self.limits.total_s:g} s for the whole notebook were used up")

    def _exchange(self, message: Message, limit_s: float) -> Message:
        """Ask the process and return its reply; jobs that it asks for meanwhile are done.

        Raises:
            Gone: it died, was killed, or sent what is no message.
        """
        channel = self._ready()
        self._check_budget()
        end_s = min(self.used_s + limit_s, self.limits.total_s) + GRACE_S
        try:
            reply = self._answered(channel, message, end_s)
            while "job" in reply:
                reply = self._answered(channel, self._job(reply["job"]), end_s)
        except WireError as error:
            reason = self._reason(error, limit_s)
            self.close()
            raise Gone(reason) from None
        return reply

    def _answered(self, channel: Channel, message: Message, end_s: float) -> Message:
        """Send a message and return what comes back before ``end_s`` of the submission's own seconds."""
        begin, left_s = time.monotonic(), end_s - self.used_s
        try:
            channel.send(message, within_s=left_s)
            return channel.receive(within_s=left_s)
        finally:
            self.used_s += time.monotonic() - begin

    def _job(self, job: Any) -> Message:
        """Have a job done and charge it; one that costs nothing costs the time that it took.

        Training that was charged before is free when cells run again: nobody pays for a restart.
        """
        if self.train_s + self.unpaid_s >= self.limits.train_s:
            return {"refused": f"the {self.limits.train_s:g} s of training for one notebook are used up"}
        begin = time.monotonic()
        reply = self.workshop.work(job)
        if "cost_s" not in reply or (self.replaying and reply["key"] in self.charged):
            self.unpaid_s += time.monotonic() - begin
        else:
            self.train_s += reply["cost_s"]
            self.charged.add(reply["key"])
        return reply

    def _reason(self, error: WireError, limit_s: float) -> str:
        process = self.process
        if process is not None and process.killed_for == "memory":
            gibibytes = self.limits.memory_bytes / 2**30
            return f"needed more than {gibibytes:.1f} GiB of memory and was stopped"
        if isinstance(error, Late):
            return f"took longer than {limit_s:g} s and was stopped"
        if isinstance(error, Closed):
            return "ended the process that it ran in"
        self.flags.append(f"what came is no message: {error}")
        return "sent the grader something that is no answer"

    def _question(self, question: Question) -> list[CheckResult]:
        deaths, results = 0, []
        self.built.clear()
        for check in question.checks:
            blank = not_run(check, question)
            if self.only and blank.id not in self.only:
                continue
            if deaths + self.late[question.name] >= MOST_DEATHS:
                told = "It was not run: this question used up its time or ended the process twice before"
                results.append(replace(blank, outcome=Outcome.ERRORED, message=told))
            else:
                begin = time.monotonic()
                result, died = self._tried(check, question, blank)
                deaths += died
                peak = self.process.peak_bytes if self.process else 0
                results.append(replace(result, wall_s=time.monotonic() - begin, peak_bytes=peak))
            self.listener.done(self._certain(results[-1]))
        return results

    def _certain(self, result: CheckResult) -> CheckResult:
        """Return a result without the words that another run will replace."""
        return replace(result, message="", hint="") if result.id in self.doubtful else result

    def _tried(self, check: Check, question: Question, blank: CheckResult) -> tuple[CheckResult, int]:
        """Run a check, once more in a fresh process if the first dies; return the deaths too."""
        reason = ""
        for deaths in range(MOST_DEATHS):
            try:
                return self._check(check, question, blank), deaths
            except Gone as gone:
                reason = str(gone)
                self.close()
            except Fault as fault:
                return replace(blank, outcome=Outcome.UNGRADED, message=str(fault)), deaths
        self.flags.append(f"{question.name}: the answer {reason}")
        return replace(blank, outcome=Outcome.ERRORED, message=f"Your code {reason}"), MOST_DEATHS

    def _check(self, check: Check, question: Question, blank: CheckResult) -> CheckResult:
        names = [argument.arg for argument in check.function().args.args]
        reply = self._exchange({"names": names}, self.limits.call_s)
        kinds = _kinds(reply, names)
        if question.name in self.errors and any(kind == "missing" for _, kind in kinds):
            self._doubt(check.cell.id)
            return replace(blank, outcome=Outcome.ERRORED, message=self.errors[question.name])
        self.asked |= check.hidden
        dialogue = self.workshop.dialogue(check.cell.id, kinds)
        train_s = 0.0
        while True:
            turn = dialogue.turn()
            train_s += turn.train_s
            if "verdict" in turn.frame:
                self.train_s += train_s
                result = _concluded(blank, turn.frame["verdict"])
                if not check.hidden and result.outcome in (Outcome.FAILED, Outcome.ERRORED):
                    self._doubt(check.cell.id)
                return result
            try:
                reply = self._called(turn.frame, question.name)
            except Gone:
                dialogue.abandon()
                raise
            self.listener.called(check.cell.id, turn.frame, reply)
            dialogue.tell(reply)

    def _doubt(self, check: str) -> None:
        if self.asked:
            self.doubtful.add(check)

    def _called(self, call: Message, question: str) -> Message:
        """Have an answer called; a model is not built twice with the same arguments for one question."""
        key = encode(call)
        if key in self.built:
            return self.built[key]
        before_s = self.used_s
        reply = self._exchange({**call, "limit_s": self.limits.call_s}, self.limits.call_s)
        self.late[question] += self.used_s - before_s >= self.limits.call_s
        if set(reply) not in ({"raised"}, {"value", "args"}):
            self.close()
            raise Gone("sent the grader something that is no answer")
        if _is_model(reply):
            self.built[key] = reply
        return reply


def _is_model(reply: Message) -> bool:
    value = reply.get("value")
    return type(value) is tuple and value[:1] == ("model",)


def not_run(check: Check, question: Question) -> CheckResult:
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


def _kinds(reply: Message, names: list[str]) -> list[tuple[str, str]]:
    kinds = reply.get("kinds")
    found = kinds if isinstance(kinds, dict) else {}
    return [(name, one_line(found.get(name, "missing"), 100)) for name in names]


def _concluded(blank: CheckResult, verdict: Message) -> CheckResult:
    outcome = Outcome(verdict["outcome"])
    return replace(blank, outcome=outcome, message=verdict["message"], hint=verdict.get("hint", ""))


def _told(error: Message) -> str:
    name, text = one_line(error.get("name"), 60), one_line(error.get("text"), 200)
    line = error.get("line")
    where = f" in line {line}" if type(line) is int and 0 < line < 100_000 else ""
    return f"The cell stops with {name or 'an error'}{where}{': ' if text else ''}{text}"
