"""The ``course`` command: each subcommand parses, calls one function and returns a code.

Exit codes: 0 done, 2 something that the user can put right, 3 a bug of ours, 130 interrupted.
"""

import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from autograder.course import Assignment, Course, find_root, load_course
from autograder.errors import CourseError, StaffError

if TYPE_CHECKING:
    from autograder.report.load_run import Run

_CONSOLE = Console(highlight=False)
_ROSTER_OPTION = click.option(
    "--roster", type=click.Path(path_type=Path), help="CSV file of the class; the run's folder keeps it."
)
_ANONYMOUS_OPTION = click.option("--anonymous", is_flag=True, help="Pseudonyms, no names; needs --out.")


@click.group(help="Compile, check and grade the notebooks of this course.")
def course() -> None:
    """Collect the subcommands."""


@course.command()
@click.argument("assignment", required=False)
@click.option("--check", is_flag=True, help="Only compare with what is on disk; run nothing.")
@click.option("--uncalibrated", is_flag=True, help="Build without measured accuracy bars.")
def build(assignment: str | None, check: bool, uncalibrated: bool) -> None:
    """Make releases, solutions and bundles from the source notebook."""
    from autograder.build.compile import build as compile_assignment

    found, assignments = _load_assignments(assignment)
    for one in assignments:
        report = compile_assignment(found, one, check=check, uncalibrated=uncalibrated)
        state = "is what the build makes" if check else f"{len(report.changes)} changed"
        _CONSOLE.print(
            f"{one.name}: {report.files} files, {state}; {report.secret_count} statements and values "
            f"watched for leaks, {report.public_count} public; bars {report.thresholds}"
        )


@course.command()
@click.argument("assignment", required=False)
@click.option(
    "--seeds", default=30, show_default=True, type=click.IntRange(2), help="Trainings of each model."
)
def calibrate(assignment: str | None, seeds: int) -> None:
    """Measure the accuracy bars; goes on where an earlier run stopped."""
    from autograder.quality.calibration import calibrate as calibration

    for one in _load_assignments(assignment)[1]:
        path = calibration.calibrate(one, seeds, _CONSOLE)
        _CONSOLE.print(f"{one.name}: bars in {one.calibration.name}, tables in docs/{path.name}")


@course.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the results.")
@click.option("--workers", type=click.IntRange(1), help="At once; by default what cores and memory allow.")
@click.option("--cluster", default="", help="Address of a Dask scheduler, whose workers grade instead.")
@click.option("--cache", type=click.Path(path_type=Path), help="Folder of remembered trainings, to share.")
@click.option("--force", is_flag=True, help="Grade again also what is finished.")
@click.option("--dataset", default="", help="One that the configuration names; by default the first.")
@click.option("--assignment", default="", help="Needed where the course has several.")
@click.option("--nbgrader", is_flag=True, help="Also enter the marks into nbgrader's gradebook.")
@_ROSTER_OPTION
def grade(
    paths: tuple[Path, ...],
    out: Path,
    workers: int | None,
    cluster: str,
    cache: Path | None,
    force: bool,
    dataset: str,
    assignment: str,
    nbgrader: bool,
    roster: Path | None,
) -> int:
    """Grade notebooks, zips, folders of either, or nbgrader's submitted/ tree.

    A run that was stopped goes on where it was; a submission is graded again if it, the source,
    the kit, the configuration or a version changed. Exits with 2 if a check stayed ungraded
    through no fault of a student; run the same command again then.
    """
    from autograder.commands.grade_class import grade_class

    found, assignments = _load_assignments(assignment or None)
    if len(assignments) > 1:
        raise StaffError(f"which assignment? add --assignment {' or '.join(found.assignments)}")
    if cluster and workers:
        raise StaffError("--workers is for this machine, --cluster for others; leave one out")
    code = grade_class(
        assignments[0],
        paths,
        out,
        _CONSOLE,
        workers=workers,
        cluster=cluster,
        dataset=dataset,
        cache=cache,
        roster=roster,
        force=force,
    )
    if nbgrader:
        from autograder.report import load_run
        from autograder.report.exports import export

        place = export.export(load_run.load(out, found), export.NBGRADER)
        _CONSOLE.print(f"In nbgrader's gradebook; the notebooks: {place}", soft_wrap=True)
    return code


@course.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where to; by default in the run's folder.")
@_ROSTER_OPTION
@_ANONYMOUS_OPTION
def report(folder: Path, out: Path | None, roster: Path | None, anonymous: bool) -> None:
    """Write the pages and tables of a run again, also while it goes on."""
    from autograder.build.compile import prepare
    from autograder.report import marks, write

    run, place = _load_run(folder, out, roster, anonymous)
    write.write_reports(run, prepare(run.assignment).source, place)
    _CONSOLE.print(write.summary_table(run.results))
    _print_lines(run.remarks)
    _print_lines(() if anonymous else marks.mark_remarks(run.marks))
    _CONSOLE.print(f"The class: {place / 'report.html'}, {place / 'grades.csv'}")


@course.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "name",
    required=True,
    help="csv, canvas, moodle, nbgrader, junit, markdown or annotations.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Where to; by default in the run's folder.")
@click.option("--db-url", default="", help="nbgrader's gradebook; by default the one in its settings.")
@_ROSTER_OPTION
@_ANONYMOUS_OPTION
def export(
    folder: Path, name: str, out: Path | None, db_url: str, roster: Path | None, anonymous: bool
) -> None:
    """Write the marks of a run as another system reads them."""
    from autograder.report.exports import export

    run, _ = _load_run(folder, out, roster, anonymous)
    path = export.export(run, name, out, db_url=db_url)
    _print_lines(() if anonymous else export.remarks(run, name))
    _CONSOLE.print(f"Written: {path}", soft_wrap=True)


@course.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("student")
def delete_student(folder: Path, student: str) -> None:
    """Take a student out of a run: folder, journal, roster, tables, pages."""
    from autograder.report import delete_student

    left = delete_student.delete_student(folder, student, load_course(find_root(Path.cwd())))
    _print_lines(f"Still in {path}: delete it by hand." for path in left)
    _CONSOLE.print(f"Forgotten: {student}", markup=False)


@course.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("students", nargs=-1, required=True)
@click.option("--question", default="", help="Run only the checks of this one, e.g. q3.")
def regrade(folder: Path, students: tuple[str, ...], question: str) -> int:
    """Grade students of a run once more, from what the run kept."""
    from autograder.commands import regrade as again

    return again.regrade(load_course(find_root(Path.cwd())), folder, students, _CONSOLE, question=question)


@course.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("student")
@click.argument("question")
def explain(folder: Path, student: str, question: str) -> None:
    """Write a page of what the checks of a question saw, for staff; no mark changes."""
    from autograder.commands import regrade as again

    path = again.explain_question(load_course(find_root(Path.cwd())), folder, student, question)
    _CONSOLE.print(f"For staff only: {path}", soft_wrap=True)


@course.command()
@click.argument("platform", type=click.Choice(["gradescope", "otter"]))
@click.argument("assignment", required=False)
@click.option(
    "--minutes",
    default=10,
    show_default=True,
    type=click.IntRange(2),
    help="Gradescope's time-out, as its settings have it.",
)
def bundle(platform: str, assignment: str | None, minutes: int) -> None:
    """Write an assignment as an upload for a platform."""
    from autograder.commands import bundle

    found, assignments = _load_assignments(assignment)
    for one in assignments:
        if platform == "otter":
            path = bundle.build_otter_zip(found, one)
        else:
            path = bundle.write_gradescope_zip(one, _CONSOLE, minutes=minutes)
        _CONSOLE.print(f"Written: {path}, {path.stat().st_size / 1e6:.1f} MB", soft_wrap=True)


@course.command()
@click.argument("assignment", required=False)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Submissions at once.")
def validate(assignment: str | None, workers: int) -> int:
    """Grade all known answers, right and wrong; fail if one gets another verdict than it must."""
    from autograder.quality import validate as validation

    found, assignments = _load_assignments(assignment)
    return max(validation.validate(found, one, _CONSOLE, workers=workers) for one in assignments)


@course.command()
@click.argument("assignment", required=False)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Submissions at once.")
def mutation_test(assignment: str | None, workers: int) -> int:
    """Change the solution in one place each and see that the checks notice; fail if one does not."""
    from autograder.quality import mutation_test as mutation

    return max(
        mutation.run_mutation_test(one, _CONSOLE, workers=workers) for one in _load_assignments(assignment)[1]
    )


@course.command()
@click.argument("assignment", required=False)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Submissions at once.")
def compare(assignment: str | None, workers: int) -> int:
    """Grade all known answers by us, otter and nbgrader; fail if a difference is not explained."""
    from autograder.quality import compare as comparison

    return max(
        comparison.compare_graders(one, _CONSOLE, workers=workers) for one in _load_assignments(assignment)[1]
    )


@course.command()
def doctor() -> int:
    """Try what grading needs on this machine and say what is missing."""
    from autograder.commands.doctor import print_report
    from autograder.commands.grade_class import dataset_states

    return print_report(_CONSOLE, [row for one in _load_assignments(None)[1] for row in dataset_states(one)])


@course.command()
def demo() -> None:
    """Build, then grade a small sample class and show the table."""
    from autograder.commands.demo import run_demo

    found, assignments = _load_assignments(None)
    for one in assignments:
        run_demo(found, one, _CONSOLE)


def _load_run(folder: Path, out: Path | None, roster: Path | None, anonymous: bool) -> tuple["Run", Path]:
    """Return a run, with or without persons, and where to write."""
    from autograder.report import anonymity, load_run

    if anonymous and (out is None or out.resolve() == folder.resolve()):
        raise StaffError("--anonymous: the run's own folder keeps the names; name another with --out")
    run = load_run.load(folder, load_course(find_root(Path.cwd())), roster)
    return anonymity.anonymize(run) if anonymous else run, out or folder


def _print_lines(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        _CONSOLE.print(sentence, markup=False, soft_wrap=True)


def _load_assignments(name: str | None) -> tuple[Course, list[Assignment]]:
    found = load_course(find_root(Path.cwd()))
    return found, [found.assignment(name)] if name else list(found.assignments.values())


def main() -> None:
    """Run the command line; the one place where errors become exit codes."""
    sys.exit(_exit_code(lambda: course.main(prog_name="course", standalone_mode=False)))


def _exit_code(run: Callable[[], object]) -> int:
    try:
        result = run()
    except CourseError as error:
        click.echo(str(error), err=True)
        return 2
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except Exception:  # noqa: BLE001  the boundary: a bug becomes exit code 3
        traceback.print_exc()
        click.echo("This is a bug of ours; please report the lines above.", err=True)
        return 3
    return result if isinstance(result, int) else 0
