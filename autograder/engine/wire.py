"""What crosses between processes: length-prefixed frames of plain data, and nothing else.

One frame is a length and a payload; a payload is a line of JSON and, behind it, the bytes of
its arrays. Lists, numbers up to 64 bits, texts and ``None`` are JSON's own; every other value
is an object with one key, its tag. Keys of dicts travel as values, so that no key is special.
Python's exact types survive, also those of NumPy's scalars. Whatever breaks a rule raises
``WireError`` on the side that reads it.
"""

import itertools
import json
import math
import socket
import struct
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

MAX_FRAME_BYTES = 64 * 2**20
"""Bytes of one frame."""

MAX_TEXT_CHARS = 100_000
MAX_DEPTH = 12
MAX_VALUES = 2_000_000
"""Values in one frame; a class of reviews as lists of ids has 1.2 million."""

_LENGTH = struct.Struct("!I")
_KINDS = "biufU"
_SCALARS = {name: np.dtype(name).type for name in (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64",
)}  # fmt: skip
_INT64_LIMIT = 2**63


class WireError(Exception):
    """A frame that breaks a rule, or cannot be made."""


class WireClosedError(WireError):
    """The other end is gone."""


class WireTimeoutError(WireError):
    """A deadline passed."""


class Channel:
    """One end of a socket that carries messages; every operation has a deadline."""

    def __init__(self, sock: socket.socket, *, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._sock = sock
        self._max_frame_bytes = max_frame_bytes

    def fileno(self) -> int:
        """Return the descriptor, so that it can be waited for."""
        return self._sock.fileno()

    def send(self, message: dict[str, Any], *, timeout_s: float | None = None) -> None:
        """Send one message.

        Raises:
            WireError: it holds what cannot cross, or is too large.
            Closed: the other end is gone.
            Late: it was not taken within ``within_s`` seconds.
        """
        payload = encode(message)
        if len(payload) > self._max_frame_bytes:
            raise WireError(f"a frame of {len(payload):,} bytes; {self._max_frame_bytes:,} are allowed")
        self.send_bytes(payload, timeout_s=timeout_s)

    def receive(self, *, timeout_s: float | None = None) -> dict[str, Any]:
        """Return the next message.

        Raises:
            WireError: what came is not a message.
            Closed: the other end is gone.
            Late: it did not come whole within ``within_s`` seconds.
        """
        return decode(self.receive_bytes(timeout_s=timeout_s))

    def send_bytes(self, payload: bytes, *, timeout_s: float | None = None) -> None:
        """Send a frame that is encoded already."""
        remaining = _countdown(timeout_s)
        data = memoryview(_LENGTH.pack(len(payload)) + payload)
        while data:
            data = data[self._with_deadline(partial(self._sock.send, data), remaining) :]

    def receive_bytes(self, *, timeout_s: float | None = None) -> bytes:
        """Return the payload of the next frame, not yet decoded."""
        remaining = _countdown(timeout_s)
        (length,) = _LENGTH.unpack(self._receive_exactly(_LENGTH.size, remaining))
        if length > self._max_frame_bytes:
            raise WireError(f"a frame of {length:,} bytes; {self._max_frame_bytes:,} are allowed")
        return bytes(self._receive_exactly(length, remaining))

    def close(self) -> None:
        """Close this end."""
        self._sock.close()

    def _receive_exactly(self, length: int, remaining: Callable[[], float | None]) -> bytearray:
        data = bytearray()
        while len(data) < length:
            part = self._with_deadline(partial(self._sock.recv, min(length - len(data), 2**20)), remaining)
            if not part:
                raise WireClosedError("the other end closed the wire")
            data += part
        return data

    def _with_deadline(self, step: Callable[[], Any], remaining: Callable[[], float | None]) -> Any:
        left = remaining()
        if left is not None and left <= 0:
            raise WireTimeoutError("the deadline passed")
        try:
            self._sock.settimeout(left)
            return step()
        except TimeoutError:
            raise WireTimeoutError("the deadline passed") from None
        except OSError as error:
            raise WireClosedError(f"the wire is broken ({error.strerror})") from None


def _countdown(timeout_s: float | None) -> Callable[[], float | None]:
    if timeout_s is None:
        return lambda: None
    end = time.monotonic() + timeout_s
    return lambda: end - time.monotonic()


def encode(message: dict[str, Any]) -> bytes:
    """Return a message as a payload; equal messages give equal bytes.

    Raises:
        WireError: a value is of another type, too deep, too long or too large.
    """
    writer = _Writer()
    try:
        head = json.dumps(writer.value(message, 0), separators=(",", ":"), allow_nan=False)
    except (RecursionError, MemoryError, ValueError, OverflowError) as error:
        raise WireError(f"a value that cannot cross ({type(error).__name__})") from None
    raw = head.encode("ascii")
    return b"".join((_LENGTH.pack(len(raw)), raw, *writer.blobs))


def decode(payload: bytes) -> dict[str, Any]:
    """Return the message of a payload.

    Raises:
        WireError: it breaks a rule.
    """
    try:
        (length,) = _LENGTH.unpack_from(payload)
        raw = payload[_LENGTH.size : _LENGTH.size + length]
        if len(raw) != length:
            raise WireError("a frame that is cut off")
        tree = json.loads(
            raw.decode("ascii"),
            object_pairs_hook=_parse_tagged,
            parse_int=_parse_integer,
            parse_float=_parse_float,
            parse_constant=_reject_constant,
        )
        reader = _Reader(memoryview(payload)[_LENGTH.size + length :])
        message = reader.value(tree, 0)
        reader.finish()
    except WireError:
        raise
    except (ValueError, TypeError, RecursionError, MemoryError, OverflowError, struct.error) as error:
        raise WireError(f"a frame that cannot be read ({type(error).__name__})") from None
    if type(message) is not dict or not all(type(key) is str for key in message):
        raise WireError("a frame that is no message")
    return message


class _Writer:
    """Turns values into JSON and keeps the bytes of arrays in order."""

    def __init__(self) -> None:
        self.blobs: list[bytes] = []
        self.count = itertools.count(1)

    def value(self, value: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise WireError("values nested too deep")
        if next(self.count) > MAX_VALUES:
            raise WireError("too many values in one frame")
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return _check_integer(value)
        if kind is str:
            return _check_text(value)
        if kind is list:
            if len(value) > 64 and all(type(item) is int for item in value):
                return self._check_integers(value)
            return [self.value(item, depth + 1) for item in value]
        if kind is float:
            return value if math.isfinite(value) else {"f": repr(value)}
        return self._encode_tagged(value, kind, depth)

    def _check_integers(self, value: list[int]) -> list[int]:
        for _ in zip(value, self.count, strict=False):
            pass
        if next(self.count) > MAX_VALUES or not -_INT64_LIMIT <= min(value) <= max(value) < _INT64_LIMIT:
            raise WireError("too many or too large integers in one list")
        return value

    def _encode_tagged(self, value: Any, kind: type, depth: int) -> dict[str, Any]:
        if kind is dict:
            return {"d": [[self.value(k, depth + 1), self.value(v, depth + 1)] for k, v in value.items()]}
        if kind is tuple:
            return {"t": [self.value(item, depth + 1) for item in value]}
        if value is Ellipsis:
            return {"e": 0}
        if kind is np.ndarray:
            return {"a": self._array(value)}
        if kind in _SCALARS.values():
            return {"s": [value.dtype.name, value.tobytes().hex()]}
        if kind is np.str_:
            return {"u": _check_text(str(value))}
        raise WireError(f"a value of type {kind.__name__[:60]}")

    def _array(self, value: np.ndarray) -> list[Any]:
        if value.dtype.kind not in _KINDS or value.dtype.itemsize == 0 or value.ndim > 8:
            raise WireError(f"an array of {value.dtype}")
        if value.nbytes > MAX_FRAME_BYTES:
            raise WireError(f"an array of {value.nbytes:,} bytes")
        plain = np.ascontiguousarray(value.astype(value.dtype.newbyteorder("<"), copy=False))
        self.blobs.append(plain.tobytes())
        return [plain.dtype.str, list(value.shape)]


class _Reader:
    """Turns JSON back into values and takes the bytes of arrays in order."""

    def __init__(self, blobs: memoryview) -> None:
        self.blobs = blobs
        self.count = itertools.count(1)

    def value(self, tree: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise WireError("values nested too deep")
        if next(self.count) > MAX_VALUES:
            raise WireError("too many values in one frame")
        kind = type(tree)
        if kind is list:
            return [self.value(item, depth + 1) for item in tree]
        if kind is str:
            return _check_text(tree)
        if kind is not _TaggedValue:
            return tree
        read = getattr(self, f"_read_{tree.tag}", None) if tree.tag in "dteasuf" else None
        if read is None:
            raise WireError(f"an unknown tag {tree.tag[:20]!r}")
        return read(tree.content, depth)

    def finish(self) -> None:
        if self.blobs:
            raise WireError("bytes that belong to no array")

    def _read_d(self, content: Any, depth: int) -> dict[Any, Any]:
        pairs = [
            (self.value(key, depth + 1), self.value(item, depth + 1)) for key, item in _check_list(content)
        ]
        found = dict(pairs)
        if len(found) != len(pairs):
            raise WireError("a key twice in one dict")
        return found

    def _read_t(self, content: Any, depth: int) -> tuple[Any, ...]:
        return tuple(self.value(item, depth + 1) for item in _check_list(content))

    def _read_e(self, _content: Any, _depth: int) -> Any:
        return Ellipsis

    def _read_f(self, content: Any, _depth: int) -> float:
        if content not in ("nan", "inf", "-inf"):
            raise WireError("a float that is none")
        return float(content)

    def _read_u(self, content: Any, _depth: int) -> Any:
        return np.str_(_check_text(content))

    def _read_s(self, content: Any, _depth: int) -> Any:
        name, digits = _check_list(content)
        if name not in _SCALARS:
            raise WireError("a scalar of an unknown type")
        raw = bytes.fromhex(digits)
        if len(raw) != np.dtype(name).itemsize:
            raise WireError("a scalar of another size")
        return np.frombuffer(raw, dtype=name)[0]

    def _read_a(self, content: Any, _depth: int) -> np.ndarray:
        name, shape = _check_list(content)
        dtype = _dtype(name)
        sizes = _check_list(shape)
        if len(sizes) > 8 or not all(type(size) is int and 0 <= size <= MAX_FRAME_BYTES for size in sizes):
            raise WireError("an array of impossible shape")
        length = math.prod(sizes) * dtype.itemsize
        if length > len(self.blobs):
            raise WireError("an array without its bytes")
        raw, self.blobs = self.blobs[:length], self.blobs[length:]
        return np.frombuffer(raw, dtype=dtype).reshape(sizes).copy()


class _TaggedValue:
    """An object of the JSON line: exactly one key."""

    __slots__ = ("content", "tag")

    def __init__(self, tag: str, content: Any) -> None:
        self.tag = tag
        self.content = content


def _parse_tagged(pairs: list[tuple[str, Any]]) -> _TaggedValue:
    if len(pairs) != 1 or len(pairs[0][0]) != 1:
        raise WireError("an object that is no tagged value")
    return _TaggedValue(*pairs[0])


def _dtype(name: Any) -> "np.dtype[Any]":
    if type(name) is not str or len(name) > 8:
        raise WireError("an array of an unknown type")
    dtype = np.dtype(name)
    if dtype.kind not in _KINDS or not 0 < dtype.itemsize <= 4 * MAX_TEXT_CHARS or dtype.str != name:
        raise WireError("an array of an unknown type")
    return dtype


def _check_list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise WireError("a tagged value of another form")
    return list(value)


def _parse_integer(digits: str) -> int:
    if len(digits) > 20:
        raise WireError("an integer beyond 64 bits")
    return _check_integer(int(digits))


def _check_integer(value: int) -> int:
    if not -_INT64_LIMIT <= value < _INT64_LIMIT:
        raise WireError("an integer beyond 64 bits")
    return value


def _parse_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise WireError("a float beyond the largest")
    return value


def _reject_constant(name: str) -> float:
    raise WireError(f"the constant {name}")


def _check_text(value: Any) -> str:
    if type(value) is not str or len(value) > MAX_TEXT_CHARS:
        raise WireError("a text that is too long or none")
    return value
