"""The ``course`` command: each subcommand parses its arguments and calls one function.

Exit codes: 0 done, 2 an error that the user can fix, 3 a bug in this program, 130 interrupted, 141 the
output was closed (``| head``): as for a program that one of the signals SIGINT or SIGPIPE ended.
Subcommands import what they need when they run, so that ``course --help`` answers at once.
"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from autograder.commands.command_group import (
    CONSOLE,
    SHELLS,
    CourseGroup,
    complete_assignment,
    complete_dataset,
    completion_script,
    run,
)
from autograder.course import Assignment, Course, find_root, load_course
from autograder.errors import StaffError

if TYPE_CHECKING:
    from autograder.build.compile import Prover
    from autograder.report.load_run import Run

EXPORT_FORMATS = (
    *("csv", "canvas", "moodle", "feedback-canvas", "feedback-moodle"),
    *("nbgrader", "junit", "markdown", "annotations"),
)
"""Those of ``report.exports``, whose import takes half a second."""

_PATH = click.Path(path_type=Path)
_ASSIGNMENT = click.argument("assignment", default="", shell_complete=complete_assignment)
_FOLDER = click.argument("folder", type=_PATH)
_ROSTER_OPTION = click.option(
    "--roster", type=_PATH, help="CSV file of the class; a copy is kept in the run."
)
_ANONYMOUS_OPTION = click.option(
    "--anonymous", is_flag=True, help="Write pseudonyms instead of names; needs --out."
)
_STUDENT = click.argument("student")
_STUDENT_HELP = "STUDENT: login, id, e-mail address, name, or submitted file or folder of one person."
_OUT_OPTION = click.option("--out", type=_PATH, help="Output directory (default: the run's folder).")
_WORKERS_OPTION = click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1), help="Number of parallel workers."
)

_QUESTION_OPTION = click.option(
    "--question", default="", help="Only the known answers to this question, e.g. q3; writes no page."
)


@click.group(
    cls=CourseGroup,
    help="Compile, check and grade the notebooks of this course.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="rnn-course", prog_name="course", message="%(prog)s %(version)s")
@click.pass_context
def course(context: click.Context) -> None:
    """Collect the subcommands."""
    if context.invoked_subcommand is None and isinstance(context.command, CourseGroup):
        click.echo(context.command.introduction(context))


@course.command("new")
@click.argument("name")
@click.option("--keras", is_flag=True, help="Add a question about a small network.")
def new_command(name: str, keras: bool) -> None:
    """Write a new assignment that builds, validates and grades as it is."""
    from autograder.commands.new_assignment import new_assignment

    notebook, config = new_assignment(Path.cwd(), name, keras=keras)
    root = config.parent
    click.echo(f"{name}: {notebook.relative_to(root)}, and an entry in {config.name}")
    click.echo(f"Next: course build {name}")


@course.command("build")
@_ASSIGNMENT
@click.option("--check", is_flag=True, help="Only compare with the files on disk; execute nothing.")
@click.option("--uncalibrated", is_flag=True, help="Build without measured accuracy thresholds.")
@click.option("--no-proof", is_flag=True, help="Build a draft: the solution is not graded.")
def build_command(assignment: str, check: bool, uncalibrated: bool, no_proof: bool) -> None:
    """Build releases, solutions and bundles from the source notebook.

    The grader grades the solution and the release first: the solution must get all points, the
    release none, and each check must be able to fail.
    """
    from autograder.build.compile import build

    prover = None if no_proof or check else _prover()
    for current_course, selected in _assignments(assignment):
        report = build(current_course, selected, check=check, uncalibrated=uncalibrated, prove=prover)
        for remark in report.remarks:
            click.echo(remark)
        state = "up to date" if check else f"{len(report.changes)} changed"
        secrets, public = len(report.scanner.secrets), report.scanner.public_count
        click.echo(
            f"{selected.name}: {report.files} files, {state}; {secrets} statements and values "
            f"watched for leaks, {public} public; thresholds: {report.prepared.thresholds}; "
            f"{report.proof or 'a draft, not proven'}"
        )
        if CONSOLE.is_verbose:
            click.echo("\n".join(f"changed: {path}" for path in report.changes))


@course.command("calibrate")
@_ASSIGNMENT
@click.option(
    "--seeds",
    default=30,
    show_default=True,
    type=click.IntRange(2),
    help="How many times to train each model.",
)
@click.option(
    "--only", multiple=True, metavar="THRESHOLD", help="Train only what this threshold needs, e.g. lstm."
)
@_WORKERS_OPTION
def calibrate_command(assignment: str, seeds: int, only: tuple[str, ...], workers: int) -> None:
    """Measure the accuracy thresholds; resumes where an earlier run stopped.

    The previous thresholds stay in place until all new ones are measured.
    """
    from autograder.quality.calibrate import calibrate

    for _, selected in _assignments(assignment):
        page = calibrate(selected, seeds, CONSOLE, only=only, workers=workers).relative_to(selected.root)
        click.echo(f"{selected.name}: thresholds in {selected.calibration.name}, tables in {page}")


@course.command("grade")
@click.argument("paths", nargs=-1, required=True, type=_PATH)
@click.option("--out", type=_PATH, help="Output directory.")
@click.option("--dry-run", is_flag=True, help="Show who submitted what; grade nothing, write nothing.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Number of parallel workers (default: as many as cores and memory allow).",
)
@click.option("--cluster", default="", help="Address of a Dask scheduler whose workers grade instead.")
@click.option("--cache", type=_PATH, help="Directory of the shared training cache.")
@click.option("--force", is_flag=True, help="Regrade submissions that are already finished.")
@click.option(
    "--dataset",
    default="",
    shell_complete=complete_dataset,
    help="Name of a dataset in course_config.py (default: the first).",
)
@click.option(
    "--assignment",
    default="",
    shell_complete=complete_assignment,
    help="Assignment name; required if the course has several.",
)
@click.option("--nbgrader", is_flag=True, help="Also write the marks to nbgrader's gradebook.")
@_ROSTER_OPTION
def grade_command(
    assignment: str, nbgrader: bool, cluster: str, out: Path | None, dry_run: bool, **options: Any
) -> int:
    """Grade notebooks, zips, folders of either, or nbgrader's submitted/ tree.

    An interrupted run resumes where it stopped. A submission is graded again if the submission, the
    source, the kit, the configuration or a version changed. Exits with 2 if a check could not be
    graded because of a grader error; run the same command again in that case.
    """
    from autograder.engine.zygote_client import early_start

    if dry_run:
        from autograder.commands.grade_class import dry_run as show_intake

        show_intake(_only_assignment(assignment)[1], options["paths"], CONSOLE, roster=options["roster"])
        return 0
    if out is None:
        raise click.UsageError("Missing option '--out': name the output directory, or add --dry-run.")
    with contextlib.nullcontext() if cluster else early_start():
        from autograder.commands.grade_class import grade_class

        current_course, selected = _only_assignment(assignment)
        if cluster and options["workers"]:
            raise StaffError("--workers is for this machine, --cluster for others; use only one of them")
        options["verbose"] = CONSOLE.is_verbose
        code = grade_class(selected, out=out, console=CONSOLE, cluster=cluster, **options)
        if nbgrader:
            from autograder.platforms import nbgrader_gradebook
            from autograder.report import load_run

            folder = nbgrader_gradebook.export(load_run.load(out, current_course))
            click.echo(f"Written to nbgrader's gradebook; the notebooks are in {folder}")
    return code


@course.command("report")
@_FOLDER
@_OUT_OPTION
@_ROSTER_OPTION
@_ANONYMOUS_OPTION
def report_command(folder: Path, out: Path | None, roster: Path | None, anonymous: bool) -> None:
    """Rewrite the pages and tables of a run, even while it is still grading."""
    from autograder.build.compile import prepare
    from autograder.report import marks, pages, summary

    run, target = _load_run(folder, out, roster, anonymous)
    pages.write_reports(run, prepare(run.assignment).source, target)
    CONSOLE.print(summary.summary_table(run.results, marks.display_names(run.marks)))
    for remark in (*run.remarks, *marks.mark_remarks(run.marks), *filter(None, [run.unfinished])):
        click.echo(remark)
    click.echo(f"Class report: {target / 'report.html'}, {target / 'grades.csv'}")


@course.command("export")
@_FOLDER
@click.option(
    "--format",
    "name",
    required=True,
    type=click.Choice(EXPORT_FORMATS),
    help="Format of the other system.",
)
@_OUT_OPTION
@click.option("--db-url", default="", help="nbgrader's gradebook (default: the one in its configuration).")
@_ROSTER_OPTION
@_ANONYMOUS_OPTION
def export_command(
    folder: Path, name: str, out: Path | None, db_url: str, roster: Path | None, anonymous: bool
) -> None:
    """Write the marks or the feedback of a run in the format of another system.

    feedback-canvas and feedback-moodle are archives for "Re-Upload Submissions" and "Upload multiple
    feedback files in a zip".
    """
    from autograder.report import exports

    if db_url and name != exports.NBGRADER:
        raise StaffError(f"--db-url: {name} does not write to a gradebook; use --format {exports.NBGRADER}")
    run, _ = _load_run(folder, out, roster, anonymous)
    if name == exports.NBGRADER:
        from autograder.platforms import nbgrader_gradebook

        path = nbgrader_gradebook.export(run, out, db_url=db_url)
    else:
        if name in exports.FEEDBACK_PLACES:
            from autograder.build.compile import prepare
            from autograder.report.pages import write_reports

            if anonymous:
                raise StaffError(
                    f"--anonymous: {name} returns each page to its student by name; leave out --anonymous"
                )
            write_reports(run, prepare(run.assignment).source)
        path = exports.export(run, name, out)
    for remark in exports.remarks(run, name):
        click.echo(remark)
    click.echo(f"Written: {path}")


@course.command("delete-student", epilog=_STUDENT_HELP)
@_FOLDER
@_STUDENT
def delete_student_command(folder: Path, student: str) -> None:
    """Delete a student's data from a run."""
    from autograder.commands.students import delete_student

    for sentence in delete_student(_load_course(), folder, student):
        click.echo(sentence)
    click.echo(f"Deleted: {student}")


@course.command("regrade", epilog=_STUDENT_HELP)
@_FOLDER
@click.argument("students", metavar="STUDENT...", nargs=-1, required=True)
@click.option("--question", default="", help="Run only the checks of this question, e.g. q3.")
def regrade_command(folder: Path, students: tuple[str, ...], question: str) -> int:
    """Regrade students from their stored submissions."""
    from autograder.commands.students import regrade

    return regrade(_load_course(), folder, students, CONSOLE, question=question)


@course.command("explain", epilog=_STUDENT_HELP)
@_FOLDER
@_STUDENT
@click.argument("question")
def explain_command(folder: Path, student: str, question: str) -> None:
    """Write a staff-only page with every call and reply of a question's checks; marks are unchanged."""
    from autograder.commands.students import explain

    path = explain(_load_course(), folder, student, question)
    click.echo(f"For staff only: {path}")


@course.command("mark", epilog=_STUDENT_HELP)
@_FOLDER
@_STUDENT
@click.argument("question")
@click.argument("points", type=float, required=False)
@click.option("--why", default="", help="Reason for the mark; the student sees it.")
@click.option("--undo", is_flag=True, help="Remove the mark: the checks decide again.")
def mark_command(
    folder: Path, student: str, question: str, points: float | None, why: str, undo: bool
) -> None:
    """Set a person's mark for a question; it overrides the checks, e.g. where one is in review."""
    from autograder.commands.students import mark

    if undo == (points is not None):
        raise StaffError("give the points of the question or --undo, but not both")
    result = mark(_load_course(), folder, student, question, points=points, why=why)
    click.echo(f"{result.student}: {result.earned:g} of {result.points:g} points, {result.status.value}")


@course.command("bundle")
@click.argument("platform", type=click.Choice(["gradescope", "otter"]))
@_ASSIGNMENT
@click.option(
    "--minutes",
    default=10,
    show_default=True,
    type=click.IntRange(2),
    help="Time-out of the assignment in Gradescope's settings.",
)
def bundle_command(platform: str, assignment: str, minutes: int) -> None:
    """Write an assignment as an upload for a platform."""
    from autograder.build.compile import build
    from autograder.commands.bundle import write_gradescope_zip

    prover = _prover()
    for current_course, selected in _assignments(assignment):
        build(current_course, selected, prove=prover)  # also makes the zip for otter
        if platform == "gradescope":
            write_gradescope_zip(selected, CONSOLE, minutes=minutes)
        path = selected.bundle(platform)
        click.echo(f"Written: {path}, {path.stat().st_size / 1e6:.1f} MB")


@course.command("validate")
@_ASSIGNMENT
@_WORKERS_OPTION
@_QUESTION_OPTION
def validate_command(assignment: str, **options: Any) -> int:
    """Grade all known answers, right and wrong; fail if any gets an unexpected verdict."""
    from autograder.quality.validate import validate

    return max(validate(*selected, CONSOLE, **options) for selected in _assignments(assignment))


@course.command("mutation-test")
@_ASSIGNMENT
@_WORKERS_OPTION
def mutation_test_command(assignment: str, workers: int) -> int:
    """Mutation testing: fail if any mutant of the solution passes all checks."""
    from autograder.quality.mutation_test import run_mutation_test

    return max(
        run_mutation_test(selected, CONSOLE, workers=workers) for _, selected in _assignments(assignment)
    )


@course.command("compare")
@_ASSIGNMENT
@_WORKERS_OPTION
@_QUESTION_OPTION
def compare_command(assignment: str, **options: Any) -> int:
    """Compare marks with otter-grader and nbgrader; fail on unexplained differences."""
    from autograder.quality.compare import compare_graders

    return max(compare_graders(selected, CONSOLE, **options) for _, selected in _assignments(assignment))


@course.command("doctor")
def doctor_command() -> int:
    """Check this machine for everything grading needs."""
    from autograder.commands.doctor import dataset_states, print_report

    rows: list[tuple[str, str]] = []
    for _, assignment in _assignments(""):
        rows += dataset_states(assignment)
    return print_report(CONSOLE, rows)


@course.command("demo")
def demo_command() -> None:
    """Build, then grade a small sample class and show the table."""
    from autograder.commands.grade_class import run_demo

    for current_course, assignment in _assignments(""):
        run_demo(current_course, assignment, CONSOLE)


@course.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion_command(shell: str) -> None:
    """Print the lines that enable completion of this command in a shell.

    Bash: add eval "$(course completion bash)" to ~/.bashrc. Zsh: eval "$(course completion zsh)" in
    ~/.zshrc. Fish: course completion fish > ~/.config/fish/completions/course.fish.
    """
    click.echo(completion_script(course, shell))


def _load_run(folder: Path, out: Path | None, roster: Path | None, anonymous: bool) -> tuple["Run", Path]:
    """Return a run, with or without names, and the folder to write to."""
    from autograder.report import load_run

    if anonymous and (out is None or out.resolve() == folder.resolve()):
        raise StaffError("--anonymous: the run's own folder contains names; choose another one with --out")
    run = load_run.load(folder, _load_course(), roster)
    return load_run.anonymize(run) if anonymous else run, out or folder


def _prover() -> "Prover":
    """Return what grades the solution of a build; it needs the engine."""
    from autograder.quality.proof import prove

    console = CONSOLE if CONSOLE.is_terminal else Console(quiet=True)
    return lambda prepared, release: prove(prepared, release, console)


def _load_course() -> Course:
    return load_course(find_root(Path.cwd()))


def _only_assignment(name: str) -> tuple[Course, Assignment]:
    """Return the assignment of a name, or the only one of the course."""
    current_course, selected = next(_assignments(name))
    if not name and len(current_course.assignments) > 1:
        names = " or ".join(current_course.assignments)
        raise StaffError(f"this course has several assignments; add --assignment {names}")
    return current_course, selected


def _assignments(name: str) -> Iterator[tuple[Course, Assignment]]:
    """Yield the assignment of a name, or all if it is empty, each with its course."""
    current_course = _load_course()
    for selected in [name] if name else current_course.assignments:
        yield current_course, current_course.assignment(selected)


def main() -> None:
    """Run the command line."""
    sys.exit(run(course))
