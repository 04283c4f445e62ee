"""What a folder or an archive contains; links are not followed, and nothing is ever unpacked to disk.

An archive is taken apart by the reader, a process with narrow limits.
"""

import errno
import io
import os
import re
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from autograder.errors import StudentError
from autograder.files import MEBIBYTE
from autograder.sandbox import reader
from autograder.submission.read import MAX_FILE_BYTES, SUBMIT_NOTEBOOK_HINT
from autograder.text import one_line

MAX_MEMBERS = 20_000
"""Files in one archive; a class of a thousand submits a few files each."""

MAX_ARCHIVE_DEPTH = 2
"""A class's archive contains its students' archives, which contain files."""

_MAX_DIRECTORY_BYTES = 4 * MEBIBYTE
"""Size of an archive's table of contents, which zipfile reads at once."""

_DIRECTORY_SIZE = re.compile(rb"(?=PK\x05\x06.{8}(.{4}))|(?=PK\x06\x06.{36}(.{8}))", re.DOTALL)
"""That size in an end record and in zip64's; looks ahead, for records may be written over each other."""

_SEE_ZIP64 = b"\xff\xff\xff\xff"
"""In place of a size in the first record: the size is in zip64's."""

_MAX_COMPRESSION_RATIO = 1_100
"""Deflate reaches 1,032; an archive beyond that counts the same bytes several times."""

_MAX_LIST_BYTES = 16 * MEBIBYTE
_MAX_NAME_CHARS = 1_000
"""Characters of a path in an archive; a file system allows 255 for each of its parts."""

_UTF8_FLAG = 0x800
_LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Signature of a member's own header, lengths of the name and of the extra field behind it
(APPNOTE.TXT, section 4.3.7)."""

_LOCAL_SIGNATURE = b"PK\x03\x04"
_NOT_PLAIN = f"The file is a link or a device; {SUBMIT_NOTEBOOK_HINT}."
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# Everything that zipfile and zlib raise on archives made to break them; anything else is a bug of ours.
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError, NotImplementedError,
    OverflowError, MemoryError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """Where the bytes of a file are in an archive, as the archive says."""

    offset: int
    packed_bytes: int
    unpacked_bytes: int
    checksum: int
    is_packed: bool
    """Whether it is deflated and not just stored."""

    modified_at: tuple[int, ...] = ()
    """Local time from year to second, which programs round to two seconds."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file on disk or in an archive."""

    parts: tuple[str, ...]
    """Its path below the listed folder, through archives, e.g. ``("ada.zip", "lab.ipynb")``."""

    file: Path
    """The file on disk that it is, or is in."""

    members: tuple[Member, ...] = ()
    """Its place in the archive; for a file in an archive in an archive, that one's place first."""

    problem: str = ""
    """Why it must not be read, as a sentence for the student."""

    @property
    def name(self) -> str:
        """Return the last part of its path."""
        return self.parts[-1]

    @property
    def modified_at(self) -> tuple[int, ...]:
        """Return when it was changed last, the same packed and unpacked; empty if that is unknown."""
        if self.members:
            return self.members[-1].modified_at
        try:
            # Archives store every second second.
            return time.localtime(int(self.file.lstat().st_mtime) // 2 * 2)[:6]
        except (OSError, OverflowError):
            return ()

    def display_path(self, max_chars: int = 80) -> str:
        """Return its path as printable text; a file system or an archive allows any bytes in a name."""
        return one_line("/".join(self.parts).encode("utf-8", errors="replace").decode(), max_chars)

    def read(self, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """Return its bytes, or the first ``max_bytes + 1`` if there are more.

        Raises:
            StudentError: it must not or cannot be read.
        """
        if self.problem:
            raise StudentError(self.problem)
        with _open_file(self.file) as file:
            if not self.members:
                return file.read(max_bytes + 1)
            return reader.read(
                f"{__name__}:unpack",
                file.fileno(),
                bytes,
                limits=reader.ReadLimits(answer_bytes=max_bytes + MEBIBYTE),
                members=[asdict(member) for member in self.members],
                max_bytes=max_bytes,
            )


def list_folder(folder: Path) -> list[FileEntry]:
    """Return all files below a folder in order of their paths."""
    entries = []
    for parent, folders, names in os.walk(folder):
        parts = Path(parent).relative_to(folder).parts
        entries += [FileEntry((*parts, name), Path(parent, name)) for name in names]
        for name in folders:
            # os.walk does not enter a linked folder; without an entry its student would have no result.
            path = Path(parent, name)
            if path.is_symlink():
                problem = "The folder is a link; submit the files themselves."
                entries.append(FileEntry((*parts, name, "link"), path, problem=problem))
    return sorted(entries, key=lambda entry: entry.parts)


def list_archive(entry: FileEntry) -> list[FileEntry]:
    """Return the files in an archive in order of their paths.

    Raises:
        StudentError: it is damaged, expands to too much or is nested too deeply.
    """
    if len(entry.members) >= MAX_ARCHIVE_DEPTH:
        raise StudentError(f"The archive is nested too deeply; {SUBMIT_NOTEBOOK_HINT}.")
    with _open_file(entry.file) as file:
        try:
            found = reader.read(
                f"{__name__}:list_members",
                file.fileno(),
                list[ListedMember],
                limits=reader.ReadLimits(answer_bytes=_MAX_LIST_BYTES),
                members=[asdict(member) for member in entry.members],
            )
        except reader.DefectError:
            raise StudentError(f"The archive is damaged; {SUBMIT_NOTEBOOK_HINT}.") from None
    entries = []
    for member in found:
        parts = (*entry.parts, *member.parts)
        entries.append(FileEntry(parts, entry.file, (*entry.members, member.place), member.problem))
    return sorted(entries, key=lambda listed: listed.parts)


@contextmanager
def _open_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a plain file."""
    # A link must not lead the grader to another file (O_NOFOLLOW), and a pipe must not make it wait forever
    # (O_NONBLOCK). Only here is that certain: the file may have been swapped since it was listed.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise StudentError(_NOT_PLAIN) from None
        raise StudentError(f"The file cannot be opened ({error.strerror}).") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise StudentError(_NOT_PLAIN)
        yield file


# What follows runs in the reader: it takes apart what anybody may have made.


@dataclass(frozen=True, slots=True)
class ListedMember:
    """A file in an archive."""

    parts: tuple[str, ...]
    place: Member
    problem: str
    """Why it must not be read, as a sentence for the student."""


def list_members(file: IO[bytes], _: None, *, members: list[dict[str, Any]]) -> list[ListedMember]:
    """Return the files in the archive that members lead to.

    Raises:
        StudentError: it is damaged or expands to too much.
    """
    with _open_archive(_descend(file, members)) as archive:
        infos = archive.infolist()
    listed = []
    for info in infos:
        # Windows tools write backslashes. A name may climb out of the archive or start at the root:
        # such a member is listed below its harmless parts, for its student to appear, and never read.
        name, problem = info.filename, ""
        if not info.flag_bits & _UTF8_FLAG:
            with suppress(UnicodeError):  # macOS writes UTF-8 without the flag that says so
                name = name.encode("cp437").decode("utf-8")
        name = name[:_MAX_NAME_CHARS].replace("\\", "/")
        if name.startswith("/") or ".." in PurePosixPath(name).parts or name[1:2] == ":":
            problem = "contains a path that leads outside it"
        elif stat.S_ISLNK(info.external_attr >> 16):
            problem = "contains a link instead of a file"
        elif info.flag_bits & 1:
            problem = "is locked with a password"
        elif info.compress_type not in _METHODS:
            problem = "is packed in an unusual way"
        if problem:
            problem = f"The archive {problem}; pack the notebook again."
        parts = tuple(part for part in PurePosixPath(name).parts if part not in ("/", ".."))
        if info.is_dir():
            parts = (*parts, "")  # it may be the only trace of somebody who submitted nothing
        if parts and parts != ("",):
            is_packed = info.compress_type != zipfile.ZIP_STORED
            sizes = (info.compress_size, info.file_size)
            place = Member(info.header_offset, *sizes, info.CRC, is_packed, info.date_time)
            listed.append(ListedMember(parts, place, problem))
    return listed


def unpack(file: IO[bytes], _: None, *, members: list[dict[str, Any]], max_bytes: int) -> bytes:
    """Return the start of the file that members lead to.

    Raises:
        StudentError: the archive is damaged.
    """
    return _unpack_member(_descend(file, members[:-1]), Member(**members[-1]), max_bytes)


def _descend(file: IO[bytes], members: Sequence[dict[str, Any]]) -> IO[bytes]:
    for member in members:
        file = io.BytesIO(_unpack_member(file, Member(**member), MAX_FILE_BYTES))
    return file


def _unpack_member(file: IO[bytes], member: Member, max_bytes: int) -> bytes:
    """Return the start of a member by its place, for the table of contents takes long to read."""
    # Any of these numbers may lie. ZipExtFile reads no more than they say, and at most ``max_bytes + 1``.
    info = zipfile.ZipInfo()
    info.CRC, info.file_size, info.compress_size = member.checksum, member.unpacked_bytes, member.packed_bytes
    info.compress_type = zipfile.ZIP_DEFLATED if member.is_packed else zipfile.ZIP_STORED
    try:
        file.seek(member.offset)
        header = file.read(_LOCAL_HEADER.size)
        signature, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
        if signature != _LOCAL_SIGNATURE:
            raise zipfile.BadZipFile
        file.seek(name_bytes + extra_bytes, io.SEEK_CUR)
        with zipfile.ZipExtFile(file, "r", info) as stream:
            return stream.read(max_bytes + 1)
    except _ZIP_ERRORS:
        raise StudentError(f"The archive is damaged; {SUBMIT_NOTEBOOK_HINT}.") from None


@contextmanager
def _open_archive(file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose table of contents is plausible.

    Raises:
        StudentError: it is not, or what is read inside the ``with`` is damaged.
    """
    # zipfile reads the table of contents at once. Which end record it takes depends on comments and
    # padding, which the submitter chooses; so each one that it might take must be plausible.
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 2 * 65_536))
    for field, zip64_field in _DIRECTORY_SIZE.findall(file.read()):
        directory_bytes = int.from_bytes(field or zip64_field, "little")
        if directory_bytes > _MAX_DIRECTORY_BYTES and field != _SEE_ZIP64:
            raise StudentError(f"The archive contains too many files; {SUBMIT_NOTEBOOK_HINT}.")
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            # Sizes in the table may lie as well; whoever reads a member stops at a limit of its own.
            unpacked = sum(info.file_size for info in infos)
            if len(infos) > MAX_MEMBERS or unpacked > _MAX_COMPRESSION_RATIO * size:
                raise StudentError(
                    f"The archive unpacks to too many files or too much data; {SUBMIT_NOTEBOOK_HINT}."
                )
            yield archive
    except _ZIP_ERRORS:
        raise StudentError(f"The archive is damaged; {SUBMIT_NOTEBOOK_HINT}.") from None
