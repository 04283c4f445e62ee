"""The journal of a run: one line per finished submission, whole or not there at all.

The first line says what the run grades against; a journal is only continued under the same.
Whatever else a run leaves behind is derived from these lines.
"""

import contextlib
import errno
import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, NamedTuple, Self

from autograder.errors import StaffError
from autograder.grade.folders import replace_file
from autograder.grade.record import from_plain, to_plain
from autograder.grade.results import Result

NAME = "run.jsonl"
FORMAT = 2
"""Of the lines; a journal of another format is not continued."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a run grades against."""

    assignment: str
    source_sha256: str
    kit_sha256: str
    config_sha256: str
    dataset: str
    isolation: str
    """What was demanded, ``full`` or ``reduced``."""

    format: int = FORMAT


class Key(NamedTuple):
    """What makes a submission the same: the student and the bytes."""

    student: str
    submission_sha256: str


class _Content(NamedTuple):
    header: Header | None
    results: dict[Key, Result]
    """The later line counts."""

    size_bytes: int
    """Up to the end of the last whole line."""


class Journal:
    """An open journal; one run at a time holds it."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._results: dict[Key, Result] = {}

    @classmethod
    def open(cls, out: Path, header: Header) -> Self:
        """Begin the journal in ``out`` or go on with it.

        Only its owner may read what is made here: it holds other students' marks.

        Raises:
            StaffError: another run writes there, the journal is of a run against something
                else, it is damaged, or the place cannot be written.
        """
        path = out / NAME
        try:
            out.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise StaffError(f"{path}: cannot be written ({error.strerror}); name another --out") from error
        journal = cls(path, descriptor)
        try:
            journal._lock()
            journal._resume(header)
        except BaseException:
            journal.close()
            raise
        return journal

    @property
    def done(self) -> Mapping[Key, Result]:
        """Return what need not be graded again: nothing in it is ungraded."""
        return MappingProxyType({key: result for key, result in self._results.items() if not result.ungraded})

    def append(self, result: Result) -> None:
        """Write one result; once this returns, neither a kill nor a power cut loses it.

        Raises:
            StaffError: the disk is full or fails; nothing of the line is left.
        """
        self._write(to_plain(result))
        self._results[_key(result)] = result

    def close(self) -> None:
        """Let another run have the journal."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StaffError(
                f"{self.path}: another run is writing here; wait for it or name another --out"
            ) from None
        except OSError as error:
            raise StaffError(
                f"{self.path}: cannot be locked ({error.strerror}); name an --out on another disk"
            ) from error

    def _resume(self, header: Header) -> None:
        content = _parse(self.path.read_bytes(), self.path)
        if content.header and (other := differences(content.header, header)):
            raise StaffError(
                f"{self.path}: holds a run with another {other}; "
                f"name another --out or delete {self.path.parent}"
            )
        os.ftruncate(self._descriptor, content.size_bytes)
        if content.header is None:
            self._write(asdict(header))
            _sync_folder(self.path.parent)
        self._results = content.results

    def _write(self, plain: dict[str, Any]) -> None:
        line = _line(plain)
        size_bytes = os.fstat(self._descriptor).st_size
        try:
            if os.write(self._descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._descriptor)
        except OSError as error:
            # If this fails too, the next run finds a last line without an end and drops it.
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, size_bytes)
            raise StaffError(
                f"{self.path}: cannot be written ({error.strerror}); make room and run the same "
                "command again: what is finished is kept"
            ) from error


def forget(out: Path, student: str, name: str = "") -> None:
    """Take all lines of a student out of a journal, and the name out of groups' lines.

    Args:
        name: as it stands among the members of a group; empty if in none.

    Raises:
        StaffError: there is no journal, a run is writing it, or it cannot be written.
    """
    header, _ = read(out)
    with Journal.open(out, header) as opened:
        content = _parse(opened.path.read_bytes(), opened.path)
        kept = [
            replace(result, members=tuple(member for member in result.members if member != name))
            for key, result in content.results.items()
            if key.student != student
        ]
        lines = (asdict(header), *map(to_plain, kept))
        replace_file(opened.path, b"".join(map(_line, lines)))


def read(out: Path) -> tuple[Header, tuple[Result, ...]]:
    """Return what a run in ``out`` graded, also while it goes on; the last result of each student.

    Raises:
        StaffError: there is no journal, or it is damaged.
    """
    path = out / NAME
    try:
        content = _parse(path.read_bytes(), path)
    except OSError as error:
        raise StaffError(f"{path}: cannot be read ({error.strerror}); name the folder of a run") from error
    if content.header is None:
        raise StaffError(f"{path}: holds no run yet; start `course grade` again")
    latest = {key.student: result for key, result in content.results.items()}
    return content.header, tuple(latest[student] for student in sorted(latest))


def _line(plain: dict[str, Any]) -> bytes:
    return json.dumps(plain, separators=(",", ":")).encode("ascii") + b"\n"


def _key(result: Result) -> Key:
    return Key(result.student, result.provenance.submission_sha256)


def _parse(data: bytes, path: Path) -> _Content:
    size_bytes = data.rfind(b"\n") + 1
    header = None
    results: dict[Key, Result] = {}
    for number, line in enumerate(data[:size_bytes].split(b"\n")[:-1], 1):
        try:
            plain = json.loads(line)
            if header is None:
                header = Header(**plain)
                continue
            result = from_plain(plain)
        except (ValueError, TypeError, KeyError) as error:
            raise StaffError(
                f"{path}:{number}: no line of this version's journal ({type(error).__name__}); "
                "delete the line to have that submission graded again, or name another --out"
            ) from error
        results.pop(_key(result), None)
        results[_key(result)] = result
    return _Content(header, results, size_bytes)


def differences(found: Header, wanted: Header) -> str:
    """Return in words what two runs do not have in common; empty if nothing."""
    names = [field.name for field in fields(Header)]
    other = [name for name in names if getattr(found, name) != getattr(wanted, name)]
    return " and ".join(name.removesuffix("_sha256") for name in other)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
