"""What travels to a worker: packed once by the client, unpacked by each worker.

All workers must run identical versions, or equal submissions would get different marks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

import autograder
from autograder.course import CONFIG_NAME
from autograder.engine.plan import GradingPlan
from autograder.engine.zygote_client import versions
from autograder.errors import StaffError
from autograder.files import MEBIBYTE, digest, read_tree, write_tree

MAX_CACHE_BYTES = 64 * MEBIBYTE
"""Size of all cached trainings together; a larger cache is not sent."""

DASK_PACKAGES = ("dask", "distributed")
"""The packages whose versions client and scheduler must share."""

_DIGEST_CHARS = 12
"""Characters of a digest that a message shows."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A grading plan as it travels; it holds nothing of any student's."""

    plan: GradingPlan
    versions: Mapping[str, str]
    """The client's, by package; a worker must have the same."""

    files: Mapping[str, bytes]
    """What a result's digests are taken from, and the cached trainings, by path below the course."""

    path_variables: tuple[str, ...]
    """Environment variables that name a file or folder, which each worker must have too."""

    is_cache_shared: bool
    """True if the training cache is on a shared disk; otherwise the worker keeps one of its own."""

    is_cache_omitted: bool
    """True if the worker's own cache starts empty because the client's is too large."""


def pack(plan: GradingPlan) -> Payload:
    """Pack a plan."""
    root = plan.assignment.root
    is_cache_shared = plan.cache != _cache(root)
    entries = [] if is_cache_shared else sorted(plan.cache.glob("*.entry"))
    is_cache_omitted = sum(path.stat().st_size for path in entries) > MAX_CACHE_BYTES
    paths = [root / CONFIG_NAME, plan.assignment.notebook]
    if not is_cache_omitted:
        paths += entries
    return Payload(
        replace(plan, cache=plan.cache.absolute()),
        local_versions(),
        {path.relative_to(root).as_posix(): path.read_bytes() for path in paths},
        tuple(name for name, value in plan.environment.items() if _is_existing_path(value)),
        is_cache_shared,
        is_cache_omitted,
    )


def unpack(payload: Payload, folder: Path) -> GradingPlan:
    """Unpack into an empty folder that only its owner can read.

    Raises:
        StaffError: a file that the environment names is missing here.
    """
    plan = payload.plan
    for name in payload.path_variables:
        if not _is_existing_path(plan.environment[name]):
            raise StaffError(f"{name}={plan.environment[name]}: does not exist on this worker")
    write_tree(folder, payload.files)
    cache = plan.cache if payload.is_cache_shared else _cache(folder)
    return replace(plan, assignment=replace(plan.assignment, root=folder), cache=cache)


def local_versions() -> dict[str, str]:
    """Return this environment's versions by package; for our own, a digest of its code."""
    files = read_tree(Path(autograder.__file__).parent)
    code = {name: data for name, data in files.items() if name.endswith(".py")}
    dask_versions = {name: metadata.version(name) for name in DASK_PACKAGES}
    return {**versions(), **dask_versions, "autograder": digest(code)[:_DIGEST_CHARS]}


def difference(remote: Mapping[str, str], local: Mapping[str, str]) -> str:
    """Return which versions differ, e.g. ``numpy 2.4.5, here 2.4.6``; empty if none does."""
    differing = [name for name in local if remote.get(name) != local[name]]
    return "; ".join(f"{name} {remote.get(name, 'missing')}, here {local[name]}" for name in differing)


def _cache(root: Path) -> Path:
    return root / "var" / "training"


def _is_existing_path(text: str) -> bool:
    return Path(text).is_absolute() and Path(text).exists()
