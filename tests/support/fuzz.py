"""Random inputs for what trusted processes and the reader take apart, the same in every run.

    python -m tests.support.fuzz KIND COUNT

Each input gives a value or the exception that its reader documents; any other one ends the process, and
so does memory that grows. A line is printed before each group of inputs: whoever waits for the next one
too long knows that something hangs. The input that fails is printed last, as Python writes it.
"""

import contextlib
import copy
import csv
import datetime
import io
import json
import random
import resource
import socket
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from autograder.engine.table_values import Table
from autograder.engine.values import from_wire
from autograder.engine.wire import Channel, WireError, decode, encode

GROUP = 100
MAX_GROWTH_BYTES = 64 * 2**20
TINY_COURSE = Path(__file__).parents[1] / "tiny_assignment"
DAY = datetime.datetime(2027, 1, 29, 12)

Draw = random.Random
Case = tuple[Callable[[Any], object], Any]
"""What takes an input apart, and the input."""

ODD_TEXTS = (
    "", " ", "\0", "\n", "\r\n", "a" * 300, "é", "e\u0301", "ß", "ﬁ", "\u202e", "\u2028", "\ud83d", "😀",
    "..", "/", "\\", "C:", "-", "=1+1", "@x", "'=", "+1", "%s", "{}", "${x}", "<b>", "&amp;", "\x1b[2J",
    "con", "NUL", "LPT1.txt", "(1)", "copy of", " - Kopie", "v2", "_LATE_", "_1011_77001_",
    "_assignsubmission_file_", "anon_x7Kp2", "[1] - ", "20270129", "2027-01-29T23:59:00+00:00",
    "2027_01_29T23_59_00", "attempt_2027-01-29-23-10-11_", ".ipynb", ".zip", ".py", ".ipynb.txt", "tiny",
    "Smoothing with NumPy", "submitted", "a" + "\u0301\u0316" * 200,
)  # fmt: skip


def mutated(draw: Draw, data: bytes, words: tuple[bytes, ...], other: bytes) -> bytes:
    """Return bytes with some changed, taken out, doubled, or replaced by a word or by a part of others."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 3, 8))):
        place = draw.randrange(len(changed) + 1)
        end = min(len(changed), place + draw.choice((1, 2, 4, 30, 500)))
        way = draw.randrange(6)
        if way == 0:
            changed[place:end] = draw.randbytes(end - place)
        elif way == 1:
            del changed[place:end]
        elif way == 2:
            changed[place:place] = changed[place:end] * draw.choice((1, 1, 2, 50))
        elif way == 3:
            changed[place : place + draw.randrange(8)] = draw.choice(words)
        elif way == 4 and place < len(changed):
            changed[place] ^= 1 << draw.randrange(8)
        else:
            start = draw.randrange(len(other) + 1)
            changed[place:end] = other[start : start + draw.randrange(60)]
    return bytes(changed)


# Frames on the wire, and what a reply in them may be.

FRAME_WORDS = (
    b'{"d":[[', b'{"t":[', b'{"a":["<f8",[2,3]]}', b'{"a":["|V0",[9]]}', b'{"s":"<i8"}', b'{"f":"nan"}',
    b'{"e":0}', b'{"i":["date","2027-01-29"]}', b'{"i":["timedelta",[1,2,3]]}', b'{"p":{"d":[]}}',
    b'{"a":["<M8[ns]",[2]]}', b'{"u":"x"}',
    b"]]}", b"[", b"]", b"1e999", b"NaN", b"-0.0", b"9" * 30, b'"\\ud83d"',
    b"null", b"true", b",", b":", b"\0\0\0\0", b"\xff\xff\xff\xff", b'"<U100001"',
    b'["<f8",[4294967296,4294967296]]', b"[" * 2_000,
)  # fmt: skip
REPLY_WORDS = (
    "data",
    "list",
    "tuple",
    "set",
    "dict",
    "int",
    "array",
    "other",
    "refused",
    "model",
    "kind",
    "",
)


def frames(draw: Draw) -> Iterator[Case]:
    """Yield frames: made of good ones, of random values, and in pieces on a socket."""
    good = [encode({"v": random_value(draw, 4), "w": random_value(draw, 3)}) for _ in range(200)]
    while True:
        data = mutated(draw, draw.choice(good), FRAME_WORDS, draw.choice(good))
        way = draw.randrange(10)
        if way == 0:
            yield (
                receive_frame,
                struct.pack("!I", draw.choice((len(data), 0, 3, 2**31, len(data) + 9))) + data,
            )
        elif way < 4:
            yield read_reply, random_reply(draw, 4)
        else:
            yield read_frame, data


def random_value(draw: Draw, depth: int) -> Any:
    """Return a value that may cross."""
    kinds: list[Callable[[], Any]] = [
        lambda: draw.choice((None, True, ..., 0, -(2**63), 2**63 - 1, 0.1, float("nan"), float("inf"))),
        lambda: draw.choice(ODD_TEXTS),
        lambda: np.str_(draw.choice(ODD_TEXTS)),
        lambda: draw.choice((DAY, DAY.date(), DAY - DAY, np.datetime64(DAY), Table({"columns": []}))),
        lambda: draw.choice((np.float32(1.5), np.int8(-3), np.bool_(True))),
        lambda: np.arange(draw.randrange(6)).astype(draw.choice(("<i8", "<f4", "|b1", "<U3"))),
    ]
    if depth > 0:
        kinds += [
            lambda: [random_value(draw, depth - 1) for _ in range(draw.randrange(4))],
            lambda: tuple(random_value(draw, depth - 1) for _ in range(draw.randrange(4))),
            lambda: {str(number): random_value(draw, depth - 1) for number in range(draw.randrange(4))},
        ]
    return draw.choice(kinds)()


def random_reply(draw: Draw, depth: int) -> Any:
    """Return what claims to be the value of an answer."""
    if depth == 0 or draw.random() < 0.1:
        return random_value(draw, 1)
    inner = random_reply(draw, depth - 1)
    content = draw.choice((inner, [inner, inner], [[inner, inner]], random_value(draw, 2)))
    return (draw.choice(REPLY_WORDS), content, *([random_value(draw, 1)] if draw.random() < 0.2 else []))


def read_frame(data: bytes) -> None:
    """Read a frame; what is read can be sent on."""
    try:
        message = decode(data)
    except WireError:
        return
    assert encode(decode(encode(message))) == encode(message)


def receive_frame(data: bytes) -> None:
    """Receive the frames in some bytes of a socket whose other end is closed behind them."""
    mine, other = socket.socketpair()
    with mine, other:
        other.sendall(data[:100_000])
        other.shutdown(socket.SHUT_WR)
        channel = Channel(mine, max_frame_bytes=2**20)
        try:
            while True:
                channel.receive(timeout_s=5)
        except WireError:
            pass


def read_reply(reply: Any) -> None:
    """Read the value of an answer, as the grader does."""
    from autograder.checks import MismatchError
    from autograder.engine.grader import _error
    from autograder.engine.submission_process import _cell_error_message

    with contextlib.suppress(WireError, MismatchError):
        from_wire(reply, lambda content: content)
    with contextlib.suppress(WireError):
        _error(reply, hidden=False)
        _error({"bases": [reply], "name": reply, "text": reply, "line": reply}, hidden=False)
    parts = reply if type(reply) is tuple else (reply,)
    assert _cell_error_message(dict(zip(("name", "text", "line"), parts, strict=False))).isprintable()


# Notebooks, scripts and archives, as the reader sees them.

NOTEBOOK_WORDS = (
    b"[", b"{", b"]", b"}", b'"', b"\\", b"\\u0000", b"\\ud800", b'"cells":', b'"source":[',
    b'"cell_type":"code",', b'"cell_type":"markdown",', b'"outputs":[',
    b'"metadata":{"nbgrader":{"grade_id":"q1"}},', b"null", b"-1e999", b"true",
    b'"image/png":"iVBORw0KGgo="', b'"worksheets":[{"cells":[]}]', b'"nbformat":3', b"def moving_average(",
    b"%%bash\\n", b"!pip", b"# %% [markdown]\n", b"# In[1]:\n", b"<<<<<<< HEAD\\n", b">>>>>>> x\\n",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"@" * 90, b"(" * 300, b"lambda: " * 99,
    b"version https://git-lfs.github.com/spec/", b"https://colab.research.google.com/drive/1",
    b"PK\x03\x04",
)  # fmt: skip
ARCHIVE_WORDS = (
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\0\0\0\0",
    b"\xff\xff\xff\xff", b"\xff\xff", b"\x08\0", b"\x0e\0", b"../", b"/", b"\\", b".ipynb", b"\x00",
    b"\x01\0\x10\0",
)  # fmt: skip


def notebooks(draw: Draw) -> Iterator[Case]:
    """Yield notebooks, scripts and archives of them, each changed somewhere."""
    from tests.support.fuzz_reader import Reading

    reading = Reading()
    solution = reading.solution
    script = b"# %%\n" + b"\n# %% [markdown]\n# text\n# %%\n".join(
        "".join(cell["source"]).encode() for cell in json.loads(solution)["cells"]
    )
    good = [solution, script, json.dumps(json.loads(solution), ensure_ascii=False, indent=1).encode("utf-16")]
    archives = [packed(draw, solution) for _ in range(20)]
    while True:
        way = draw.randrange(10)
        if way < 5:
            yield reading.read_notebook, mutated(draw, draw.choice(good), NOTEBOOK_WORDS, script)
        elif way < 7:
            yield reading.read_notebook, spoiled(draw, solution)
        else:
            data = mutated(draw, draw.choice(archives), ARCHIVE_WORDS, draw.choice(archives))
            yield reading.read_archive, data
        if draw.random() < 0.005:
            yield reading.read_in_confinement, mutated(draw, solution, NOTEBOOK_WORDS, script)


def packed(draw: Draw, notebook: bytes) -> bytes:
    """Return an archive with some files, some of which are archives."""
    buffer = io.BytesIO()
    kind = draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for number in range(draw.randrange(1, 4)):
            name = "".join(draw.choices(ODD_TEXTS[8:], k=2)).encode("utf-8", errors="replace").decode()
            data = draw.choice((notebook[: draw.randrange(len(notebook))], b"", zlib.compress(notebook)))
            archive.writestr(name.replace("\0", "") or str(number), data)
        archive.writestr("inner.zip", buffer.getvalue()[:400])
    return buffer.getvalue()


def spoiled(draw: Draw, data: bytes) -> bytes:
    """Return a notebook that is still JSON, with odd values in some places."""
    raw = json.loads(data)
    odd = [None, -1, 1e300, True, [], {}, [[]], {"a": {}}, "q2-answer", "def f(:", *ODD_TEXTS]
    for _ in range(draw.randrange(1, 10)):
        place = raw
        while True:
            key = draw.choice(list(place)) if isinstance(place, dict) else draw.randrange(len(place))
            if not isinstance(place[key], (dict, list)) or not place[key] or draw.random() < 0.15:
                place[key] = copy.deepcopy(draw.choice(odd))
                break
            inner = place[key]
            if isinstance(place, list) and draw.random() < 0.2:
                place.insert(draw.randrange(len(place)), copy.deepcopy(inner))
            place = inner
        if not raw:
            break
    return json.dumps(raw).encode()


# Names of files and folders, and class lists.

HEADERS = (
    "student,id,name,email,section,canvas_id,moodle_id,group,due,file",
    "Student,ID,SIS User ID,SIS Login ID,Section",
    "Identifier,Full name,Email address,Status,Grade",
    "First name,Last name,Email address,ID number",
    "First Name,Last Name,SID,Email,Sections",
    "id,first_name,last_name,email,lms_user_id",
    "identifier,github_username,github_id,name",
)
LIST_WORDS = (
    b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b"sep=;\n", b"\xef\xbb\xbf", b"\xff\xfe",
    b"=1+1", b"@", b"1.5E+10", b"Points Possible", b"Student, Test", b"Participant 12",
    b"2027-01-29 23:59 Europe/Berlin", b"2027-01-29 23:59 ../../etc/passwd", b"2027-13-99T99:99Z", b",,,,",
    b"\xcc\x81" * 500,
)  # fmt: skip


def names(draw: Draw) -> Iterator[Case]:
    """Yield names of files and folders, whole trees of them, and class lists."""
    from tests.support.fuzz_names import Naming

    naming = Naming()
    examples = naming.examples
    while True:
        parts = draw.choices((*ODD_TEXTS, *examples), k=draw.randrange(1, 5))
        text = "".join(parts)
        if draw.random() < 0.5:
            place = draw.randrange(len(text) + 1)
            text = text[:place] + draw.choice(ODD_TEXTS) + text[place + draw.randrange(4) :]
        way = draw.randrange(10)
        if way < 6:
            yield naming.read_name, text * draw.choice((1, 1, 1, 30))
        elif way < 7:
            yield naming.read_tree, ["".join(draw.choices(ODD_TEXTS + examples, k=2)) for _ in range(6)]
        else:
            yield naming.read_list, random_list(draw)


def random_list(draw: Draw) -> bytes:
    """Return a class list that has been changed somewhere."""
    buffer = io.StringIO()
    header = draw.choice(HEADERS)
    writer = csv.writer(buffer, delimiter=draw.choice(",,,;\t"))
    writer.writerow(header.split(","))
    for _ in range(draw.randrange(5)):
        writer.writerow([draw.choice((*ODD_TEXTS, "ada", "7")) for _ in header.split(",")])
    data = buffer.getvalue().encode(draw.choice(("utf-8", "utf-8-sig", "utf-16")), errors="replace")
    return data if draw.random() < 0.3 else mutated(draw, data, LIST_WORDS, data)


KINDS: Mapping[str, Callable[[Draw], Iterator[Case]]] = {
    "frames": frames,
    "notebooks": notebooks,
    "names": names,
}


def main(kind: str, count: int) -> None:
    """Try so many inputs of a kind."""
    # What grows without end is refused here, and not by the kernel's choice of a victim.
    resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))
    draw, process = Draw(f"{kind} 1"), psutil.Process()
    cases = KINDS[kind](draw)
    warm_bytes = 0
    for number in range(count):
        if number % GROUP == 0:
            print(number, flush=True)
        take, value = next(cases)
        try:
            take(value)
        except BaseException:
            print(f"{take.__name__}({value!r})", flush=True)
            raise
        if number == count // 4:
            warm_bytes = process.memory_info().rss
    growth_bytes = process.memory_info().rss - warm_bytes
    assert growth_bytes < MAX_GROWTH_BYTES, f"{growth_bytes:,} bytes more after {count:,} inputs"
    print(f"done: {count} {kind}, {growth_bytes / 2**20:.0f} MiB more", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
