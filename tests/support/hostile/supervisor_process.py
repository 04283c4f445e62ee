"""A supervisor in a process of its own, on an imitated machine; one JSON line per order.

    python supervisor_process.py '{"uid": 65534, "layers": [...], "kit": ..., "environment": {...}}'

With a ``uid`` it gives up root before anything else. Folders on the way to Python that only root
may enter are opened in a mount namespace of its own, as if Python were installed for everybody.
"""

import json
import os
import sys
from pathlib import Path

import autograder
from autograder.engine.zygote_client import Process, Zygote, ZygoteConfig
from autograder.errors import StaffError
from autograder.limits import Limits
from autograder.sandbox import syscalls
from autograder.sandbox.layers import Layer


def make_traversable(*paths):
    """Put an enterable folder in place of each closed one above ``wanted``."""
    closed = {top for path in paths for top in path.parents if not top.stat().st_mode & 0o001}
    if not closed or os.geteuid() != 0:
        return
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    for top in sorted(closed, key=lambda path: len(path.parts))[:1]:
        inside = [path for path in dict.fromkeys(paths) if path.is_relative_to(top)]
        held = [os.open(path, os.O_PATH) for path in inside]
        syscalls.mount("tmpfs", str(top), "tmpfs", 0, "mode=755")
        for path, descriptor in zip(inside, held, strict=True):
            path.mkdir(parents=True)
            syscalls.mount(f"/proc/self/fd/{descriptor}", str(path), "", syscalls.MS_BIND | syscalls.MS_REC)


def run_submission(zygote, request):
    """Run one submission to its end, or until the watcher ends it; say what was seen."""
    process = zygote.start_child(Limits(**request["limits"]), request["options"], entry="hostile_entry:main")
    process.sock.settimeout(request.get("within_s", 30))
    try:
        line = process.sock.makefile("rb").readline()
        output = json.loads(line) if line else {"error": "Closed", "text": ""}
    except TimeoutError:
        output = {"error": "Late", "text": ""}
    finally:
        output["kill_reason"] = process.kill_reason
    if request.get("hold"):
        HELD_PROCESSES.append(process)
    else:
        process.kill()
    return {**output, "kill_reason": process.kill_reason, "peak_bytes": process.peak_bytes}


HELD_PROCESSES: list[Process] = []


def main(setup):
    prefixes = [Path(sys.prefix), Path(sys.base_prefix), Path(autograder.__file__).parents[1]]
    make_traversable(*prefixes)
    if setup["uid"]:
        os.setgroups([])
        os.setresgid(setup["uid"], setup["uid"], setup["uid"])
        os.setresuid(setup["uid"], setup["uid"], setup["uid"])
    plan = ZygoteConfig(
        kit=Path(setup["kit"]),
        kit_name="hostile_entry",
        environment=setup["environment"],
        hidden=tuple(map(Path, setup["hidden"])),
        layers=frozenset(map(Layer, setup["layers"])),
        imports=tuple(setup["imports"]),
    )
    zygote = Zygote.start(plan)
    refusals = {layer.value: reason for layer, reason in zygote.isolation.refusals}
    present = [layer.value for layer in zygote.isolation.layers]
    print(json.dumps({"present": present, "refusals": refusals}), flush=True)
    for line in sys.stdin:
        try:
            answer = run_submission(zygote, json.loads(line))
        except StaffError as error:
            answer = {"error": "StaffError", "text": str(error)}
        print(json.dumps(answer), flush=True)
    for process in HELD_PROCESSES:
        process.kill()
    zygote.close()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
