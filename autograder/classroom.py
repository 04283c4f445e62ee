"""``course grade``: an assignment is compiled, its submissions are graded, the views are written."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from autograder import progress
from autograder.cluster import connected
from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.grade import run
from autograder.grade.engine import Start, started
from autograder.grade.machine import most_workers
from autograder.grade.recipe import Recipe
from autograder.grade.results import Result
from autograder.grade.submissions import find
from autograder.grade.text import one_line
from autograder.recipes import recipe_of
from autograder.report import marks
from autograder.report.roster import keep as read_roster
from autograder.report.runs import Run
from autograder.report.views import summary_table, write_views


def datasets(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Yield each data set that the configuration names, and whether a worker can load it here."""
    for name in assignment.grading.datasets:
        try:
            with started(recipe_of(assignment, name)):
                state = "present"
        except StaffError as error:
            state = f"missing: {str(error).strip().splitlines()[-1]}"
        yield f"data set: {name}", state


def grade_into(
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
    recipe = recipe_of(assignment, dataset)
    if cache:
        recipe = replace(recipe, cache=cache.absolute())  # our processes work in other folders
    found = find(paths, assignment)
    students = read_roster(out, roster)
    with progress.shown(console, f"Grading {assignment.name}") as told:
        try:
            results = run.grade(
                recipe, found, out, _start(recipe, workers, cluster, told.tell), told, force=force
            )
        except KeyboardInterrupt:
            told.tell(f"{told.done} of {told.all} are graded and kept; the same command goes on from there.")
            raise
    everybody = marks.of(results, students, assignment)
    write_views(Run(out, assignment, results, everybody), recipe.source)
    console.print(summary_table(results))
    for sentence in marks.remarks(everybody):
        console.print(sentence, markup=False)
    console.print(f"The class: {out / 'report.html'}, {out / 'grades.csv'}; each student: feedback.html")
    return _code(results, console)


def _start(recipe: Recipe, workers: int | None, cluster: str, tell: Callable[[str], None]) -> Start:
    if cluster:
        return lambda _: connected(recipe, cluster, tell)
    most = workers or most_workers(recipe.limits)
    return lambda count: started(recipe, workers=min(most, count))


def results_of(
    recipe: Recipe, notebooks: Mapping[str, bytes], console: Console, *, workers: int
) -> dict[str, Result]:
    """Grade notebooks that stand nowhere on disk; return the results by their names.

    Raises:
        StaffError: no worker can be started.
    """
    results: dict[str, Result] = {}
    with (
        tempfile.TemporaryDirectory(prefix="class-") as name,
        progress.shown(console, f"Grading {recipe.assignment.name}") as told,
    ):
        folder = Path(name)
        for student, data in notebooks.items():
            (folder / f"{student}.ipynb").write_bytes(data)
        found = find([folder], recipe.assignment)
        told.began(0, [one.student for one in found], ())

        def keep(result: Result) -> None:
            results[result.student] = result
            told.graded(result)

        with started(recipe, workers=workers) as engine:
            engine.grade(found, keep)
    return results


def _code(results: Sequence[Result], console: Console) -> int:
    ungraded = [result for result in results if result.ungraded]
    if not ungraded:
        return 0
    first = ungraded[0].ungraded[0]
    names = ", ".join(result.student for result in ungraded[:5])
    console.print(
        f"{len(ungraded)} submissions are not wholly graded, through no fault of theirs ({names}): "
        f"{first.id}: {one_line(first.message, 300)}. Run the same command again.",
        markup=False,
        soft_wrap=True,
    )
    return 2
