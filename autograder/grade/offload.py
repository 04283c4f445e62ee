"""The kit's work on models goes to the trainer: from a submission's process and from a check.

In a submission this code is as little to be trusted as all else there: it only asks. A model
is sent as a description and comes back as weights. Whether it still has them is noticed by
their digest; a model with other weights is used where it is.
"""

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np

from autograder.grade.cache import digest
from autograder.grade.job import TRAIN
from autograder.grade.models.compiled import own_metric_names
from autograder.grade.models.description import Refused
from autograder.grade.models.encode import encode
from autograder.grade.wire import Closed, WireError

Message = dict[str, Any]
Array = np.ndarray[Any, Any]


def install(service: ModuleType, ask: Callable[[Message], Message], *, trusted: bool = False) -> None:
    """Have the kit's work done by whoever ``ask`` reaches.

    Args:
        service: the kit's module with ``offload``, ``Result`` and ``KitError``.
        ask: sends a job and returns the trainer's reply.
        trusted: this process may not do what the trainer refuses: it becomes a ``KitError``.
    """
    service.offload = _Offload(service, ask, trusted)  # type: ignore[attr-defined]


class _Offload:
    """Asks for work, and remembers which training each model's weights come from."""

    def __init__(self, service: ModuleType, ask: Callable[[Message], Message], trusted: bool) -> None:
        self._service = service
        self._ask = ask
        self._trusted = trusted
        self._trained: WeakKeyDictionary[keras.Model, tuple[str, str]] = WeakKeyDictionary()
        """Key of the last training, and digest of the weights that it gave."""

    def __call__(
        self, task: str, model: keras.Model, arrays: Sequence[Array], settings: Mapping[str, Any]
    ) -> Any:
        """Return the result, or None if it is to be computed here."""
        after = None if task == TRAIN else self._training_of(model)
        if task != TRAIN and after is None:
            return None
        reply = self._reply(task, model, after, arrays, settings)
        if reply is None:
            return None
        facts, found = reply["facts"], tuple(reply["arrays"])
        if task == TRAIN:
            if [array.shape for array in found] != [tuple(weight.shape) for weight in model.weights]:
                return None
            self._trained[model] = (reply["key"], digest(None, found))
            names = dict(zip(reply["names"], own_metric_names(model), strict=True))
            facts = {**facts, "history": _renamed(facts["history"], names)}
        return self._service.Result(facts, found)

    def _reply(
        self,
        task: str,
        model: keras.Model,
        after: str | None,
        arrays: Sequence[Array],
        settings: Mapping[str, Any],
    ) -> Message | None:
        try:
            job = {
                "task": task,
                "model": encode(model),
                "after": after,
                "arrays": list(arrays),
                "settings": {name: _plain(value) for name, value in settings.items()},
            }
            reply = self._ask(job)
        except Closed:
            raise
        except (Refused, WireError):
            return None
        if "failed" in reply or ("refused" in reply and self._trusted):
            raise self._service.KitError(reply.get("failed") or reply["refused"])
        return None if "refused" in reply else reply

    def _training_of(self, model: keras.Model) -> str | None:
        key, weights = self._trained.get(model, (None, None))
        return key if weights == digest(None, tuple(model.get_weights())) else None


def _renamed(history: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a history with other names for its metrics, with and without ``val_``."""
    both = {**names, **{f"val_{old}": f"val_{new}" for old, new in names.items()}}
    return {both.get(name, name): values for name, values in history.items()}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
