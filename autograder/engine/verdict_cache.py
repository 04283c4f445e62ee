"""What checks asked and concluded so far, remembered by what they were told.

A check is deterministic: after the same replies it asks the same next question or comes to the
same verdict. So the grader is only asked where no earlier dialogue went the same way, and a
class in which many are right builds each model and trains each architecture once.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from autograder.engine.wire import encode

Message = dict[str, Any]

MAX_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class CheckStep:
    """What a check says next: it calls an answer, or comes to a verdict."""

    frame: Message
    train_s: float
    """Estimated seconds of the trainings that it asked for before it spoke."""


class VerdictCache:
    """Turns by the digest of all that came before them; the oldest are forgotten."""

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self._max_entries = max_entries
        self._steps: OrderedDict[bytes, CheckStep] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes) -> CheckStep | None:
        """Return what was said after this before, or None."""
        with self._lock:
            if key in self._steps:
                self._steps.move_to_end(key)
            return self._steps.get(key)

    def put(self, key: bytes, step: CheckStep) -> None:
        """Keep what is said after this."""
        with self._lock:
            self._steps[key] = step
            while len(self._steps) > self._max_entries:
                self._steps.popitem(last=False)


def digest(previous: bytes, message: Message) -> bytes:
    """Return the digest of a dialogue that one more message belongs to."""
    return hashlib.sha256(previous + encode(message)).digest()
