"""What a worker needs of the course: packed once by the client, unpacked and compiled there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.compile.folder import write_tree
from autograder.course import load_course
from autograder.errors import StaffError
from autograder.grade.limits import MEBIBYTE, Limits
from autograder.grade.recipe import Recipe
from autograder.recipes import files_of, recipe_of

LARGEST_BYTES = 64 * MEBIBYTE
"""Of all remembered trainings together; more than that stays with the client."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A recipe as it travels; holds nothing of any student's."""

    assignment: str
    files: Mapping[str, bytes]
    """Of the course, by path below its root."""

    dataset: str
    environment: Mapping[str, str]
    paths: tuple[str, ...]
    """Variables of the environment that name a file or folder, which a worker must have too."""

    limits: Limits
    digests: tuple[str, str, str]
    """Of source, kit and configuration, which must be the same once it is unpacked."""

    cache: str
    """A folder of remembered trainings on a shared disk; empty for one of the worker's own."""

    trainings: Mapping[str, bytes]
    """What a worker's own folder begins with, by file name."""


def packed(recipe: Recipe) -> Parcel:
    """Pack a recipe."""
    shared = recipe.cache != recipe.assignment.root / "var" / "training"
    paths = [
        name
        for name, value in recipe.environment.items()
        if Path(value).is_absolute() and Path(value).exists()
    ]
    return Parcel(
        recipe.assignment.name,
        files_of(recipe.assignment),
        recipe.dataset,
        dict(recipe.environment),
        tuple(paths),
        recipe.limits,
        digests_of(recipe),
        str(recipe.cache.absolute()) if shared else "",
        {} if shared else _remembered(recipe.cache),
    )


def unpacked(parcel: Parcel, folder: Path) -> Recipe:
    """Unpack into an empty folder that only its owner may read, and compile.

    Raises:
        AuthorError: it does not compile here.
        StaffError: a file that the environment names is not here, or it compiles to something else.
    """
    for name in parcel.paths:
        if not Path(parcel.environment[name]).exists():
            raise StaffError(
                f"{name}={parcel.environment[name]}: does not exist there; put it there under the same path"
            )
    write_tree(folder, parcel.files)
    assignment = load_course(folder).assignment(parcel.assignment)
    recipe = recipe_of(assignment, parcel.dataset)
    if digests_of(recipe) != parcel.digests:
        raise StaffError("the assignment compiles to something else there than here")
    write_tree(recipe.cache, parcel.trainings)
    cache = Path(parcel.cache) if parcel.cache else recipe.cache
    return replace(recipe, limits=parcel.limits, environment=parcel.environment, cache=cache)


def digests_of(recipe: Recipe) -> tuple[str, str, str]:
    """Return the digests of source, kit and configuration."""
    return recipe.source_sha256, recipe.kit_sha256, recipe.config_sha256


def _is_a_place(path: Path) -> bool:
    return path.is_absolute() and path.exists()


def _remembered(cache: Path) -> dict[str, bytes]:
    """Return the entries of a cache by file name; none if they are too large together."""
    entries = sorted(cache.glob("*.entry"))
    if sum(path.stat().st_size for path in entries) > LARGEST_BYTES:
        return {}
    return {path.name: path.read_bytes() for path in entries}
