"""What grading one submission came to: outcomes per check, points per question, provenance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from autograder.checks import Outcome


class GradingStatus(StrEnum):
    """How much of a submission is graded; what is not is our fault and graded again."""

    GRADED = "graded"
    PARTIAL = "partly ungraded"
    UNGRADED = "ungraded"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What became of one check."""

    id: str
    """The check's cell id, e.g. ``q2-values``."""

    question: str
    title: str
    hidden: bool
    points: float
    """What the check is worth."""

    outcome: Outcome
    message: str = ""
    """What a student may read; never a value that only a hidden check knows."""

    hint: str = ""
    wall_s: float = 0.0
    peak_bytes: int = 0
    """Resident memory of the submission's processes, at most, while the check ran."""

    @property
    def earned(self) -> float:
        """Return the points that count."""
        return self.points if self.outcome is Outcome.PASSED else 0.0

    @property
    def student_message(self) -> str:
        """Return the sentence that the student reads; why a check could not run is for staff."""
        return "" if self.outcome is Outcome.UNGRADED else self.message


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a result rests on."""

    submission_sha256: str
    source_sha256: str
    """Of the source notebook's bytes."""

    kit_sha256: str
    config_sha256: str
    versions: Mapping[str, str]
    """``{"python": "3.11.7", "tensorflow": "2.21.0", …}``."""

    isolation: str
    """``full`` or ``reduced``."""

    missing_layers: tuple[str, ...]
    """Isolation layers that this machine does not give."""

    dataset: str
    seed: int


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one submission; it always exists."""

    student: str
    """The name of the student as the folder or file says, fit for a path."""

    submission: str
    """Where it was found, relative to the path that was named."""

    assignment: str
    checks: tuple[CheckResult, ...]
    """All checks of the source, in its order, run or not."""

    provenance: Provenance
    repairs: tuple[str, ...] = ()
    """What was put right before grading, one sentence each."""

    flags: tuple[str, ...] = ()
    """What staff should look at, one sentence each, e.g. a crash or a copied ``grade_id``."""

    misconceptions: Mapping[str, str] = field(default_factory=dict)
    """By question, what a wrong answer to it is probably taken to mean; a guess."""

    manual: Mapping[str, float] = field(default_factory=dict)
    """Questions that people mark, with their points."""

    name: str = ""
    """The person's, or the group's, as the platform writes it; empty if it does not."""

    ids: Mapping[str, str] = field(default_factory=dict)
    """What else the platform says: ``canvas``, ``moodle``, ``id``, ``email``, or ``student`` of a folder."""

    members: tuple[str, ...] = ()
    """Names of all who handed it in together; empty for one."""

    submitted_at: str = ""
    """Date and time with a zone; empty if unknown."""

    late_mark: bool = False
    """Whether the platform marked it as late."""

    wall_s: float = 0.0
    peak_bytes: int = 0
    train_s: float = 0.0
    """Seconds that its trainings cost, estimated; the same whether or not they were remembered."""

    @property
    def earned(self) -> float:
        """Return all points that count."""
        return sum(check.earned for check in self.checks)

    @property
    def points(self) -> float:
        """Return what the checks are worth together."""
        return sum(check.points for check in self.checks)

    def questions(self) -> dict[str, tuple[float, float]]:
        """Return earned and possible points by question, in order."""
        table: dict[str, tuple[float, float]] = {}
        for check in self.checks:
            earned, points = table.get(check.question, (0.0, 0.0))
            table[check.question] = (earned + check.earned, points + check.points)
        return table

    def marks(self) -> dict[str, float | None]:
        """Return earned points by question, in order; ``None`` where no check could be graded."""
        graded = {check.question for check in self.checks if check.outcome is not Outcome.UNGRADED}
        questions = self.questions()
        return {name: questions[name][0] if name in graded else None for name in questions}

    @property
    def status(self) -> GradingStatus:
        """Return how much of it is graded."""
        if not self.ungraded_checks:
            return GradingStatus.GRADED
        return (
            GradingStatus.UNGRADED if len(self.ungraded_checks) == len(self.checks) else GradingStatus.PARTIAL
        )

    @property
    def ungraded_checks(self) -> tuple[CheckResult, ...]:
        """Return the checks that we could not run: our fault, not the student's."""
        return tuple(check for check in self.checks if check.outcome is Outcome.UNGRADED)
