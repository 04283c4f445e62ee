"""``course validate``: every known answer gets the verdict that it must, and no other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from autograder import misconceptions, sample, traces
from autograder.checks import Outcome
from autograder.classroom import results_of
from autograder.compile import build
from autograder.course import Assignment, Course
from autograder.grade.diagnosis import Known
from autograder.grade.results import Result
from autograder.misconceptions import Misconception
from autograder.recipes import recipe_of
from autograder.source import Check, Source

SOLUTION, BLANK = "solution", "blank"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of all known answers."""

    problems: tuple[str, ...]
    """One sentence for each verdict that is not what it must be."""

    idle: tuple[str, ...]
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
    console.print(f"{assignment.name}: no leak of {built.watched} statements and values")
    recipe = recipe_of(assignment)
    known = misconceptions.load(assignment)
    notebooks = dict(_notebooks(assignment, recipe.source, known))
    results = results_of(recipe, notebooks, console, workers=workers)
    report = judge(recipe.source, known, results)
    for line in (*report.problems, *report.idle):
        console.print(line, soft_wrap=True, highlight=False)
    wrong = sum(not one.right for one in known)
    console.print(
        f"{assignment.name}: solution, blank release, {wrong} wrong and {len(known) - wrong} right "
        f"answers; {len(report.problems)} wrong verdicts, {len(report.idle)} idle"
    )
    if not report.problems:
        found = traces.traced(known, results)
        traces.write(assignment, found)
        console.print(f"{assignment.name}: docs/{_document(assignment, report, known, found).name}")
    return 2 if report.problems else 0


def judge(source: Source, known: Sequence[Misconception], results: Mapping[str, Result]) -> Report:
    """Compare what known answers got with what they must get.

    Args:
        results: by the name of the known answer, and of ``SOLUTION`` and ``BLANK``.
    """
    checks = {check.cell.id: check for check in source.checks()}
    failed = {name: not_passed(result) for name, result in results.items()}
    problems = [*_of_solution(results[SOLUTION]), *_of_blank(results[BLANK])]
    for one in known:
        problems += _of_answer(one, results[one.name], checks)
    wrong = [one for one in known if not one.right]
    idle = [*_idle_checks(checks, wrong, failed), *_idle_kinds(checks, wrong, failed)]
    return Report(tuple(problems), tuple(idle), tuple(_matrix(checks, wrong, failed)))


def not_passed(result: Result) -> set[str]:
    """Return the ids of the checks that did not pass."""
    return {check.id for check in result.checks if check.outcome is not Outcome.PASSED}


def _notebooks(
    assignment: Assignment, source: Source, known: Sequence[Misconception]
) -> Iterator[tuple[str, bytes]]:
    release = sample.released(assignment, "otter")
    yield SOLUTION, sample.answered(release, sample.solved(source))
    yield BLANK, release
    for one in known:
        yield one.name, sample.answered(release, sample.answering(source, {one.question: one.code}))


def _of_solution(result: Result) -> Iterator[str]:
    for name in sorted(not_passed(result)):
        yield f"{SOLUTION}: does not pass {name}; mend the check or the solution"


def _of_blank(result: Result) -> Iterator[str]:
    for check in result.checks:
        if check.outcome is not Outcome.BLOCKED:
            yield f"{BLANK}: {check.id} is {check.outcome}; nothing is there yet, and it must say so"


def _of_answer(one: Misconception, result: Result, checks: Mapping[str, Check]) -> Iterator[str]:
    failed = not_passed(result)
    for name in one.fails:
        if name not in checks:
            yield f"{one.name}: names {name}, which is no check; correct its fails"
        elif name not in failed:
            yield f"{one.name}: survives {name}; the check no longer sees it ({one.belief})"
    for name in sorted(failed - set(one.fails)):
        whose = "of its own question" if name.startswith(f"{one.question}-") else "of another question"
        kind = "false alarm" if one.right else "collateral"
        yield f"{one.name}: {kind}: also fails {name}, {whose}"
    told = [f"{check.message} {check.hint}" for check in result.checks if check.id in one.fails]
    if one.says and failed and not any(one.says in text for text in told):
        yield f"{one.name}: no message says {one.says!r}; found {told[0]!r}"


def _idle_checks(
    checks: Mapping[str, Check], wrong: Sequence[Misconception], failed: Mapping[str, set[str]]
) -> Iterator[str]:
    for name, check in checks.items():
        if check.hidden and not any(name in failed[one.name] for one in wrong):
            yield f"{name}: dead weight: no known wrong answer fails it; add one, or remove the check"


def _idle_kinds(
    checks: Mapping[str, Check], wrong: Sequence[Misconception], failed: Mapping[str, set[str]]
) -> Iterator[str]:
    for kind in _kinds(checks):
        if not any(all(kind in checks[name].kinds for name in failed[one.name]) for one in wrong):
            yield f"checks.{kind}: catches no known wrong answer alone"


def _kinds(checks: Mapping[str, Check]) -> list[str]:
    return sorted({kind for check in checks.values() for kind in check.kinds})


def _matrix(
    checks: Mapping[str, Check], wrong: Sequence[Misconception], failed: Mapping[str, set[str]]
) -> Iterator[str]:
    kinds = _kinds(checks)
    yield f"| wrong answer | {' | '.join(kind.replace('_', ' ') for kind in kinds)} |"
    yield "|---" * (len(kinds) + 1) + "|"
    for one in wrong:
        caught = [sum(kind in checks[name].kinds for name in failed[one.name]) for kind in kinds]
        yield f"| {one.name} | {' | '.join(str(count or '') for count in caught)} |"


def _document(
    assignment: Assignment, report: Report, known: Sequence[Misconception], found: Sequence[Known]
) -> Path:
    """Write the matrix into ``docs/validation.md``."""
    beliefs = [f"| {one.name} | {one.belief} | {', '.join(one.fails) or 'nothing'} |" for one in known]
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
            *traces.measured(found),
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
