"""What a parser in the reader would do if a file had taken it over."""

import os
import signal
import socket
from pathlib import Path
from typing import IO, Any

from autograder.errors import StudentError


def content(file: IO[bytes], _: None) -> str:
    return file.read().decode()


def shared_value(_file: IO[bytes], shared: Any) -> Any:
    return shared


def refuse(_file: IO[bytes], _: None) -> None:
    raise StudentError("The file is empty; submit another one.")


def stumble(_file: IO[bytes], _: None) -> None:
    raise KeyError("cells")


def try_everything(_file: IO[bytes], _: None, *, folder: str) -> dict[str, str]:
    """Return what happened to each attempt to leave the process."""

    def outcome(attempt: Any) -> str:
        try:
            attempt()
        except OSError as error:
            return type(error).__name__
        return "done"

    return {
        "read a file": outcome(lambda: Path("/etc/hostname").read_text()),
        "write a file": outcome(lambda: Path(folder, "written").write_text("x")),
        "make a folder": outcome(lambda: Path(folder, "made").mkdir()),
        "delete a file": outcome(lambda: Path(folder, "kept").unlink()),
        "change its mode": outcome(lambda: Path(folder, "kept").chmod(0)),
        "cut it off": outcome(lambda: os.truncate(Path(folder, "kept"), 0)),
        "execute a program": outcome(lambda: os.execv("/bin/true", ["true"])),
        "open a socket": outcome(socket.socket),
        "fork": outcome(os.fork),
        "signal its parent": outcome(lambda: os.kill(os.getppid(), signal.SIGTERM)),
        "become root": outcome(lambda: os.setuid(0)),
    }


def loop(_file: IO[bytes], _: None) -> None:
    while True:
        pass


def wait(_file: IO[bytes], _: None) -> None:
    signal.pause()


def take_memory(_file: IO[bytes], _: None) -> int:
    return len(b"x" * 10**10)


def answer_long(_file: IO[bytes], _: None) -> bytes:
    return b"x" * 10_000_000


def kill_itself(_file: IO[bytes], _: None) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def load(payload: str) -> list[str]:
    return payload.split()
