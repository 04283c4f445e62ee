"""What must be alike on all machines: a run is not graded by a mix."""

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import autograder
from autograder.engine.versions import versions
from autograder.files import digest, read_tree

DASK_PACKAGES = ("dask", "distributed")
"""What talks to the scheduler."""

_DIGEST_LENGTH = 12
"""Digits of a digest that a person is shown."""


def local_versions() -> dict[str, str]:
    """Return the versions of this environment by name, our own package's as a digest of its code."""
    files = read_tree(Path(autograder.__file__).parent)
    code = {name: data for name, data in files.items() if name.endswith(".py")}
    return {
        **versions(),
        **{name: metadata.version(name) for name in DASK_PACKAGES},
        "autograder": digest(code)[:_DIGEST_LENGTH],
    }


def difference(remote: Mapping[str, str], local: Mapping[str, str]) -> str:
    """Return what is not alike, e.g. ``numpy 2.4.5, here 2.4.6``; nothing if all is."""
    unlike = [name for name in local if remote.get(name) != local[name]]
    return "; ".join(f"{name} {remote.get(name, 'missing')}, here {local[name]}" for name in unlike)
