"""Values on their way from an answer to a check: as they are, or as a placeholder of the same type."""

import builtins
import json
import struct
from collections import Counter, namedtuple
from typing import Any

import numpy as np
import pytest

from autograder.engine.grader import _error
from autograder.engine.values import MAX_INTEGER_DIGITS, from_wire, to_wire
from autograder.engine.wire import MAX_TEXT_CHARS, WireError, decode, encode


def crossed(value: Any) -> Any:
    return from_wire(to_wire(value, lambda model: ("model", model)), lambda description: description)


def test_an_integer_beyond_64_bits_arrives_up_to_a_size() -> None:
    largest = 16 ** (MAX_INTEGER_DIGITS - 2) - 1  # "0x" counts as two digits
    for value in (2**63, -(2**200), largest):
        assert crossed(value) == value
    assert crossed(largest + 1) != largest + 1


def test_a_forged_integer_is_cut_before_it_is_read() -> None:
    digits = "f" * (MAX_INTEGER_DIGITS + 5)
    assert from_wire(("int", digits), lambda _: None) == int("f" * MAX_INTEGER_DIGITS, 16)


def test_what_cannot_cross_keeps_its_type_name_and_what_can_stays() -> None:
    class Frame:
        pass

    first, (second, third) = crossed([3, (Frame(), {"k": {1}})])
    assert first == 3
    assert type(second).__name__ == "Frame"
    assert third == {"k": {1}}
    assert crossed(["x" * (MAX_TEXT_CHARS + 1)]) == ["x" * MAX_TEXT_CHARS]
    assert crossed(np.empty((2, 3), dtype=object)).shape == (2, 3)
    assert crossed(np.empty((2, 1_001), dtype=object)).shape == (2, 0)
    assert crossed(np.empty((40, 50), dtype=object)).shape == (0,)


def test_a_counter_and_a_named_tuple_arrive_as_a_dict_and_a_tuple() -> None:
    class Own:
        pass

    pair = namedtuple("pair", "word count")
    for count in (2, 2**70, Own()):  # the last two cross in parts
        sent = to_wire([Counter(a=count), pair("a", count)], lambda model: ("model", model))
        counts, first = from_wire(decode(encode({"value": sent}))["value"], lambda description: description)
        assert (type(counts), type(first)) == (dict, tuple)
        assert list(counts) == ["a"] and first[0] == "a"


@pytest.mark.parametrize(
    "forged",
    [
        3,
        (),
        ("unknown", 1),
        (1, 2),
        ("int", 5),
        ("int", "xyz"),
        ("list", 5),
        ("dict", [[1]]),
        ("data",),
        ("data", 1, 2),
        ("int", np.float32(1)),
        ("array", "f8", 5),
        ("array", "f8", np.True_),
        ("model", 5),
        ("model", np.zeros(3)),
    ],
    ids=repr,
)
def test_a_forged_wire_value_is_refused(forged: Any) -> None:
    with pytest.raises(WireError):
        from_wire(forged, lambda _: None)


def raised(**changes: Any) -> dict[str, Any]:
    return {"bases": ["ValueError"], "name": "Mine", "text": "no", "line": 3} | changes


@pytest.mark.parametrize(
    "forged", [None, 5, "text", [], {}, {"bases": []}, raised(bases=5), raised() | {"bases": None}]
)
def test_a_forged_exception_is_refused(forged: Any) -> None:
    with pytest.raises(WireError):
        _error(forged, hidden=False)


@pytest.mark.parametrize(
    "base",
    [
        name
        for name, kind in vars(builtins).items()
        if isinstance(kind, type) and issubclass(kind, BaseException)
    ],
)
def test_every_exception_of_python_arrives(base: str) -> None:
    for hidden in (False, True):
        arrived = _error(raised(bases=[base, "Exception"], name=[base], text=7, line="x"), hidden)
        assert isinstance(arrived, Exception)
        assert arrived.args == ("",)


def test_the_text_of_an_exception_is_the_one_that_the_student_saw() -> None:
    error = KeyError("Rain")
    arrived = _error(raised(bases=["KeyError"], name="KeyError", text=str(error)), hidden=False)
    assert str(arrived) == str(error) == "'Rain'"


@pytest.mark.parametrize("name", [",b1", "<U4,x", "(1", "<i²", "<f8" + 60 * "0", "", "<", "<i"])
@pytest.mark.parametrize("tag", ["a", "s"])
def test_a_name_that_numpys_parser_stumbles_over_is_refused(tag: str, name: str) -> None:
    content = {"a": [name, [0]], "s": name}[tag]
    line = json.dumps({"d": [["v", {tag: content}]]}).encode()
    with pytest.raises(WireError):
        decode(struct.pack("!I", len(line)) + line)
