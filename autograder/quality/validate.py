"""``course validate``: every known answer gets the verdict that it must, and no other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from autograder import known_answers
from autograder.build.compile import build, prepare
from autograder.checks import Outcome
from autograder.course import Assignment, Course
from autograder.engine.grade_notebooks import grade_notebooks
from autograder.engine.misconceptions import (
    KnownSignature,
    compute_signatures,
    evaluate_signatures,
    write_signatures,
)
from autograder.engine.plan import grading_plan
from autograder.engine.results import Result
from autograder.known_answers import KnownAnswer
from autograder.notebook import Check, Source
from autograder.quality import sample

SOLUTION, BLANK = "solution", "blank"


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What became of all known answers."""

    problems: tuple[str, ...]
    """One sentence for each verdict that is not what it must be."""

    redundant: tuple[str, ...]
    """Hidden checks, and functions of the vocabulary, that no known answer needs."""

    matrix: tuple[str, ...]
    """Lines of Markdown: which kind of check catches which wrong answer."""


def validate(course: Course, assignment: Assignment, console: Console, *, workers: int) -> int:
    """Grade all known answers, print what is wrong, and write the matrix; return the exit code.

    Raises:
        AuthorError: the assignment does not compile, or its release leaks.
        StaffError: the release is not what the build makes, or this machine cannot grade.
    """
    built = build(course, assignment, check=True)
    console.print(f"{assignment.name}: no leak of {built.secret_count} statements and values")
    prepared = prepare(assignment)
    recipe = grading_plan(assignment, prepared.source, prepared.files)
    known = known_answers.load(assignment)
    notebooks = dict(_notebooks(assignment, recipe.source, known))
    results = grade_notebooks(recipe, notebooks, console, workers=workers)
    report = compare_verdicts(recipe.source, known, results)
    for line in (*report.problems, *report.redundant):
        console.print(line, soft_wrap=True, highlight=False)
    wrong = sum(not one.is_right for one in known)
    console.print(
        f"{assignment.name}: solution, blank release, {wrong} wrong and {len(known) - wrong} right "
        f"answers; {len(report.problems)} wrong verdicts, {len(report.redundant)} idle"
    )
    if not report.problems:
        found = compute_signatures(known, results)
        write_signatures(assignment, found)
        console.print(f"{assignment.name}: docs/{_write_page(assignment, report, known, found).name}")
    return 2 if report.problems else 0


def compare_verdicts(
    source: Source, answers: Sequence[KnownAnswer], results: Mapping[str, Result]
) -> ValidationReport:
    """Compare what known answers got with what they must get.

    Args:
        results: by the name of the known answer, and of ``SOLUTION`` and ``BLANK``.
    """
    checks = {check.cell.id: check for check in source.checks()}
    failed = {name: failed_checks(result) for name, result in results.items()}
    problems = [*_solution_problems(results[SOLUTION]), *_blank_problems(results[BLANK])]
    for one in answers:
        problems += _answer_problems(one, results[one.name], checks)
    wrong = [one for one in answers if not one.is_right]
    idle = [*_redundant_checks(checks, wrong, failed), *_redundant_kinds(checks, wrong, failed)]
    return ValidationReport(tuple(problems), tuple(idle), tuple(_matrix(checks, wrong, failed)))


def failed_checks(result: Result) -> set[str]:
    """Return the ids of the checks that did not pass."""
    return {check.id for check in result.checks if check.outcome is not Outcome.PASSED}


def _notebooks(
    assignment: Assignment, source: Source, answers: Sequence[KnownAnswer]
) -> Iterator[tuple[str, bytes]]:
    release = sample.read_release(assignment, "otter")
    yield SOLUTION, sample.fill_answers(release, sample.solution_answers(source))
    yield BLANK, release
    for one in answers:
        yield one.name, sample.fill_answers(release, sample.answers_with(source, {one.question: one.code}))


def _solution_problems(result: Result) -> Iterator[str]:
    for name in sorted(failed_checks(result)):
        yield f"{SOLUTION}: does not pass {name}; mend the check or the solution"


def _blank_problems(result: Result) -> Iterator[str]:
    for check in result.checks:
        if check.outcome is not Outcome.BLOCKED:
            yield f"{BLANK}: {check.id} is {check.outcome}; nothing is there yet, and it must say so"


def _answer_problems(answer: KnownAnswer, result: Result, checks: Mapping[str, Check]) -> Iterator[str]:
    failed = failed_checks(result)
    for name in answer.failing_checks:
        if name not in checks:
            yield f"{answer.name}: names {name}, which is no check; correct its fails"
        elif name not in failed:
            yield f"{answer.name}: survives {name}; the check no longer sees it ({answer.misconception})"
    for name in sorted(failed - {*answer.failing_checks, *answer.undecided_checks}):
        whose = "of its own question" if name.startswith(f"{answer.question}-") else "of another question"
        kind = "false alarm" if answer.is_right else "collateral"
        yield f"{answer.name}: {kind}: also fails {name}, {whose}"
    told = [f"{check.message} {check.hint}" for check in result.checks if check.id in answer.failing_checks]
    if answer.message_part and failed and not any(answer.message_part in text for text in told):
        yield f"{answer.name}: no message says {answer.message_part!r}; found {told[0]!r}"


def _redundant_checks(
    checks: Mapping[str, Check], wrong_answers: Sequence[KnownAnswer], failed_by_name: Mapping[str, set[str]]
) -> Iterator[str]:
    for name, check in checks.items():
        if check.hidden and not any(name in failed_by_name[one.name] for one in wrong_answers):
            yield f"{name}: dead weight: no known wrong answer fails it; add one, or remove the check"


def _redundant_kinds(
    checks: Mapping[str, Check], wrong_answers: Sequence[KnownAnswer], failed_by_name: Mapping[str, set[str]]
) -> Iterator[str]:
    for kind in _kinds(checks):
        if not any(
            all(kind in checks[name].kinds for name in failed_by_name[one.name]) for one in wrong_answers
        ):
            yield f"checks.{kind}: catches no known wrong answer alone"


def _kinds(checks: Mapping[str, Check]) -> list[str]:
    return sorted({kind for check in checks.values() for kind in check.kinds})


def _matrix(
    checks: Mapping[str, Check], wrong_answers: Sequence[KnownAnswer], failed_by_name: Mapping[str, set[str]]
) -> Iterator[str]:
    kinds = _kinds(checks)
    yield f"| wrong answer | {' | '.join(kind.replace('_', ' ') for kind in kinds)} |"
    yield "|---" * (len(kinds) + 1) + "|"
    for one in wrong_answers:
        caught = [sum(kind in checks[name].kinds for name in failed_by_name[one.name]) for kind in kinds]
        yield f"| {one.name} | {' | '.join(str(count or '') for count in caught)} |"


def _write_page(
    assignment: Assignment,
    report: ValidationReport,
    answers: Sequence[KnownAnswer],
    computed_signatures: Sequence[KnownSignature],
) -> Path:
    """Write the matrix into ``docs/validation.md``."""
    beliefs = [
        f"| {one.name} | {one.misconception} | {', '.join(one.failing_checks) or 'nothing'} |"
        for one in answers
    ]
    text = "\n".join(
        [
            "# What the checks catch",
            "",
            "`course validate` grades the solution, the blank release and every known answer, wrong and",
            "right, and fails if one of them gets another verdict than it must. This page is its output.",
            "",
            "## Wrong answers by kind of check",
            "",
            "How many checks of each kind do not pass. A kind is a function of `autograder/checks.py`;",
            "a check may use several.",
            "",
            *report.matrix,
            "",
            "## The belief behind a wrong answer",
            "",
            "The feedback names the belief of known wrong answers that look alike to the checks: the same",
            "checks do not pass and say the same. How often that is the right one, no one, or another:",
            "",
            *evaluate_signatures(computed_signatures),
            "",
            "## Known answers",
            "",
            "| answer | what somebody who writes it takes for true | fails |",
            "|---|---|---|",
            *beliefs,
            "",
        ]
    )
    path = assignment.root / "docs" / "validation.md"
    path.write_text(text, encoding="utf-8")
    return path
