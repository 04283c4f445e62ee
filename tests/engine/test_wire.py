"""The wire carries plain data with its exact types, and nothing else gets through."""

import json
import math
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.engine.wire import (
    MAX_DEPTH,
    MAX_TEXT_CHARS,
    Channel,
    WireClosedError,
    WireError,
    WireTimeoutError,
    decode,
    encode,
)


def frame(line: str, blobs: bytes = b"") -> bytes:
    raw = line.encode()
    return struct.pack("!I", len(raw)) + raw + blobs


def message(content: str, blobs: bytes = b"") -> bytes:
    return frame('{"d":[["v",' + content + "]]}", blobs)


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    mine, other = socket.socketpair()
    yield Channel(mine, max_frame_bytes=10_000), other
    mine.close()
    other.close()


VALUES = [
    None,
    ...,
    True,
    0,
    -(2**63),
    2**63 - 1,
    0.1,
    -0.0,
    math.inf,
    -math.inf,
    "",
    "ä\x00\ud83d",
    [1, [2, (3,)]],
    (),
    {"a": 1, 2: (3,), (4, 5): None},
    list(range(200)),
    np.float32(1.5),
    np.int64(-7),
    np.bool_(False),
    np.str_("word"),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_arrives_as_it_was_with_its_exact_type(value: Any) -> None:
    arrived = decode(encode({"v": value}))["v"]
    assert arrived == value
    assert type(arrived) is type(value)
    assert repr(arrived) == repr(value)


def test_not_a_number_arrives() -> None:
    assert math.isnan(decode(encode({"v": [math.nan]}))["v"][0])


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float64", ">i4", "<U3"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 5), (0, 4)])
def test_an_array_arrives_with_shape_and_numbers(dtype: str, shape: tuple[int, ...]) -> None:
    sent = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    arrived = decode(encode({"v": sent}))["v"]
    assert arrived.shape == shape
    assert arrived.dtype == sent.dtype.newbyteorder("<")
    assert np.array_equal(arrived, sent)
    assert arrived.flags.writeable


def test_two_arrays_do_not_mix_their_bytes() -> None:
    sent = {"a": np.arange(3), "b": [np.ones((2, 2), np.float32)]}
    arrived = decode(encode(sent))
    assert arrived["a"].tolist() == [0, 1, 2]
    assert arrived["b"][0].tolist() == [[1, 1], [1, 1]]


def test_equal_messages_give_equal_bytes() -> None:
    assert encode({"v": [1, {"k": np.arange(2)}]}) == encode({"v": [1, {"k": np.arange(2)}]})


class Sneaky(int):
    """Looks like a number."""


CANNOT_CROSS = {
    "an object": object(),
    "a subclass": Sneaky(3),
    "a set": {1},
    "bytes": b"x",
    "a function": len,
    "objects in an array": np.array([{}], dtype=object),
    "a structured array": np.zeros(2, dtype=[("a", "i4")]),
    "a zero-width array": np.zeros(2, dtype="V0"),
    "complex numbers": np.zeros(2, dtype=complex),
    "65 bits": 2**63,
    "65 bits in a long list": [*range(100), 2**63],
    "a long text": "x" * (MAX_TEXT_CHARS + 1),
    "a masked array": np.ma.ones(2),
}


@pytest.mark.parametrize("name", CANNOT_CROSS)
def test_other_values_are_refused_by_the_sender(name: str) -> None:
    with pytest.raises(WireError):
        encode({"v": CANNOT_CROSS[name]})


def test_deep_values_are_refused_on_both_sides() -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    with pytest.raises(WireError, match="deep"):
        encode({"v": deep})
    with pytest.raises(WireError, match="deep"):
        decode(message("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)))
    with pytest.raises(WireError):
        decode(message("[" * 200_000 + "]" * 200_000))


HOSTILE = {
    "nothing": b"",
    "three bytes": b"abc",
    "a head that is longer than the frame": struct.pack("!I", 99) + b"{}",
    "no JSON": frame("{"),
    "not ASCII": frame('{"d":[["v","ä"]]}'),
    "a list": frame("[]"),
    "a key that is no text": frame('{"d":[[1,2]]}'),
    "an unknown tag": message('{"z":1}'),
    "two tags": message('{"t":[],"f":"nan"}'),
    "no tag": message("{}"),
    "a tag of a method": message('{"finish":1}'),
    "a key twice": message('{"d":[["k",1],["k",2]]}'),
    "a key that cannot be one": message('{"d":[[[],1]]}'),
    "1e999": message("1e999"),
    "NaN as JSON's constant": message("NaN"),
    "a number of 5,000 digits": message("1" * 5_000),
    "65 bits": message(str(2**63)),
    "a float that is none": message('{"f":"1"}'),
    "a scalar of objects": message('{"s":["object",""]}'),
    "a scalar that is cut": message('{"s":["int64","00"]}'),
    "an array of objects": message('{"a":["|O",[1]]}', b"\0" * 8),
    "an array of width zero": message(f'{{"a":["|V0",[{2**40}]]}}'),
    "an array of text without width": message(f'{{"a":["<U0",[{2**40}]]}}'),
    "an array without its bytes": message('{"a":["<i8",[1000000]]}'),
    "an array whose size overflows": message(f'{{"a":["<i8",[{2**25},{2**25},{2**25}]]}}'),
    "a negative shape": message('{"a":["<i8",[-1]]}'),
    "a shape of booleans": message('{"a":["<i8",[true]]}', b"\0" * 8),
    "a structured dtype": message('{"a":["i4,i4",[1]]}', b"\0" * 8),
    "bytes that nobody asked for": message("1", b"\0"),
    "a long text": message(json.dumps("x" * (MAX_TEXT_CHARS + 1))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(WireError):
        decode(HOSTILE[name])


def test_random_changes_of_a_frame_give_a_message_or_a_wire_error() -> None:
    rng = np.random.default_rng(0)
    good = encode({"v": [1, 2.5, (None, {"k": np.arange(4)}), np.int8(3)], "w": "text"})
    refused = 0
    for _ in range(3_000):
        bad = bytearray(good)
        for place in rng.integers(0, len(bad), size=rng.integers(1, 4)):
            bad[place] = rng.integers(0, 256)
        try:
            decode(bytes(bad))
        except WireError:
            refused += 1
    assert refused > 1_000


def test_a_message_crosses_a_socket(ends: tuple[Channel, socket.socket]) -> None:
    channel, other = ends
    channel.send({"v": [1, "two"]}, timeout_s=5)
    assert Channel(other).receive(timeout_s=5) == {"v": [1, "two"]}


def test_a_reader_does_not_wait_longer_than_it_says(ends: tuple[Channel, socket.socket]) -> None:
    channel, other = ends
    other.send(struct.pack("!I", 100) + b"half")
    with pytest.raises(WireTimeoutError):
        channel.receive(timeout_s=0.05)


def test_drops_of_bytes_do_not_extend_the_deadline(ends: tuple[Channel, socket.socket]) -> None:
    channel, other = ends
    stop = threading.Event()

    def drip() -> None:
        other.send(struct.pack("!I", 5_000))
        while not stop.wait(0.01):
            other.send(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        with pytest.raises(WireTimeoutError):
            channel.receive(timeout_s=0.2)
    finally:
        stop.set()
        thread.join()


def test_a_writer_does_not_wait_for_a_reader_that_never_reads(ends: tuple[Channel, socket.socket]) -> None:
    _, other = ends
    with pytest.raises(WireTimeoutError):
        Channel(other).send({"v": np.zeros(4_000_000)}, timeout_s=0.05)


def test_a_frame_that_is_too_long_is_refused_before_it_is_read(ends: tuple[Channel, socket.socket]) -> None:
    channel, other = ends
    other.send(struct.pack("!I", 2**31))
    with pytest.raises(WireError, match="2,147,483,648 bytes"):
        channel.receive(timeout_s=5)


def test_a_closed_end_is_seen(ends: tuple[Channel, socket.socket]) -> None:
    channel, other = ends
    other.close()
    with pytest.raises(WireClosedError):
        channel.receive(timeout_s=5)
    with pytest.raises(WireClosedError):
        for _ in range(3):
            channel.send({"v": 1}, timeout_s=5)
