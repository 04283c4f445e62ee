"""System calls that no notebook needs and that lead past the other layers.

A deny list: an allow list breaks with every release of glibc and TensorFlow. Pathname sockets
connect out of a network namespace, AF_VSOCK ignores it, a memfd is memory that no limit counts.
"""

import errno
import socket
import tempfile
from functools import cache

from autograder.sandbox import syscalls

_DENIED_SYSCALLS = """
    socket connect bind listen accept accept4
    io_uring_setup io_uring_enter io_uring_register
    memfd_create memfd_secret userfaultfd
    keyctl add_key request_key
    bpf perf_event_open ptrace process_vm_readv process_vm_writev process_madvise kcmp
    pidfd_open pidfd_getfd pidfd_send_signal
    setns unshare mount umount umount2 pivot_root chroot
    open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
    name_to_handle_at open_by_handle_at fanotify_init
    shmget shmat shmctl shmdt semget semop semtimedop semctl msgget msgsnd msgrcv msgctl
    mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
    sched_setaffinity sched_setscheduler sched_setparam sched_setattr setpriority ioprio_set
    setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset
    mbind set_mempolicy migrate_pages move_pages
    personality modify_ldt iopl ioperm syslog acct quotactl swapon swapoff reboot
    kexec_load kexec_file_load init_module finit_module delete_module
    settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname vhangup
"""

_NAMESPACE_FLAGS = (
    syscalls.CLONE_NEWNS
    | syscalls.CLONE_NEWCGROUP
    | syscalls.CLONE_NEWUTS
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUSER
    | syscalls.CLONE_NEWPID
    | syscalls.CLONE_NEWNET
)
_SOCKET_TYPE_MASK = 0xF
_TIOCSTI = 0x5412


@cache
def filter_program() -> bytes:
    """Return the filter for :func:`syscalls.load_filter`.

    Raises:
        OSError: libseccomp is not there.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError) as error:
        raise OSError(errno.ENOSYS, f"libseccomp: {error}") from error
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refused = pyseccomp.ERRNO(errno.EPERM)
    for name in _DENIED_SYSCALLS.split():
        if _is_supported(name):
            rules.add_rule(refused, name)
    # Threads and subprocesses fall back to clone, whose flags a filter can read.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    for flag in (1 << bit for bit in range(32) if _NAMESPACE_FLAGS >> bit & 1):
        rules.add_rule(refused, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    rules.add_rule(refused, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, _TIOCSTI))
    # asyncio needs a stream pair; a datagram socket could be pointed at another address.
    rules.add_rule(refused, "socketpair", pyseccomp.Arg(0, pyseccomp.NE, socket.AF_UNIX))
    for kind in range(_SOCKET_TYPE_MASK + 1):
        if kind != socket.SOCK_STREAM:
            wanted = pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _SOCKET_TYPE_MASK, kind)
            rules.add_rule(refused, "socketpair", wanted)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _is_supported(name: str) -> bool:
    """Say whether this machine's libseccomp and architecture have the call."""
    import pyseccomp

    try:
        return bool(pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0)
    except (ValueError, OSError):
        return False
