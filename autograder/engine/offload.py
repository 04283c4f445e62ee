"""The kit's work on models goes to the trainer: from a submission's process and from a check.

In a submission this code can be trusted as little as everything else there: it only asks. A model is
sent as a description and comes back as weights. A digest tells whether the model still has them; a model
with other weights is used where it is.
"""

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np

from autograder.engine.trainer import TRAIN
from autograder.engine.training_cache import digest
from autograder.engine.wire import WireClosedError, WireError
from autograder.models.description import ModelRefusedError
from autograder.models.encode import encode, reported_metric_names

Message = dict[str, Any]
Array = np.ndarray[Any, Any]


def install(trainer_module: ModuleType, ask: Callable[[Message], Message], *, trusted: bool = False) -> None:
    """Let the kit's work be done by the trainer that ``ask`` reaches.

    Args:
        trainer_module: the kit's module with ``offload``, ``Result`` and ``KitError``.
        ask: sends a job and returns the trainer's reply.
        trusted: this process must not compute what the trainer refuses: that becomes a
            ``KitError``.
    """
    trainer_module.offload = _TrainerClient(trainer_module, ask, trusted)  # type: ignore[attr-defined]


class _TrainerClient:
    """Sends jobs, and remembers which training each model's weights come from."""

    def __init__(self, trainer_module: ModuleType, ask: Callable[[Message], Message], trusted: bool) -> None:
        self._trainer_module = trainer_module
        self._ask = ask
        self._trusted = trusted
        self._last_trainings: WeakKeyDictionary[keras.Model, tuple[str, str]] = WeakKeyDictionary()
        """Key of the last training, and digest of the weights that it gave."""

    def __call__(
        self, task: str, model: keras.Model, arrays: Sequence[Array], settings: Mapping[str, Any]
    ) -> Any:
        """Return the result, or None if it is to be computed here.

        Raises:
            KitError: the trainer could not do it, or refused a trusted process.
            WireClosedError: the trainer cannot be reached any more.
        """
        training_key = None if task == TRAIN else self._find_training_key(model)
        if task != TRAIN and training_key is None:
            return None
        plain_settings = dict(settings)
        for name, value in settings.items():
            if isinstance(value, np.generic):
                plain_settings[name] = value.item()
        try:
            description = encode(model)
            job = {"task": task, "model": description, "after": training_key, "arrays": list(arrays)}
            reply = self._ask({**job, "settings": plain_settings})
        except WireClosedError:
            raise
        except (ModelRefusedError, WireError):
            return None  # a layer of the student's own, or an array that is too large for the wire
        if "failed" in reply or ("refused" in reply and self._trusted):
            raise self._trainer_module.KitError(reply.get("failed") or reply["refused"])
        if "refused" in reply:
            return None
        facts, arrays = reply["facts"], tuple(reply["arrays"])
        if task == TRAIN:
            if [array.shape for array in arrays] != [tuple(weight.shape) for weight in model.weights]:
                return None
            self._last_trainings[model] = (reply["key"], digest(None, arrays))
            facts = {**facts, "history": _rename_metrics(facts["history"], reply["names"], model)}
        return self._trainer_module.Result(facts, arrays)

    def _find_training_key(self, model: keras.Model) -> str | None:
        key, weights = self._last_trainings.get(model, (None, None))
        return key if weights == digest(None, tuple(model.get_weights())) else None


def _rename_metrics(history: Mapping[str, Any], names: Sequence[str], model: keras.Model) -> dict[str, Any]:
    """Return a history under the names that the student gave the metrics, with and without ``val_``."""
    reported = dict(zip(names, reported_metric_names(model), strict=True))
    renamed = {}
    for name, values in history.items():
        prefix = "val_" if name.startswith("val_") else ""
        metric = name.removeprefix(prefix)
        renamed[prefix + reported.get(metric, metric)] = values
    return renamed
