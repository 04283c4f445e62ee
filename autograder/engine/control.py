"""The socket between the supervisor and a zygote: frames of plain JSON, with descriptors."""

import contextlib
import json
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from autograder.errors import StaffError

LOAD_TIMEOUT_S = 300.0
"""Seconds until everything must be imported; on a cold disk TensorFlow alone takes a minute."""

_LENGTH = struct.Struct("!I")

Frame = dict[str, Any]


def send_frame(control: socket.socket, frame: Frame, descriptors: tuple[int, ...] = ()) -> None:
    """Send a frame of plain JSON, with descriptors."""
    payload = json.dumps(frame).encode()
    socket.send_fds(control, [_LENGTH.pack(len(payload))], descriptors)
    control.sendall(payload)


def receive_frame(control: socket.socket) -> tuple[Frame, list[int]]:
    """Return the next frame and the descriptors that came with it.

    Raises:
        EOFError: the other end is closed.
    """
    head, descriptors, _, _ = socket.recv_fds(control, _LENGTH.size, 3)
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


class ZygoteClient:
    """The supervisor's end: an exec'd zygote, which answers each frame with one."""

    def __init__(self, environment: Mapping[str, str], resources: contextlib.ExitStack) -> None:
        home = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="zygote-")))
        self._stderr_path = home / "stderr"
        self._lock = threading.Lock()
        self._sock, theirs = socket.socketpair()
        resources.enter_context(self._sock)
        self._sock.settimeout(LOAD_TIMEOUT_S)
        with theirs, self._stderr_path.open("wb") as errors:
            self.process = _spawn_zygote({**environment, "HOME": str(home)}, theirs, errors)
        resources.callback(self._kill_and_wait)

    def request(self, frame: Frame, descriptors: tuple[int, ...] = ()) -> Frame:
        """Send a frame and return the answer.

        Raises:
            StaffError: there is none, or it is a failure.
        """
        try:
            with self._lock:
                send_frame(self._sock, frame, descriptors)
                answer, _ = receive_frame(self._sock)
        except (OSError, EOFError) as error:
            raise StaffError(f"the zygote is gone or hangs ({error}):\n{self.stderr_tail()}") from error
        if "error" in answer:
            raise StaffError(f"the zygote cannot do its work:\n{answer['error']}")
        return answer

    def stderr_tail(self) -> str:
        """Return the end of what the zygote and its trusted processes wrote to stderr.

        Nothing once it is closed.
        """
        with contextlib.suppress(FileNotFoundError):
            return self._stderr_path.read_bytes()[-2000:].decode(errors="replace")
        return ""

    def _kill_and_wait(self) -> None:
        self.process.kill()
        self.process.wait()


def _spawn_zygote(
    environment: Mapping[str, str], control: socket.socket, errors: IO[bytes]
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-s", "-P", "-m", "autograder.engine.zygote"],
        stdin=control.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=errors,
        env=dict(environment),
        cwd="/",
        start_new_session=True,
    )
