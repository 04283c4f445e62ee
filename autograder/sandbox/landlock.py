"""Landlock: the kernel's own rules for files, TCP ports, abstract sockets and signals.

Source: Documentation/userspace-api/landlock.rst; rights were added with ABI 2 (refer), 3
(truncate), 4 (TCP), 5 (ioctl on devices) and 6 (scopes).
"""

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from autograder.sandbox import syscalls

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_SOCK, _MAKE_BLOCK = 1 << 6, 1 << 9, 1 << 11
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ_RIGHTS = _EXECUTE | _READ_FILE | _READ_DIR
_FORBIDDEN_RIGHTS = _MAKE_CHAR | _MAKE_SOCK | _MAKE_BLOCK | _IOCTL_DEV
_TCP_RIGHTS = 0b11
_ALL_SCOPES = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("ports", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def abi_version() -> int:
    """Return the kernel's Landlock version.

    Raises:
        OSError: there is none, or it is switched off.
    """
    return syscalls.syscall(_CREATE_RULESET, "landlock", None, 0, _CREATE_RULESET_VERSION)


def restrict(read: Iterable[Path], hidden: Iterable[Path], write: Iterable[Path]) -> None:
    """Leave this process and its descendants only these paths, and no TCP.

    Needs ``no_new_privs``. What does not exist is left out. The names in a folder around a
    hidden path can still be listed, or Python could not import from it.
    """
    version = abi_version()
    files = (1 << 13) - 1
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
        files |= right if version >= since else 0
    handled = _Ruleset(files, _TCP_RIGHTS if version >= 4 else 0, _ALL_SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = syscalls.syscall(_CREATE_RULESET, "landlock", ctypes.byref(handled), size, 0)
    try:
        for path in read:
            _allow(ruleset, path, _READ_DIR)
            for part in _without_hidden(path, tuple(hidden)):
                _allow(ruleset, part, files & _READ_RIGHTS)
        for path in write:
            _allow(ruleset, path, files & ~_FORBIDDEN_RIGHTS)
        syscalls.syscall(_RESTRICT_SELF, "landlock", ruleset, 0)
    finally:
        os.close(ruleset)


def _without_hidden(path: Path, hidden: tuple[Path, ...]) -> list[Path]:
    """Return ``path``, or its parts where something inside it is hidden."""
    if path in hidden:
        return []
    if not any(one.is_relative_to(path) for one in hidden):
        return [path]
    return [part for entry in path.iterdir() for part in _without_hidden(entry, hidden)]


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        allowed = rights if path.is_dir() else rights & _FILE_RIGHTS
        if allowed:
            rule = _PathBeneath(allowed, place)
            syscalls.syscall(_ADD_RULE, f"landlock {path}", ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(place)
