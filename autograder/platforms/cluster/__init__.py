"""Grading on many machines, by the workers of a Dask scheduler.

versions   what must be alike on all machines
parcel     what a worker needs of the course, packed and unpacked
worker     what runs in a Dask worker: an engine of its own, and the tasks that use it
line       the submissions that wait, and what became of them
crew       who grades: workers come, are looked at, and go
client     from an address to results

Student bytes are never unpickled: they travel as bytes inside a task, and a result comes back
as JSON. Dask is imported only when somebody grades here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from autograder.engine.plan import GradingPlan
from autograder.engine.run import Backend
from autograder.errors import StaffError

__all__ = ["connect"]


@contextmanager
def connect(plan: GradingPlan, address: str, log: Callable[[str], None] = print) -> Iterator[Backend]:
    """Grade by the workers of a scheduler; they are let go of when a call of ``grade`` ends.

    Args:
        address: of the scheduler, e.g. ``tcp://10.0.0.1:8786``.
        tell: hears, a sentence each, who is waited for and which worker cannot be used.

    Raises:
        StaffError: Dask is not installed.
    """
    try:
        from autograder.platforms.cluster.dask_client import Cluster, silence_dask
    except ModuleNotFoundError as error:
        if error.name not in ("dask", "distributed"):
            raise
        raise StaffError(
            f"--cluster needs Dask, and there is no {error.name} here: pip install 'rnn-course[cluster]'"
        ) from error
    with silence_dask():
        yield Cluster(plan, address, log)
