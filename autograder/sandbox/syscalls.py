"""The kernel's calls that Python does not offer; each raises ``OSError`` when refused.

Linux only, except the four that do nothing on other systems. System calls from 424 on have the same
number on every architecture; the others are called by the C library's names.
"""

import ctypes
import os
import sys
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
NETWORK_NAMESPACES = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP
ALL_NAMESPACES = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER | NETWORK_NAMESPACES

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
_MNT_DETACH = 2
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV = 1, 2, 4

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NAME, _PR_SET_SECCOMP = 1, 4, 15, 22
_PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 24, 36, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 40
"""Used where ``/proc`` does not say: CAP_CHECKPOINT_RESTORE, Linux 5.9 and later."""

_AT_FDCWD = -100
_SYS_MOUNT_SETATTR = 442


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _check_result(result: int, operation: str) -> int:
    """Return ``result``, or raise the error that the last call left in ``errno``."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{operation}: {os.strerror(code)}")
    return result


def syscall(number: int, operation: str, *arguments: object) -> int:
    """Make a system call by number."""
    # ctypes passes a plain int as 32 bits; the upper half of the register would be undefined.
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _check_result(_LIBC.syscall(ctypes.c_long(number), *wide), operation)


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    _check_result(_LIBC.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount ``source`` on ``target``."""
    arguments = [text.encode() or None for text in (source, target, kind)]
    flag = ctypes.c_ulong(flags)
    _check_result(_LIBC.mount(*arguments, flag, options.encode() or None), f"mount {target}")


def set_mount_attributes(target: str, attributes: int) -> None:
    """Add attributes to the mount at ``target`` (Linux 5.12)."""
    change = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)  # attr_set, attr_clr, propagation, userns_fd
    operation, size = f"mount_setattr {target}", ctypes.sizeof(change)
    syscall(_SYS_MOUNT_SETATTR, operation, _AT_FDCWD, target.encode(), 0, ctypes.byref(change), size)


def pivot_root(root: str) -> None:
    """Make the mount at ``root`` the root folder and detach the old one."""
    # With "." for both, the old root is stacked below the new one, so it needs no folder in it
    # (pivot_root(2), notes); unmounting "." then removes the old root.
    os.chdir(root)
    _check_result(_LIBC.pivot_root(b".", b"."), "pivot_root")
    _check_result(_LIBC.umount2(b".", _MNT_DETACH), "unmount the old root")
    os.chdir("/")


def _prctl(option: int, *values: int) -> None:
    """Change an attribute of this process."""
    wide = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    _check_result(_LIBC.prctl(option, *wide), f"prctl {option}")


def die_with_parent(signal_number: int) -> None:
    """Have the kernel send a signal to this process when its parent ends.

    The parent is the *thread* that forked: a process forked by a pool's thread dies with that
    thread. Changing the user clears the setting.
    """
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal_number)


def set_process_name(name: str) -> None:
    """Set the name that ``top`` shows for this process, up to 15 bytes."""
    if sys.platform == "linux":
        text = ctypes.create_string_buffer(name.encode())
        _prctl(_PR_SET_NAME, ctypes.addressof(text))


def set_child_subreaper() -> None:
    """Become the parent of all descendants whose own parent ends."""
    if sys.platform == "linux":
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def set_dumpable(enabled: bool, /) -> None:
    """Let processes of the same user read and write this one's memory, or forbid it."""
    if sys.platform == "linux":
        _prctl(_PR_SET_DUMPABLE, int(enabled))


def load_seccomp_filter(program: bytes) -> None:
    """Load a seccomp program, eight bytes per instruction; descendants inherit it."""
    buffer = ctypes.create_string_buffer(program, len(program))
    instructions = _FilterProgram(len(program) // 8, ctypes.addressof(buffer))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(instructions))


def drop_bounding_set() -> None:
    """Empty the bounding set, so that no later ``execve`` gains a capability; needs CAP_SETPCAP."""
    file = Path("/proc/sys/kernel/cap_last_cap")
    last = int(file.read_text()) if file.exists() else _LAST_CAPABILITY
    for capability in range(last + 1):
        _prctl(_PR_CAPBSET_DROP, capability)


def drop_capabilities() -> None:
    """Drop every capability of this process, and never gain one by executing a program."""
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)  # version, pid: this process
    empty_sets = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, 64 bits each
    _check_result(_LIBC.capset(ctypes.byref(header), ctypes.byref(empty_sets)), "capset")
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
