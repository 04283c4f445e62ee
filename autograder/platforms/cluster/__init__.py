"""Grading on many machines, by the workers of a Dask scheduler.

payload      what travels to a worker, and what must be the same there
dask_worker  an engine inside a Dask worker
scheduler    from the scheduler's address to results: who grades what, and which answers count

Submissions travel as bytes, results come back as JSON: student bytes are never unpickled.
Dask is an extra, so it is imported by ``connect`` only.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from autograder.engine.plan import GradingPlan
from autograder.engine.run import Backend
from autograder.errors import StaffError

__all__ = ["connect"]


@contextmanager
def connect(plan: GradingPlan, address: str, log: Callable[[str], None] = print) -> Iterator[Backend]:
    """Yield a backend that grades on a scheduler's workers and frees them after each ``grade``.

    Args:
        plan: what is graded; it is sent to each worker.
        address: of the scheduler, e.g. ``tcp://10.0.0.1:8786``.
        log: receives a sentence when the run waits for workers or refuses one.

    Raises:
        StaffError: Dask is not installed.
    """
    try:
        from autograder.platforms.cluster.scheduler import Cluster, silence_dask
    except ModuleNotFoundError as error:
        if error.name not in ("dask", "distributed"):
            raise
        raise StaffError(
            f"--cluster needs Dask, and {error.name} is not installed: pip install 'rnn-course[cluster]'"
        ) from error
    with silence_dask():
        yield Cluster(plan, address, log)
