"""Executes a command as Docker would: with its capabilities, and without namespaces.

    python docker_like.py '["landlock"]' command argument ...

The first argument lists what else the kernel refuses. Python is put where everybody may enter, as
in the image that ``setup.sh`` makes.
"""

import ctypes
import json
import os
import sys
from pathlib import Path

KEPT = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
"""Docker's default: CAP_CHOWN, CAP_DAC_OVERRIDE, … CAP_SETFCAP; without CAP_SYS_ADMIN."""

LANDLOCK = (444, 445, 446)

sys.path.insert(0, str(Path(__file__).parents[1] / "grade" / "hostile"))
from outpost import open_the_way  # noqa: E402  it stands among the attacks


def refuse(numbers):
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    rules.add_rule(pyseccomp.ERRNO(1), "unshare")
    for number in numbers:
        rules.add_rule(pyseccomp.ERRNO(38), number)
    rules.load()


def main(more, *command):
    open_the_way(Path(sys.prefix), Path(sys.base_prefix))
    libc = ctypes.CDLL(None, use_errno=True)
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in set(range(last + 1)) - KEPT:
        assert libc.prctl(24, capability, 0, 0, 0) == 0
    refuse(LANDLOCK if "landlock" in json.loads(more) else ())
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
