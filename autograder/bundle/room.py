"""How much memory a submission may take, so that the container's limit never ends the grader."""

from dataclasses import replace
from pathlib import Path

from autograder.grade.limits import MEBIBYTE, Limits
from autograder.grade.machine import GROUPS, OURS_BYTES, container_bytes

LEAST_BYTES = 512 * MEBIBYTE
"""What a submission gets in any case: an honest one needs less."""


def fitted(limits: Limits, *, groups: Path = GROUPS) -> Limits:
    """Return limits whose memory fits into this container beside our own processes."""
    left = container_bytes(groups) - OURS_BYTES
    return replace(limits, memory_bytes=min(limits.memory_bytes, max(LEAST_BYTES, left)))
