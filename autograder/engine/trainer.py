"""The trusted process that trains and uses models for submissions and checks.

It knows no check. A result is stored by what it was computed from, so that a class that gives the same
answer trains it once. A job costs what it took by the clock when it was first done, which is stored with
its result: it must not matter who came first. What is estimated to take far too long is not begun.

A job comes from a submission or a check and is untrusted: it is parsed into values that are safe to
compute with, or refused in one sentence. Its key is made here, from what it holds.
"""

import contextlib
import importlib
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow

from autograder.engine.training_cache import Cache, CacheEntry, digest, is_key
from autograder.engine.wire import Channel, Message, WireError
from autograder.models.description import Model, ModelRefusedError, UnsupportedModelError, metric_names
from autograder.models.parse import parse
from autograder.models.rebuild import build
from autograder.models.sizes import Sizes, measure

Array = np.ndarray[Any, Any]

TRAIN = "train"
MAX_EPOCHS = 20
MAX_PARAMETERS = 2_000_000
MAX_ROWS = 25_000
MAX_AXES = 4
MAX_ARRAY_BYTES = 48 * 2**20
"""Of all arrays together."""

MAX_ESTIMATE_S = 300.0
MAX_ACTIVATIONS = 50_000_000
"""In all tensors of one batch, forward: 200 MB."""

CACHE_FORMAT = 3
"""Of what the trainer stores; another number makes all stored results void."""

INFERENCE_BATCH_SIZE = 32
"""Rows at once where a model is used: Keras' default."""

INFERENCE_COST_FACTOR = 0.2
"""Cost of one use of a model, compared with an epoch of training on the same rows."""

_FIELDS = {"task", "model", "after", "arrays", "settings"}
_ARRAY_COUNTS = {TRAIN: 2, "scores": 2, "agreement": 2, "outputs": 1}
"""The tasks, each with the number of arrays that it takes; all have the same number of rows."""


_TRAINING_SETTINGS: Mapping[str, tuple[type[int] | type[float], float, float]] = {
    "epochs": (int, 1, MAX_EPOCHS),
    "batch_size": (int, 16, 512),
    "validation_split": (float, 0.0, 0.9),
    "seed": (int, 0, 2**32 - 1),
}
"""The settings of a training: kind, least and greatest value."""

_DTYPE_NAMES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")
_DTYPES = {np.dtype(name).str for name in _DTYPE_NAMES}
"""Numbers in this machine's byte order: their bytes go into the key."""


@dataclass(frozen=True, slots=True)
class Job:
    """A task with a model, arrays and settings."""

    task: str
    model: Model
    training_key: str
    """Key of the training whose weights the model has; empty for a training, which needs none."""

    arrays: tuple[Array, ...]
    settings: Mapping[str, Any]
    sizes: Sizes

    def key(self, origin: Mapping[str, Any]) -> str:
        """Return the SHA-256 of everything that decides the result.

        Args:
            origin: the code, the libraries and the machine that would compute it.
        """
        description = {
            "format": CACHE_FORMAT,
            "task": self.task,
            "model": self.model.key(),
            "after": self.training_key,
            "settings": dict(self.settings),
            "origin": dict(origin),
        }
        return digest(description, self.arrays)

    @property
    def batch_size(self) -> int:
        """Return the number of rows that are computed at once."""
        return int(self.settings.get("batch_size", INFERENCE_BATCH_SIZE))

    @property
    def estimate_s(self) -> float:
        """Return the estimated seconds that the job takes."""
        rows = len(self.arrays[0])
        if self.task == TRAIN:
            return self.sizes.training_cost_s(rows, self.settings["epochs"], self.batch_size)
        return INFERENCE_COST_FACTOR * self.sizes.training_cost_s(rows, 1, self.batch_size)


def _require(condition: bool, problem: str, hint: str = "") -> None:
    if not condition:
        raise ModelRefusedError(problem, hint=hint)


def parse_job(value: object) -> Job:
    """Return the job that untrusted plain data describe.

    Raises:
        ModelRefusedError: they describe none, or one larger than the trainer accepts.
    """
    # Types are compared with "is", here and below: a subclass could bring its own comparison.
    if type(value) is not dict or value.keys() != _FIELDS:
        raise ModelRefusedError("the trainer was not sent a job")
    task, after, arrays = value["task"], value["after"], value["arrays"]
    _require(type(task) is str and task in _ARRAY_COUNTS, "the job has a task that the trainer does not know")
    is_linked = after is None if task == TRAIN else is_key(after)
    _require(is_linked, "the job does not name the training that it follows")
    _require(
        type(arrays) is list and len(arrays) == _ARRAY_COUNTS[task], "the job has too few or many arrays"
    )
    for array in arrays:
        _require(type(array) is np.ndarray, "an array of the job is not an array")
        _require(array.dtype.str in _DTYPES, "an array of the job does not hold numbers")
        _require(1 <= array.ndim <= MAX_AXES, "an array of the job has too few or too many axes")
        _require(len(array) == len(arrays[0]), "the arrays of the job do not have the same number of rows")
    hint = f"1 to {MAX_ROWS:,} rows can be used."
    _require(1 <= len(arrays[0]) <= MAX_ROWS, "the job has too few or too many rows", hint)
    total_bytes = sum(array.nbytes for array in arrays)
    _require(total_bytes <= MAX_ARRAY_BYTES, "the arrays of the job are too large")
    settings = _parse_settings(value["settings"], _TRAINING_SETTINGS if task == TRAIN else {})
    model = parse(value["model"])
    is_compiled = model.compile_config is not None and not model.compile_config.unsupported
    is_compiled &= all(described.family != "opaque" for described in model.objects)
    _require(
        model.is_built and is_compiled, "the model is not built, or not compiled with parts of Keras alone"
    )
    has_one_path = (len(model.inputs), len(model.outputs)) == (1, 1)
    _require(has_one_path, "the model does not have one input and one output")
    job = Job(task, model, after or "", tuple(arrays), settings, measure(model))
    if (
        job.sizes.parameters > MAX_PARAMETERS
        or job.batch_size * job.sizes.row_elements > MAX_ACTIVATIONS
        or job.estimate_s > MAX_ESTIMATE_S
    ):
        # A limit of ours, which an honest answer may exceed: in a check, it is left to a person.
        raise UnsupportedModelError("the model, or the data that it would read, is too large for the trainer")
    return job


def _parse_settings(
    value: object, limits: Mapping[str, tuple[type[int] | type[float], float, float]]
) -> dict[str, Any]:
    if type(value) is not dict or value.keys() != limits.keys():
        raise ModelRefusedError("the job has settings that its task does not have")
    settings = {}
    for name, (kind, low, high) in limits.items():
        number = value[name]
        is_number = type(number) is kind or (kind is float and type(number) is int)
        if not is_number or not low <= number <= high:
            problem = f"{name} has a value that the trainer does not accept"
            raise ModelRefusedError(problem, hint=f"It must be from {low:g} to {high:g}.")
        settings[name] = kind(number)
    return settings


def main(sock: socket.socket, options: Mapping[str, Any]) -> None:
    """Do jobs until the other end is gone.

    Args:
        options: ``service``, the kit's module of tasks; ``cache``, a folder; ``threads``, 1 by
            default.
    """
    threads = options.get("threads", 1)
    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
    trainer = Trainer(importlib.import_module(options["service"]), Cache(Path(options["cache"])))
    channel = Channel(sock)
    with contextlib.suppress(WireError):
        while True:
            channel.send(trainer.reply(channel.receive(timeout_s=None).get("job")), timeout_s=None)


class Trainer:
    """Does jobs, each once."""

    def __init__(self, trainer_module: Any, cache: Cache) -> None:
        self._trainer_module = trainer_module
        self._cache = cache
        self._origin = trainer_module.origin()

    def reply(self, value: object) -> Message:
        """Return the result of a job, or why it is not done.

        A reply holds ``facts``, ``arrays`` and ``names`` of the metrics; or, as a sentence, ``refused``
        (the sender may compute it itself) or ``failed`` (it cannot be computed). What exceeds a limit of ours
        is refused with ``review``. Unless it was refused, it
        also holds the job's ``key`` and ``cost_s``, the seconds that it took when it was done.
        """
        begin = time.monotonic()
        try:
            job = parse_job(value)
            training = self._find_training(job)
            key = job.key(self._origin)
            entry = self._cache.load(key)
            if entry is None:
                with self._cache.lock(key):
                    begin = time.monotonic()  # the time that another trainer held the lock is not this job's
                    # Again: another trainer may have had the lock before.
                    entry = self._cache.load(key) or self._compute(key, job, training)
        except self._trainer_module.KitError as error:
            return {"failed": str(error), "key": key, "cost_s": time.monotonic() - begin}
        except UnsupportedModelError as refusal:
            return {"refused": str(refusal), "review": True}
        except ModelRefusedError as refusal:
            return {"refused": str(refusal)}
        return {
            "facts": entry.facts["facts"],
            "names": list(metric_names(job.model)),
            "arrays": list(entry.arrays),
            "key": key,
            "cost_s": entry.facts["cost_s"],
        }

    def _find_training(self, job: Job) -> CacheEntry | None:
        """Return the training that a job follows; a job cannot use the weights of another model."""
        if job.task == TRAIN:
            return None
        entry = self._cache.load(job.training_key)
        if entry is None or (entry.facts.get("task"), entry.facts.get("model")) != (TRAIN, job.model.key()):
            raise ModelRefusedError("the job follows a training that was not done here")
        return entry

    def _compute(self, key: str, job: Job, training: CacheEntry | None) -> CacheEntry:
        begin = time.monotonic()
        model = build(job.model, seed=job.settings.get("seed", 0))
        if training is not None:
            model.set_weights(list(training.arrays))
        try:
            result = self._trainer_module.TASKS[job.task](model, job.arrays, job.settings)
        except self._trainer_module.KitError:
            raise
        except Exception as error:  # whatever else Keras raises is also caused by this one model
            raise self._trainer_module.KitError(f"Keras stopped with {type(error).__name__}.") from error
        finally:
            keras.utils.clear_session()
        total_bytes = sum(array.nbytes for array in result.arrays)
        _require(total_bytes <= MAX_ARRAY_BYTES, "the result of the job is too large")
        facts = {
            "task": job.task,
            "model": job.model.key(),
            "facts": dict(result.facts),
            "cost_s": time.monotonic() - begin,
        }
        entry = CacheEntry(facts, tuple(result.arrays))
        self._cache.store(key, entry)
        return entry
