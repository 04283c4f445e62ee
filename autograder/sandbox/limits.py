"""What one submission may use."""

from dataclasses import dataclass

from autograder.files import MEBIBYTE


@dataclass(frozen=True, slots=True)
class Limits:
    """What one submission may use; every deadline is enforced from outside."""

    cell_s: float = 60.0
    """Wall-clock seconds that one notebook cell may run."""

    call_s: float = 30.0
    """Wall-clock seconds that one call of an answer by a check may run."""

    total_s: float = 600.0
    """Wall-clock seconds for the whole submission, restarts included; never reset."""

    train_s: float = 900.0
    """Estimated seconds of training that the trainer does for a submission, and wall-clock seconds for
    jobs that it does not charge. Beyond that the submission trains in its own process."""

    memory_bytes: int = 3 * 1024 * MEBIBYTE
    """Resident memory of all processes of the submission together."""

    scratch_bytes: int = 64 * MEBIBYTE
    """What may be written below the working folder."""

    processes: int = 64
    """Processes and threads that may exist at once."""
