"""How many workers a machine or a container can take."""

from pathlib import Path

import psutil
import pytest

from autograder.engine import run
from autograder.limits import Limits

GIB = 2**30
LIMITS = Limits(memory_bytes=2 * GIB)
EACH = run.GRADER_OVERHEAD_BYTES + LIMITS.memory_bytes


class _Memory:
    available = 64 * GIB
    total = 64 * GIB


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(psutil, "virtual_memory", _Memory)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return folder


@pytest.mark.parametrize(
    ("files", "workers"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000", "memory.max": "max"}, 8),
        ({"cpu.max": "250000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"memory.max": str(3 * EACH)}, 3),
        ({"memory.max": str(EACH // 2)}, 1),
        ({"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ({"memory/memory.limit_in_bytes": str(5 * EACH)}, 5),
    ],
)
def test_a_container_gets_as_many_as_it_may_have(tmp_path: Path, files: dict[str, str], workers: int) -> None:
    assert run.max_workers(LIMITS, cgroup_root=write(tmp_path, files)) == workers


def test_memory_that_others_use_is_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Memory, "available", 2 * EACH)
    assert run.max_workers(LIMITS, cgroup_root=tmp_path) == 2
