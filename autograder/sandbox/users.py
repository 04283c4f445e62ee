"""Users to whom nothing but one worker's submissions belongs."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.errors import StaffError

_FIRST_UID = 61000
_UID_COUNT = 180
"""Below 61184, where systemd's own dynamic users begin."""


@contextmanager
def claim_uid(slot: int) -> Iterator[int]:
    """Claim a user that no other worker of this machine has.

    An abstract socket is the claim: the kernel frees it when the supervisor ends, however.

    Raises:
        StaffError: all are taken.
    """
    for attempt in range(_UID_COUNT):
        uid = _FIRST_UID + (slot + attempt) % _UID_COUNT
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                claim.bind(f"\0course-grade-uid-{uid}")
            except OSError:
                continue
            yield uid
            return
    raise StaffError(f"all {_UID_COUNT} users for submissions are taken; are other graders running?")
