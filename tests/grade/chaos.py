"""A run whose processes are killed at random moments, and what it must come to all the same."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from autograder.report import gradescope

ROOT = Path(__file__).resolve().parents[2]
PARENT = "parent"


@dataclass(frozen=True, slots=True)
class Storm:
    """How a run is disturbed."""

    kills: int
    victims: tuple[str, ...]
    """``parent``, or names of its processes: ``zygote``, ``grader``, ``trainer``."""

    seed: int
    most_wait_s: float
    """Between two kills at most; at random, from nothing on."""


def run(course: Path, *arguments: str | Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "autograder", "grade", *map(str, arguments)],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def undisturbed(course: Path, *arguments: str | Path) -> None:
    _, errors = (running := run(course, *arguments)).communicate()
    assert running.returncode == 0, errors.decode()


def disturbed(storm: Storm, course: Path, *arguments: str | Path) -> Counter[str]:
    """Run the command until it is done, however often it is ended; return who was killed."""
    chance = random.Random(storm.seed)
    killed: Counter[str] = Counter()
    starts = 0
    while True:
        running = run(course, *arguments)
        starts += 1
        assert starts <= 3 * storm.kills + 3, "it does not come to an end"
        while running.poll() is None and killed.total() < storm.kills:
            time.sleep(chance.uniform(0, storm.most_wait_s))
            _kill_one(running, chance.choice(storm.victims), killed)
        _, errors = running.communicate()
        assert running.returncode in (0, 2, -9), errors.decode()
        if running.returncode == 0:
            return killed


def _kill_one(running: "subprocess.Popen[bytes]", victim: str, killed: Counter[str]) -> None:
    if victim == PARENT:
        running.kill()
        running.wait()
        killed[victim] += 1
        return
    try:
        below = psutil.Process(running.pid).children(recursive=True)
        for process in below:
            if process.name() == victim:
                process.kill()
                killed[victim] += 1
                return
    except psutil.NoSuchProcess:
        return


def results(out: Path, students: Sequence[str]) -> dict[str, Any]:
    """Return what stands in the folder of a run, times aside; each submission has one line."""
    lines = [json.loads(line) for line in (out / "run.jsonl").read_text().splitlines()]
    counted = Counter(line["student"] for line in lines if "format" not in line)
    assert counted == Counter(students)
    return {
        student: gradescope.without_times(json.loads((out / student / "results.json").read_text()))
        for student in students
    }
