"""What a submission sees of the disk: a private root folder, and Landlock's rules.

The root is set up in the mount namespace of one submission and disappears with it. Landlock also
holds where there is no such namespace.

Source: Documentation/userspace-api/landlock.rst; rights were added with ABI 2 (refer), 3 (truncate),
4 (TCP), 5 (ioctl on devices) and 6 (scopes).
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import autograder
from autograder.sandbox import syscalls

SCRATCH = Path("/scratch")
"""The working folder inside the private root; without one a temporary folder is used instead."""

_STAGE = "/sys"
"""Where the new root is assembled: it exists everywhere, and nothing that is bound is below it."""

_SYSTEM_PATHS = ("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/nix/store")
_ETC_FILES = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "fonts", "alternatives")
_KEEP_SYMLINKS_IN = (Path("/"), Path("/etc"))
_DEVICES = tuple(Path("/dev") / name for name in ("null", "zero", "full", "random", "urandom"))
_MAX_INODES = 4096
_PACKAGE = Path(autograder.__file__).resolve().parent
"""No submission may read it."""

_SHARED_MEMORY = Path("/dev/shm")
_SHARED_MEMORY_BYTES = 16 * 2**20
_MOUNT_FLAGS = syscalls.MS_NOSUID | syscalls.MS_NODEV

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_QUERY_VERSION = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_SOCK, _MAKE_BLOCK = 1 << 6, 1 << 9, 1 << 11
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ_RIGHTS = _EXECUTE | _READ_FILE | _READ_DIR
_FORBIDDEN_RIGHTS = _MAKE_CHAR | _MAKE_SOCK | _MAKE_BLOCK | _IOCTL_DEV
_TCP_RIGHTS = 0b11
_ALL_SCOPES = 0b11


def readable_paths(extra: Iterable[Path]) -> tuple[Path, ...]:
    """Return what a submission may read: the system, the interpreter, its packages and ``extra``."""
    paths = [Path(name) for name in _SYSTEM_PATHS]
    paths += [Path("/etc") / name for name in _ETC_FILES]
    paths += map(Path, sorted({sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}))
    paths += extra
    return tuple(dict.fromkeys(path for path in paths if path.exists()))


def enter_root(read: Sequence[Path], hidden: Sequence[Path], uid: int, scratch_bytes: int) -> None:
    """Replace the root folder of this process by one that holds ``read`` and a scratch folder.

    Args:
        read: files and folders, which appear under their own paths.
        hidden: what stays invisible even where a folder of ``read`` contains it. This package
            is always hidden.
        uid: the owner of the scratch folder.
        scratch_bytes: size of the scratch folder.

    Raises:
        OSError: the system refuses a step.
    """
    # Private first, or the mounts below would also appear in the namespace of the host.
    syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    syscalls.mount("root", _STAGE, "tmpfs", _MOUNT_FLAGS, f"size=4m,nr_inodes={_MAX_INODES},mode=755")
    stage = Path(_STAGE)
    # Outer paths first, so that the inner ones cover them.
    is_hidden = dict.fromkeys(read, False) | dict.fromkeys((*hidden, _PACKAGE), True)
    for path in sorted(is_hidden, key=lambda path: len(path.parts)):
        target = stage / path.relative_to("/")
        if not is_hidden[path]:
            _bind(path, target)
        elif target.is_dir():
            syscalls.mount("hidden", str(target), "tmpfs", _MOUNT_FLAGS, "size=64k,mode=755")
        elif target.exists():
            syscalls.mount("/dev/null", str(target), "", syscalls.MS_BIND)
    _add_system_files(stage, uid)
    gid = os.getegid() if uid == os.geteuid() else uid
    sizes = {SCRATCH: (scratch_bytes, _MAX_INODES), _SHARED_MEMORY: (_SHARED_MEMORY_BYTES, 256)}
    for path, (size_bytes, inodes) in sizes.items():
        folder = stage / path.relative_to("/")
        folder.mkdir(exist_ok=True)
        options = f"size={size_bytes},nr_inodes={inodes},mode=700,uid={uid},gid={gid}"
        syscalls.mount("tmpfs", str(folder), "tmpfs", _MOUNT_FLAGS, options)
    # A new /proc shows the pid namespace of this process, so it must be mounted from inside it.
    (stage / "proc").mkdir()
    syscalls.mount("proc", str(stage / "proc"), "proc", _MOUNT_FLAGS | syscalls.MS_NOEXEC)
    syscalls.pivot_root(_STAGE)
    # Last, since nothing can be added to a read-only root. Every mount is changed by itself: a bind
    # ignores the flags of its first mount, and mounts below a bound folder come with their own.
    writable = {str(SCRATCH), str(_SHARED_MEMORY), "/proc"}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount_point = line.split()[4].encode().decode("unicode_escape")
        attributes = syscalls.ATTR_RDONLY | syscalls.ATTR_NOSUID
        if not mount_point.startswith("/dev/"):
            attributes |= syscalls.ATTR_NODEV
        if mount_point not in writable:
            syscalls.set_mount_attributes(mount_point, attributes)


def _bind(path: Path, target: Path) -> None:
    if os.path.lexists(target) and path.samefile(target):
        return
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    # /lib is a link to /usr/lib on most systems: binding it would hide that it is one folder.
    if path.is_symlink() and path.parent in _KEEP_SYMLINKS_IN:
        target.symlink_to(path.readlink())
        return
    if path.is_dir():
        target.mkdir(mode=0o755, exist_ok=True)
    else:
        target.touch()
    syscalls.mount(str(path), str(target), "", syscalls.MS_BIND | syscalls.MS_REC)


def _add_system_files(stage: Path, uid: int) -> None:
    """Add devices, the entry of the submission's user, and the usual temporary folders."""
    for path in _DEVICES:
        _bind(path, stage / path.relative_to("/"))
    for name, link in (("fd", "/proc/self/fd"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (stage / "dev" / name).symlink_to(link)
    (stage / "etc").mkdir(exist_ok=True)
    (stage / "etc/passwd").write_text(f"student:x:{uid}:{uid}::{SCRATCH}:/bin/sh\n")
    (stage / "etc/group").write_text(f"student:x:{uid}:\n")
    for name in ("tmp", "var/tmp"):
        if not (stage / name).exists():
            (stage / name).parent.mkdir(exist_ok=True)
            (stage / name).symlink_to(SCRATCH)


def restrict_with_landlock(
    read: Sequence[Path], hidden: Sequence[Path], scratch: Path, *, private_root: bool
) -> None:
    """Limit this process and its descendants to these paths, without TCP, sockets or signals outside.

    Needs ``no_new_privs``. Paths that do not exist are ignored.

    Args:
        read: what may be read where there is no private root.
        hidden: what may not be read even inside a folder of ``read``. The names next to a hidden path
            can still be listed, or Python could not import from that folder.
        scratch: the folder that may be written.
        private_root: ``enter_root`` was called, so everything visible may be read.

    Raises:
        OSError: the kernel has no Landlock, or it is switched off.
    """
    version = syscalls.syscall(_CREATE_RULESET, "landlock", None, 0, _QUERY_VERSION)
    files = (1 << 13) - 1
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
        if version >= since:
            files |= right
    # struct landlock_ruleset_attr; an older kernel refuses fields that it does not know.
    fields = [files]
    if version >= 4:
        fields.append(_TCP_RIGHTS)
    if version >= 6:
        fields.append(_ALL_SCOPES)
    ruleset = (ctypes.c_uint64 * len(fields))(*fields)
    readable, writable, hidden = [Path("/")], [scratch, _SHARED_MEMORY, *_DEVICES], (*hidden, _PACKAGE)
    if private_root:
        hidden = ()
    else:
        # TensorFlow aborts without /proc/self/cmdline.
        readable = [*read, *(Path("/proc") / name for name in ("self", "cpuinfo", "meminfo", "stat"))]
        writable.remove(_SHARED_MEMORY)
    size = ctypes.sizeof(ruleset)
    descriptor = syscalls.syscall(_CREATE_RULESET, "landlock", ctypes.byref(ruleset), size, 0)
    try:
        for path in readable:
            _allow(descriptor, path, _READ_DIR)
            for part in _visible_parts(path, hidden):
                _allow(descriptor, part, files & _READ_RIGHTS)
        for path in writable:
            _allow(descriptor, path, files & ~_FORBIDDEN_RIGHTS)
        syscalls.syscall(_RESTRICT_SELF, "landlock", descriptor, 0)
    finally:
        os.close(descriptor)


def _visible_parts(path: Path, hidden: tuple[Path, ...]) -> Iterator[Path]:
    """Yield ``path``, or the parts of it around what is hidden: Landlock cannot take rights back."""
    if path in hidden:
        return
    if not any(other.is_relative_to(path) for other in hidden):
        yield path
        return
    for entry in path.iterdir():
        yield from _visible_parts(entry, hidden)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        if not path.is_dir():
            rights &= _FILE_RIGHTS
        if rights:
            rule = struct.pack("=Qi", rights, descriptor)  # struct landlock_path_beneath_attr
            syscalls.syscall(_ADD_RULE, f"landlock {path}", ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)
