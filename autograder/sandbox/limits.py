"""What one submission may use."""

from dataclasses import dataclass

from autograder.files import MEBIBYTE


@dataclass(frozen=True, slots=True)
class Limits:
    """What one submission may use; every deadline is enforced from outside."""

    cell_s: float = 60.0
    """Seconds by the clock that one notebook cell may run."""

    call_s: float = 30.0
    """Seconds that one call of an answer by a check may run."""

    total_s: float = 600.0
    """Seconds for the whole submission, restarts included; never set back."""

    train_s: float = 900.0
    """Estimated seconds of training that the trainer does for it, and seconds by the clock for what it
    charges nothing for; more is its own to run."""

    memory_bytes: int = 3 * 1024 * MEBIBYTE
    """Resident memory of all processes of the submission together."""

    scratch_bytes: int = 64 * MEBIBYTE
    """What may be written below the working folder."""

    output_bytes: int = 64 * 1024
    """What is kept of everything that a submission prints."""

    processes: int = 64
    """Processes and threads that may exist at once."""
