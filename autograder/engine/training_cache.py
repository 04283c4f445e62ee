"""Results of jobs on disk, found again by what they were made from.

An entry is a line of JSON (key, hash of the payload, facts, types and shapes of the arrays) and,
behind it, the bytes of the arrays. Whatever is missing, cut off, altered, too large or under
another name counts as absent. Nothing is unpickled, and NumPy's own loader is not used.
"""

import contextlib
import fcntl
import hashlib
import json
import math
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import StaffError
from autograder.files import MEBIBYTE

MAX_ENTRY_BYTES = 64 * MEBIBYTE
MAX_HEADER_BYTES = MEBIBYTE
DTYPES = tuple(
    np.dtype(name).str for name in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")
)
MAX_AXES = 8
STALE_S = 3_600.0


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """What one job came to."""

    facts: dict[str, Any]
    """Anything that JSON holds, e.g. ``{"history": {"loss": [0.69, 0.52]}}``."""

    arrays: tuple["np.ndarray[Any, Any]", ...]


class Cache:
    """A folder of entries that several processes share; only its owner may look into it."""

    def __init__(self, folder: Path, *, max_bytes: int = 4096 * MEBIBYTE) -> None:
        """Make the folder, or take one that belongs to this user alone.

        Args:
            largest_bytes: how much all entries may hold together; the oldest make room.

        Raises:
            StaffError: it cannot be made, or others could have written in it.
        """
        self._folder = folder
        self._max_bytes = max_bytes
        try:
            (folder / "locks").mkdir(mode=0o700, parents=True, exist_ok=True)
            found = folder.stat()
            if found.st_uid == os.geteuid():
                folder.chmod(0o700)
        except OSError as error:
            raise StaffError(f"{folder}: cannot be used as a cache ({error.strerror})") from error
        if found.st_uid != os.geteuid():
            raise StaffError(f"{folder}: belongs to another user; name a folder of your own as cache")

    def load(self, key: str) -> CacheEntry | None:
        """Return the entry of a key, or None if there is none or it is damaged."""
        try:
            with self._entry_path(key).open("rb") as file:
                found = os.fstat(file.fileno())
                if found.st_uid != os.geteuid() or found.st_size > MAX_ENTRY_BYTES + MAX_HEADER_BYTES:
                    return None
                head, payload = file.readline(MAX_HEADER_BYTES), file.read()
            header = json.loads(head)
            if header["key"] != key or header["sha256"] != hashlib.sha256(payload).hexdigest():
                return None
            return CacheEntry(dict(header["facts"]), _unpack_arrays(header["arrays"], payload))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def store(self, key: str, entry: CacheEntry) -> bool:
        """Keep an entry: written beside its place, then renamed; say whether that was possible."""
        packed = _pack(key, entry)
        if packed is None:
            return False
        try:
            self._evict(len(packed))
            descriptor, beside = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with os.fdopen(descriptor, "wb") as file:
                file.write(packed)
            Path(beside).replace(self._entry_path(key))
        except OSError:
            return False
        return True

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold a key, so that two processes do not compute it at once; it is freed if we die."""
        with (self._folder / "locks" / _validate_key(key)).open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _entry_path(self, key: str) -> Path:
        return self._folder / f"{_validate_key(key)}.entry"

    def _evict(self, size: int) -> None:
        """Delete the oldest entries beyond the limit, and what a killed process left unfinished."""
        for path in self._folder.glob("*.part"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > STALE_S:
                    path.unlink()
        entries = []
        for path in self._folder.glob("*.entry"):
            with contextlib.suppress(FileNotFoundError):
                entries.append((path.stat().st_mtime_ns, path.stat().st_size, path))
        total = size + sum(held for _, held, _ in entries)
        for _, held, path in sorted(entries):
            if total <= self._max_bytes:
                return
            path.unlink(missing_ok=True)
            total -= held


def digest(description: object, arrays: tuple["np.ndarray[Any, Any]", ...]) -> str:
    """Return the SHA-256 of plain data and of arrays with their types and shapes."""
    found = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for array in arrays:
        found.update(f"|{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def _validate_key(key: str) -> str:
    if len(key) != 64 or not set(key) <= set("0123456789abcdef"):
        raise ValueError(f"{key[:80]!r} is no key")
    return key


def _pack(key: str, entry: CacheEntry) -> bytes | None:
    forms = [[array.dtype.str, list(array.shape)] for array in entry.arrays]
    if not all(dtype in DTYPES and len(shape) <= MAX_AXES for dtype, shape in forms):
        return None
    payload = b"".join(np.ascontiguousarray(array).tobytes() for array in entry.arrays)
    header = {
        "key": key,
        "sha256": hashlib.sha256(payload).hexdigest(),
        "facts": entry.facts,
        "arrays": forms,
    }
    head = json.dumps(header).encode() + b"\n"
    fits = len(payload) <= MAX_ENTRY_BYTES and len(head) <= MAX_HEADER_BYTES
    return head + payload if fits else None


def _unpack_arrays(specs: list[tuple[str, list[int]]], payload: bytes) -> tuple["np.ndarray[Any, Any]", ...]:
    arrays, start = [], 0
    for name, shape in specs:
        sizes = [size for size in shape if type(size) is int and 0 <= size <= MAX_ENTRY_BYTES]
        if name not in DTYPES or len(sizes) != len(shape) or len(sizes) > MAX_AXES:
            raise ValueError("an array of an unknown form")
        end = start + math.prod(sizes) * np.dtype(name).itemsize
        if end > len(payload):
            raise ValueError("an array without its bytes")
        arrays.append(np.frombuffer(payload[start:end], dtype=name).reshape(sizes))
        start = end
    if start != len(payload):
        raise ValueError("bytes that belong to no array")
    return tuple(arrays)
