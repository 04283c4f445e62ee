"""How much memory a submission may take, so that the container's limit never ends the grader."""

from dataclasses import replace
from pathlib import Path

from autograder.engine.capacity import CGROUP_ROOT, GRADER_OVERHEAD_BYTES, memory_limit_bytes
from autograder.sandbox.limits import MEBIBYTE, Limits

MIN_MEMORY_BYTES = 512 * MEBIBYTE
"""What a submission gets in any case: an honest one needs less."""


def fit_to_container(limits: Limits, *, cgroup_root: Path = CGROUP_ROOT) -> Limits:
    """Return limits whose memory fits into this container beside our own processes."""
    left = memory_limit_bytes(cgroup_root) - GRADER_OVERHEAD_BYTES
    return replace(limits, memory_bytes=min(limits.memory_bytes, max(MIN_MEMORY_BYTES, left)))
