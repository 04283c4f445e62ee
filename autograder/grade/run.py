"""A run: submissions in, results out; resumes where an earlier one stopped."""

import hashlib
import queue
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.checks import Outcome
from autograder.course import Isolation
from autograder.errors import StaffError, StudentError
from autograder.grade import session
from autograder.grade.diagnosis import diagnose
from autograder.grade.dialogues import Dialogues
from autograder.grade.folders import keep_submission
from autograder.grade.journal import Header, Journal, Key
from autograder.grade.processes import IMPORTS, Plan, Zygote
from autograder.grade.recipe import SEED, Recipe
from autograder.grade.results import CheckResult, Provenance, Result
from autograder.grade.submissions import Found, interpret, needed
from autograder.grade.workshop import Workshop

OnResult = Callable[[Result], None]
OnProgress = Callable[[Result, frozenset[str]], None]
"""Told what is known so far, and the ids of the checks that are not reached yet."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The workers of a run and what they share."""

    recipe: Recipe
    workshops: tuple[Workshop, ...]

    def grade(self, found: Sequence[Found], on_result: OnResult, *, out: Path | None = None) -> None:
        """Grade submissions on all workers and report each as it is done.

        Args:
            out: the folder of a run, if what is graded is to be kept there.

        Raises:
            StaffError: what ``on_result`` raised; what is not reported by then is not kept.
        """
        free: queue.SimpleQueue[Workshop] = queue.SimpleQueue()
        for workshop in self.workshops:
            free.put(workshop)

        def serve(one: Found) -> Result:
            workshop = free.get()
            try:
                data = one.data
                if out is not None and data is not None:
                    keep_submission(out, one.student, data)
                return graded(one, data, workshop)
            finally:
                free.put(workshop)

        with ThreadPoolExecutor(len(self.workshops)) as pool:
            try:
                for future in as_completed([pool.submit(serve, one) for one in found]):
                    on_result(future.result())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


@contextmanager
def started(recipe: Recipe, *, workers: int = 1) -> Iterator[Engine]:
    """Start workers and end them with all their processes.

    Raises:
        StaffError: a worker cannot start, or the configuration demands isolation that this
            machine does not give.
    """
    recipe, dialogues = replace(recipe, workers=workers), Dialogues()
    with tempfile.TemporaryDirectory(prefix="course-kit-") as folder, ExitStack() as stack:
        plan = _plan(recipe, Path(folder))
        workshops = []
        for slot in range(workers):
            workshop = Workshop(Zygote.start(plan, slot=slot), recipe, dialogues)
            stack.callback(workshop.close)
            workshops.append(workshop)
        _refuse_reduced(recipe, workshops[0].zygote)
        yield Engine(recipe, tuple(workshops))


def grade(
    recipe: Recipe,
    found: Sequence[Found],
    out: Path,
    *,
    workers: int = 1,
    on_result: OnResult,
) -> tuple[Result, ...]:
    """Grade submissions into a journal; those that it holds already are not graded again.

    Returns:
        The results of all submissions that were named, in their order.
    """
    digests = recipe.source_sha256, recipe.kit_sha256, recipe.config_sha256
    demanded = recipe.assignment.grading.isolation.value
    header = Header(recipe.assignment.name, *digests, recipe.dataset, demanded)
    with Journal.open(out, header) as journal:
        keys = {_key(one): one for one in found}
        results = {key: journal.done[key] for key in keys if key in journal.done}
        new = [one for key, one in keys.items() if key not in results]

        def keep(result: Result) -> None:
            journal.append(result)
            results[Key(result.student, result.provenance.submission_sha256)] = result
            on_result(result)

        if new:
            with started(recipe, workers=min(workers, len(new))) as engine:
                engine.grade(new, keep, out=out)
    return tuple(results[key] for key in keys)


def graded(
    one: Found,
    data: bytes | None,
    workshop: Workshop,
    on_progress: OnProgress = lambda *_: None,
) -> Result:
    """Grade one submission; whatever it holds, there is a result.

    Args:
        data: what the submission's file holds; None if it cannot be read.
        on_progress: told after each check; what it raises ends the grading.
    """
    begin, recipe = time.monotonic(), workshop.recipe
    manual = {question.name: question.points for question in recipe.source.questions if question.manual}
    provenance = _provenance(_sha256(one.problem, data), workshop)
    blank = Result(one.student, one.path, recipe.assignment.name, (), provenance, manual=manual)
    try:
        if data is None:
            raise StudentError(one.problem)
        matched = interpret(data, recipe.source, recipe.assignment)
    except StudentError as error:
        checks = _all(recipe, Outcome.BLOCKED, str(error))
        return replace(blank, checks=checks, flags=(str(error),), wall_s=time.monotonic() - begin)
    steps = needed(matched.steps, recipe.assignment.grading.demonstrations)
    unreached = _all(recipe, Outcome.UNGRADED, "It was not reached yet")
    report = session.run(steps, workshop, _collector(blank, unreached, on_progress))
    return replace(
        blank,
        checks=report.checks,
        beliefs=diagnose(report.checks, recipe.known),
        repairs=(*one.repairs, *matched.repairs),
        flags=(*matched.flags, *report.flags),
        wall_s=time.monotonic() - begin,
        train_s=report.train_s,
        peak_bytes=report.peak_bytes,
    )


def _collector(blank: Result, unreached: tuple[CheckResult, ...], on_progress: OnProgress) -> session.OnCheck:
    """Return what makes one partial result of all checks so far."""
    reached: dict[str, CheckResult] = {}

    def collect(check: CheckResult) -> None:
        reached[check.id] = check
        checks = tuple(reached.get(one.id, one) for one in unreached)
        left = frozenset(one.id for one in unreached) - reached.keys()
        on_progress(replace(blank, checks=checks), left)

    return collect


def _key(one: Found) -> Key:
    return Key(one.student, _sha256(one.problem, one.data))


def _sha256(problem: str, data: bytes | None) -> str:
    return hashlib.sha256(problem.encode() if data is None else data).hexdigest()


def _all(recipe: Recipe, outcome: Outcome, message: str) -> tuple[CheckResult, ...]:
    return tuple(
        replace(session.not_run(check, question), outcome=outcome, message=message)
        for question in recipe.source.questions
        for check in question.checks
    )


def _provenance(submission_sha256: str, workshop: Workshop) -> Provenance:
    recipe, zygote = workshop.recipe, workshop.zygote
    return Provenance(
        submission_sha256=submission_sha256,
        source_sha256=recipe.source_sha256,
        kit_sha256=recipe.kit_sha256,
        config_sha256=recipe.config_sha256,
        versions=zygote.versions,
        isolation=zygote.isolation.level,
        missing_layers=tuple(zygote.isolation.missing),
        dataset=recipe.dataset,
        seed=SEED,
    )


def _plan(recipe: Recipe, folder: Path) -> Plan:
    """Write the kit where children may read it, and say what a zygote is made of."""
    for name, data in recipe.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    grading = recipe.assignment.grading
    readable = tuple(path for value in recipe.environment.values() if (path := Path(value)).is_file())
    return Plan(
        folder,
        recipe.assignment.kit,
        grading.preload,
        dict(recipe.environment),
        readable,
        hidden=(recipe.assignment.root, recipe.cache),
        imports=(*IMPORTS, "checks"),
    )


def _refuse_reduced(recipe: Recipe, zygote: Zygote) -> None:
    if recipe.assignment.grading.isolation is Isolation.FULL and zygote.isolation.level != "full":
        missing = ", ".join(zygote.isolation.missing)
        raise StaffError(
            f"the configuration demands full isolation, and this machine lacks {missing}; "
            "run `course doctor`, or set isolation to 'any'"
        )
