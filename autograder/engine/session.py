"""Run one submission: its cells in order, its checks in place; it always comes to an end.

If the submission's process dies, the cell or check that killed it is lost. The submission continues
in a fresh process, which first runs the earlier cells again, without those that killed a process.
Results from before the death are kept. How a check and the submission talk is described in
``conversation``.

A student reads the messages of visible checks, and many quote the submission: the value that it
returned, the exception that it raised. Once a hidden check has called an answer, the submission
has seen the hidden arguments. It can store them in a global and raise them as the text of an
exception at any visible check that follows, also one of another question. So every message that
the submission may have influenced after the first hidden check is *tainted*. It is not shown to
anyone. When the notebook is finished, it runs once more from the start with the tainted checks
only: no hidden check runs in that process, so nothing hidden can be in its messages. They replace
the tainted ones where the outcome is the same. Where it is not, the submission behaves differently
with hidden checks, and a fixed sentence is shown. Outcomes always come from the first run: the
second run cannot change a mark.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from autograder.checks import Outcome
from autograder.engine.conversation import MODEL_STOPS_GRADER, CheckSession, run_check
from autograder.engine.results import CheckResult, unrun_checks
from autograder.engine.submission_process import ProcessDiedError, SubmissionProcess
from autograder.engine.wire import Message, encode
from autograder.engine.worker import GraderError, TrainingBudget, Worker
from autograder.notebook import Check, Question
from autograder.submission.match import GradingStep
from autograder.text import one_line

MAX_FAILURES = 2
"""Deaths and timeouts of one question, or graders that its models stopped, after which its remaining
checks do not run."""

OnCall = Callable[[str, Message, Message], None]
"""Receives a check's id, its call of an answer, and the submission's reply, which is untrusted."""

OnCheck = Callable[[CheckResult], None]
"""Receives the result of a finished check, without a message that may be replaced later."""


WITHHELD_MESSAGE = "The output differed when hidden checks ran, so it is not shown"


@dataclass(frozen=True, slots=True)
class SessionReport:
    """The result of running a submission."""

    checks: tuple[CheckResult, ...]
    flags: tuple[str, ...]
    train_s: float
    peak_bytes: int
    remarks: tuple[str, ...] = ()
    """What the cells had to do without, one sentence each, for the student."""


def ignore(*_: object) -> None:
    """Receive an event that nobody waits for."""


def run(
    steps: tuple[GradingStep, ...],
    worker: Worker,
    *,
    only: frozenset[str] = frozenset(),
    on_call: OnCall = ignore,
    on_check: OnCheck = ignore,
) -> SessionReport:
    """Run a submission and grade it; whatever it does, there is a report.

    Args:
        only: ids of the checks to run; cells below the last of them do not run. Empty for all.
        on_call: called after each call; not in a second run for messages, like ``on_check``. What
            either raises ends the grading.
        on_check: called after each check.
    """
    first = _Session(steps, worker, only, on_call, on_check)
    report = first.run()
    remarks = dict(first.process.remarks)

    def rerun(tainted: frozenset[str]) -> tuple[CheckResult, ...]:
        second = _Session(steps, worker, tainted, ignore, ignore)
        second.process.used_s = first.process.used_s
        checks = second.run().checks
        remarks.update(second.process.remarks)
        return checks

    checks = replace_messages(report.checks, frozenset(first.taint.check_ids), rerun)
    return replace(report, checks=checks, remarks=tuple(remarks))


def replace_messages(
    checks: tuple[CheckResult, ...],
    tainted: frozenset[str],
    rerun: Callable[[frozenset[str]], Iterable[CheckResult]],
) -> tuple[CheckResult, ...]:
    """Return the results with the tainted messages replaced by those of a second run.

    Args:
        checks: results of the first run.
        tainted: ids of the checks with tainted messages.
        rerun: runs the submission again with only these checks.
    """
    if not tainted:
        return checks
    # Equal outcomes do not prove that both messages mean the same, but the second one is safe to
    # show by itself: no hidden check had run when the submission produced it.
    second = {check.id: check for check in rerun(tainted)}
    replaced = []
    for check in checks:
        if check.id in tainted and second[check.id].outcome is check.outcome:
            check = replace(check, message=second[check.id].message, hint=second[check.id].hint)
        elif check.id in tainted:
            check = replace(check, message=WITHHELD_MESSAGE, hint="")
        replaced.append(check)
    return tuple(replaced)


@dataclass(slots=True)
class TaintTracker:
    """The checks of one run whose messages are tainted."""

    hidden_check_ran: bool = False
    """True once a hidden check has called an answer, in any process of the submission."""

    check_ids: set[str] = field(default_factory=set)

    def add(self, check_id: str) -> None:
        """Note that the submission influenced the message of a check."""
        if self.hidden_check_ran:
            self.check_ids.add(check_id)

    def without_tainted_message(self, result: CheckResult) -> CheckResult:
        """Return a result as it may be shown before the second run."""
        if result.id not in self.check_ids:
            return result
        return replace(result, message="", hint="")


class _Session:
    """One run of a submission: the results of its checks so far."""

    def __init__(
        self,
        steps: tuple[GradingStep, ...],
        worker: Worker,
        only: frozenset[str],
        on_call: OnCall,
        on_check: OnCheck,
    ) -> None:
        self._only = only
        """Ids of the checks to run; empty for all."""

        self._on_call, self._on_check = on_call, on_check
        self._worker = worker
        self._questions = {question.name: question for question in worker.plan.source.questions}
        not_run = "It was not run: the question is missing from the notebook"
        self._unrun = unrun_checks(worker.plan.source, Outcome.BLOCKED, not_run)
        self._results = dict(self._unrun)
        if only:
            # Down to the last check that runs.
            graded = {self._unrun[check_id].question for check_id in only}
            while steps and not (steps[-1].kind == "checks" and steps[-1].question in graded):
                steps = steps[:-1]
        self.process = SubmissionProcess(steps, worker)
        self.taint = TaintTracker()
        self._check_budget = TrainingBudget(worker.plan.limits.train_s)
        """What is left for the trainings of checks; the submission's own do not use it up."""

        self._failures: Counter[str] = Counter()
        """Deaths of the process, and calls that used up their time, by question."""

        self._unreadable: set[str] = set()
        """Questions in which a visible check found a value that no check can read."""

        self._stopped_graders: Counter[str] = Counter()
        """How many checks of each question ended because its model stopped the grader twice."""

    def run(self) -> SessionReport:
        try:
            for number, step in enumerate(self.process.steps):
                if step.kind == "checks":
                    self._grade_question(self._questions[step.question])
                else:
                    self.process.run_cell(number)
                self.process.steps_done = number + 1
        finally:
            self.process.close()
        return SessionReport(
            tuple(self._results.values()),
            tuple(dict.fromkeys(self.process.flags)),
            self.process.budget.spent_s + self._check_budget.spent_s,
            self.process.peak_bytes,
        )

    def _grade_question(self, question: Question) -> None:
        self.process.model_replies.clear()
        for check in question.checks:
            if self._only and check.cell.id not in self._only:
                continue
            empty = self._unrun[check.cell.id]
            if self._failures[question.name] >= MAX_FAILURES:
                message = "It was not run: this question already used up its time or ended the process twice"
                result = replace(empty, outcome=Outcome.ERRORED, message=message)
            elif self._stopped_graders[question.name] >= MAX_FAILURES:
                message = str(MODEL_STOPS_GRADER["message"])
                result = replace(empty, outcome=Outcome.REVIEW, message=message)
            else:
                begin = time.monotonic()
                result = self._check_with_retry(check, question, empty)
                peak_bytes = self.process.current_peak_bytes()
                result = replace(result, wall_s=time.monotonic() - begin, peak_bytes=peak_bytes)
            self._results[result.id] = result
            self._on_check(self.taint.without_tainted_message(result))
        if question.name not in self._unreadable:
            return
        # A zero for what the hidden checks made of such a value might be a false one. All that did not pass
        # is left to a person, for whatever reason: a submission must not be able to choose between not
        # passing and review by what a hidden check asks.
        for check in filter(lambda check: check.hidden, question.checks):
            result = self._results[check.cell.id]
            if result.has_score and result.outcome is not Outcome.PASSED:
                self._results[result.id] = replace(result, outcome=Outcome.REVIEW)

    def _check_with_retry(self, check: Check, question: Question, empty: CheckResult) -> CheckResult:
        """Run a check, once more in a fresh process if the first dies."""
        # The first death proves nothing about this check: a thread that an earlier cell started
        # may have killed the process just now. In the fresh process the check is the first that
        # runs after the cells, and a second death is its own.
        reason = ""
        for _ in range(2):
            try:
                return self._check_once(check, question, empty)
            except ProcessDiedError as died:
                reason = str(died)
                self._failures[question.name] += 1
                self.process.close()
            except GraderError as error:
                return replace(empty, outcome=Outcome.UNGRADED, message=str(error))
        self.process.flags.append(f"{question.name}: the answer {reason}")
        return replace(empty, outcome=Outcome.ERRORED, message=f"Your code {reason}")

    def _check_once(self, check: Check, question: Question, empty: CheckResult) -> CheckResult:
        names = [argument.arg for argument in check.function().args.args]
        reported = self.process.exchange({"names": names}, self._worker.plan.limits.call_s).get("kinds")
        kinds = []
        for name in names:
            # Untrusted: any value may be here in place of a dict or a word.
            kind = reported.get(name, "missing") if isinstance(reported, dict) else "missing"
            kinds.append((name, one_line(kind, 100)))
        cell_error = self.process.errors.get(question.name)
        if cell_error is not None and "missing" in dict(kinds).values():
            self.taint.add(check.cell.id)
            return replace(empty, outcome=Outcome.ERRORED, message=cell_error)
        self.taint.hidden_check_ran |= check.hidden
        self.process.takes_remarks = not self.taint.hidden_check_ran

        def call_answer(call: Message) -> Message:
            reply = self._call_answer(call, question.name)
            self._on_call(check.cell.id, call, reply)
            return reply

        opening = {"check": check.cell.id, "answers": kinds}
        conversation = CheckSession(self._worker, self._worker.cache, opening, self._check_budget)
        verdict = run_check(conversation, call_answer)
        self._stopped_graders[question.name] += verdict == MODEL_STOPS_GRADER
        outcome = Outcome(verdict["outcome"])
        if not check.hidden and verdict.get("is_unreadable"):
            self._unreadable.add(question.name)
        # Messages of hidden checks never quote the submission, so only visible ones are tainted.
        if not check.hidden and outcome in (Outcome.FAILED, Outcome.ERRORED, Outcome.REVIEW):
            self.taint.add(check.cell.id)
        return replace(empty, outcome=outcome, message=verdict["message"], hint=verdict.get("hint", ""))

    def _call_answer(self, call: Message, question: str) -> Message:
        """Call an answer; within a question a model is built once for the same arguments."""
        # Checks of one question often build the same model, which takes seconds. Only models are
        # kept: a function may return another value the next time, and a check may test just that.
        key = encode(call)
        if key in self.process.model_replies:
            return self.process.model_replies[key]
        before_s, limit_s = self.process.used_s, self._worker.plan.limits.call_s
        reply = self.process.exchange({**call, "limit_s": limit_s}, limit_s)
        # A call may catch its own alarm and still reply; that counts like a death.
        self._failures[question] += self.process.used_s - before_s >= limit_s
        if set(reply) not in ({"raised"}, {"value", "args"}):
            self.process.close()
            raise ProcessDiedError("returned something the grader could not read")
        value = reply.get("value")
        if type(value) is tuple and value[:1] == ("model",):
            self.process.model_replies[key] = reply
        return reply
