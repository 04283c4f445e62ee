"""The kit's work on models goes to the trainer: from a submission's process and from a check.

In a submission this code can be trusted as little as everything else there: it only asks. A model is
sent as a description and comes back as weights. A digest tells whether the model still has them; a model
with other weights is used where it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np

from autograder.checks import MismatchError, Outcome
from autograder.checks.model_checks import require_runnable
from autograder.engine.trainer import TRAIN
from autograder.engine.training_cache import digest
from autograder.engine.wire import Message, WireClosedError, WireError
from autograder.models.description import ModelRefusedError
from autograder.models.encode import encode
from autograder.models.encode_compile import reported_metric_names

Array = np.ndarray[Any, Any]


def install(trainer_module: Any, ask: Callable[[Message], Message], *, trusted: bool = False) -> None:
    """Let the kit's work be done by the trainer that ``ask`` reaches.

    Args:
        trainer_module: the kit's module with ``offload``, ``Result`` and ``KitError``.
        ask: sends a job and returns the trainer's reply.
        trusted: this process must not compute what the trainer refuses: that becomes a
            ``KitError``.
    """
    trainer_module.offload = _TrainerClient(trainer_module, ask, trusted)


@dataclass(slots=True)
class _TrainerClient:
    """Sends jobs, and remembers which training each model's weights come from."""

    trainer_module: Any
    ask: Callable[[Message], Message]
    trusted: bool
    last_trainings: WeakKeyDictionary[keras.Model, tuple[str, str]] = field(default_factory=WeakKeyDictionary)
    """Key of the last training, and digest of the weights that it gave."""

    def __call__(
        self, task: str, model: keras.Model, arrays: Sequence[Array], settings: Mapping[str, Any]
    ) -> Any:
        """Return the result, or None if it is to be computed here.

        Raises:
            KitError: the trainer could not do it, or refused a trusted process.
            MismatchError: in a trusted process, the model has code of the student's own, or exceeds a
                limit of the trainer (review).
            WireClosedError: the trainer cannot be reached any more.
        """
        if self.trusted:
            require_runnable(model)
        training_key, weights_digest = self.last_trainings.get(model, (None, ""))
        if task == TRAIN:
            training_key = None
        elif weights_digest != digest(None, tuple(model.get_weights())):
            return None
        plain = {}
        for name, value in settings.items():
            plain[name] = value.item() if isinstance(value, np.generic) else value
        job = {"task": task, "after": training_key, "arrays": list(arrays), "settings": plain}
        reply = self._reply(job, model)
        if reply is None:
            return None
        facts, arrays = reply["facts"], tuple(reply["arrays"])
        if task == TRAIN:
            if [array.shape for array in arrays] != [tuple(weight.shape) for weight in model.weights]:
                return None
            self.last_trainings[model] = (reply["key"], digest(None, arrays))
            facts = {**facts, "history": _rename_metrics(facts["history"], reply["names"], model)}
        return self.trainer_module.Result(facts, arrays)

    def _reply(self, job: Message, model: keras.Model) -> Message | None:
        """Return the trainer's reply to a job that it did, or None if it is to be done here."""
        try:
            description = encode(model)
            if any(part["family"] == "opaque" for part in description["objects"]):
                return None  # the student's own code is in this process and nowhere else
            reply = self.ask({**job, "model": description})
        except WireClosedError:
            raise
        except (ModelRefusedError, WireError):
            return None  # a model without a description, or an array that is too large for the wire
        if self.trusted and "review" in reply:
            raise MismatchError(reply["refused"], outcome=Outcome.REVIEW)
        if "failed" in reply or ("refused" in reply and self.trusted):
            raise self.trainer_module.KitError(reply.get("failed") or reply["refused"])
        return None if "refused" in reply else reply


def _rename_metrics(history: Mapping[str, Any], names: Sequence[str], model: keras.Model) -> dict[str, Any]:
    """Return a history under the names that the student gave the metrics, with and without ``val_``."""
    reported = dict(zip(names, reported_metric_names(model), strict=True))
    renamed = {}
    for name, values in history.items():
        prefix = "val_" if name.startswith("val_") else ""
        metric = name.removeprefix(prefix)
        renamed[prefix + reported.get(metric, metric)] = values
    return renamed
