"""Users to whom nothing but one worker's submissions belongs."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.errors import StaffError

_FIRST = 61000
_COUNT = 180
"""Below 61184, where systemd's own dynamic users begin."""


@contextmanager
def own_uid(slot: int) -> Iterator[int]:
    """Claim a user that no other worker of this machine has.

    An abstract socket is the claim: the kernel frees it when the supervisor ends, however.

    Raises:
        StaffError: all are taken.
    """
    for attempt in range(_COUNT):
        uid = _FIRST + (slot + attempt) % _COUNT
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                claim.bind(f"\0course-grade-uid-{uid}")
            except OSError:
                continue
            yield uid
            return
    raise StaffError(f"all {_COUNT} users for submissions are taken; are other graders running?")
