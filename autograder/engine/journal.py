"""The journal of a run: one line of JSON per finished submission, written completely or not at all.

A header line says what the run grades against. When that changes, the run continues below another
header. Only results that match the last header count. A damaged line is skipped and reported by
line number, and its submission is graded again. All other files of a run are derived from these
lines. Before a submission is graded, a line names it: one that has no result when a run was killed
may be the reason.

Beside the journal each student has a folder; each file there is replaced completely or not at all.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from autograder.engine.results import Result, deserialize, serialize
from autograder.errors import StaffError
from autograder.files import RESERVED_NAMES, replace_file
from autograder.text import NO_ASCII_ALPHANUMERICS, one_line

SUBMISSION_NAME = "submission.ipynb"
"""The graded bytes as they were submitted; a script is stored under this name too."""

_MAX_NAME_BYTES = 200
NAME = "run.jsonl"
FORMAT = 5
"""Version of the line format; a journal in another format cannot be continued."""

_LOOK_S = 0.2
"""Longer than ``is_locked`` holds the lock of a journal."""

_FIXED_FIELDS = {"assignment": "assignment", "dataset": "dataset", "isolation": "isolation"}
"""Header fields that must not change within a journal, and how messages name them."""

_STOPPED = {"stopped": True}
"""The record of a run that came to an end by itself, also after an error or Ctrl-C."""

_CHANGEABLE_FIELDS = {
    "source_sha256": "source notebook",
    "kit_sha256": "kit",
    "config_sha256": "configuration",
    "versions": "Python or a library",
}
"""Header fields that may change; results from before the change no longer count."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a run grades against."""

    assignment: str
    source_sha256: str
    kit_sha256: str
    config_sha256: str
    dataset: str
    isolation: str
    """The isolation that the configuration demands: ``none``, ``any`` or ``full``."""

    versions: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def matches(self, result: Result) -> bool:
        """Return True if a result was graded against the same things."""
        # Not compared: the isolation, which the header demands and the result reports, and versions
        # that the header does not name.
        provenance = result.provenance
        for name in ("dataset", "source_sha256", "kit_sha256", "config_sha256"):
            if getattr(provenance, name) != getattr(self, name):
                return False
        is_same_software = self.versions.items() <= provenance.versions.items()
        return result.assignment == self.assignment and is_same_software


class Key(NamedTuple):
    """The identity of a submission: the student and the bytes."""

    student: str
    submission_sha256: str


class JournalSnapshot(NamedTuple):
    """The results of a run so far."""

    header: Header
    results: tuple[Result, ...]
    """The latest result of each student, sorted by student."""

    remarks: tuple[str, ...]
    """Problems with the journal, one sentence each."""


class _Content(NamedTuple):
    header: Header | None
    """The last header."""

    results: dict[Key, Result]
    """In the order of the lines; of two lines with the same key, only the later one."""

    size_bytes: int
    """Size up to the end of the last complete line."""

    remarks: tuple[str, ...]
    starts: Counter[str]
    """How often each student's grading began without coming to an end."""


class Journal:
    """An open journal; only one run can hold it at a time."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._results: dict[Key, Result] = {}
        self._marked: dict[Key, Result] = {}
        """The results with marks by staff, whatever they were graded against."""

        self.remarks: tuple[str, ...] = ()
        """Problems with the journal, one sentence each."""

        self.suspects: tuple[str, ...] = ()
        """Students who were being graded when a run was killed, the most frequent last: a submission of
        theirs may have been the reason."""

    @classmethod
    def open(cls, out: Path, header: Header) -> Self:
        """Create the journal in ``out`` or continue it; readable only by its owner.

        Raises:
            StaffError: another run is writing there, the journal belongs to another assignment,
                dataset or isolation, or the folder cannot be written.
        """
        path = out / NAME
        try:
            out.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise StaffError(f"{path}: cannot be written ({error.strerror}); choose another --out") from error
        journal = cls(path, descriptor)
        try:
            journal._lock()
            journal._resume(header)
        except BaseException:  # also an interrupt: the descriptor and its lock are given back
            journal.close()
            raise
        return journal

    @property
    def finished_results(self) -> dict[Key, Result]:
        """Return the results that need not be graded again: those without ungraded checks."""
        return {key: result for key, result in self._results.items() if not result.ungraded_checks}

    def append(self, result: Result) -> None:
        """Write one result; after this returns, neither a kill nor a power failure loses it.

        Raises:
            StaffError: the disk is full or failing; nothing of the line remains.
        """
        self._write(serialize(result))
        self._results[_key(result)] = result
        self._marked.pop(_key(result), None)
        if result.staff_marks:
            self._marked[_key(result)] = result

    def write_stopped(self) -> None:
        """Note that the run came to an end: whoever was being graded is no suspect."""
        with contextlib.suppress(StaffError):  # a full disk: then they are graded last, that is all
            self._write(_STOPPED)

    def with_staff_marks(self, result: Result) -> Result:
        """Return a new result with what staff decided about the same bytes.

        A mark for another submission of the student, or for a question that now has other points,
        is dropped, and a flag says so.
        """
        marks, flags, possible = {}, list(result.flags), result.possible_points
        for key, earlier in self._marked.items():
            if key.student != result.student:
                continue
            for question, mark in earlier.staff_marks.items():
                if key == _key(result) and possible.get(question) == earlier.possible_points[question]:
                    marks[question] = mark
                else:
                    flags.append(
                        f"Staff gave {mark.points:g} points for {question} of another submission or version; "
                        f"this mark no longer counts: {mark.reason}"
                    )
        return replace(result, staff_marks=marks, flags=tuple(dict.fromkeys(flags)))

    def close(self) -> None:
        """Release the journal for another run."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lock(self) -> None:
        # A lock on the file and not a file that means "locked": it disappears with the process,
        # however that ends, so a killed run never blocks the next.
        try:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # Another run, or `is_locked`, which holds it for an instant.
                time.sleep(_LOOK_S)
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # `course delete-student` may have replaced the file between our open and our lock. Then
            # we hold the lock of a file without a name, and whatever we wrote to it would be lost.
            if not os.path.samestat(os.fstat(self._descriptor), self.path.stat()):
                raise BlockingIOError
        except (BlockingIOError, FileNotFoundError):
            raise StaffError(
                f"{self.path}: another run is writing here; wait for it or choose another --out"
            ) from None
        except OSError as error:
            raise StaffError(
                f"{self.path}: cannot be locked ({error.strerror}); choose an --out on another disk"
            ) from error

    def _resume(self, header: Header) -> None:
        content = _parse(self.path.read_bytes(), self.path)
        before = content.header
        if before and (conflict := differences(before, header, _FIXED_FIELDS)):
            raise StaffError(
                f"{self.path}: contains a run with a different {conflict}; "
                f"choose another --out or delete {self.path.parent}"
            )
        # A last line without an end is what a power failure leaves. It must go before anything is
        # appended, or the next line would be damaged too.
        os.ftruncate(self._descriptor, content.size_bytes)
        if before != header:
            self._write(asdict(header))
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(folder)  # or a power failure could lose the file's name
            os.close(folder)
        self._results = {key: result for key, result in content.results.items() if header.matches(result)}
        self._marked = {key: result for key, result in content.results.items() if result.staff_marks}
        self.remarks = content.remarks
        self.suspects = tuple(sorted(content.starts, key=lambda student: content.starts[student]))
        if self.suspects:
            names = ", ".join(self.suspects)
            self.remarks += (f"the run was killed while it graded {names}; they are graded last, one by one",)
        if content.results and before and before != header:
            changed = differences(before, header)
            dropped = len(content.results) - len(self._results)
            self.remarks += (f"{self.path}: {changed} changed; {dropped} earlier results no longer count",)

    def _write(self, record: dict[str, Any]) -> None:
        # One write to a file opened with O_APPEND, then fsync: a reader sees the line or not. On a
        # full disk the kernel may accept a part of it, which is cut off again.
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
                "command again: finished results are kept"
            ) from error


def write_started(out: Path, student: str) -> None:
    """Note in the journal of a run that a student's grading begins; any thread may call this.

    Raises:
        StaffError: the disk is full or failing.
    """
    # A single write to a file opened with O_APPEND goes to its end as a whole, whoever else writes.
    try:
        with (out / NAME).open("ab", buffering=0) as file:
            file.write(_line({"started": student}))
            os.fsync(file.fileno())  # what takes the whole machine down is named too
    except OSError as error:
        raise StaffError(f"{out / NAME}: cannot be written ({error.strerror})") from error


def remove_student(out: Path, student: str, name: str = "") -> None:
    """Remove all lines of a student from a journal, and the name from the lines of groups.

    Args:
        name: the name among the members of a group; empty if the student is in none.

    Raises:
        StaffError: there is no journal, a run is writing it, or it cannot be written.
    """
    header = read(out).header
    with Journal.open(out, header) as journal:
        content = _parse(journal.path.read_bytes(), journal.path)
        records = [asdict(header)]
        for key, result in content.results.items():
            if key.student != student:
                members = tuple(member for member in result.members if member != name)
                records.append(serialize(replace(result, members=members)))
        replace_file(journal.path, b"".join(map(_line, records)))


def is_locked(out: Path) -> bool:
    """Return True if a run is writing the journal of a folder."""
    with (out / NAME).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return isinstance(error, BlockingIOError)
    return False


def read(out: Path) -> JournalSnapshot:
    """Return the results of a run so far, also while it is still running.

    Raises:
        StaffError: there is no journal, or nothing in it can be read.
    """
    path = out / NAME
    try:
        header, results, _, remarks, _ = _parse(path.read_bytes(), path)
    except OSError as error:
        raise StaffError(f"{path}: cannot be read ({error.strerror}); give the folder of a run") from error
    if header is None:
        raise StaffError(f"{path}: contains no readable run; start `course grade` again")
    latest = {key.student: result for key, result in results.items() if header.matches(result)}
    return JournalSnapshot(header, tuple(latest[student] for student in sorted(latest)), remarks)


def differences(
    first: Header, second: Header, labels: Mapping[str, str] = _FIXED_FIELDS | _CHANGEABLE_FIELDS
) -> str:
    """Return the names of the header fields in which two runs differ; empty if there are none."""
    return " and ".join(labels[name] for name in labels if getattr(first, name) != getattr(second, name))


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"


def _key(result: Result) -> Key:
    return Key(result.student, result.provenance.submission_sha256)


def _parse(data: bytes, path: Path) -> _Content:
    """Read all complete lines of a journal, which may be damaged anywhere."""
    size_bytes = data.rfind(b"\n") + 1
    header: Header | None = None
    results: dict[Key, Result] = {}
    damaged_lines = []
    starts: Counter[str] = Counter()
    for number, line in enumerate(data[:size_bytes].split(b"\n")[:-1], 1):
        try:
            record = json.loads(line)
            if isinstance(record, dict) and "format" in record:
                if record["format"] != FORMAT:
                    raise StaffError(
                        f"{path}: this run was graded by an earlier version (journal format "
                        f"{record['format']!r}); grade the class again into another folder"
                    )
                header = msgspec.convert(record, Header)
            elif isinstance(record, dict) and record.keys() == {"started"}:
                starts[str(record["started"])] += 1
            elif record == _STOPPED:
                starts.clear()
            else:
                # A student may submit file A, then B, then A again. The third line has the key of the
                # first. Assigning to a key that a dict already has keeps its old place, and B would
                # look newer than A. So the key is removed first: its place is that of its last line.
                result = deserialize(record)
                results.pop(_key(result), None)
                results[_key(result)] = result
                starts.pop(result.student, None)
        except (ValueError, RecursionError):
            damaged_lines.append(number)
    remarks: tuple[str, ...] = ()
    if damaged_lines:
        numbers = ", ".join(map(str, damaged_lines))
        remarks = (f"{path}: skipped damaged line {numbers}; the student of a skipped line is graded again",)
    return _Content(header, results, size_bytes, remarks, starts)


def folder_name(student: str) -> str:
    """Return the name of a student's folder: the student's own name if that is safe."""
    encoded = os.fsencode(student)
    is_reserved = student.casefold() in RESERVED_NAMES or student.startswith(".")
    is_readable = one_line(student, _MAX_NAME_BYTES) == student and not {"/", "\\"} & set(student)
    if student and is_readable and not is_reserved and len(encoded) <= _MAX_NAME_BYTES:
        return student
    start = NO_ASCII_ALPHANUMERICS.sub("-", student)[:40].strip("-")
    return f"{start}-{hashlib.sha256(encoded).hexdigest()[:8]}"


def store_submission(out: Path, student: str, data: bytes) -> None:
    """Store the graded bytes in the student's folder; only staff may read them.

    Raises:
        StaffError: the disk is full or read-only.
    """
    replace_file(out / folder_name(student) / SUBMISSION_NAME, data)


def stored_submission(out: Path, student: str, sha256: str) -> bytes | None:
    """Return the bytes that were graded; None if they are gone or have changed."""
    try:
        data = (out / folder_name(student) / SUBMISSION_NAME).read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


def delete_student_folder(out: Path, student: str) -> None:
    """Delete a student's folder and everything in it.

    Raises:
        StaffError: it cannot be deleted.
    """
    folder = out / folder_name(student)
    try:
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
    except OSError as error:
        raise StaffError(f"{folder}: cannot be deleted ({error.strerror}); delete it by hand") from error
