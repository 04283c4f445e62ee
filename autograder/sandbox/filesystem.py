"""A root folder of its own: the system read-only, a sized scratch folder, nothing else.

Everything happens in the mount namespace of one submission, and ends with it.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import autograder
from autograder.sandbox import syscalls

SCRATCH = Path("/scratch")
"""The working folder inside the root; without a root of its own a temporary folder."""

_STAGE = "/sys"
"""Where the new root is put together: present everywhere, and nothing bound lies below it."""

_SYSTEM_PATHS = ("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/nix/store")
_ETC_FILES = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "fonts", "alternatives")
_KEEP_SYMLINKS_IN = (Path("/"), Path("/etc"))
_DEVICES = ("null", "zero", "full", "random", "urandom")
_MAX_INODES = 4096
_SHARED_MEMORY_BYTES = 16 * 2**20
_MOUNT_FLAGS = syscalls.MS_NOSUID | syscalls.MS_NODEV
_READ_ONLY_FLAGS = syscalls.ATTR_RDONLY | syscalls.ATTR_NOSUID


def readable_paths(extra: Iterable[Path]) -> tuple[Path, ...]:
    """Return what a submission may read: system, interpreter, its packages and ``extra``."""
    interpreter = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    system = [Path(name) for name in _SYSTEM_PATHS]
    settings = [Path("/etc") / name for name in _ETC_FILES]
    wanted = [*system, *settings, *map(Path, sorted(interpreter)), *extra]
    return tuple(dict.fromkeys(path for path in wanted if path.exists()))


def hidden_paths(extra: Iterable[Path]) -> list[Path]:
    """Return ``extra`` and the folder of this package."""
    return [*extra, Path(autograder.__file__).resolve().parent]


def device_paths() -> tuple[Path, ...]:
    """Return the device files that a submission may use."""
    return tuple(Path("/dev") / name for name in _DEVICES)


def enter_root(read: Sequence[Path], hidden: Sequence[Path], *, uid: int, scratch_bytes: int) -> None:
    """Replace the root folder of this process by one that holds ``read`` and a scratch folder.

    Args:
        read: files and folders, which appear under their own paths.
        hidden: what stays invisible even where a folder of ``read`` contains it. The
            package itself is always hidden.
        uid: who owns the scratch folder.
        scratch_bytes: its size.

    Raises:
        OSError: the system refuses a step.
    """
    syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    syscalls.mount("root", _STAGE, "tmpfs", _MOUNT_FLAGS, f"size=4m,nr_inodes={_MAX_INODES},mode=755")
    stage = Path(_STAGE)
    _bind_all(stage, read, hidden_paths(hidden))
    _add_devices(stage)
    owned = f"mode=700,uid={uid},gid={os.getegid() if uid == os.geteuid() else uid}"
    size = f"size={scratch_bytes},nr_inodes={_MAX_INODES}"
    _mount_tmpfs(stage / SCRATCH.relative_to("/"), f"{size},{owned}")
    _mount_tmpfs(stage / "dev/shm", f"size={_SHARED_MEMORY_BYTES},nr_inodes=256,{owned}")
    _add_etc_files(stage, uid)
    (stage / "proc").mkdir()
    syscalls.mount("proc", str(stage / "proc"), "proc", _MOUNT_FLAGS | syscalls.MS_NOEXEC)
    syscalls.pivot_root(_STAGE)
    _make_root_read_only()


def _bind_all(stage: Path, read: Sequence[Path], hidden: Sequence[Path]) -> None:
    """Bind and hide, outer paths first, so that the inner ones lie on top."""
    plan = dict.fromkeys(read, False) | dict.fromkeys(hidden, True)
    for path, hide in sorted(plan.items(), key=lambda item: len(item[0].parts)):
        target = stage / path.relative_to("/")
        if not hide:
            _bind(path, target)
        elif target.is_dir():
            syscalls.mount("hidden", str(target), "tmpfs", _MOUNT_FLAGS, "size=64k,mode=755")
        elif target.exists():
            syscalls.mount("/dev/null", str(target), "", syscalls.MS_BIND)


def _bind(path: Path, target: Path) -> None:
    if os.path.lexists(target) and path.samefile(target):
        return
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if path.is_symlink() and path.parent in _KEEP_SYMLINKS_IN:
        target.symlink_to(path.readlink())
        return
    if path.is_dir():
        target.mkdir(mode=0o755, exist_ok=True)
    else:
        target.touch()
    syscalls.mount(str(path), str(target), "", syscalls.MS_BIND | syscalls.MS_REC)


def _add_devices(stage: Path) -> None:
    (stage / "dev").mkdir()
    for path in device_paths():
        _bind(path, stage / path.relative_to("/"))
    for name, target in (("fd", "/proc/self/fd"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (stage / "dev" / name).symlink_to(target)


def _add_etc_files(stage: Path, uid: int) -> None:
    settings = stage / "etc"
    settings.mkdir(exist_ok=True)
    (settings / "passwd").write_text(f"student:x:{uid}:{uid}::{SCRATCH}:/bin/sh\n")
    (settings / "group").write_text(f"student:x:{uid}:\n")
    for name in ("tmp", "var/tmp"):
        if not (stage / name).exists():
            (stage / name).parent.mkdir(exist_ok=True)
            (stage / name).symlink_to(SCRATCH)


def _mount_tmpfs(target: Path, options: str) -> None:
    target.mkdir(exist_ok=True)
    syscalls.mount("tmpfs", str(target), "tmpfs", _MOUNT_FLAGS, options)


def _make_root_read_only() -> None:
    """Make every mount read-only but the two that belong to the submission."""
    writable = {str(SCRATCH), "/dev/shm", "/proc"}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        target = line.split()[4].encode().decode("unicode_escape")
        if target not in writable:
            _make_read_only(target)


def _make_read_only(target: str) -> None:
    device = target.startswith("/dev/")
    syscalls.set_mount_attributes(target, _READ_ONLY_FLAGS | (0 if device else syscalls.ATTR_NODEV))
