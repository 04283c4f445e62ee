"""The trusted process that trains and uses models for submissions and checks.

It knows no check. What it computed is found again on disk by what it was made from, so that a
class that gives the same answer trains it once. A job is charged its estimated cost, also when
the result was there: no mark depends on who came first.
"""

import contextlib
import importlib
import socket
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import tensorflow

from autograder.engine.job import MAX_ARRAY_BYTES, TRAIN, Job, parse_job
from autograder.engine.training_cache import Cache, CacheEntry
from autograder.engine.wire import Channel, WireError
from autograder.models.description import ModelRefusedError
from autograder.models.rebuild import build

Message = dict[str, Any]


def main(sock: socket.socket, options: Mapping[str, Any]) -> None:
    """Do jobs until the other end is gone.

    Args:
        options: ``service``, the kit's module of tasks; ``cache``, a folder; ``threads``, one if
            not said.
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

    def __init__(self, trainer_module: ModuleType, cache: Cache) -> None:
        self._trainer_module = trainer_module
        self._cache = cache
        self._origin = trainer_module.origin()

    def reply(self, value: object) -> Message:
        """Return what a job comes to, or why it is not done.

        A reply holds ``facts``, ``arrays`` and ``names`` of the metrics; or ``refused`` (do it
        yourself) or ``failed`` (it cannot be done), each a sentence. It holds the job's ``key`` and
        ``cost_s``, unless nothing was begun.
        """
        try:
            job = parse_job(value)
            weights = self._find_training(job)
        except ModelRefusedError as refused:
            return {"refused": str(refused)}
        key = job.key(self._origin)
        try:
            entry = self._cache.load(key) or self._compute_once(key, job, weights)
        except self._trainer_module.KitError as error:
            return {"failed": str(error), "key": key, "cost_s": job.cost_s}
        except ModelRefusedError as refused:
            return {"refused": str(refused), "key": key, "cost_s": job.cost_s}
        names = job.model.compile_config.metric_names if job.model.compile_config else ()
        return {
            "facts": entry.facts["facts"],
            "names": list(names),
            "arrays": list(entry.arrays),
            "key": key,
            "cost_s": job.cost_s,
        }

    def _find_training(self, job: Job) -> CacheEntry | None:
        """Return the training that a job follows, if it is one of the same model."""
        if job.task == TRAIN:
            return None
        entry = self._cache.load(job.training_key)
        if entry is None or (entry.facts.get("task"), entry.facts.get("model")) != (TRAIN, job.model.key()):
            raise ModelRefusedError("the job follows a training that was not done here")
        return entry

    def _compute_once(self, key: str, job: Job, training: CacheEntry | None) -> CacheEntry:
        with self._cache.lock(key):
            entry = self._cache.load(key)
            if entry is None:
                entry = self._compute(job, training)
                self._cache.store(key, entry)
        return entry

    def _compute(self, job: Job, training: CacheEntry | None) -> CacheEntry:
        model = build(job.model, seed=job.settings.get("seed", 0))
        if training is not None:
            model.set_weights(list(training.arrays))
        try:
            result = self._trainer_module.TASKS[job.task](model, job.arrays, job.settings)
        except self._trainer_module.KitError:
            raise
        except Exception as error:  # whatever else Keras raises is about this one model too
            raise self._trainer_module.KitError(f"Keras stopped with {type(error).__name__}.") from error
        finally:
            keras.utils.clear_session()
        facts = {
            "task": job.task,
            "model": job.model.key(),
            "facts": dict(result.facts),
        }
        if sum(array.nbytes for array in result.arrays) > MAX_ARRAY_BYTES:
            raise ModelRefusedError("the result of the job is too large")
        return CacheEntry(facts, tuple(result.arrays))
