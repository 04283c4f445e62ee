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

from autograder.grade.wire import encode

Message = dict[str, Any]

MOST_TURNS = 20_000


@dataclass(frozen=True, slots=True)
class Turn:
    """What a check says next: it calls an answer, or comes to a verdict."""

    frame: Message
    train_s: float
    """Estimated seconds of the trainings that it asked for before it spoke."""


class Dialogues:
    """Turns by the digest of all that came before them; the oldest are forgotten."""

    def __init__(self, most: int = MOST_TURNS) -> None:
        self._most = most
        self._turns: OrderedDict[bytes, Turn] = OrderedDict()
        self._lock = Lock()

    def turn_after(self, told: bytes) -> Turn | None:
        """Return what was said after this before, or None."""
        with self._lock:
            if told in self._turns:
                self._turns.move_to_end(told)
            return self._turns.get(told)

    def remember(self, told: bytes, turn: Turn) -> None:
        """Keep what is said after this."""
        with self._lock:
            self._turns[told] = turn
            while len(self._turns) > self._most:
                self._turns.popitem(last=False)


def digest(before: bytes, message: Message) -> bytes:
    """Return the digest of a dialogue that one more message belongs to."""
    return hashlib.sha256(before + encode(message)).digest()
