"""``course validate``: every known answer gets the expected verdict, and no other."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from autograder import known_answers
from autograder.build.compile import build
from autograder.checks import Outcome
from autograder.course import Assignment, Course
from autograder.engine.misconceptions import (
    compute_signatures,
    evaluate_signatures,
    match_signatures,
    write_signatures,
)
from autograder.engine.plan import GradingPlan, grading_plan
from autograder.engine.results import Result
from autograder.engine.run import grade_notebooks
from autograder.errors import StaffError, name_hint
from autograder.known_answers import KnownAnswer
from autograder.notebook import Check, Source
from autograder.quality import sample
from autograder.quality.results_page import write_page
from autograder.quality.sample import BLANK, SOLUTION


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """The verdicts of all known answers, compared with the expected ones."""

    problems: tuple[str, ...]
    """One sentence for each unexpected verdict."""

    redundant: tuple[str, ...]
    """One sentence for each hidden check and each kind of check that no known answer needs."""

    matrix: Mapping[str, Mapping[str, int]]
    """How many checks of each kind fail each known wrong answer."""


def validate(
    course: Course, assignment: Assignment, console: Console, *, workers: int, question: str = ""
) -> int:
    """Grade all known answers, print what is wrong, and write the page; return the exit code.

    Args:
        course: the assignment's.
        assignment: must be built.
        console: shows progress.
        workers: submissions graded at the same time.
        question: the only question whose known answers are graded; then nothing is written.

    Raises:
        AuthorError: the assignment does not compile, its release leaks, or a known answer has mistakes.
        StaffError: there is no such question, the release is not what the build makes, or this
            machine cannot grade.
    """
    # First: verdicts on anything but the committed release would say nothing about it.
    built = build(course, assignment, check=True)
    secrets = built.scanner.secrets
    console.print(f"{assignment.name}: none of {len(secrets)} secret statements and values leaks")
    plan = grading_plan(assignment, built.prepared.source, built.prepared.files)
    names = [known.name for known in plan.source.questions]
    if question and question not in names:
        raise StaffError(f"--question: no question {question!r}; {name_hint(question, names)}")
    answers = known_answers.load(assignment, question)
    known_answers.require_names(answers, plan.source)
    results = grade_notebooks(plan, _notebooks(plan, answers), console, workers=workers)
    report = compare_verdicts(plan.source, answers, results)
    # Only the answers to all questions show which checks none of them needs.
    redundant = report.redundant if answers and not question else ()
    console.quiet = False  # what follows is the result, which --quiet shows too
    for line in (*report.problems, *redundant):
        console.print(line, soft_wrap=True, highlight=False)
    console.print(
        f"{assignment.name}: solution, blank release, {_tally(answers)}; {len(report.problems)} unexpected "
        f"verdicts, {len(redundant)} redundant checks"
    )
    if not answers:
        place = f"source/{assignment.name}/{known_answers.FOLDER}/"
        console.print(f"{place}: no known answers; only they show which mistakes the checks catch")
    if report.problems or question or not answers:
        return 2 if report.problems else 0
    signatures = compute_signatures(answers, results)
    write_signatures(assignment, match_signatures(answers, signatures))
    inference = list(evaluate_signatures(answers, signatures))
    values = {"kinds": _kinds(plan.source.checks()), "matrix": report.matrix, "inference": inference}
    path = write_page(assignment, "validation", answers=answers, **values)
    console.print(f"{assignment.name}: {path.relative_to(assignment.root)}")
    return 0


def _tally(answers: Sequence[KnownAnswer]) -> str:
    """Return how many known answers there are of each kind."""
    wrong = sum(bool(answer.failing_checks) for answer in answers)
    right = sum(answer.is_right for answer in answers)
    undecided = len(answers) - wrong - right
    return f"{wrong} wrong and {right} right answers, {undecided} that a person must decide"


def _notebooks(plan: GradingPlan, answers: Iterable[KnownAnswer]) -> dict[str, bytes]:
    """Return the blank release, the solution, and a notebook for each known answer, by name."""
    release = sample.read_release(plan.assignment, "otter")
    notebooks = {BLANK: release}
    notebooks[SOLUTION] = sample.fill_answers(release, sample.solution_answers(plan.source))
    for answer in answers:
        texts = sample.answers_with(plan.source, {answer.question: answer.code})
        notebooks[answer.name] = sample.fill_answers(release, texts)
    return notebooks


def compare_verdicts(
    source: Source, answers: Sequence[KnownAnswer], results: Mapping[str, Result]
) -> ValidationReport:
    """Compare the verdicts of known answers with the expected ones.

    Args:
        source: the instructor's notebook.
        answers: all known answers.
        results: by the name of the known answer, and of ``SOLUTION`` and ``BLANK``.
    """
    checks = {check.cell.id: check for check in source.checks()}
    problems: list[str] = []
    for check in results[SOLUTION].checks:
        if check.outcome is Outcome.REVIEW:
            fix = "build it from Keras' own classes, or let staff mark the question"
            problems.append(
                f"{SOLUTION}: a person would have to decide {check.id} for every student "
                f"({check.message.rstrip('.')}); {fix}"
            )
        elif check.outcome is not Outcome.PASSED:
            problems.append(f"{SOLUTION}: does not pass {check.id}; fix the check or the solution")
    for check in results[BLANK].checks:
        if check.outcome is not Outcome.BLOCKED:
            problems.append(f"{BLANK}: {check.id} is {check.outcome}; expected outcome: blocked")
    matrix: dict[str, Counter[str]] = {}
    failed: list[set[str]] = []
    for answer in answers:
        problems += _answer_problems(answer, results[answer.name])
        if not answer.is_right:
            failed.append(_failed_checks(results[answer.name]))
            matrix[answer.name] = Counter()
            for check_id in failed[-1]:
                matrix[answer.name].update(checks[check_id].kinds)
    return ValidationReport(tuple(problems), tuple(_redundant(checks, failed)), matrix)


def _failed_checks(result: Result) -> set[str]:
    not_failed = (Outcome.PASSED, Outcome.REVIEW)
    return {check.id for check in result.checks if check.outcome not in not_failed}


def _kinds(checks: Iterable[Check]) -> list[str]:
    kinds: set[str] = set()
    for check in checks:
        kinds.update(check.kinds)
    return sorted(kinds)


def _answer_problems(answer: KnownAnswer, result: Result) -> Iterator[str]:
    failed = _failed_checks(result)
    for check_id in answer.failing_checks:
        if check_id not in failed:
            reason = answer.misconception or answer.seen
            fix = "correct the check or failing_checks"
            yield f"{answer.name}: passes {check_id}, which must catch it; {fix} ({reason})"
    reviewed = {check.id for check in result.checks if check.outcome is Outcome.REVIEW}
    for check_id in sorted(reviewed ^ set(answer.review_checks)):
        verb = "must" if check_id in answer.review_checks else "need not"
        yield f"{answer.name}: a person {verb} decide {check_id}; correct the check or review_checks"
    # An undecided check passes or fails by chance, so it is in neither set.
    for check_id in sorted(failed - {*answer.failing_checks, *answer.undecided_checks}):
        prefix = f"{answer.question}-".replace("_", "-")
        whose = "its own question" if check_id.startswith(prefix) else "another question"
        kind = "false alarm" if answer.is_right else "collateral"
        yield f"{answer.name}: {kind}: also fails {check_id} of {whose}"
    messages = []
    for check in result.checks:
        if check.id in (*answer.failing_checks, *answer.review_checks):
            messages.append(f"{check.message} {check.hint}")
    if answer.message_part and messages and not any(answer.message_part in text for text in messages):
        yield f"{answer.name}: no message contains {answer.message_part!r}; found {messages[0]!r}"


def _redundant(checks: Mapping[str, Check], failed: Sequence[set[str]]) -> Iterator[str]:
    """Yield the hidden checks that catch no wrong answer, and the kinds that catch none alone.

    Args:
        checks: by id.
        failed: the ids of the checks that each known wrong answer does not pass.
    """
    all_failed = set().union(*failed)
    for check_id, check in checks.items():
        if check.hidden and check_id not in all_failed:
            yield f"{check_id}: redundant: no known wrong answer fails it; add one, or remove the check"
    caught_alone: set[str] = set()
    for check_ids in filter(None, failed):
        # A kind that all failing checks share catches the answer without any other kind.
        caught_alone |= set.intersection(*(set(checks[check_id].kinds) for check_id in check_ids))
    for kind in _kinds(checks.values()):
        if kind not in caught_alone:
            yield f"checks.{kind}: redundant: no known wrong answer is caught by this kind of check alone"
