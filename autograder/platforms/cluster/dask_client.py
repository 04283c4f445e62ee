"""From the address of a scheduler to results."""

import asyncio
import contextlib
import logging
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
from distributed import Client
from distributed.comm.addressing import get_address_host_port
from distributed.security import Security

from autograder.engine.plan import GradingPlan
from autograder.engine.run import OnResult
from autograder.errors import StaffError
from autograder.platforms.cluster import version_check
from autograder.platforms.cluster.payload import pack
from autograder.platforms.cluster.scheduler import DaskScheduler
from autograder.platforms.cluster.submission_queue import SubmissionQueue
from autograder.submission.discover import StudentSubmission

CONNECT_TIMEOUT_S = 30.0
"""Seconds within which a scheduler must answer."""

_CLOSE_TIMEOUT_S = 10.0
_SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "1 GiB",  # a submission is data, not code
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """The workers of one scheduler."""

    plan: GradingPlan
    address: str
    log: Callable[[str], None]

    def grade(
        self, submissions: Sequence[StudentSubmission], on_result: OnResult, *, out: Path | None = None
    ) -> None:
        """Grade submissions on all workers that come, as ``Workers`` says."""
        asyncio.run(self._grade(submissions, on_result, out))

    async def _grade(
        self, submissions: Sequence[StudentSubmission], on_result: OnResult, out: Path | None
    ) -> None:
        line = SubmissionQueue(self.plan, submissions, on_result, out)
        async with _client(self.address) as client:
            parcel = pack(self.plan)
            if not parcel.cache and not parcel.cache_entries and any(self.plan.cache.glob("*.entry")):
                self.log(f"{self.plan.cache}: too large to be sent; --cache names a folder to share")
            await DaskScheduler(client, self.address, parcel, line, self.log).grade()


@contextmanager
def silence_dask() -> Iterator[None]:
    """Keep what Dask logs and warns of away from the terminal: what matters is told in a sentence."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), dask.config.set(_SETTINGS):
            warnings.filterwarnings("ignore", module="(distributed|dask|tornado)")
            yield
    finally:
        logging.disable(before)


@asynccontextmanager
async def _client(address: str) -> AsyncIterator[Client]:
    """Connect to a scheduler that has the same Dask, and close the connection.

    Raises:
        StaffError: there is none at the address, or it is another.
    """
    _validate_address(address)
    client = Client(address, asynchronous=True, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
    try:
        try:
            await client
            asked: Any = client.get_versions()
            there = (await asked)["scheduler"]["packages"]
        except (OSError, TimeoutError, ImportError) as error:
            raise StaffError(
                f"{address}: no scheduler answers ({error}); "
                "start one with `dask scheduler`, or mend --cluster"
            ) from error
        ours = version_check.local_versions()
        if unlike := version_check.difference(
            there, {name: ours[name] for name in version_check.DASK_PACKAGES}
        ):
            raise StaffError(f"scheduler {address}: {unlike}; install the same")
        yield client
    finally:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await client.close()


def _validate_address(address: str) -> None:
    """Refuse what cannot be the address of a scheduler.

    Raises:
        StaffError: it is none, or one that needs certificates and there are none.
    """
    whole = address if "://" in address else f"tcp://{address}"
    try:
        get_address_host_port(whole, strict=True)
    except ValueError as error:
        raise StaffError(f"--cluster {address}: {error}; write e.g. tcp://10.0.0.1:8786") from error
    if whole.startswith("tls://") and Security().get_connection_args("client")["ssl_context"] is None:
        raise StaffError(
            f"--cluster {address}: no certificates are configured for Dask; see docs/cluster.md, TLS"
        )
