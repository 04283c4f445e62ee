"""User, limits and capabilities of one process; each step is for good."""

import os
import resource
import sys
from pathlib import Path

import psutil

from autograder.sandbox import syscalls
from autograder.sandbox.limits import Limits

_MAX_DATA_BYTES = 2 * 2**30
_MAX_ADDRESS_BYTES = 8 * 2**30
_MAX_OPEN_FILES = 1024
_RLIMIT_MSGQUEUE = 12
"""RLIMIT_MSGQUEUE; Python has no name for it."""

_LAST_CAPABILITY = 40
"""Where ``/proc`` does not say: CAP_CHECKPOINT_RESTORE, Linux 5.9 and later."""


def enter_user_namespace() -> None:
    """Give this process all capabilities, over nothing but what it makes from here on."""
    user, group = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def switch_user(uid: int) -> None:
    """Change from root to a user and group of their own, for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def drop_bounding_set() -> None:
    """Empty the bounding set; a later execve gains nothing."""
    file = Path("/proc/sys/kernel/cap_last_cap")
    syscalls.drop_bounding_capabilities(int(file.read_text()) if file.exists() else _LAST_CAPABILITY)


def drop_privileges() -> None:
    """Drop every capability, and never gain one by executing a program."""
    if sys.platform == "linux":
        syscalls.drop_capabilities()
        syscalls.set_no_new_privs()


def set_resource_limits(limits: Limits, *, shared_user: bool) -> None:
    """Set the limits that hold for each process by itself.

    Args:
        limits: what one submission may use.
        shared_user: other processes belong to the same user; they count as processes too.
    """
    others = _count_threads(os.getuid()) if shared_user else 0
    cpu_s = int(limits.total_s * (os.cpu_count() or 1)) + 1
    table = {
        "CORE": 0,
        "NOFILE": _MAX_OPEN_FILES,
        "FSIZE": limits.scratch_bytes,
        "CPU": cpu_s,
        "DATA": _MAX_DATA_BYTES,
        "AS": _MAX_ADDRESS_BYTES,
        "NPROC": limits.processes + others,
        "MEMLOCK": 0,
    }
    for name, value in table.items():
        if hasattr(resource, f"RLIMIT_{name}"):
            _lower_limit(getattr(resource, f"RLIMIT_{name}"), value)
    if sys.platform == "linux":
        _lower_limit(_RLIMIT_MSGQUEUE, 0)


def _count_threads(uid: int) -> int:
    found = psutil.process_iter(["uids", "num_threads"])
    return sum(one.info["num_threads"] or 0 for one in found if one.info["uids"].real == uid)


def _lower_limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))
