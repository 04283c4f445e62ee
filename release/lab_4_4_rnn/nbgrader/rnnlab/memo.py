"""A store of results on disk, found again by what they were made from.

Layout of one file: a line of JSON (key, hash of the payload, facts), then the payload,
a NumPy ``.npz``. A file that is missing, cut off or altered counts as absent, and so
does the whole store where the disk cannot be written.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDER_VARIABLE = "RNNLAB_CACHE"
DEFAULT_FOLDER = ".rnnlab_cache"


@dataclass(frozen=True, slots=True)
class Result:
    """What a task came to, as it is stored."""

    facts: dict[str, Any]
    """Anything that JSON holds, e.g. ``{"history": {"loss": [0.69, 0.52]}}``."""

    arrays: tuple[np.ndarray, ...]


def folder() -> Path:
    """Return where entries are kept; ``RNNLAB_CACHE`` overrides the current directory."""
    return Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER) / "results"


def key_of(description: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> str:
    """Return the SHA-256 of a description and of arrays with their types and shapes."""
    digest = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for array in arrays:
        digest.update(f"|{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def load(key: str) -> Result | None:
    """Return the result of a key, or None if there is none or it is damaged."""
    try:
        head, _, payload = _path(key).read_bytes().partition(b"\n")
        header = json.loads(head)
        if header["key"] != key or header["sha256"] != _sha256(payload):
            return None
        return Result(header["facts"], _unpacked(payload))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None


def store(key: str, result: Result) -> None:
    """Keep a result: written beside its place, then renamed; silent if that fails."""
    payload = _packed(result.arrays)
    header = {"key": key, "sha256": _sha256(payload), "facts": result.facts}
    path = _path(key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(header).encode() + b"\n" + payload)
        Path(beside).replace(path)
    except OSError:
        return


def _path(key: str) -> Path:
    return folder() / f"{key}.memo"


def _sha256(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


def _packed(arrays: Sequence[np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{f"a{number}": array for number, array in enumerate(arrays)})
    return buffer.getvalue()


def _unpacked(payload: bytes) -> tuple[np.ndarray, ...]:
    with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
        return tuple(archive[f"a{number}"] for number in range(len(archive.files)))
