"""``course grade``: an assignment is compiled, its submissions are graded, the views are written."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from autograder.course import Assignment
from autograder.engine import progress, run
from autograder.engine.capacity import max_workers
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result
from autograder.engine.worker_pool import StartBackend, start_engine
from autograder.errors import StaffError
from autograder.platforms.cluster import connect
from autograder.platforms.grading_plan import grading_plan
from autograder.report import marks
from autograder.report.load_run import Run
from autograder.report.roster import load_or_store as read_roster
from autograder.report.write import summary_table, write_reports
from autograder.submission.discover import find_submissions
from autograder.text import one_line


def dataset_states(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Yield each data set that the configuration names, and whether a worker can load it here."""
    for name in assignment.grading.datasets:
        try:
            with start_engine(grading_plan(assignment, name)):
                state = "present"
        except StaffError as error:
            state = f"missing: {str(error).strip().splitlines()[-1]}"
        yield f"data set: {name}", state


def grade_class(
    assignment: Assignment,
    paths: Sequence[Path],
    out: Path,
    console: Console,
    *,
    workers: int | None = None,
    cluster: str = "",
    dataset: str = "",
    cache: Path | None = None,
    roster: Path | None = None,
    force: bool = False,
) -> int:
    """Grade submissions into a folder and print the table; return the exit code.

    Args:
        workers: submissions at once; by default what the machine and its memory allow.
        cluster: address of a scheduler whose workers grade instead.
        cache: folder of remembered trainings; by default the course's own.
        roster: a file that lists the class, which the folder then keeps; by default the one there.
        force: grade also what is finished.

    Raises:
        AuthorError: the assignment does not compile.
        StaffError: a path, the folder, the machine or the cluster is not fit for it.
    """
    recipe = grading_plan(assignment, dataset)
    if cache:
        recipe = replace(recipe, cache=cache.absolute())  # our processes work in other folders
    found = find_submissions(paths, assignment)
    students = read_roster(out, roster)
    with progress.show_progress(console, f"Grading {assignment.name}") as told:
        try:
            results = run.grade(
                recipe, found, out, _engine_factory(recipe, workers, cluster, told.log), told, force=force
            )
        except KeyboardInterrupt:
            told.log(
                f"{told.completed} of {told.total} are graded and kept; the same command goes on from there."
            )
            raise
    everybody = marks.final_marks(results, students, assignment)
    write_reports(Run(out, assignment, results, everybody), recipe.source)
    console.print(summary_table(results))
    for sentence in marks.mark_remarks(everybody):
        console.print(sentence, markup=False)
    console.print(f"The class: {out / 'report.html'}, {out / 'grades.csv'}; each student: feedback.html")
    return _exit_code(results, console)


def _engine_factory(
    plan: GradingPlan, workers: int | None, cluster: str, log: Callable[[str], None]
) -> StartBackend:
    if cluster:
        return lambda _: connect(plan, cluster, log)
    most = workers or max_workers(plan.limits)
    return lambda count: start_engine(plan, workers=min(most, count))


def grade_notebooks(
    plan: GradingPlan, notebooks: Mapping[str, bytes], console: Console, *, workers: int
) -> dict[str, Result]:
    """Grade notebooks that stand nowhere on disk; return the results by their names.

    Raises:
        StaffError: no worker can be started.
    """
    results: dict[str, Result] = {}
    with (
        tempfile.TemporaryDirectory(prefix="class-") as name,
        progress.show_progress(console, f"Grading {plan.assignment.name}") as told,
    ):
        folder = Path(name)
        for student, data in notebooks.items():
            (folder / f"{student}.ipynb").write_bytes(data)
        found = find_submissions([folder], plan.assignment)
        told.on_start(0, [one.student for one in found], ())

        def keep(result: Result) -> None:
            results[result.student] = result
            told.on_graded(result)

        with start_engine(plan, workers=workers) as engine:
            engine.grade(found, keep)
    return results


def _exit_code(results: Sequence[Result], console: Console) -> int:
    ungraded = [result for result in results if result.ungraded_checks]
    if not ungraded:
        return 0
    first = ungraded[0].ungraded_checks[0]
    names = ", ".join(result.student for result in ungraded[:5])
    console.print(
        f"{len(ungraded)} submissions are not wholly graded, through no fault of theirs ({names}): "
        f"{first.id}: {one_line(first.message, 300)}. Run the same command again.",
        markup=False,
        soft_wrap=True,
    )
    return 2
