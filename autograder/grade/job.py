"""A job: work on a model that a submission or a check asks the trainer for.

Whoever asks may be hostile, so a job is read from plain data into values that are safe to
compute with, or refused in one sentence. Its key is made here, from what it holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.grade.cache import DTYPES, digest
from autograder.grade.models.cost import training_cost_s
from autograder.grade.models.description import Model, Refused
from autograder.grade.models.parse import parse
from autograder.grade.models.rules import Rule, number, whole
from autograder.grade.models.shapes import elements, flows

Array = np.ndarray[Any, Any]

TRAIN = "train"
MOST_EPOCHS = 20
MOST_PARAMETERS = 2_000_000
MOST_ROWS = 25_000
MOST_BYTES = 48 * 2**20
"""Of all arrays together."""

MOST_COST_S = 300.0
MOST_NUMBERS = 50_000_000
"""In all tensors of one batch, forward: 200 MB."""

FORMAT = 1
"""Of what the trainer keeps; another number makes all that it kept void."""

BATCH_OF_A_USE = 32
"""Rows at once where a model is used: what Keras takes if nobody says."""

USE_SHARE = 0.2
"""What one use of a model costs, compared with an epoch of training on the same rows."""

_FIELDS = {"task", "model", "after", "arrays", "settings"}
_TRAINING: Mapping[str, Rule] = {
    "epochs": whole(1, MOST_EPOCHS),
    "batch_size": whole(16, 512),
    "validation_split": number(0.0, 0.9),
    "seed": whole(0, 2**32 - 1),
}


@dataclass(frozen=True, slots=True)
class Form:
    """What a task needs."""

    arrays: int
    """How many arrays; all have the same number of rows."""

    settings: Mapping[str, Rule]


FORMS: Mapping[str, Form] = {
    TRAIN: Form(2, _TRAINING),
    "scores": Form(2, {}),
    "agreement": Form(2, {}),
    "outputs": Form(1, {}),
}


@dataclass(frozen=True, slots=True)
class Job:
    """A task with a model, arrays and settings."""

    task: str
    model: Model
    after: str
    """Key of the training whose weights the model has; empty for a training, which needs none."""

    arrays: tuple[Array, ...]
    settings: Mapping[str, Any]

    def key(self, origin: Mapping[str, Any]) -> str:
        """Return the SHA-256 of everything that decides the result.

        Args:
            origin: the code, the libraries and the machine that would compute it.
        """
        about = {
            "format": FORMAT,
            "task": self.task,
            "model": self.model.key(),
            "after": self.after,
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
        return USE_SHARE * training_cost_s(self.model, rows, 1, self.batch_size)

    @property
    def batch_size(self) -> int:
        """Return how many rows are computed with at once."""
        return int(self.settings.get("batch_size", BATCH_OF_A_USE))


def read(value: object) -> Job:
    """Return the job that plain data spell.

    Raises:
        Refused: it is not one, or larger than the trainer takes on.
    """
    if type(value) is not dict or value.keys() != _FIELDS:
        raise Refused("what came is not a job")
    task, after = value["task"], value["after"]
    if type(task) is not str or task not in FORMS:
        raise Refused("the job has a task that the trainer does not know")
    if not (after is None if task == TRAIN else _is_key(after)):
        raise Refused("the job does not say which training it follows")
    arrays = _arrays(value["arrays"], FORMS[task].arrays)
    settings = _settings(value["settings"], FORMS[task].settings)
    job = Job(task, parse(value["model"]), after or "", arrays, settings)
    _require_usable(job.model)
    _require_small(job)
    return job


def _is_key(value: object) -> bool:
    return type(value) is str and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _arrays(value: object, count: int) -> tuple[Array, ...]:
    if type(value) is not list or len(value) != count:
        raise Refused("the job has another number of arrays")
    if not all(type(array) is np.ndarray and array.dtype.str in DTYPES for array in value):
        raise Refused("the job has an array that holds no numbers")
    if not all(1 <= array.ndim <= 4 for array in value) or len({len(array) for array in value}) != 1:
        raise Refused("the arrays of the job do not have the same rows")
    if not 1 <= len(value[0]) <= MOST_ROWS:
        raise Refused("the job has too few or too many rows", hint=f"1 to {MOST_ROWS:,} can be used.")
    if sum(array.nbytes for array in value) > MOST_BYTES:
        raise Refused("the arrays of the job are too large")
    return tuple(value)


def _settings(value: object, rules: Mapping[str, Rule]) -> dict[str, Any]:
    if type(value) is not dict or value.keys() != rules.keys():
        raise Refused("the job has other settings than its task")
    settings = {}
    for name, rule in rules.items():
        try:
            settings[name] = rule.read(value[name])
        except ValueError:
            raise Refused(f"{name} is set to what the trainer does not do", hint=f"{rule.text}.") from None
    return settings


def _require_usable(model: Model) -> None:
    if not model.built or model.compiled is None or model.compiled.foreign:
        raise Refused("the model is not built, or not compiled with parts of Keras alone")
    if (len(model.inputs), len(model.outputs)) != (1, 1):
        raise Refused("the model does not have one input and one output")


def _require_small(job: Job) -> None:
    model = job.model
    numbers = job.batch_size * sum(elements(flow.shape) for flow in flows(model.layers, model.steps))
    if model.parameters > MOST_PARAMETERS or numbers > MOST_NUMBERS or job.cost_s > MOST_COST_S:
        raise Refused("the model, or what it is to read, is too large for the trainer")
