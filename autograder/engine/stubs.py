"""Stand-ins for modules that notebooks import from where they were written, and that mark nothing."""

import importlib.util
import sys
from types import ModuleType
from typing import Any

TQDM_MODULES = ("tqdm", "tqdm.auto", "tqdm.notebook", "tqdm.autonotebook")
COLAB_MODULES = ("google.colab", "google.colab.drive", "google.colab.files", "google.colab.output")


def install() -> None:
    """Make ``tqdm`` and ``google.colab`` importable where they are not."""
    if importlib.util.find_spec("tqdm") is None:
        _add(TQDM_MODULES, _StubProgressBar)
    _add(COLAB_MODULES, _noop)


def _add(names: tuple[str, ...], content: Any) -> None:
    for name in names:
        module = ModuleType(name)
        module.__path__ = []
        module.__getattr__ = lambda attribute, content=content: _public_attribute(attribute, content)  # type: ignore[method-assign, misc]
        sys.modules.setdefault(name, module)
        parent, _, last = name.rpartition(".")
        if parent in sys.modules and parent in names:
            setattr(sys.modules[parent], last, module)


def _public_attribute(attribute: str, content: Any) -> Any:
    if attribute.startswith("_"):
        raise AttributeError(attribute)
    return content


def _noop(*_args: Any, **_kwargs: Any) -> None:
    """Do nothing, as there is no browser and no drive."""


class _StubProgressBar:
    """A progress bar without a bar."""

    def __init__(self, iterable: Any = (), *_args: Any, **_kwargs: Any) -> None:
        self._iterable = iterable

    def __iter__(self) -> Any:
        return iter(self._iterable)

    def __enter__(self) -> "_StubProgressBar":
        return self

    def __exit__(self, *_exception: object) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        return _public_attribute(name, _noop)
