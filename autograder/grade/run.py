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
from autograder.grade.dialogues import Dialogues
from autograder.grade.journal import Header, Journal, Key
from autograder.grade.processes import Plan, Zygote
from autograder.grade.recipe import SEED, Recipe
from autograder.grade.results import CheckResult, Provenance, Result
from autograder.grade.submissions.find import Found
from autograder.grade.submissions.match import match
from autograder.grade.submissions.read import read
from autograder.grade.workshop import Fault, Workshop

OnResult = Callable[[Result], None]


@dataclass(frozen=True, slots=True)
class Engine:
    """The workers of a run and what they share."""

    recipe: Recipe
    workshops: tuple[Workshop, ...]

    def grade(self, found: Sequence[Found], on_result: OnResult) -> None:
        """Grade submissions on all workers and report each as it is done.

        Raises:
            StaffError: what ``on_result`` raised; what is not reported by then is not kept.
        """
        free: queue.SimpleQueue[Workshop] = queue.SimpleQueue()
        for workshop in self.workshops:
            free.put(workshop)

        def serve(one: Found) -> Result:
            workshop = free.get()
            try:
                return graded(one, workshop)
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
    dialogues = Dialogues()
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
    digests = recipe.digests()
    demanded = recipe.assignment.grading.isolation.value
    header = Header(assignment=recipe.assignment.name, **digests, dataset=recipe.dataset, isolation=demanded)
    with Journal.open(out, header) as journal:
        kept = dict(journal.done)
        results = {key: kept[key] for one in found if (key := _key(one)) in kept}
        new = [one for one in found if _key(one) not in kept]

        def keep(result: Result) -> None:
            journal.append(result)
            results[Key(result.student, result.provenance.submission_sha256)] = result
            on_result(result)

        if new:
            with started(recipe, workers=min(workers, len(new))) as engine:
                engine.grade(new, keep)
    return tuple(results[_key(one)] for one in found)


def graded(one: Found, workshop: Workshop) -> Result:
    """Grade one submission; whatever it holds, there is a result."""
    begin, recipe = time.monotonic(), workshop.recipe
    blank = Result(one.student, one.path, recipe.assignment.name, (), _provenance(one, workshop))
    manual = {question.name: question.points for question in recipe.source.questions if question.manual}
    blank = replace(blank, manual=manual)
    try:
        cells, repaired = _cells(one)
        matched = match(cells, recipe.source)
    except StudentError as error:
        checks = _all(recipe, Outcome.BLOCKED, str(error))
        return replace(blank, checks=checks, flags=(str(error),), wall_s=time.monotonic() - begin)
    try:
        report = session.run(matched.steps, workshop)
    except (Fault, StaffError) as fault:
        checks = _all(recipe, Outcome.UNGRADED, str(fault))
        return replace(blank, checks=checks, wall_s=time.monotonic() - begin)
    return replace(
        blank,
        checks=report.checks,
        repairs=(*repaired, *matched.repairs),
        flags=(*matched.flags, *report.flags),
        wall_s=time.monotonic() - begin,
        train_s=report.train_s,
        peak_bytes=report.peak_bytes,
    )


def _cells(one: Found):  # type: ignore[no-untyped-def]
    if one.data is None:
        raise StudentError(one.problem)
    return read(one.data)


def _key(one: Found) -> Key:
    return Key(one.student, _sha256(one))


def _sha256(one: Found) -> str:
    return hashlib.sha256(one.data or one.problem.encode()).hexdigest()


def _all(recipe: Recipe, outcome: Outcome, message: str) -> tuple[CheckResult, ...]:
    return tuple(
        replace(session.not_run(check, question), outcome=outcome, message=message)
        for question in recipe.source.questions
        for check in question.checks
    )


def _provenance(one: Found, workshop: Workshop) -> Provenance:
    recipe, zygote = workshop.recipe, workshop.zygote
    return Provenance(
        submission_sha256=_sha256(one),
        **recipe.digests(),
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
    data = tuple(path for value in recipe.environment.values() if (path := Path(value)).is_file())
    return Plan(
        folder,
        recipe.assignment.kit,
        grading.preload,
        dict(recipe.environment),
        data,
        hidden=(recipe.assignment.root, recipe.cache),
    )


def _refuse_reduced(recipe: Recipe, zygote: Zygote) -> None:
    if recipe.assignment.grading.isolation is Isolation.FULL and zygote.isolation.level != "full":
        missing = ", ".join(zygote.isolation.missing)
        raise StaffError(
            f"the configuration demands full isolation, and this machine lacks {missing}; "
            "run `course doctor`, or set isolation to 'any'"
        )
