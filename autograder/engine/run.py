"""A run: every submission that goes in comes out as a result, in a journal; a run can be resumed.

A ``Backend`` grades: the ``Engine`` with the workers of this machine, or a cluster of machines
(``platforms.cluster``). ``grade`` decides what has to be graded and keeps the journal;
``grade_notebooks`` needs neither journal nor folder.
"""

import os
import queue
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import psutil
from rich.console import Console

from autograder.course import IsolationPolicy
from autograder.engine.grade_submission import (
    grade_with_retries,
    submission_sha256,
    ungraded_result,
    with_submitter,
)
from autograder.engine.journal import (
    FORMAT,
    Header,
    Journal,
    Key,
    store_submission,
    stored_submission,
    write_started,
)
from autograder.engine.plan import GradingPlan
from autograder.engine.progress import show_progress
from autograder.engine.results import Result, RunListener
from autograder.engine.wire import release_freed_memory
from autograder.engine.worker import VerdictCache, Worker
from autograder.engine.zygote_client import IMPORTS, Zygote, ZygoteConfig, early_start, versions
from autograder.errors import CourseError, StaffError, StudentError
from autograder.files import MEBIBYTE, write_tree
from autograder.limits import Limits
from autograder.submission.archives import FileEntry
from autograder.submission.discover import StudentSubmission, find_submissions

POLL_INTERVAL_S = 0.5
"""Seconds until an interrupt is noticed."""

GRADER_OVERHEAD_BYTES = 1_200 * MEBIBYTE
"""Most that supervisor, zygote, grader and trainer use; measured, see ``docs/gradescope.md``."""

CGROUP_ROOT = Path("/sys/fs/cgroup")

OnResult = Callable[[Result], None]
"""Receives results from a backend, before they are in a journal; then a ``RunListener`` hears of them."""


class Backend(Protocol):
    """Grades submissions: on this machine, or on many machines."""

    def grade(
        self, submissions: Sequence[StudentSubmission], on_result: OnResult, *, out: Path | None = None
    ) -> None:
        """Grade submissions and pass on each result when it is ready.

        Args:
            on_result: called by the calling thread.
            out: the folder of a run if the graded submissions are to be stored there.

        Raises:
            StaffError: ``on_result`` raised it, or no worker is left. Results that were not passed
                on by then are lost.
        """


StartBackend = Callable[[int], AbstractContextManager[Backend]]
"""Starts a backend for a number of submissions."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The workers on this machine."""

    plan: GradingPlan
    workers: tuple[Worker, ...]

    def grade(
        self, submissions: Sequence[StudentSubmission], on_result: OnResult, *, out: Path | None = None
    ) -> None:
        """Grade submissions on all workers; see ``Backend.grade``."""
        # One thread per worker waits for processes; the calling thread takes the results, so that
        # ``on_result`` needs no lock. On any error (an interrupt included) the workers' processes
        # are ended first. Only then do the threads that wait for those finish, and leaving the
        # block of the pool joins them.
        free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self.workers:
            free.put(worker)

        def grade_one(submission: StudentSubmission) -> Result:
            worker = free.get()
            try:
                try:
                    data = submission.data
                except StudentError as error:
                    submission, data = replace(submission, problem=str(error)), None
                except StaffError as error:  # the file changed or vanished since it was found
                    return ungraded_result(submission, str(error), worker.context)
                if out is not None and data is not None:
                    store_submission(out, submission.student, data)
                    write_started(out, submission.student)
                return grade_with_retries(submission, data, worker)
            finally:
                free.put(worker)
                release_freed_memory()  # the arrays of its trainings passed through here

        with ThreadPoolExecutor(len(self.workers)) as pool:
            try:
                pending = {pool.submit(grade_one, submission) for submission in submissions}
                while pending:
                    # An untimed wait would not end on Ctrl-C if the kernel delivers the signal to
                    # another thread, or just before the wait begins: Python runs signal handlers
                    # only in the main thread, and only when that runs again.
                    finished, pending = wait(pending, POLL_INTERVAL_S, FIRST_COMPLETED)
                    for future in finished:
                        on_result(future.result())
            except BaseException:  # also an interrupt
                pool.shutdown(wait=False, cancel_futures=True)
                for worker in self.workers:
                    worker.stop()
                raise


def grade(
    plan: GradingPlan,
    submissions: Sequence[StudentSubmission],
    out: Path,
    start: StartBackend,
    listener: RunListener,
    *,
    force: bool = False,
) -> tuple[Result, ...]:
    """Grade submissions into a journal; those that are finished there are not graded again.

    Args:
        start: starts the backend; not called if there is nothing to grade.
        force: also grade finished submissions again.

    Returns:
        The results of all submissions, in their order.

    Raises:
        StaffError: the journal cannot be continued, or no worker is left.
    """
    with Journal.open(out, run_header(plan)) as journal:
        results = {} if force else _finished_results(submissions, journal)
        groups = _groups(submission for submission in submissions if submission.student not in results)

        def store_result(result: Result) -> None:
            sha256 = result.provenance.submission_sha256
            for member in groups[result.student]:
                is_copy = member.student != result.student
                data = stored_submission(out, result.student, sha256) if is_copy else None
                if data is not None:
                    store_submission(out, member.student, data)
                # The journal comes first: whatever a listener does, a reported result is kept.
                own_result = with_submitter(replace(result, student=member.student), member)
                own_result = journal.with_staff_marks(own_result)
                journal.append(own_result)
                results[member.student] = own_result
                listener.on_graded(own_result)

        students = [member.student for group in groups.values() for member in group]
        listener.on_start(len(results), students, journal.remarks)
        if groups:
            try:
                with start(len(groups)) as backend:
                    for batch in _batches([group[0] for group in groups.values()], journal.suspects):
                        backend.grade(batch, store_result, out=out)
            finally:
                journal.write_stopped()
    return tuple(results[submission.student] for submission in submissions)


def _groups(submissions: Iterable[StudentSubmission]) -> dict[str, list[StudentSubmission]]:
    """Return the submissions with the same file by the first one's student; the others are its copies."""
    # A group's file arrives once per member but is graded once, in the name of the first.
    members: dict[FileEntry, list[StudentSubmission]] = {}
    for submission in submissions:
        members.setdefault(submission.entry, []).append(submission)
    return {group[0].student: group for group in members.values()}


def _batches(
    submissions: Sequence[StudentSubmission], suspects: Sequence[str]
) -> Iterator[list[StudentSubmission]]:
    """Yield what is graded together: the suspects last, and each alone."""
    # What kills the run takes along everything that is being graded then.
    by_student = {submission.student: submission for submission in submissions}
    alone = [by_student.pop(student) for student in suspects if student in by_student]
    if by_student:
        yield list(by_student.values())
    for submission in alone:
        yield [submission]


def run_header(plan: GradingPlan) -> Header:
    """Return what a run with this plan grades against."""
    return Header(
        assignment=plan.assignment.name,
        dataset=plan.dataset,
        isolation=plan.assignment.grading.isolation.value,
        versions=versions(),
        format=FORMAT,
        **plan.digests(),
    )


def _finished_results(submissions: Sequence[StudentSubmission], journal: Journal) -> dict[str, Result]:
    """Return the finished results, with the submitters' data as they are now."""
    results, finished = {}, journal.finished_results
    for submission in submissions:
        try:
            sha256 = submission_sha256(submission.problem, submission.data)
        except CourseError:
            continue  # it cannot be read; who grades it reports that
        stored = finished.get(Key(submission.student, sha256))
        if stored is not None:
            result = with_submitter(stored, submission)
            if result != stored:
                journal.append(result)
            results[submission.student] = result
    return results


@contextmanager
def start_engine(plan: GradingPlan, *, workers: int = 1) -> Iterator[Engine]:
    """Start workers, and end them with all their processes.

    Raises:
        StaffError: a worker cannot start, or this machine cannot isolate a submission as the
            configuration demands.
    """
    plan, cache = replace(plan, workers=max(workers, plan.workers)), VerdictCache()
    with tempfile.TemporaryDirectory(prefix="course-kit-") as folder, ExitStack() as stack:
        config = zygote_config(plan, Path(folder))
        started = []
        with early_start(workers, config):  # all import at the same time
            for slot in range(workers):
                worker = Worker(partial(_start_zygote, plan, config, slot), plan, cache)
                stack.callback(worker.close)
                started.append(worker)
        yield Engine(plan, tuple(started))


def _start_zygote(plan: GradingPlan, config: ZygoteConfig, slot: int) -> Zygote:
    zygote = Zygote.start(config, slot=slot)
    policy, isolation = plan.assignment.grading.isolation, zygote.isolation
    missing, problem = ", ".join(isolation.missing), ""
    if policy is IsolationPolicy.FULL and isolation.level != "full":
        problem = (
            f"the configuration demands full isolation, but this machine lacks {missing}; "
            "run `course doctor`, or set isolation to 'any'"
        )
    elif policy is IsolationPolicy.ANY and not plan.is_own_code and not isolation.holds_files_apart:
        problem = (
            f"this machine lacks {missing}: a submission could read the course's files and other "
            "submissions; grade on Linux with Landlock, as root, or in a container (`course doctor` tells "
            "what a machine provides), or allow it with isolation: 'none' in course_config.py"
        )
    if problem:
        zygote.close()
        raise StaffError(problem)
    return zygote


def zygote_config(plan: GradingPlan, folder: Path) -> ZygoteConfig:
    """Write the kit to a folder that sandboxed processes may read; return a zygote's configuration."""
    write_tree(folder, plan.files)
    # Whatever the umask: a submission runs as another user.
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    grading = plan.assignment.grading
    imports = (*IMPORTS, "checks")
    if plan.source.uses_pandas:
        imports += ("pandas",)
    return ZygoteConfig(
        folder,
        plan.assignment.kit,
        grading.preloaded_calls,
        dict(plan.environment),
        data=tuple(path for path in map(Path, plan.environment.values()) if path.is_file()),
        hidden=(plan.assignment.root, plan.cache),
        imports=imports,
    )


def grade_notebooks(
    plan: GradingPlan, notebooks: Mapping[str, bytes], console: Console, *, workers: int
) -> dict[str, Result]:
    """Grade the author's own notebooks, in memory, and return the results by the notebooks' names.

    Raises:
        StaffError: no worker can be started.
    """
    results: dict[str, Result] = {}
    with (
        tempfile.TemporaryDirectory(prefix="class-") as name,
        show_progress(console, f"Grading {plan.assignment.name}") as progress,
    ):
        write_tree(Path(name), {f"{student}.ipynb": data for student, data in notebooks.items()})
        submissions = find_submissions([Path(name)], plan.assignment)
        progress.on_start(0, [submission.student for submission in submissions], ())

        def store_result(result: Result) -> None:
            results[result.student] = result
            progress.on_graded(result)

        with start_engine(replace(plan, is_own_code=True), workers=workers) as engine:
            engine.grade(submissions, store_result)
    return results


def max_workers(limits: Limits, *, cgroup_root: Path = CGROUP_ROOT) -> int:
    """Return how many submissions can be graded at once: one per core, as far as memory allows."""
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    # CPU time per period, in microseconds; "max" or -1 stands for no limit.
    quota = _read_words(cgroup_root / "cpu.max")
    if not quota:
        quota = _read_words(cgroup_root / "cpu/cpu.cfs_quota_us")
        quota += _read_words(cgroup_root / "cpu/cpu.cfs_period_us")
    if len(quota) == 2 and quota[0].isdigit():
        cores = min(cores, int(quota[0]) // int(quota[1]))
    free_bytes = min(psutil.virtual_memory().available, memory_limit_bytes(cgroup_root))
    return max(1, min(cores, free_bytes // (GRADER_OVERHEAD_BYTES + limits.memory_bytes)))


def memory_limit_bytes(cgroup_root: Path = CGROUP_ROOT) -> int:
    """Return the memory of the machine, or of the container if that is less."""
    limit_bytes = int(psutil.virtual_memory().total)
    for name in ("memory.max", "memory/memory.limit_in_bytes"):  # of cgroup v2 and v1
        for word in _read_words(cgroup_root / name):
            if word.isdigit():
                limit_bytes = min(limit_bytes, int(word))
    return limit_bytes


def _read_words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
