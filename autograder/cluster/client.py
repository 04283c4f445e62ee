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

from autograder.cluster import versions
from autograder.cluster.crew import Crew
from autograder.cluster.line import Line
from autograder.cluster.parcel import packed
from autograder.errors import StaffError
from autograder.grade.engine import OnResult
from autograder.grade.recipe import Recipe
from autograder.grade.submissions import Found

CONNECT_S = 30.0
"""Seconds within which a scheduler must answer."""

_CLOSE_S = 10.0
_SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "1 GiB",  # a submission is data, not code
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """The workers of one scheduler."""

    recipe: Recipe
    address: str
    tell: Callable[[str], None]

    def grade(self, found: Sequence[Found], on_result: OnResult, *, out: Path | None = None) -> None:
        """Grade submissions on all workers that come, as ``Workers`` says."""
        asyncio.run(self._graded(found, on_result, out))

    async def _graded(self, found: Sequence[Found], on_result: OnResult, out: Path | None) -> None:
        line = Line(self.recipe, found, on_result, out)
        async with _client(self.address) as client:
            parcel = packed(self.recipe)
            if not parcel.cache and not parcel.trainings and any(self.recipe.cache.glob("*.entry")):
                self.tell(f"{self.recipe.cache}: too large to be sent; --cache names a folder to share")
            await Crew(client, self.address, parcel, line, self.tell).grade()


@contextmanager
def quiet() -> Iterator[None]:
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
    _refuse_nonsense(address)
    client = Client(address, asynchronous=True, timeout=CONNECT_S, set_as_default=False)
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
        ours = versions.here()
        if unlike := versions.difference(there, {name: ours[name] for name in versions.DASK}):
            raise StaffError(f"scheduler {address}: {unlike}; install the same")
        yield client
    finally:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await client.close()


def _refuse_nonsense(address: str) -> None:
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
