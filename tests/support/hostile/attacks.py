"""The attacks of ``attacks.toml``, and the submissions that make them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PRELUDE = """\
import contextlib, ctypes, errno, fcntl, gc, inspect, json, mmap, os, pathlib, resource, signal, socket
import stat, struct, subprocess, sys, tempfile, threading, time
T = TARGETS
loot, libc = [], ctypes.CDLL(None, use_errno=True)
def reach(name, attempt):
    with contextlib.suppress(Exception):
        if attempt() not in (False, None, b"", "") and name not in loot:
            loot.append(name)
def ok(result):
    return result >= 0
def call(number, *arguments):
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return libc.syscall(ctypes.c_long(number), *wide) >= 0
def read(path):
    with open(path, "rb") as file:
        return file.read(1 << 20)
def write(path, mode="ab"):
    with open(path, mode) as file:
        return file.write(b"x")
def in_child(attempt):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if attempt() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""
"""What every cell may use: ``reach`` notes in ``loot`` the name of an attempt that got hold of something."""

WRONG = """\
def moving_average(values, width=width):
    if globals().get("loot"):
        raise ValueError("reached: " + ", ".join(loot))
    return values
"""
"""The answer below an attack: it is wrong, and tells what was reached."""

RIGHT = """\
def moving_average(values, width=width):
    return np.convolve(values, np.ones(width) / width, "valid")
"""
PLACES = ("cell", "answer", "end")

Attack = Mapping[str, Any]

ATTACKS: dict[str, Attack] = {
    attack["name"]: {"place": "cell", "points": [0, 6], "reached": {}, **attack}
    for attack in tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["attack"]
}


def cells_of(attack: Attack, targets: Mapping[str, object]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the answers of a submission that makes an attack, and its cells above some others."""
    prelude, code = PRELUDE.replace("TARGETS", repr(dict(targets))), attack["code"].rstrip("\n")
    if attack["place"] == "answer":
        indented = code.replace("\n", "\n    ")
        return {"q1-answer": f"def moving_average(values, width=width):\n    {indented}\n"}, {
            "q1-answer": prelude
        }
    if attack["place"] == "end":
        return {"q1-answer": RIGHT}, {"scaling": prelude + code}
    return {"q1-answer": WRONG}, {"q1-answer": prelude + code}
