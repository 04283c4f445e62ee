"""The frames that cross between processes: length-prefixed plain data, and nothing else.

A frame is a length and a payload; a payload is a line of JSON, with its own length in front, and
then the bytes of its arrays. Lists, integers up to 64 bits, finite floats, texts, booleans and
``None`` are JSON's own. Every other value is a JSON object with one key, its tag::

    {"d": [[key, value], …]}   dict; keys are values, so no key is special
    {"t": [value, …]}          tuple
    {"e": 0}                   Ellipsis
    {"f": "nan"}               a float that JSON lacks: nan, inf, -inf
    {"u": "text"}              np.str_
    {"s": "<i8"}               NumPy scalar: dtype; its bytes are next in the payload
    {"a": ["<f4", [3, 5]]}     array: dtype, shape; its bytes are next in the payload
    {"i": ["date", "2027-01-29"]}      date, or datetime
    {"i": ["timedelta", [1, 0, 0]]}    days, seconds, microseconds
    {"p": {…}}                 frame, series or index of pandas, as ``table_values`` packs it

So exact types survive. A payload may come from a process that runs student code. The reader
believes no length or type that it did not check, and allocates nothing that the payload does not
already hold. Whatever breaks a rule raises ``WireError`` in the process that reads it.

Why not msgspec: its decoders keep the last of two equal keys instead of refusing them, have no
limit on depth below the interpreter's, on the number of values or on the length of a text, and
turn tuples into lists. Each of these would have to be checked again in a walk like the one here.
"""

import contextlib
import ctypes
import datetime
import json
import math
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.checks.table_view import UnreadableTableError, is_table, plain
from autograder.engine.table_values import Table, pack
from autograder.text import DTYPE

MAX_FRAME_BYTES = 64 * 2**20
MAX_TEXT_CHARS = 100_000
MAX_DEPTH = 16
MAX_AXES = 8
MAX_VALUES = 2_000_000
"""Values in one frame; a class of reviews as lists of ids has 1.2 million."""

_LIBC = ctypes.CDLL(None)
_LENGTH = struct.Struct("!I")
_ARRAY_KINDS = "biufUmM"
_MAX_SCALAR_BYTES = 8
_MAX_DATE_CHARS = 40
_INT64_LIMIT = 2**63
_LONG_LIST = 64


Message = dict[str, Any]
"""What one frame carries: values by name. Untrusted if a submission's process sent it."""


class WireError(Exception):
    """A frame breaks a rule, or cannot be made."""


class WireClosedError(WireError):
    """The other end is gone."""


class WireTimeoutError(WireError):
    """A deadline passed."""


class Channel:
    """One end of a socket that carries messages; every operation has a deadline."""

    def __init__(self, sock: socket.socket, *, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._sock = sock
        self._max_frame_bytes = max_frame_bytes

    def send(self, message: Message, *, timeout_s: float | None = None) -> None:
        """Send one message.

        Raises:
            WireError: it contains what cannot cross, or is too large.
            WireClosedError: the other end is gone.
            WireTimeoutError: it was not accepted completely within ``timeout_s`` seconds.
        """
        payload = encode(message)
        self._require_size(len(payload))
        end_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        data = memoryview(_LENGTH.pack(len(payload)) + payload)
        while data:
            data = data[self._step(self._sock.send, data, end_s) :]

    def receive(self, *, timeout_s: float | None = None) -> Message:
        """Return the next message, which is untrusted.

        Raises:
            WireError: what arrived is not a message.
            WireClosedError: the other end is gone.
            WireTimeoutError: it did not arrive completely within ``timeout_s`` seconds.
        """
        end_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        (length,) = _LENGTH.unpack(self._receive_exactly(_LENGTH.size, end_s))
        self._require_size(length)
        return decode(bytes(self._receive_exactly(length, end_s)))

    def _require_size(self, length: int) -> None:
        if length > self._max_frame_bytes:
            raise WireError(f"a frame of {length:,} bytes; {self._max_frame_bytes:,} are allowed")

    def _receive_exactly(self, length: int, end_s: float) -> bytearray:
        data = bytearray()
        while len(data) < length:
            part = self._step(self._sock.recv, min(length - len(data), 2**20), end_s)
            if not part:
                raise WireClosedError("the other end closed the wire")
            data += part
        return data

    def _step(self, operation: Callable[[Any], Any], argument: Any, end_s: float) -> Any:
        """Send or receive once; the deadline is that of the frame, so a slow drip cannot extend it."""
        left_s = end_s - time.monotonic()
        if left_s <= 0:
            raise WireTimeoutError("the deadline passed")
        try:
            self._sock.settimeout(left_s if math.isfinite(left_s) else None)
            return operation(argument)
        except TimeoutError:
            raise WireTimeoutError("the deadline passed") from None
        except OSError as error:
            raise WireClosedError(f"the wire is broken ({error.strerror})") from None


def encode(message: Message) -> bytes:
    """Return a message as a payload; equal messages give equal bytes.

    Raises:
        WireError: a value has a type that cannot cross, is too deep, too long or too large.
    """
    writer = _Writer()
    try:
        line = json.dumps(writer.tree(message, 0), separators=(",", ":"), allow_nan=False)
    except (RecursionError, MemoryError, ValueError, OverflowError) as error:
        raise WireError(f"a value that cannot be sent ({type(error).__name__})") from None
    except UnreadableTableError as error:
        raise WireError(str(error)) from None
    raw = line.encode("ascii")
    return b"".join((_LENGTH.pack(len(raw)), raw, *writer.blobs))


def decode(payload: bytes) -> Message:
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
            parse_constant=_parse_float,
        )
        reader = _Reader(memoryview(payload)[_LENGTH.size + length :])
        message = reader.value(tree, 0)
    except WireError:
        raise
    except (ValueError, TypeError, RecursionError, MemoryError, OverflowError, struct.error) as error:
        raise WireError(f"a frame that cannot be read ({type(error).__name__})") from None
    if reader.blobs:
        raise WireError("bytes that belong to no array")
    if type(message) is not dict or not all(type(key) is str for key in message):
        raise WireError("a frame that is not a message")
    return message


def release_freed_memory() -> None:
    """Give the memory of messages that are gone back to the system.

    glibc keeps the heap of the largest one, which is 60 MiB in the lab.
    """
    with contextlib.suppress(AttributeError):  # other C libraries lack the function
        _LIBC.malloc_trim(0)


class _Walk:
    """Counts the values of one frame."""

    def __init__(self) -> None:
        self._count = 0

    def enter(self, depth: int, values: int = 1) -> None:
        """Count values; refuse a frame that is too deep or holds too many."""
        self._count += values
        if depth > MAX_DEPTH:
            raise WireError("values nested too deep")
        if self._count > MAX_VALUES:
            raise WireError("too many values in one frame")


class _Writer(_Walk):
    """Turns values into JSON and collects the bytes of arrays in order."""

    def __init__(self) -> None:
        super().__init__()
        self.blobs: list[bytes] = []

    def tree(self, value: Any, depth: int) -> Any:  # noqa: C901  one branch per type
        self.enter(depth)
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return _check_integer(value)
        if kind is str:
            return _check_text(value)
        if kind is float:
            return value if math.isfinite(value) else {"f": repr(value)}
        if kind is list:
            return self._list(value, depth)
        if kind is tuple:
            return {"t": [self.tree(item, depth + 1) for item in value]}
        if kind is dict:
            return {"d": [[self.tree(k, depth + 1), self.tree(v, depth + 1)] for k, v in value.items()]}
        if value is Ellipsis:
            return {"e": 0}
        if kind is np.ndarray:
            return {"a": self._array(plain(value))}
        if kind is np.str_:
            return {"u": _check_text(str(value))}
        if isinstance(value, np.generic) and kind is value.dtype.type and value.nbytes <= _MAX_SCALAR_BYTES:
            return {"s": self._array(np.asarray(value))[0]}
        if kind in (datetime.date, datetime.datetime):
            return {"i": [kind.__name__, value.isoformat()]}
        if kind is datetime.timedelta:
            return {"i": [kind.__name__, [value.days, value.seconds, value.microseconds]]}
        if kind is Table:
            return {"p": self.tree(value.content, depth + 1)}
        if is_table(value):
            return self.tree(pack(value), depth)
        known = plain(value)
        if known is not value:
            return self.tree(known, depth)
        raise WireError(f"a value of type {kind.__name__[:60]}")

    def _list(self, value: list[Any], depth: int) -> list[Any]:
        """Return a list; a long one of integers (a review) is checked at once, not item by item."""
        if len(value) <= _LONG_LIST or not all(type(item) is int for item in value):
            return [self.tree(item, depth + 1) for item in value]
        self.enter(depth + 1, len(value))
        _check_integer(min(value))
        _check_integer(max(value))
        return value

    def _array(self, value: np.ndarray) -> list[Any]:
        if value.dtype.kind not in _ARRAY_KINDS or value.dtype.itemsize == 0 or value.ndim > MAX_AXES:
            raise WireError(f"an array of {value.dtype}")
        if value.nbytes > MAX_FRAME_BYTES:
            raise WireError(f"an array of {value.nbytes:,} bytes")
        plain = np.ascontiguousarray(value.astype(value.dtype.newbyteorder("<"), copy=False))
        self.blobs.append(plain.tobytes())
        return [plain.dtype.str, list(value.shape)]


class _Reader(_Walk):
    """Turns JSON back into values and takes the bytes of arrays in order."""

    def __init__(self, blobs: memoryview) -> None:
        super().__init__()
        self.blobs = blobs

    def value(self, tree: Any, depth: int) -> Any:  # noqa: C901  one branch per type
        self.enter(depth)
        match tree:
            case list():
                return [self.value(item, depth + 1) for item in tree]
            case str():
                return _check_text(tree)
            case {"d": list(pairs)}:
                values = {}
                for pair in pairs:
                    if type(pair) is not list or len(pair) != 2:
                        raise WireError("a dict whose items are not pairs")
                    key = self.value(pair[0], depth + 1)
                    if key in values:
                        raise WireError("a key twice in one dict")
                    values[key] = self.value(pair[1], depth + 1)
                return values
            case {"t": list(items)}:
                return tuple(self.value(item, depth + 1) for item in items)
            case {"e": _}:
                return Ellipsis
            case {"f": "nan" | "inf" | "-inf" as name}:
                return float(name)
            case {"u": text}:
                return np.str_(_check_text(text))
            case {"s": str(name)}:
                return self._array(name, [])[()]
            case {"a": [str(name), list(shape)]}:
                return self._array(name, shape)
            case {"i": ["date" | "datetime" as name, str(text)]} if len(text) <= _MAX_DATE_CHARS:
                return getattr(datetime, name).fromisoformat(text)
            case {"i": ["timedelta", [int(days), int(seconds), int(microseconds)]]}:
                return datetime.timedelta(days, seconds, microseconds)
            case {"p": content}:
                return Table(self.value(content, depth + 1))
            case dict():
                raise WireError(f"an unknown or malformed tagged value {tree!r:.20}")
        return tree

    def _array(self, name: str, shape: list[Any]) -> np.ndarray:
        """Return an array of the next bytes.

        The length is computed with Python's integers, which do not overflow, and compared with the
        bytes that are there before NumPy sees the shape.
        """
        # NumPy's parser takes names like "i4,i4", pads others, and raises a SyntaxError for some: it
        # only gets what may be its own spelling.
        dtype = np.dtype(name) if DTYPE.fullmatch(name) else None
        if dtype is None or dtype.str != name:
            raise WireError("an array of an unknown type")
        if not 0 < dtype.itemsize <= 4 * MAX_TEXT_CHARS:
            raise WireError("an array of items of an impossible size")
        if len(shape) > MAX_AXES:
            raise WireError("an array of too many axes")
        if not all(type(size) is int and 0 <= size <= MAX_FRAME_BYTES for size in shape):
            raise WireError("an array of impossible shape")
        length = math.prod(shape) * dtype.itemsize
        if length > len(self.blobs):
            raise WireError("an array without its bytes")
        raw, self.blobs = self.blobs[:length], self.blobs[length:]
        return np.frombuffer(raw, dtype=dtype).reshape(shape).copy()


def _parse_tagged(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Pairs and not a dict: of two equal keys a dict would silently keep the last.
    if len(pairs) != 1 or len(pairs[0][0]) != 1:
        raise WireError("an object that is not a tagged value")
    return dict(pairs)


def _parse_integer(digits: str) -> int:
    # Before ``int``, whose time grows with the square of the number of digits.
    if len(digits) > 20:
        raise WireError("an integer beyond 64 bits")
    return _check_integer(int(digits))


def _check_integer(value: int) -> int:
    if not -_INT64_LIMIT <= value < _INT64_LIMIT:
        raise WireError("an integer beyond 64 bits")
    return value


def _parse_float(digits: str) -> float:
    value = float(digits)
    # 1e999 is valid JSON. NaN and Infinity are not, but Python's parser accepts them.
    if not math.isfinite(value):
        raise WireError("a float that is not finite")
    return value


def _check_text(value: Any) -> str:
    if type(value) is not str or len(value) > MAX_TEXT_CHARS:
        raise WireError("a text that is too long or not a text")
    return value
