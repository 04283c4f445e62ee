"""A process tree where nothing can be forked: keeper and role are both executed afresh.

    zygote ─ exec ─▶ keeper ─ exec ─▶ the submission, a grader or a trainer
                     │                confines itself, then imports everything; the role
                     waits for the lifeline to close or for the role's end; kills; goes last

Run as ``python -s -P -m autograder.engine.exec_fallback keep`` and ``… play <scratch>``, with what the
zygote was told on descriptor 0. Seconds slower than a fork, and without what needs one: a pid
namespace and a root of its own.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path

import autograder
from autograder.engine import zygote
from autograder.engine.control import Frame
from autograder.sandbox import launch
from autograder.sandbox.launch import Pipes, SandboxSpec

_JOB_FD = 0


def exec_process(config: Frame, command: Frame, pipes: Pipes) -> int:
    """Execute a keeper for ``command``; return its pid."""
    with tempfile.TemporaryFile() as job:
        job.write(json.dumps({"plan": config, "command": command, "ends": astuple(pipes)}).encode())
        job.flush()
        return _spawn(("keep",), os.environ, job.fileno(), astuple(pipes))


def _spawn(
    arguments: Sequence[str], environment: Mapping[str, str], job_fd: int, pass_fds: Sequence[int]
) -> int:
    os.set_inheritable(job_fd, True)
    for descriptor in pass_fds:
        os.set_inheritable(descriptor, True)
    command = [sys.executable, "-s", "-P", "-m", "autograder.engine.exec_fallback", *arguments]
    actions = [(os.POSIX_SPAWN_DUP2, job_fd, _JOB_FD)]
    return os.posix_spawn(sys.executable, command, environment, file_actions=actions)


def exec_main(stage: str, *scratch: str) -> None:
    """Play one part in the tree that descriptor 0 tells of."""
    os.lseek(_JOB_FD, 0, os.SEEK_SET)
    with open(_JOB_FD, "rb", closefd=False) as file:
        job = json.load(file)
    plan, command, ends = job["plan"], job["command"], Pipes(*job["ends"])
    recipe = zygote.sandbox_spec(plan, command)
    if stage == "keep":
        launch.monitor(recipe, ends, partial(_spawn_entry, recipe, ends))
    else:
        _run_in_place(plan, command, recipe, Path(*scratch), ends)


def _spawn_entry(spec: SandboxSpec, pipes: Pipes, scratch: Path) -> int:
    os.set_inheritable(pipes.lifeline, False)
    environment = os.environ if spec.trusted else spec.full_environment(scratch)
    return _spawn(("play", str(scratch)), environment, _JOB_FD, (pipes.wire, pipes.status))


def _run_in_place(config: Frame, command: Frame, spec: SandboxSpec, scratch: Path, pipes: Pipes) -> None:
    os.close(_JOB_FD)
    os.open(os.devnull, os.O_RDONLY)  # takes the free descriptor 0
    zygote.compile_seccomp_filter()
    sys.path.insert(0, config["kit"])
    package = _PackageImporter()
    sys.meta_path.insert(0, package)

    if command["bare"]:
        zygote.prepare_entry_point(command)  # imports what looks whether anything can be imported later

    def prepare() -> launch.EntryPoint:
        if not command["bare"]:
            zygote.import_all(config)
            zygote.load_kit(config)
        role = zygote.prepare_entry_point(command)
        sys.meta_path.remove(package)
        package.sources.clear()
        return role

    if threads := zygote.extra_threads():
        raise RuntimeError(f"cannot be confined: {threads}")
    launch.confine_in_place(spec, pipes, prepare, scratch)


class _PackageImporter(importlib.abc.InspectLoader, importlib.abc.MetaPathFinder):
    """This package's own modules, read before a submission's process may not read their files."""

    def __init__(self) -> None:
        folder = Path(autograder.__file__).parent
        self.sources = {
            ".".join(path.relative_to(folder.parent).with_suffix("").parts): path.read_text()
            for path in folder.rglob("*.py")
        }

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if self.is_package(fullname) or fullname in self.sources:
            return importlib.util.spec_from_loader(fullname, self)
        return None

    def is_package(self, fullname: str) -> bool:
        return f"{fullname}.__init__" in self.sources

    def get_source(self, fullname: str) -> str:
        return self.sources[f"{fullname}.__init__" if self.is_package(fullname) else fullname]


if __name__ == "__main__":
    exec_main(*sys.argv[1:])
