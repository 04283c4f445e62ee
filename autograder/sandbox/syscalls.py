"""The kernel's calls that Python does not offer; each raises ``OSError`` when refused.

Linux only, but for three that other systems simply go without. Numbers from 424 on are the
same on every architecture, and the other calls go by the C library's names.
"""

import ctypes
import os
import sys

_LIBC = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_BIND = 1 << 12
MS_REC = 1 << 14
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

ATTR_RDONLY = 1
ATTR_NOSUID = 2
ATTR_NODEV = 4

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
_AT_FDCWD = -100
_SYS_MOUNT_SETATTR = 442


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def check_result(result: int, operation: str) -> int:
    """Return ``result``, or raise the error that the last call left behind."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{operation}: {os.strerror(code)}")
    return result


def syscall(number: int, operation: str, *arguments: object) -> int:
    """Make a system call by number; integers travel as 64 bits."""
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return check_result(_LIBC.syscall(ctypes.c_long(number), *wide), operation)


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    check_result(_LIBC.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount ``source`` on ``target``."""
    arguments = [text.encode() or None for text in (source, target, kind)]
    flag = ctypes.c_ulong(flags)
    check_result(_LIBC.mount(*arguments, flag, options.encode() or None), f"mount {target}")


def unmount(target: str) -> None:
    """Take away what is mounted on ``target``, now or when its last user is gone."""
    check_result(_LIBC.umount2(target.encode(), MNT_DETACH), f"unmount {target}")


def set_mount_attributes(target: str, attributes: int) -> None:
    """Add attributes to the mount at ``target`` (Linux 5.12)."""
    change = _MountAttributes(attributes, 0, 0, 0)
    what, size = f"mount_setattr {target}", ctypes.sizeof(change)
    syscall(_SYS_MOUNT_SETATTR, what, _AT_FDCWD, target.encode(), 0, ctypes.byref(change), size)


def pivot_root(root: str) -> None:
    """Make the mount at ``root`` the root folder and let go of the old one."""
    os.chdir(root)
    check_result(_LIBC.pivot_root(b".", b"."), "pivot_root")
    unmount(".")
    os.chdir("/")


def prctl(option: int, *values: int) -> None:
    """Change an attribute of this process."""
    wide = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    check_result(_LIBC.prctl(option, *wide), f"prctl {option}")


def die_with_parent(signal_number: int) -> None:
    """Be sent a signal when the *thread* that forked this process ends."""
    if sys.platform == "linux":
        prctl(_PR_SET_PDEATHSIG, signal_number)


def set_process_name(name: str) -> None:
    """Have tools such as ``top`` show this process by a name of up to 15 letters."""
    if sys.platform == "linux":
        text = ctypes.create_string_buffer(name.encode())
        prctl(_PR_SET_NAME, ctypes.addressof(text))


def set_child_subreaper() -> None:
    """Become the parent of all descendants whose own parent ends."""
    if sys.platform == "linux":
        prctl(_PR_SET_CHILD_SUBREAPER, 1)


def set_dumpable(enabled: bool, /) -> None:
    """Let processes of the same user read and write this one's memory, or not."""
    if sys.platform == "linux":
        prctl(_PR_SET_DUMPABLE, int(enabled))


def set_no_new_privs() -> None:
    """Let no program that is executed from here on raise its privileges."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def load_seccomp_filter(program: bytes) -> None:
    """Load a seccomp program, eight bytes per instruction."""
    buffer = ctypes.create_string_buffer(program, len(program))
    loaded = _FilterProgram(len(program) // 8, ctypes.addressof(buffer))
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(loaded))


def drop_bounding_capabilities(last_capability: int) -> None:
    """Drop every capability up to ``last`` from the bounding set."""
    for capability in range(last_capability + 1):
        prctl(_PR_CAPBSET_DROP, capability)


def drop_capabilities() -> None:
    """Give up every capability of this process."""
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    check_result(_LIBC.capset(ctypes.byref(header), ctypes.byref(nothing)), "capset")
