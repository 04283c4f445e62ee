"""The limits on one submission: ``grading.limits`` in ``course_config.py``, enforced by the sandbox.

Processes that run submissions import this module, so it must not import pydantic; ``course``
validates the values.
"""

import math
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval

from autograder.files import MEBIBYTE

# The text is what messages about the configuration say.
Seconds = Annotated[float, Interval(gt=0, lt=math.inf), "a number above 0"]
Count = Annotated[int, Interval(gt=0), "a whole number above 0"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one submission may use; every deadline is enforced from outside its processes."""

    __pydantic_config__ = {"extra": "forbid", "strict": True}  # noqa: RUF012  read by pydantic, not written

    cell_s: Seconds = 60.0
    """Wall-clock seconds that one notebook cell may run."""

    call_s: Seconds = 30.0
    """Wall-clock seconds that one call of an answer by a check may run."""

    total_s: Seconds = 600.0
    """Seconds for the whole submission, including restarts; never reset."""

    train_s: Seconds = 900.0
    """Wall-clock seconds that the trainer works for a submission, and as many for the checks of it; one
    training may take half of what is left. Beyond that, the submission trains in its own process,
    and a check of the model is left to a person. A stored training counts what it took at first."""

    memory_bytes: Count = 3 * 1024 * MEBIBYTE
    """Resident memory of all processes of the submission together."""

    scratch_bytes: Count = 64 * MEBIBYTE
    """How much may be written below the working folder."""

    processes: Count = 64
    """Processes and threads that may exist at the same time."""
