"""User, resource limits, capabilities and system calls of one process; each step is irreversible."""

import errno
import os
import resource
import socket
import struct
import sys
import tempfile
from functools import cache
from pathlib import Path

import psutil

from autograder.limits import Limits
from autograder.sandbox import syscalls

_MAX_DATA_BYTES = 2 * 2**30
_MAX_ADDRESS_BYTES = 8 * 2**30
_MAX_OPEN_FILES = 1024
_RLIMIT_MSGQUEUE = 12
"""RLIMIT_MSGQUEUE; Python has no name for it."""

# A deny list, since an allow list breaks with every release of glibc and TensorFlow. What it stops no
# other layer does: pathname sockets connect out of a network namespace, AF_VSOCK ignores it, and a
# memfd is memory that no limit counts.
_DENIED_SYSCALLS = """
    socket connect bind listen accept accept4 io_uring_setup io_uring_enter io_uring_register
    memfd_create memfd_secret userfaultfd keyctl add_key request_key bpf perf_event_open ptrace
    process_vm_readv process_vm_writev process_madvise kcmp pidfd_open pidfd_getfd pidfd_send_signal
    setns unshare mount umount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount
    fspick mount_setattr name_to_handle_at open_by_handle_at fanotify_init shmget shmat shmctl shmdt
    semget semop semtimedop semctl msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend
    mq_timedreceive mq_notify mq_getsetattr sched_setaffinity sched_setscheduler sched_setparam
    sched_setattr setpriority ioprio_set setuid setgid setreuid setregid setresuid setresgid setfsuid
    setfsgid setgroups capset mbind set_mempolicy migrate_pages move_pages personality modify_ldt iopl
    ioperm syslog acct quotactl swapon swapoff reboot kexec_load kexec_file_load init_module
    finit_module delete_module vhangup settimeofday clock_settime clock_adjtime adjtimex sethostname
    setdomainname inotify_init inotify_init1 inotify_add_watch sendmsg sendmmsg
"""
_PROCESS_SYSCALLS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "prlimit64")
"""Calls whose first argument is the process that gets a signal (for ``tkill``, the thread) or a limit."""

ATTRIBUTE_SYSCALLS = """
    chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat utime utimes futimesat utimensat
    setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat
    file_setattr
"""
"""Calls that change the mode, owner or times of a file by its name: Landlock does not know them."""

FILE_SYSCALLS = f"""
    {ATTRIBUTE_SYSCALLS} open openat openat2 creat truncate mkdir mkdirat rmdir unlink unlinkat rename
    renameat renameat2 link linkat symlink symlinkat mknod mknodat execve execveat
"""
"""Calls that open or change files by their names."""

_NEW_SYSCALLS = {"fchmodat2": 452, "setxattrat": 463, "removexattrat": 466, "file_setattr": 469}
"""Numbers, the same on every architecture, of calls that libseccomp may be too old to know."""

_INSTRUCTION = struct.Struct("=HBBI")
"""An instruction of a classic BPF program: code, jumps if true and if false, operand (``linux/filter.h``)."""

_LOAD_WORD, _JUMP_IF_EQUAL, _JUMP, _RETURN = 0x20, 0x15, 0x05, 0x06
_SYSCALL_OFFSET, _FIRST_ARGUMENT_OFFSET = 0, 16 + 4 * (sys.byteorder == "big")
"""Places in ``struct seccomp_data``; a pid is the lower half of the argument."""

_REFUSE = 0x00050000 | errno.EPERM
"""SECCOMP_RET_ERRNO with its number."""

_SOCKET_TYPE_MASK = 0xF
_TIOCSTI, _FIOSETOWN, _SIOCSPGRP = 0x5412, 0x8901, 0x8902
"""Requests (``ioctl``): type into a terminal, as if its user had; choose who gets a socket's signals."""

_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15
"""Commands (``fcntl``): choose who gets a descriptor's signals, and which one, also SIGKILL."""


def enter_user_namespace() -> None:
    """Give this process all capabilities, but only over what it creates from here on."""
    user, group = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    # The kernel accepts a gid map from an unprivileged process only after "deny".
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def switch_user(uid: int) -> None:
    """Change from root to a user and group of the same number; clears the parent-death signal."""
    os.setgroups([])  # while root, since the next two lines take the right away
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def set_resource_limits(limits: Limits, *, shared_user: bool) -> None:
    """Set the limits that hold for each process by itself.

    Args:
        limits: what one submission may use.
        shared_user: other processes belong to the same user. RLIMIT_NPROC counts a user's
            threads, so theirs are added.
    """
    max_threads = limits.processes
    if shared_user:
        for process in psutil.process_iter(["uids", "num_threads"]):
            if process.info["uids"].real == os.getuid():
                max_threads += process.info["num_threads"] or 0
    table = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _MAX_OPEN_FILES,
        resource.RLIMIT_FSIZE: limits.scratch_bytes,
        resource.RLIMIT_CPU: int(limits.total_s * (os.cpu_count() or 1)) + 1,
        resource.RLIMIT_DATA: _MAX_DATA_BYTES,
        resource.RLIMIT_AS: _MAX_ADDRESS_BYTES,
        resource.RLIMIT_NPROC: max_threads,
        resource.RLIMIT_MEMLOCK: 0,
    }
    if sys.platform == "linux":
        table[_RLIMIT_MSGQUEUE] = 0
    for kind, value in table.items():
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)  # only root may raise a hard limit
        resource.setrlimit(kind, (value, value))


@cache
def seccomp_program(refused: str, ignored: str, /) -> bytes:
    """Return what ``load_seccomp_filter`` loads in every process.

    Called once in the zygote and inherited by what it forks: in a sandbox libseccomp's file may
    not be readable.

    Args:
        refused: names of calls that fail, besides those that always do.
        ignored: names of calls that succeed and do nothing.

    Raises:
        OSError: libseccomp is not installed.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError) as error:
        raise OSError(errno.ENOSYS, f"libseccomp: {error}") from error
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    fail, do_nothing = pyseccomp.ERRNO(errno.EPERM), pyseccomp.ERRNO(0)
    actions = dict.fromkeys(f"{_DENIED_SYSCALLS} {refused}".split(), fail)
    actions |= dict.fromkeys(ignored.split(), do_nothing)
    for name, action in actions.items():
        if (number := _number(name)) >= 0:
            rules.add_rule(action, number)
    # Threads and subprocesses fall back to clone, whose flags a filter can read: those of clone3 are
    # behind a pointer.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    for flag in (1 << bit for bit in range(32) if syscalls.ALL_NAMESPACES >> bit & 1):
        rules.add_rule(fail, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    for request in (_TIOCSTI, _FIOSETOWN, _SIOCSPGRP):
        rules.add_rule(fail, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, request))
    for command in (_F_SETOWN, _F_SETSIG, _F_SETOWN_EX):
        rules.add_rule(fail, "fcntl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, command))
    # asyncio needs a stream pair; a datagram socket could be redirected to another address.
    rules.add_rule(fail, "socketpair", pyseccomp.Arg(0, pyseccomp.NE, socket.AF_UNIX))
    for kind in range(_SOCKET_TYPE_MASK + 1):
        if kind != socket.SOCK_STREAM:
            has_kind = pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _SOCKET_TYPE_MASK, kind)
            rules.add_rule(fail, "socketpair", has_kind)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _number(name: str) -> int:
    """Return the number of a call; negative if it is not in this libseccomp, or not on this architecture."""
    import pyseccomp

    try:
        number: int = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    except (ValueError, OSError):
        number = -1
    return number if number >= 0 else _NEW_SYSCALLS.get(name, -1)


def load_seccomp_filter(*, refused: str = "", ignored: str = "") -> None:
    """Load the filter into this process: no signal to any process but itself and its group.

    What it forks inherits the filter, and then cannot signal itself either.

    Args:
        refused: names of calls that fail, besides those that always do.
        ignored: names of calls that succeed and do nothing.

    Raises:
        OSError: libseccomp is not installed, or the kernel refuses the filter.
    """
    syscalls.load_seccomp_filter(_process_rules(os.getpid()) + seccomp_program(refused, ignored))


def _process_rules(pid: int) -> bytes:
    """Return instructions that refuse calls for other processes than ``pid`` and 0, itself or its group."""
    # libseccomp cannot compare one argument with two values. These instructions stand in front of its own
    # program, which begins with what follows them. A call of another architecture has other numbers; that
    # program ends the process for it.
    import pyseccomp

    numbers = [pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) for name in _PROCESS_SYSCALLS]
    argument = len(numbers) + 2  # the place of the instruction that loads the argument
    program = [(_LOAD_WORD, 0, 0, _SYSCALL_OFFSET)]
    for place, number in enumerate(numbers, start=1):
        program.append((_JUMP_IF_EQUAL, argument - place - 1, 0, number))
    program += [
        (_JUMP, 0, 0, 4),
        (_LOAD_WORD, 0, 0, _FIRST_ARGUMENT_OFFSET),
        (_JUMP_IF_EQUAL, 2, 0, 0),
        (_JUMP_IF_EQUAL, 1, 0, pid),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(_INSTRUCTION.pack(*instruction) for instruction in program)
