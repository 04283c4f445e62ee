"""Read untrusted bytes in a process that may do nothing else; the supervisor sees plain data.

A request is a function of this package, by name, and a file. It runs in a process of its own, with no
files but that one, no network, and limits on time, memory and the size of the answer. What it returns
is checked against its type. A file that breaks its reader breaks nothing else.
"""

import atexit
import contextlib
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import msgspec

from autograder.errors import StaffError, StudentError
from autograder.files import MEBIBYTE
from autograder.sandbox.frames import Frame, receive_frame, send_frame
from autograder.sandbox.layers import claim_uid
from autograder.sandbox.reader_process import ANSWER, ANSWER_LENGTH, DEFECT, REFUSAL

_REQUEST_TIMEOUT_S = 60.0
"""Seconds until the zygote must answer; it imports for one second, on a cold disk for several."""

_FIRST_UID_SLOT = 120
"""Workers claim the users before this one first."""


_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What one request may use."""

    cpu_s: int = 5
    wall_s: float = 30.0
    memory_bytes: int = 1024 * MEBIBYTE
    answer_bytes: int = 4 * MEBIBYTE


class ReaderEndedError(StaffError):
    """The zygote of the reader is gone."""


class DefectError(StaffError):
    """A function of this package has a defect that this file brings to light."""


class Reader:
    """A zygote that forks a process for each request; any thread may use it."""

    def __init__(self) -> None:
        """Execute the zygote, without waiting for it."""
        self._lock = threading.Lock()
        self._loaded: set[str] = set()
        self._resources = contextlib.ExitStack()
        self._control, theirs = socket.socketpair()
        self._resources.callback(self._control.close)
        self._control.settimeout(_REQUEST_TIMEOUT_S)
        self._uid = self._resources.enter_context(claim_uid(_FIRST_UID_SLOT))
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-m", "autograder.sandbox.reader_process"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        self._resources.callback(self._process.wait)
        self._resources.callback(self._process.kill)

    def close(self) -> None:
        """End the zygote."""
        self._resources.close()

    def load(self, function: str, payload: str) -> str:
        """Have a function make what many requests share, once, and return its key."""
        key = hashlib.sha256(f"{function} {payload}".encode()).hexdigest()
        if key not in self._loaded:
            self._request({"do": "load", "key": key, "function": function, "payload": payload})
            self._loaded.add(key)
        return key

    def start(
        self, function: str, file: int, key: str, options: Mapping[str, Any], limits: ReadLimits
    ) -> socket.socket:
        """Start a request and return the socket that its answer comes from."""
        ours, theirs = socket.socketpair()
        with theirs:
            frame = {
                "do": "read", "function": function, "key": key, "options": dict(options),
                "uid": self._uid, "limits": asdict(limits),
            }  # fmt: skip
            try:
                self._request(frame, (theirs.fileno(), file))
            except StaffError:
                ours.close()
                raise
        return ours

    def _request(self, frame: Frame, descriptors: tuple[int, ...] = ()) -> None:
        try:
            with self._lock:
                send_frame(self._control, frame, descriptors)
                reply, _ = receive_frame(self._control)
        except (OSError, EOFError) as error:
            raise ReaderEndedError(f"the reader is gone or hangs ({error}); run the command again") from error
        if "error" in reply:
            raise StaffError(f"the reader failed:\n{reply['error']}")


_shared: list[Reader] = []
_shared_lock = threading.Lock()


def start_early() -> None:
    """Start the reader of this process, while the caller is still busy with something else."""
    _shared_reader()


def _shared_reader() -> Reader:
    with _shared_lock:
        if not _shared:
            _shared.append(Reader())
        return _shared[0]


@atexit.register
def stop() -> None:
    """End the reader of this process, if there is one; the next request starts another."""
    with _shared_lock:
        while _shared:
            _shared.pop().close()


def read(
    function: str,
    file: int | bytes,
    answer_type: type[Value],
    *,
    shared: tuple[str, str] | None = None,
    limits: ReadLimits = ReadLimits(),
    **options: Any,
) -> Value:
    """Return ``function(file, shared value, **options)``, computed in a process of its own.

    Args:
        function: by name, ``package.module:function``.
        file: an open descriptor of which nobody else uses the position, or what is in the file.
        answer_type: what the function returns.
        shared: a function by name and its argument, called once for all requests that share its value.

    Raises:
        StudentError: the function raised it, or the file takes more than the limits.
        DefectError: the function raised anything else.
        StaffError: the reader cannot be started.
    """
    with _descriptor(file) as descriptor:
        try:
            answer = _ask(_shared_reader(), function, descriptor, shared, options, limits)
        except ReaderEndedError:  # whatever ended it, a new one may do
            stop()
            answer = _ask(_shared_reader(), function, descriptor, shared, options, limits)
    kind, content = answer[:1], answer[1:]
    if kind == ANSWER:
        try:
            return msgspec.msgpack.decode(content, type=answer_type)
        except msgspec.MsgspecError as error:
            raise DefectError(
                f"the reader returned something other than what was asked for: {error}"
            ) from error
    if kind == REFUSAL:
        raise StudentError(content.decode(errors="replace"))
    if kind == DEFECT:
        raise DefectError(f"the file cannot be read because of a grader error:\n{content.decode()}")
    megabytes = limits.memory_bytes // MEBIBYTE
    raise StudentError(
        f"The file could not be read within {limits.cpu_s} seconds and {megabytes:,} MiB of memory; "
        "clear all outputs, save the notebook and submit it again."
    )


def _ask(
    reader: Reader,
    function: str,
    file: int,
    shared: tuple[str, str] | None,
    options: Mapping[str, Any],
    limits: ReadLimits,
) -> bytes:
    """Return an answer; nothing if it is too long, does not come in time or is not complete."""
    key = reader.load(*shared) if shared else ""
    with reader.start(function, file, key, options, limits) as wire:
        deadline_s = time.monotonic() + limits.wall_s
        answer = bytearray()
        with contextlib.suppress(TimeoutError, ConnectionError):
            while len(answer) <= limits.answer_bytes:
                wire.settimeout(max(0.001, deadline_s - time.monotonic()))
                part = wire.recv(MEBIBYTE)
                if not part:
                    break
                answer += part
    length, content = answer[: ANSWER_LENGTH.size], bytes(answer[ANSWER_LENGTH.size :])
    is_complete = len(length) == ANSWER_LENGTH.size and ANSWER_LENGTH.unpack(length)[0] == len(content)
    return content if is_complete else b""


@contextlib.contextmanager
def _descriptor(file: int | bytes) -> Iterator[int]:
    """Yield a descriptor of a file, or of bytes in memory."""
    if isinstance(file, int):
        yield file
        return
    on_linux = sys.platform == "linux"
    with os.fdopen(os.memfd_create("submission"), "r+b") if on_linux else tempfile.TemporaryFile() as stream:
        stream.write(file)
        stream.seek(0)
        yield stream.fileno()
