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

from autograder.engine.job import TRAIN
from autograder.engine.training_cache import digest
from autograder.engine.wire import WireClosedError, WireError
from autograder.models.description import ModelRefusedError
from autograder.models.encode import encode, reported_metric_names

Message = dict[str, Any]
Array = np.ndarray[Any, Any]


def install(trainer_module: ModuleType, ask: Callable[[Message], Message], *, trusted: bool = False) -> None:
    """Have the kit's work done by whoever ``ask`` reaches.

    Args:
        service: the kit's module with ``offload``, ``Result`` and ``KitError``.
        ask: sends a job and returns the trainer's reply.
        trusted: this process may not do what the trainer refuses: it becomes a ``KitError``.
    """
    trainer_module.offload = _TrainerClient(trainer_module, ask, trusted)  # type: ignore[attr-defined]


class _TrainerClient:
    """Asks for work, and remembers which training each model's weights come from."""

    def __init__(self, trainer_module: ModuleType, ask: Callable[[Message], Message], trusted: bool) -> None:
        self._trainer_module = trainer_module
        self._ask = ask
        self._trusted = trusted
        self._last_trainings: WeakKeyDictionary[keras.Model, tuple[str, str]] = WeakKeyDictionary()
        """Key of the last training, and digest of the weights that it gave."""

    def __call__(
        self, task: str, model: keras.Model, arrays: Sequence[Array], settings: Mapping[str, Any]
    ) -> Any:
        """Return the result, or None if it is to be computed here."""
        after = None if task == TRAIN else self._find_training_key(model)
        if task != TRAIN and after is None:
            return None
        reply = self._request(task, model, after, arrays, settings)
        if reply is None:
            return None
        facts, found = reply["facts"], tuple(reply["arrays"])
        if task == TRAIN:
            if [array.shape for array in found] != [tuple(weight.shape) for weight in model.weights]:
                return None
            self._last_trainings[model] = (reply["key"], digest(None, found))
            names = dict(zip(reply["names"], reported_metric_names(model), strict=True))
            facts = {**facts, "history": _rename_metrics(facts["history"], names)}
        return self._trainer_module.Result(facts, found)

    def _request(
        self,
        task: str,
        model: keras.Model,
        training_key: str | None,
        arrays: Sequence[Array],
        settings: Mapping[str, Any],
    ) -> Message | None:
        try:
            job = {
                "task": task,
                "model": encode(model),
                "after": training_key,
                "arrays": list(arrays),
                "settings": {name: _to_builtin(value) for name, value in settings.items()},
            }
            reply = self._ask(job)
        except WireClosedError:
            raise
        except (ModelRefusedError, WireError):
            return None
        if "failed" in reply or ("refused" in reply and self._trusted):
            raise self._trainer_module.KitError(reply.get("failed") or reply["refused"])
        return None if "refused" in reply else reply

    def _find_training_key(self, model: keras.Model) -> str | None:
        key, weights = self._last_trainings.get(model, (None, None))
        return key if weights == digest(None, tuple(model.get_weights())) else None


def _rename_metrics(history: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a history with other names for its metrics, with and without ``val_``."""
    both = {**names, **{f"val_{old}": f"val_{new}" for old, new in names.items()}}
    return {both.get(name, name): values for name, values in history.items()}


def _to_builtin(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
