"""The result of grading a submission: an outcome per check, points per question, provenance."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import msgspec

from autograder.checks import Outcome
from autograder.notebook import Source

HIDDEN_NOT_PASSED = "the inputs of this check, and what your answer did with them, stay hidden"
HIDDEN_HINT = "Try other inputs than the visible checks use: other sizes, other values, edge cases."


class GradingStatus(StrEnum):
    """How much of a submission has been graded; what is ungraded is a grader error."""

    GRADED = "graded"
    REVIEW = "needs review"
    """All checks ran, but a person must decide on some."""

    PARTIAL = "partly ungraded"
    UNGRADED = "ungraded"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check."""

    id: str
    """The check's cell id, e.g. ``q2-values``."""

    question: str
    title: str
    hidden: bool
    points: float
    """Points that the check is worth."""

    outcome: Outcome
    message: str = ""
    """A sentence for the student; never contains a value that only a hidden check knows."""

    hint: str = ""
    wall_s: float = 0.0
    peak_bytes: int = 0
    """Peak resident memory of the submission's processes while the check ran."""

    def __post_init__(self) -> None:
        """Keep one copy of each text in memory."""
        # All results of a class repeat the same ids, titles and messages, but each line of a
        # journal brings its own copies. Without this, a class of a thousand takes several times
        # the memory. The field is frozen for everyone else, hence ``object.__setattr__``.
        for name in ("id", "question", "title", "message", "hint"):
            text = getattr(self, name)
            if type(text) is str:
                object.__setattr__(self, name, sys.intern(text))

    @property
    def has_score(self) -> bool:
        """Return True unless the check is ungraded or a person must decide."""
        return self.outcome not in (Outcome.UNGRADED, Outcome.REVIEW)

    @property
    def earned(self) -> float:
        """Return the points that the check earned."""
        return self.points if self.outcome is Outcome.PASSED else 0.0

    def for_student(self, blocked: "CheckResult | None") -> "CheckResult":
        """Return the check as students read it.

        Of a hidden check that did not pass they read one sentence and one hint, always the same. A
        submission sees the hidden inputs, so whatever it can choose (wrong or stopped, a class, a
        line, seconds, bytes) could carry them out. The reason for a grader error is for staff only.

        Args:
            blocked: the first visible check of the question if all of them are blocked; what it
                says is then said of the hidden ones too.
        """
        outcome, message, hint = self.outcome, self.message, self.hint
        if self.hidden or self.outcome is Outcome.UNGRADED:
            message = hint = ""
        if self.hidden and self.has_score and self.outcome is not Outcome.PASSED:
            outcome, message, hint = Outcome.FAILED, HIDDEN_NOT_PASSED, HIDDEN_HINT
            if blocked:
                outcome, message, hint = blocked.outcome, blocked.message, blocked.hint
        return replace(self, outcome=outcome, message=message, hint=hint, wall_s=0.0, peak_bytes=0)


@dataclass(frozen=True, slots=True)
class StaffMark:
    """What a person decided about one question; it overrides the checks."""

    points: float
    reason: str
    """A sentence for the student."""


@dataclass(frozen=True, slots=True)
class Misconception:
    """The probable belief behind a wrong answer; a guess."""

    belief: str
    truth: str = ""
    """What is true instead."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Everything that a result depends on."""

    submission_sha256: str
    source_sha256: str
    """Digest of the source notebook's bytes."""

    kit_sha256: str
    config_sha256: str
    versions: Mapping[str, str]
    """``{"python": "3.11.7", "tensorflow": "2.21.0", …}``."""

    isolation: str
    """``full`` or ``reduced``."""

    missing_layers: tuple[str, ...]
    """Isolation layers that the machine does not provide."""

    dataset: str
    seed: int


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one submission; every submission has one."""

    student: str
    """The student's name as in the folder or file name, safe to use in a path."""

    submission: str
    """Path of the submission, relative to the path that was given."""

    assignment: str
    checks: tuple[CheckResult, ...]
    """All checks of the source, in its order, including those that did not run."""

    provenance: Provenance
    repairs: tuple[str, ...] = ()
    """What was fixed before grading, one sentence each."""

    flags: tuple[str, ...] = ()
    """What staff should look at, one sentence each, e.g. a crash or a copied ``grade_id``."""

    misconceptions: Mapping[str, Misconception] = field(default_factory=dict)
    """By question, where the checks saw what they saw of a known answer."""

    manual: Mapping[str, float] = field(default_factory=dict)
    """Points of the manually graded questions, by question."""

    staff_marks: Mapping[str, StaffMark] = field(default_factory=dict)
    """What people decided (``course mark``), by question."""

    name: str = ""
    """Name of the person or group on the platform; empty if the platform gives none."""

    ids: Mapping[str, str] = field(default_factory=dict)
    """Other platform ids: ``canvas``, ``moodle``, ``id``, ``email``, or a folder's ``student``."""

    members: tuple[str, ...] = ()
    """Names of all members of a group; empty for an individual."""

    submitted_at: str = ""
    """Date and time with a time zone; empty if unknown."""

    late_mark: bool = False
    """True if the platform marked the submission as late."""

    wall_s: float = 0.0
    peak_bytes: int = 0
    train_s: float = 0.0
    """Seconds of training by the clock; a stored training counts what it took when it was first done."""

    @property
    def earned(self) -> float:
        """Return the points earned."""
        return sum(earned for earned, _ in self.questions().values())

    @property
    def points(self) -> float:
        """Return the points that all checks are worth, and the manual questions that have a mark."""
        return sum(points for _, points in self.questions().values())

    def for_student(self) -> "Result":
        """Return the result as its student may read it; every view for students shows this one."""
        guesses = {name: guess for name, guess in self.misconceptions.items() if name not in self.staff_marks}
        visible: dict[str, list[CheckResult]] = {}
        for check in self.checks:
            if not check.hidden:
                visible.setdefault(check.question, []).append(check)
        blocked = {}
        for question, checks in visible.items():
            if all(check.outcome is Outcome.BLOCKED for check in checks):
                blocked[question] = checks[0]
        return replace(
            self,
            checks=tuple(check.for_student(blocked.get(check.question)) for check in self.checks),
            misconceptions=guesses,
            wall_s=0.0,
            peak_bytes=0,
            train_s=0.0,
        )

    def questions(self) -> dict[str, tuple[float, float]]:
        """Return earned and possible points by question, in order; manual ones only if staff marked them."""
        table: dict[str, tuple[float, float]] = {}
        for check in self.checks:
            earned, points = table.get(check.question, (0.0, 0.0))
            table[check.question] = (earned + check.earned, points + check.points)
        for question, mark in self.staff_marks.items():
            points = table[question][1] if question in table else self.manual[question]
            table[question] = (mark.points, points)
        return table

    def marks(self) -> dict[str, float | None]:
        """Return earned points by question, in order; None where no check has a score."""
        marks: dict[str, float | None] = {}
        for check in self.checks:
            marks.setdefault(check.question, None)
            if check.has_score:
                marks[check.question] = (marks[check.question] or 0.0) + check.earned
        for question, mark in self.staff_marks.items():
            marks[question] = mark.points
        return marks

    @property
    def status(self) -> GradingStatus:
        """Return how much of the submission has been graded."""
        if not self.ungraded_checks:
            return GradingStatus.REVIEW if self.review_checks else GradingStatus.GRADED
        if all(mark is None for mark in self.marks().values()):
            return GradingStatus.UNGRADED
        return GradingStatus.PARTIAL

    @property
    def possible_points(self) -> dict[str, float]:
        """Return the points of every question, manual ones included."""
        return {**{name: points for name, (_, points) in self.questions().items()}, **self.manual}

    @property
    def unmarked_questions(self) -> dict[str, float]:
        """Return the points of the manual questions without a mark, by question."""
        return {name: points for name, points in self.manual.items() if name not in self.staff_marks}

    @property
    def open_checks(self) -> tuple[CheckResult, ...]:
        """Return the checks without a score in questions that staff have not marked."""
        return tuple(
            check for check in self.checks if not check.has_score and check.question not in self.staff_marks
        )

    def open_outcomes(self) -> dict[str, set[Outcome]]:
        """Return the outcomes of the open checks by question; without the questions that have none."""
        outcomes: dict[str, set[Outcome]] = {}
        for check in self.open_checks:
            outcomes.setdefault(check.question, set()).add(check.outcome)
        return outcomes

    @property
    def ungraded_checks(self) -> tuple[CheckResult, ...]:
        """Return the open checks that could not be graded because of a grader error."""
        return tuple(check for check in self.open_checks if check.outcome is Outcome.UNGRADED)

    @property
    def review_checks(self) -> tuple[CheckResult, ...]:
        """Return the open checks that a person must decide on."""
        return tuple(check for check in self.open_checks if check.outcome is Outcome.REVIEW)


def unrun_checks(source: Source, outcome: Outcome, message: str) -> dict[str, CheckResult]:
    """Return the results of all checks before any of them has run, by id and in order."""
    results = {}
    for question in source.questions:
        for check in question.checks:
            title = check.title.splitlines()[0]
            results[check.cell.id] = CheckResult(
                check.cell.id, question.name, title, check.hidden, check.points, outcome, message
            )
    return results


def serialize(result: Result) -> dict[str, Any]:
    """Return a result as plain data that ``json.dumps`` accepts; equal results give equal data."""
    plain: dict[str, Any] = msgspec.to_builtins(result, enc_hook=dict)
    plain["provenance"]["versions"] = dict(sorted(plain["provenance"]["versions"].items()))
    return plain


def deserialize(plain: object) -> Result:
    """Return the result in plain data from a journal or another machine.

    Raises:
        ValueError: a field is missing or has the wrong type.
    """
    # ``convert`` and not ``msgspec.json.decode``: names of files and students may hold lone
    # surrogates (bytes that are not UTF-8), which Python's JSON keeps and msgspec's refuses.
    return msgspec.convert(plain, Result)


class RunListener:
    """Receives the events of a run; does nothing by default, override what you need."""

    def on_start(self, already_graded: int, students: Sequence[str], remarks: Sequence[str]) -> None:
        """Receive the number already graded, the students to grade in order, and journal remarks."""

    def on_graded(self, result: Result) -> None:
        """Receive a result that is in the journal; an exception ends the run."""
