"""How much memory a submission may take, so that the container's limit never ends the grader."""

from dataclasses import replace
from pathlib import Path

import psutil

from autograder.grade.limits import MEBIBYTE, Limits

OURS_BYTES = 1_200 * MEBIBYTE
"""What supervisor, zygote, grader and trainer take at most; measured, see ``docs/gradescope.md``."""

LEAST_BYTES = 512 * MEBIBYTE
"""What a submission gets in any case: an honest one needs less."""

_FILES = ("memory.max", "memory/memory.limit_in_bytes")
"""Of cgroup v2 and v1."""


def fitted(limits: Limits, *, groups: Path = Path("/sys/fs/cgroup")) -> Limits:
    """Return limits whose memory fits into this container beside our own processes."""
    left = _container_bytes(groups) - OURS_BYTES
    return replace(limits, memory_bytes=min(limits.memory_bytes, max(LEAST_BYTES, left)))


def _container_bytes(groups: Path) -> int:
    found = [psutil.virtual_memory().total]
    for name in _FILES:
        path = groups / name
        text = path.read_text().strip() if path.is_file() else "max"
        found += [int(text)] if text.isdigit() else []
    return min(found)
