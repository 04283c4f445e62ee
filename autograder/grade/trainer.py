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

from autograder.grade.cache import Cache, Entry
from autograder.grade.job import MOST_BYTES, TRAIN, Job, read
from autograder.grade.models.build import build
from autograder.grade.models.description import Refused
from autograder.grade.wire import Channel, WireError

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
            channel.send(trainer.reply(channel.receive(within_s=None).get("job")), within_s=None)


class Trainer:
    """Does jobs, each once."""

    def __init__(self, service: ModuleType, cache: Cache) -> None:
        self._service = service
        self._cache = cache
        self._origin = service.origin()

    def reply(self, value: object) -> Message:
        """Return what a job comes to, or why it is not done.

        A reply holds ``facts``, ``arrays`` and ``names`` of the metrics; or ``refused`` (do it
        yourself) or ``failed`` (it cannot be done), each a sentence. It holds the job's ``key`` and
        ``cost_s``, unless nothing was begun.
        """
        try:
            job = read(value)
            weights = self._weights(job)
        except Refused as refused:
            return {"refused": str(refused)}
        key = job.key(self._origin)
        try:
            entry = self._cache.load(key) or self._computed_once(key, job, weights)
        except self._service.KitError as error:
            return {"failed": str(error), "key": key, "cost_s": job.cost_s}
        except Refused as refused:
            return {"refused": str(refused), "key": key, "cost_s": job.cost_s}
        names = job.model.compiled.metric_names if job.model.compiled else ()
        return {
            "facts": entry.facts["facts"],
            "names": list(names),
            "arrays": list(entry.arrays),
            "key": key,
            "cost_s": job.cost_s,
        }

    def _weights(self, job: Job) -> Entry | None:
        """Return the training that a job follows, if it is one of the same model."""
        if job.task == TRAIN:
            return None
        entry = self._cache.load(job.after)
        if entry is None or (entry.facts.get("task"), entry.facts.get("model")) != (TRAIN, job.model.key()):
            raise Refused("the job follows a training that was not done here")
        return entry

    def _computed_once(self, key: str, job: Job, weights: Entry | None) -> Entry:
        with self._cache.lock(key):
            entry = self._cache.load(key)
            if entry is None:
                entry = self._computed(job, weights)
                self._cache.store(key, entry)
        return entry

    def _computed(self, job: Job, weights: Entry | None) -> Entry:
        model = build(job.model, seed=job.settings.get("seed", 0))
        if weights is not None:
            model.set_weights(list(weights.arrays))
        try:
            result = self._service.TASKS[job.task](model, job.arrays, job.settings)
        except self._service.KitError:
            raise
        except Exception as error:  # whatever else Keras raises is about this one model too
            raise self._service.KitError(f"Keras stopped with {type(error).__name__}.") from error
        finally:
            keras.utils.clear_session()
        facts = {
            "task": job.task,
            "model": job.model.key(),
            "facts": dict(result.facts),
        }
        if sum(array.nbytes for array in result.arrays) > MOST_BYTES:
            raise Refused("the result of the job is too large")
        return Entry(facts, tuple(result.arrays))
