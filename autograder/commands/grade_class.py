"""``course grade``: compile an assignment, grade its submissions, write pages and tables; ``course demo``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from autograder.build.compile import build, prepare
from autograder.course import Assignment, Course
from autograder.engine import run
from autograder.engine.plan import GradingPlan, grading_plan
from autograder.engine.progress import show_progress
from autograder.engine.results import Result, RunListener
from autograder.engine.run import StartBackend, max_workers, start_engine
from autograder.errors import StaffError
from autograder.notebook import Source
from autograder.platforms.cluster import connect
from autograder.quality import sample
from autograder.report import load_run, marks, summary
from autograder.report.load_run import Run, account_of
from autograder.report.pages import write_reports, write_student
from autograder.report.roster import finder, load_or_store, read
from autograder.submission.discover import take_in
from autograder.text import one_line


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
    is_own_code: bool = False,
    verbose: bool = False,
) -> int:
    """Grade submissions into a folder and print the table; return the exit code.

    Args:
        workers: how many grade in parallel; by default as many as cores and memory allow.
        cluster: address of a Dask scheduler whose workers grade instead.
        dataset: name of a configured dataset; by default the first.
        cache: folder of the training cache; by default the course's own.
        roster: the class list, which is copied into ``out``; by default the copy there.
        force: also regrade submissions that are already finished.
        is_own_code: whether the submissions are the author's own, as in the demo.
        verbose: also print what each submission took and what staff should know of it.

    Raises:
        AuthorError: the assignment does not compile.
        StaffError: a path, the folder, the machine or the cluster cannot be used.
    """
    prepared = prepare(assignment)
    plan = grading_plan(assignment, prepared.source, prepared.files, dataset)
    # Workers run in other folders, where a relative path would name another place.
    plan = replace(plan, is_own_code=is_own_code, cache=(cache or plan.cache).absolute())
    students = load_or_store(out, roster)
    intake = take_in(paths, assignment, source=plan.source, whose=finder(students))
    people = load_run.expected_marks(intake.submissions, students, assignment)
    unfinished = Run(out, assignment, (), people, account=load_run.store_account(out, account_of(intake)))
    with show_progress(console, f"Grading {assignment.name}") as progress:
        start = _backend_starter(plan, workers, cluster, progress.log)
        writer = _StudentWriter(unfinished, plan.source, progress, progress.log if verbose else None)
        try:
            results = run.grade(plan, intake.submissions, out, start, writer, force=force)
        except KeyboardInterrupt:
            progress.log_interrupt()
            raise
    graded = replace(unfinished, results=results, marks=marks.final_marks(results, students, assignment))
    write_reports(graded, plan.source, written=writer.answers)
    return _print_run(graded, console)


class _StudentWriter(RunListener):
    """Writes the files of each student whose result is in the journal, then tells the next listener."""

    def __init__(
        self, graded: Run, source: Source, listener: RunListener, log: Callable[[str], None] | None = None
    ) -> None:
        self.answers: dict[str, Mapping[str, str]] = {}
        """By student and question."""

        self._run, self._source, self._listener, self._log = graded, source, listener, log
        self._names = marks.display_names(graded.marks)

    def on_start(self, already_graded: int, students: Sequence[str], remarks: Sequence[str]) -> None:
        """Pass it on."""
        self._listener.on_start(already_graded, students, remarks)

    def on_graded(self, result: Result) -> None:
        """Write the student's files."""
        name = self._names.get(result.student, "")
        # No page ends a run: what fails is written at the end, or the command then says what is wrong.
        with suppress(StaffError):
            self.answers[result.student] = write_student(self._run, result, self._source, name=name).answers
        self._listener.on_graded(result)
        if self._log:
            for line in detail_lines(result):
                self._log(line)


def detail_lines(result: Result) -> Iterator[str]:
    """Yield what ``--verbose`` shows of a graded submission: cost, open checks, repairs and flags."""
    cost = f"{result.wall_s:.1f} s, {result.peak_bytes / 1e6:.0f} MB"
    yield f"{result.student}: {cost}, from {one_line(result.submission, 200)}"
    for check in result.open_checks:
        yield f"  {check.id}: {check.outcome.value}: {one_line(check.message, 300)}"
    for sentence in (*result.repairs, *result.flags):
        yield f"  {one_line(sentence, 300)}"


def dry_run(
    assignment: Assignment, paths: Sequence[Path], console: Console, *, roster: Path | None = None
) -> None:
    """Print who submitted what and what became of every file; grade nothing.

    Raises:
        AuthorError: the assignment does not compile.
        StaffError: a path or the class list cannot be read, or it is not clear who the people are.
    """
    students = read(roster) if roster else ()
    source = prepare(assignment).source
    intake = take_in(paths, assignment, source=source, whose=finder(students), thorough=True)
    expected = load_run.expected_marks(intake.submissions, students, assignment)
    console.print(load_run.expected_table(expected))
    _print_account(account_of(intake), expected, console)


def _print_account(arrived: load_run.Account, final_marks: Sequence[marks.Mark], console: Console) -> None:
    """Print what became of the files, and of the people."""
    for sentence in (*arrived.sentences(), *marks.mark_remarks(final_marks)):
        console.print(sentence, markup=False, soft_wrap=True)


def _backend_starter(
    plan: GradingPlan, workers: int | None, cluster: str, log: Callable[[str], None]
) -> StartBackend:
    """Return what starts the workers, once it is known how many submissions are new."""
    if cluster:
        return lambda _: connect(plan, cluster, log)
    # Counted now: what the workers take later must not lower the number of workers.
    limit = workers or max_workers(plan.limits)
    return lambda count: start_engine(plan, workers=min(limit, count))


def _print_run(graded: Run, console: Console) -> int:
    """Print what staff must know of a run; return 2 if a grader error left checks open, otherwise 0."""
    out, results = graded.out, graded.results
    console.print(summary.summary_table(results, marks.display_names(graded.marks)))
    if graded.account:
        _print_account(graded.account, graded.marks, console)
    console.quiet = False  # what follows is the result, which --quiet shows too
    console.print(f"Class report: {out / 'report.html'}, {out / 'grades.csv'}; per student: feedback.html")
    if sentence := summary.isolation_sentence(results):
        console.print(sentence, markup=False, soft_wrap=True)
    if sentence := summary.review_sentence(results):
        names = marks.join_names([result.student for result in results if result.review_checks])
        console.print(f"{sentence} ({names}): see the top of the class report.", markup=False, soft_wrap=True)
    ungraded = [result for result in results if result.ungraded_checks]
    if not ungraded:
        return 0
    check = ungraded[0].ungraded_checks[0]
    names = ", ".join(result.student for result in ungraded[:5])
    console.print(
        f"Not fully graded because of a grader error: {len(ungraded)} of {len(results)} ({names}): "
        f"{check.id}: {one_line(check.message, 300)}. Run the same command again.",
        markup=False,
        soft_wrap=True,
    )
    return 2


def run_demo(course: Course, assignment: Assignment, console: Console) -> None:
    """Build, grade a sample class into ``var/demo`` and print the table.

    Raises:
        AuthorError: the source does not compile.
        StaffError: this machine cannot grade.
    """
    console.print(f"Building {assignment.name} ...")
    report = build(course, assignment)
    console.print(f"{report.files} files in release/{assignment.name}")
    folder = course.root / "var" / "demo" / assignment.name
    out = folder / "graded"
    # Without its journal the run starts from the beginning: a demo that resumes shows nothing.
    (out / "run.jsonl").unlink(missing_ok=True)
    sample.write(folder / "submitted", sample.sample_class(assignment, prepare(assignment).source))
    code = grade_class(
        assignment,
        [folder / "submitted"],
        out.relative_to(course.root),
        console,
        workers=2,
        is_own_code=True,
    )
    if code:
        raise StaffError("the sample class could not be fully graded; see the messages above")
