"""A job: work on a model that a submission or a check asks the trainer for.

Whoever asks may be hostile, so a job is read from plain data into values that are safe to
compute with, or refused in one sentence. Its key is made here, from what it holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.engine.training_cache import DTYPES, digest
from autograder.models.description import Model, ModelRefusedError
from autograder.models.parse import parse
from autograder.models.rules import Rule, integer, number
from autograder.models.shapes import compute_call_stats, count_parameters, elements, training_cost_s

Array = np.ndarray[Any, Any]

TRAIN = "train"
MAX_EPOCHS = 20
MAX_PARAMETERS = 2_000_000
MAX_ROWS = 25_000
MAX_ARRAY_BYTES = 48 * 2**20
"""Of all arrays together."""

MAX_COST_S = 300.0
MAX_ACTIVATIONS = 50_000_000
"""In all tensors of one batch, forward: 200 MB."""

CACHE_FORMAT = 1
"""Of what the trainer keeps; another number makes all that it kept void."""

INFERENCE_BATCH_SIZE = 32
"""Rows at once where a model is used: what Keras takes if nobody says."""

INFERENCE_COST_FACTOR = 0.2
"""What one use of a model costs, compared with an epoch of training on the same rows."""

_FIELDS = {"task", "model", "after", "arrays", "settings"}
_TRAINING_SETTINGS: Mapping[str, Rule] = {
    "epochs": integer(1, MAX_EPOCHS),
    "batch_size": integer(16, 512),
    "validation_split": number(0.0, 0.9),
    "seed": integer(0, 2**32 - 1),
}


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """What a task needs."""

    array_count: int
    """How many arrays; all have the same number of rows."""

    settings: Mapping[str, Rule]


TASK_SPECS: Mapping[str, TaskSpec] = {
    TRAIN: TaskSpec(2, _TRAINING_SETTINGS),
    "scores": TaskSpec(2, {}),
    "agreement": TaskSpec(2, {}),
    "outputs": TaskSpec(1, {}),
}


@dataclass(frozen=True, slots=True)
class Job:
    """A task with a model, arrays and settings."""

    task: str
    model: Model
    training_key: str
    """Key of the training whose weights the model has; empty for a training, which needs none."""

    arrays: tuple[Array, ...]
    settings: Mapping[str, Any]

    def key(self, origin: Mapping[str, Any]) -> str:
        """Return the SHA-256 of everything that decides the result.

        Args:
            origin: the code, the libraries and the machine that would compute it.
        """
        about = {
            "format": CACHE_FORMAT,
            "task": self.task,
            "model": self.model.key(),
            "after": self.training_key,
            "settings": dict(self.settings),
            "origin": dict(origin),
        }
        return digest(about, self.arrays)

    @property
    def cost_s(self) -> float:
        """Return what the job is charged, whether or not it is computed: an estimate."""
        rows = len(self.arrays[0])
        if self.task == TRAIN:
            return training_cost_s(self.model, rows, self.settings["epochs"], self.batch_size)
        return INFERENCE_COST_FACTOR * training_cost_s(self.model, rows, 1, self.batch_size)

    @property
    def batch_size(self) -> int:
        """Return how many rows are computed with at once."""
        return int(self.settings.get("batch_size", INFERENCE_BATCH_SIZE))


def parse_job(value: object) -> Job:
    """Return the job that plain data spell.

    Raises:
        Refused: it is not one, or larger than the trainer takes on.
    """
    if type(value) is not dict or value.keys() != _FIELDS:
        raise ModelRefusedError("what came is not a job")
    task, after = value["task"], value["after"]
    if type(task) is not str or task not in TASK_SPECS:
        raise ModelRefusedError("the job has a task that the trainer does not know")
    if not (after is None if task == TRAIN else _is_key(after)):
        raise ModelRefusedError("the job does not say which training it follows")
    arrays = _parse_arrays(value["arrays"], TASK_SPECS[task].array_count)
    settings = _parse_settings(value["settings"], TASK_SPECS[task].settings)
    job = Job(task, parse(value["model"]), after or "", arrays, settings)
    _require_usable(job.model)
    _require_small(job)
    return job


def _is_key(value: object) -> bool:
    return type(value) is str and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _parse_arrays(value: object, count: int) -> tuple[Array, ...]:
    if type(value) is not list or len(value) != count:
        raise ModelRefusedError("the job has another number of arrays")
    if not all(type(array) is np.ndarray and array.dtype.str in DTYPES for array in value):
        raise ModelRefusedError("the job has an array that holds no numbers")
    if not all(1 <= array.ndim <= 4 for array in value) or len({len(array) for array in value}) != 1:
        raise ModelRefusedError("the arrays of the job do not have the same rows")
    if not 1 <= len(value[0]) <= MAX_ROWS:
        raise ModelRefusedError(
            "the job has too few or too many rows", hint=f"1 to {MAX_ROWS:,} can be used."
        )
    if sum(array.nbytes for array in value) > MAX_ARRAY_BYTES:
        raise ModelRefusedError("the arrays of the job are too large")
    return tuple(value)


def _parse_settings(value: object, rules: Mapping[str, Rule]) -> dict[str, Any]:
    if type(value) is not dict or value.keys() != rules.keys():
        raise ModelRefusedError("the job has other settings than its task")
    settings = {}
    for name, rule in rules.items():
        try:
            settings[name] = rule.read(value[name])
        except ValueError:
            raise ModelRefusedError(
                f"{name} is set to what the trainer does not do", hint=f"{rule.text}."
            ) from None
    return settings


def _require_usable(model: Model) -> None:
    if not model.is_built or model.compile_config is None or model.compile_config.unsupported:
        raise ModelRefusedError("the model is not built, or not compiled with parts of Keras alone")
    if (len(model.inputs), len(model.outputs)) != (1, 1):
        raise ModelRefusedError("the model does not have one input and one output")


def _require_small(job: Job) -> None:
    model = job.model
    numbers = job.batch_size * sum(elements(stats.shape) for stats in compute_call_stats(model))
    if count_parameters(model) > MAX_PARAMETERS or numbers > MAX_ACTIVATIONS or job.cost_s > MAX_COST_S:
        raise ModelRefusedError("the model, or what it is to read, is too large for the trainer")
