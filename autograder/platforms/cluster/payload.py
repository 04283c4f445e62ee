"""What a worker needs of the course: packed once by the client, unpacked and compiled there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.build.compile import prepare
from autograder.course import load_course
from autograder.engine.plan import GradingPlan, grading_plan
from autograder.errors import StaffError
from autograder.files import MEBIBYTE, write_tree
from autograder.limits import Limits
from autograder.platforms.course_files import course_files

MAX_CACHE_BYTES = 64 * MEBIBYTE
"""Of all remembered trainings together; more than that stays with the client."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A recipe as it travels; holds nothing of any student's."""

    assignment: str
    files: Mapping[str, bytes]
    """Of the course, by path below its root."""

    dataset: str
    environment: Mapping[str, str]
    path_variables: tuple[str, ...]
    """Variables of the environment that name a file or folder, which a worker must have too."""

    limits: Limits
    digests: tuple[str, str, str]
    """Of source, kit and configuration, which must be the same once it is unpacked."""

    cache: str
    """A folder of remembered trainings on a shared disk; empty for one of the worker's own."""

    cache_entries: Mapping[str, bytes]
    """What a worker's own folder begins with, by file name."""


def pack(plan: GradingPlan) -> Payload:
    """Pack a recipe."""
    shared = plan.cache != plan.assignment.root / "var" / "training"
    paths = [
        name for name, value in plan.environment.items() if Path(value).is_absolute() and Path(value).exists()
    ]
    return Payload(
        plan.assignment.name,
        course_files(plan.assignment),
        plan.dataset,
        dict(plan.environment),
        tuple(paths),
        plan.limits,
        plan_digests(plan),
        str(plan.cache.absolute()) if shared else "",
        {} if shared else _cache_entries(plan.cache),
    )


def unpack(payload: Payload, folder: Path) -> GradingPlan:
    """Unpack into an empty folder that only its owner may read, and compile.

    Raises:
        AuthorError: it does not compile here.
        StaffError: a file that the environment names is not here, or it compiles to something else.
    """
    for name in payload.path_variables:
        if not Path(payload.environment[name]).exists():
            raise StaffError(
                f"{name}={payload.environment[name]}: does not exist there; put it there under the same path"
            )
    write_tree(folder, payload.files)
    assignment = load_course(folder).assignment(payload.assignment)
    prepared = prepare(assignment)
    recipe = grading_plan(assignment, prepared.source, prepared.files, payload.dataset)
    if plan_digests(recipe) != payload.digests:
        raise StaffError("the assignment compiles to something else there than here")
    write_tree(recipe.cache, payload.cache_entries)
    cache = Path(payload.cache) if payload.cache else recipe.cache
    return replace(recipe, limits=payload.limits, environment=payload.environment, cache=cache)


def plan_digests(plan: GradingPlan) -> tuple[str, str, str]:
    """Return the digests of source, kit and configuration."""
    return plan.source_sha256, plan.kit_sha256, plan.config_sha256


def _is_existing_path(path: Path) -> bool:
    return path.is_absolute() and path.exists()


def _cache_entries(cache: Path) -> dict[str, bytes]:
    """Return the entries of a cache by file name; none if they are too large together."""
    entries = sorted(cache.glob("*.entry"))
    if sum(path.stat().st_size for path in entries) > MAX_CACHE_BYTES:
        return {}
    return {path.name: path.read_bytes() for path in entries}
