"""Frames between a supervisor and a zygote: a length, plain JSON, and descriptors with the first byte.

Both ends are trusted; nothing that a submission says travels in them.
"""

import json
import socket
import struct
from typing import Any

Frame = dict[str, Any]

_LENGTH = struct.Struct("!I")
_MAX_DESCRIPTORS = 3
"""Descriptors (SCM_RIGHTS) of one frame."""


def send_frame(control: socket.socket, frame: Frame, descriptors: tuple[int, ...] = ()) -> None:
    """Send a frame of plain JSON and descriptors, which stay open here too."""
    payload = json.dumps(frame).encode()
    socket.send_fds(control, [_LENGTH.pack(len(payload))], descriptors)
    control.sendall(payload)


def receive_frame(control: socket.socket) -> tuple[Frame, list[int]]:
    """Return the next frame and its descriptors, which the caller must close.

    Raises:
        EOFError: the other end is closed.
    """
    head, descriptors, _, _ = socket.recv_fds(control, _LENGTH.size, _MAX_DESCRIPTORS)
    head += _receive_exactly(control, _LENGTH.size - len(head))
    return json.loads(_receive_exactly(control, _LENGTH.unpack(head)[0])), list(descriptors)


def _receive_exactly(control: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = control.recv(length - len(data))
        if not part:
            raise EOFError("the control socket is closed")
        data += part
    return data
