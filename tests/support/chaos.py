"""A run whose processes are killed at random moments, and what it must come to all the same."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psutil

from tests.support.sample_results import without_times

ROOT = Path(__file__).resolve().parents[2]
PARENT = "parent"


@dataclass(frozen=True, slots=True)
class KillPlan:
    """How a run is disturbed; each kind of victim is hit as often as the others, give or take one."""

    kills: int
    victims: tuple[str, ...]
    """``parent``, or names of its processes: ``zygote``, ``grader``, ``trainer``."""

    seed: int
    max_wait_s: float
    """Before the next victim is looked for; at random, from nothing on."""


def start_grading(course: Path, *arguments: str | Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "autograder", "grade", *map(str, arguments)],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def grade_uninterrupted(course: Path, *arguments: str | Path) -> None:
    _, errors = (running := start_grading(course, *arguments)).communicate()
    assert running.returncode == 0, errors.decode()


def grade_with_kills(
    kill_plan: KillPlan, course: Path, *arguments: str | Path, outputs: Sequence[Path]
) -> Counter[str]:
    """Run the command until it is done, however often it is ended; return who was killed.

    Half of the runs are left in peace until they grade. One that is done before the storm is over is done
    again from nothing: without what it makes.
    """
    chance = random.Random(kill_plan.seed)
    waiting = list(islice(cycle(kill_plan.victims), kill_plan.kills))
    chance.shuffle(waiting)
    killed: Counter[str] = Counter()
    for _ in range(3 * kill_plan.kills + 3):
        running = start_grading(course, *arguments)
        if chance.random() < 0.5:
            _wait_for_process(running, "grader")
        while waiting:
            time.sleep(chance.uniform(0, kill_plan.max_wait_s))
            victim = _wait_for_process(running, waiting[-1])
            if victim is None:
                break
            with suppress(psutil.NoSuchProcess):
                victim.kill()
                killed[waiting.pop()] += 1
        _, errors = running.communicate()
        assert running.returncode in (0, 2, -9), errors.decode()
        if running.returncode == 0 and not waiting:
            return killed
        if running.returncode == 0:
            for path in outputs:
                shutil.rmtree(path)
    raise AssertionError(f"it does not come to an end; still to be killed: {waiting}")


def _wait_for_process(running: "subprocess.Popen[bytes]", name: str) -> psutil.Process | None:
    """Wait for a victim of that name and return it; return None if the run ends first."""
    while running.poll() is None:
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(running.pid)
            if name == PARENT:
                return parent
            for below in parent.children(recursive=True):
                if below.name() == name and below.status() != psutil.STATUS_ZOMBIE:
                    return below
        time.sleep(0.01)
    return None


def checked_results(out: Path, students: Sequence[str]) -> dict[str, Any]:
    """Return what stands in the folder of a run, times aside; each submission was finished once.

    What the kills left ungraded was no result, and the next run has graded it.
    """
    lines = [json.loads(line) for line in (out / "run.jsonl").read_text().splitlines()]
    finished = [line for line in lines if "checks" in line and not _is_ungraded(line)]
    assert Counter(line["student"] for line in finished) == Counter(students)
    return {
        student: without_times(json.loads((out / student / "results.staff.json").read_text()))
        for student in students
    }


def _is_ungraded(line: dict[str, Any]) -> bool:
    return any(check["outcome"] == "ungraded" for check in line["checks"])
