"""Results of jobs on disk, found again by what they were computed from.

An entry is the SHA-256 of a payload and the payload, a frame of ``wire`` that holds its own key. An entry
that is missing, cut off, altered, too large or under another name counts as absent and is computed again.
Nothing is unpickled: another user of the machine may have written what is read here.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.engine.wire import WireError, decode, encode
from autograder.errors import StaffError
from autograder.files import MEBIBYTE, replace_file

MAX_ENTRY_BYTES = 64 * MEBIBYTE
STALE_S = 3_600.0
"""Age after which an unfinished file belongs to a process that was killed."""

_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """The result of one job."""

    facts: dict[str, Any]
    """Plain values, e.g. ``{"history": {"loss": [0.69, 0.52]}}``."""

    arrays: tuple["np.ndarray[Any, Any]", ...]


class Cache:
    """A folder of entries that several processes share; only its owner may read it."""

    def __init__(self, folder: Path, *, max_bytes: int = 4096 * MEBIBYTE) -> None:
        """Create the folder, or use one that belongs to this user alone.

        Args:
            max_bytes: size of all entries together; beyond it the oldest are deleted.

        Raises:
            StaffError: it cannot be created, or others could have written in it.
        """
        self._folder = folder
        self._max_bytes = max_bytes
        try:
            (folder / "locks").mkdir(mode=0o700, parents=True, exist_ok=True)
            is_own = folder.stat().st_uid == os.geteuid()
            if is_own:
                folder.chmod(0o700)
        except OSError as error:
            raise StaffError(f"{folder}: cannot be used as a cache ({error.strerror})") from error
        if not is_own:
            raise StaffError(f"{folder}: belongs to another user; choose a folder of your own as the cache")

    def load(self, key: str) -> CacheEntry | None:
        """Return the entry of a key, or None if there is none or it is damaged."""
        try:
            with self._entry_path(key).open("rb") as file:
                status = os.fstat(file.fileno())  # of the open file: the path may be replaced meanwhile
                if status.st_uid != os.geteuid() or status.st_size > MAX_ENTRY_BYTES + _HASH_BYTES:
                    return None
                sha256, payload = file.read(_HASH_BYTES), file.read()
            if hashlib.sha256(payload).digest() != sha256:
                return None
            match decode(payload):
                case {"key": stored_key, "facts": dict(facts), "arrays": list(arrays)} if stored_key == key:
                    return CacheEntry(facts, tuple(arrays))
        except (OSError, ValueError, WireError):
            pass
        return None

    def store(self, key: str, entry: CacheEntry) -> bool:
        """Write an entry; return False if it is too large or the disk refuses it."""
        path = self._entry_path(key)
        try:
            payload = encode({"key": key, "facts": entry.facts, "arrays": list(entry.arrays)})
            if len(payload) > MAX_ENTRY_BYTES:
                return False
            self._evict(len(payload) + _HASH_BYTES)
            replace_file(path, hashlib.sha256(payload).digest() + payload)
        except (OSError, StaffError, WireError):
            return False
        return True

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold a key, so that two processes do not compute it at once.

        The kernel frees the lock when its holder ends, however. Only one key is held at a time, so
        there is no order of locks to keep.
        """
        with (self._folder / "locks" / self._entry_path(key).stem).open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _entry_path(self, key: str) -> Path:
        if not is_key(key):
            raise ValueError(f"{key[:80]!r} is not a key")
        return self._folder / f"{key}.entry"

    def _evict(self, size: int) -> None:
        """Delete the oldest entries beyond the limit, and what a killed process left unfinished."""
        for path in self._folder.glob(".*.new"):
            with contextlib.suppress(FileNotFoundError):  # another process deletes them too
                if time.time() - path.stat().st_mtime > STALE_S:
                    path.unlink()
        entries: list[tuple[int, int, Path]] = []
        for path in self._folder.glob("*.entry"):
            with contextlib.suppress(FileNotFoundError):
                entries.append((path.stat().st_mtime_ns, path.stat().st_size, path))
                size += path.stat().st_size
        for _, entry_bytes, path in sorted(entries):
            if size <= self._max_bytes:
                return
            path.unlink(missing_ok=True)
            size -= entry_bytes


def digest(description: object, arrays: tuple["np.ndarray[Any, Any]", ...]) -> str:
    """Return the SHA-256 of plain data and of arrays with their types and shapes."""
    sha256 = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for array in arrays:
        sha256.update(f"|{array.dtype.str}{array.shape}".encode())
        sha256.update(np.ascontiguousarray(array).data)
    return sha256.hexdigest()


def is_key(value: object) -> bool:
    """Return True for a SHA-256 in hexadecimal; nothing else may become part of a path."""
    return type(value) is str and len(value) == 64 and set(value) <= set("0123456789abcdef")
