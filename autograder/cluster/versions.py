"""What must be alike on all machines: a run is not graded by a mix."""

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import autograder
from autograder.compile.folder import digest, read_tree
from autograder.grade.versions import versions

DASK = ("dask", "distributed")
"""What talks to the scheduler."""

_SHOWN = 12
"""Digits of a digest that a person is shown."""


def here() -> dict[str, str]:
    """Return the versions of this environment by name, our own package's as a digest of its code."""
    files = read_tree(Path(autograder.__file__).parent)
    code = {name: data for name, data in files.items() if name.endswith(".py")}
    return {
        **versions(),
        **{name: metadata.version(name) for name in DASK},
        "autograder": digest(code)[:_SHOWN],
    }


def difference(there: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """Return what is not alike, e.g. ``numpy 2.4.5, here 2.4.6``; nothing if all is."""
    unlike = [name for name in ours if there.get(name) != ours[name]]
    return "; ".join(f"{name} {there.get(name, 'missing')}, here {ours[name]}" for name in unlike)
