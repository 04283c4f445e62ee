"""What a folder or an archive holds; links are not followed, and nothing is ever unpacked to disk."""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from autograder.errors import StudentError
from autograder.files import MEBIBYTE
from autograder.submission.read import MAX_FILE_BYTES, SUBMIT_NOTEBOOK_HINT

MAX_MEMBERS = 20_000
"""Files in one archive; a class of a thousand hands in a few files each."""

MAX_ARCHIVE_DEPTH = 2
"""An archive of a class holds those of its students, which hold files."""

_MAX_DIRECTORY_BYTES = 4 * MEBIBYTE
"""Bytes of an archive's table of contents, which is read at once."""

_MAX_COMPRESSION_RATIO = 1_100
"""Deflate reaches 1,032; an archive beyond that counts the same bytes several times."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError, NotImplementedError,
    OverflowError, MemoryError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file on disk or in an archive."""

    parts: tuple[str, ...]
    """Its path below what was listed, through archives, e.g. ``("ada.zip", "lab.ipynb")``."""

    file: Path
    """The file on disk that it is, or is in."""

    members: tuple[int, ...] = ()
    """Which member of the archive, and of an archive in that."""

    problem: str = ""
    """Why it may not be read, as a sentence for the student."""

    @property
    def name(self) -> str:
        """Return its last part."""
        return self.parts[-1]

    def read(self, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """Return its bytes, and one more than ``most`` if there are more.

        Raises:
            StudentError: it may not or cannot be read.
        """
        if self.problem:
            raise StudentError(self.problem)
        with _open_regular_file(self.file) as outer:
            if not self.members:
                return outer.read(max_bytes + 1)
            archive: IO[bytes] = outer
            for member in self.members[:-1]:
                archive = io.BytesIO(_read_member(archive, member, MAX_FILE_BYTES))
            return _read_member(archive, self.members[-1], max_bytes)


def list_folder(folder: Path) -> list[FileEntry]:
    """Return all files below a folder in order of their paths."""
    found = []
    for parent, folders, names in os.walk(folder):
        above = Path(parent).relative_to(folder).parts
        for name in names:
            path = Path(parent, name)
            found.append(FileEntry((*above, name), path, problem=_file_problem(path)))
        for name in folders:
            if Path(parent, name).is_symlink():
                problem = "The folder is a link; hand in the files themselves."
                found.append(FileEntry((*above, name, "link"), Path(parent, name), problem=problem))
    return sorted(found, key=lambda entry: entry.parts)


def list_archive(entry: FileEntry) -> list[FileEntry]:
    """Return the files in an archive in order of their paths.

    Raises:
        StudentError: it is damaged, packed too densely or too deep.
    """
    if len(entry.members) >= MAX_ARCHIVE_DEPTH:
        raise StudentError(f"The archive stands inside two others; {SUBMIT_NOTEBOOK_HINT}.")
    with _open_regular_file(entry.file) as outer:
        archive: IO[bytes] = outer
        for member in entry.members:
            archive = io.BytesIO(_read_member(archive, member, MAX_FILE_BYTES))
        with _open_archive(archive) as packed:
            infos = packed.infolist()
    return sorted(_member_entries(entry, infos), key=lambda found: found.parts)


def _member_entries(entry: FileEntry, infos: list[zipfile.ZipInfo]) -> Iterator[FileEntry]:
    for number, info in enumerate(infos):
        raw = info.filename.replace("\\", "/")
        parts = tuple(part for part in PurePosixPath(raw).parts if part not in ("/", ".."))
        if not info.is_dir() and parts:
            problem = _member_problem(info, raw)
            yield FileEntry((*entry.parts, *parts), entry.file, (*entry.members, number), problem)


def _member_problem(info: zipfile.ZipInfo, raw: str) -> str:
    """Return why a member of an archive may not be read."""
    again = "; pack the notebook again."
    if raw.startswith("/") or ".." in PurePosixPath(raw).parts or raw[1:2] == ":":
        return f"The archive holds a path that leads out of it{again}"
    if stat.S_ISLNK(info.external_attr >> 16):
        return f"The archive holds a link instead of a file{again}"
    if info.flag_bits & 1:
        return f"The archive is locked with a password{again}"
    if info.compress_type not in _METHODS:
        return f"The archive is packed in an unusual way{again}"
    return ""


@contextmanager
def _open_regular_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a plain file; a link, a pipe or a device that took its place is refused."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise StudentError(f"The file cannot be opened ({error.strerror}).") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise StudentError(f"The file is not a plain file; {SUBMIT_NOTEBOOK_HINT}.")
        yield file


def _file_problem(path: Path) -> str:
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        return f"The file cannot be opened ({error.strerror})."
    return "" if stat.S_ISREG(mode) else f"The file is a link or a device; {SUBMIT_NOTEBOOK_HINT}."


@contextmanager
def _open_archive(file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose table of contents is plausible."""
    _check_directory_size(file)
    try:
        with zipfile.ZipFile(file) as packed:
            infos = packed.infolist()
            unpacked, size = sum(info.file_size for info in infos), file.seek(0, io.SEEK_END)
            if len(infos) > MAX_MEMBERS or unpacked > _MAX_COMPRESSION_RATIO * size:
                raise StudentError(f"The archive unpacks to too much; {SUBMIT_NOTEBOOK_HINT}.")
            yield packed
    except _ZIP_ERRORS:
        raise StudentError(f"The archive is damaged; {SUBMIT_NOTEBOOK_HINT}.") from None


def _check_directory_size(file: IO[bytes]) -> None:
    """Look at every end record that zipfile may find, for it reads the table as a whole."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 2 * 65_536))
    tail = file.read()
    sizes = [*_read_fields(tail, b"PK\x05\x06", "<I", 12), *_read_fields(tail, b"PK\x06\x06", "<Q", 40)]
    if any(_MAX_DIRECTORY_BYTES < found < 0xFFFF_FFFF for found in sizes) or max(sizes, default=0) > 2**32:
        raise StudentError(f"The archive holds too many files; {SUBMIT_NOTEBOOK_HINT}.")


def _read_fields(tail: bytes, signature: bytes, fmt: str, offset: int) -> Iterator[int]:
    at = tail.find(signature)
    while at >= 0:
        if at + offset + struct.calcsize(fmt) <= len(tail):
            yield struct.unpack_from(fmt, tail, at + offset)[0]
        at = tail.find(signature, at + 1)


def _read_member(file: IO[bytes], number: int, max_bytes: int) -> bytes:
    with _open_archive(file) as packed, packed.open(packed.infolist()[number]) as member:
        return member.read(max_bytes + 1)
