"""What of this environment decides results, read without importing any of it."""

import platform
from importlib import metadata

_PACKAGES = ("tensorflow", "keras", "numpy")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that compute, by name."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _PACKAGES}}
