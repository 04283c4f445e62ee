"""The journal of a run: one line per finished submission, whole or not there at all.

A header says what the run grades against; where that changes, the journal goes on with another
header. A result counts if it was come to under the last one. A line that is damaged is passed
over and told of; the submission that stood there is graded again. Whatever else a run leaves
behind is derived from these lines.
"""

import contextlib
import errno
import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, NamedTuple, Self

from autograder.engine.results import Result
from autograder.engine.run_folder import replace_file
from autograder.engine.serialize import deserialize, serialize
from autograder.errors import StaffError

NAME = "run.jsonl"
FORMAT = 4
"""Of the lines; a journal of another format is not continued."""

_FIXED_FIELDS = {"assignment": "assignment", "dataset": "data set", "isolation": "isolation"}
_CHANGEABLE_FIELDS = {
    "source_sha256": "source notebook",
    "kit_sha256": "kit",
    "config_sha256": "configuration",
    "versions": "Python or a library",
}
"""What may differ between two headers of one journal, in words, and before that what may not."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a run grades against."""

    assignment: str
    source_sha256: str
    kit_sha256: str
    config_sha256: str
    dataset: str
    isolation: str
    """What was demanded, ``full`` or ``any``."""

    versions: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def matches(self, result: Result) -> bool:
        """Say whether a result was come to under this."""
        made = result.provenance
        digests = made.source_sha256, made.kit_sha256, made.config_sha256
        return (
            result.assignment == self.assignment
            and made.dataset == self.dataset
            and digests == (self.source_sha256, self.kit_sha256, self.config_sha256)
            and all(made.versions.get(name) == version for name, version in self.versions.items())
        )


class Key(NamedTuple):
    """What makes a submission the same: the student and the bytes."""

    student: str
    submission_sha256: str


class JournalSnapshot(NamedTuple):
    """What a run has come to so far."""

    header: Header
    results: tuple[Result, ...]
    """The last one of each student, in order of their names."""

    remarks: tuple[str, ...]
    """What is amiss with the journal, one sentence each."""


class _Content(NamedTuple):
    header: Header | None
    """The last one."""

    results: dict[Key, Result]
    """The later line counts."""

    size_bytes: int
    """Up to the end of the last whole line."""

    damaged_lines: list[int]
    """Numbers of the lines that cannot be read."""


class Journal:
    """An open journal; one run at a time holds it."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._results: dict[Key, Result] = {}
        self.remarks: tuple[str, ...] = ()
        """What is amiss with it, one sentence each."""

    @classmethod
    def open(cls, out: Path, header: Header) -> Self:
        """Begin the journal in ``out`` or go on with it.

        Only its owner may read what is made here: it holds other students' marks.

        Raises:
            StaffError: another run writes there, the journal is of another assignment, data
                set or isolation, or the place cannot be written.
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
    def finished_results(self) -> Mapping[Key, Result]:
        """Return what need not be graded again: nothing in it is ungraded."""
        return MappingProxyType(
            {key: result for key, result in self._results.items() if not result.ungraded_checks}
        )

    def append(self, result: Result) -> None:
        """Write one result; once this returns, neither a kill nor a power cut loses it.

        Raises:
            StaffError: the disk is full or fails; nothing of the line is left.
        """
        self._write(serialize(result))
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
            if not os.path.samestat(os.fstat(self._descriptor), self.path.stat()):
                raise BlockingIOError  # `forget` has put another file here since this one was opened
        except (BlockingIOError, FileNotFoundError):
            raise StaffError(
                f"{self.path}: another run is writing here; wait for it or name another --out"
            ) from None
        except OSError as error:
            raise StaffError(
                f"{self.path}: cannot be locked ({error.strerror}); name an --out on another disk"
            ) from error

    def _resume(self, header: Header) -> None:
        content = _parse(self.path.read_bytes(), self.path)
        if content.header and (other := _changed_fields(_FIXED_FIELDS, content.header, header)):
            raise StaffError(
                f"{self.path}: holds a run with another {other}; "
                f"name another --out or delete {self.path.parent}"
            )
        os.ftruncate(self._descriptor, content.size_bytes)
        if content.header != header:
            self._write(asdict(header))
            _sync_folder(self.path.parent)
        self._results = {key: result for key, result in content.results.items() if header.matches(result)}
        self.remarks = _damage_remarks(self.path, content)
        if content.results and content.header and content.header != header:
            changed = differences(content.header, header)
            again = len(content.results) - len(self._results)
            self.remarks += (
                f"{self.path}: {changed} changed since; {again} results from before do not count any more",
            )

    def _write(self, record: dict[str, Any]) -> None:
        line = _line(record)
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


def remove_student(out: Path, student: str, name: str = "") -> None:
    """Take all lines of a student out of a journal, and the name out of groups' lines.

    Args:
        name: as it stands among the members of a group; empty if in none.

    Raises:
        StaffError: there is no journal, a run is writing it, or it cannot be written.
    """
    header = read(out).header
    with Journal.open(out, header) as opened:
        content = _parse(opened.path.read_bytes(), opened.path)
        kept = [
            replace(result, members=tuple(member for member in result.members if member != name))
            for key, result in content.results.items()
            if key.student != student
        ]
        lines = (asdict(header), *map(serialize, kept))
        replace_file(opened.path, b"".join(map(_line, lines)))


def read(out: Path) -> JournalSnapshot:
    """Return what a run in ``out`` has come to so far, also while it goes on.

    Raises:
        StaffError: there is no journal, or nothing in it can be read.
    """
    path = out / NAME
    try:
        content = _parse(path.read_bytes(), path)
    except OSError as error:
        raise StaffError(f"{path}: cannot be read ({error.strerror}); name the folder of a run") from error
    header = content.header
    if header is None:
        raise StaffError(f"{path}: holds no run that can be read; start `course grade` again")
    latest = {key.student: result for key, result in content.results.items() if header.matches(result)}
    return JournalSnapshot(
        header, tuple(latest[student] for student in sorted(latest)), _damage_remarks(path, content)
    )


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"


def _key(result: Result) -> Key:
    return Key(result.student, result.provenance.submission_sha256)


def _parse(data: bytes, path: Path) -> _Content:
    size_bytes = data.rfind(b"\n") + 1
    header = None
    results: dict[Key, Result] = {}
    damaged = []
    for number, line in enumerate(data[:size_bytes].split(b"\n")[:-1], 1):
        try:
            plain = json.loads(line)
            if "format" in plain:
                header = _header(plain, path)
                continue
            result = deserialize(plain)
        except (ValueError, TypeError, KeyError):
            damaged.append(number)
            continue
        results.pop(_key(result), None)
        results[_key(result)] = result
    return _Content(header, results, size_bytes, damaged)


def _header(record: dict[str, Any], path: Path) -> Header:
    if record["format"] != FORMAT:
        raise StaffError(
            f"{path}: was written by another version of this package (format {record['format']!r}); "
            "name another --out"
        )
    return Header(**record)


def _damage_remarks(path: Path, content: _Content) -> tuple[str, ...]:
    if not content.damaged_lines:
        return ()
    numbers = ", ".join(map(str, content.damaged_lines))
    return (f"{path}: damaged and passed over: line {numbers}; who stood there is graded again",)


def differences(found: Header, wanted: Header) -> str:
    """Return in words what two runs do not have in common; empty if nothing."""
    return _changed_fields(_FIXED_FIELDS | _CHANGEABLE_FIELDS, found, wanted)


def _changed_fields(labels: Mapping[str, str], found: Header, wanted: Header) -> str:
    return " and ".join(labels[name] for name in labels if getattr(found, name) != getattr(wanted, name))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
