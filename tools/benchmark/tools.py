"""The same submissions by three graders, each run as its users run it."""

import os
import shutil
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from autograder.build.flavors import run_tool
from autograder.course import Assignment
from autograder.engine import journal
from autograder.quality import compare
from autograder.quality.compare import Points
from tools.benchmark import watch

OTTER, NBGRADER = "otter run", "nbgrader autograde"
OTTER_ONE_NOTEBOOK = "otter run, one notebook"
ONE_NOTEBOOK = "course grade, cold, one notebook"
COLD = "course grade, cold"
WARM = "course grade, warm"
LONG_CLASS = "course grade, warm, long class"
STEADY_STATE = "course grade, warm, after worker start-up"


@dataclass(frozen=True, slots=True)
class Timing:
    """Time and memory of one grader for some submissions."""

    label: str
    submissions: int
    seconds: float
    peak_bytes: int
    """Of all its processes together, each shared page counted once."""

    points: float
    """Mean over the submissions; equal for all graders, apart from small known differences."""

    @property
    def per_minute(self) -> float:
        """Return submissions a minute."""
        return 60 * self.submissions / self.seconds


def time_course_grade(
    assignment: Assignment, notebooks: Sequence[bytes], work_dir: Path, *, repeats: int, workers: int
) -> Iterator[Timing]:
    """Yield ``course grade`` of one notebook and of all with empty caches, then of all with a filled one.

    Args:
        repeats: how often the long class repeats the notebooks.

    Raises:
        StaffError: the command fails.
    """
    alone, small, long = (work_dir / name for name in ("one", "class", "long-class"))
    _write_submissions(notebooks[:1], alone)
    _write_submissions(notebooks, small)
    _write_submissions([*notebooks] * repeats, long)
    for what, folder, cache in (
        (ONE_NOTEBOOK, alone, "training-one"),
        (COLD, small, "training"),
        (WARM, small, "training"),
        (LONG_CLASS, long, "training"),
    ):
        out = work_dir / f"out-{what.replace(' ', '-')}"
        places = ["--out", str(out), "--cache", str(work_dir / cache)]
        command = ["autograder", "grade", str(folder), *places, "--workers", str(workers)]
        environment = _clean_environment(assignment, work_dir / f"home-{cache}")
        begin = time.monotonic()
        with watch.track_max(watch.descendant_bytes) as peak, watch.track_results(out / journal.NAME) as pace:
            limit_s = compare.TIMEOUT_S * len(notebooks)
            run_tool(*command, folder=assignment.root, environment=environment, timeout_s=limit_s)
        seconds = time.monotonic() - begin
        points = statistics.mean(result.earned for result in journal.read(out).results)
        yield Timing(what, len(list(folder.iterdir())), seconds, peak.size_bytes, points)
    yield Timing(STEADY_STATE, *pace.steady_state(), peak.size_bytes, points)


def time_otter(
    assignment: Assignment, notebooks: Sequence[bytes], work_dir: Path, *, workers: int
) -> Iterator[Timing]:
    """Yield ``otter run`` of the first notebook alone and of all, one command each.

    Raises:
        StaffError: it returns no result.
    """
    for what, some, place in (
        (OTTER_ONE_NOTEBOOK, notebooks[:1], work_dir / "otter-one"),
        (OTTER, notebooks, work_dir / "otter"),
    ):
        place.mkdir()
        folders = [place / str(number) for number in range(len(some))]
        environment = _clean_environment(assignment, place / "home")

        def run(data: bytes, folder: Path, environment: Mapping[str, str] = environment) -> Points:
            folder.mkdir()
            return compare.otter_points(assignment.root, assignment.name, data, folder, environment)

        begin = time.monotonic()
        with watch.track_max(watch.descendant_bytes) as peak, ThreadPoolExecutor(workers) as pool:
            actual = list(pool.map(run, some, folders))
        seconds = time.monotonic() - begin
        yield Timing(what, len(some), seconds, peak.size_bytes, _mean_points(actual))


def time_nbgrader(assignment: Assignment, notebooks: Sequence[bytes], work_dir: Path) -> Timing:
    """Time ``nbgrader autograde``, one command for the class.

    Raises:
        StaffError: it fails.
    """
    course, name = work_dir / "nbgrader", assignment.name
    others = shutil.ignore_patterns("submitted", "autograded", "feedback")
    shutil.copytree(assignment.root / "var" / "nbgrader", course, ignore=others)
    students = [f"student{number:05}" for number in range(len(notebooks))]
    for student, data in zip(students, notebooks, strict=True):
        folder = course / "submitted" / student / name
        folder.mkdir(parents=True)
        (folder / f"{name}.ipynb").write_bytes(data)
    command = ["nbgrader", "autograde", name, f"--CourseDirectory.root={course}"]
    environment = _clean_environment(assignment, work_dir / "home-nbgrader")
    begin = time.monotonic()
    with watch.track_max(watch.descendant_bytes) as peak:
        run_tool(
            *command,
            folder=course,
            environment=environment,
            timeout_s=compare.TIMEOUT_S * len(notebooks),
        )
    seconds = time.monotonic() - begin
    actual = [compare.gradebook_points(course, name, student) for student in students]
    return Timing(NBGRADER, len(notebooks), seconds, peak.size_bytes, _mean_points(actual))


def _write_submissions(notebooks: Sequence[bytes], folder: Path) -> None:
    folder.mkdir()
    for number, data in enumerate(notebooks):
        (folder / f"student{number:05}.ipynb").write_bytes(data)


def _clean_environment(assignment: Assignment, home: Path) -> Mapping[str, str]:
    """Return variables with which a command finds none of the kit's caches.

    The kit's own variables are empty, and so is the home directory; the dataset is the course's.
    """
    home.mkdir(exist_ok=True)
    kits = (name for name in os.environ if name.startswith(f"{assignment.kit.upper()}_"))
    places = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    return {**dict.fromkeys(kits, ""), **places, **assignment.environment}


def _mean_points(all_points: Sequence[Points]) -> float:
    return statistics.mean(sum(points.values()) for points in all_points)
