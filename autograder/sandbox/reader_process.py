"""The reader's zygote: it imports parsers once and forks a process with narrow limits for each request.

Run as ``python -s -P -m autograder.sandbox.reader_process`` with the control socket on descriptor 0. It is
executed and has a single thread: forked from a supervisor with threads, a process may wait forever for a
lock that one of them held. Each frame gets one reply, ``{}`` or ``{"error": …}`` with a traceback.

    {"do": "load", "key": …, "function": …, "payload": …}   keeps ``function(payload)`` for later requests
    {"do": "read", "function": …, "key": …, "options": …}   forks; with two descriptors: where the answer
                                                            goes, and the file
"""

import gc
import importlib
import os
import resource
import signal
import socket
import struct
import sys
import traceback
from contextlib import suppress
from pkgutil import resolve_name
from typing import Any, NoReturn

import msgspec

from autograder.errors import StudentError
from autograder.sandbox import privileges, syscalls
from autograder.sandbox.frames import Frame, receive_frame, send_frame

ANSWER, REFUSAL, DEFECT = b"=", b"!", b"?"
"""First byte of an answer: a value in MessagePack, a sentence for the student, or a traceback."""

ANSWER_LENGTH = struct.Struct("!Q")
"""Bytes that follow; an answer is incomplete if its process was killed."""

_IMPORTED_LATE = (
    *(f"encodings.{name}" for name in ("ascii", "cp437", "cp1252", "latin_1", "utf_8_sig")),
    *(f"encodings.utf_{name}" for name in ("16", "16_be", "16_le", "32", "32_be", "32_le")),
    "nbformat.v4.convert",
    "rapidfuzz.distance",
)
"""What parsers import when they need it: a reader can open no file any more."""

_loaded: dict[str, Any] = {"": None}


def main() -> None:
    """Serve requests until the supervisor is gone."""
    control = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps what is forked
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    syscalls.set_process_name("reader")
    with suppress(OSError):  # where there is no libseccomp, the other limits hold
        privileges.seccomp_program(privileges.FILE_SYSCALLS, "")
    for name in _IMPORTED_LATE:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    with suppress(EOFError, ConnectionError):
        while True:
            command, descriptors = receive_frame(control)
            try:
                _handle(command, descriptors)
                reply = {}
            except Exception:  # noqa: BLE001  the supervisor reports it
                reply = {"error": traceback.format_exc(limit=-3)}
            send_frame(control, reply)
            for descriptor in descriptors:
                os.close(descriptor)


def _handle(command: Frame, descriptors: list[int]) -> None:
    match command["do"]:
        case "load":
            _loaded[command["key"]] = resolve_name(command["function"])(command["payload"])
        case "read":
            function = resolve_name(command["function"])  # imported here, for a reader opens no file
            if os.fork() == 0:
                _read_and_exit(function, command, *descriptors)


def _read_and_exit(function: Any, command: Frame, answer: int, file: int) -> NoReturn:
    try:
        _confine(command["uid"], command["limits"])
        with socket.socket(fileno=answer) as wire:
            content = _answer(function, command, file)
            wire.sendall(ANSWER_LENGTH.pack(len(content)) + content)
    finally:
        os._exit(0)


def _answer(function: Any, command: Frame, file: int) -> bytes:
    try:
        with os.fdopen(file, "rb") as stream:
            value = function(stream, _loaded[command["key"]], **command["options"])
        return ANSWER + msgspec.msgpack.encode(value)
    except StudentError as error:
        return REFUSAL + str(error).encode("utf-8", errors="replace")
    except MemoryError:
        return b""  # as if the process had been killed for it
    except Exception:  # noqa: BLE001  a defect of a parser costs one submission, and staff read which
        return DEFECT + traceback.format_exc(limit=-3).encode("utf-8", errors="replace")


def _confine(uid: int, limits: Frame) -> None:
    """Leave this process nothing but its two descriptors, and little time and memory."""
    signal.setitimer(signal.ITIMER_REAL, limits["wall_s"])  # nobody handles SIGALRM: it kills
    if os.geteuid() == 0:
        privileges.switch_user(uid)
    table = {
        resource.RLIMIT_CPU: limits["cpu_s"],
        resource.RLIMIT_AS: limits["memory_bytes"],
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in table.items():
        with suppress(ValueError, OSError):  # not every system has each of them
            resource.setrlimit(kind, (value, value))
    if sys.platform == "linux":
        syscalls.drop_capabilities()
        with suppress(OSError):
            privileges.load_seccomp_filter(refused=privileges.FILE_SYSCALLS)


if __name__ == "__main__":
    main()
