"""User, limits and capabilities of one process; each step is for good."""

import os
import resource
import sys
from pathlib import Path

import psutil

from autograder.grade.limits import Limits
from autograder.grade.sandbox import syscalls

_DATA_BYTES = 2 * 2**30
_ADDRESS_BYTES = 8 * 2**30
_OPEN_FILES = 1024
_MESSAGE_QUEUES = 12
"""RLIMIT_MSGQUEUE; Python has no name for it."""

_LAST_CAPABILITY = 40
"""Where ``/proc`` does not say: CAP_CHECKPOINT_RESTORE, Linux 5.9 and later."""


def own_user_namespace() -> None:
    """Give this process all capabilities, over nothing but what it makes from here on."""
    user, group = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def become(uid: int) -> None:
    """Change from root to a user and group of their own, for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def forget_capabilities() -> None:
    """Empty the bounding set; a later execve gains nothing."""
    file = Path("/proc/sys/kernel/cap_last_cap")
    syscalls.bound_capabilities(int(file.read_text()) if file.exists() else _LAST_CAPABILITY)


def give_up_privileges() -> None:
    """Drop every capability, and never gain one by executing a program."""
    if sys.platform == "linux":
        syscalls.drop_capabilities()
        syscalls.never_gain_privileges()


def limit(limits: Limits, *, shared_user: bool) -> None:
    """Set the limits that hold for each process by itself.

    Args:
        limits: what one submission may use.
        shared_user: other processes belong to the same user; they count as processes too.
    """
    others = _threads_of(os.getuid()) if shared_user else 0
    cpu_s = int(limits.total_s * (os.cpu_count() or 1)) + 1
    table = {
        "CORE": 0,
        "NOFILE": _OPEN_FILES,
        "FSIZE": limits.scratch_bytes,
        "CPU": cpu_s,
        "DATA": _DATA_BYTES,
        "AS": _ADDRESS_BYTES,
        "NPROC": limits.processes + others,
        "MEMLOCK": 0,
    }
    for name, value in table.items():
        if hasattr(resource, f"RLIMIT_{name}"):
            _lower(getattr(resource, f"RLIMIT_{name}"), value)
    if sys.platform == "linux":
        _lower(_MESSAGE_QUEUES, 0)


def _threads_of(uid: int) -> int:
    found = psutil.process_iter(["uids", "num_threads"])
    return sum(one.info["num_threads"] or 0 for one in found if one.info["uids"].real == uid)


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))
