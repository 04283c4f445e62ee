"""What travels to a worker: packed once by the client, unpacked and compiled by each worker.

All workers must run identical versions, or equal submissions would get different marks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

import autograder
from autograder.build.compile import prepare
from autograder.course import load_course
from autograder.engine.plan import GradingPlan, grading_plan
from autograder.engine.zygote import versions
from autograder.errors import StaffError
from autograder.files import MEBIBYTE, digest, read_tree, write_tree
from autograder.limits import Limits
from autograder.platforms.course_files import course_files

MAX_CACHE_BYTES = 64 * MEBIBYTE
"""Size of all cached trainings together; a larger cache is not sent."""

DASK_PACKAGES = ("dask", "distributed")
"""The packages whose versions client and scheduler must share."""

_DIGEST_CHARS = 12
"""Characters of a digest that a message shows."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A grading plan as it travels; it holds nothing of any student's."""

    assignment: str
    files: Mapping[str, bytes]
    """The course's files, by path relative to its folder."""

    dataset: str
    environment: Mapping[str, str]
    path_variables: tuple[str, ...]
    """Environment variables that name a file or folder, which each worker must have too."""

    limits: Limits
    digests: tuple[str, str, str]
    """Of source, kit and configuration; the worker's compiled plan must have the same."""

    cache: str
    """The training cache on a shared disk; empty if the worker keeps one of its own."""

    cache_entries: Mapping[str, bytes]
    """The initial content of the worker's own cache, by file name."""


def pack(plan: GradingPlan) -> Payload:
    """Pack a plan."""
    is_cache_shared = plan.cache != plan.assignment.root / "var" / "training"
    entries = [] if is_cache_shared else sorted(plan.cache.glob("*.entry"))
    if sum(path.stat().st_size for path in entries) > MAX_CACHE_BYTES:
        entries = []
    return Payload(
        assignment=plan.assignment.name,
        files=course_files(plan.assignment),
        dataset=plan.dataset,
        environment=dict(plan.environment),
        path_variables=tuple(name for name, value in plan.environment.items() if _is_existing_path(value)),
        limits=plan.limits,
        digests=plan_digests(plan),
        cache=str(plan.cache.absolute()) if is_cache_shared else "",
        cache_entries={path.name: path.read_bytes() for path in entries},
    )


def unpack(payload: Payload, folder: Path) -> GradingPlan:
    """Unpack into an empty folder that only its owner can read, and compile.

    Raises:
        AuthorError: the source does not compile here.
        StaffError: a file that the environment names is missing here, or the compiled plan differs.
    """
    for name in payload.path_variables:
        if not _is_existing_path(payload.environment[name]):
            raise StaffError(f"{name}={payload.environment[name]}: does not exist on this worker")
    write_tree(folder, payload.files)
    assignment = load_course(folder).assignment(payload.assignment)
    prepared = prepare(assignment)
    plan = grading_plan(assignment, prepared.source, prepared.files, payload.dataset)
    # The same files can compile differently under another version of a library: then the worker's
    # checks would not be the ones that the client's report describes.
    if plan_digests(plan) != payload.digests:
        raise StaffError("the assignment compiles differently on this worker")
    write_tree(plan.cache, payload.cache_entries)
    cache = Path(payload.cache) if payload.cache else plan.cache
    return replace(plan, limits=payload.limits, environment=payload.environment, cache=cache)


def plan_digests(plan: GradingPlan) -> tuple[str, str, str]:
    """Return the digests of source, kit and configuration."""
    return plan.source_sha256, plan.kit_sha256, plan.config_sha256


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


def _is_existing_path(text: str) -> bool:
    return Path(text).is_absolute() and Path(text).exists()
