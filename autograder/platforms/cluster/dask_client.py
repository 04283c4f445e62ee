"""Connects to a Dask scheduler and grades on its workers."""

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
from autograder.platforms.cluster import payload
from autograder.platforms.cluster.scheduler import DaskScheduler, SubmissionQueue
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
        """Grade submissions on all workers that join; see ``Backend``."""
        asyncio.run(self._grade(SubmissionQueue(self.plan, submissions, on_result, out)))

    async def _grade(self, queue: SubmissionQueue) -> None:
        async with _client(self.address) as client:
            packed = payload.pack(self.plan)
            if not packed.cache and not packed.cache_entries and any(self.plan.cache.glob("*.entry")):
                self.log(f"{self.plan.cache}: too large to send; name a shared folder with --cache")
            await DaskScheduler(client, self.address, packed, queue, self.log).grade()


@contextmanager
def silence_dask() -> Iterator[None]:
    """Keep Dask's log lines and warnings off the terminal: whatever matters is said in one sentence."""
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
    """Connect to a scheduler with the same version of Dask, and close the connection at the end.

    Raises:
        StaffError: nothing answers at the address, or the versions differ.
    """
    _validate_address(address)
    # Not the default client: student bytes must never meet another user's in this process.
    client = Client(address, asynchronous=True, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
    try:
        try:
            await client
            report: Any = client.get_versions()
            remote = (await report)["scheduler"]["packages"]
        except (OSError, TimeoutError, ImportError) as error:
            raise StaffError(
                f"{address}: no scheduler answers ({error}); "
                "start one with `dask scheduler`, or correct --cluster"
            ) from error
        versions = payload.local_versions()
        if differences := payload.difference(
            remote, {name: versions[name] for name in payload.DASK_PACKAGES}
        ):
            raise StaffError(f"scheduler {address}: {differences}; install the same version")
        yield client
    finally:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await client.close()


def _validate_address(address: str) -> None:
    """Raise if an address cannot be that of a scheduler.

    Raises:
        StaffError: it is malformed, or it needs certificates that are not configured.
    """
    with_scheme = address if "://" in address else f"tcp://{address}"
    try:
        get_address_host_port(with_scheme, strict=True)
    except ValueError as error:
        raise StaffError(f"--cluster {address}: {error}; write e.g. tcp://10.0.0.1:8786") from error
    if with_scheme.startswith("tls://") and Security().get_connection_args("client")["ssl_context"] is None:
        raise StaffError(
            f"--cluster {address}: no certificates are configured for Dask; see docs/cluster.md, TLS"
        )
