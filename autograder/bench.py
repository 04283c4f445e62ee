"""``course bench``: our grader, otter and nbgrader on the same submissions, in one run.

Everything is timed as a whole process or from the first submission to the last, on the machine
at hand; the numbers are written to ``docs/benchmark.md`` with what they were measured on.
"""

import os
import platform
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

import psutil
from rich.console import Console

from autograder import misconceptions, peers, sample
from autograder.course import Assignment
from autograder.grade.engine import Engine, started
from autograder.grade.recipe import Recipe
from autograder.grade.submissions import find
from autograder.recipes import recipe_of
from autograder.source import Source

WRONG = 10
"""How many known mistakes are among the submissions."""

_SAMPLE_S = 0.05


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number."""

    what: str
    value: float
    unit: str


def measure(
    assignment: Assignment, console: Console, *, submissions: int, workers: int, peers: int
) -> list[Figure]:
    """Time all three, print the figures as they come, and return them.

    Args:
        submissions: how many our grader gets; different ones in turn.
        workers: submissions at once, for every tool.
        peers: how many the other tools get.

    Raises:
        StaffError: the assignment has not been built, or a tool fails.
    """
    recipe = replace(recipe_of(assignment), workers=workers)
    notebooks = list(_notebooks(assignment, recipe.source))
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        work = Path(name)
        parts: tuple[Callable[[], list[Figure]], ...] = (
            lambda: _cold(assignment, notebooks[0], work, console),
            lambda: _ours(recipe, notebooks, work, console, submissions),
            lambda: _otter(assignment, notebooks[:peers], work, console, workers),
            lambda: _nbgrader(assignment, notebooks[:peers], work, console),
        )
        figures: list[Figure] = []
        for part in parts:
            figures += (found := part())
            _show(found, console)
    by_name = {figure.what: figure.value for figure in figures}
    ratio = by_name["course grade, warm"] / by_name["otter run, several at once"]
    against = Figure("course grade against otter run", ratio, "times")
    _show([against], console)
    return [*figures, against]


def _show(figures: Sequence[Figure], console: Console) -> None:
    for figure in figures:
        console.print(f"{figure.what:<60}{figure.value:>10.3g} {figure.unit}")


def document(assignment: Assignment, figures: Sequence[Figure]) -> Path:
    """Write the figures into ``docs/benchmark.md``."""
    path = assignment.root / "docs" / "benchmark.md"
    memory = psutil.virtual_memory().total / 2**30
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"
    )
    rows = [f"| {one.what} | {one.value:.3g} | {one.unit} |" for one in figures]
    text = "\n".join(
        [
            "# Benchmark",
            "",
            f"Measured by `course bench` on one machine ({machine}), all tools in one run. The",
            "submissions are the solution, the known right variants and ten known mistakes in turn.",
            "",
            "| what | value | unit |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )
    path.write_text(text, encoding="utf-8")
    return path


def _notebooks(assignment: Assignment, source: Source) -> Iterator[bytes]:
    """Yield different submissions: the solution, a mistake, a right variant, and so on."""
    release = sample.released(assignment, "otter")
    known = misconceptions.load(assignment)
    right, wrong = [one for one in known if one.right], [one for one in known if not one.right]
    step = max(1, len(wrong) // WRONG)
    yield sample.answered(release, sample.solved(source))
    for pair in zip(wrong[::step][:WRONG], cycle(right or wrong), strict=False):
        for one in pair:
            yield sample.answered(release, sample.answering(source, {one.question: one.code}))


def _cold(assignment: Assignment, notebook: bytes, work: Path, console: Console) -> list[Figure]:
    """Time one notebook with nothing remembered, each tool as one command."""
    console.print("one notebook, nothing trained before: course grade, otter run ...")
    path = work / f"{assignment.name}.ipynb"
    path.write_bytes(notebook)
    course = work / "course"
    ignored = shutil.ignore_patterns(".venv", ".git", "var", "__pycache__", ".*_cache")
    shutil.copytree(assignment.root, course, ignore=ignored)
    ours = _seconds("course", "grade", str(path), "--out", str(work / "cold"), folder=course)
    bundle = assignment.bundle("otter")
    theirs = _seconds("otter", "run", "-a", str(bundle), str(path), folder=work)
    return [
        Figure("course grade of one notebook, cold", ours, "s"),
        Figure("otter run of one notebook", theirs, "s"),
    ]


def _ours(
    recipe: Recipe, notebooks: Sequence[bytes], work: Path, console: Console, submissions: int
) -> list[Figure]:
    folder = work / "class"
    folder.mkdir()
    for number, data in enumerate(islice(cycle(notebooks), submissions)):
        (folder / f"student{number:04}.ipynb").write_bytes(data)
    found = find([folder], recipe.assignment)
    begin = time.monotonic()
    with started(recipe, workers=recipe.workers) as engine:
        ready_s = time.monotonic() - begin
        console.print(f"our grader: training what {len(notebooks)} submissions need ...")
        with _memory(engine) as peaks:
            engine.grade(found[: len(notebooks)], lambda _: None)
        console.print(f"our grader: {submissions} submissions ...")
        seconds: list[float] = []
        begin = time.monotonic()
        engine.grade(found, lambda result: seconds.append(result.wall_s))
        spent_s = time.monotonic() - begin
    return [
        Figure("start of all workers", ready_s, "s"),
        Figure("course grade, warm", 60 * len(found) / spent_s, "submissions a minute"),
        Figure("course grade, warm, of one submission (median)", statistics.median(seconds), "s"),
        Figure("memory of a running child beyond what is shared (median)", _median(peaks) / 2**20, "MiB"),
    ]


@contextmanager
def _memory(engine: Engine) -> Iterator[dict[int, int]]:
    """Collect the private memory of each submission's processes, at its highest, by pid."""
    peaks: dict[int, int] = {}
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(_SAMPLE_S):
            for workshop in engine.workshops:
                running = workshop.running
                if running is not None:
                    peaks[running.pid] = max(peaks.get(running.pid, 0), _private_bytes(running.pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peaks
    finally:
        stop.set()
        thread.join()


def _private_bytes(pid: int) -> int:
    total = 0
    try:
        for process in (root := psutil.Process(pid), *root.children(recursive=True)):
            total += process.memory_full_info().uss
    except psutil.Error:
        return 0
    return total


def _median(peaks: dict[int, int]) -> float:
    return statistics.median(peaks.values()) if peaks else 0.0


def _otter(
    assignment: Assignment, notebooks: Sequence[bytes], work: Path, console: Console, workers: int
) -> list[Figure]:
    console.print(f"otter run: {len(notebooks)} submissions, {workers} at once ...")
    folders = [work / f"otter{number}" for number in range(len(notebooks))]

    def run(folder: Path, notebook: bytes) -> None:
        folder.mkdir()
        peers.otter_points(assignment.root, assignment.name, notebook, folder)

    begin = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, folders, notebooks))
    spent_s = time.monotonic() - begin
    return [Figure("otter run, several at once", 60 * len(notebooks) / spent_s, "submissions a minute")]


def _nbgrader(
    assignment: Assignment, notebooks: Sequence[bytes], work: Path, console: Console
) -> list[Figure]:
    console.print(f"nbgrader autograde: {len(notebooks)} submissions ...")
    course = work / "nbgrader"
    shutil.copytree(assignment.root / "var" / "nbgrader", course)
    shutil.rmtree(course / "submitted", ignore_errors=True)
    for number, data in enumerate(notebooks):
        folder = course / "submitted" / f"bench{number}" / assignment.name
        folder.mkdir(parents=True)
        (folder / f"{assignment.name}.ipynb").write_bytes(data)
    root = f"--CourseDirectory.root={course}"
    arguments = ["autograde", assignment.name, "--student", "bench*", "--force", root]
    spent_s = _seconds("nbgrader", *arguments, folder=course)
    return [Figure("nbgrader autograde", 60 * len(notebooks) / spent_s, "submissions a minute")]


def _seconds(*command: str, folder: Path) -> float:
    """Return how long a command took.

    Raises:
        StaffError: it failed.
    """
    begin = time.monotonic()
    peers.run(*command, folder=folder)
    return time.monotonic() - begin
