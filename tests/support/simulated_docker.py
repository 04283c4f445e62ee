"""Executes a command as Docker would: with its capabilities, and without namespaces.

    python simulated_docker.py '["landlock"]' command argument ...

The first argument lists what else the kernel refuses. Python is put where everybody may enter, as
in the image that ``setup.sh`` makes.
"""

import ctypes
import json
import os
import sys
from pathlib import Path

DOCKER_CAPABILITIES = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
"""Docker's default: CAP_CHOWN, CAP_DAC_OVERRIDE, … CAP_SETFCAP; without CAP_SYS_ADMIN."""

LANDLOCK_SYSCALLS = (444, 445, 446)

sys.path.insert(0, str(Path(__file__).parent / "hostile"))
from supervisor_process import make_traversable  # noqa: E402  found through the path set above


def deny_syscalls(numbers):
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    rules.add_rule(pyseccomp.ERRNO(1), "unshare")
    for number in numbers:
        rules.add_rule(pyseccomp.ERRNO(38), number)
    rules.load()


def main(denied_layers, *command):
    make_traversable(Path(sys.prefix), Path(sys.base_prefix))
    libc = ctypes.CDLL(None, use_errno=True)
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in set(range(last + 1)) - DOCKER_CAPABILITIES:
        assert libc.prctl(24, capability, 0, 0, 0) == 0
    deny_syscalls(LANDLOCK_SYSCALLS if "landlock" in json.loads(denied_layers) else ())
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
