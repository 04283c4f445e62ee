"""The same submissions by three graders, each run as its users run it."""

import os
import shutil
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from autograder import peers
from autograder.bench import watch
from autograder.course import Assignment
from autograder.grade import journal
from autograder.peers import Points

OTTER, NBGRADER = "otter run", "nbgrader autograde"
COLD = "course grade, cold"
WARM = "course grade, warm"
LONG = "course grade, warm, long class"
STEADY = "course grade, warm, once workers stand"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a grader took for how many submissions."""

    what: str
    submissions: int
    seconds: float
    peak_bytes: int
    """All of its processes at once, each shared page counted once."""

    points: float
    """Mean over the submissions; graders that did the work agree, small known differences aside."""

    @property
    def per_minute(self) -> float:
        """Return submissions a minute."""
        return 60 * self.submissions / self.seconds


def ours(
    assignment: Assignment, notebooks: Sequence[bytes], work: Path, *, times: int, workers: int
) -> Iterator[Timing]:
    """Yield ``course grade`` with an empty cache, with a filled one, and of a class ``times`` as long.

    Raises:
        StaffError: the command fails.
    """
    cache = work / "training"
    small, long = work / "class", work / "long-class"
    _hand_in(notebooks, small)
    _hand_in([*notebooks] * times, long)
    for what, folder in ((COLD, small), (WARM, small), (LONG, long)):
        out = work / f"out-{what.replace(' ', '-')}"
        places = ["--out", str(out), "--cache", str(cache)]
        command = ["course", "grade", str(folder), *places, "--workers", str(workers)]
        environment, limit_s = _plain(assignment, work / "home-ours"), peers.LIMIT_S * len(notebooks)
        begin = time.monotonic()
        with watch.highest(watch.below_bytes) as peak, watch.pace(out / journal.NAME) as pace:
            peers.run(*command, folder=assignment.root, environment=environment, limit_s=limit_s)
        seconds = time.monotonic() - begin
        points = statistics.mean(result.earned for result in journal.read(out).results)
        yield Timing(what, len(list(folder.iterdir())), seconds, peak.size_bytes, points)
    yield Timing(STEADY, *pace.steady(), peak.size_bytes, points)


def otter(assignment: Assignment, notebooks: Sequence[bytes], work: Path, *, at_once: int) -> Timing:
    """Time ``otter run``, a command for each submission.

    Raises:
        StaffError: it gives no result.
    """
    environment = _plain(assignment, work / "home-otter")

    def run(number: int) -> Points:
        folder = work / f"otter{number}"
        folder.mkdir()
        return peers.otter_points(assignment.root, assignment.name, notebooks[number], folder, environment)

    begin = time.monotonic()
    with watch.highest(watch.below_bytes) as peak, ThreadPoolExecutor(at_once) as pool:
        found = list(pool.map(run, range(len(notebooks))))
    seconds = time.monotonic() - begin
    return Timing(OTTER, len(notebooks), seconds, peak.size_bytes, _mean(found))


def nbgrader(assignment: Assignment, notebooks: Sequence[bytes], work: Path) -> Timing:
    """Time ``nbgrader autograde``, one command for the class.

    Raises:
        StaffError: it fails.
    """
    course, name = work / "nbgrader", assignment.name
    others = shutil.ignore_patterns("submitted", "autograded", "feedback")
    shutil.copytree(assignment.root / "var" / "nbgrader", course, ignore=others)
    students = [f"student{number:05}" for number in range(len(notebooks))]
    for student, data in zip(students, notebooks, strict=True):
        folder = course / "submitted" / student / name
        folder.mkdir(parents=True)
        (folder / f"{name}.ipynb").write_bytes(data)
    command = ["nbgrader", "autograde", name, f"--CourseDirectory.root={course}"]
    environment = _plain(assignment, work / "home-nbgrader")
    begin = time.monotonic()
    with watch.highest(watch.below_bytes) as peak:
        peers.run(*command, folder=course, environment=environment, limit_s=peers.LIMIT_S * len(notebooks))
    seconds = time.monotonic() - begin
    found = [peers.in_gradebook(course, name, student) for student in students]
    return Timing(NBGRADER, len(notebooks), seconds, peak.size_bytes, _mean(found))


def _hand_in(notebooks: Sequence[bytes], folder: Path) -> None:
    folder.mkdir()
    for number, data in enumerate(notebooks):
        (folder / f"student{number:05}.ipynb").write_bytes(data)


def _plain(assignment: Assignment, home: Path) -> Mapping[str, str]:
    """Return variables with which a command finds nothing that the kit remembers from elsewhere.

    The kit's own variables count as not set, and the home is empty; the data set is the course's.
    """
    home.mkdir(exist_ok=True)
    kits = (name for name in os.environ if name.startswith(f"{assignment.kit.upper()}_"))
    places = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    return {**dict.fromkeys(kits, ""), **places, **assignment.environment}


def _mean(found: Sequence[Points]) -> float:
    return statistics.mean(sum(points.values()) for points in found)
