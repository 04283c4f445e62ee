"""Results on disk: believed only if whole, and computed once."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.engine import training_cache
from autograder.engine.training_cache import Cache, CacheEntry, digest
from autograder.engine.wire import decode, encode
from autograder.errors import StaffError

KEY, OTHER = "a" * 64, "b" * 64
ENTRY = CacheEntry(
    {"loss": [0.1 + 0.2, float("inf")]},
    (np.arange(6.0, dtype=np.float32).reshape(2, 3), np.array([], dtype=np.int8), np.array(True)),
)


def same(found: CacheEntry | None, wanted: CacheEntry) -> bool:
    assert found is not None
    forms = [[(a.dtype, a.shape, a.tobytes()) for a in entry.arrays] for entry in (found, wanted)]
    return forms[0] == forms[1] and found.facts == wanted.facts


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def file_of(cache: Cache, key: str = KEY) -> Path:
    return cache._entry_path(key)


def test_an_entry_returns_as_it_was(cache: Cache) -> None:
    assert cache.load(KEY) is None
    assert cache.store(KEY, ENTRY)
    assert same(cache.load(KEY), ENTRY)


def test_nobody_else_can_look_into_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o755)
    Cache(folder).store(KEY, ENTRY)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / f"{KEY}.entry").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StaffError, match=r"file/cache: cannot be used as a cache \("):
        Cache(tmp_path / "file" / "cache")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_somebody_else_is_not_believed(cache: Cache, tmp_path: Path) -> None:
    cache.store(KEY, ENTRY)
    os.chown(file_of(cache), 12_345, -1)
    assert cache.load(KEY) is None
    os.chown(tmp_path / "cache", 12_345, -1)
    with pytest.raises(StaffError, match="belongs to another user"):
        Cache(tmp_path / "cache")


def sealed(message: dict[str, Any]) -> bytes:
    """Return an entry with a right hash, whatever it holds."""
    payload = encode(message)
    return hashlib.sha256(payload).digest() + payload


def changed(data: bytes, **fields: Any) -> bytes:
    return sealed({**decode(data[32:]), **fields})


def without_hash_error(payload: bytes) -> bytes:
    return hashlib.sha256(payload).digest() + payload


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[:-5],
    "empty": lambda _: b"",
    "a byte altered": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "a byte more": lambda data: data + b"x",
    "a byte more than the arrays": lambda data: without_hash_error(data[32:] + b"x"),
    "a byte less than the arrays": lambda data: without_hash_error(data[32:-1]),
    "not a frame": lambda _: without_hash_error(b"{}"),
    "deep JSON": lambda _: without_hash_error(b"\x00\x00\xc3\x50" + b"[" * 50_000),
    "another key": lambda data: changed(data, key=OTHER),
    "no facts": lambda data: changed(data, facts=None),
    "no arrays": lambda data: changed(data, arrays=None),
    "another frame": lambda _: sealed({"loss": 1.0}),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_entry_counts_as_absent(name: str, cache: Cache) -> None:
    cache.store(KEY, ENTRY)
    path = file_of(cache)
    path.write_bytes(DAMAGE[name](path.read_bytes()))
    assert cache.load(KEY) is None
    assert cache.store(KEY, ENTRY)
    assert same(cache.load(KEY), ENTRY)


def test_an_entry_under_another_name_is_not_believed(cache: Cache) -> None:
    cache.store(KEY, ENTRY)
    file_of(cache).rename(file_of(cache, OTHER))
    assert cache.load(OTHER) is None


@pytest.mark.parametrize("key", ["../" + "a" * 61, "A" * 64, "a" * 63, ""])
def test_a_key_that_is_none_names_no_file(key: str, cache: Cache) -> None:
    assert cache.load(key) is None
    with pytest.raises(ValueError, match="is not a key"):
        cache.store(key, ENTRY)


def test_what_is_too_large_or_holds_objects_is_not_stored(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not cache.store(KEY, CacheEntry({}, (np.array([None]),)))
    size_bytes = len(encode({"key": KEY, "facts": {}, "arrays": [np.zeros(25, dtype=np.int8)]}))
    monkeypatch.setattr(training_cache, "MAX_ENTRY_BYTES", size_bytes)
    assert cache.store(KEY, CacheEntry({}, (np.zeros(25, dtype=np.int8),)))
    assert not cache.store(OTHER, CacheEntry({}, (np.zeros(26, dtype=np.int8),)))
    assert not cache.store(OTHER, CacheEntry({"text": "x" * 300}, ()))


def test_the_oldest_entries_make_room_for_new_ones(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=6_000)
    keys = [digit * 64 for digit in "0123"]
    for number, key in enumerate(keys):
        cache.store(key, CacheEntry({}, (np.zeros(1_500, dtype=np.int8),)))
        os.utime(file_of(cache, key), (number, number))
    assert [cache.load(key) is not None for key in keys] == [False, True, True, True]


def test_a_file_that_a_killed_process_left_is_cleared_away(cache: Cache, tmp_path: Path) -> None:
    old, new = (tmp_path / "cache" / f".{name}.entry.new" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    cache.store(KEY, ENTRY)
    assert (old.exists(), new.exists()) == (False, True)


COMPUTE_ONCE = """
import sys, time
from pathlib import Path
from autograder.engine.training_cache import Cache, CacheEntry
cache, key, log = Cache(Path(sys.argv[1])), "a" * 64, Path(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
with cache.lock(key):
    if cache.load(key) is None:
        with log.open("a") as file:
            file.write("computed ")
        time.sleep(0.3)
        cache.store(key, CacheEntry({}, ()))
"""


def test_two_processes_that_want_one_key_compute_it_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COMPUTE_ONCE, str(tmp_path / "cache"), str(tmp_path / "log")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, **pipes) for _ in range(2)]
    assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.wait(30) for process in both] == [0, 0]
    for process in both:
        process.stdin.close()
        process.stdout.close()
    assert (tmp_path / "log").read_text() == "computed "


def test_one_lock_does_not_hold_another_key(cache: Cache) -> None:
    with cache.lock(KEY), cache.lock(OTHER):
        assert cache.store(KEY, ENTRY)


def test_a_digest_sees_types_and_shapes() -> None:
    row = np.arange(6, dtype=np.int32)
    arrays = [row, row.astype(np.int64), row.reshape(2, 3), row.view(np.float32), row[::-1]]
    actual = {digest({"a": 1}, (array,)) for array in arrays} | {digest({"a": 2}, (row,))}
    assert len(actual) == 6
    assert digest(None, (row[::2],)) == digest(None, (row[::2].copy(),))
    text = json.dumps({"a": 1}).encode() + b"|<i4(6,)" + row.tobytes()
    assert digest({"a": 1}, (row,)) == hashlib.sha256(text).hexdigest()
